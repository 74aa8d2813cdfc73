"""Verbs about what surrounds a solution: the Franz-Parisi entropy. The equations are in `replica.ansatz`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from replica._checks import grid, number
from replica.ansatz import Ansatz
from replica.ansatz.franz_parisi.solver import method
from replica.files.dataset import curve as labelled
from replica.files.dataset import joined
from replica.files.formats import to_json
from replica.files.words import described
from replica.landscape.kinds import Around
from replica.landscape.named_references import labels, settings_of, spread
from replica.landscape.references import Reference, resolve
from replica.models.model import Model, require_model
from replica.weights._pairs import spherical_room
from replica.weights.base import Average

if TYPE_CHECKING:
    import xarray

__all__ = ["Reference", "franz_parisi"]

EPS = float(np.finfo(float).eps)
CHUNK = 25  # distances solved together; fixed, so that results do not depend on the number of workers
#: what is known of a curve as a whole
PLACES = ("typical_distance", "typical_distance_error", "largest_overlap", "largest_overlap_error")
SYMBOLS = {
    "distance": "d",
    "alpha": r"\alpha",
    "reference": r"\tilde\kappa",
    "normalised_entropy": r"S_{\mathrm{loc}}",
}


def franz_parisi(
    model: Model,
    *,
    alpha: Any,
    distance: Any,
    reference: Any = None,
    ansatz: Ansatz | str | None = None,
    tolerance: float | None = None,
    workers: int = 1,
    checkpoint: Any = None,
    progress: bool = False,
) -> xarray.Dataset:
    r"""Entropy of the solutions at a distance from a reference, over a grid of distances.

    .. math:: S_{FP}(d) = \frac1N E \ln \#\{w: w\cdot\tilde w = (1-2d) N,\ w \text{ solves}\}

    with ``w~`` a typical solution of the reference model, or a vector made of the data: the minimiser of a cost, the
    maximum-margin vector, their noisy copy or their signs. Replica-symmetric for references and copies. Volumes on the
    sphere are relative to the whole sphere. With norms other than 1 (alphabets, ternary, ...) the distance is that of
    directions, ``d = (1 - w.w~/sqrt(|w|^2 |w~|^2))/2``, and the norm of w is free.

    Parameters
    ----------
    model : Model
        What is counted: weights on the sphere or from an alphabet with any loss, on random labels, a teacher or two
        clusters; at finite beta ``free_entropy`` is ln Z.
    alpha : float or increasing grid
        Load of both, above 0; a grid is an axis of the result.
    distance : float or increasing grid
        Distances ``d = (1 - t)/2`` in (0, 1), as small as they may be.
    reference : Reference, number, "max", "planted", None, or a list of these
        None: a typical solution of the model itself; a number or "max": ``Reference(margin=...)``; a list, or a
        `Reference` with a list of margins, is an axis ``reference`` of the result (numbers where all are margins, else
        words). With a teacher a typical reference must be Bayes-optimal (margin 0); "planted" is the teacher itself. On
        a mixture typical references are on the sphere, and the probe takes over
        the bias of the reference, unless its own is imposed.
    ansatz : Ansatz or its name, optional
        `RS` (default), or `Annealed` ("annealed"): ``ln E[pairs] - ln E[references]``, an upper bound of the typical
        curve.
    tolerance : float, optional
        Quadratures are refined until the error of the entropy is below it (relative to entropies above 1); None: 1e-10,
        and 1e-9 around vectors, teachers, clusters and for alphabets. Points that stay above are not converged.
    workers, checkpoint, progress
        As in `sweep`, over the whole grid.

    Returns
    -------
    xarray.Dataset
        Over ``distance`` (and ``alpha``, ``reference`` where these are lists, with the numbers of single calls):
        ``entropy`` (with ``error``), ``free_entropy``, on the sphere ``normalised_entropy``
        (``free_entropy - ln(1-t^2)/2``, relative to all weights at that distance), ``training_error``, ``slope``
        (dS/dd), the order parameters ``q`` (two copies), ``s`` (copy and another typical reference; with a teacher its
        overlap with the teacher) or ``zeta`` (response to a minimiser; ``u`` the overlap with the minimiser where
        distances are measured from another vector), ``m``, ``Q`` where the norm is free, their conjugates,
        ``stability`` (1 minus the replicon of the copies), each with ``NAME_error``, and ``status``, in which every
        point says what is to be said against its reference. With a teacher or clusters ``generalization_error``.
        ``attrs``: ``reference_status``, ``reference_margin``, ``typical_distance`` (maximum of the curve) with its
        error; around one vector on the sphere, where it is found, ``largest_overlap`` of weights without errors, with
        its error: the curve ends there. Over several curves these are variables.

    Raises
    ------
    ValueError
        Weights, references or ansatz that are not covered; values outside their domain.

    See Also
    --------
    local_entropy : Around centres chosen for their many neighbours.
    isolation : How far the nearest other solution is.
    local_entropy_threshold : Up to which load curves have no hole.

    Notes
    -----
    Errors: change from one quadrature level to the next plus what the error of the reference carries over. Around a
    minimiser the probe sees the field ``t h + zeta k(h) + sqrt(q - t^2) y``, h the reference's cavity field and k(h)
    its move by the proximal map. When not to use it: where ``stability`` is below 0, or around a minimiser that is
    itself unstable (``reference_status``). Unsolved points are NaN in every
    variable; their status says where the equations end. No point depends on the others, not in its last bit.

    References
    ----------
    S. Franz and G. Parisi, J. Phys. I France 5, 1401 (1995); H. Huang and Y. Kabashima, Phys. Rev. E 90, 052813 (2014);
    C. Baldassi, F. Pittorino and R. Zecchina, PNAS 117, 161 (2020) for minimisers of the cross-entropy.

    Examples
    --------
    >>> import replica
    >>> curve = replica.franz_parisi(replica.perceptron("binary"), alpha=0.5, distance=[0.005, 0.01])
    >>> [f"{s:.6f}" for s in curve["entropy"].values]
    ['-0.003838', '0.006197']
    """
    from saddlepoint import sweep as run

    require_model(model)
    loads = number("alpha", grid("alpha", alpha) if np.ndim(alpha) else [alpha], low=0.0, open_low=True)
    points = number("distance", grid("distance", distance), low=0.0, high=1.0, open_low=True, open_high=True)
    tolerance = None if tolerance is None else number("tolerance", tolerance, low=0.0, open_low=True)
    chosen, first_moment = method(ansatz)
    if first_moment and tolerance is not None:
        raise ValueError(f"a first moment is closed, nothing refines it: leave tolerance out, got {tolerance:g}")
    references, several = spread(model, reference)
    settings = {
        "verb": "franz_parisi",
        "model": model.settings(),
        "ansatz": chosen.settings(),
        "alpha": loads.tolist() if np.ndim(alpha) else float(loads[0]),
        "reference": [settings_of(one) for one in references] if several else settings_of(references[0]),
        "distance": points.tolist(),
        "tolerance": tolerance,
    }
    curves = [resolve(model, load, one, first_moment, tolerance) for load in loads.tolist() for one in references]
    names = [f"alpha={load!r} {to_json(settings_of(one))}" for load in loads.tolist() for one in references]
    chunks = [
        ProbeChunk(curve, name, points[i : i + CHUNK])
        for curve, name in zip(curves, names, strict=True)
        for i in range(0, points.size, CHUNK)
    ]
    wholes = [WholeCurve(curve, name) for curve, name in zip(curves, names, strict=True)]
    how: dict[str, Any] = {"workers": workers, "checkpoint": checkpoint, "progress": progress, "settings": settings}
    results = run(solve_chunk, [*chunks, *wholes], grows=["alpha", "reference", "distance"], **how)
    axes = {"alpha": loads} if np.ndim(alpha) else {}
    axes |= {"reference": labels(references)} if several else {}
    main = "entropy" if model.loss.hard else "free_entropy"
    return _dataset(curves, results, axes | {"distance": points}, settings, main)


@dataclass(frozen=True)
class WholeCurve:
    """What belongs to a curve as a whole: a point of its own beside those of the curve ``name``."""

    around: Around
    name: str

    @property
    def points(self) -> list[str]:
        """What tells it from the others."""
        return [self.name]

    def part(self, rows: np.ndarray) -> WholeCurve:
        """Itself, which has one point."""
        return self

    def solved(self) -> dict[str, np.ndarray]:
        """Columns of one row."""
        places = _places(self.around) if self.around.solved else {}
        return {name: np.array([places.get(name, np.nan)]) for name in PLACES}


@dataclass(frozen=True)
class ProbeChunk:
    """Distances of a curve that are solved in one batch."""

    around: Around
    name: str
    distance: np.ndarray

    @property
    def points(self) -> list[str]:
        """What tells each point from the others."""
        return [f"{self.name} distance={place!r}" for place in self.distance.tolist()]

    def part(self, rows: np.ndarray) -> ProbeChunk:
        """Some of the points."""
        return replace(self, distance=self.distance[rows])

    def solved(self) -> dict[str, np.ndarray]:
        """Variables, errors and statuses at the distances."""
        model, columns = self.around.model, self.around.curve(self.distance)
        if isinstance(model.weights.norm, Average):
            room = spherical_room(self.distance)
            columns.values["normalised_entropy"] = columns.values["free_entropy"] - room
            columns.errors["normalised_entropy"] = columns.errors["free_entropy"] + 4.0 * EPS * np.abs(room)
        if model.loss.hard:
            for store in (columns.values, columns.errors):
                store["entropy"] = store["free_entropy"].copy()
        return columns.flat()


def solve_chunk(chunk: ProbeChunk | WholeCurve) -> dict[str, np.ndarray]:
    """Columns of one chunk."""
    return chunk.solved()


def _places(around: Around) -> dict[str, float]:
    """Where the curve has its maximum, a typical solution of the probe's own model, and where it ends close by."""
    (t, error), (largest, slack) = around.typical(), around.largest()
    found = {"typical_distance": (1.0 - t) / 2.0, "typical_distance_error": error / 2.0} if np.isfinite(t) else {}
    return found | ({"largest_overlap": largest, "largest_overlap_error": slack} if np.isfinite(largest) else {})


