"""Every solver on the zoo: right answers, errors that cover the truth, rows that do not touch each other."""

from __future__ import annotations

import numpy as np
import pytest

from saddlepoint import (
    Anderson,
    Bracket,
    Ladder,
    Newton,
    Picard,
    SolveFailed,
    Status,
    Tolerance,
    solve,
)
from tests.engine.zoo import Cliff, Cubic, CurieWeiss, Explode, Linear, Nowhere, Pair, Triple

SOLVERS = {
    "newton": Newton(),
    "anderson": Anderson(),
    "anderson-1": Anderson(memory=1, damping=0.5),
    "picard": Picard(),
    "picard-half": Picard(damping=0.5),
    "ladder": Ladder(Newton(), Anderson(), Picard(0.5)),
    "restart": Ladder(Picard(steps=2), Newton(), restart=True),
}
PROBLEMS = {
    "linear": Linear(rate=[0.5, -0.9, 0.0, 0.8], shift=[1.0, 3.0, -2.0, 1e3]),
    "pair": Pair(a=[0.01, 1.0, 2.0, 5.0]),
    "triple": Triple(s=[0.0, 0.3, -1.0, 0.7]),
}


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
@pytest.mark.parametrize("solver", SOLVERS.values(), ids=SOLVERS)
def test_closed_form_within_the_reported_error(problem, solver):
    solution = solve(problem, solver=solver)
    assert solution.converged.all()
    for i, (name, exact) in enumerate(problem.solution().items()):
        truth = problem.variables[i].chart.to_free(exact)
        assert np.all(np.abs(solution.point[:, i] - truth) <= solution.error[:, i] + 4e-16 * np.abs(truth))
        assert np.all(solution.error[:, i] <= 1e-12 * np.maximum(1.0, np.abs(truth)))
        np.testing.assert_allclose(solution[name], exact, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("solver", [*SOLVERS.values(), Bracket(-15.0, 1.0)], ids=[*SOLVERS, "bracket"])
def test_magnetisation_solves_its_equation(solver):
    rng = np.random.default_rng(11)
    problem = CurieWeiss(beta=rng.uniform(1.2, 4.0, 40), h=rng.uniform(0.01, 0.5, 40))
    m = solve(problem, solver=solver)["m"]
    np.testing.assert_allclose(m, np.tanh(problem.beta * m + problem.h), rtol=2e-15)
    assert np.all(m > 0)


@pytest.mark.parametrize("solver", [*SOLVERS.values(), Bracket(-15.0, 1.0)], ids=[*SOLVERS, "bracket"])
def test_batch_is_the_same_as_single_rows(solver):
    rng = np.random.default_rng(5)
    problem = CurieWeiss(beta=rng.uniform(1.2, 4.0, 12), h=rng.uniform(0.01, 0.5, 12))
    together = solve(problem, solver=solver)
    for row in range(problem.size):
        alone = solve(problem.take(np.array([row])), solver=solver)
        assert together.steps[row] == alone.steps[0]
        assert together.solver[row] == alone.solver[0]
        np.testing.assert_allclose(together.point[row], alone.point[0], rtol=0, atol=1e-15)
        np.testing.assert_allclose(together.error[row], alone.error[0], rtol=1e-6, atol=1e-17)


@pytest.mark.parametrize(
    "solver", [Newton(), Anderson(), Picard(0.5), Bracket(-1.0, 5.0, points=25)], ids=lambda s: s.name
)
def test_failing_rows_do_not_spoil_the_others(solver):
    class Holed(Cliff):
        def residual(self, free):
            # the marked rows are never a number
            return np.where(self.bad[:, None] > 0, np.nan, super().residual(free))

    bad = np.array([0.0, 1.0, 0.0, 1.0, 0.0])
    mixed = solve(Holed(edge=[1.5, 2.0, 2.5, 3.0, 3.5], bad=bad), solver=solver, on_failure="keep")
    clean = solve(Holed(edge=[1.5, 2.5, 3.5], bad=0.0), solver=solver, on_failure="keep")
    assert [status is Status.NOT_FINITE for status in mixed.status] == [b > 0 for b in bad]
    np.testing.assert_array_equal(mixed.point[bad == 0], clean.point)
    assert np.isnan(mixed.error[bad > 0]).all() and np.isnan(mixed.residual[bad > 0]).all()


def test_newton_is_quadratic():
    problem = Cubic(p=3.0)
    solution = solve(problem, start=[1.9], solver=Newton(), trace=True, tolerance=Tolerance(0.0))
    exact = solution.point[0, 0]
    errors = np.array([abs(float(free[0, 0]) - exact) for _, free, _ in solution.trace])
    errors = errors[(errors > 1e-13) & (errors < 0.3)]
    order = np.log(errors[2:] / errors[1:-1]) / np.log(errors[1:-1] / errors[:-2])
    assert len(order) >= 2
    assert np.all(order > 1.7) and np.all(order < 2.4)


def test_anderson_is_superlinear_where_picard_is_linear():
    problem = CurieWeiss(beta=1.05, h=0.001)
    plain, fast = (solve(problem, solver=solver) for solver in (Picard(steps=5000), Anderson()))
    np.testing.assert_allclose(plain["m"], fast["m"], rtol=1e-11)
    assert fast.steps[0] * 10 < plain.steps[0]


def test_anderson_returns_from_a_wild_step():
    # the plain map throws the point from 1 to -8 and further out; the accelerated one must come back
    solution = solve(Explode(rate=-8.0), solver=Anderson())
    np.testing.assert_allclose(solution["x"], 0.0, atol=1e-12)


def test_newton_backtracks_over_a_cliff():
    # from x = -10 the full step lands beyond the edge, where there is no number
    solution = solve(Cliff(edge=[0.5, 2.0]), start=[-10.0], solver=Newton(max_step=50.0))
    np.testing.assert_allclose(solution["x"], [-0.5, 1.0], rtol=1e-12)


def test_newton_keeps_its_step_limit():
    trace = solve(CurieWeiss(beta=2.0, h=0.1), start=[-20.0], solver=Newton(max_step=0.5), trace=True).trace
    moves = np.diff([float(free[0, 0]) for _, free, _ in trace])
    assert np.max(np.abs(moves)) <= 0.5 + 1e-15


def test_bracket_needs_a_change_of_sign_and_says_what_it_saw():
    solution = solve(Nowhere(gap=[1.0, -0.25]), solver=Bracket(-1.0, 0.25), on_failure="keep")
    assert list(solution.status) == [Status.NO_SOLUTION, Status.CONVERGED]
    np.testing.assert_allclose(solution.point[1], -0.5, rtol=1e-13)
    assert "residual +2 at -1 and +1.0625 at 0.25" in solution.sentence(0)


def test_bracket_scan_takes_the_lowest_root_and_passes_over_nan():
    class Wave(Cubic):
        def residual(self, free):
            return np.where(free < -2.9, np.nan, np.sin(free))

    assert (
        solve(Wave(p=0.0), solver=Bracket(-3.0, 7.0, points=2), on_failure="keep").status[0]
        is Status.NOT_FINITE
    )
    np.testing.assert_allclose(solve(Wave(p=0.0), solver=Bracket(-3.0, 7.0, points=21))["x"], 0.0, atol=1e-12)


def test_bracket_of_a_jump_is_not_a_solution():
    class Jump(Cubic):
        def residual(self, free):
            return np.where(free < self.p[:, None], -1.0, 2.0)

    solution = solve(Jump(p=0.3), solver=Bracket(-1.0, 1.0), on_failure="keep")
    assert solution.status[0] is Status.STALLED
    assert "jumps across zero at 0.3" in solution.sentence()


def test_bracket_ends_may_be_infinite_or_per_row():
    class Pole(Cubic):
        def residual(self, free):
            with np.errstate(divide="ignore"):
                return 1.0 / free - self.p[:, None]

    low, high = np.array([0.0, 0.1]), np.array([5.0, 9.0])
    solution = solve(Pole(p=[4.0, 0.5]), solver=Ladder(Picard(steps=1), Bracket(low, high)))
    np.testing.assert_allclose(solution["x"], [0.25, 2.0], rtol=1e-12)
    assert list(solution.solver) == ["bracket", "bracket"]


def test_bracket_uses_few_evaluations():
    # Chandrupatla's first example, x^3 - 2 x - 5 on [2, 3]: bisection alone would need 40
    class Classic(Cubic):
        def residual(self, free):
            return free**3 - 2 * free - 5

    solution = solve(Classic(p=0.0), solver=Bracket(2.0, 3.0), check=False)
    assert solution.evaluations <= 12
    np.testing.assert_allclose(solution["x"], 2.0945514815423265, rtol=1e-13)


def test_ladder_hands_on_failed_rows_only_and_can_be_promoted():
    problem = Explode(rate=[0.5, 3.0])
    ladder = Ladder(Picard(steps=60), Newton())
    solution = solve(problem, solver=ladder)
    assert list(solution.solver) == ["picard", "newton"]
    np.testing.assert_allclose(solution["x"], 0.0, atol=2e-12)
    again = solve(problem.take(np.array([1])), solver=ladder)
    assert ladder.promote(again).rungs == (Newton(), Picard(steps=60))
    with pytest.raises(ValueError, match="no rung is named 'bracket'"):
        ladder.promote("bracket")
    lost = solve(Nowhere(gap=1.0), solver=Ladder(Newton(), Picard(steps=5)), on_failure="keep")
    assert ladder.promote(lost) is ladder


def test_ladder_start_of_later_rungs():
    problem = CurieWeiss(beta=2.0, h=0.1)
    from_best = solve(problem, start=[-4.0], solver=Ladder(Picard(steps=3), Newton()), trace=True).trace
    afresh = solve(
        problem, start=[-4.0], solver=Ladder(Picard(steps=3), Newton(), restart=True), trace=True
    ).trace
    assert float(from_best[4][1][0, 0]) == float(from_best[3][1][0, 0])
    assert float(afresh[4][1][0, 0]) == -4.0


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Picard(damping=2.0), r"damping must be in \(0, 1\], got 2.0"),
        (lambda: Anderson(memory=0), "memory must be a whole number of at least 1, got 0"),
        (lambda: Newton(max_step=0.0), "max_step must be in"),
        (lambda: Newton(steps=2.5), "steps must be a whole number"),
        (lambda: Bracket(1.0, 0.0), "a bracket needs finite ends with low < high"),
        (lambda: Ladder(), "at least one solver"),
        (lambda: Tolerance(absolute=-1.0), "absolute tolerance must be in"),
    ],
)
def test_settings_check_themselves(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()


def test_bracket_refuses_two_variables():
    with pytest.raises(ValueError, match="one variable, got 2"):
        solve(Pair(a=1.0), solver=Bracket(-1.0, 1.0))


def test_failure_carries_the_solution():
    with pytest.raises(SolveFailed, match="1 of 2 rows; row 1: not converged") as caught:
        solve(Nowhere(gap=[-1.0, 1.0]), solver=Newton())
    assert list(caught.value.solution.converged) == [True, False]
