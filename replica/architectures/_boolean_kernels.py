"""Compiled sums over the outer fields of K Boolean units, tuples sorted; no classes.

A unit is positive with probability p (negative with r = 1 - p) at its outer field; an output that sees only how many
units are positive has ``Z = sum_n b_n e_n`` with the Poisson-binomial weights ``e_n``. Sums over all K-tuples of nodes
use sorted tuples of all units but one (or two), with multinomial weights.
"""

# kernel file
from __future__ import annotations

import math

import numpy as np

from saddlepoint._jit import array_kernel, summing_kernel
from saddlepoint.special import log_add
from saddlepoint.special._elementary import log_positive

# rows of the table of one unit: nodes, weights, probabilities of either sign with logarithms, density, u/s, ln density,
# and the teacher's probabilities and density
Z, WEIGHT, P, R, LOG_P, LOG_R, SLOPE, BEND, LOG_SLOPE, PT, RT, SLOPE_T = range(12)

_TINY = 1e-250  # below it Z is summed in logarithms


@array_kernel
def _absorb(old, new, count, p, r):  # type: ignore[no-untyped-def]
    """Polynomial of ``count`` units, and one more: new_n = r old_n + p old_(n-1)."""
    new[0] = r * old[0]
    for n in range(1, count + 1):
        new[n] = r * old[n] + p * old[n - 1]
    new[count + 1] = p * old[count]


@array_kernel
def _log_absorb(old, new, count, log_p, log_r):  # type: ignore[no-untyped-def]
    """The same in logarithms."""
    new[0] = log_r + old[0]
    for n in range(1, count + 1):
        new[n] = log_add(log_r + old[n], log_p + old[n - 1])
    new[count + 1] = log_p + old[count]


@array_kernel
def _log_weights(index, count, log_p, log_r, b, shift, work):  # type: ignore[no-untyped-def]
    """ln sum_n b_(n+shift) e_n over the first ``count`` units, from scratch in logarithms."""
    work[0, 0] = 0.0
    for k in range(count):
        _log_absorb(work[k], work[k + 1], k, log_p[index[k]], log_r[index[k]])
    total = -np.inf
    for n in range(count + 1):
        if b[n + shift] > 0.0:
            total = log_add(total, work[count, n] + math.log(b[n + shift]))
    return total


@array_kernel
def _reach(z, limit):  # type: ignore[no-untyped-def]
    """First and last-plus-one node with |z| <= limit (sorted, symmetric nodes)."""
    low = np.searchsorted(z, -limit)
    return low, z.size - low


@array_kernel
def _is_plain(table, ends, up, down):  # type: ignore[no-untyped-def]
    """Whether Z = up p + down r does not underflow at any node; it is linear in p, so the ends decide."""
    low, high = ends[0], ends[1] - 1
    left = up * table[P, low] + down * table[R, low]
    return min(left, up * table[P, high] + down * table[R, high]) > _TINY


@summing_kernel
def _last_unit(table, ends, coefficients):  # type: ignore[no-untyped-def]
    """Sums over the one free unit: of T (d ln Z)^2 and of dT d ln Z, with Z = up p + down r and T likewise."""
    up, down, up_t, down_t = coefficients
    gain, gain_t = up - down, up_t - down_t
    one, two = 0.0, 0.0
    for k in range(ends[0], ends[1]):
        d = gain * table[SLOPE, k] / (up * table[P, k] + down * table[R, k])
        one += table[WEIGHT, k] * (up_t * table[PT, k] + down_t * table[RT, k]) * d * d
        two += table[WEIGHT, k] * table[SLOPE_T, k] * d
    return one, gain_t * two


@array_kernel
def _last_unit_in_logarithms(table, ends, logs, teacher):  # type: ignore[no-untyped-def]
    """The same where Z underflows; ``logs``: ln up, ln down."""
    higher, lower = max(logs[0], logs[1]), min(logs[0], logs[1])
    if higher == -np.inf or higher == lower:
        return 0.0, 0.0
    log_gain = higher + math.log1p(-math.exp(lower - higher))
    sign = 1.0 if logs[0] > logs[1] else -1.0
    one, two = 0.0, 0.0
    for k in range(ends[0], ends[1]):
        log_z = log_add(logs[0] + table[LOG_P, k], logs[1] + table[LOG_R, k])
        d = sign * math.exp(log_gain + table[LOG_SLOPE, k] - log_z)
        one += table[WEIGHT, k] * (teacher[0] * table[PT, k] + teacher[1] * table[RT, k]) * d * d
        two += table[WEIGHT, k] * (teacher[0] - teacher[1]) * table[SLOPE_T, k] * d
    return one, two


