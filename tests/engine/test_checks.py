"""The shared checks must pass right problems and catch wrong ones."""

from __future__ import annotations

import numpy as np
import pytest

from saddlepoint import check_gradient, check_jacobian, check_residual_zero
from tests.engine.zoo import Cubic, CurieWeiss, Magnet, Pair, Triple

rng = np.random.default_rng(2)


def test_gradient():
    problem = CurieWeiss(beta=rng.uniform(0.5, 2.0, 20), h=rng.uniform(0.0, 1.0, 20))
    free = rng.uniform(-3.0, 0.0, (20, 1))
    report = check_gradient(problem, free)
    report.require()
    assert report.ok and report.worst < 1e-9 and "agrees" in report.sentence

    class Wrong(CurieWeiss):
        def gradient(self, free):
            return super().gradient(free) * 1.001

    report = check_gradient(Wrong(beta=1.5, h=0.3), np.array([[-0.5]]))
    assert not report.ok
    with pytest.raises(AssertionError, match="the gradient disagrees .* row 0, m"):
        report.require()


@pytest.mark.parametrize(
    ("problem", "size"),
    [
        (Cubic(p=[0.1, 0.2]), (2, 1)),
        (Magnet(beta=[0.5, 1.5], h=0.1), (2, 1)),
        (Pair(a=3.0), (1, 2)),
        (Triple(s=0.3), (1, 3)),
    ],
)
def test_jacobian(problem, size):
    check_jacobian(problem, rng.uniform(-1.0, 1.0, size)).require()


def test_wrong_jacobian_is_caught_and_named():
    class Transposed(Triple):
        def jacobian(self, free):
            return super().jacobian(free).transpose(0, 2, 1)

    report = check_jacobian(Transposed(s=0.3), rng.uniform(-1.0, 1.0, (1, 3)))
    assert not report.ok and "row 0" in report.sentence


def test_residual_zero():
    problem = Pair(a=[0.5, 2.0])
    free = problem.variables.free(problem.solution(), 2)
    check_residual_zero(problem, free).require()
    assert not check_residual_zero(problem, free + 1e-6).ok


def test_not_a_number_is_a_disagreement():
    problem = Cubic(p=0.0)
    assert not check_residual_zero(problem, np.array([[np.nan]])).ok


def test_wrong_shape_is_a_disagreement():
    class Flat(Cubic):
        def jacobian(self, free):
            return super().jacobian(free)[:, :, 0]

    assert "shape" in check_jacobian(Flat(p=0.1), np.zeros((1, 1))).sentence


def test_problems_without_potential_say_so():
    with pytest.raises(TypeError, match="Cubic has no potential"):
        check_gradient(Cubic(p=0.1), np.zeros((1, 1)))
