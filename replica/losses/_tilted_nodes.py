"""Compiled nodes for averages over a Gaussian stability with the weight ``exp(-beta l)`` of a cost given by its panels.

Around each field the panels are cut to where the weight is and halved until its logarithm varies by a few units on
each piece, whatever makes it narrow: the Gaussian, the temperature or the cost. No loss lives here.
"""

from __future__ import annotations

import math

import numpy as np

from saddlepoint._jit import inner_kernel, scalar_kernel

# kernel file

ROOM = 1 << 14  # nodes of one field at most
DEEP = 256  # pieces that wait to be looked at
LOW, HIGH, DEGREE, LEAST, MOST, LEFT, RIGHT = range(7)  # columns of a table of panels
X, ONE, TWO, PLACE, FROM, TO, BEST = range(7)  # rows of what is forgotten from field to field
_EFOLDS = 40.0  # below the largest weight, where nothing is left of it
_NOTHING = 746.0  # e-folds below the largest weight, which no number holds


@inner_kernel
def series_at(series, p, degree, scale, scratch, out, row, first, count):  # type: ignore[no-untyped-def]
    """Chebyshev series of a panel at distances from its left end, by one recurrence for all of them, into a row."""
    for j in range(count):
        scratch[X, j] = scratch[PLACE, j] * scale - 1.0
        scratch[ONE, j], scratch[TWO, j] = 0.0, 0.0
    for k in range(degree - 1, 0, -1):
        c = series[p, k]
        for j in range(count):
            one = scratch[ONE, j]
            scratch[ONE, j] = 2.0 * scratch[X, j] * one - scratch[TWO, j] + c
            scratch[TWO, j] = one
    c = series[p, 0]
    for j in range(count):
        out[row, first + j] = scratch[X, j] * scratch[ONE, j] - scratch[TWO, j] + c


@scalar_kernel
def usable(cold, most):  # type: ignore[no-untyped-def]
    """Whether a panel has weight: its cost is finite, and 0 at zero temperature."""
    return most == 0.0 if cold else most < np.inf


@inner_kernel
def cost_at(u, panels, series, p):  # type: ignore[no-untyped-def]
    """One value of a panel's series."""
    low = panels[p, LOW]
    x, one, two = ((u - low) / (panels[p, HIGH] - low)) * 2.0 - 1.0, 0.0, 0.0
    for k in range(int(panels[p, DEGREE]) - 1, 0, -1):
        one, two = 2.0 * x * one - two + series[p, k], one
    return x * one - two + series[p, 0]


@inner_kernel
def panel_at(u, panels):  # type: ignore[no-untyped-def]
    """The first panel that ends at u or beyond, or the last one."""
    first, last = 0, panels.shape[0] - 1
    while first < last:
        middle = (first + last) // 2
        if panels[middle, HIGH] < u:
            first = middle + 1
        else:
            last = middle
    return first


@inner_kernel
def survey(h, s, beta, cold, rare, apart, panels, series, limits, best):  # type: ignore[no-untyped-def]
    """First guesses of ``best``, looking outwards from the field: the largest logarithms of the weight below and above
    0, and where (2: that of the weight times the distance of the cost from ``best[3]``, its value where the weight is
    largest), if ``rare``. Returns the first and the last panel that may matter.
    """
    first, last, lift = panels.shape[0], -1, 0.0
    home = panel_at(h, panels)
    if rare:
        far = max(limits[1] - best[3], best[3] - limits[0])
        if not far > 0.0:
            return first, last
        lift = math.log(far)
    for direction in range(2):
        p = home if direction == 0 else home + 1
        while 0 <= p < panels.shape[0]:
            low, high = panels[p, LOW], panels[p, HIGH]
            d = max(low - h, h - high, 0.0) / s
            level = best[2] if rare else min(best[0], best[1]) if apart else best[0]
            if -0.5 * d * d - beta * limits[0] + lift < level - _EFOLDS:
                break
            first, last = min(first, p), max(last, p)
            if usable(cold, panels[p, MOST]):
                side = 1 if apart and low >= 0.0 else 0
                near = min(max(h, low), high)
                inside = s / (1.0 + d)  # the weight falls off over that length
                for c in range(2):
                    u = near if c == 0 else near - inside if direction == 0 else near + inside
                    if not low <= u <= high:
                        continue
                    cost = cost_at(u, panels, series, p)
                    e = -beta * cost - 0.5 * ((u - h) / s) ** 2
                    if not rare:
                        if e > max(best[0], best[1]):
                            best[3] = cost
                        best[side] = max(best[side], e)
                    elif cost != best[3]:
                        best[2] = max(best[2], e + math.log(abs(cost - best[3])))
            p += 1 if direction == 1 else -1
    return first, last