@array_kernel
def residual_sums(table, b, bt, units, square, out):  # type: ignore[no-untyped-def]
    """K E[T (d ln Z)^2] and K E[dT d ln Z] into ``out``: all units but one in sorted tuples, inside the ball."""
    z = table[Z]
    size, outer = z.size, units - 1
    index, run = np.zeros(outer + 1, np.int64), np.zeros(outer + 1, np.int64)
    factor, used = np.ones(outer + 1), np.zeros(outer + 1)
    poly, poly_t = np.zeros((outer + 1, units + 1)), np.zeros((outer + 1, units + 1))
    work = np.zeros((units + 1, units + 1))
    poly[0, 0], poly_t[0, 0] = 1.0, 1.0
    first, second = 0.0, 0.0
    depth = 0
    index[0] = -1
    while depth >= 0:
        index[depth] += 1
        i = index[depth]
        if i >= size:
            depth -= 1
            continue
        used[depth + 1] = used[depth] + z[i] * z[i]
        if used[depth + 1] > square:
            continue
        run[depth] = run[depth - 1] + 1 if depth > 0 and index[depth - 1] == i else 1
        factor[depth + 1] = factor[depth] * table[WEIGHT, i] * (depth + 1) / run[depth]
        _absorb(poly[depth], poly[depth + 1], depth, table[P, i], table[R, i])
        _absorb(poly_t[depth], poly_t[depth + 1], depth, table[PT, i], table[RT, i])
        if depth + 1 < outer:
            depth += 1
            index[depth] = i - 1
            continue
        up, down, up_t, down_t = 0.0, 0.0, 0.0, 0.0
        for n in range(outer + 1):
            up += b[n + 1] * poly[outer, n]
            down += b[n] * poly[outer, n]
            up_t += bt[n + 1] * poly_t[outer, n]
            down_t += bt[n] * poly_t[outer, n]
        ends = _reach(z, math.sqrt(square - used[outer]))
        if ends[0] >= ends[1]:
            continue
        if _is_plain(table, ends, up, down):
            found = _last_unit(table, ends, (up, down, up_t, down_t))
        else:
            log_up = _log_weights(index, outer, table[LOG_P], table[LOG_R], b, 1, work)
            log_down = _log_weights(index, outer, table[LOG_P], table[LOG_R], b, 0, work)
            found = _last_unit_in_logarithms(table, ends, (log_up, log_down), (up_t, down_t))
        first += factor[outer] * found[0]
        second += factor[outer] * found[1]
    out[0], out[1] = units * first, units * second


@summing_kernel
def _last_pair(i, table, doubled, ends, two, one, none, two_t, one_t, none_t):  # type: ignore[no-untyped-def]
    """Sums over the last unit l beside unit i, with Z bilinear in both: see `whole_sums` (per pair, not per unit)."""
    up, down = two * table[P, i] + one * table[R, i], one * table[P, i] + none * table[R, i]
    rise, fall = (two - one) * table[SLOPE, i], (one - none) * table[SLOPE, i]
    curl = table[SLOPE, i] * (two - 2.0 * one + none)
    up_t, down_t = two_t * table[PT, i] + one_t * table[RT, i], one_t * table[PT, i] + none_t * table[RT, i]
    rise_t, fall_t = (two_t - one_t) * table[SLOPE_T, i], (one_t - none_t) * table[SLOPE_T, i]
    gain, gain_t, bend_i = up - down, up_t - down_t, table[BEND, i]
    logs, curve, force, square, mixing, taught = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for k in range(ends[0], ends[1]):
        mass = doubled[k] * (up_t * table[PT, k] + down_t * table[RT, k])
        zed = up * table[P, k] + down * table[R, k]
        inverse = 1.0 / zed
        first = (rise * table[P, k] + fall * table[R, k]) * inverse
        second = gain * table[SLOPE, k] * inverse
        curve_i = -first * (bend_i + first)
        curve_l = -second * (table[BEND, k] + second)
        mixed = curl * table[SLOPE, k] * inverse - first * second
        logs += mass * log_positive(zed)
        curve += mass * (curve_i + curve_l)
        force += mass * (first * first + second * second)
        square += mass * (curve_i * curve_i + curve_l * curve_l)
        mixing += mass * mixed * mixed
        taught += doubled[k] * (
            (rise_t * table[PT, k] + fall_t * table[RT, k]) * first + gain_t * table[SLOPE_T, k] * second
        )
    return logs, curve, force, square, mixing, taught


