"""One-file members of each family, as a stranger would write them; the layer tests add them from text."""

from __future__ import annotations

WEIGHTS_FILE = '''
"""Weights 0 and +-1 with the probability rho of not vanishing: a toy."""
from dataclasses import dataclass
import numpy as np
from replica.weights import Free, Weights

@dataclass(frozen=True)
class Sparse(Weights):
    """A toy: sparse signs."""
    rho: float = 0.5
    name = "toy-sparse"
    parameters = {"density": "rho"}
    norm = Free()
    discrete = True
    vanishing = True

    def log_z(self, field, curvature, beta):
        active = np.log(self.rho) - 0.5 * curvature[:, None] + np.logaddexp(field, -field) - np.log(2)
        log_z = np.logaddexp(np.log1p(-self.rho), active)
        share, tilt = np.exp(active - log_z), np.tanh(field)
        return log_z, share * tilt, share * (1 - share * tilt**2)

    def features(self, curvature, beta):
        """The weight appears where the field reaches A/2, on either side."""
        edge = 0.5 * np.maximum(curvature, 0.0)
        return np.stack([edge, -edge], axis=1), np.ones((curvature.size, 2))

    def initial_norm(self, beta):
        return self.rho
'''

SIGNS_FILE = '''
"""Weights +-1 known by their partition function alone: a toy."""
from dataclasses import dataclass
import numpy as np
from replica.weights import Pinned, Weights

@dataclass(frozen=True)
class Signs(Weights):
    """A toy: signs."""
    name = "toy-signs"
    norm = Pinned()
    discrete = True

    def log_z(self, field, curvature, beta):
        return np.logaddexp(field, -field), np.tanh(field), 1 - np.tanh(field) ** 2

    def sample(self, rng, n):
        return rng.choice(np.array([-1.0, 1.0]), size=n)
'''

HALF_FILE = '''
"""Weights 0 and 1 known by their partition function alone: a toy that is not symmetric."""
from dataclasses import dataclass
import numpy as np
from replica.weights import Free, Weights

@dataclass(frozen=True)
class Half(Weights):
    """A toy: off or on."""
    name = "toy-half-on"
    norm = Free()
    discrete = True

    def log_z(self, field, curvature, beta):
        on = field - 0.5 * curvature[:, None]
        log_z = np.logaddexp(0.0, on)
        share = np.exp(on - log_z)
        return log_z, share, share * (1 - share)

    def initial_norm(self, beta):
        return 0.5
'''

LOSS_FILE = '''
"""A loss known by its cost and its kink alone: a toy."""
from dataclasses import dataclass
import numpy as np
from replica.losses import Loss

@dataclass(frozen=True)
class Slope(Loss):
    """A toy: the violation to some power."""
    kappa: float = 0.0
    power: float = 1.0
    name = "toy-slope"
    parameters = {"margin": "kappa", "power": "power"}

    def cost(self, u):
        kappa = self.kappa[:, None] if isinstance(self.kappa, np.ndarray) else self.kappa
        return np.where(u < kappa, np.abs(kappa - u) ** self.power, 0.0)

    def kinks(self):
        return (self.kappa,)
'''

ARCHITECTURE_FILE = '''
"""A perceptron whose fields are stretched: a toy."""
from dataclasses import dataclass
from replica.architectures import Architecture, Slopes
from replica.data import Overlaps

@dataclass(frozen=True)
class Stretched(Architecture):
    """A toy: the field is twice that of the perceptron."""
    name = "toy-stretched"

    def field_overlaps(self, overlaps, level=1):
        q, variance, m, transverse = overlaps
        return Overlaps(4 * q, 4 * variance, 2 * m, 4 * transverse), Slopes(q=4.0, norm=4.0, m=2.0)
'''

DATA_FILE = '''
"""Random labels of which a share comes with a helping shift of the field: a toy."""
from dataclasses import dataclass
import numpy as np
from replica.data import Channel, Data

@dataclass(frozen=True)
class Helped(Data):
    """A toy: shifted patterns."""
    shift: float = 0.3
    share: float = 1.0
    name = "toy-helped"
    parameters = {"shift": "shift"}

    def channels(self, overlaps):
        wide, zero = np.sqrt(overlaps.q), np.zeros_like(overlaps.q)
        helped = Channel(self.share, zero + self.shift, wide, overlaps.variance)
        return [helped, Channel(1 - self.share, zero, wide, overlaps.variance)] if self.share < 1 else [helped]
'''

ANSATZ_FILE = '''
"""Half the patterns at a time: a toy."""
from dataclasses import dataclass
from replica.ansatz import RS, Ansatz

@dataclass(frozen=True)
class Half(Ansatz):
    """A toy: the RS solution at half the load."""
    name = "toy-half"

    def solve(self, model, alpha, start=None, tolerance=1e-12):
        return RS().solve(model, alpha / 2, start, tolerance)
'''

ALGORITHM_FILE = '''
"""Weights drawn at random: a toy."""
from dataclasses import dataclass
from replica.simulate.algorithms import Algorithm, Outcome

@dataclass(frozen=True)
class Guess(Algorithm):
    """A toy: weights drawn at random."""
    tries: int = 1
    name = "toy-guess"

    def run(self, instance, rng):
        weights = instance.model.weights.sample(rng, instance.n)
        return Outcome("converged", weights, {})
'''

ACTIVATION_FILE = '''
"""Units that answer with the cube of their field: a toy."""
from dataclasses import dataclass
from replica.architectures.activations.base import Activation, Kernel

@dataclass(frozen=True)
class Cubic(Activation):
    """A toy: x^3, k(q) = 9 Q^2 q + 6 q^3."""
    name = "toy-cubic"

    def function(self, x):
        return x**3

    def kernel(self, q, variance, level=1):
        Q = q + variance
        slope = 9 * Q**2 + 18 * q**2
        rest = variance * (15 * Q**2 + 6 * Q * q + 6 * q**2)
        return Kernel(9 * Q**2 * q + 6 * q**3, rest, slope, 36 * q, 45 * Q**2, slope + 18 * Q * q)
'''

THRESHOLD_FILE = '''
"""Twice the capacity: a toy."""
from replica.thresholds.registry import find_line, threshold_line

@threshold_line("toy-double", r"2\\alpha_c")
def double_line(model, size, ansatz):
    """A toy: twice the capacity."""
    line = find_line("capacity").line(model, size, ansatz)
    line.value = 2 * line.value
    return line
'''

VERB_FILE = '''
"""``replica toy``: the load that was given."""
from replica.cli._answers import Point
from replica.cli._verb import ALPHA, Request, model_verb

@model_verb("toy", ALPHA)
def command(request: Request) -> Point:
    """A toy: the load that was given."""
    alpha = request.options["alpha"]
    return Point("load", alpha, 0.0, "converged", {}, request.settings)
'''
