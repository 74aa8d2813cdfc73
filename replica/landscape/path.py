"""The way from one solution to another and the errors on it: the verb. The equations are in `replica.ansatz`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from replica._checks import number, one_number, one_of, shown
from replica.ansatz.coverage import PERCEPTRON, RANDOM_LABELS, SIGNS, SIGNS_OR_SPHERE, Covers, Demand
from replica.ansatz.franz_parisi.along_path import Way
from replica.ansatz.franz_parisi.pair_overlap import pair_overlap
from replica.ansatz.franz_parisi.vertices import End, TypicalEnd, end_of
from replica.ansatz.replicated.taught_replicas import OWN_KIND
from replica.files.dataset import curve
from replica.landscape.kinds import Around
from replica.landscape.named_references import Reference, named, settings_of
from replica.landscape.references import resolve_end, taught_typical
from replica.models.model import Model, require_model

if TYPE_CHECKING:
    import xarray

__all__ = ["path"]

WAYS = ("geodesic", "straight", "flips")
ONE_SIDED = Demand(
    "needs the hard constraint of a margin",
    lambda model: model.loss.hard and model.loss.log_concave and not model.loss.even and len(model.loss.kinks()) == 1,
    "loss",
)
COVERS = Covers("path", (ONE_SIDED, PERCEPTRON, RANDOM_LABELS, SIGNS_OR_SPHERE))
TAUGHT = Covers("path", (ONE_SIDED, PERCEPTRON, OWN_KIND, SIGNS_OR_SPHERE))
SYMBOLS = {"position": r"\gamma", "training_error": r"\epsilon_t"}
GRID = np.linspace(0.0, 1.0, 21)  # positions among which the barrier is looked for


@dataclass(frozen=True)
class Pair:
    """Two solved references on the same patterns, and their overlap."""

    model: Model
    around: tuple[Around, Around]
    ends: tuple[End, End]
    overlap: tuple[float, float]
    sentence: str

    @classmethod
    def of(cls, model: Model, alpha: float, references: tuple[Any, Any]) -> Pair | str:
        """Solved; or the sentence that says what was not found."""
        find = taught_typical if model.data.overlaps else resolve_end
        return cls.between(model, alpha, tuple(find(model, alpha, one) for one in references))

    @classmethod
    def between(cls, model: Model, alpha: float, around: Any, sure: bool = True) -> Pair | str:
        """The overlap of two references; unless it is to be ``sure`` without its error."""
        for one in around:
            if not one.solved:
                return str(one.sentence)
        ends: Any = tuple(end_of(one.given) for one in around)
        doubts = dict.fromkeys(f"an end of it: {one.doubt}" for one in around if one.doubt)
        overlap = pair_overlap(model.weights, alpha, ends, sure)
        return cls(model, around, ends, overlap, "; ".join(["converged", *doubts]))


def path(
    model: Model,
    *,
    alpha: float,
    margins: Any = (None, None),
    position: Any = GRID,
    along: str = "geodesic",
    margin: float | None = None,
) -> xarray.Dataset:
    r"""Training error on the way between two solutions of the same patterns, typical ones at margins or single vectors.

    The ends have the overlap p, ``p = (1-q_1)(1-q_2) alpha E[g_1 g_2]`` on the sphere, and given their cavity fields
    their fields ``D_i`` are independent. At position g the field of a pattern is

    .. math:: \Delta = [(1-g) \Delta_1 + g \Delta_2]/n, \qquad n^2 = (1-g)^2 + g^2 + 2 g (1-g) p

    on the geodesic (the straight line brought back to the sphere; ``"straight"`` is the same line between weights that
    have no sphere, in units of the norm on the way), and where a random share g of the weights that differ is turned
    (``"flips"``) ``(1-g) D_1 + g D_2 + sqrt(2 g (1-g) (1-p)) v``, v a standard Gaussian.

    When not to use it: for paths that are optimised, which may avoid a barrier; for solutions that an algorithm finds,
    which are not typical: their errors on the way are larger.

    Parameters
    ----------
    model : Model
        A perceptron with a margin, binary or on the sphere, on random labels or those of a teacher of its kind.
    alpha : float
        Load, above 0.
    margins : pair
        Both ends: a margin (a typical solution at it), ``"max"``, None (the model's own margin) or a `Reference`; on
        the sphere the largest margin and minimisers are one vector. One of them must be typical; with a teacher both.
    position : number or increasing grid in [0, 1]
        0 is the first end, 1 the second.
    along : {"geodesic", "straight", "flips"}
        ``"flips"`` for binary weights.
    margin : float, optional
        Patterns below it count as errors; None: the model's own.

    Returns
    -------
    xarray.Dataset
        ``training_error`` over ``position`` with ``error`` and ``status``. ``attrs``: ``overlap`` of the two ends with
        ``overlap_error``; ``barrier``, the largest error on the way (ends included), with ``barrier_error`` and
        ``barrier_position`` (NaN where there is no error at all).

    Raises
    ------
    ValueError
        Models and references that are not covered, positions outside [0, 1], two single vectors.

    See Also
    --------
    kernel_margin : From which margin on the geodesic to every typical solution is free of errors.
    franz_parisi : How many solutions there are around one.

    Notes
    -----
    No pattern is in error at g exactly where ``(1-g) k_1 + g k_2 >= k n``, k the margin of errors: always for
    ``k >= 0`` between solutions, so that barriers are those of negative margins. An end that is unstable to replica
    symmetry breaking is told in the status.

    References
    ----------
    B. L. Annesi et al., Phys. Rev. Lett. 131, 227301 (2023); E. M. Malatesta et al. (2026).

    Examples
    --------
    >>> import replica
    >>> model = replica.perceptron("spherical", margin=-0.5)
    >>> found = replica.path(model, alpha=1.0, margins=(-0.5, -0.5), position=0.9)
    >>> print(f"{found.attrs['overlap']:.10f} {found['training_error'].values[0]:.12f}")
    0.2595239694 0.003103272462
    """
    require_model(model)
    (TAUGHT if model.data.realizable else COVERS).check(model)
    alpha = one_number("alpha", alpha, low=0.0, open_low=True)
    references = _two(model, margins)
    places = _places(position)
    flips = one_of("along", along, WAYS) == "flips"
    if flips and not SIGNS.holds(model):
        raise ValueError(f"path along='flips' {SIGNS.words}, got {model.weights}")
    counted = float(model.margin) if margin is None else one_number("margin", margin)
    pair = Pair.of(model, alpha, references)
    columns, kept = _unsolved(places, pair) if isinstance(pair, str) else _solved(pair, counted, places, flips)
    settings = {
        "verb": "path",
        "model": model.settings(),
        "alpha": alpha,
        "margins": [settings_of(one) for one in references],
        "along": along,
        "error_margin": counted,
    }
    axes = {"position": places}
    return curve(columns, axes, settings, main="training_error", symbols=SYMBOLS, **kept)


def _two(model: Model, margins: Any) -> tuple[Reference, Reference]:
    """The references of both ends."""
    if isinstance(margins, (str, Reference)) or np.ndim(margins) == 0 and not isinstance(margins, (list, tuple)):
        raise ValueError(f"margins must be a pair, of the first end and of the second, got {shown(margins)}")
    if len(margins) != 2:
        raise ValueError(f"margins must be a pair, of the first end and of the second, got {len(margins)} of them")
    found = [named(model, one) for one in margins]
    for one in found:
        if not isinstance(one, Reference) or not one.plain:
            raise ValueError(f"path leads between solutions, not to what is made of them, got {one}")
    return found[0], found[1]  # type: ignore[return-value]


def _places(position: Any) -> np.ndarray:
    places: np.ndarray = np.atleast_1d(number("position", position, low=0.0, high=1.0))
    if places.ndim != 1 or not places.size or np.any(np.diff(places) <= 0):
        raise ValueError("position must be a number or an increasing grid in [0, 1]")
    return places


def _unsolved(places: np.ndarray, why: str) -> tuple[dict[str, Any], dict[str, Any]]:
    nothing, nan = np.full(places.size, np.nan), float("nan")
    columns = {"training_error": nothing, "error": nothing, "status": np.full(places.size, why, dtype=object)}
    names = ("overlap", "overlap_error", "barrier", "barrier_error", "barrier_position")
    return columns, dict.fromkeys(names, nan)


def _solved(pair: Pair, margin: float, places: np.ndarray, flips: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    if not any(isinstance(end, TypicalEnd) for end in pair.ends):
        raise ValueError("path: both ends are single vectors; one of them must be a typical solution")
    every = np.unique(np.concatenate([places, GRID]))
    way = Way(pair.ends, pair.overlap, margin, flips)
    value, error = way.errors(every)
    top, slack, place = _barrier(way, every, value, error)
    asked = np.searchsorted(every, places)
    status = np.full(places.size, pair.sentence, dtype=object)
    kept = {
        "overlap": pair.overlap[0],
        "overlap_error": pair.overlap[1],
        "barrier": top,
        "barrier_error": slack,
        "barrier_position": place,
    }
    return {"training_error": value[asked], "error": error[asked], "status": status}, kept


def _barrier(way: Way, grid: np.ndarray, value: np.ndarray, error: np.ndarray) -> tuple[float, float, float]:
    """The largest error, looked for again on finer and finer grids around the largest one there is."""
    for _ in range(3):
        k = int(np.argmax(value))
        if value[k] == 0.0:
            return 0.0, 0.0, float("nan")
        grid = np.linspace(grid[max(k - 1, 0)], grid[min(k + 1, grid.size - 1)], 9)
        value, error = way.errors(grid)
    k = min(max(int(np.argmax(value)), 1), grid.size - 2)
    left, here, right = value[k - 1 : k + 2]
    bend, step = left - 2.0 * here + right, grid[1] - grid[0]
    share = 0.5 * (left - right) / bend if bend < 0.0 else 0.0
    if not -1.0 <= share <= 1.0:  # at an end
        k = int(np.argmax(value))
        return float(value[k]), float(error[k]), float(grid[k])
    top = here - 0.25 * (left - right) * share
    return float(top), float(error.max() + abs(top - max(left, here, right))), float(grid[k] + share * step)
