"""What is proved of a number: an interval that contains it, with the words of the proof; no arithmetic of balls."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from saddlepoint.enclosures.numbers import decimal, ends

#: decimal places beyond those that the width of an interval tells apart
_SPARE = 2


@dataclass(frozen=True)
class Enclosure:
    """An interval that provably contains a number; behaves as the nearest float where one is asked for.

    Attributes
    ----------
    interval : tuple of Fraction
        Both ends, exactly.
    digits : int
        Digits that were asked for.
    values : dict of Enclosure
        What was enclosed beside the number, by name.
    uniqueness_radius : float
        Half-width of the box of unknowns, about the solution, in which there is proved to be no other one; inf for
        closed formulas, which have no unknowns.
    proved, not_proved : tuple of str
        Sentences: what this is a proof of, and of what not.
    lower, upper : str
        The ends as decimals, rounded outward.
    width : float
        Of the interval, rounded up.
    status : str
        One sentence with both.

    See Also
    --------
    NotEnclosed : Raised where there is no proof.

    Examples
    --------
    >>> from fractions import Fraction
    >>> third = Enclosure((Fraction(3333, 10**4), Fraction(3334, 10**4)), digits=3)
    >>> third.lower, third.upper, third.contains(Fraction(1, 3)), round(float(third), 5)
    ('0.333300', '0.333400', True, 0.33335)
    """

    interval: tuple[Fraction, Fraction]
    digits: int
    values: Mapping[str, Enclosure] = field(default_factory=dict)
    uniqueness_radius: float = math.inf
    proved: tuple[str, ...] = ()
    not_proved: tuple[str, ...] = ()

    @classmethod
    def of(cls, number: Any, digits: int, **words: Any) -> Enclosure:
        """Of a finite ball of python-flint."""
        return cls(ends(number), digits, **words)

    @property
    def _places(self) -> int:
        low, high = self.interval
        size = max(abs(low), abs(high))
        if size == 0:
            return 1
        width = high - low or size / 10**self.digits
        return max(1, _SPARE - math.floor(_log10(width)))

    @property
    def lower(self) -> str:
        """The lower end as a decimal, rounded down."""
        return decimal(self.interval[0], self._places, up=False)

    @property
    def upper(self) -> str:
        """The upper end as a decimal, rounded up."""
        return decimal(self.interval[1], self._places, up=True)

    @property
    def width(self) -> float:
        """Of the interval, rounded up."""
        return math.nextafter(float(self.interval[1] - self.interval[0]), math.inf)

    @property
    def status(self) -> str:
        """What is proved, and what is not, in one sentence."""
        return "; ".join(["enclosed", *self.proved, *self.not_proved])

    def contains(self, number: Any) -> bool:
        """Whether an int, float (its binary value), Fraction or decimal string lies in the interval."""
        return self.interval[0] <= Fraction(number) <= self.interval[1]

    def overlaps(self, low: Any, high: Any) -> bool:
        """Whether an interval has a point in common with this one."""
        return self.interval[0] <= Fraction(high) and Fraction(low) <= self.interval[1]

    def __float__(self) -> float:
        return float((self.interval[0] + self.interval[1]) / 2)

    def __str__(self) -> str:
        """The digits that both ends share, then those in which they differ: ``0.8330[78, 79]``."""
        low, high = self.lower, self.upper
        shared = next((i for i, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), len(low))
        if len(low) != len(high) or shared == 0:
            return f"[{low}, {high}]"
        return f"{low[:shared]}[{low[shared:]}, {high[shared:]}]"

    def __repr__(self) -> str:
        return f"<Enclosure {self}>"


def _log10(number: Fraction) -> float:
    """Of a positive fraction of any size."""
    return math.log10(number.numerator) - math.log10(number.denominator)