@array_kernel
def _last_pair_in_logarithms(i, table, doubled, ends, logs, teacher):  # type: ignore[no-untyped-def]
    """The same where Z underflows; ``logs``: ln two, ln one, ln none."""
    two, one, none = logs
    sums = np.zeros(6)
    p_i, r_i = table[LOG_P, i], table[LOG_R, i]
    up_t = teacher[0] * table[PT, i] + teacher[1] * table[RT, i]
    down_t = teacher[1] * table[PT, i] + teacher[2] * table[RT, i]
    right, left = log_add(two + p_i, one + r_i), log_add(one + p_i, none + r_i)
    for k in range(ends[0], ends[1]):
        p_k, r_k = table[LOG_P, k], table[LOG_R, k]
        above, below = log_add(two + p_k, one + r_k), log_add(one + p_k, none + r_k)
        log_z = log_add(p_i + above, r_i + below)
        g_i, g_l = table[LOG_SLOPE, i] - log_z, table[LOG_SLOPE, k] - log_z
        first = math.exp(g_i + above) - math.exp(g_i + below)
        second = math.exp(g_l + right) - math.exp(g_l + left)
        both = g_i + g_l + log_z
        mixed = math.exp(both + log_add(two, none)) - 2.0 * math.exp(both + one) - first * second
        curve_i, curve_l = -first * (table[BEND, i] + first), -second * (table[BEND, k] + second)
        rise_t = (teacher[0] - teacher[1]) * table[PT, k] + (teacher[1] - teacher[2]) * table[RT, k]
        mass = doubled[k] * (up_t * table[PT, k] + down_t * table[RT, k])
        sums[0] += mass * log_z
        sums[1] += mass * (curve_i + curve_l)
        sums[2] += mass * (first * first + second * second)
        sums[3] += mass * (curve_i * curve_i + curve_l * curve_l)
        sums[4] += mass * mixed * mixed
        sums[5] += doubled[k] * (rise_t * table[SLOPE_T, i] * first + (up_t - down_t) * table[SLOPE_T, k] * second)
    return sums[0], sums[1], sums[2], sums[3], sums[4], sums[5]


