"""Compiled averages over a Gaussian stability with the weight ``exp(-beta l)`` of a cost given by its panels.

Around each field the panels are cut to where the weight is and halved until its logarithm varies by a few units on
each piece, whatever makes it narrow: the Gaussian, the temperature or the cost. No loss lives here.
"""

from __future__ import annotations

import math

import numpy as np

from saddlepoint._jit import array_kernel

# kernel file

_ROOM = 1 << 14  # nodes of one field at most
_DEEP = 256  # pieces that wait to be looked at
_EFOLDS = 40.0  # below the largest weight, where nothing is left of it
_SQRT_2PI = 2.5066282746310002


@array_kernel
def series_at(place, scale, series, degree, out, scratch):  # type: ignore[no-untyped-def]
    """Chebyshev series at distances from the left end of a panel, by one recurrence for all of them."""
    x, a, b = scratch[0, : place.size], scratch[1, : place.size], scratch[2, : place.size]
    for j in range(place.size):
        x[j] = place[j] * scale - 1.0
        a[j], b[j] = 0.0, 0.0
    for k in range(degree - 1, 0, -1):
        c = series[k]
        for j in range(place.size):
            a[j], b[j] = 2.0 * x[j] * a[j] - b[j] + c, a[j]
    c = series[0]
    for j in range(place.size):
        out[j] = x[j] * a[j] - b[j] + c


@array_kernel
def _usable(cold, most):  # type: ignore[no-untyped-def]
    """Whether a panel has weight: its cost is finite, and 0 at zero temperature."""
    return most == 0.0 if cold else most < np.inf


@array_kernel
def cost_at(u, low, high, series, degree):  # type: ignore[no-untyped-def]
    """One value of a panel's series."""
    x, one, two = ((u - low) / (high - low)) * 2.0 - 1.0, 0.0, 0.0
    for k in range(degree - 1, 0, -1):
        one, two = 2.0 * x * one - two + series[k], one
    return x * one - two + series[0]


@array_kernel
def survey(h, s, beta, cold, rare, apart, low, high, series, degree, most, limits, best, first, last):
    """First guesses of ``best``, looking outwards from the field: the largest logarithms of the weight below and above
    0, and where (2: that of the weight times the distance of the cost from ``best[3]``, its value where the weight is
    largest), if ``rare``. Returns the first and the last panel that may matter.
    """
    panels, lift = low.size, 0.0
    home = min(np.searchsorted(high, h), panels - 1)
    if rare:
        far = max(limits[1] - best[3], best[3] - limits[0])
        if not far > 0.0:
            return first, last
        lift = math.log(far)
    for direction in range(2):
        p = home if direction == 0 else home + 1
        while 0 <= p < panels:
            d = max(low[p] - h, h - high[p], 0.0) / s
            level = best[2] if rare else min(best[0], best[1]) if apart else best[0]
            if -0.5 * d * d - beta * limits[0] + lift < level - _EFOLDS:
                break
            first, last = min(first, p), max(last, p)
            if _usable(cold, most[p]):
                side = 1 if apart and low[p] >= 0.0 else 0
                near = min(max(h, low[p]), high[p])
                inside = s / (1.0 + d)  # the weight falls off over that length
                for c in range(2):
                    u = near if c == 0 else near - inside if direction == 0 else near + inside
                    if not low[p] <= u <= high[p]:
                        continue
                    cost = cost_at(u, low[p], high[p], series[p], degree[p])
                    e = -beta * cost - 0.5 * ((u - h) / s) ** 2
                    if not rare:
                        if e > max(best[0], best[1]):
                            best[3] = cost
                        best[side] = max(best[side], e)
                    elif cost != best[3]:
                        best[2] = max(best[2], e + math.log(abs(cost - best[3])))
            p += 1 if direction == 1 else -1
    return first, last