@inner_kernel
def window(h, s, beta, panels, p, summit, best):  # type: ignore[no-untyped-def]
    """The part of a panel on which something may be left of its weight, measured from the end that it touches or else
    from h, so that Gaussians and costs next to their kinks keep their digits; and what to add for distances from h and
    from the left end.
    """
    low, high, least = panels[p, LOW], panels[p, HIGH], panels[p, LEAST]
    room, far = -summit, max(panels[p, MOST] - best[3], best[3] - least)
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


@inner_kernel
def climb(s, beta, a, b, offset, inside, panels, series, p, rare, side, work, scratch, best):  # type: ignore[no-untyped-def]
    """Raises the guess of a panel's highest place to within a unit, closing in on it."""
    count, at, low, high, degree = 9, 2 if rare else side, panels[p, LOW], panels[p, HIGH], int(panels[p, DEGREE])
    for _ in range(30):
        step = (b - a) / (count - 1.0)
        for j in range(count):
            scratch[PLACE, j] = a + j * step + inside
        series_at(series, p, degree, 2.0 / (high - low), scratch, work, 3, 0, count)
        largest, highest, leap, before = -np.inf, 0, 0.0, -np.inf
        for j in range(count):
            cost = work[3, j]
            e = -beta * cost - 0.5 * ((a + j * step + offset) / s) ** 2
            if rare:
                e += math.log(abs(cost - best[3])) if cost != best[3] else -np.inf
            if e > -np.inf and before > -np.inf:
                leap = max(leap, abs(e - before))
            if e > largest:
                largest, highest = e, j
            before = e
        if not rare and largest > max(best[0], best[1]):
            best[3] = work[3, highest]
        best[at] = max(best[at], largest)
        if not largest + leap > best[at] + 1.0:
            break
        a, b = a + max(highest - 1, 0) * step, a + min(highest + 1, count - 1) * step
        if not b - a > 1e-14 * s + 1e-16 * max(abs(low), abs(high)):
            break


