"""Vectors of least cost solved again in mpmath: every number within its own error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import mpmath
import numpy as np
import pytest

import replica
from replica.losses import Loss
from saddlepoint import CertificationFailed

KNOWN = [kind for kind in Loss.registry.values() if kind.reference_ground is not Loss.reference_ground]


def ridge(loss: str, labels: object) -> replica.Model:
    return replica.Model(weights=replica.Gaussian(0.3), loss=loss, architecture=replica.Perceptron(), data=labels)


def agrees(solution: replica.Solution, digits: int = 16) -> None:
    certificate = solution.certify(digits)
    found = dict(certificate.values)
    if certificate.potential is not None:
        found["free_entropy"] = certificate.potential
    compared = [name for name in found if name in solution.errors and np.isfinite(solution[name])]
    assert compared
    for name in compared:
        distance = abs(float(mpmath.mpf(solution[name]) - found[name]))
        assert distance <= solution.errors[name] + 5e-16 * abs(solution[name]), name


@pytest.mark.parametrize("kind", KNOWN, ids=lambda kind: kind.name)
def test_the_proximal_map_in_mpmath_is_that_in_double_precision(kind: type[Loss]) -> None:
    for loss in kind.examples():
        for variance in (0.07, 1.3, 40.0):
            fields = np.linspace(-6.0, 4.0, 23)[None, :]
            best, slope = loss.ground(fields, np.array([variance]))[0], loss.ground_slope(fields, np.array([variance]))
            for k in range(fields.size):
                u, held = loss.reference_ground(mpmath.mpf(fields[0, k]), mpmath.mpf(variance), mpmath.mp)
                assert float(u) == pytest.approx(best[0, k], abs=1e-13)
                assert float(held) == pytest.approx(1.0 - slope[0, k], abs=1e-7)
                cost = float(loss.cost(np.array([[float(u)]]))[0, 0])
                assert float(loss.reference_cost(u, mpmath.mp)) == pytest.approx(cost, abs=1e-13)


@pytest.mark.parametrize("loss", ["square", "hinge", "logistic"])
def test_mixture(loss: str) -> None:
    agrees(replica.solve(replica.mixture(loss, balance=0.3, penalty=0.5), alpha=1.3))


@pytest.mark.parametrize(
    "model, alpha",
    [
        (replica.mixture("logistic", balance=0.3, penalty=np.inf), 0.8),
        (replica.mixture("hinge", balance=0.3, penalty=np.inf), 0.8),
        (replica.mixture("square", balance=0.3, penalty=0.0), 0.6),
        (replica.mixture("hinge", balance=0.3, penalty=0.0, noise=0.5), 0.8),
        (replica.mixture("logistic", balance=0.3, penalty=0.0, noise=0.5), 0.8),
        (replica.mixture("hinge", balance=0.3, bias="optimal", penalty=2.0), 0.7),
        (replica.mixture("square", weights="spherical", norm=2.3, balance=0.3), 4.0),
        (replica.mixture("square", weights="spherical", norm=2.3, balance=0.3, beta=3.0), 4.0),
        (replica.mixture("square", weights="binary", norm=0.7, balance=0.3, beta=2.0), 2.0),
        (ridge("hinge", "teacher"), 1.5),
        (ridge("square", replica.Teacher(noise=0.3)), 1.5),
        (ridge("hinge", "random"), 1.5),
    ],
    ids=str,
)
def test_limits_norms_and_other_labels(model: replica.Model, alpha: float) -> None:
    agrees(replica.solve(model, alpha=alpha))


def test_a_separability_threshold_has_a_certificate() -> None:
    found = replica.capacity(replica.mixture("hinge", noise=0.5, balance=0.3))
    certificate = found.solution.certify(20)
    assert abs(float(certificate.values["alpha"]) - found.value) <= found.error


def test_a_cost_known_by_its_values_alone_says_that_it_has_none() -> None:
    @dataclass(frozen=True)
    class Smoothed(Loss):
        log_concave: ClassVar[bool] = True

        def cost(self, u: np.ndarray) -> np.ndarray:
            return np.logaddexp(0.0, -u)

    with pytest.raises(CertificationFailed, match="no proximal map in mpmath"):
        replica.solve(replica.mixture(Smoothed(), penalty=0.5), alpha=1.0).certify()


def test_a_bias_at_rest_on_a_kink_has_a_certificate() -> None:
    agrees(replica.solve(replica.mixture("hinge", balance=0.3, penalty=1e8), alpha=1.0))
