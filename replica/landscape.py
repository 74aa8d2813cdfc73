"""Verbs about what surrounds a solution: the Franz-Parisi entropy. The equations are in `replica.ansatz`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from replica._checks import grid, number
from replica.ansatz import Ansatz
from replica.ansatz.franz_parisi import method
from replica.around import Around
from replica.model import Model
from replica.references import Reference, resolve
from replica.weights._pairs import spherical_room
from replica.weights.base import Average

__all__ = ["Reference", "franz_parisi"]

EPS = float(np.finfo(float).eps)
CHUNK = 25  # distances solved together; fixed, so that results do not depend on the number of workers


def franz_parisi(
    model: Model,
    *,
    alpha: float,
    distance: Any,
    reference: Reference | str | None = None,
    ansatz: Ansatz | None = None,
    workers: int = 1,
    checkpoint: Any = None,
    progress: bool = False,
) -> Any:
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
    alpha : float
        Load of both, above 0.
    distance : increasing grid
        Distances ``d = (1 - t)/2`` in (0, 1).
    reference : Reference, "planted" or None
        None: a typical solution of the model itself. With a teacher a typical reference must be Bayes-optimal (margin
        0); "planted" is the teacher itself. On a mixture typical references are on the sphere, and the probe takes over
        the bias of the reference, unless its own is imposed.
    ansatz : Ansatz, optional
        `RS` (default), or `Annealed`: ``ln E[pairs] - ln E[references]``, an upper bound of the typical curve.
    workers, checkpoint, progress
        As in `sweep`.

    Returns
    -------
    xarray.Dataset
        Over ``distance``: ``entropy`` (with ``error``), ``free_entropy``, on the sphere ``normalised_entropy``
        (``free_entropy - ln(1-t^2)/2``, relative to all weights at that distance), ``training_error``, ``slope``
        (dS/dd), the order parameters ``q`` (two copies), ``s`` (copy and another typical reference; with a teacher its
        overlap with the teacher) or ``zeta`` (response to a minimiser; ``u`` the overlap with the minimiser where
        distances are measured from another vector), ``m``, ``Q`` where the norm is free, their conjugates,
        ``stability`` (1 minus the replicon of the copies) except around a binary student or its teacher, each with
        ``NAME_error``, and ``status``. With a teacher or clusters ``generalization_error``. ``attrs``:
        ``typical_distance`` (maximum of the curve) with its error, ``reference_margin``; around one vector on the
        sphere, where it is found, ``largest_overlap`` of weights without errors, with its error: the curve ends there.

    Raises
    ------
    ValueError
        Weights, references or ansatz that are not covered; values outside their domain.

    Notes
    -----
    Errors: change from one quadrature level to the next plus what the error of the reference carries over. Around a
    minimiser the probe sees the field ``t h + zeta k(h) + sqrt(q - t^2) y``, h the reference's cavity field and k(h)
    its move by the proximal map. When not to use it: where ``stability`` is below 0, or around a minimiser that is
    itself unstable (``reference_status``). Unsolved points are NaN; their status says where the equations end.

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
    import xarray

    from replica.records import record
    from saddlepoint import sweep as run

    alpha = number("alpha", alpha, low=0.0, open_low=True)
    points = grid("distance", distance)
    number("distance", points, low=0.0, high=1.0, open_low=True, open_high=True)
    chosen, first_moment = method(ansatz)
    around = resolve(model, alpha, reference, first_moment)
    settings = {
        "verb": "franz_parisi",
        "model": model.settings(),
        "ansatz": chosen.settings(),
        "alpha": alpha,
        "reference": reference.settings() if isinstance(reference, Reference) else reference,
        "distance": points.tolist(),
    }
    main = "entropy" if model.loss.hard else "free_entropy"
    attrs: dict[str, Any] = {"kind": "curve", "main": main, "reference_status": around.sentence}
    chunks = [Chunk(around, points[i : i + CHUNK]) for i in range(0, points.size, CHUNK)]
    results = run(solve_chunk, chunks, workers=workers, checkpoint=checkpoint, settings=settings, progress=progress)
    columns = {name: np.concatenate([r[name] for r in results]) for name in results[0]}
    attrs |= {"reference_margin": float(around.margin)} if around.margin is not None else {}
    attrs |= _places(around) if around.solved else {}
    columns = {main: columns.pop(main)} | columns | {"error": columns[f"{main}_error"]}
    variables = {name: (("distance",), column) for name, column in columns.items()}
    data = xarray.Dataset(variables, coords={"distance": points}, attrs=record(settings) | attrs)
    data[main].attrs["symbol"] = r"S_{\mathrm{FP}}"
    data["distance"].attrs["symbol"] = "d"
    if "normalised_entropy" in data:
        data["normalised_entropy"].attrs["symbol"] = r"S_{\mathrm{loc}}"
    return data


@dataclass(frozen=True)
class Chunk:
    """Distances that are solved in one batch."""

    around: Around
    distance: np.ndarray


def solve_chunk(chunk: Chunk) -> dict[str, np.ndarray]:
    """Columns of one chunk."""
    model, columns = chunk.around.model, chunk.around.columns(chunk.distance)
    if isinstance(model.weights.norm, Average):
        room = spherical_room(chunk.distance)
        columns.values["normalised_entropy"] = columns.values["free_entropy"] - room
        columns.errors["normalised_entropy"] = columns.errors["free_entropy"] + 4.0 * EPS * np.abs(room)
    if model.loss.hard:
        for store in (columns.values, columns.errors):
            store["entropy"] = store["free_entropy"].copy()
    return columns.flat()


def _places(around: Around) -> dict[str, float]:
    """Where the curve has its maximum, a typical solution of the probe's own model, and where it ends close by."""
    (t, error), (largest, slack) = around.typical(), around.largest()
    found = {"typical_distance": (1.0 - t) / 2.0, "typical_distance_error": error / 2.0} if np.isfinite(t) else {}
    return found | ({"largest_overlap": largest, "largest_overlap_error": slack} if np.isfinite(largest) else {})