@inner_kernel
def gather(h, s, beta, apart, panels, series, slopes, limits, rule, span, work, scratch):  # type: ignore[no-untyped-def]
    """Nodes of one field: rows of ``work`` are the offset ``t = u - h``, ``ln(weight) - beta l``, the length that
    belongs to it, l and l'. Returns their number, 0 where nothing is known, and the first and the last panel.

    What is kept is all within 40 e-folds of the largest weight, of the largest weight times what the cost differs by
    from its value there (so that slopes and costs keep their digits where they are rare) and, if ``apart``, of the
    largest weight on either side of 0.
    """
    cold = not beta < np.inf
    if cold:
        beta = 0.0
    order, count, first, last, best = rule.shape[1], 0, panels.shape[0], -1, scratch[BEST]
    for i in range(4):
        best[i] = -np.inf
    deepest = -np.inf
    for rare in (False, True):
        if rare and not best[3] > -np.inf:
            return 0, 0, 0
        if rare:
            deepest = max(best[0], best[1]) - _NOTHING
            best[2] = deepest
        left, right = survey(h, s, beta, cold, rare, apart, panels, series, limits, best)
        first, last = min(first, left), max(last, right)
        for p in range(first, last + 1):
            far = max(panels[p, MOST] - best[3], best[3] - panels[p, LEAST]) if rare else 1.0
            if usable(cold, panels[p, MOST]) and far > 0.0:
                side = 1 if apart and panels[p, LOW] >= 0.0 else 0
                # what the panel cannot exceed, and hence need not be climbed
                d = max(panels[p, LOW] - h, h - panels[p, HIGH], 0.0) / s
                bound = math.log(far) - beta * panels[p, LEAST] - 0.5 * d * d
                if not bound > best[2 if rare else side] + 1.0:
                    continue
                a, b, offset, inside = window(h, s, beta, panels, p, best[side], best)
                if a < b:
                    climb(s, beta, a, b, offset, inside, panels, series, p, rare, side, work, scratch, best)
    for i in range(3):  # what is rarer than any number is not looked for
        if not best[i] > deepest:
            best[i] = np.inf
    for p in range(first, last + 1):
        if not usable(cold, panels[p, MOST]):
            continue
        side = 1 if apart and panels[p, LOW] >= 0.0 else 0
        a, b, offset, inside = window(h, s, beta, panels, p, best[side], best)
        if not a < b:
            continue
        scale, degree, waiting = 2.0 / (panels[p, HIGH] - panels[p, LOW]), int(panels[p, DEGREE]), 1
        scratch[FROM, 0], scratch[TO, 0] = a, b
        while waiting > 0:
            waiting -= 1
            a, b = scratch[FROM, waiting], scratch[TO, waiting]
            half, middle = 0.5 * (b - a), 0.5 * (a + b)
            end = count + order
            if end > work.shape[1]:
                return 0, first, last
            for j in range(order):
                scratch[PLACE, j] = inside + (middle + half * rule[0, j])
                work[0, count + j] = offset + (middle + half * rule[0, j])
            series_at(series, p, degree, scale, scratch, work, 3, count, order)
            for j in range(count, end):
                d = work[0, j] / s
                work[1, j] = -beta * work[3, j] - 0.5 * d * d
            largest, leap, away = work[1, count], 0.0, abs(work[3, count] - best[3])
            lowest = largest
            for j in range(count + 1, end):
                largest, lowest = max(largest, work[1, j]), min(lowest, work[1, j])
                leap, away = max(leap, abs(work[1, j] - work[1, j - 1])), max(away, abs(work[3, j] - best[3]))
            lift = math.log(away) if away > 0.0 else -np.inf
            if largest + leap < best[side] - _EFOLDS and not largest + leap + lift > best[2] - _EFOLDS:
                continue
            # of distances from the field, and within the Gaussian of those in the panel, which only the cost knows
            finest = abs(offset + middle) if half > 0.1 * s else max(abs(offset + middle), abs(inside + middle))
            narrow = half <= 1e-13 * s or half <= 2e-16 * finest
            # a flank may be steeper than a summit, and what is small may be less exact
            flank = 2.2 * span if largest == work[1, count] or largest == work[1, end - 1] else span
            flank += 0.4 * max(min(best[side] - largest, best[2] - largest - lift), 0.0)
            if largest - lowest > flank and waiting + 3 < DEEP and not narrow:
                parts = 3 if largest - lowest > 4.0 * flank else 2
                for k in range(parts):  # the rightmost waits longest
                    scratch[FROM, waiting] = b - (k + 1) * (b - a) / parts if k < parts - 1 else a
                    scratch[TO, waiting] = b if k == 0 else scratch[FROM, waiting - 1]
                    waiting += 1
                continue
            best[side], best[2] = max(best[side], largest), max(best[2], lowest + lift)
            if degree > 1:
                series_at(slopes, p, degree - 1, scale, scratch, work, 4, count, order)
            for j in range(order):
                work[2, count + j] = half * rule[1, j]
                if degree <= 1:
                    work[4, count + j] = 0.0
            count = end
    return count, first, last