@array_kernel
def window(h, s, beta, low, high, least, most, summit, best):  # type: ignore[no-untyped-def]
    """The part of a panel on which something may be left of its weight, measured from the end that it touches or else
    from h, so that Gaussians and costs next to their kinks keep their digits; and what to add for distances from h and
    from the left end.
    """
    room, far = -summit, max(most - best[3], best[3] - least)
    if best[2] > -np.inf and far > 0.0:
        room = max(room, math.log(far) - best[2])
    room += _EFOLDS - beta * least
    if not room > 0.0:
        return 0.0, 0.0, 0.0, 0.0
    reach, left, right = s * math.sqrt(2.0 * room), low - h, high - h
    if left >= -reach:
        return 0.0, min(high - low, reach - left), left, 0.0
    if right <= reach:
        return -reach - right, 0.0, right, high - low
    return -reach, reach, 0.0, h - low


@array_kernel
def climb(s, beta, a, b, offset, inside, low, high, series, degree, rare, side, place, cost, scratch, best):  # type: ignore[no-untyped-def]
    """Raises the guess of a panel's highest place to within a unit, closing in on it."""
    count, at = place.size, 2 if rare else side
    for _ in range(30):
        step = (b - a) / (count - 1.0)
        for j in range(count):
            place[j] = a + j * step + inside
        series_at(place, 2.0 / (high - low), series, degree, cost, scratch)
        largest, highest, leap, before = -np.inf, 0, 0.0, -np.inf
        for j in range(count):
            e = -beta * cost[j] - 0.5 * ((a + j * step + offset) / s) ** 2
            if rare:
                e += math.log(abs(cost[j] - best[3])) if cost[j] != best[3] else -np.inf
            if e > -np.inf and before > -np.inf:
                leap = max(leap, abs(e - before))
            if e > largest:
                largest, highest = e, j
            before = e
        if not rare and largest > max(best[0], best[1]):
            best[3] = cost[highest]
        best[at] = max(best[at], largest)
        if not largest + leap > best[at] + 1.0:
            break
        a, b = a + max(highest - 1, 0) * step, a + min(highest + 1, count - 1) * step
        if not b - a > 1e-14 * s + 1e-16 * max(abs(low), abs(high)):
            break