@array_kernel
def whole_sums(table, b, bt, units, square, out):  # type: ignore[no-untyped-def]
    """E[T ln Z], and summed over units E[T d_k d_k ln Z], E[T (d_k ln Z)^2], E[T (d_k d_l ln Z)^2], E[d_k T d_k ln Z].

    Into ``out``; all units but two in sorted tuples.
    """
    z = table[Z]
    size, outer = z.size, units - 2
    index, run = np.zeros(outer + 1, np.int64), np.zeros(outer + 1, np.int64)
    factor, used = np.ones(outer + 1), np.zeros(outer + 1)
    poly, poly_t = np.zeros((outer + 1, units + 1)), np.zeros((outer + 1, units + 1))
    work = np.zeros((units + 1, units + 1))
    poly[0, 0], poly_t[0, 0] = 1.0, 1.0
    doubled = 2.0 * table[WEIGHT]
    total = np.zeros(6)
    depth = 0
    index[0] = -1
    while depth >= 0:
        if outer > 0:
            index[depth] += 1
            i = index[depth]
            if i >= size:
                depth -= 1
                continue
            used[depth + 1] = used[depth] + z[i] * z[i]
            if used[depth + 1] > square:
                continue
            run[depth] = run[depth - 1] + 1 if depth > 0 and index[depth - 1] == i else 1
            factor[depth + 1] = factor[depth] * table[WEIGHT, i] * (depth + 1) / run[depth]
            _absorb(poly[depth], poly[depth + 1], depth, table[P, i], table[R, i])
            _absorb(poly_t[depth], poly_t[depth + 1], depth, table[PT, i], table[RT, i])
            if depth + 1 < outer:
                depth += 1
                index[depth] = i - 1
                continue
        two, one, none, two_t, one_t, none_t = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for n in range(outer + 1):
            two += b[n + 2] * poly[outer, n]
            one += b[n + 1] * poly[outer, n]
            none += b[n] * poly[outer, n]
            two_t += bt[n + 2] * poly_t[outer, n]
            one_t += bt[n + 1] * poly_t[outer, n]
            none_t += bt[n] * poly_t[outer, n]
        logs = (0.0, 0.0, 0.0)
        known = False
        ends = _reach(z, math.sqrt(square - used[outer]))
        for i in range(ends[0], ends[1]):
            left = square - used[outer] - z[i] * z[i]
            if left < 0.0:
                continue
            low, high = _reach(z, math.sqrt(left))
            low = max(i, low)
            if low >= high:
                continue
            if low == i:
                doubled[i] = table[WEIGHT, i]
            up, down = two * table[P, i] + one * table[R, i], one * table[P, i] + none * table[R, i]
            if _is_plain(table, (low, high), up, down):
                found = _last_pair(i, table, doubled, (low, high), two, one, none, two_t, one_t, none_t)
            else:
                if not known:
                    log_two = _log_weights(index, outer, table[LOG_P], table[LOG_R], b, 2, work)
                    log_one = _log_weights(index, outer, table[LOG_P], table[LOG_R], b, 1, work)
                    log_none = _log_weights(index, outer, table[LOG_P], table[LOG_R], b, 0, work)
                    logs, known = (log_two, log_one, log_none), True
                found = _last_pair_in_logarithms(i, table, doubled, (low, high), logs, (two_t, one_t, none_t))
            doubled[i] = 2.0 * table[WEIGHT, i]
            mass = factor[outer] * table[WEIGHT, i]
            for j in range(6):
                total[j] += mass * found[j]
        if outer == 0:
            break
    out[0] = total[0]
    out[1], out[2], out[4] = 0.5 * units * total[1], 0.5 * units * total[2], 0.5 * units * total[5]
    out[3] = 0.5 * units * total[3] + units * (units - 1.0) * total[4]


@array_kernel
def ratio_sums(table, b, extra, bt, units, square, out):  # type: ignore[no-untyped-def]
    """E[T Z_j/Z] for each row j of ``extra`` (the sums with those coefficients), all units but one in sorted tuples."""
    z = table[Z]
    size, outer = z.size, units - 1
    index, run = np.zeros(outer + 1, np.int64), np.zeros(outer + 1, np.int64)
    factor, used = np.ones(outer + 1), np.zeros(outer + 1)
    poly_t = np.zeros((outer + 1, units + 1))
    work = np.zeros((units + 1, units + 1))
    poly_t[0, 0] = 1.0
    out[:] = 0.0
    depth = 0
    index[0] = -1
    while depth >= 0:
        index[depth] += 1
        i = index[depth]
        if i >= size:
            depth -= 1
            continue
        used[depth + 1] = used[depth] + z[i] * z[i]
        if used[depth + 1] > square:
            continue
        run[depth] = run[depth - 1] + 1 if depth > 0 and index[depth - 1] == i else 1
        factor[depth + 1] = factor[depth] * table[WEIGHT, i] * (depth + 1) / run[depth]
        _absorb(poly_t[depth], poly_t[depth + 1], depth, table[PT, i], table[RT, i])
        if depth + 1 < outer:
            depth += 1
            index[depth] = i - 1
            continue
        up_t, down_t = 0.0, 0.0
        for n in range(outer + 1):
            up_t += bt[n + 1] * poly_t[outer, n]
            down_t += bt[n] * poly_t[outer, n]
        log_up = _log_weights(index, outer, table[LOG_P], table[LOG_R], b, 1, work)
        log_down = _log_weights(index, outer, table[LOG_P], table[LOG_R], b, 0, work)
        low, high = _reach(z, math.sqrt(square - used[outer]))
        for j in range(out.size):
            more_up = _log_weights(index, outer, table[LOG_P], table[LOG_R], extra[j], 1, work)
            more_down = _log_weights(index, outer, table[LOG_P], table[LOG_R], extra[j], 0, work)
            for k in range(low, high):
                log_z = log_add(log_up + table[LOG_P, k], log_down + table[LOG_R, k])
                share = math.exp(log_add(more_up + table[LOG_P, k], more_down + table[LOG_R, k]) - log_z)
                out[j] += factor[outer] * table[WEIGHT, k] * (up_t * table[PT, k] + down_t * table[RT, k]) * share
