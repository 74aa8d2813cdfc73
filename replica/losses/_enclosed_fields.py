r"""Laws of a field of which averages of broken parabolas are closed, with proof: Gaussian, and beside a teacher.

Beside a teacher the field is ``deviation x``, x of the density ``2 g(x) H(-slope x)``. With ``s^2 = 1 + slope^2``, by
parts: ``E[x; x < t] = -2 g(t) H(-slope t) + sqrt(2/pi) (slope/s) H(-st)``, ``E[x^2; x < t] = P(x < t) - 2 t g(t)
H(-slope t) - sqrt(2/pi) (slope/s^2) g(st)`` and ``P(x < t) = H(-t) - 2 T(t, slope)``, T the function of Owen.

**Lemma O.** ``T(h, a) = int_0^a exp(-h^2 (1+x^2)/2)/(1+x^2) dx/(2 pi)`` has ``dT/dh = -g(h) (1/2 - H(ah))`` and ``dT/da
= exp(-h^2 (1+a^2)/2)/(2 pi (1+a^2))``, of moduli below 0.2 and 0.16: of balls the value is that of their middles, up to
these times their radii. There the integrand is meromorphic, and its integral is proved in complex balls, by rules of
Gauss and Legendre that are bounded on ellipses about every piece (F. Johansson, LNCS 10931, 255 (2018)).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from saddlepoint.enclosures import Dual, combined, flint, plain


class GaussianField(NamedTuple):
    """A Gaussian field; balls or Duals, as all that follows."""

    mean: Any
    deviation: Any

    def missing(self, x: Any) -> tuple[Any, Any, Any]:
        """``P(w < x)``, ``E (x-w)_+`` and ``E (x-w)_+^2``."""
        t = (x - self.mean) / self.deviation
        below, density = _below(t), _density(t)
        first, second = t * below + density, (t * t + 1) * below + t * density
        return below, self.deviation * first, self.deviation * self.deviation * second

    def short(self, x: Any) -> tuple[Any, Any]:
        """``E (x-w)`` and ``E (x-w)^2``."""
        mean = x - self.mean
        return mean, mean * mean + self.deviation * self.deviation


class TaughtField(NamedTuple):
    """A field beside a teacher: a Gaussian of mean 0, reweighted by ``2 H(-slope w/deviation)``."""

    deviation: Any
    slope: Any

    def missing(self, x: Any) -> tuple[Any, Any, Any]:
        """As of `GaussianField`."""
        t, square = x / self.deviation, 1 + self.slope * self.slope
        edge, root = 2 * _density(t) * _below(self.slope * t), square.sqrt()
        lean = (2 / flint().arb.pi()).sqrt() * self.slope / root
        below = _below(t) - 2 * owen(t, self.slope)
        first = lean * _below(t * root) - edge
        second = below - t * edge - lean * _density(t * root) / root
        two = t * t * below - 2 * t * first + second
        return below, self.deviation * (t * below - first), self.deviation * self.deviation * two

    def short(self, x: Any) -> tuple[Any, Any]:
        """As of `GaussianField`."""
        lean = (2 / flint().arb.pi()).sqrt() * self.slope / (1 + self.slope * self.slope).sqrt()
        mean = self.deviation * lean
        return x - mean, x * x - 2 * x * mean + self.deviation * self.deviation


def owen(h: Any, a: Any) -> Any:
    """T of lemma O."""
    if isinstance(h, Dual) or isinstance(a, Dual):
        place, end = plain(h), plain(a)
        bell = (-(place * place) * (1 + end * end) / 2).exp() / (2 * flint().arb.pi() * (1 + end * end))
        return combined(owen(place, end), (h, -_density(place) * (_below(end * place) - 0.5)), (a, bell))
    arb, acb = flint().arb, flint().acb
    half = -(h.mid() * h.mid()) / 2
    found = acb.integral(lambda x, _: (half * (1 + x * x)).exp() / (1 + x * x), acb(0), acb(a.mid()))
    return found.real / (2 * arb.pi()) + arb(0, (h.rad() * arb(0.2) + a.rad() * arb(0.16)).abs_upper())


def _below(t: Any) -> Any:
    """``H(-t)``."""
    return (-t * flint().arb(0.5).sqrt()).erfc() / 2


def _density(t: Any) -> Any:
    return (-(t * t) / 2).exp() / (2 * flint().arb.pi()).sqrt()
