"""Compiled parts of the solvers: differences, small linear systems, the judgement of a step; no classes."""

from __future__ import annotations

import numpy as np

from saddlepoint._jit import patient_kernel

EPS = float(np.finfo(float).eps)
#: numbers that these kernels take before they are compiled: a few milliseconds of interpreted arithmetic
FEW = 1024
DIFFERENCE_STEP = 1e-7

# codes of the rows while a loop runs; those of `Status` are listed in solution.py in the same order
RUNNING = -1
CONVERGED, STEPS_SPENT, STALLED, DIVERGED, LEFT_DOMAIN, NOT_FINITE, SINGULAR, INTEGRAL_UNSURE, NO_SOLUTION = (
    range(9)
)


@patient_kernel(FEW)
def shifted_points(free, points):
    """Fill ``points`` ((k+1) B, k) with ``free`` (B, k), then its shifts along every coordinate."""
    size, k = free.shape
    for b in range(size):
        for i in range(k):
            x = free[b, i]
            for s in range(k + 1):
                points[s * size + b, i] = x
            points[(i + 1) * size + b, i] = x + DIFFERENCE_STEP * max(1.0, abs(x))


@patient_kernel(FEW)
def differences(values, points, jacobian):
    """Forward differences of ``values`` ((k+1) B, k) at such ``points`` into ``jacobian`` (B, k, k)."""
    size, k = jacobian.shape[0], jacobian.shape[1]
    for b in range(size):
        for j in range(k):
            step = points[(j + 1) * size + b, j] - points[b, j]
            for i in range(k):
                jacobian[b, i, j] = (values[(j + 1) * size + b, i] - values[b, i]) / step


@patient_kernel(FEW)
def invert(matrix, inverse, pivot_ratio):
    """Inverses of (B, k, k) matrices by Gauss-Jordan with row pivoting (closed for k = 1).

    ``pivot_ratio`` (B,) receives smallest over largest pivot; a singular or non-finite matrix gives 0 and
    NaN.
    """
    size, k = matrix.shape[0], matrix.shape[1]
    work = np.empty((k, 2 * k))
    for b in range(size):
        if k == 1:
            value = matrix[b, 0, 0]
            good = np.isfinite(value) and value != 0.0
            inverse[b, 0, 0] = 1.0 / value if good else np.nan
            pivot_ratio[b] = abs(value) if good else 0.0
            continue
        for i in range(k):
            for j in range(k):
                work[i, j] = matrix[b, i, j]
                work[i, k + j] = 1.0 if i == j else 0.0
        smallest, largest = np.inf, 0.0
        for c in range(k):
            pivot = c
            for i in range(c + 1, k):
                if abs(work[i, c]) > abs(work[pivot, c]):
                    pivot = i
            head = work[pivot, c]
            if not (np.isfinite(head) and head != 0.0):
                smallest = 0.0
                break
            smallest, largest = min(smallest, abs(head)), max(largest, abs(head))
            for j in range(2 * k):
                entry = work[pivot, j]
                work[pivot, j] = work[c, j]
                work[c, j] = entry / head
            for i in range(k):
                if i != c and work[i, c] != 0.0:
                    factor = work[i, c]
                    for j in range(2 * k):
                        work[i, j] -= factor * work[c, j]
        good = smallest > 0.0
        pivot_ratio[b] = smallest / largest if good else 0.0
        for i in range(k):
            for j in range(k):
                inverse[b, i, j] = work[i, k + j] if good else np.nan


@patient_kernel(FEW)
def newton_direction(inverse, residual, free, bounded, limit, step, trial):
    """``step = -inverse residual`` (B, k), rows shortened to their limits, and ``trial = free + step``.

    The limit is ``limit`` for logarithmic columns (``bounded``) and ``limit max(1, |x|)`` for real ones,
    which have no scale of their own.
    """
    size, k = residual.shape
    for b in range(size):
        excess = 1.0
        for i in range(k):
            total = 0.0
            for j in range(k):
                total += inverse[b, i, j] * residual[b, j]
            step[b, i] = -total
            allowed = limit if bounded[i] else limit * max(1.0, abs(free[b, i]))
            excess = max(excess, abs(total) / allowed)
        for i in range(k):
            step[b, i] /= excess
            trial[b, i] = free[b, i] + step[b, i]


@patient_kernel(FEW)
def row_norms(residual, norm):
    """Largest modulus of each row; +inf where an entry is not finite."""
    size, k = residual.shape
    for b in range(size):
        largest = 0.0
        for i in range(k):
            value = abs(residual[b, i])
            if not np.isfinite(value):
                largest = np.inf
                break
            largest = max(largest, value)
        norm[b] = largest


