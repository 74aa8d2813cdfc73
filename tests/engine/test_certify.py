"""Certificates: digits against mpmath's own roots, slow chords, cancelling charts, refusals."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from saddlepoint import CertificationFailed, certify, solve
from tests.engine.zoo import CurieWeiss, Linear, Pair, Rows


@pytest.mark.parametrize("digits", [10, 30, 60])
@pytest.mark.parametrize(("beta", "h"), [(1.5, 0.1), (1.01, 0.0), (4.0, 1.0)])
def test_magnetisation_to_many_digits(digits, beta, h):
    problem = CurieWeiss(beta=beta, h=h)
    solution = solve(problem)
    certificate = certify(problem, solution.point[0], digits=digits)
    with mpmath.workdps(digits + 15):
        b, f = mpmath.mpf(beta), mpmath.mpf(h)
        truth = mpmath.findroot(lambda m: m - mpmath.tanh(b * m + f), mpmath.mpf(float(solution["m"][0])))
        slope = b * (1 - truth**2) - 1
        assert abs(certificate.values["m"] - truth) < mpmath.mpf(10) ** -digits / abs(slope) * 10
        potential = b * truth**2 / 2 - mpmath.log(mpmath.cosh(b * truth + f))
        assert abs(certificate.potential - potential) < mpmath.mpf(10) ** -digits
    assert certificate.residual < mpmath.mpf(10) ** -digits
    assert certificate.digits == digits
    errors = {"m": solution.error[0] * solution["m"]}
    assert certificate.agrees({"m": solution["m"]}, errors) == {"m": True}
    assert certificate.agrees({"m": solution["m"] + 1e-9}, errors) == {"m": False}


def test_few_evaluations_from_a_double_precision_solution():
    problem = CurieWeiss(beta=1.5, h=0.1)
    assert certify(problem, solve(problem).point[0], digits=30).steps <= 5


def test_from_a_poor_start_the_jacobian_is_renewed():
    problem = CurieWeiss(beta=1.5, h=0.1)
    certificate = certify(problem, solve(problem).point[0] + 0.3, digits=40)
    best = certify(problem, solve(problem).point[0], digits=40)
    assert abs(certificate.values["m"] - best.values["m"]) < mpmath.mpf("1e-39")


def test_two_unknowns():
    problem = Pair(a=2.0)
    certificate = certify(problem, solve(problem).point[0], digits=30)
    with mpmath.workdps(45):
        response = 1 / mpmath.sqrt(3)
        assert abs(certificate.values["V"] - response) < mpmath.mpf("1e-30")
        assert abs(certificate.values["q"] - 2 * response / (1 + response)) < mpmath.mpf("1e-30")
    assert certificate.potential is None


def test_values_next_to_one_keep_their_digits():
    # q = 1 - s with s = 1e-13: the logarithm of 1 - q loses 13 digits, which the working precision must cover
    from saddlepoint import UNIT, Variable, Variables

    class Near(Rows):
        variables = Variables(Variable("q", UNIT))

        def update(self, free):
            return 0.5 * free + 0.5 * np.log((1 - self.s) / self.s)[:, None]

        def reference_update(self, values, mp, digits):
            s = mp.mpf(float(self.s[0]))
            old, goal = mp.log(values["q"] / (1 - values["q"])), mp.log((1 - s) / s)
            return {"q": 1 / (1 + mp.exp(-(old + goal) / 2))}

    problem = Near(s=1e-13)
    certificate = certify(problem, solve(problem).point[0], digits=30)
    with mpmath.workdps(60):
        assert abs((1 - certificate.values["q"]) / mpmath.mpf(1e-13) - 1) < mpmath.mpf("1e-29")


def test_a_problem_with_its_own_residual_is_certified_by_its_map():
    class Own(CurieWeiss):
        def residual(self, free):
            return -7.0 * np.sinh(super().residual(free))

    problem = Own(beta=1.5, h=0.1)
    ours = certify(problem, solve(problem).point[0], digits=30)
    theirs = certify(CurieWeiss(beta=1.5, h=0.1), solve(problem).point[0], digits=30)
    assert abs(ours.values["m"] - theirs.values["m"]) < mpmath.mpf("1e-29")


def test_refusals():
    problem = CurieWeiss(beta=[1.5, 2.0], h=0.1)
    with pytest.raises(ValueError, match="use problem.take"):
        certify(problem, np.zeros(1))
    with pytest.raises(ValueError, match="digits must be a whole number of at least 10"):
        certify(problem.take(np.array([0])), np.zeros(1), digits=3)
    with pytest.raises(CertificationFailed, match="Linear has no reference_update"):
        certify(Linear(rate=0.5, shift=1.0), np.zeros(1))
    with pytest.raises(ValueError, match="'q' was not certified; certified: m"):
        certify(problem.take(np.array([0])), np.array([-0.15]), digits=10).agrees({"q": 1.0}, {"q": 1.0})


def test_failure_is_a_sentence():
    class Hopeless(CurieWeiss):
        def reference_update(self, values, mp, digits):
            return {"m": values["m"] * mp.exp(1 + mp.log(values["m"]) ** 2)}

    with pytest.raises(CertificationFailed, match="not below 1e-20"):
        certify(Hopeless(beta=1.5, h=0.1), np.array([-0.1]), digits=20)

    class Outside(CurieWeiss):
        def reference_update(self, values, mp, digits):
            return {"m": -values["m"]}

    with pytest.raises(CertificationFailed, match="leave the domain"):
        certify(Outside(beta=1.5, h=0.1), np.array([-0.1]), digits=20)
