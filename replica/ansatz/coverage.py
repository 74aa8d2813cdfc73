"""What a class of equations covers, declared in traits of a model's parts; no equations and no members here.

`Covers` is a list of demands. A trait that a member does not set is the one nothing special is known for, so that a
member nobody thought of is refused by every special class of equations, in the sentence of what it lacks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from replica.data import Classes
from replica.losses import Loss
from replica.models.model import Model
from replica.weights.base import Average, Pinned

__all__ = ["Covers", "Demand", "first"]

FAR_FIELDS = np.array([[-1e6, 1e6]])
LEAST = 1e-9  # a slope that is none, of costs known by their values


@dataclass(frozen=True)
class Demand:
    """What equations ask of a model: ``holds`` in its traits, ``words`` in a sentence "... WORDS, got ..." about one of
    its parts. Demands are joined by ``|`` (either will do); the sentence is that of the first. ``weight``: how far away
    equations are that lack this.
    """

    words: str
    holds: Callable[[Model], bool]
    part: str
    weight: float = 1.0

    def __or__(self, other: Demand) -> Demand:
        return replace(self, holds=lambda model: self.holds(model) or other.holds(model))

    def where(self, applies: bool) -> Demand:
        """The demand itself, or none."""
        return self if applies else replace(self, holds=lambda model: True)

    def instead(self, words: str) -> Demand:
        """The same demand in other words."""
        return replace(self, words=words)

    def got(self, model: Model) -> str:
        """The part of a model that this is about, as a sentence names it."""
        shown = model if self.part == "model" else getattr(model, self.part)
        return f"{shown} at beta = inf" if self.part == "loss" and cold(model) and not model.loss.hard else str(shown)


@dataclass(frozen=True)
class Covers:
    """The models that a class of equations is for: ``what`` names it in a sentence. Units of common inputs are not
    among them unless it says so (``shared``).
    """

    what: str
    demands: tuple[Demand, ...]
    shared: bool = False

    def __call__(self, model: Model) -> bool:
        return not self.lacks(model)

    def lacks(self, model: Model) -> list[Demand]:
        """What a model lacks, in the order of the demands."""
        model.architecture.require_theory()
        demands = self.demands if self.shared else (OWN_INPUTS, *self.demands)
        return [demand for demand in demands if not demand.holds(model)]

    def check(self, model: Model) -> None:
        """`ValueError` with the first thing that a model lacks."""
        for demand in self.lacks(model)[:1]:
            raise ValueError(f"{self.what} {demand.words}, got {demand.got(model)}")


def first(candidates: Sequence[Covers], model: Model) -> int:
    """Index of the first that covers a model; `ValueError` in the sentence of the nearest, which lacks the least (of
    several the last).
    """

    def distance(covers: Covers) -> float:
        return sum(demand.weight for demand in covers.lacks(model))

    for index, covers in enumerate(candidates):
        if covers(model):
            return index
    nearest = min(reversed(candidates), key=distance)
    nearest.check(model)
    raise AssertionError("a class of equations that lacks nothing covers the model")


def cold(model: Model) -> bool:
    """Whether any row is at zero temperature."""
    return bool(np.any(np.isinf(model.beta)))


def _confined(model: Model) -> bool:
    """Whether only a part of the sphere is allowed."""
    return isinstance(model.weights.norm, Average) and not model.weights.isotropic


def rests_at_one(loss: Loss) -> bool:
    """Whether a cost of the stability 1 is less than that of any other."""
    one = np.ones((1, 1))
    if loss.hard or not loss.log_concave or not loss.exact:
        return False
    return bool(loss.slope_beside(one, -1)[0, 0] <= LEAST and loss.slope_beside(one, 1)[0, 0] >= -LEAST)


def signs_alone(loss: Loss) -> bool:
    """Whether a cost is one number for all fields of one sign."""
    sides = (loss.cost(sign * np.geomspace(1e-6, 40.0, 60)[None, :]) for sign in (1.0, -1.0))
    return all(bool(np.all(side == side[:, :1])) for side in sides)


def _classes(*known: Classes) -> Callable[[Model], bool]:
    return lambda model: model.data.classes in known


RANDOM_LABELS = Demand("is here for random labels", _classes(Classes.UNRELATED), "data", weight=1.5)
KNOWN_LABELS = Demand(
    "needs random labels, a teacher or two clusters",
    _classes(Classes.UNRELATED, Classes.GAUSSIAN, Classes.REWEIGHTED),
    "data",
)
TWO_CLUSTERS = Demand("is here for two clusters", _classes(Classes.GAUSSIAN), "data", weight=2.0)
NOTHING_TUNED = Demand("needs a bias that is learned or held", lambda model: not model.data.tuned, "data")

HELD_NORM = Demand(
    "is here for weights of held norm (binary, spherical)",
    lambda model: isinstance(model.weights.norm, Pinned) or model.weights.isotropic,
    "weights",
)
SIGNS = Demand("is here for weights of +-1", lambda model: model.weights.letters == (-1.0, 1.0), "weights")
SPHERE = Demand("is here for the whole sphere", lambda model: model.weights.isotropic, "weights")
SIGNS_OR_SPHERE = (SIGNS | SPHERE).instead("is here for weights of +-1 and for the whole sphere")
COUNTED = Demand("needs counted weights", lambda model: model.weights.discrete, "weights")
LETTERS = Demand(
    "counts letters that are equally likely",
    lambda model: not model.weights.discrete or model.weights.letters is not None,
    "weights",
)
PAIRED = Demand(
    "is here for the weights that give pair(), as signs and the sphere do", lambda m: m.weights.paired, "weights"
)
NOT_PENALISED = Demand("needs weights that cannot take any norm", lambda model: not model.weights.penalised, "weights")
PENALISED = Demand("needs penalised weights", lambda model: model.weights.penalised, "weights")
LETTERS_MEET = Demand(
    "needs a constraint that letters can meet, not an equation",
    lambda model: not (model.weights.discrete and model.loss.exact),
    "loss",
)
ALPHABET_OR_SPHERE = Demand(
    "is here for weights from an alphabet or on the sphere",
    lambda model: model.weights.discrete or model.weights.isotropic,
    "weights",
)
NORM_ON_AVERAGE = Demand("is here for weights on the sphere", lambda model: model.weights.isotropic, "weights")
#: what q -> 1 is known of: beside the sphere, random labels in a cone of directions
CONE = Demand(
    "is here for counted weights, for the whole sphere, and with random labels for cones of known dimension",
    lambda model: (
        model.weights.discrete
        or model.weights.isotropic
        or model.weights.dimension is not None
        and not model.data.overlaps
    ),
    "weights",
)

OWN_INPUTS = Demand(
    "is here for units with inputs of their own", lambda model: not model.architecture.shared_inputs, "architecture"
)
PERCEPTRON = Demand("is here for the perceptron", lambda model: model.architecture.plain, "architecture")
LINEAR = Demand("is here for the perceptron", lambda model: model.architecture.linear, "architecture")
GAUSSIAN_FIELD = Demand(
    "is here for the perceptron and for units=inf", lambda model: model.architecture.few is None, "architecture"
)
SIGNED = Demand(
    "is here for parity machines of 2 or 3 units, and committees of 3",
    lambda model: model.architecture.few is not None and model.architecture.few.allowed(model.loss) is not None,
    "architecture",
)
ALTERNATING = replace(SIGNED, holds=lambda model: SIGNED.holds(model) and model.architecture.few.alternates)
NORM_GIVEN = Demand("needs a norm that is given", lambda model: "norm" in model.architecture.parameters, "architecture")

TAUGHT = Demand("needs something to be learned", lambda model: bool(model.data.overlaps), "data")
ALL_COLD = Demand("is here for beta = inf", lambda model: bool(np.all(np.isinf(model.beta))), "model")

HARD = Demand("needs a hard constraint", lambda model: model.loss.hard, "loss")
HARD_OR_WARM = Demand(
    "needs a hard constraint or a finite beta", lambda model: model.loss.hard or not cold(model), "loss"
)
LEAST_COST = Demand(
    "needs a convex loss (not convex: at beta = inf it must give its proximal map, ground())",
    lambda model: model.loss.hard or not cold(model) or model.loss.has_ground,
    "loss",
)
LOG_CONCAVE = Demand(
    "needs a loss with log-concave exp(-beta loss), as a margin or a band", lambda model: model.loss.log_concave, "loss"
)
NOT_EVEN = Demand("needs a loss that is not even in the field", lambda model: not model.loss.even, "loss")
LEARNABLE = Demand(
    "learns nothing with a loss that is even in the field: labels teach nothing",
    lambda model: not (model.loss.even and model.data.overlaps),
    "loss",
)
RESIDUAL = Demand(
    "learns real labels with a cost of the residual that is least where it is 0 (square, huber)",
    lambda model: not model.data.residual or rests_at_one(model.loss),
    "loss",
)
TEMPERED = Demand(
    "needs a loss that counts or costs, for which the temperature matters (loss='error-count')",
    lambda model: not model.loss.hard,
    "loss",
)
#: vectors of least cost: of parts of the sphere, and beside thresholds learned from labels alone, none are here
ANY_DIRECTION = Demand(
    "at beta = inf needs a hard constraint, or weights of any direction",
    lambda model: model.loss.hard or not cold(model) or not _confined(model),
    "weights",
)
NO_THRESHOLD = Demand(
    "at beta = inf needs a hard constraint beside a threshold learned from the labels",
    lambda model: model.loss.hard or not cold(model) or not model.data.trained or bool(model.data.overlaps),
    "data",
)
HELD_BIAS = Demand(
    "needs a bias that is held, which it does not learn: give bias=False or a number",
    lambda model: bool(model.data.overlaps) or not model.data.trained,
    "data",
)
BOUND_BIAS = Demand(
    "has no optimum of a bias learned from the labels where a large one satisfies all: hold it at a number",
    lambda model: (
        bool(model.data.overlaps)
        or not model.data.trained
        or not bool(np.all(model.loss.cost(FAR_FIELDS) == 0.0, axis=-1).any())
    ),
    "loss",
)
NO_MEAN = Demand(
    "is here for weights whose mean is free (these have a capacity and largest margins alone)",
    lambda model: not model.weights.unit_mean,
    "weights",
)
ONE_OVERLAP = Demand(
    "is followed in one overlap of weights, which two units of common inputs, and few data per input, do not have",
    lambda model: not (model.architecture.joint or model.architecture.summed),
    "architecture",
)
NO_OFFSET = Demand(
    "needs inputs of mean 0, unless a threshold holds the mean of the weights (SignConstrained)",
    lambda model: not model.data.offset or model.weights.unit_mean,
    "data",
)
ONE_FIELD = Demand(
    "of a few units is here for labels that see nothing but the fields",
    lambda model: model.architecture.few is None or model.data.classes is not Classes.UNKNOWN,
    "data",
)
VIOLABLE = Demand("needs a constraint that can be violated", lambda model: model.loss.has_ground, "loss")
SATISFIABLE = Demand("needs patterns that may cost nothing", lambda model: model.loss.attained, "loss")
SQUARE = Demand("is here for the square loss", lambda model: model.loss.quadratic, "loss")


def _shared(words: str, holds: Callable[[Model], bool], part: str) -> Demand:
    """A demand on units of common inputs alone."""
    return Demand(f"of common inputs {words}", lambda m: not m.architecture.shared_inputs or holds(m), part)


#: fields of any size must do, no sign of the weights may be preferred, and students be drawn as their teacher
SHARED_INPUTS = (
    _shared("needs a cost of the sign of the field alone (margin 0)", lambda m: signs_alone(m.loss), "loss"),
    _shared(
        "needs weights of held norm and either sign (binary, spherical)",
        lambda m: m.weights.isotropic or isinstance(m.weights.norm, Pinned) and m.weights.symmetric,
        "weights",
    ),
    _shared(
        "needs random labels, or a teacher without noise that is drawn as the weights are",
        lambda m: m.data.unrelated or m.data.imitates and m.data.law(m.weights) == m.weights.law(),
        "data",
    ),
    _shared(
        "learns from a teacher with a hard constraint (Bayes-optimal)",
        lambda m: m.data.unrelated or m.loss.hard,
        "loss",
    ),
)
SHARED_WARM = _shared("needs a hard constraint or a finite beta", lambda m: m.loss.hard or not cold(m), "loss")
#: what is stored by weights of given signs, beside shares of labels and thresholds, and by units of common inputs
STORABLE = (ANY_DIRECTION, NO_THRESHOLD, BOUND_BIAS, ONE_FIELD, NO_OFFSET, *SHARED_INPUTS, SHARED_WARM)
