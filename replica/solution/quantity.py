"""A number with its error and its standing; nothing of what it is the number of."""

from __future__ import annotations

import html
from typing import Any, Self

import numpy as np


class Quantity(float):
    """A number with its error and its standing; behaves as a float in formats, comparisons and arithmetic.

    Attributes
    ----------
    value, error : float
        Of the number; both NaN where it could not be found.
    status : str
        Begins with ``converged`` or ``not converged``; what has no known error is not converged.
    converged : bool

    See Also
    --------
    Solution : ``quantity(name)`` gives them.
    Threshold : With a bracket and a solution.

    Examples
    --------
    >>> import replica
    >>> solution = replica.solve(replica.perceptron("spherical", labels="teacher"), alpha=2.0)
    >>> found = replica.generalization_error(solution)
    >>> print(f"{found:.6f} {found.error < 1e-12} {found.status} {found < 0.5} {2 * found:.6f}")
    0.240312 True converged True 0.480623
    """

    error: float
    status: str

    def __new__(cls, value: float, error: float, status: str) -> Self:
        if status.startswith("converged") and np.isnan(error):
            value, status = float("nan"), "not converged: the error of the number could not be estimated"
        self = super().__new__(cls, value)
        self.error, self.status = float(error), status
        return self

    def __getnewargs__(self) -> tuple[Any, ...]:
        return self.value, self.error, self.status

    @property
    def value(self) -> float:
        """The number as a plain float."""
        return float(self)

    @property
    def converged(self) -> bool:
        """Whether the status begins with ``converged``."""
        return self.status.startswith("converged")

    def __str__(self) -> str:
        return f"{float(self):.12g} +- {self.error:.1e}: {self.status}"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self}>"

    def _repr_html_(self) -> str:
        number = f"{float(self):.12g} &plusmn; {self.error:.1e}"
        return f"<b>{number}</b><br><small>{html.escape(self.status)}</small>"
