"""Franz-Parisi curves of spherical students: around the teacher and around a typical Bayes-optimal student."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.polynomial.legendre import leggauss
from scipy.special import log_ndtr, ndtr

import replica

MODEL = replica.perceptron("spherical", labels="teacher")


def panel(low: float, high: float, count: int) -> tuple[np.ndarray, np.ndarray]:
    x, weight = leggauss(count)
    return 0.5 * (low + high) + 0.5 * (high - low) * x, 0.5 * (high - low) * weight


def gauss(x: np.ndarray) -> np.ndarray:
    return np.exp(-0.5 * x**2) / np.sqrt(2 * np.pi)


def three(x: np.ndarray, t: float, alpha: float, qr: float) -> float:
    """The potential of copies at overlap t with a student, m with the teacher, s with other students, all distinct.

    Fields of the students' mean h, of the student's own part n (positive field), of the copy's own part e; the
    teacher's is Gaussian given these.
    """
    q, m, s = x
    gap, beyond = 1 - qr, qr - qr**2
    own = q - m**2 - 2 * (s - m * qr) * (t - s) / gap - (t - s) ** 2 * (gap - beyond) / gap**2
    h, weight_h = panel(-9, 9, 80)
    e, weight_e = panel(-9, 9, 60)
    u, weight_u = panel(0, 9, 50)
    spread = q - s**2 / qr - (t - s) ** 2 / gap
    lean = (m - s) / np.sqrt(spread)
    edge = -np.sqrt(qr / gap) * h
    n = np.maximum(edge, -9)[:, None] + u
    chance = weight_h * gauss(h) / ndtr(-edge)
    field = (s / np.sqrt(qr)) * h[:, None, None] + (t - s) / np.sqrt(gap) * n[..., None] + np.sqrt(spread) * e
    label = 2 * ndtr((np.sqrt(qr) * h[:, None] + lean * e) / np.sqrt(1 - qr - lean**2))
    own_n, own_e = gauss(n) * weight_u, gauss(e) * weight_e
    inner = np.einsum("hne,hn,he,e->h", log_ndtr(field / np.sqrt(1 - q)), own_n, label, own_e)
    return float(0.5 * np.log(1 - q) + own / (2 * (1 - q)) + alpha * chance @ inner)


def test_student_against_three_coupled_overlaps() -> None:
    """Teacher and reference are alike: at m = s the potential is S and is stationary in q, m and s."""
    alpha, d = 1.5, 0.08
    curve = replica.franz_parisi(MODEL, alpha=alpha, distance=[d])
    qr = replica.solve(MODEL, alpha=alpha)["q"]
    q, s = float(curve["q"][0]), float(curve["s"][0])
    known, x = (1 - 2 * d, alpha, qr), np.array([q, s, s])
    assert three(x, *known) == pytest.approx(float(curve["entropy"][0]), abs=1e-9)
    for step in 1e-4 * np.eye(3):
        assert abs(three(x + step, *known) - three(x - step, *known)) / 2e-4 < 1e-6
    assert float(curve["generalization_error"][0]) == pytest.approx(np.arccos(s) / np.pi, abs=1e-14)


@pytest.mark.parametrize("alpha", [1e-3, 1.0, 20.0])
def test_maximum_is_the_posterior(alpha: float) -> None:
    alone = replica.solve(MODEL, alpha=alpha)
    d = (1 - alone["q"]) / 2
    for reference in (None, "planted"):
        curve = replica.franz_parisi(MODEL, alpha=alpha, distance=[d], reference=reference)
        assert curve.attrs["typical_distance"] == pytest.approx(d, abs=1e-12)
        assert float(curve["entropy"][0]) == pytest.approx(alone.free_entropy, abs=1e-12)
        assert float(curve["q"][0]) == pytest.approx(alone["q"], abs=1e-11)
    student = replica.franz_parisi(MODEL, alpha=alpha, distance=[d])
    assert abs(float(student["s"][0]) - alone["q"]) <= float(student["s_error"][0]) + 1e-12


def test_distances_down_to_the_teacher() -> None:
    """Next to the teacher the sphere alone is left; the curve ends where no student is that far from it."""
    d = np.array([1e-9, 1e-6, 1e-3])
    curve = replica.franz_parisi(MODEL, alpha=2.0, distance=d, reference="planted")
    # a pattern disagrees with a share of order sqrt(d): the entropy loses alpha times that
    loss = 0.5 * np.log(4 * d * (1 - d)) - curve["entropy"].values
    assert np.all(loss > 0) and loss[1] / loss[0] == pytest.approx(np.sqrt(1e3), rel=1e-3)
    far = replica.franz_parisi(MODEL, alpha=5.0, distance=[0.1, 0.3], reference="planted")
    assert far["status"].values[0] == "converged"
    assert "they end at" in far["status"].values[1] and np.isnan(far["entropy"].values[1])