@array_kernel
def gather(
    h, s, beta, apart, low, high, series, slopes, degree, least, most, limits, rule, span, work, stack, best, scratch
):
    """Nodes of one field: rows of ``work`` are the offset ``t = u - h``, ``ln(weight) - beta l``, the length that
    belongs to it, l and l'. Returns their number, 0 where nothing is known, and the first and the last panel.

    What is kept is all within 40 e-folds of the largest weight, of the largest weight times what the cost differs by
    from its value there (so that slopes and costs keep their digits where they are rare) and, if ``apart``, of the
    largest weight on either side of 0.
    """
    cold = not beta < np.inf
    if cold:
        beta = 0.0
    order, count, first, last = rule.shape[1], 0, low.size, -1
    best[:] = -np.inf
    for rare in (False, True):
        if rare and not best[3] > -np.inf:
            return 0, 0, 0
        first, last = survey(h, s, beta, cold, rare, apart, low, high, series, degree, most, limits, best, first, last)
        for p in range(first, last + 1):
            if _usable(cold, most[p]) and (not rare or max(most[p] - best[3], best[3] - least[p]) > 0.0):
                side = 1 if apart and low[p] >= 0.0 else 0
                a, b, offset, inside = window(h, s, beta, low[p], high[p], least[p], most[p], best[side], best)
                if a < b:
                    climb(
                        s, beta, a, b, offset, inside, low[p], high[p], series[p], degree[p], rare, side,
                        work[0, :9], work[3, :9], scratch, best,
                    )
    for p in range(first, last + 1):
        if not _usable(cold, most[p]):
            continue
        side = 1 if apart and low[p] >= 0.0 else 0
        a, b, offset, inside = window(h, s, beta, low[p], high[p], least[p], most[p], best[side], best)
        if not a < b:
            continue
        scale, waiting = 2.0 / (high[p] - low[p]), 1
        stack[0, 0], stack[0, 1] = a, b
        while waiting > 0:
            waiting -= 1
            a, b = stack[waiting, 0], stack[waiting, 1]
            half, middle = 0.5 * (b - a), 0.5 * (a + b)
            end = count + order
            if end > work.shape[1]:
                return 0, first, last
            t, e, cost, place = work[0, count:end], work[1, count:end], work[3, count:end], scratch[3]
            for j in range(order):
                place[j] = inside + (middle + half * rule[0, j])
                t[j] = offset + (middle + half * rule[0, j])
            series_at(place, scale, series[p], degree[p], cost, scratch)
            for j in range(order):
                d = t[j] / s
                e[j] = -beta * cost[j] - 0.5 * d * d
            largest, lowest, leap, away = e[0], e[0], 0.0, abs(cost[0] - best[3])
            for j in range(1, order):
                largest, lowest = max(largest, e[j]), min(lowest, e[j])
                leap, away = max(leap, abs(e[j] - e[j - 1])), max(away, abs(cost[j] - best[3]))
            lift = math.log(away) if away > 0.0 else -np.inf
            if largest + leap < best[side] - _EFOLDS and not largest + leap + lift > best[2] - _EFOLDS:
                continue
            narrow = half <= 1e-13 * s or half <= 2e-16 * abs(inside + middle)
            # a flank may be steeper than a summit, and what is small may be less exact
            flank = 2.2 * span if largest == e[0] or largest == e[order - 1] else span
            flank += 0.4 * max(min(best[side] - largest, best[2] - largest - lift), 0.0)
            if largest - lowest > flank and waiting + 3 < stack.shape[0] and not narrow:
                parts = 3 if largest - lowest > 4.0 * flank else 2
                for k in range(parts):  # the rightmost waits longest
                    stack[waiting, 0] = b - (k + 1) * (b - a) / parts if k < parts - 1 else a
                    stack[waiting, 1] = b if k == 0 else stack[waiting - 1, 0]
                    waiting += 1
                continue
            best[side], best[2] = max(best[side], largest), max(best[2], lowest + lift)
            slope, w = work[4, count:end], work[2, count:end]
            if degree[p] > 1:
                series_at(place, scale, slopes[p], degree[p] - 1, slope, scratch)
            else:
                slope[:] = 0.0
            for j in range(order):
                w[j] = half * rule[1, j]
            count = end
    return count, first, last


@array_kernel
def reduce(h, s, beta, low, high, degree, most, ends, work, count, first, last, out):  # type: ignore[no-untyped-def]
    """``ln Z``, ``f``, ``f'``, the mean cost and the probability of ``u < 0`` from the nodes of one field.

    With ``g = -beta l'`` and the steps j of the weight at the ends of the panels, ``f = <g> + sum j`` and
    ``V f' = Cov(g, u) + sum j (u - <u>)``: nothing is divided by a small V, and rare steps keep their digits.
    """
    if count == 0:
        out[:] = np.nan
        return
    warm = beta if beta < np.inf else 0.0
    at = 0
    for j in range(count):
        if work[1, j] > work[1, at]:
            at = j
    top, t0, g0 = work[1, at], work[0, at], -warm * work[4, at]
    mass, moved, pushed, both, paid, wrong, lack, size, wide = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for j in range(count):
        part = math.exp(work[1, j] - top) * work[2, j]
        t, g = work[0, j] - t0, -warm * work[4, j] - g0
        mass += part
        moved += part * t
        pushed += part * g
        both += part * g * t
        wide += part * t * t
        paid += part * work[3, j]
        if h + work[0, j] < 0.0:
            wrong += part
        size = max(size, abs(warm * work[3, j]))
    moved, pushed, both = moved / mass, pushed / mass, both / mass
    shift = t0 + moved  # the mean of u - h
    steps, turned, everywhere = 0.0, 0.0, _usable(False, most[last])
    for p in range(first, min(last, low.size - 2) + 1):
        left, right = _usable(not beta < np.inf, most[p]), _usable(not beta < np.inf, most[p + 1])
        everywhere &= left
        if not (left or right):
            continue
        place = 0.5 * (high[p] + low[p + 1]) - h
        e = -0.5 * (place / s) ** 2 - top
        if left and right:
            rise = warm * (ends[p + 1, 0] - ends[p, 1])
            if abs(rise) <= 4e-15 * warm * max(most[p], most[p + 1]):  # no step but the rounding of two series
                continue
            step = math.expm1(-abs(rise)) * math.exp(e - warm * min(ends[p + 1, 0], ends[p, 1])) / mass
            step = step if rise > 0.0 else -step
        elif right:
            step = math.exp(e - warm * ends[p + 1, 0]) / mass
        else:
            step = -math.exp(e - warm * ends[p, 1]) / mass
        steps += step
        turned += step * (place - shift)
    out[0] = top + math.log(mass / (s * _SQRT_2PI))
    if size < 0.3 and beta < np.inf and everywhere:  # what Z lacks of 1, to its own digits
        for j in range(count):
            d = work[0, j] / s
            lack += math.exp(-0.5 * d * d) * work[2, j] * math.expm1(-warm * work[3, j])
        out[0] = math.log1p(lack / (s * _SQRT_2PI))
    out[1] = g0 + pushed + steps
    out[2] = ((both - pushed * moved) + turned) / (s * s)
    out[3], out[4] = paid / mass, wrong / mass
    # where the weight is cold, l' is a small difference of what its panel holds: then f is the mean of (u - h)/V
    p = min(np.searchsorted(high, h + t0), low.size - 1)
    deviation = math.sqrt(max(wide / mass - moved * moved, 0.0))
    largest = warm * max(abs(ends[p, 0]), abs(ends[p, 1]))
    steep = largest * (degree[p] - 1.0) * degree[p] / (high[p] - low[p])
    if deviation + abs(shift) + largest * deviation < steep * s * s:
        out[1] = shift / (s * s)


