"""Newton's method in mpmath on the equations of `_truth`, from a solution in double precision."""

from __future__ import annotations

from typing import Any

from mpmath import mp

from benchmarks._truth import Point, Truth

TARGET = 1e-21


class NoSolution(Exception):
    """Newton's method did not settle: there is no solution next to the start."""


def residual(truth: Truth, names: tuple[str, ...], free: list[Any], held: dict[str, Any]) -> list[Any]:
    """Logarithmic in ``q_hat`` and ``m_hat``, relative in the curvature."""
    values = held | {
        name: x if name == "curvature" else mp.exp(x) for name, x in zip(names, free, strict=True)
    }
    terms = truth.pattern(truth.single(values))
    found = []
    for name, x in zip(names, free, strict=True):
        if name == "curvature":
            found.append((truth.alpha * terms[2] - x) / (1 + abs(x)))
        else:
            found.append(mp.log(truth.alpha * terms[1 if name == "q_hat" else 5]) - x)
    return found


def polish(point: Point, start: dict[str, float]) -> tuple[dict[str, Any], float, float]:
    """Observables of the solution next to ``start``, the largest move of a coordinate, the residual left.

    Raises
    ------
    NoSolution
        When the residual stays above 1e-21.
    """
    truth = Truth(point, start)
    held = {"q_hat": mp.zero} if truth.paramagnet else {}
    names = tuple(name for name in point.unknowns if name not in held)
    begin = [mp.mpf(start[name]) if name == "curvature" else mp.log(mp.mpf(start[name])) for name in names]
    free, left = _newton(truth, names, begin, held)
    values = held | {
        name: x if name == "curvature" else mp.exp(x) for name, x in zip(names, free, strict=True)
    }
    moved = max((float(abs(a - b)) for a, b in zip(free, begin, strict=True)), default=0.0)
    return truth.observe(values), moved, left


def _newton(
    truth: Truth, names: tuple[str, ...], free: list[Any], held: dict[str, Any]
) -> tuple[list[Any], float]:
    """Chord steps; the Jacobian by differences, anew where a step gains less than six digits."""
    if not names:
        return free, 0.0
    now = residual(truth, names, free, held)
    matrix = None
    for _ in range(20):
        size = max(abs(r) for r in now)
        if size < TARGET:
            return free, float(size)
        if matrix is None:
            matrix = _jacobian(truth, names, free, held, now)
        try:
            step = mp.lu_solve(matrix, mp.matrix(now))
        except ZeroDivisionError:
            raise NoSolution("singular Jacobian") from None
        longest = max(abs(s) for s in step)
        free = [x - s * min(1, 1 / longest) for x, s in zip(free, step, strict=True)]
        now = residual(truth, names, free, held)
        if not max(abs(r) for r in now) < 1e-6 * size:
            matrix = None
    raise NoSolution(f"residual {mp.nstr(max(abs(r) for r in now), 3)} after 20 steps")


def _jacobian(
    truth: Truth, names: tuple[str, ...], free: list[Any], held: dict[str, Any], now: list[Any]
) -> Any:
    matrix = mp.matrix(len(free), len(free))
    for j in range(len(free)):
        shift = mp.mpf("1e-12") * (1 + abs(free[j]))
        moved = residual(truth, names, [x + shift * (i == j) for i, x in enumerate(free)], held)
        for i in range(len(free)):
            matrix[i, j] = (moved[i] - now[i]) / shift
    return matrix
