"""A solution recomputed in mpmath, to as many digits as asked; the double-precision solvers are elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from saddlepoint.problem import Problem

_STEPS = 40
#: a chord step that leaves more than this part of the residual calls for a new Jacobian
_SLOW = 1e-3


class CertificationFailed(Exception):
    """The equations could not be solved to the asked digits."""


@dataclass(frozen=True)
class Certificate:
    """A solution in mpmath numbers.

    Attributes
    ----------
    values : dict of mpf
        The variables by name, and what `Problem.reference_describe` adds to them.
    potential : mpf or None
        None where the problem gives no `reference_potential`.
    digits : int
    residual : mpf
        Largest modulus of the residual in free coordinates, below ``10^-digits``.
    steps : int
        Evaluations of the equations for the iteration.
    """

    values: dict[str, Any]
    potential: Any
    digits: int
    residual: Any
    steps: int

    def agrees(self, values: Mapping[str, Any], errors: Mapping[str, Any]) -> dict[str, bool]:
        """By name, whether ``|value - certified| <= error + 4 eps |certified|`` (errors of values)."""
        verdict = {}
        for name, value in values.items():
            if name not in self.values:
                raise ValueError(f"{name!r} was not certified; certified: {', '.join(self.values)}")
            certified = self.values[name]
            allowed = float(np.asarray(errors[name]).item()) + 4 * np.finfo(float).eps * abs(float(certified))
            verdict[name] = bool(abs(float(np.asarray(value).item()) - certified) <= allowed)
        return verdict


def certify(problem: Problem, point: np.ndarray, digits: int = 30) -> Certificate:
    r"""Solve ``reference_update(values) = values`` of one row in mpmath, from a double-precision solution.

    Chord Newton steps with the double-precision Jacobian in free coordinates; where a step leaves more than a
    thousandth of the residual, the Jacobian is taken anew by differences in mpmath. Stops when every residual
    is below ``10^-digits``. The working precision is ``digits + 10``, and more where a chart cancels (values
    next to 1).

    Parameters
    ----------
    problem : Problem
        One row; must define `reference_update`.
    point : array (k,)
        Free coordinates of a solution, right to a few digits at least.
    digits : int
        Decimal digits, at least 10.

    Raises
    ------
    CertificationFailed
        When there is no reference, or the residual does not come down.

    Examples
    --------
    >>> import numpy as np
    >>> from saddlepoint import Problem, Variable, Variables, certify
    >>> class Cosine(Problem):
    ...     variables, size = Variables(Variable("x")), 1
    ...     def update(self, free):
    ...         return np.cos(free)
    ...     def take(self, index):
    ...         other = Cosine(); other.size = len(index); return other
    ...     def reference_update(self, values, mp, digits):
    ...         return {"x": mp.cos(values["x"])}
    >>> import mpmath
    >>> mpmath.nstr(certify(Cosine(), np.array([0.74]), digits=25).values["x"], 25)
    '0.7390851332151606416553121'
    """
    import mpmath

    if isinstance(digits, bool) or not isinstance(digits, int) or digits < 10:
        raise ValueError(f"digits must be a whole number of at least 10, got {digits!r}")
    if type(problem).reference_update is Problem.reference_update:
        raise CertificationFailed(
            f"{type(problem).__name__} has no reference_update, so it cannot be certified"
        )
    point = np.asarray(point, dtype=float)
    if problem.size != 1 or point.shape != (len(problem.variables),):
        raise ValueError(
            f"certify takes one row and a point of shape ({len(problem.variables)},), got "
            f"{problem.size} rows and shape {point.shape}; use problem.take"
        )
    cancelled = _cancelled(problem, point)
    with mpmath.workdps(digits + 10 + cancelled):
        chord = _Chord(problem, point, digits, digits + 10 + cancelled, mpmath.mp)
        chord.run()
        values = chord.values(chord.free)
        described = problem.reference_describe(values, mpmath.mp, digits + 10)
        potential = None
        if type(problem).reference_potential is not Problem.reference_potential:
            potential = problem.reference_potential(values, mpmath.mp, digits + 10)
    return Certificate(values | described, potential, digits, chord.norm, chord.steps)


def _cancelled(problem: Problem, point: np.ndarray) -> int:
    """Digits that the charts lose: a value next to 1 in `UNIT` has a slope far below the value."""
    lost = [0.0]
    for variable, x in zip(problem.variables, point, strict=True):
        with np.errstate(divide="ignore"):
            lost.append(float(np.log10(np.abs(variable.chart.to_value(x) / variable.chart.slope(x)))))
    return int(np.ceil(max(lost)))


class _Chord:
    """The iteration: present point, residual and inverse Jacobian, all in mpmath."""

    def __init__(self, problem: Problem, point: np.ndarray, digits: int, working: int, mp: Any) -> None:
        self.problem, self.mp, self.digits, self.working = problem, mp, digits, working
        self.free = [mp.mpf(float(x)) for x in point]
        self.charts = [variable.chart for variable in problem.variables]
        self.names = problem.variables.names
        self.steps = 0
        self.residual, self.norm = self.evaluate(self.free)
        self.matrix = self._double_jacobian(point)

    def values(self, free: list[Any]) -> dict[str, Any]:
        named = zip(self.names, self.charts, free, strict=True)
        return {name: chart.to_value(x, self.mp) for name, chart, x in named}

    def evaluate(self, free: list[Any]) -> tuple[list[Any], Any]:
        """Residual in free coordinates and its largest modulus."""
        self.steps += 1
        new = self.problem.reference_update(self.values(free), self.mp, self.working)
        named = zip(self.names, self.charts, free, strict=True)
        residual = [chart.to_free(new[name], self.mp) - x for name, chart, x in named]
        if not all(self.mp.isfinite(r) and self.mp.im(r) == 0 for r in residual):
            raise CertificationFailed(
                "the reference equations leave the domain of the variables at the point given"
            )
        return residual, max((abs(r) for r in residual), default=self.mp.zero)

    def _double_jacobian(self, point: np.ndarray) -> Any:
        """From double precision where the residual is that of the map, else by differences in mpmath."""
        if not self.names:
            return self.mp.matrix(0, 0)
        kind = type(self.problem)
        if kind.residual is Problem.residual or kind.update is Problem.update:
            with np.errstate(all="ignore"):
                jacobian = self.problem.jacobian(point[None])[0]
            if np.all(np.isfinite(jacobian)) and np.all(np.linalg.svd(jacobian, compute_uv=False) > 0):
                return self.mp.matrix(jacobian.tolist())
        return self._jacobian()

    def _jacobian(self) -> Any:
        mp, k = self.mp, len(self.free)
        matrix = mp.matrix(k, k)
        for j in range(k):
            shift = mp.mpf(10) ** (-self.digits // 2) * max(mp.one, abs(self.free[j]))
            moved = [x + shift if i == j else x for i, x in enumerate(self.free)]
            column, _ = self.evaluate(moved)
            for i in range(k):
                matrix[i, j] = (column[i] - self.residual[i]) / shift
        return matrix

    def run(self) -> None:
        mp = self.mp
        target = mp.mpf(10) ** (-self.digits)
        fresh = False
        while self.norm >= target:
            if self.steps > _STEPS:
                self._fail(f"after {self.steps} evaluations")
            try:
                step = mp.lu_solve(self.matrix, mp.matrix(self.residual))
            except ZeroDivisionError:
                self._fail("the Jacobian is singular")
            free = [x - d for x, d in zip(self.free, step, strict=True)]
            residual, norm = self.evaluate(free)
            slow = norm > _SLOW * self.norm and norm >= target
            if norm < self.norm:
                self.free, self.residual, self.norm = free, residual, norm
            elif fresh:
                self._fail("a Newton step no longer lowers it; the point may be too far from a solution")
            fresh = slow
            if slow:
                self.matrix = self._jacobian()

    def _fail(self, why: str) -> None:
        shown = self.mp.nstr(self.norm, 3)
        raise CertificationFailed(f"the residual is {shown}, not below 1e-{self.digits}: {why}")
