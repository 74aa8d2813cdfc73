"""Compiled steps of the nested averages: one level down, and the distribution of fields one level up; no physics.

With nodes ``y`` (ascending) of weights ``w`` on one level and points ``x`` (ascending) on the level below, a step of
deviation s and Parisi parameter m is the average over ``e^{m f(y)} N(y; x, s^2)``. Everything is in the log domain.
"""

from __future__ import annotations

import numpy as np

from saddlepoint._jit import array_kernel, summing_kernel
from saddlepoint.special._elementary import scale, split_exponential

REACH = 44.0  # terms below e^-REACH of the largest in a row are left out
_STRIDE = 8  # rows between which windows are not looked for


@array_kernel
def windows(x, y, logs, half, low, high, top):  # type: ignore[no-untyped-def]
    """First and last node (excluded) within e^-REACH of the largest term of each row; returns the sum of their lengths.

    The terms of two rows differ by a factor that is monotonic in y: what is negligible on the left of the largest term
    stays so in all later rows, and the largest moves to the right. So windows are looked for in every eighth row, and
    joined in between, where ``top`` is that of the nodes that are largest on either side (the maximum, but for little).
    """
    rows, count = x.size, y.size
    ahead = np.empty(count + 1)  # the largest of all that follow
    ahead[count] = -np.inf
    for n in range(count - 1, -1, -1):
        ahead[n] = max(logs[n], ahead[n + 1])
    before, peak, start = 0, 0, 0
    for step in range(0, rows + _STRIDE - 1, _STRIDE):
        row = min(step, rows - 1)
        here, old = x[row], peak
        largest, last, n = -np.inf, start + 1, start
        while n < count:
            gap = y[n] - here
            square = half * gap * gap
            if gap > 0.0 and ahead[n] - square < largest - REACH:
                break
            term = logs[n] - square
            if term > largest:
                largest, peak = term, n
            if term > largest - REACH:
                last = n + 1
            n += 1
        while start < peak and not logs[start] - half * (y[start] - here) ** 2 > largest - REACH:
            start += 1
        low[row], high[row], top[row] = start, last, largest
        for between in range(before + 1, row):
            low[between], high[between] = low[before], last
            left = logs[old] - half * (y[old] - x[between]) ** 2
            top[between] = max(left, logs[peak] - half * (y[peak] - x[between]) ** 2)
        before = row
        if row == rows - 1:
            break
    total = 0
    for row in range(rows):
        total += high[row] - low[row]
    return total


@summing_kernel
def tilted(x, y, logs, half, slope, low, high, top, kept, out):  # type: ignore[no-untyped-def]
    """``ln`` of the average, the mean of the slope and its covariance with y, for each row (3, rows); the normalised
    weights of the terms are ``kept``, row after row.
    """
    start = 0
    for row in range(x.size):
        first, last, here, largest = low[row], high[row], x[row], top[row]
        total, mean, moved, lever = 0.0, 0.0, 0.0, 0.0
        for n in range(first, last):
            gap = y[n] - here
            term = logs[n] - half * gap * gap - largest
            power, rest = split_exponential(max(term, -200.0), 0.0)
            weight = scale(1.0 + rest, power)
            kept[start + n - first] = weight
            total += weight
            mean += weight * slope[n]
            moved += weight * gap
            lever += weight * gap * slope[n]
        share = 1.0 / total
        for n in range(start, start + last - first):
            kept[n] *= share
        out[0, row] = largest + np.log(total)
        out[1, row] = mean * share
        out[2, row] = lever * share - mean * share * moved * share
        start += last - first


@array_kernel
def spread(mass, kept, low, high, out):  # type: ignore[no-untyped-def]
    """The mass at the nodes of a level from that at the points below it."""
    out[:] = 0.0
    start = 0
    for row in range(mass.size):
        first, here = low[row], mass[row]
        for n in range(high[row] - first):
            out[first + n] += here * kept[start + n]
        start += high[row] - first