def _dataset(
    curves: list[Around],
    results: list[dict[str, np.ndarray]],
    axes: dict[str, Any],
    settings: dict[str, Any],
    main: str,
) -> Any:
    """All curves over their axes; what belongs to a whole curve is a variable, of a single one an attribute."""
    places = results[-len(curves) :]
    columns = joined(results[: -len(curves)])
    columns = {name: columns[name] for name in dict.fromkeys([main, *columns])}  # what is asked for comes first
    symbols = SYMBOLS | {main: r"S_{\mathrm{FP}}"}
    data = labelled(columns, axes, settings, main=main, symbols=symbols)
    whole: dict[str, list[Any]] = {"reference_status": [around.sentence for around in curves]}
    if any(around.margin is not None for around in curves):
        whole["reference_margin"] = [np.nan if around.margin is None else around.margin for around in curves]
    for name in PLACES:
        found = [float(place[name][0]) for place in places]
        whole |= {name: found} if np.any(np.isfinite(found)) else {}
    dims = [name for name in axes if name != "distance"]
    if not dims:
        data.attrs |= {name: values[0] for name, values in whole.items()}
        return data
    shape = tuple(len(axes[name]) for name in dims)
    data = data.assign({name: (dims, np.array(values).reshape(shape)) for name, values in whole.items()})
    for name in whole.keys() & SYMBOLS.keys():
        data[name].attrs["symbol"] = SYMBOLS[name]
    return described(data, main)
