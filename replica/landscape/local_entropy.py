"""The verb `local_entropy`: curves of the large-deviation local entropy over the distance. No equations
here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from replica._checks import accuracy, grid, number
from replica.ansatz.replicated.ansatz import LocalEntropy
from replica.models.model import Model, require_model
from replica.observables.registry import symbol_of

if TYPE_CHECKING:
    import xarray

CHUNK = 100  # distances solved together; fixed, so that results do not depend on the number of workers
VARIABLES = ("local_entropy", "free_entropy", "complexity", "q0", "q1", "q0_hat", "q1_hat", "parisi", "slope")
LEARNED = ("m", "generalization_error", "generalization_error_centre", "training_error")  # of data with a direction


def variables_of(model: Model) -> tuple[str, ...]:
    """What a curve holds over the distance."""
    return VARIABLES + (LEARNED + tuple(model.data.reported(1)) if model.data.overlaps else ())


@dataclass(frozen=True)
class CentreChunk:
    """Distances of a curve that are solved in one batch."""

    model: Model
    ansatz: LocalEntropy
    alpha: float
    distance: np.ndarray
    tolerance: float

    @property
    def points(self) -> list[str]:
        """What tells each point from the others."""
        curve = f"alpha={self.alpha!r} replicas={self.ansatz.replicas!r}"
        return [f"{curve} distance={place!r}" for place in self.distance.tolist()]

    def part(self, rows: np.ndarray) -> CentreChunk:
        """Some of the points."""
        return replace(self, distance=self.distance[rows])


def solve_chunk(chunk: CentreChunk) -> dict[str, np.ndarray]:
    """Variables, errors and status sentences of one chunk."""
    size = chunk.distance.size
    solutions = chunk.ansatz.curve(chunk.model, np.full(size, chunk.alpha), chunk.distance, chunk.tolerance)
    found: dict[str, np.ndarray] = {}
    for name in variables_of(chunk.model):
        source = "entropy" if name == "local_entropy" else name
        found[name], found[f"{name}_error"] = solutions.value(source), solutions.error(source)
    found["status"] = np.array(solutions.sentences())
    return found


def local_entropy(
    model: Model,
    *,
    alpha: Any,
    distance: Any,
    replicas: Any = np.inf,
    centre: str | None = "free",
    tolerance: float = 1e-12,
    workers: int = 1,
    checkpoint: Any = None,
    progress: bool = False,
) -> xarray.Dataset:
    """Local entropy of optimal centres, or of real replicas, over the distance.

    Centres are weighted with ``exp(y N S_I)``, S_I the logarithm of the number (sphere: volume) of solutions at
    distance d, per weight; see `replica.ansatz.replicated.ansatz.LocalEntropy` for the equations.

    When not to use it: around typical solutions (`franz_parisi`); with ``replicas=inf`` for what some centres really
    have: ``"zero-complexity"``.

    Parameters
    ----------
    model : Model
        Perceptron with random labels, binary or spherical weights. Finite y: any loss (round a solution, and for
        y = inf or "zero-complexity": one with log-concave ``exp(-beta loss)`` that is not even). Trees of 2 and 3
        Boolean units round a free centre or without one. Without a centre also
        spherical weights on two clusters (finite y), and the square loss on the sphere with any data and norm
        (``d = (1 - q1/Q)/2``), at beta = inf too.
    alpha : float or increasing grid
        Patterns per weight, above 0.
    distance : float or increasing grid
        In (0, 1/2): from centre to replica, ``(1 - overlap)/2``; with ``centre=None`` half of one minus the mutual
        overlap.
    replicas : float, inf, "zero-complexity" or increasing grid of numbers (inf last)
        The number y: at least 1 round a free centre, finite round a solution. ``"zero-complexity"`` is the y where the
        external entropy vanishes (free centre, binary weights); where that y is very large the limit is given, with
        the difference in its error.
    centre : "free", "solution" or None
        A centre without constraint; one that solves too (y to 0: the Franz-Parisi curve, y = 1: pairs of solutions);
        or none: y real replicas at mutual overlap ``q1 = 1 - 2d``, which must be above the replica-symmetric one.
    tolerance, workers, checkpoint, progress
        As in `sweep`.

    Returns
    -------
    xarray.Dataset
        Over ``distance``, and ``alpha`` and ``replicas`` where these are grids: ``local_entropy`` (S_I),
        ``free_entropy`` (F/y), ``complexity`` (F - y S_I, at y = inf its limit),
        ``q0, q1, q0_hat, q1_hat``, ``parisi`` (y), ``slope`` (the derivative of F/y with the distance),
        on clusters or with a teacher ``m``, a learned ``bias``, ``training_error`` and generalisation errors, each with
        ``NAME_error``; ``error`` (of ``local_entropy``) and ``status``. Unsolved points are NaN with their
        status; a branch that ends before a distance says where. Spherical weights have no conjugates (NaN).

    Raises
    ------
    ValueError
        Values outside their domain, a model that is not covered, a checkpoint of other settings.

    See Also
    --------
    franz_parisi : Around typical solutions, minimisers or the teacher.
    local_entropy_threshold : Up to which load curves have no hole.
    overlap_gap : Groups of solutions that cease to be.

    Notes
    -----
    Where several saddle points are known the one of largest free entropy is given, and F does not fall with d: a centre
    turned away at random has the same solutions farther away. At y = inf that is the largest local entropy at smaller
    distances, finite y take the branch that goes over into it. Binary weights have ``F >= phi(y beta) + h(d)``, that of
    groups whose replicas are one vector (q1 = 1, S_I = 0 for solutions; equal at y = 1). The status says which it is,
    and where the complexity is negative: no such centres exist.

    References
    ----------
    C. Baldassi, A. Ingrosso, C. Lucibello, L. Saglietti and R. Zecchina, Phys. Rev. Lett. 115, 128101 (2015);
    C. Baldassi, F. Pittorino and R. Zecchina, PNAS 117, 161 (2020).

    Examples
    --------
    >>> import replica
    >>> curve = replica.local_entropy(replica.perceptron("binary"), alpha=0.7, distance=[0.02, 0.05])
    >>> [f"{s:.10f}" for s in curve["local_entropy"].values]
    ['0.0599967964', '0.0797245984']
    """
    from replica.files.dataset import curve as labelled
    from replica.files.dataset import joined
    from saddlepoint import sweep as run

    require_model(model)
    loads = [number("alpha", load, low=0.0, open_low=True) for load in _axis("alpha", alpha)]
    numbers = _axis("replicas", replicas)
    distances = number("distance", grid("distance", distance), low=0.0, high=0.5, open_low=True, open_high=True)
    kinds = [LocalEntropy(y, centre) for y in numbers]
    for kind in kinds:
        kind.check(model)
    within = accuracy(tolerance)
    chunks = [
        CentreChunk(model, kind, load, distances[i : i + CHUNK], within)
        for load in loads
        for kind in kinds
        for i in range(0, distances.size, CHUNK)
    ]
    settings = {
        "verb": "local_entropy",
        "model": model.settings(),
        "alpha": loads if np.ndim(alpha) else loads[0],
        "distance": distances.tolist(),
        "replicas": numbers if np.ndim(replicas) else replicas,
        "centre": centre,
        "tolerance": tolerance,
    }
    how: dict[str, Any] = {"workers": workers, "checkpoint": checkpoint, "progress": progress, "settings": settings}
    results = run(solve_chunk, chunks, grows=["alpha", "replicas", "distance"], **how)
    given = {"alpha": (loads, alpha), "replicas": (numbers, replicas)}
    axes = {name: values for name, (values, asked) in given.items() if np.ndim(asked)}
    symbols = {name: symbol_of(name) for name in ("alpha", *variables_of(model))} | {"replicas": "y", "distance": "d"}
    return labelled(
        joined(results), axes | {"distance": distances}, settings, main="local_entropy", symbols=symbols
    )


def _axis(argument: str, value: Any) -> list[Any]:
    """The values of an argument that may be a grid; a word stands for itself."""
    return grid(argument, value, infinite=argument == "replicas").tolist() if np.ndim(value) else [value]