@patient_kernel(FEW)
def judge(
    free,
    residual,
    noise,
    low,
    high,
    bounded,
    absolute,
    relative,
    patience,
    norm,
    best,
    mark,
    since,
    best_free,
    code,
):
    """Give every running row its code, and return how many rows finished.

    ``noise`` (B, k), or (0, k) for the default floor ``4 eps max(1, |x|)``. ``code`` (B,) may come with a
    code from the solver, which stands unless the row converged. ``best``, ``best_free``: smallest residual of
    each row and its place; ``since``: steps since the residual fell a tenth below ``mark``.
    """
    size, k = free.shape
    finished = 0
    for b in range(size):
        largest, finite, close, outside = 0.0, True, True, RUNNING
        for i in range(k):
            x, r = free[b, i], abs(residual[b, i])
            if not (np.isfinite(x) and np.isfinite(r)):
                finite = False
                break
            floor = noise[b, i] if noise.shape[0] else 4.0 * EPS * max(1.0, abs(x))
            close = close and r <= max(absolute + relative * abs(x), floor)
            largest = max(largest, r)
            if x < low[i] or x > high[i]:
                outside = LEFT_DOMAIN if bounded[i] else DIVERGED
        norm[b] = largest if finite else np.nan
        if not finite:
            code[b] = NOT_FINITE if code[b] == RUNNING else code[b]
        elif outside != RUNNING:
            code[b] = outside
        elif close:
            code[b] = CONVERGED
        if finite and (largest < best[b] or close):
            best[b] = largest
            for i in range(k):
                best_free[b, i] = free[b, i]
        if finite and largest < 0.9 * mark[b]:
            mark[b], since[b] = largest, 0
        else:
            since[b] += 1
        if code[b] == RUNNING and largest > 1e8 * max(1.0, best[b]):
            code[b] = DIVERGED
        if code[b] == RUNNING and since[b] > patience:
            code[b] = STALLED
        if code[b] != RUNNING:
            finished += 1
    return finished


@patient_kernel(FEW)
def correction(point, residual, inverse, allowed, small, moved, code):
    """One Newton correction of converged points on finer integrals, and whether it is believed.

    Not believed (INTEGRAL_UNSURE) when a component exceeds ``allowed``, unless the residual is at most
    ``small`` already: then the point stays, and a large ``inverse`` speaks through the error. A matrix
    without inverse gives SINGULAR.
    """
    size, k = point.shape
    for b in range(size):
        longest, largest, finite = 0.0, 0.0, True
        for i in range(k):
            total = 0.0
            for j in range(k):
                total += inverse[b, i, j] * residual[b, j]
            moved[b, i] = point[b, i] - total
            longest = max(longest, abs(total))
            largest = max(largest, abs(residual[b, i]))
            finite = finite and np.isfinite(residual[b, i])
            if not np.isfinite(total):
                longest = np.inf
        code[b] = CONVERGED
        if not finite:
            code[b] = INTEGRAL_UNSURE
        elif not np.isfinite(inverse[b, 0, 0]):
            code[b] = SINGULAR
        elif longest > allowed and largest > small:
            code[b] = INTEGRAL_UNSURE
        # a step that is too long is still the better guess for the next level, unless it is wild
        if not finite or longest > allowed and (largest <= small or longest > 1.0):
            for i in range(k):
                moved[b, i] = point[b, i]


@patient_kernel(FEW)
def remaining(point, before, moved, after, noise, inverse, absolute, relative, norm, error, code):
    """What is left after a correction: the norm of the residual and an estimated error per component.

    ``error = |J^-1 r| + |J^-1| noise + |c|^(3/2) + |c| s / (1 - s)`` for the correction c: finer integrals
    carry at least half as many digits again; s^2 is the ratio of the residuals after and before, where that
    is above the floor, so that the last term sums the corrections still to come at a double root. A
    correction that did not lower the residual is undone. Believed up to ten tolerances.
    """
    size, k = point.shape
    for b in range(size):
        old, new = 0.0, 0.0
        for i in range(k):
            old, new = max(old, abs(before[b, i])), max(new, abs(after[b, i]))
        if not new <= old:
            for i in range(k):
                moved[b, i], after[b, i] = point[b, i], before[b, i]
        norm[b] = min(old, new)
        tail = 0.0
        for i in range(k):
            step, spread = 0.0, 0.0
            for j in range(k):
                floor = noise[b, j] if noise.shape[0] else 4.0 * EPS * max(1.0, abs(moved[b, j]))
                step += inverse[b, i, j] * after[b, j]
                spread += abs(inverse[b, i, j]) * floor
                close = abs(after[b, j]) <= max(10.0 * (absolute + relative * abs(moved[b, j])), floor)
                if code[b] == CONVERGED and not close:
                    code[b] = INTEGRAL_UNSURE
                if i == 0 and new > floor and old > 0.0:
                    ratio = min(0.9, np.sqrt(new / old))
                    tail = ratio / (1.0 - ratio)
            change = abs(moved[b, i] - point[b, i])
            error[b, i] = abs(step) + spread + change**1.5 + change * tail
