"""Numbers that carry their derivatives: a formula written once gives values, Jacobians and, nested, what follows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from saddlepoint.enclosures.numbers import ball, flint


class Dual:
    """A value with its slopes in some directions; a slope that is the int 0 vanishes identically.

    ``level`` tells nested derivatives apart: a number of a lower level, or a ball, is a constant to a higher one. The
    values and slopes are balls, or Duals of lower levels. Every operation is one of interval arithmetic, so that the
    slopes over a box enclose the derivatives at each of its points.

    Examples
    --------
    >>> from saddlepoint.enclosures import Dual, ball
    >>> x = Dual(ball(3), [1])
    >>> (x * x).slopes[0].contains(6)
    True
    """

    __slots__ = ("level", "slopes", "value")

    def __init__(self, value: Any, slopes: Sequence[Any] = (), level: int = 1) -> None:
        self.value, self.slopes, self.level = value, list(slopes), level

    @property
    def context(self) -> type[Functions]:
        """Elementary functions of such numbers, under the names that they have in mpmath."""
        return Functions

    def chain(self, value: Any, factor: Any) -> Dual:
        """A function of this number with that value and derivative."""
        slopes = [0 if s.__class__ is int and s == 0 else factor * s for s in self.slopes]
        return Dual(value, slopes, self.level)

    def __neg__(self) -> Dual:
        return self.chain(-self.value, -1)

    def __pos__(self) -> Dual:
        return self

    def __add__(self, other: Any) -> Dual:
        if isinstance(other, Dual) and other.level >= self.level:
            if other.level > self.level:
                return other + self
            return Dual(self.value + other.value, _sums(self.slopes, other.slopes), self.level)
        return Dual(self.value + _plain(other), self.slopes, self.level)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Dual:
        return self + (-other)

    def __rsub__(self, other: Any) -> Dual:
        return -self + other

    def __mul__(self, other: Any) -> Dual:
        if isinstance(other, Dual) and other.level >= self.level:
            if other.level > self.level:
                return other * self
            mine, its = self.chain(0, other.value).slopes, other.chain(0, self.value).slopes
            return Dual(self.value * other.value, _sums(mine, its), self.level)
        other = _plain(other)
        return self.chain(self.value * other, other)

    __rmul__ = __mul__

    def inverse(self) -> Dual:
        """``1/x``."""
        value = 1 / self.value
        return self.chain(value, -value * value)

    def __truediv__(self, other: Any) -> Dual:
        if isinstance(other, Dual):
            return self * other.inverse()
        other = ball(+other)
        return self.chain(self.value / other, 1 / other)

    def __rtruediv__(self, other: Any) -> Dual:
        return self.inverse() * other

    def __pow__(self, power: Any) -> Dual:
        if power == 0.5:
            return self.sqrt()
        if power == 2:
            return self * self
        return self.chain(self.value**power, power * self.value ** (power - 1))

    def __abs__(self) -> Any:
        return abs(self.value)

    def __lt__(self, other: Any) -> bool:
        return bool(self.value < _value(other))

    def __gt__(self, other: Any) -> bool:
        return bool(self.value > _value(other))

    def sqrt(self) -> Dual:
        root = self.value.sqrt()
        return self.chain(root, 1 / (2 * root))

    def exp(self) -> Dual:
        value = self.value.exp()
        return self.chain(value, value)

    def log(self) -> Dual:
        return self.chain(self.value.log(), 1 / self.value)

    def log1p(self) -> Dual:
        return self.chain(self.value.log1p(), 1 / (1 + self.value))

    def sin(self) -> Dual:
        return self.chain(self.value.sin(), self.value.cos())

    def cos(self) -> Dual:
        return self.chain(self.value.cos(), -self.value.sin())

    def asin(self) -> Dual:
        return self.chain(self.value.asin(), 1 / (1 - self.value * self.value).sqrt())

    def erfc(self) -> Dual:
        slope = -2 * (-self.value * self.value).exp() / flint().arb.const_sqrt_pi()
        return self.chain(self.value.erfc(), slope)

    def __repr__(self) -> str:
        return f"Dual({self.value}, {self.slopes}, level={self.level})"


def combined(value: Any, *parts: tuple[Any, Any]) -> Any:
    """A function of some numbers from its value and, for each, the number and the derivative in it."""
    total = value
    for number, slope in parts:
        if isinstance(number, Dual):
            moved = number.chain(value, slope)
            total = Dual(value, _sums(total.slopes, moved.slopes)) if isinstance(total, Dual) else moved
    return total


def plain(number: Any) -> Any:
    """The ball of a number without its slopes."""
    return plain(number.value) if isinstance(number, Dual) else ball(number)


def _plain(other: Any) -> Any:
    """Numbers of other kinds as balls; a Dual of a lower level is a constant as it is."""
    return ball(other) if isinstance(other, float) else other


def _value(number: Any) -> Any:
    return number.value if isinstance(number, Dual) else _plain(number)


def _sums(left: Sequence[Any], right: Sequence[Any]) -> list[Any]:
    """Slopes of a sum; a constant has none."""
    if not left or not right:
        return list(left or right)
    return [a + b for a, b in zip(left, right, strict=True)]


class _Made(type):
    def __instancecheck__(cls, number: Any) -> bool:
        return isinstance(number, (Dual, flint().arb))


class _Number(metaclass=_Made):
    """In the place of the type of mpmath's numbers: called, it makes a ball of an exact number."""

    def __new__(cls, number: Any) -> Any:
        return ball(number)


