"""One weight in the joint field of a reference and a probe: overlaps and the weights' part of the potential, by set."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from saddlepoint._jit import array_kernel
from saddlepoint.quadrature.fields import scaled_nodes
from saddlepoint.quadrature.levels import LEVELS, OUTER
from saddlepoint.special import cosh_triple
from saddlepoint.special._elementary import log_one_plus

#: as in `saddlepoint.quadrature` with a level between its first two: errors of about 1e-7, 1e-11, 1e-14, rounding,
#: rounding; steps of the trapezoidal rule are at least 1.35 times shorter from one level to the next
LADDER = (
    LEVELS[0]._replace(step=0.21, far=OUTER),
    LEVELS[1]._replace(order=15, step=0.13, far=OUTER),
    LEVELS[1]._replace(step=0.095, far=OUTER),
    LEVELS[2]._replace(step=0.07, far=OUTER),
    LEVELS[3]._replace(far=OUTER),
)


@cache
def rule_of(level: int) -> tuple[np.ndarray, np.ndarray]:
    """Gauss-Legendre rule and grading of a level of the two-dimensional averages."""
    return LADDER[level].arrays()


class Pair(NamedTuple):
    """Overlaps of the probe at given conjugates and distance, with derivatives.

    ``rest = 1 - q`` and ``off = s - qt t``, to all digits of a small distance; ``slopes`` is ((dq/dq_hat, dq/ds_hat),
    (ds/dq_hat, ds/ds_hat)) at fixed t; ``pull`` the field theta that keeps the distance, ``pull_slopes`` its
    derivatives; ``terms`` what the weights alone add to the potential; ``susceptibility`` their factor of the replicon.
    """

    rest: float
    off: float
    slopes: np.ndarray
    pull: float
    pull_slopes: np.ndarray
    terms: tuple[float, ...]
    susceptibility: float


NOTHING = Pair(np.nan, np.nan, np.full((2, 2), np.nan), np.nan, np.full(2, np.nan), (np.nan,), np.nan)


@array_kernel
def binary_sums(theta, own, lean, side, hidden, outer, rule, grading, out):  # type: ignore[no-untyped-def]
    """Averages over A = theta + lean h + sqrt(own) z with the weight 1 + tanh h of the gauge (a numerical kernel).

    ``side`` is the sign of most A; what is small there is summed without cancellation: ``1 - side tanh A`` in out[10]
    and, times tanh h, in out[12]; ``ln(1 + exp(-2 side A))`` in out[0].
    """
    rows = hidden.size
    shift, scale = np.empty(rows), np.full(rows, np.sqrt(own))
    for row in range(rows):
        shift[row] = theta + lean * hidden[row]
    z, weight = scaled_nodes(np.zeros((rows, 1)), np.ones((rows, 1)), shift, scale, rule, grading)
    for i in range(13):
        out[i] = 0.0
    count = z.shape[1]
    v, t, c, near = np.empty(count), np.empty(count), np.empty(count), np.empty(count)
    for row in range(rows):
        for node in range(count):
            field = shift[row] + scale[row] * z[row, node]
            _, t[node], c[node] = cosh_triple(field)
            small = c[node] / (1.0 + abs(t[node]))
            along = side * field > 0.0
            near[node] = small if along else 2.0 - small
            v[node] = log_one_plus(small / (2.0 - small)) + (0.0 if along else 2.0 * abs(field))
        a = b = d = e = f = g = k = away = back = 0.0
        for node in range(count):
            w, mean, spread = weight[row, node], t[node], c[node]
            a += w * v[node]
            away += w * near[node]
            back += w * (2.0 - near[node])
            b += w * mean
            d += w * spread
            k += w * spread * spread
            e += w * mean * spread
            f += w * spread * (1.0 - 3.0 * mean * mean)
            g += w * (1.0 - spread) if spread > 0.5 else w * mean * mean
        known = np.tanh(hidden[row])
        share = outer[row] * (1.0 + known)
        out[0] += share * a
        out[1] += share * b
        out[2] += share * d
        out[3] += share * e
        out[4] += share * f
        out[5] += share * known * b
        out[6] += share * known * d
        out[7] += share * known * e
        out[8] += share * (1.0 - 2.0 * known * known) * d
        out[9] += share * k
        out[10] += share * away
        out[11] += share * back
        out[12] += share * known * away


@array_kernel
def _binary_root(distance, theta, own, lean, side, hidden, outer, rule, grading, small, out):  # type: ignore[no-untyped-def]
    """The theta with <tanh A> = 1 - 2 distance: Newton in artanh, kept inside the bracket that its signs have left.

    A step below ``small`` is the last: what it leaves is of the order of its square.
    """
    low, high = -1e8, 1e8
    goal = 0.5 * (np.log1p(-distance) - np.log(distance))
    for _ in range(200):
        binary_sums(theta, own, lean, side, hidden, outer, rule, grading, out)
        off = 0.5 * side * (np.log(max(out[11], 1e-300)) - np.log(max(out[10], 1e-300))) - goal
        if off > 0.0:
            high = theta
        else:
            low = theta
        step = -off * out[10] * out[11] / out[2]
        if not abs(step) > small * max(1.0, abs(theta)):
            return theta + step, True
        new = theta + step
        theta = new if low < new < high else 0.5 * (max(low, theta - 50.0) + min(high, theta + 50.0))
    return theta, False


class BinaryPair:
    """Weights +-1, counted: ``q = <tanh^2 A>``, ``s = <tanh h~ tanh A>``, ``t = <tanh A>``."""

    def __init__(self, qt: float, qt_hat: float) -> None:
        self.qt, self.qt_hat = qt, qt_hat
        self._outer = [self._hidden(level) for level in range(len(LADDER))]

    def _hidden(self, level: int) -> tuple[np.ndarray, np.ndarray, float]:
        """Nodes of the references' field, one at 0 when it vanishes, their weights, and the overlap of references."""
        if self.qt_hat == 0:
            return np.zeros(1), np.ones(1), 0.0
        scale = np.sqrt(self.qt_hat)
        one, zero = np.ones((1, 1)), np.zeros(1)
        z, weight = scaled_nodes(0 * one, one, zero, np.array([scale]), *rule_of(level))
        heavy = weight[0] * (1.0 + np.tanh(scale * z[0])) > 1e-19  # the others add nothing
        hidden, weight = scale * z[0][heavy], weight[0][heavy]
        return hidden, weight, float(weight @ (np.tanh(hidden) * (1.0 + np.tanh(hidden))))

    def at(self, distance: float, q_hat: float, s_hat: float, level: int, hint: float) -> Pair:
        lean = s_hat / self.qt_hat if self.qt_hat > 0 else 0.0
        own = q_hat - lean * s_hat
        if not np.isfinite(own):
            return NOTHING
        own, out, side = max(own, 0.0), np.empty(13), 1.0 if distance < 0.5 else -1.0
        hidden, weight, share = self._outer[level]
        setting = (own, lean, side, hidden, weight, *rule_of(level))
        theta, found = _binary_root(distance, hint - s_hat, *setting, 1e-8 if level else 1e-6, out)
        binary_sums(theta, *setting, out)
        if not found:
            return NOTHING
        value, _, rest, ts, curve, _, hs, hts, bend, stiff, gap, _, marked = out.tolist()
        pull_slopes = np.array([ts, hs]) / rest
        fixed = np.array([[curve, -2.0 * hts], [-hts, bend]])
        slopes = fixed + np.outer([2.0 * ts, hs], pull_slopes)
        # tanh A = side (1 - gap): what is of order 1 drops out of s - qt t and, since <h> = qt_hat (1 - qt), of
        # <ln 2cosh A> - pull t + s_hat s
        held = 2.0 * min(distance, 1.0 - distance)
        terms = (side * theta * held, side * s_hat * (1.0 - share) * held, value)
        off = side * (share * gap - marked)
        return Pair(rest, off, slopes, theta + s_hat, pull_slopes + np.array([0.0, 1.0]), terms, stiff)

    def entropic(self, rest: float, off: float, q_hat: float, s_hat: float, pair: Pair) -> list[float]:
        """Terms of the weights' part of the potential at the overlaps ``q = 1 - rest`` and ``s = qt t + off``."""
        return [-0.5 * q_hat * rest, s_hat * off, *pair.terms]


