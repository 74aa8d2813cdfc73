"""The verb `solve`: every status, the check on finer integrals, starts, and what a solution tells."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from saddlepoint import (
    REAL,
    Bracket,
    Newton,
    Picard,
    Problem,
    SolveFailed,
    Status,
    Tolerance,
    Variable,
    Variables,
    solve,
)
from tests.engine.zoo import (
    Blurred,
    Cubic,
    CurieWeiss,
    Explode,
    Linear,
    Magnet,
    Mixed,
    Nowhere,
    Pair,
    Runaway,
)

ENDS = {
    "regular": Status.CONVERGED,
    "slow": Status.STEPS_SPENT,
    "kink": Status.STALLED,
    "runaway": Status.DIVERGED,
    "edge": Status.LEFT_DOMAIN,
    "nan": Status.NOT_FINITE,
    "flat": Status.SINGULAR,
    "blurred": Status.INTEGRAL_UNSURE,
}
BOLD = Newton(steps=34, max_step=50.0)


def test_all_endings_in_one_batch_and_alone():
    problem = Mixed(kind=np.arange(8), blur=0.1)
    together = solve(problem, solver=BOLD, on_failure="keep")
    assert dict(zip(Mixed.kinds, together.status, strict=True)) == ENDS
    assert list(together.converged) == [True] + [False] * 7
    np.testing.assert_allclose([together["x"][0], together["y"][0]], [2.0, np.exp(0.5)], rtol=1e-14)
    assert np.isfinite(together.error[0]).all() and np.isnan(together.error[1:]).all()
    for row in range(8):
        alone = solve(problem.take(np.array([row])), solver=BOLD, on_failure="keep")
        assert alone.status[0] is together.status[row]
        np.testing.assert_array_equal(alone.point[0], together.point[row])


def test_every_status_has_a_sentence():
    for status in Status:
        assert status.sentence.startswith("converged" if status.converged else "not converged: ")
        assert pickle.loads(pickle.dumps(status)) is status
    assert {*ENDS.values(), Status.NO_SOLUTION} == set(Status)
    assert [status for status in Status if status.converged] == [Status.CONVERGED]


@pytest.mark.parametrize(
    ("problem", "solver", "expected"),
    [
        (Explode(rate=3.0), Picard(), Status.DIVERGED),
        (Explode(rate=-1.0), Picard(), Status.STALLED),
        (Runaway(push=50.0), Picard(), Status.LEFT_DOMAIN),
        (Runaway(push=-50.0), Picard(), Status.LEFT_DOMAIN),
        (CurieWeiss(beta=1.001, h=1e-6), Picard(steps=20), Status.STEPS_SPENT),
        (Linear(rate=0.5, shift=np.inf), Picard(), Status.NOT_FINITE),
        (Nowhere(gap=1.0), Bracket(-3.0, 2.0), Status.NO_SOLUTION),
        (Nowhere(gap=0.0), Bracket(-3.0, 3.0), Status.NO_SOLUTION),
    ],
)
def test_endings_of_the_other_solvers(problem, solver, expected):
    solution = solve(problem, solver=solver, on_failure="keep")
    assert solution.status[0] is expected
    with pytest.raises(SolveFailed) as caught:
        solve(problem, solver=solver)
    assert caught.value.solution.status[0] is expected
    assert expected.sentence in str(caught.value)


def test_edge_names_its_variable():
    solution = solve(Mixed(kind=4, blur=0.0), solver=BOLD, on_failure="keep")
    assert solution.sentence().endswith("(at the edge: y)")


def test_a_failed_row_ends_at_its_smallest_residual():
    problem = Nowhere(gap=1.0)
    solution = solve(problem, solver=Newton(), on_failure="keep", trace=True)
    smallest = min(float(norm[0]) for _, _, norm in solution.trace)
    assert solution.residual[0] == smallest
    np.testing.assert_array_equal(np.abs(problem.residual(solution.point))[:, 0], solution.residual)


def test_double_root_reports_how_little_is_known():
    # (x - 1)^2 = 0 is solved to 1e-12 already 1e-6 away
    class Touching(Nowhere):
        def residual(self, free):
            return (free - 1.0) ** 2

    solution = solve(Touching(gap=0.0), solver=Newton(), on_failure="keep")
    assert solution.converged[0]
    assert 1e-8 < abs(solution["x"][0] - 1.0) <= 1.1 * solution.error[0, 0] < 1e-4


def test_a_high_rounding_floor_is_not_a_solution():
    # 1/x falls below the floor 4 eps x far out, where a Newton step is still as long as x
    class Tail(Nowhere):
        def residual(self, free):
            return 1.0 / free

    assert solve(Tail(gap=1.0), solver=Newton(), on_failure="keep").status[0] is Status.STALLED


def test_exactly_at_a_bifurcation_the_jacobian_is_singular():
    solution = solve(Magnet(beta=1.0, h=0.0), start=[0.0], on_failure="keep")
    assert solution.status[0] is Status.SINGULAR


@pytest.mark.parametrize("ratio", [1e-3, -1e-2])
def test_finer_integrals_correct_the_point(ratio):
    problem = Blurred(target=[1.0, -2.0], blur=[1e-9, 1e-8], ratio=ratio)
    solution = solve(problem)
    truth = np.array([1.0, -2.0])
    assert np.all(np.abs(solution["x"] - truth) <= abs(ratio) * problem.blur + 1e-15)
    assert np.all(solution.residual < 1e-14)


def test_a_large_correction_is_confirmed_by_further_refinement():
    problem = Blurred(target=1.0, blur=[1e-3, 1e-9], ratio=1e-3)
    solution = solve(problem)
    # 1e-3 -> 1e-6 -> 1e-9 -> 1e-12: the second refinement moves the point by less than 1e-6, and more than 1e-9, so
    # that a third has its say
    np.testing.assert_allclose(solution["x"][0], 1.0 + 1e-12, rtol=1e-15)
    assert solution.error[0, 0] >= 5e-10
    raw = solve(problem, check=False)
    np.testing.assert_allclose(raw["x"], 1.0 + problem.blur, rtol=1e-15)
    assert np.isnan(raw.error).all()


def test_a_refinement_that_is_no_better_is_in_the_error():
    """Corrections of 1e-8 one after the other: the error is what the last of them moved, not a power of it."""
    problem = Blurred(target=1.0, blur=[1e-8, 1e-13], ratio=-1.0)
    solution = solve(problem)
    assert solution.error[0, 0] >= 1e-8
    assert solution.error[1, 0] < 1e-11


def test_an_integral_that_does_not_settle_is_unsure():
    solution = solve(Blurred(target=1.0, blur=[1e-2, 0.0], ratio=-0.9), on_failure="keep")
    assert [status.name for status in solution.status] == ["INTEGRAL_UNSURE", "CONVERGED"]


def test_noise_floor_stops_a_residual_that_cannot_fall_further():
    class Noisy(Linear):
        level = 1e-10

        def update(self, free):
            return super().update(free) + self.level * np.sin(1e13 * free)

        def noise(self, free):
            return np.full_like(free, 2 * self.level)

    solution = solve(Noisy(rate=0.5, shift=1.0), solver=Picard())
    assert solution.error[0, 0] > 1e-10
    assert abs(solution["x"][0] - 2.0) <= solution.error[0, 0]


def test_what_equations_go_astray_by_is_in_the_error():
    class Doubtful(Linear):
        def astray(self):
            return [Linear(rate=self.rate, shift=self.shift + 1e-6)]

    solution = solve(Doubtful(rate=[0.5, 0.9], shift=1.0))
    assert solution["x"] == pytest.approx([2.0, 10.0], abs=1e-10)
    assert solution.error[:, 0] == pytest.approx([2e-6, 1e-5], rel=1e-3)


def test_relative_tolerance():
    loose = solve(Linear(rate=0.5, shift=1e6), solver=Picard(), tolerance=Tolerance(0.0, 1e-6), check=False)
    assert 1e-8 < loose.residual[0] <= 1e-6 * abs(loose["x"][0])


def test_starts():
    problem = Pair(a=[1.0, 2.0])
    reference = solve(problem).point
    for start in ({"q": 0.3, "V": [0.5, 0.6]}, [-1.0, 0.0], np.zeros((2, 2)), problem.start().astype(int)):
        np.testing.assert_allclose(solve(problem, start=start).point, reference, atol=1e-14)
    with pytest.raises(ValueError, match=r"start must have shape \(2, 2\) or \(2,\), got \(3,\)"):
        solve(problem, start=[0.0, 0.0, 0.0])
    with pytest.raises(ValueError, match="'V' must be strictly between 0 and 1, got 1.5"):
        solve(problem, start={"q": 0.3, "V": 1.5})
    with pytest.raises(ValueError, match="on_failure must be 'raise' or 'keep'"):
        solve(problem, on_failure="ignore")


def test_the_start_is_not_changed():
    start = np.array([[1.3]])
    solve(Cubic(p=3.0), start=start)
    assert start[0, 0] == 1.3


def test_solution_names():
    class Described(Pair):
        def describe(self, free):
            values = self.variables.values(free)
            return values | {"sum": values["q"] + values["V"]}

    solution = solve(Described(a=[1.0, 2.0]))
    np.testing.assert_array_equal(solution["sum"], solution["q"] + solution["V"])
    assert len(solution) == 2
    with pytest.raises(ValueError, match="unknown variable 'qq'; did you mean 'q'"):
        solution["qq"]


def test_evaluations_are_counted():
    class Counting(Linear):
        rows = 0

        def update(self, free):
            Counting.rows += len(free)
            return super().update(free)

    for solver in (Newton(), Picard(), Bracket(-30.0, 30.0)):
        Counting.rows = 0
        assert solve(Counting(rate=[0.5, -0.9], shift=1.0), solver=solver).evaluations == Counting.rows


def test_problem_without_unknowns():
    class Closed(Problem):
        variables = Variables()

        def __init__(self, size):
            self.size = size

        def residual(self, free):
            return np.empty((self.size, 0))

        def take(self, index):
            return Closed(len(index))

    solution = solve(Closed(3))
    assert solution.converged.all() and solution.point.shape == (3, 0)


def test_empty_batch():
    solution = solve(Linear(rate=np.empty(0), shift=np.empty(0)))
    assert len(solution) == 0 and solution["x"].shape == (0,)


def test_problem_must_define_its_equations():
    class Nothing(Problem):
        variables = Variables(Variable("x", REAL))
        size = 1

        def take(self, index):
            return self

    with pytest.raises(TypeError, match="Nothing must define update or residual"):
        solve(Nothing())


def test_failure_survives_pickling():
    with pytest.raises(SolveFailed) as caught:
        solve(Nowhere(gap=1.0))
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)
    assert again.solution.status[0] is caught.value.solution.status[0]


def test_large_batch_is_the_same_as_its_parts():
    rng = np.random.default_rng(3)
    problem = CurieWeiss(beta=rng.uniform(1.1, 3.0, 3000), h=rng.uniform(0.01, 0.5, 3000))
    whole = solve(problem)
    part = solve(problem.take(np.arange(1000, 1100)))
    np.testing.assert_allclose(whole.point[1000:1100], part.point, rtol=0, atol=1e-15)


@pytest.mark.parametrize("solver", [Newton(), Picard()], ids=lambda s: s.name)
def test_a_residual_of_the_wrong_shape_is_named(solver):
    class Flat(Linear):
        def residual(self, free):
            return super().residual(free)[:, 0]

    with pytest.raises(ValueError, match="the residual of Flat must have shape"):
        solve(Flat(rate=0.5, shift=1.0), solver=solver)