class Functions:
    """Elementary functions of balls and Duals, under the names of mpmath."""

    zero, one, inf = 0, 1, float("inf")
    #: multiplied, it becomes the ball of pi at the precision in force
    pi: Any

    mpf = _Number

    sqrt = staticmethod(lambda x: ball(x).sqrt() if isinstance(x, int) else x.sqrt())
    exp = staticmethod(lambda x: x.exp())
    log = staticmethod(lambda x: ball(x).log() if isinstance(x, int) else x.log())
    log1p = staticmethod(lambda x: x.log1p())
    sin = staticmethod(lambda x: x.sin())
    cos = staticmethod(lambda x: x.cos())
    asin = staticmethod(lambda x: x.asin())
    erfc = staticmethod(lambda x: x.erfc())

    @staticmethod
    def sinh(x: Any) -> Any:
        return (x.exp() - (-x).exp()) / 2

    @staticmethod
    def cosh(x: Any) -> Any:
        return (x.exp() + (-x).exp()) / 2

    @staticmethod
    def atan2(y: Any, x: Any) -> Any:
        """The angle of the point ``(x, y)``."""
        if not isinstance(y, Dual) and not isinstance(x, Dual):
            return flint().arb.atan2(y, x)
        level = max(one.level for one in (y, x) if isinstance(one, Dual))
        top, bottom = (one if isinstance(one, Dual) and one.level == level else Dual(one, (), level) for one in (y, x))
        square = top.value * top.value + bottom.value * bottom.value
        slopes = _sums(
            top.chain(0, bottom.value / square).slopes, bottom.chain(0, -top.value / square).slopes
        )
        return Dual(Functions.atan2(top.value, bottom.value), slopes, level)

    @staticmethod
    def npdf(x: Any) -> Any:
        """The standard Gaussian density."""
        return (-x * x / 2).exp() / (2 * flint().arb.pi()).sqrt()


class _Pi:
    """pi as a ball of the precision in force where it is used."""

    def _now(self) -> Any:
        return flint().arb.pi()

    def __pos__(self) -> Any:
        return self._now()

    def __mul__(self, other: Any) -> Any:
        return other * self._now()

    def __truediv__(self, other: Any) -> Any:
        return self._now() / other

    __rmul__ = __mul__

    def __rtruediv__(self, other: Any) -> Any:
        return other / self._now()


Functions.pi = _Pi()