class SphericalPair:
    """Weights on the sphere, with ``D = 1-q`` and ``r = 1-qt``.

    ``D^2 (q_hat - r^2 s_hat^2) + D = 1-t^2`` and ``s = qt t + r^2 D s_hat``.
    """

    def __init__(self, qt: float, qt_hat: float) -> None:
        self.qt = qt

    def at(self, distance: float, q_hat: float, s_hat: float, level: int, hint: float) -> Pair:
        square, t = (1.0 - self.qt) ** 2, 1.0 - 2.0 * distance
        size, strength = 4.0 * distance * (1.0 - distance), q_hat - square * s_hat * s_hat
        if not 1.0 + 4.0 * size * strength > 0.0:  # no weights have such overlaps
            return NOTHING
        root = np.sqrt(1.0 + 4.0 * size * strength)
        rest = 2.0 * size / (1.0 + root)
        # D + D^2 k = size: dD = -D^2 dk / (1 + 2 D k)
        moved = -rest * rest / root
        drest = np.array([moved, -2.0 * square * s_hat * moved])
        ds = square * (s_hat * drest + rest * np.array([0.0, 1.0]))
        pull = t / rest + self.qt * s_hat
        dpull = -t * drest / rest**2 + self.qt * np.array([0.0, 1.0])
        return Pair(rest, square * rest * s_hat, np.array([-drest, ds]), pull, dpull, (size,), rest * rest)

    def entropic(self, rest: float, off: float, q_hat: float, s_hat: float, pair: Pair) -> list[float]:
        """Terms of ``ln(1-q)/2 + (q - A)/(2(1-q))``, ``A = t^2 - (off/(1-qt))^2``."""
        beyond = off / (1.0 - self.qt)
        return [0.5 * np.log(rest), 0.5 * (pair.terms[0] + beyond * beyond) / rest, -0.5]


def binary_room(d: np.ndarray) -> np.ndarray:
    """``h(d)``: entropy of binary weights at distance d of one of them."""
    return -d * np.log(d) - (1.0 - d) * np.log1p(-d)


def spherical_room(d: np.ndarray) -> np.ndarray:
    """``ln(1-t^2)/2``: that of the sphere."""
    return 0.5 * np.log(4.0 * d * (1.0 - d))
