"""How far typical solutions are from the next ones: the distances at which none are. No equations here."""

from __future__ import annotations

import numpy as np

from replica._checks import one_number
from replica.ansatz import Ansatz
from replica.ansatz.coverage import COUNTED, HARD, KNOWN_LABELS, Covers
from replica.ansatz.franz_parisi.solver import method
from replica.landscape.kinds import Around
from replica.landscape.references import Reference, resolve
from replica.models.model import Model, require_model
from replica.solution.names import ORDER_PARAMETERS
from replica.thresholds.base import NAN, Threshold

#: distances looked at, from the typical ones inwards: nearer to a solution the equations end, and points cost more
GRIDS = np.split(np.concatenate([np.linspace(0.5, 0.1, 9), np.geomspace(0.08, 1e-7, 27)]), 4)


def isolation(
    model: Model, *, alpha: float, reference: Reference | None = None, ansatz: Ansatz | None = None
) -> Threshold:
    r"""Radius of the empty neighbourhood of a typical solution: ``S_FP(d) < 0`` for all ``0 < d < value``.

    Counted weights: where the Franz-Parisi entropy is negative there is typically no solution at that distance, so that
    typical solutions are isolated up to the first zero of the curve.

    When not to use it: for solutions that an algorithm finds, which need not be typical: `local_entropy`.

    Parameters
    ----------
    model : Model
        With a finite alphabet and a hard constraint.
    alpha : float
        Load, above 0.
    reference : Reference, optional
        Around what; None: a typical solution of the model itself.
    ansatz : Ansatz, optional
        `RS` (default), or `Annealed`: the first moment of pairs (exact for symmetric bands), whose zero is a lower
        bound of the distance, since it bounds the entropy from above.

    Returns
    -------
    Threshold
        In distance; ``order_parameters`` of the curve there. Not converged, with a sentence, where the entropy is
        positive down to the smallest distance that the equations reach (1e-7), or negative everywhere.

    Raises
    ------
    ValueError
        Weights that are not counted, a cost that is no constraint, what `franz_parisi` refuses.

    See Also
    --------
    franz_parisi : The curve.

    References
    ----------
    H. Huang and Y. Kabashima, Phys. Rev. E 90, 052813 (2014).

    Examples
    --------
    >>> import replica
    >>> found = replica.isolation(replica.perceptron("binary"), alpha=0.5)
    >>> print(f"{found.value:.8f} {found.converged}")
    0.00700287 True
    """
    require_model(model)
    Covers("isolation", (COUNTED, HARD, KNOWN_LABELS)).check(model)
    alpha = one_number("alpha", alpha, low=0.0, open_low=True)
    around = resolve(model, alpha, reference, method(ansatz)[1])
    if not around.solved:
        return Threshold(NAN, NAN, (NAN, NAN), around.sentence)
    outer, positive = 1.0, False
    for grid in GRIDS:
        entropies = around.columns(grid[::-1]).values["free_entropy"][::-1]
        for place, entropy in zip(grid, entropies, strict=True):
            if np.isfinite(entropy):
                if entropy < 0 and positive:
                    return _zero(around, float(place), outer)
                outer, positive = float(place), positive or entropy >= 0
        if np.isnan(entropies).any():
            break
    if positive:
        text = f"not converged: the entropy is positive down to d = {outer:.2g}: no empty neighbourhood was found"
        return Threshold(NAN, NAN, (0.0, outer), text)
    return Threshold(NAN, NAN, (outer, 1.0), "not converged: the entropy is positive at no distance")


def _zero(around: Around, low: float, high: float) -> Threshold:
    """The root in ln d; its error is that of the entropy over the slope."""
    from scipy.optimize import brentq

    def entropy(place: float) -> float:
        return float(around.columns(np.array([np.exp(place)])).values["free_entropy"][0])

    root = float(np.exp(brentq(entropy, np.log(low), np.log(high), xtol=1e-13, rtol=1e-13)))
    near = around.columns(root * np.array([1.0 - 1e-4, 1.0, 1.0 + 1e-4]))
    below, value, above = near.values["free_entropy"]
    if not np.isfinite([below, value, above]).all():
        return Threshold(NAN, NAN, (low, high), near.status[1])
    slack = root * (1e-4 * (abs(value) + near.errors["free_entropy"][1]) / abs(0.5 * (above - below)) + 2e-13)
    parameters = {name: float(near.values[name][1]) for name in ORDER_PARAMETERS if name in near.values}
    bracket = root - slack, root + slack
    text = "converged; first zero of the entropy from the typical distance inwards"
    return Threshold(root, float(slack), bracket, text, None, parameters)
