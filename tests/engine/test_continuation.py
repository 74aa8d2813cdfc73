"""Branches: folds passed and located, events, jumps refused, failures said, walks resumed."""

from __future__ import annotations

import numpy as np
import pytest

from saddlepoint import (
    Arclength,
    Bracket,
    Fold,
    Ladder,
    Natural,
    Newton,
    Problem,
    Status,
    ZeroOf,
    collect,
    follow,
)
from saddlepoint.variables import Variable, Variables
from tests.engine.zoo import Cubic, CurieWeiss, Magnet, Nowhere, Pair

FOLD = 2 / (3 * np.sqrt(3))


def cubic(p):
    return Cubic(p=p)


def test_arclength_passes_both_folds_and_locates_them():
    branch = collect(follow(cubic, "p", -1.0, 1.0, 0.05, guess=[-1.3], method=Arclength(), events=[Fold()]))
    columns = branch.to_arrays()
    assert all(point.converged for point in branch)
    np.testing.assert_allclose(columns["x"] ** 3 - columns["x"], columns["p"], atol=1e-12)
    assert np.all(np.diff(columns["x"]) > 0)
    assert [event.standing for event in branch.events] == ["converged", "converged"]
    np.testing.assert_allclose([event.parameter for event in branch.events], [FOLD, -FOLD], rtol=1e-12)
    for event in branch.events:
        assert event.bracket[1] - event.bracket[0] < 1e-8
    at = [point["x"] for point in branch if point.event]
    np.testing.assert_allclose(at, [-1 / np.sqrt(3), 1 / np.sqrt(3)], atol=1e-7)
    assert columns["p"][-1] == 1.0 and branch.points[-1].converged
    assert list(columns["event"][columns["event"] != ""]) == ["fold", "fold"]


