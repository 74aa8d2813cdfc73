"""Gradient descent of least squares on many inputs, from the resolvent on a contour. No models here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from replica.wide.contour import Bulk, Contour, contour, largest, pairs, resolvents

ROUNDING = 1e-15  # of a sum over the contour, beside the sum of its moduli


class Reached(NamedTuple):
    """At one time: covariance m with the labels and variance q of the student's field, and mean square errors on new
    labels and on the patterns; or their errors, or their rates.
    """

    m: float
    q: float
    square: float
    training: float


@dataclass(frozen=True)
class Filter:
    r"""What descent does to a direction in which the sum of squares has the curvature s: ``f(s)`` times its gradient.

    ``eta``: the size of steps; None: gradient flow.
    """

    penalty: float
    eta: float | None = None

    def done(self, s: np.ndarray, time: float) -> np.ndarray:
        """``(1 - exp(-(s + penalty) t))/(s + penalty)``, with steps ``(1 - eta (s + penalty))^k`` in its place."""
        pull = s + self.penalty
        exponent = -pull * time if self.eta is None else time * np.log1p(-self.eta * pull)
        return -np.expm1(exponent) / pull

    def rate(self, s: np.ndarray, time: float) -> np.ndarray:
        """``df/dt``, of the flow."""
        return np.exp(-(s + self.penalty) * time)


class Descent:
    """The averages along one contour; contours of another ``slope`` are another calculation of the same numbers."""

    def __init__(self, bulk: Bulk, power: float, alpha: float, filters: Filter, longest: float, slope: float) -> None:
        self.filters, self.alpha, self.power = filters, alpha, power
        at = self._contour(bulk, alpha, longest, slope)
        self.s, self.weight, self.of_noise = at.s, at.step / (2j * np.pi), at.V
        self.both, self.mirror = pairs(bulk, alpha, at)
        self.size = np.abs(self.both) + np.abs(self.mirror)
        D = resolvents(bulk, at)
        with np.errstate(divide="ignore", invalid="ignore"):
            best = np.where(bulk.projection > 0, bulk.projection / bulk.variance, 0.0)
            norm = np.where(bulk.projection > 0, best / bulk.variance, 0.0)
        #: what of the labels no linear rule explains
        self.rest = max(power - float(best.sum()), 0.0)
        self.of_norm, self.of_signal, self.of_trace = D @ norm, D @ best, D @ bulk.share

    def _contour(self, bulk: Bulk, alpha: float, longest: float, slope: float) -> Contour:
        """So near to 0 that nothing grows on it, and within the disc where powers of ``1 - eta (s + penalty)`` fall."""
        top = largest(bulk, alpha)
        right, duration = 1.5 * top, longest
        if self.filters.eta is not None:
            duration, ceiling = longest * self.filters.eta, 2.0 / self.filters.eta - self.filters.penalty
            right = min(right, 0.5 * (top + ceiling)) if ceiling > top else right
        return contour(bulk, alpha, slope / max(duration, 1.0 / top), right, slope)

    def at(self, time: float) -> tuple[Reached, Reached]:
        """The averages, and what rounding does to them."""
        s, f = self.s, self.filters.done(self.s, time)
        taken, left = s * f, 1.0 - s * f
        bias, q, m = self._twice(left, left), self._twice(taken, taken), self._once(taken, self.of_signal)
        var = self._once(f * f * s, self.of_noise)
        signal, trace = self._once(s * left * left, self.of_norm), self._once(left * left, self.of_trace)
        square = bias[0] + self.rest * (1.0 + var[0])
        training = (signal[0] + self.rest * (trace[0] - 1.0)) / self.alpha + self.rest
        found = Reached(m[0], q[0] + self.rest * var[0], square, training)
        noise = self.rest * var[1]
        doubt = m[1], q[1] + noise, bias[1] + noise, (signal[1] + self.rest * trace[1]) / self.alpha
        return found, Reached(*(ROUNDING * (one + self.power) for one in doubt))

    def rates(self, time: float) -> Reached:
        """Derivatives with time, of the flow (that of the training error is left out)."""
        s, f, speed = self.s, self.filters.done(self.s, time), self.filters.rate(self.s, time)
        var = 2.0 * self._once(f * speed * s, self.of_noise)[0]
        m = self._once(s * speed, self.of_signal)[0]
        q = 2.0 * self._twice(s * f, s * speed)[0] + self.rest * var
        square = -2.0 * self._twice(1.0 - s * f, s * speed)[0] + self.rest * var
        return Reached(m, q, square, float("nan"))

    def _once(self, g: np.ndarray, kernel: np.ndarray) -> tuple[float, float]:
        """The trace of a function of S, and the sum of the moduli of its terms, over both halves of the contour."""
        terms = self.weight * g * kernel
        return -2.0 * float(terms.sum().real), 2.0 * float(np.abs(terms).sum())

    def _twice(self, g: np.ndarray, h: np.ndarray) -> tuple[float, float]:
        """Of two functions with the covariance of the inputs between them."""
        one, other = self.weight * g, self.weight * h
        value = 2.0 * float((one @ self.both @ other).real + (one @ self.mirror @ other.conj()).real)
        size = np.abs(one) @ self.size @ np.abs(other)
        return value, 2.0 * float(size)
