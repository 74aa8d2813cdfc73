"""What a threshold is: a value with its error, bracket and standing; no threshold by name, no search for one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from replica._checks import whole
from replica.ansatz.base import Ansatz
from replica.models.model import Model
from replica.solution.batch import Part, Solutions
from replica.solution.quantity import Quantity
from replica.solution.said import beside, converged, which_converged
from replica.solution.single import Solution
from saddlepoint import Status
from saddlepoint.enclosures import Enclosure, NotEnclosed

NAN = float("nan")
UNKNOWN = "not converged: the error of the threshold could not be estimated"


@dataclass
class Line:
    """A threshold for a batch of models: values with errors, brackets and sentences, and the solutions there."""

    value: np.ndarray
    error: np.ndarray
    bracket: np.ndarray
    status: list[str]
    solutions: Solutions | None = None

    @property
    def saddle_points(self) -> Solutions:
        """The solutions of a line that has them."""
        if self.solutions is None:
            raise ValueError("this line was not found from saddle points")
        return self.solutions

    @property
    def converged(self) -> np.ndarray:
        return which_converged(self.status)

    def over(self, unit: np.ndarray) -> Line:
        """The line in another measure of the load: alpha in units of ``unit``."""
        return replace(self, value=self.value / unit, error=self.error / unit, bracket=self.bracket / unit[:, None])

    def sure(self) -> Line:
        """The line itself, in which no row without a known error counts as converged."""
        for row in np.flatnonzero(self.converged & (np.isnan(self.value) | np.isnan(self.error))):
            self.value[row] = self.error[row] = NAN
            self.status[row] = UNKNOWN
        return self

    def row(self, row: int) -> Threshold:
        """One threshold of the batch."""
        low, high = (float(x) for x in self.bracket[row])
        solution = None
        if self.solutions is not None and any(np.any(part.rows == row) for part in self.solutions.parts):
            solution = Solution(self.solutions.only(row))
        return Threshold(float(self.value[row]), float(self.error[row]), (low, high), self.status[row], solution)


class Threshold(Quantity):
    """A located threshold; behaves as a float in formats, comparisons and arithmetic.

    Attributes
    ----------
    value, error : float
        NaN when not located.
    bracket : (float, float)
        Values between which it was located (value -+ error for closed formulas).
    status : str
        Begins with ``converged`` or ``not converged``; says on which branch and by which definition.
    converged : bool
    solution : Solution or None
        The saddle point there.
    order_parameters : dict of float
        Those of the solution; where there is no such solution ``parameters``.
    parameters : dict of float
        What is known of the place where there is no such solution.

    See Also
    --------
    capacity, max_margin, at_line, spinodal, transition, freezing, isolation : Thresholds.
    Quantity : A number without a bracket.

    Examples
    --------
    >>> import replica
    >>> threshold = replica.capacity(replica.perceptron("spherical", margin=0.5))
    >>> print(f"{threshold:.3f} {2 * threshold:.3f} {threshold < 1}")
    0.961 1.922 True
    """

    bracket: tuple[float, float]
    solution: Solution | None
    parameters: dict[str, float]
    #: what it answers (`replica.thresholds.enclosed.Asked`); None where nothing could be proved of it
    asked: Any

    def __new__(
        cls,
        value: float,
        error: float,
        bracket: tuple[float, float],
        status: str,
        solution: Solution | None = None,
        parameters: dict[str, float] | None = None,
    ) -> Self:
        if converged(status) and np.isnan(error):
            value, status, solution = NAN, UNKNOWN, None
        self = super().__new__(cls, value, error, status)
        self.bracket, self.solution, self.parameters = bracket, solution, dict(parameters or {})
        self.asked = None
        return self

    def __getnewargs__(self) -> tuple[Any, ...]:
        return self.value, self.error, self.bracket, self.status, self.solution, self.parameters

    def enclose(self, digits: int = 20) -> Enclosure:
        """An interval that provably contains the threshold, with what is known of the place in ``.values``.

        The threshold is one more unknown and its condition one more equation; see `Solution.enclose`.

        Parameters
        ----------
        digits : int
            Decimal digits, at least 1.

        Returns
        -------
        Enclosure
            ``.lower .upper .values .uniqueness_radius .proved .not_proved``.

        Raises
        ------
        NotEnclosed
            Where a threshold or its model is not covered, or nothing was proved, in one sentence.
        """
        from replica.thresholds.enclosed import enclose_threshold

        digits = whole("digits", digits, low=1)
        if self.asked is None:
            raise NotEnclosed(f"not enclosed: nothing is proved of this threshold ({self.status})")
        return enclose_threshold(self, self.asked, digits)

    def with_parameters(self, **parameters: float) -> Threshold:
        """The same with more known of the place."""
        known = self.parameters | parameters
        found = Threshold(self.value, self.error, self.bracket, self.status, self.solution, known)
        found.asked = self.asked
        return found

    @property
    def order_parameters(self) -> dict[str, float]:
        """Of the solution there, and what else is known of the place."""
        return self.parameters if self.solution is None else self.solution.order_parameters | self.parameters


def closed_line(
    model: Model, ansatz: Ansatz, value: np.ndarray, error: np.ndarray, status: list[str], parts: list[Part]
) -> Line:
    """A line whose value has an explicit formula; the bracket is the error interval."""
    size = value.size
    good = which_converged(status)
    codes = np.array([Status.CONVERGED if ok else Status.NO_SOLUTION for ok in good])
    remarks = [beside(text) for text in status]
    solutions = Solutions(model, ansatz, value, parts, codes, np.zeros(size), remarks)
    bracket = np.stack([value - error, value + error], axis=1)
    return Line(np.where(good, value, NAN), np.where(good, error, NAN), bracket, status, solutions)
