"""The truth of the benchmarks: it is stationary, agrees with known numbers, and sees a wrong solution."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from mpmath import mp

import replica
from benchmarks import _plain
from benchmarks._measure import compare
from benchmarks._nodes import Nodes
from benchmarks._points import FAMILIES, draw, make, model_of
from benchmarks._polish import polish
from benchmarks._scan import Branch
from benchmarks._tables import verdicts
from benchmarks._truth import Point, Truth
from benchmarks.frontier import PARTS, ROUGH, judged

POINTS = [
    (Point("binary", "margin", "random", 0.5, 0.3, math.inf), {"q_hat": 0.75}),
    (Point("spherical", "error-count", "teacher", 0.7, 0.3, 3.0), {"q_hat": 0.8, "m_hat": 0.7}),
    (Point("gaussian", "margin", "random", 0.7, 0.3, 2.0), {"q_hat": 2.0, "curvature": 1.0}),
]


@pytest.mark.parametrize("point, start", POINTS, ids=lambda x: getattr(x, "weights", ""))
def test_truth_is_stationary(point: Point, start: dict[str, float]) -> None:
    with mp.workdps(34):
        seen, _, left = polish(point, start)
        assert left < 1e-21
        values = {"q_hat": seen["q_hat"]} | ({"m_hat": seen["m_hat"]} if "m_hat" in seen else {})
        if "Q_hat" in seen:
            values["curvature"] = seen["Q_hat"] + seen["q_hat"]
        truth = Truth(point, start)
        for name in values:
            step = mp.mpf("1e-8") * values[name]
            up, down = (
                truth.observe(values | {name: values[name] + s})["free_entropy"] for s in (step, -step)
            )
            assert abs(up - down) < 1e-22, name


def test_a_wrong_solution_is_seen() -> None:
    point = Point("binary", "margin", "random", 0.5, 0.3, math.inf)
    solution = replica.solve(model_of(point), alpha=0.5)
    right = compare(point, solution)
    assert all(entry["off"] <= entry["error"] for entry in right["quantities"].values())
    other = dataclasses.replace(point, kappa=0.3 + 1e-9)
    wrong = compare(other, solution)
    assert all(
        wrong["quantities"][name]["off"] > 1e3 * wrong["quantities"][name]["error"] for name in ("q", "q_hat")
    )
    row = {"index": 0, "converged": True, "kind": "saddle", "quantities": wrong["quantities"]}
    assert verdicts([row])["silently wrong"] == [0]


def test_nodes_integrate_narrow_features() -> None:
    with mp.workdps(30):
        nodes = Nodes([(0.5, 1e-6)])
        nodes.settle(lambda z: (mp.tanh((z - 0.5) / mp.mpf("1e-6")) ** 2, z**4))
        narrow, fourth = nodes.average(lambda z: (mp.tanh((z - 0.5) / mp.mpf("1e-6")) ** 2, z**4))
        assert (
            abs(narrow - (1 - mp.mpf("2e-6") * mp.npdf(mp.mpf("0.5")))) < 1e-17
        )  # next term: third order in the width
        assert abs(fourth - 3) < 1e-21


def test_scan_finds_the_truth_and_the_end_of_the_branch() -> None:
    point = Point("binary", "margin", "random", 1.2, 0.0, math.inf)
    with mp.workdps(30):
        found = Branch(point).first()
        assert found is not None
        assert polish(point, found)[1] < 1e-8
    assert Branch(point).top == pytest.approx(4 / math.pi, abs=1e-8)
    assert Branch(Point("binary", "margin", "random", 1.3, 0.0, math.inf)).first() is None


def test_plain_solutions_agree() -> None:
    one, two, three = (
        f(0.5) for f in (_plain.solve_by_iteration, _plain.solve_by_bracket, _plain.solve_with_arrays)
    )
    assert one == pytest.approx(two, abs=1e-12)
    assert one == pytest.approx(three, abs=1e-12)


def test_points_are_seeded_and_cover_all_families() -> None:
    tasks = draw(5, 60)
    assert {task["family"] for task in tasks} == set(range(len(FAMILIES)))
    assert make(tasks[3]) == make(draw(5, 60)[3])


@pytest.mark.parametrize("part", ["non-negative", "prescribed signs", "path", "infinite shared"])
def test_the_second_way_of_the_frontier_agrees_and_sees_a_wrong_number(part: str) -> None:
    at, seen = PARTS[part][0](np.random.default_rng(3))
    for name, (value, error, truth) in seen.items():
        assert judged(value, error, truth) == "within", (name, at)
        if error < ROUGH:  # one that is not differentiated
            assert judged(value * (1.0 + 1e-8), error, truth) == "wrong", (name, at)
