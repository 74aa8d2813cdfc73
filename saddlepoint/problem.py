"""What equations must offer to be solved: named unknowns, a map or a residual, sub-batches; no solvers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from saddlepoint._kernels import differences, shifted_points
from saddlepoint.rows import Rowwise
from saddlepoint.variables import Variables


class Problem(Rowwise):
    r"""A batch of B systems of k equations in k named unknowns, in free coordinates ``free`` of shape (B, k).

    A subclass sets ``variables`` (`Variables`) and ``size`` (B), keeps its arguments under their names, with those in
    ``rowwise`` that have one entry per row (see `saddlepoint.rows`), and defines at least one of `update` (a map
    whose fixed points are sought) and `residual` (whose zeros are sought); they are linked by
    ``residual = update - free``. Problems are immutable: what `take` and `refined` return may be kept. A row
    must not depend on the others. A residual that is not finite marks its row as failed; it must not raise.

    Examples
    --------
    >>> import numpy as np
    >>> from saddlepoint import Problem, Variable, Variables, solve
    >>> class Cosine(Problem):
    ...     variables = Variables(Variable("x"))
    ...     def __init__(self, size=1):
    ...         self.size = size
    ...     def update(self, free):
    ...         return np.cos(free)
    >>> round(float(solve(Cosine())["x"][0]), 12)
    0.739085133215
    """

    variables: Variables
    size: int
    #: by how much points are moved, on the coarsest integrals, to see what their errors do where that is dear (0: not)
    stride: ClassVar[float] = 0.0

    def update(self, free: np.ndarray) -> np.ndarray:
        """The fixed-point map, (B, k) -> (B, k)."""
        return free + self.residual(free)

    def residual(self, free: np.ndarray) -> np.ndarray:
        """Zero at a solution, (B, k) -> (B, k)."""
        if type(self).update is Problem.update:
            raise TypeError(f"{type(self).__name__} must define update or residual")
        return self.update(free) - free

    def jacobian(self, free: np.ndarray) -> np.ndarray:
        """Derivatives of the residual, (B, k) -> (B, k, k), entry [b, i, j] = d residual_i / d free_j.

        The default takes forward differences with step ``1e-7 max(1, |x|)``, all points in one call.
        """
        return self._forward_differences(free)[1]

    def residual_and_jacobian(self, free: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Both at once; with default differences one call of `residual` on k + 1 points per row."""
        if type(self).jacobian is Problem.jacobian:
            return self._forward_differences(free)
        return self.residual(free), self.jacobian(free)

    def _forward_differences(self, free: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        size, k = free.shape
        points = np.empty(((k + 1) * size, k))
        shifted_points(free, points)
        # the repeated problem is the same at every step of a solve, so it is built once
        repeated = self.__dict__.get("_repeated")
        if repeated is None:
            repeated = self.__dict__["_repeated"] = self.take(np.tile(np.arange(size), k + 1))
        values = repeated.residual(points)
        if values.shape != points.shape:
            raise ValueError(
                f"the residual of {type(self).__name__} must have shape {points.shape}, got {values.shape}"
            )
        jacobian = np.empty((size, k, k))
        differences(values, points, jacobian)
        return values[:size], jacobian

    @property
    def jacobian_points(self) -> int:
        """Residual evaluations behind one `residual_and_jacobian`, per row."""
        overridden = type(self).jacobian is not Problem.jacobian
        overridden |= type(self).residual_and_jacobian is not Problem.residual_and_jacobian
        return 1 if overridden else len(self.variables) + 1

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_repeated"}

    def noise(self, free: np.ndarray) -> np.ndarray:
        """Rounding floor of the residual, (B, k); called at every step, so it must be cheap."""
        return 4 * np.finfo(float).eps * np.maximum(1.0, np.abs(free))

    def astray(self) -> list[Problem]:
        """The same equations with something that they are made of, as a table, off by all that it may be wrong by, in
        every way that tells; the default has none. How far residuals and observables go astray adds to their errors.
        """
        return []

    def start(self) -> np.ndarray:
        """Starting point (B, k) where the caller has none; the default is the middle of every chart."""
        return np.zeros((self.size, len(self.variables)))

    def describe(self, free: np.ndarray) -> dict[str, np.ndarray]:
        """Quantities to report at a point, each (B,); the default is the variables."""
        return self.variables.values(free)

    def potential(self, free: np.ndarray) -> np.ndarray:
        """The function (B,) whose stationary points are the solutions; solving needs it not, checks do."""
        raise TypeError(f"{type(self).__name__} has no potential")

    def gradient(self, free: np.ndarray) -> np.ndarray:
        """Derivatives (B, k) of the potential with respect to the VALUES of the variables; for checks."""
        raise TypeError(f"{type(self).__name__} has no gradient")

    def reference_update(self, values: Mapping[str, Any], mp: Any, digits: int) -> dict[str, Any]:
        """The fixed-point map of a single row in mpmath, in VALUES of the variables, to ``digits`` digits."""
        raise TypeError(f"{type(self).__name__} has no reference_update, so it cannot be certified")

    def reference_describe(self, values: Mapping[str, Any], mp: Any, digits: int) -> dict[str, Any]:
        """Further quantities of a single row in mpmath, by name, for certificates; the default has none."""
        return {}

    def reference_potential(self, values: Mapping[str, Any], mp: Any, digits: int) -> Any:
        """The potential of a single row in mpmath."""
        raise TypeError(f"{type(self).__name__} has no reference_potential")