@array_kernel
def terms_rows(
    field, spread, beta, apart, low, high, series, slopes, degree, least, most, ends, limits, rule, span, out
):
    """``ln Z``, f, f', the mean cost and P(u < 0) (5, batch, node)."""
    work, stack, scratch = np.empty((5, _ROOM)), np.empty((_DEEP, 2)), np.empty((4, rule.shape[1]))
    best, one = np.empty(4), np.empty(5)
    for row in range(field.shape[0]):
        s, b = spread[row], beta[row]
        known = s > 0.0 and s < np.inf and b >= 0.0
        for node in range(field.shape[1]):
            h, count, first, last = field[row, node], 0, 0, 0
            if known and abs(h) < np.inf:
                count, first, last = gather(
                    h, s, b, apart, low, high, series, slopes, degree, least, most, limits, rule, span,
                    work, stack, best, scratch,
                )
            reduce(h, s, b, low, high, degree, most, ends, work, count, first, last, one)
            for i in range(5):
                out[i, row, node] = one[i]


@array_kernel
def nodes_row(field, s, beta, low, high, series, slopes, degree, least, most, ends, limits, rule, span, u, mass):
    """Nodes and masses (node, inner), of total 1, of the fields of one row; returns how many are needed."""
    work, stack, scratch, best = np.empty((5, _ROOM)), np.empty((_DEEP, 2)), np.empty((4, rule.shape[1])), np.empty(4)
    needed = 0
    for node in range(field.size):
        h, count = field[node], 0
        if s > 0.0 and s < np.inf and beta >= 0.0 and abs(h) < np.inf:
            count, _, _ = gather(
                h, s, beta, True, low, high, series, slopes, degree, least, most, limits, rule, span,
                work, stack, best, scratch,
            )
        needed = max(needed, count)
        if u.shape[1] == 0:
            continue
        top, total = -np.inf, 0.0
        for j in range(count):
            top = max(top, work[1, j])
        for j in range(count):
            u[node, j] = h + work[0, j]
            mass[node, j] = math.exp(work[1, j] - top) * work[2, j]
            total += mass[node, j]
        for j in range(count):
            mass[node, j] /= total
        for j in range(count, u.shape[1]):
            u[node, j], mass[node, j] = h, 0.0 if count else np.nan
    return needed