@pytest.mark.parametrize("weight", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("scale", [0.1, 10.0])
def test_arclength_in_other_units(weight, scale):
    method = Arclength(weight=weight, scale=scale)
    branch = collect(follow(cubic, "p", -1.0, 1.0, 0.02, guess=[-1.3], method=method, events=[Fold()]))
    np.testing.assert_allclose([event.parameter for event in branch.events], [FOLD, -FOLD], rtol=1e-10)


def test_arclength_with_two_unknowns_follows_the_closed_form():
    branch = collect(follow(lambda a: Pair(a=a), "a", 0.1, 30.0, 0.1, method=Arclength(scale=5.0)))
    columns = branch.to_arrays()
    np.testing.assert_allclose(columns["V"], 1 / np.sqrt(1 + columns["a"]), rtol=1e-12)
    assert columns["a"][-1] == 30.0
    assert len(branch) < 100


def test_natural_follows_and_lands_on_the_end():
    branch = collect(follow(lambda h: CurieWeiss(beta=1.5, h=h), "h", 0.0, 2.0, 0.05))
    columns = branch.to_arrays()
    np.testing.assert_allclose(columns["m"], np.tanh(1.5 * columns["m"] + columns["h"]), rtol=1e-14)
    assert columns["h"][0] == 0.0 and columns["h"][-1] == 2.0
    assert np.max(np.diff(columns["h"])) > 0.1  # the step has grown
    assert len({id(point.problem) for point in branch}) == len(branch)


def test_natural_ends_at_a_fold_and_says_so():
    branch = collect(follow(cubic, "p", -1.0, 1.0, 0.05, guess=[-1.3], method=Natural(jump=0.4)))
    assert [point.converged for point in branch] == [True] * (len(branch) - 1) + [False]
    assert 0 < FOLD - branch.last.parameter < 1e-3
    failed = branch.points[-1]
    assert not failed.status.converged and np.isnan(failed["x"])
    assert branch.last.converged and branch.to_arrays()["status"][-1].startswith("not converged: ")


def test_natural_refuses_to_jump():
    # beyond the fold this corrector finds the upper branch
    bold = Ladder(Newton(steps=8), Bracket(1.0, 3.0))
    wild = collect(follow(cubic, "p", -1.0, 1.0, 0.05, guess=[-1.3], method=Natural(solver=bold, jump=10.0)))
    assert wild.points[-1].converged and wild.points[-1]["x"] > 1
    tame = collect(follow(cubic, "p", -1.0, 1.0, 0.05, guess=[-1.3], method=Natural(solver=bold, jump=0.4)))
    assert tame.last["x"] < 0 and not tame.points[-1].converged
    assert tame.points[-1].status is Status.STALLED and np.isnan(tame.points[-1]["x"])


@pytest.mark.parametrize("method", [Natural(), Arclength()], ids=["natural", "arclength"])
def test_zero_of_a_function_is_located(method):
    # where m = 1/2: h = atanh(1/2) - beta / 2
    event = ZeroOf(lambda point: point["m"] - 0.5, "half")
    walk = follow(lambda h: CurieWeiss(beta=0.5, h=h), "h", 0.05, 1.0, 0.03, method=method, events=[event])
    branch = collect(walk)
    (found,) = branch.events
    assert found.name == "half" and found.standing == "converged"
    np.testing.assert_allclose(found.parameter, np.arctanh(0.5) - 0.25, rtol=1e-9)
    assert found.bracket[0] <= found.parameter <= found.bracket[1]
    columns = branch.to_arrays()
    assert np.all(np.diff(columns["h"]) > 0)  # the event stands at its place in the table


def test_several_events_in_one_step_come_in_order():
    events = [ZeroOf(lambda point, c=c: point.parameter - c, f"at {c}") for c in (0.31, 0.33, 0.32)]
    walk = follow(lambda h: CurieWeiss(beta=0.5, h=h), "h", 0.3, 1.0, 0.5, events=events)
    assert [event.name for event in collect(walk).events] == ["at 0.31", "at 0.32", "at 0.33"]


def test_a_jump_is_only_a_guess():
    event = ZeroOf(lambda point: 1.0 if point.parameter > 0.4 else -1.0, "step")
    (found,) = collect(
        follow(lambda h: CurieWeiss(beta=0.5, h=h), "h", 0.3, 1.0, 0.25, events=[event])
    ).events
    assert found.standing == "guess"
    assert found.bracket[0] <= 0.4 <= found.bracket[1] and found.bracket[1] - found.bracket[0] < 1e-8


@pytest.mark.parametrize("method", [Natural(), Arclength()], ids=["natural", "arclength"])
def test_a_resumed_walk_is_the_uninterrupted_one(method):
    def walk(start, **more):
        settings = {"method": method, "bounds": (0.05, 2.0), "stability": lambda point: 1 - point["m"] ** 2}
        return follow(lambda h: CurieWeiss(beta=0.7, h=h), "h", start, 2.0, 0.02, **settings, **more)

    whole = collect(walk(0.05)).to_arrays()
    half = collect(walk(0.05, max_points=5))
    assert len(half) == 5
    resumed = half.extend(walk(half.last)).to_arrays()
    for name, column in whole.items():
        np.testing.assert_array_equal(resumed[name], column)
    np.testing.assert_array_equal(whole["stability"], 1 - whole["m"] ** 2)


def test_following_is_a_loop_the_caller_may_leave():
    seen = []
    for point in follow(lambda h: CurieWeiss(beta=0.7, h=h), "h", 0.05, 2.0, 0.02):
        seen.append(point["m"])
        if point["m"] > 0.5:
            break
    assert seen == sorted(seen) and seen[-1] > 0.5 > seen[-2]


def test_downwards():
    branch = collect(follow(lambda h: CurieWeiss(beta=0.7, h=h), "h", 2.0, 0.1, 0.1, method=Arclength()))
    columns = branch.to_arrays()
    assert np.all(np.diff(columns["h"]) < 0) and columns["h"][-1] == 0.1


def test_first_point_may_fail():
    branch = collect(follow(lambda gap: Nowhere(gap=gap), "gap", 1.0, 2.0, 0.1))
    assert len(branch) == 1 and not branch.points[0].converged
    with pytest.raises(ValueError, match="no solved point"):
        assert branch.last


@pytest.mark.parametrize(("angle", "turns"), [(0.6, True), (np.pi, False)])
def test_angle_limit_keeps_to_the_branch(angle, turns):
    # two arms x^2 = p^2 - 0.04: a long step from x = p < 0 crosses the gap to the other one
    class Crossing(Problem):
        variables, size = Variables(Variable("x")), 1

        def __init__(self, p):
            self.p = p

        def residual(self, free):
            return free**2 - self.p**2 + 0.04

        def jacobian(self, free):
            return 2 * free[:, :, None]

        def take(self, index):
            return self

    method = Arclength(angle=angle)
    walk = follow(Crossing, "p", -1.0, 1.0, 0.5, guess=[-1.0], method=method, max_step=0.5, min_step=1e-3)
    columns = collect(walk).to_arrays()
    np.testing.assert_allclose(columns["x"] ** 2, columns["p"] ** 2 - 0.04, atol=1e-10)
    # the arm of the start turns at p = -0.2 and comes back on the other side
    assert (columns["p"].max() <= -0.2 + 1e-12) == turns
    assert (columns["p"].max() > 0.2) != turns


def test_arguments_are_checked():
    for bad, sentence in [
        ({"step": 0.0}, "step must be positive"),
        ({"step": None}, "step must be positive"),
        ({"stop": 0.05}, "finite and different"),
        ({"events": [Fold()]}, r"Fold\(\) needs method=Arclength\(\)"),
    ]:
        with pytest.raises(ValueError, match=sentence):
            follow(cubic, "p", 0.05, **({"stop": 1.0, "step": 0.1} | bad))
    with pytest.raises(ValueError, match="single row"):
        collect(follow(lambda beta: Magnet(beta=[beta, beta], h=0.1), "beta", 0.5, 1.0, 0.1))
    with pytest.raises(ValueError, match="weight must be in"):
        Arclength(weight=1.0)
    failed = collect(follow(lambda gap: Nowhere(gap=gap), "gap", 1.0, 2.0, 0.1)).points[0]
    assert failed.status is not Status.CONVERGED
    with pytest.raises(ValueError, match="only go on from a point that converged"):
        follow(cubic, "p", failed, 1.0, 0.1)
