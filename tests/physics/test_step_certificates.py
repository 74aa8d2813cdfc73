"""Certificates of one step: the double-precision solution, stationarity in mpmath, and what is refused."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

import replica
from replica.ansatz.rsb import certified
from saddlepoint import CertificationFailed

NEGATIVE = replica.perceptron("spherical", margin=-1.0)
OUTSIDE = replica.perceptron("spherical", loss=replica.OutsideBand(0.5))
COUNTED = replica.perceptron("spherical", loss=replica.ErrorCount())
WIDE = replica.committee(units=np.inf, activation="relu", weights="spherical")
BAND = replica.perceptron("binary", loss=replica.OutsideBand(1.0))
ONE = replica.RSB()


def agrees(solution: replica.Solution, digits: int = 16) -> mpmath.mpf:
    found = solution.certify(digits=digits)
    names = [name for name in found.values if name in solution.errors]
    assert {"q0", "parisi"} < set(names) and found.residual < 10.0**-digits
    verdict = found.agrees({name: solution[name] for name in names}, solution.errors)
    assert all(verdict.values()), verdict
    if found.potential is not None:
        assert abs(found.potential - solution.free_entropy) <= solution.error + 1e-15
    return found


def test_a_capacity_to_thirty_digits() -> None:
    threshold = replica.capacity(NEGATIVE, ansatz=ONE)
    found = agrees(threshold.solution, 30)
    assert abs(found.values["alpha"] - threshold.value) < 1e-13
    assert abs(found.values["alpha"] - mpmath.mpf("12.3196343465869")) < 1e-13


@pytest.mark.parametrize(
    ("model", "alpha"),
    [(NEGATIVE, 9.0), (OUTSIDE, 4.0), (BAND, 0.55), (BAND, None)],
    ids=["margin", "outside a band", "signs", "capacity of signs"],
)
def test_one_step(model: replica.Model, alpha: float | None) -> None:
    if alpha is None:
        found = agrees(replica.capacity(model, ansatz=ONE).solution)
        assert abs(found.potential) < 1e-16
    else:
        agrees(replica.solve(model, alpha=alpha, ansatz=ONE))


@pytest.mark.parametrize(("model", "alpha"), [(NEGATIVE, 9.0), (BAND, 0.55)], ids=["sphere", "signs"])
def test_the_functional_is_stationary_there(model: replica.Model, alpha: float) -> None:
    """Central differences of the free entropy in q_0, q_1 and m."""
    solution = replica.solve(model, alpha=alpha, ansatz=ONE)
    with mpmath.workdps(26):
        mp, step = mpmath.mp, mpmath.mpf("1e-5")
        values = dict(zip(solution.problem.variables.names, map(mpmath.mpf, solution.point), strict=True))
        at = solution.problem._reference_order(values, mp)

        def phi(q0: mpmath.mpf, q1: mpmath.mpf, m: mpmath.mpf) -> mpmath.mpf:
            moved = certified.Order(q0, q1, 1 - q1, q1 - q0, m, at.alpha)
            return solution.problem._reference_sides(moved, mp, 18)[1]

        here = [at.q0, at.q1, at.m]
        for i in range(3):
            ends = [phi(*[x + side * step * (i == j) for j, x in enumerate(here)]) for side in (1, -1)]
            assert abs(ends[0] - ends[1]) / (2 * step) < 2e-8  # of the third order


def test_the_closed_level_is_that_on_a_grid() -> None:
    """At a capacity ``f_1 = -(kappa - y)_+^2/2``: the sums over both levels, whose kink leaves them few digits."""
    with mpmath.workdps(20):
        mp = mpmath.mp
        order = mp.mpf("0.6"), mp.mpf("0.4"), mp.mpf(3)
        closed = certified.capacity_levels(mp.mpf(-1), *order, mp, 12)

        def terms(y: mpmath.mpf) -> tuple[mpmath.mpf, mpmath.mpf]:
            lacks = max(-1 - y, mp.zero)
            return -(lacks**2) / 2, lacks

        found = certified._sums(terms, mp.mpf("0.01"), False, *order, mp, 12)
    flat = [float(one.value) for one in (closed, found)], [float(one.mean) for one in (closed, found)]
    for pair in (*flat, *zip(map(float, closed.pushes), map(float, found.pushes), strict=True)):
        assert pair[0] == pytest.approx(pair[1], rel=1e-4)


@pytest.mark.parametrize(
    ("ask", "why"),
    [
        (lambda: replica.solve(NEGATIVE, alpha=9.0, ansatz=replica.RSB(2)), "this saddle point has 2"),
        (lambda: replica.solve(NEGATIVE, alpha=5.0, ansatz=ONE), "has 0"),
        (lambda: replica.solve(COUNTED, alpha=4.0, ansatz=ONE), "ground"),
        (lambda: replica.capacity(WIDE, ansatz=ONE).solution, "TreeComm"),
    ],
)
def test_what_is_not_certified(ask: object, why: str) -> None:
    with pytest.raises(CertificationFailed, match=why):
        ask().certify(digits=16)  # type: ignore[operator]
