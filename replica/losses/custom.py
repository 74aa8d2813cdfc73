"""A loss given as a Python function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica._checks import number, shown
from replica._registry import FAILURES, settings_of_function
from replica.losses._pieces import broken_edges, clusters, joined, kinks_at, missed, resolved
from replica.losses.base import Loss

RANGE = 64.0  # kinks that are not given are looked for up to there
ROUNDS = 6
PROBES = np.linspace(-RANGE, RANGE, 12_801) + 0.00371


@dataclass(frozen=True)
class Custom(Loss):
    r"""The cost ``l(u)`` that a function of arrays gives; see `from_function`.

    When not to use it: in scripts, where verbs take the function itself as ``loss=`` and `from_function` its kinks; nor
    for costs that have closed forms here.

    Parameters
    ----------
    user : callable
        Array in, array of the same shape out, in double precision.
    corners : tuple of float, optional
        Stabilities at which the cost has a kink or a jump. None: they are found, within 64 of 0.

    See Also
    --------
    from_function : Makes it.
    Loss : A loss of one's own as a class.

    Examples
    --------
    >>> import numpy as np, replica
    >>> from replica.losses import Custom
    >>> own = Custom(lambda u: np.log1p(np.exp(-u)))
    >>> solution = replica.solve(replica.mixture(own), alpha=2.0)
    >>> known = replica.solve(replica.mixture("logistic"), alpha=2.0)
    >>> bool(abs(solution.free_entropy - known.free_entropy) < 1e-10), own.kinks()
    (True, ())
    """

    user: Callable[[np.ndarray], np.ndarray]
    corners: tuple[float, ...] | None = None
    _kinks: ClassVar[tuple[float, ...]] = ()  # set per instance

    def __post_init__(self) -> None:
        if not callable(self.user):
            raise ValueError(f"loss must be a function of arrays, got {shown(self.user)}")
        if self.corners is not None:
            given = np.atleast_1d(np.asarray(number("kinks", self.corners), dtype=float))
            object.__setattr__(self, "corners", tuple(sorted({float(kink) for kink in given})))
        self._check(np.linspace(-4.0, 4.0, 60).reshape(3, 20))
        object.__setattr__(self, "_kinks", _found_kinks(self) if self.corners is None else self.corners)

    @classmethod
    def examples(cls) -> list[Custom]:
        return []

    def _check(self, u: np.ndarray) -> None:
        found = self._call(u)
        if found.dtype.kind not in "fiub":
            kind = "complex numbers" if found.dtype.kind == "c" else f"values of type {found.dtype}"
            raise ValueError(f"loss: {self} must give real numbers, got {kind}")
        if found.dtype.kind == "f" and found.dtype.itemsize < 8:
            raise ValueError(f"loss: {self} gives {found.dtype}, which has too few digits: calculate in float64")
        if found.shape != u.shape:
            raise ValueError(
                f"loss: {self} must give an array of the shape it is given, {u.shape}, got {found.shape}: use numpy "
                "functions that work on every entry"
            )
        if np.any(np.isnan(found)):
            raise ValueError(f"loss: {self} must give numbers everywhere, got nan at u = {u[np.isnan(found)][0]:g}")

    def _call(self, u: np.ndarray) -> np.ndarray:
        try:
            with np.errstate(all="ignore"):
                return np.asarray(self.user(u))
        except FAILURES as reason:
            said = f"{type(reason).__name__}: {reason}"
            raise ValueError(f"loss: the function {self} failed on an array of stabilities ({said})") from reason

    def cost(self, u: np.ndarray) -> np.ndarray:
        return np.asarray(self._call(np.asarray(u, dtype=float)), dtype=float)

    def kinks(self) -> tuple[float, ...]:
        return self._kinks

    def settings(self) -> dict[str, Any]:
        return settings_of_function(self.user, self.cost, self.kinks()) | {"kinks": list(self.kinks())}

    def __str__(self) -> str:
        return getattr(self.user, "__name__", type(self.user).__name__)


def _found_kinks(loss: Custom) -> tuple[float, ...]:
    """Kinks and jumps of a function: what no panel resolves, and edges of panels at which it turns."""
    stops, last = np.linspace(-RANGE, RANGE, 33) + 0.00371, RANGE - 1.0
    kinks: set[float] = set()
    for _ in range(ROUNDS):
        values = loss.cost(stops)
        stops = stops[np.isfinite(values)]
        if stops.size < 2:
            raise ValueError(f"loss: {loss} must be finite between -{RANGE:g} and {RANGE:g}")
        scale = float(np.median(np.abs(values[np.isfinite(values)]))) or 1.0
        try:
            found, rough = resolved(loss.cost, stops, scale)
        except ValueError as reason:
            raise ValueError(f"loss: {loss} {reason}: give its kinks, as in from_function(f, kinks=...)") from reason
        kinks |= {float(kink) for kink in kinks_at(loss.cost, clusters(rough), stops[0], stops[-1])}
        whole = joined([found, rough])
        inside = PROBES[(stops[0] < PROBES) & (stops[-1] > PROBES)]
        more = np.unique([*stops, *kinks, *missed(loss.cost, whole, inside)])
        if more.size == stops.size:
            break
        stops = more
    places = np.sort([*kinks, *(float(edge) for edge in broken_edges(whole, scale))])
    step = 1e-4 * np.maximum(1.0, np.abs(places))
    # where a tail is lost in rounding is no kink
    seen = np.abs(loss.cost(places + step) + loss.cost(places - step) - 2.0 * loss.cost(places)) > 1e-12 * scale
    return tuple(float(place) for place in np.unique(places[seen & (np.abs(places) < last)]))


def from_function(function: Callable[[np.ndarray], np.ndarray], kinks: Any = None) -> Custom:
    r"""A loss from its cost ``l(u)``, a function of an array of stabilities.

    Verbs and shorthands take the function itself as ``loss=``; this is for kinks that are to be given. Convexity
    and everything else is seen from the values, as for a loss of one's own that is a class.

    Parameters
    ----------
    function : callable
        Array in, array of the same shape out, in double precision.
    kinks : float or sequence of float, optional
        Stabilities at which the cost has a kink or a jump, all of them. None: they are found, within 64 of 0.

    Returns
    -------
    Custom

    Raises
    ------
    ValueError
        What is no such function: one that fails, or gives other shapes, nan, complex numbers or single precision; one
        that varies too fast for its kinks to be found.

    Examples
    --------
    >>> import numpy as np, replica
    >>> ramp = replica.losses.from_function(lambda u: np.clip(1 - u, 0, 1), kinks=(0, 1))
    >>> solution = replica.solve(replica.perceptron("binary", loss=ramp, beta=2.0), alpha=0.5)
    >>> found = replica.perceptron("binary", loss=lambda u: np.clip(1 - u, 0, 1), beta=2.0)
    >>> found.loss.kinks(), bool(abs(replica.solve(found, alpha=0.5).energy - solution.energy) < 1e-14)
    ((0.0, 1.0), True)
    """
    return Custom(function, None if kinks is None else tuple(np.ravel(kinks).tolist()))


Loss.from_callable = staticmethod(from_function)
