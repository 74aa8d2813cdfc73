"""A number with its error and its standing; nothing of what it is the number of."""

from __future__ import annotations

import html
from typing import Any, Self

import numpy as np

from replica.solution.notation import latex_number, shorthand
from replica.solution.said import converged


class Quantity(float):
    """A number with its error and its standing; behaves as a float in formats, comparisons and arithmetic.

    The format ``S`` writes it with its error in brackets, as in ``0.83307859973957(1)``.

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
    >>> print(f"{replica.Quantity(1.5, 0.02, 'converged'):S}")
    1.50(2)
    """

    error: float
    status: str

    def __new__(cls, value: float, error: float, status: str) -> Self:
        if converged(status) and np.isnan(error):
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
        return converged(self.status)

    def __str__(self) -> str:
        return f"{float(self):.12g} +- {self.error:.1e}: {self.status}"

    def __format__(self, form: str) -> str:
        if form.endswith("S"):
            return format(shorthand(float(self), self.error), form[:-1])
        return super().__format__(form)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self}>"

    def _repr_latex_(self) -> str:
        return f"${latex_number(float(self), self.error)}$"

    def _repr_html_(self) -> str:
        number = f"{float(self):.12g} &plusmn; {self.error:.1e}"
        return f"<b>{number}</b><br><small>{html.escape(self.status)}</small>"
