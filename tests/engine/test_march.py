"""Rows on their way: they arrive, each with its own step; where a branch ends a row stops short of it, and says so."""

from __future__ import annotations

import numpy as np
import pytest

from saddlepoint import Newton, Problem, Variable, Variables
from saddlepoint.continuation.march import Stride, Tried, along, march, solving
from saddlepoint.variables import REAL

STEPS = Stride(first=0.1, shortest=1e-5)
FOLDS = np.array([0.3, 0.75, 2.0])  # where the upper branch of x^2 = fold - place ends


class Parabola(Problem):
    """``x^2 = left``, from whose upper root there is no way on where ``left`` is 0."""

    variables = Variables(Variable("x", REAL))
    rowwise = ("left",)

    def __init__(self, left: np.ndarray) -> None:
        self.left, self.size = left, left.size

    def residual(self, free: np.ndarray) -> np.ndarray:
        return free**2 - self.left[:, None]


def at(rows: np.ndarray, place: np.ndarray) -> Parabola:
    return Parabola(FOLDS[rows] - place)


def test_rows_arrive_or_stop_short_of_the_end_of_their_branch() -> None:
    start = np.sqrt(FOLDS)[:, None]
    for secant in (False, True):
        point, place = march(solving(at, Newton(steps=8)), start, STEPS, secant=secant)
        assert place[2] == 1.0
        assert np.all((place[:2] <= FOLDS[:2]) & (place[:2] > FOLDS[:2] - 1e-4))
        assert point[:, 0] == pytest.approx(np.sqrt(FOLDS - place), abs=1e-10)
        assert np.array_equal(start[:, 0], np.sqrt(FOLDS))  # what was given is left as it was


def test_no_row_depends_on_the_others() -> None:
    start = np.sqrt(FOLDS)[:, None]
    whole = march(solving(at, Newton(steps=8)), start, STEPS, secant=True)
    for row in range(FOLDS.size):
        one = np.array([row])
        alone = march(solving(lambda _, far, one=one: at(one, far), Newton(steps=8)), start[one], STEPS, secant=True)
        assert all(np.array_equal(a, b[one]) for a, b in zip(alone, whole, strict=True))


def recorded(failing: set[int], **settings: float) -> list[float]:
    """The places that one row tries, whose attempts of these numbers fail."""
    tried: list[float] = []

    def attempt(_: np.ndarray, place: np.ndarray, start: np.ndarray) -> Tried:
        tried.append(float(place[0]))
        return Tried(start, np.array([len(tried) - 1 not in failing]), np.array([True]))

    march(attempt, np.zeros((1, 1)), Stride(**({"first": 0.1, "shortest": 0.01} | settings)))
    return tried


def test_steps_grow_where_they_succeed_and_shrink_where_they_fail() -> None:
    assert recorded(set()) == pytest.approx([0.1, 0.3, 0.7, 1.0])
    assert recorded(set(), longest=0.15) == pytest.approx([0.1, 0.25, 0.4, 0.55, 0.7, 0.85, 1.0])
    assert recorded({1}) == pytest.approx([0.1, 0.3, 0.18, 0.34, 0.66, 1.0])
    assert recorded({0}, least=0.5) == pytest.approx([0.1, 0.04, 0.54, 1.0])
    assert recorded(set(range(1, 99))) == pytest.approx([0.1, 0.3, 0.18, 0.132, 0.1128])  # 0.2 * 0.4^4 is too short
    assert recorded(set(range(1, 99)), relative=0.7) == pytest.approx([0.1, 0.3, 0.18])


def test_the_last_step_is_cut_unless_it_may_go_past_the_end() -> None:
    def attempt(_: np.ndarray, place: np.ndarray, start: np.ndarray) -> Tried:
        return Tried(place[:, None], np.ones(place.size, dtype=bool))

    for past, end in ((False, 0.5), (True, 0.7)):
        point, place = march(attempt, np.zeros((2, 1)), Stride(first=0.1, shortest=0.01), end=0.5, past=past)
        assert place == pytest.approx([end, end]) and np.array_equal(point[:, 0], place)


def test_a_straight_line_is_foreseen() -> None:
    seen = []

    def attempt(_: np.ndarray, stop: int, start: np.ndarray) -> Tried:
        seen.append(start[:, 0].copy())
        return Tried(2.0 * path[:, stop, None], np.ones(2, dtype=bool))

    path = np.array([[0.0, 1.0, 3.0, 3.5], [1.0, 0.5, 0.25, -4.0]])
    reached = along(attempt, path, 7.0 * np.ones((2, 1)))
    assert np.array_equal(seen[0], [7.0, 7.0]) and np.array_equal(seen[1], 2.0 * path[:, 0])
    assert seen[2] == pytest.approx(2.0 * path[:, 2]) and seen[3] == pytest.approx(2.0 * path[:, 3])
    assert np.array_equal(reached[:, 0], 2.0 * path[:, -1])


def test_rows_that_are_lost_between_stops_are_nan_and_left_alone() -> None:
    path = np.tile(np.linspace(0.0, 1.0, 9), (4, 1))
    tried = []

    def stop_at(rows: np.ndarray, stop: int) -> Parabola:
        tried.append(rows.tolist())
        return at(rows, path[rows, stop])

    reached = along(solving(stop_at, Newton(steps=8)), path, np.sqrt(np.append(FOLDS, np.nan))[:, None])
    assert np.isnan(reached[:, 0]).tolist() == [True, True, False, True]
    assert reached[2, 0] == pytest.approx(1.0)
    assert tried[0] == [0, 1, 2] and tried[-1] == [2] and len(tried) == 9
