"""Named unknowns with domains, and the charts that map domains to the whole line; no equations live here."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


class Chart:
    """A one-to-one smooth map between a domain (values) and the whole line (free coordinates).

    Attributes
    ----------
    name, domain : str
        For messages.
    low, high : float
        Free coordinates beyond which the value can no longer be told from the edge of the domain in double
        precision.
    """

    name = ""
    domain = ""
    low = -np.inf
    high = np.inf
    #: whether a free coordinate beyond its limits left the domain (a real variable can only diverge)
    bounded = True

    def contains(self, value: Any) -> Any:
        """Whether each value lies in the open domain (NaN does not)."""
        return np.isfinite(value)

    def to_free(self, value: Any, mp: Any = None) -> Any:
        """Free coordinate of a value; numpy arrays, or an mpf when the module ``mp`` is given."""
        return value

    def to_value(self, free: Any, mp: Any = None) -> Any:
        """Value at a free coordinate."""
        return free

    def slope(self, free: Any, mp: Any = None) -> Any:
        """Derivative of the value with respect to the free coordinate."""
        return np.ones_like(free) if mp is None else mp.one

    def __repr__(self) -> str:
        return self.name

    def __reduce__(self) -> str:
        return self.name  # charts are single objects, also after pickling


class _Real(Chart):
    name, domain = "REAL", "finite"
    low, high = -1e15, 1e15
    bounded = False


class RealInUnits(_Real):
    """Real values whose natural size is not 1: free coordinate = value / unit.

    Steps and tolerances of real variables are in units of ``max(1, |free|)``, so that a variable should be of order 1
    where the solutions are of ordinary size.

    Parameters
    ----------
    unit : float or array (B,)
        Above 0; an array has one unit for each row of the batch.
    """

    def __init__(self, unit: Any) -> None:
        self.unit = unit

    def _unit(self, mp: Any) -> Any:
        return self.unit if mp is None else mp.mpf(float(np.ravel(self.unit)[0]))

    def to_free(self, value: Any, mp: Any = None) -> Any:
        return value / self._unit(mp)

    def to_value(self, free: Any, mp: Any = None) -> Any:
        return free * self._unit(mp)

    def slope(self, free: Any, mp: Any = None) -> Any:
        return self._unit(mp) * (np.ones_like(free) if mp is None else mp.one)

    def __repr__(self) -> str:
        return f"RealInUnits({self.unit!r})"

    def __reduce__(self) -> Any:
        return RealInUnits, (self.unit,)


class _Positive(Chart):
    name, domain = "POSITIVE", "positive and finite"
    low, high = -700.0, 700.0

    def contains(self, value: Any) -> Any:
        return np.isfinite(value) & (np.asarray(value) > 0)

    def to_free(self, value: Any, mp: Any = None) -> Any:
        return np.log(value) if mp is None else mp.log(value)

    def to_value(self, free: Any, mp: Any = None) -> Any:
        return np.exp(free) if mp is None else mp.exp(free)

    def slope(self, free: Any, mp: Any = None) -> Any:
        return self.to_value(free, mp)


class OneSign(_Positive):
    """Values of a known sign: free coordinate = ln|value|.

    Parameters
    ----------
    sign : array (B,)
        1 or -1 for each row of the batch.
    """

    name, domain = "OneSign", "of its known sign and finite"

    def __init__(self, sign: np.ndarray) -> None:
        self.sign = sign

    def _sign(self, mp: Any) -> Any:
        return self.sign if mp is None else float(np.ravel(self.sign)[0])

    def contains(self, value: Any) -> Any:
        return super().contains(self.sign * value)

    def to_free(self, value: Any, mp: Any = None) -> Any:
        return super().to_free(self._sign(mp) * value, mp)

    def to_value(self, free: Any, mp: Any = None) -> Any:
        return self._sign(mp) * super().to_value(free, mp)

    def __repr__(self) -> str:
        return f"OneSign({self.sign!r})"

    def __reduce__(self) -> Any:
        return OneSign, (self.sign,)


class _Unit(Chart):
    name, domain = "UNIT", "strictly between 0 and 1"
    low, high = -700.0, 36.7  # beyond 36.7 the value rounds to 1

    def contains(self, value: Any) -> Any:
        value = np.asarray(value)
        return (value > 0) & (value < 1)

    def to_free(self, value: Any, mp: Any = None) -> Any:
        if mp is not None:
            return mp.log(value) - mp.log1p(-value)
        return np.log(value) - np.log1p(-np.asarray(value))

    def to_value(self, free: Any, mp: Any = None) -> Any:
        if mp is not None:
            return 1 / (1 + mp.exp(-free))
        small = np.exp(-np.abs(free))  # at most 1, so nothing overflows
        return np.where(np.asarray(free) >= 0, 1.0, small) / (1.0 + small)

    def slope(self, free: Any, mp: Any = None) -> Any:
        small = np.exp(-np.abs(free)) if mp is None else mp.exp(-abs(free))
        return small / (1 + small) ** 2


#: The whole line; free coordinate = value.
REAL = _Real()
#: Values above zero; free coordinate = ln(value).
POSITIVE = _Positive()
#: Values between 0 and 1; free coordinate = ln(value / (1 - value)).
UNIT = _Unit()


@dataclass(frozen=True)
class Variable:
    """One unknown: its name, the chart of its domain, and a symbol for plots (the name where not given)."""

    name: str
    chart: Chart = REAL
    symbol: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise ValueError(f"the name of a variable must be a non-empty string, got {self.name!r}")
        if not isinstance(self.chart, Chart):
            raise ValueError(
                f"the chart of variable {self.name!r} must be REAL, POSITIVE or UNIT, got {self.chart!r}"
            )


class Variables:
    """An ordered set of named unknowns, the columns of every (B, k) array of free coordinates.

    Examples
    --------
    >>> from saddlepoint import POSITIVE, UNIT, Variable, Variables
    >>> variables = Variables(Variable("q", UNIT), Variable("V", POSITIVE))
    >>> free = variables.free({"q": 0.5, "V": 1.0}, size=2)
    >>> free.shape, float(variables.values(free)["q"][1])
    ((2, 2), 0.5)
    """

    def __init__(self, *variables: Variable) -> None:
        self.names: tuple[str, ...] = tuple(variable.name for variable in variables)
        if len(set(self.names)) != len(self.names):
            raise ValueError(f"variables must have different names, got {', '.join(self.names)}")
        self._variables = variables
        self._charts = tuple(variable.chart for variable in variables)
        self.low = np.array([chart.low for chart in self._charts], dtype=float)
        self.high = np.array([chart.high for chart in self._charts], dtype=float)
        self.bounded = np.array([chart.bounded for chart in self._charts], dtype=bool)

    def __len__(self) -> int:
        return len(self._variables)

    def __iter__(self) -> Iterator[Variable]:
        return iter(self._variables)

    def __getitem__(self, index: int) -> Variable:
        return self._variables[index]

    def __repr__(self) -> str:
        return f"Variables({', '.join(f'{v.name}: {v.chart}' for v in self._variables)})"

    def index(self, name: str) -> int:
        """Column of a variable; `ValueError` with the nearest valid name where there is none."""
        if name not in self.names:
            near = difflib.get_close_matches(str(name), self.names, n=1, cutoff=0.4)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise ValueError(
                f"unknown variable {name!r}; {hint}valid names: {', '.join(self.names) or 'none'}"
            )
        return self.names.index(name)

    def values(self, free: np.ndarray) -> dict[str, np.ndarray]:
        """Values by name, each (B,), at free coordinates (B, k)."""
        return {
            name: chart.to_value(free[:, i])
            for i, (name, chart) in enumerate(zip(self.names, self._charts, strict=True))
        }

    def free(self, values: Mapping[str, Any], size: int) -> np.ndarray:
        """Free coordinates (size, k) of values given by name, each a number or an array (size,).

        Raises
        ------
        ValueError
            For an unknown or missing name, and for a value outside the domain of its variable.
        """
        for name in values:
            self.index(name)
        free = np.empty((size, len(self)))
        for i, (name, chart) in enumerate(zip(self.names, self._charts, strict=True)):
            if name not in values:
                raise ValueError(f"variable {name!r} has no value; needed: {', '.join(self.names)}")
            value = np.asarray(values[name], dtype=float)
            inside = chart.contains(value)
            if not np.all(inside):
                shown = float(value.flat[np.argmin(inside)])
                raise ValueError(f"variable {name!r} must be {chart.domain}, got {shown}")
            free[:, i] = chart.to_free(value)
        return free
