"""Fields between which the proximal map of a table is smooth, for panels of averages; no maps and no loss live here."""

from __future__ import annotations

import numpy as np

from replica.losses._cost_table import CostTable, panel_of, two_series
from saddlepoint._jit import array_kernel, inner_kernel

SPLITS = 400  # breaks of a map at most, beside those of its cost
VARIES = 3.0  # by how much ``1 + chi l''`` may vary on a panel
NEAR = 6.0  # deviations within which every break is felt
LEFT = 50.0  # e-folds below which nothing is left of an average, for any rule


def breaks(table: CostTable, chi: np.ndarray, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """Fields (batch, K) between which the map is smooth, so that a rule for polynomials resolves it; else nan. No
    joints of smooth stretches so far out that an average over ``mean + deviation z`` does not feel them.
    """
    known, room = table.kinked.shape[1], table.smooth.shape[1] + SPLITS
    found, places = np.empty((chi.size, known + room)), np.empty((3, room))
    at = table.kinked, table.smooth, table.stretches, table.edges, table.slope, table.bend
    most = _breaks_kernel(chi, mean, deviation, *at, places, found)
    if not np.any(chi == np.inf):
        return found[:, :most]
    least = np.where(chi[:, None] == np.inf, np.array(table.least), np.nan)
    return np.concatenate([found[:, :most], least], axis=1)


@array_kernel
def _breaks_kernel(chi, mean, deviation, kinked, smooth, stretches, edges, slope, bend, places, out):  # type: ignore[no-untyped-def]
    """Fields of kinks, and of those places that are felt; how many there are at most."""
    longest, counts = 0, np.zeros(chi.size, np.int64)
    stack, size = np.empty((64, 2)), np.empty((2, 2))
    for row in range(chi.size):
        count = 0
        if np.isfinite(chi[row]):
            for k in range(kinked.shape[1]):
                out[row, k] = kinked[0, k] + chi[row] * kinked[1, k]
            for k in range(smooth.shape[1]):
                places[0, k], places[1, k], places[2, k] = smooth[0, k], smooth[1, k], smooth[2, k]
            number = _split(chi[row], stretches, edges, slope, bend, stack, smooth.shape[1], places)
            count = _felt(chi[row], mean[row], deviation[row], places, number, size, row, kinked.shape[1], out)
        counts[row] = count
        longest = count if count > longest else longest
    for row in range(chi.size):
        for k in range(counts[row], longest):
            out[row, k] = np.nan
    return longest


@inner_kernel
def _split(chi, stretches, edges, slope, bend, stack, number, places):  # type: ignore[no-untyped-def]
    """Places with slope and bend, added to those that are there, where stretches are halved on which ``1 + chi l''``
    varies much; their number.
    """
    for part in range(stretches.shape[1]):
        if 1.0 + chi * stretches[3, part] <= VARIES * (1.0 + chi * stretches[2, part]):
            continue
        stack[0, 0], stack[0, 1], waiting = stretches[0, part], stretches[1, part], 1
        while waiting:
            waiting -= 1
            a, b = stack[waiting, 0], stack[waiting, 1]
            if number == places.shape[1]:
                break
            least, most = np.inf, 0.0
            for k in range(9):
                u = a + 0.125 * k * (b - a)
                panel = panel_of(u, 1 if k == 0 else -1, edges)  # at the ends that of the stretch
                x = (2.0 * u - edges[panel] - edges[panel + 1]) / (edges[panel + 1] - edges[panel])
                first, second = two_series(x, slope, bend, panel)
                factor = 1.0 + chi * (second if second > 0.0 else 0.0)
                least, most = factor if factor < least else least, factor if factor > most else most
                if k == 4:
                    places[0, number], places[1, number], places[2, number] = u, first, second
            if most > VARIES * least and waiting + 2 < stack.shape[0] and b - a > 1e-12 * (abs(a) + abs(b)):
                middle = places[0, number]
                stack[waiting, 0], stack[waiting, 1] = a, middle
                stack[waiting + 1, 0], stack[waiting + 1, 1] = middle, b
                waiting, number = waiting + 2, number + 1
    return number


@inner_kernel
def _felt(chi, mean, deviation, places, number, size, row, count, out):  # type: ignore[no-untyped-def]
    """Fields of the places that are near, or at which the squares of the move or of ``1 - u'`` weigh something beside
    the most that they do on that side of the mean; their number.
    """
    for k in range(4):
        size[k // 2, k % 2] = -np.inf
    for turn in range(2):
        for k in range(number):
            field, bent = places[0, k] + chi * places[1, k], chi * places[2, k]
            z = (field - mean) / deviation
            side, weight = 1 if z > 0.0 else 0, -0.5 * z * z
            move = 2.0 * np.log(chi * abs(places[1, k])) + weight
            held = 2.0 * np.log(bent / (1.0 + bent)) + weight if bent > 0.0 else -np.inf
            if turn == 0:
                size[side, 0] = move if move > size[side, 0] else size[side, 0]
                size[side, 1] = held if held > size[side, 1] else size[side, 1]
            elif abs(z) <= NEAR or move > size[side, 0] - LEFT or held > size[side, 1] - LEFT:
                out[row, count], count = field, count + 1
    return count
