"""What a data model must give: the distribution of cavity fields at given overlaps. No particular data here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, ClassVar, NamedTuple

import numpy as np

from replica._registry import Member
from replica.data._enclosed import Enclosed
from replica.data._pairs import PairChannel, PairOverlaps
from replica.data.linear_labels import LinearLabels
from replica.weights.base import Weights
from replica.weights.law import Law


class Overlaps(NamedTuple):
    """Overlaps that decide the distribution of a field: ``q``, ``variance = Q - q``, ``m``, ``transverse = q - m^2``.

    Arrays over the batch, or mpmath numbers in certification.
    """

    q: Any
    variance: Any
    m: Any
    transverse: Any


def by_label(positive: Any, negative: Any, balance: Any, suffix: str = "") -> dict[str, Any]:
    """Errors on new patterns, of all and of either label, from those of the labels +1 and -1."""
    return {
        f"generalization_error{suffix}": balance * positive + (1.0 - balance) * negative,
        f"error_positive{suffix}": positive,
        f"error_negative{suffix}": negative,
        f"balanced_error{suffix}": 0.5 * (positive + negative),
    }


class Channel(NamedTuple):
    r"""One class of patterns: cavity field ``mean + deviation z`` with z standard Gaussian, reweighted by ``density``.

    ``variance`` is the field's thermal variance, ``gain`` the derivative of the squared deviation with ``q``.
    ``density(z)``
    returns the reweighting and, for each further overlap, the factor ``s`` of ``d E ln Z/d(overlap) = E[f s]``;
    None stands for weight 1. ``places`` and ``widths`` (batch, F) are features of the density, in units of the field.
    ``levers`` are such factors that do not depend on the field: derivatives of the mean; ``spreads`` are derivatives of
    half the squared deviation.
    """

    probability: Any
    mean: Any
    deviation: Any
    variance: Any
    density: Callable[[Any], tuple[Any, dict[str, Any]]] | None = None
    places: np.ndarray | None = None
    widths: np.ndarray | None = None
    gain: Any = 1.0
    levers: Mapping[str, Any] | None = None
    spreads: Mapping[str, Any] | None = None


class Patterns(NamedTuple):
    """One draw of a finite system: inputs ``X`` (P, N), labels ``y`` (P,) of +-1, the direction to be learned (N,).

    ``direction`` is None where there is none; its scale is that of the overlap ``m``.
    """

    X: np.ndarray
    y: np.ndarray
    direction: np.ndarray | None = None


class Classes(Enum):
    """Trait: what is known of the classes of patterns. Special equations ask for it; `UNKNOWN` is covered by none."""

    UNKNOWN = "nothing special is known"
    UNRELATED = "labels do not depend on the inputs, which are standard Gaussian"
    GAUSSIAN = "labels do not reweight the fields, which are Gaussian in every class of patterns"
    REWEIGHTED = "labels reweight the fields by the overlap with a direction, for pairs as well: `Data.pair_channels`"


class Data(Enclosed, Member):
    """How patterns and labels are drawn.

    A subclass gives `channels` and, for certification, `reference_channels`; ``overlaps`` names the order parameters
    beyond the overlap between two replicas (``m``: with the teacher).
    """

    family = "data"
    registry: ClassVar[dict[str, type[Any]]] = {}
    parameters: ClassVar[dict[str, str]] = {}
    overlaps: ClassVar[tuple[str, ...]] = ()
    #: what is known of the classes of patterns
    classes: ClassVar[Classes] = Classes.UNKNOWN
    #: labels are the signs of a noise-free network of the student's own kind
    imitates: ClassVar[bool] = False
    #: the direction to be learned makes no error on its own patterns: it is a state of zero cost
    realizable: ClassVar[bool] = False
    #: a capacity of these data is that of linear separability, whatever convex cost the weights are trained on
    separable: ClassVar[bool] = False
    #: parameters that `perceptron` hands on
    shorthand: ClassVar[tuple[str, ...]] = ()
    metastable: ClassVar[bool] = False  # states with and without knowledge of the direction may both be attracting

    @property
    def unrelated(self) -> bool:
        """Whether labels are random: nothing can be learned."""
        return self.classes is Classes.UNRELATED

    @property
    def trained(self) -> tuple[str, ...]:
        """Names of parameters beside the weights (``bias``) that are learned with them, without a penalty."""
        return ()

    def reported(self, size: int) -> dict[str, np.ndarray]:
        """Parameters beside the weights at their present values, as order parameters of a solution."""
        return {}

    def symmetric(self, size: int) -> np.ndarray:
        """Rows whose learned parameters are 0 by symmetry, whatever convex cost they are learned with."""
        return np.zeros(size, dtype=bool)

    def nudged(self, share: float) -> Data:
        """The same data with the smaller class larger by that share of itself; default: without classes."""
        return self

    def towards(self, share: np.ndarray) -> Data:
        """Data a share of the way, in [0, 1] per row, from some whose vectors of least cost are easily found; default:
        they always are.
        """
        return self

    def width(self, size: int) -> np.ndarray:
        """Variance of the inputs per row, in units of the direction to be learned."""
        return np.ones(size)

    @property
    def tuned(self) -> tuple[str, ...]:
        """Names of parameters that are held at the value which makes the fewest errors on new patterns."""
        return ()

    def first_guess(self, q: np.ndarray, m: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where to look for a parameter that is `tuned`, and on which scale, from overlaps with it at 0."""
        raise TypeError(f"the data {type(self).__name__} must define first_guess(q, m)")

    def best_bias(self, q: np.ndarray, m: np.ndarray) -> np.ndarray:
        """The bias that makes the fewest errors beside given weights, whatever they learned at."""
        raise TypeError(f"the data {type(self).__name__} must define best_bias(q, m)")

    def learned(self, values: Mapping[str, Any]) -> Data:
        """The same data with the parameters that are learned held at ``values`` (others in it are ignored)."""
        return self

    def law(self, weights: Weights) -> Law | None:
        """Law of the direction to be learned; None without one."""
        return None

    def pinned(self, weights: Weights) -> Data:
        """What draws the patterns: the same data with all that belongs to the student written out or left out."""
        return self

    #: inputs have a mean; what is learned is subtracted from the field, whatever the label
    offset: ClassVar[bool] = False
    threshold: ClassVar[bool] = False
    held_bias: ClassVar[float] = 0.0  # one that is imposed

    def follow(self, bias: float) -> Data:
        """The same data for a student that takes over a bias, unless one is imposed."""
        return self

    def generalization(self, overlaps: Overlaps) -> dict[str, np.ndarray]:
        """Generalisation errors by estimator, as observables ``generalization_error`` and ``..._centre``, with those
        `by_label` where labels differ; empty without one.
        """
        return {}

    def log_error(self, overlaps: Overlaps) -> np.ndarray:
        """Logarithm of the generalisation error of one student. Where that may be below any number, data give it
        themselves.
        """
        with np.errstate(divide="ignore"):
            return np.log(self.generalization(overlaps)["generalization_error"])

    def reference_generalization(self, overlaps: Overlaps, mp: Any) -> dict[str, Any]:
        """``generalization_error`` of one student in mpmath; empty without one."""
        return {}

    def rule_errors(
        self, rule: str, alpha: np.ndarray, labelled: float, name: str = "generalization_error"
    ) -> tuple[np.ndarray, np.ndarray, list[str]] | None:
        """Errors of a rule that follows from the data (``"bayes"``: the optimal one), what is known of them and their
        status, for a batch; None where the data have no such formula (the optimal rule may be that of a student).

        ``labelled`` is the share of patterns whose label is known, ``name`` the error as `generalization` names it.
        """
        return None

    #: means and covariances of finite dimension (`Shapes`) that replace the overlaps of isotropic inputs; None: there
    #: are none
    shapes: Any = None
    #: other names of the load, which `load` makes a number of patterns per weight
    loads: ClassVar[tuple[str, ...]] = ()
    #: what a model of these data shows as an attribute of its own
    shown: ClassVar[tuple[str, ...]] = ()
    #: labels are real numbers, and a cost acts on ``1 - (y - h)``
    residual: ClassVar[bool] = False

    @property
    def modes(self) -> Any:
        """Sums over the spectrum of one covariance of the inputs (as `Listed`); None where there is none."""
        return None

    @property
    def isotropic(self) -> bool:
        """Whether the norm and the overlap of the weights say all of a field."""
        return self.shapes is None and self.modes is None

    def load(self, name: str, value: np.ndarray) -> np.ndarray:
        """Patterns per weight from one of `loads`."""
        raise TypeError(f"the data {type(self).__name__} must define load(name, value)")

    def whitened(self) -> Data:
        """Isotropic data that are separable up to the same load per direction that has inputs."""
        return self

    def error_of(self, weights: np.ndarray, direction: np.ndarray | None) -> dict[str, float]:
        """Generalisation error of given weights (N,) with the bias that is held; empty where nothing is learned."""
        if direction is None:
            return {}
        m, norm = float(weights @ direction) / weights.size, float(weights @ weights) / weights.size
        size = float(direction @ direction) / weights.size
        overlaps = Overlaps(*(np.array([x]) for x in (norm, 0.0, m, max(norm - m * m / size, 0.0))))
        found = self.generalization(overlaps).items()
        return {name: float(value[0]) for name, value in found if not name.endswith("_centre")}

    oracle_error: ClassVar[float] = 0.0  # of the rule that knows the direction to be learned

    def oracle_errors(self) -> dict[str, Any]:
        """The same by name, as `generalization` names them."""
        return {"generalization_error": self.oracle_error}

    def draw(
        self, rng: np.random.Generator, inputs: np.ndarray, weights: Weights, output: Callable[..., np.ndarray]
    ) -> Patterns:
        """Patterns of a finite system, for simulations.

        ``inputs`` (P, N) are independent with mean 0 and variance 1, ``weights`` those of the student, and
        ``output(w, X)`` the field of the network with weights w (N,) before its sign, shape (P,).
        """
        raise ValueError(f"{self} draws no patterns: the data must define draw(rng, inputs, weights, output)")

    def linear_labels(self, level: int = 1) -> LinearLabels | None:
        """Inputs and labels as least squares sees them (more finely at a higher level); None: that is not known."""
        return None

    def channels(self, overlaps: Overlaps) -> list[Channel]:
        """The classes of patterns at given overlaps."""
        raise TypeError(f"the data {type(self).__name__} must define channels(overlaps)")

    def resting(self, size: int) -> list[Channel]:
        """The classes of patterns as vanishing weights see them: ``mean`` is that of the bias alone."""
        one = np.ones(size)
        return self.channels(Overlaps(one, one, 0.0 * one, one))

    def pair_channels(self, m: float, bias: float, at: PairOverlaps) -> list[PairChannel]:
        """The classes of patterns that a reference of unit norm with overlap m and bias, and a probe, see.

        Default: random labels; what is not known to be alike is refused.
        """
        if self.overlaps or not self.unrelated:
            raise ValueError(f"minimisers on the data {self} cannot be references yet")
        return [PairChannel(1.0, 0.0, np.zeros_like(at.q))]

    def reference_channels(self, overlaps: Overlaps, mp: Any) -> list[Channel]:
        """The same in mpmath arithmetic."""
        raise ValueError(f"{self} gives no mpmath reference, so nothing about it can be certified")


def nudged_balance(balance: Any, share: float) -> Any:
    """The balance of classes of which the smaller one is larger by a share of itself."""
    return np.where((rho := np.asarray(balance)) > 0.5, 1.0 - (1.0 - rho) * (1.0 + share), rho * (1.0 + share))[()]
