"""From which margin on solutions see all others: kernel and convex margins, the verbs. No equations here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from replica._checks import one_number
from replica.landscape.path import COVERS, Pair
from replica.landscape.references import resolve
from replica.models.model import Model, require_model
from replica.thresholds.base import NAN, Threshold

STEPS = 60
EPS = float(np.finfo(float).eps)
FREE = "the constraint is convex: between any two solutions there is no error"

#: what a margin asks of itself, as a factor of the model's own: (factor, its error, order parameters, sentence)
Factor = tuple[float, float, dict[str, float], str]
Place = tuple[float, Factor]
REST = (0.9, 0.75, 0.5, 0.25, 0.1, 0.03, 0.01, 1e-3, 1e-4)  # of what is left to the largest margin


def kernel_margin(model: Model, *, alpha: float) -> Threshold:
    r"""The margin from which the geodesic to every typical solution is free of errors: those are the star's kernel.

    A typical solution of margin ``k_1`` and one of the model's own margin k, of overlap p, are joined without errors if
    and only if ``k_1 >= k p(k_1, k)``; the kernel margin is where both sides are equal. For ``k >= 0`` the space of
    solutions is convex and the kernel margin is k itself.

    When not to use it: where the status says that the ends are unstable to replica symmetry breaking.

    Parameters
    ----------
    model : Model
        A perceptron with a margin on random labels, binary or on the sphere.
    alpha : float
        Load, above 0.

    Returns
    -------
    Threshold
        In units of the margin; ``order_parameters``: ``overlap`` of the two solutions, ``q`` of the model's own, ``q1``
        of those in the kernel. Not converged, with a sentence, where not even the largest margin is large enough.

    Raises
    ------
    ValueError
        Models that are not covered, a load that is no number above 0.

    See Also
    --------
    convex_margin : Between two solutions of one margin.
    path : The errors on the way.
    max_margin : The largest margin.

    References
    ----------
    B. L. Annesi et al., Phys. Rev. Lett. 131, 227301 (2023).

    Examples
    --------
    >>> import replica
    >>> found = replica.kernel_margin(replica.perceptron("spherical", margin=-0.5), alpha=1.0)
    >>> print(f"{found:.9f} {found.error < 1e-12}")
    -0.171056405 True
    """

    alpha = _checked(model, alpha)
    own: list[Any] = []

    def factor(margin: float, sure: bool) -> Factor | str:
        own.append(own[0] if own else resolve(model, alpha, None, False))
        around = own[0] if margin == model.margin else resolve(model, alpha, margin, False)
        pair = Pair.between(model, alpha, (around, own[0]), sure)
        if isinstance(pair, str):
            return pair
        known = {"overlap": pair.overlap[0], "q": pair.ends[1].size, "q1": pair.ends[0].size}
        return *pair.overlap, known, pair.sentence

    return _margin(model, alpha, factor)


def convex_margin(model: Model, *, alpha: float) -> Threshold:
    r"""The margin from which the geodesic between two typical solutions of that margin is free of errors.

    Two typical solutions of margin k' have the overlap ``q(k')``; the largest error, in the middle, vanishes if and
    only if ``k' >= k sqrt((1 + q(k'))/2)``, k the model's own margin; the convex margin is where both sides are equal.

    When not to use it: where the status says that the ends are unstable to replica symmetry breaking.

    Parameters
    ----------
    model : Model
        A perceptron with a margin on random labels, binary or on the sphere.
    alpha : float
        Load, above 0.

    Returns
    -------
    Threshold
        In units of the margin; ``order_parameters``: the ``overlap`` ``q(k')``.

    Raises
    ------
    ValueError
        Models that are not covered, a load that is no number above 0.

    See Also
    --------
    kernel_margin : To every typical solution.
    path : The errors on the way.

    References
    ----------
    B. L. Annesi et al., Phys. Rev. Lett. 131, 227301 (2023).

    Examples
    --------
    >>> import replica
    >>> found = replica.convex_margin(replica.perceptron("spherical", margin=-0.5), alpha=1.0)
    >>> print(f"{found:.9f} {found.error < 1e-12}")
    -0.404594409 True
    """

    alpha = _checked(model, alpha)

    def factor(margin: float, sure: bool) -> Factor | str:
        around = resolve(model, alpha, margin, False)
        pair = Pair.between(model, alpha, (around, around), sure)
        if isinstance(pair, str):
            return pair
        q, error = pair.overlap
        middle = float(np.sqrt((1.0 + q) / 2.0))
        return middle, 0.25 * error / middle + EPS, {"overlap": q}, pair.sentence

    return _margin(model, alpha, factor)


def _checked(model: Model, alpha: Any) -> float:
    require_model(model)
    COVERS.check(model)
    return one_number("alpha", alpha, low=0.0, open_low=True)


def _margin(model: Model, alpha: float, factor: Callable[[float, bool], Factor | str]) -> Threshold:
    """The smallest ``k' >= k factor(k')``."""
    own = float(model.margin)
    here = factor(own, True)
    if isinstance(here, str):
        return _none(here)
    if own >= 0.0:
        return Threshold(own, 0.0, (own, own), f"{here[3]}; {FREE}", parameters=here[2])
    ends = _ends(model, alpha, own, here, factor)
    return _none(ends) if isinstance(ends, str) else _closed(own, *ends, factor)


def _ends(
    model: Model, alpha: float, own: float, here: Factor, factor: Callable[[float, bool], Factor | str]
) -> tuple[Place, Place] | str:
    """Margins, one too small and one that is not, with what they ask for; close to the largest one where needed."""
    from replica.thresholds import max_margin

    low, place = (own, here), own * here[0]
    there = factor(place, False)
    if not isinstance(there, str):
        if place >= own * there[0]:
            return low, (place, there)
        low = (place, there)
    largest = max_margin(model, alpha=alpha)
    if not largest.converged:
        return largest.status
    for rest in REST:
        place = largest.value - rest * (largest.value - low[0])
        there = factor(place, False)
        if isinstance(there, str):
            break
        if place >= own * there[0]:
            return low, (place, there)
        low = (place, there)
    return (
        f"not converged: solutions up to the margin {low[0]:.6g} (the largest is {largest.value:.6g}) do not see all "
        "others without errors: no such margin was found"
    )


def _closed(own: float, low: Place, high: Place, factor: Callable[[float, bool], Factor | str]) -> Threshold:
    """Regula falsi (Illinois) between margins too small and large enough."""
    (a, fa), (b, fb) = ((place, place - own * at[0]) for place, at in (low, high))
    place, side = high[0], 0.0
    for _ in range(STEPS):
        if fb == 0.0 or b - a <= 8 * EPS * abs(own):
            break
        place = (a * fb - b * fa) / (fb - fa)
        at = factor(place, False)
        if isinstance(at, str):
            return _none(at)
        value = place - own * at[0]
        if abs(value) <= 4 * EPS * abs(own):
            break
        halved = 0.5 if side * value > 0.0 else 1.0  # the other end has not moved twice
        a, fa, b, fb = (a, fa * halved, place, value) if value > 0.0 else (place, value, b, fb * halved)
        side = value
    last = factor(place, True)
    if isinstance(last, str):
        return _none(last)
    slope = abs((fb - fa) / (b - a)) if b > a and fb > 0.0 > fa else 1.0
    error = (abs(place - own * last[0]) + abs(own) * (last[1] + 4 * EPS)) / min(max(slope, EPS), 1.0)
    return Threshold(place, error, (place - error, place + error), last[3], parameters=last[2])


def _none(sentence: str) -> Threshold:
    return Threshold(NAN, NAN, (NAN, NAN), sentence)
