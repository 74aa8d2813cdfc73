"""One step beside a continuous transition: gains to all digits, against grids, mpmath, and what is known there."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import mpmath
import numpy as np
import pytest
from scipy.special import erf

import replica
from replica.ansatz.rsb import close
from replica.ansatz.rsb.breaking import close_steps
from replica.ansatz.rsb.charts import Order
from replica.ansatz.rsb.potential import WARM, Place, Potential
from replica.ansatz.rsb.unit_levels import Top

PAIR = replica.parity(2, weights="spherical")
NEGATIVE = replica.perceptron("spherical", margin=-1.0)
COUNTED = replica.perceptron("spherical", loss=replica.ErrorCount(), beta=3.0)
BAND = replica.perceptron("spherical", loss=replica.OutsideBand(0.5))


def place(model: replica.Model, gaps: list[float], m: float, level: int = 1) -> Place:
    return Potential(model, 2.0, WARM).at(Order(np.array(gaps), np.array([m])), level)


@pytest.mark.parametrize(
    ("model", "gaps"),
    [(NEGATIVE, [0.3, 0.297]), (NEGATIVE, [1.0, 0.99]), (COUNTED, [0.3, 0.2985]), (BAND, [0.999, 0.99]),
     (PAIR, [0.99, 0.98]), (PAIR, [1.0, 0.985]), (replica.parity(3, weights="spherical"), [1.0, 0.985])],
)  # fmt: skip
def test_averages_are_those_on_the_grids_of_any_step(
    model: replica.Model, gaps: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = place(model, gaps, 0.3)
    assert isinstance(found.pattern, close.CloseNested | close.FaintUnits)
    monkeypatch.setattr(close, "CLOSE", 0.0)
    other = place(model, gaps, 0.3, level=3)
    assert not isinstance(other.pattern, close.CloseNested | close.FaintUnits)
    assert found.value == pytest.approx(other.value, abs=2e-14)
    assert found.pattern.means == pytest.approx(other.pattern.means, abs=1e-13)
    assert found.pattern.pushes == pytest.approx(other.pattern.pushes, rel=3e-12, abs=1e-12)
    assert found.pattern.gains == pytest.approx(other.pattern.gains, rel=2e-8)
    assert found.replicons == pytest.approx(other.replicons, rel=1e-9)


def test_the_gain_of_a_faint_step_has_all_digits() -> None:
    """``F_1 - F_0`` of two units around zero fields, whose means agree to fourteen digits, with forty."""
    q1, m = 2e-5, 0.01
    z, w = np.polynomial.hermite_e.hermegauss(10)
    with mpmath.workdps(40):
        total, nodes = mpmath.fsum(map(mpmath.mpf, w)), []
        for node in z:
            exact = mpmath.findroot(lambda x: mpmath.hermite(10, x / mpmath.sqrt(2)), node)
            nodes.append(mpmath.erf(mpmath.sqrt(q1) * exact / mpmath.sqrt(2 * (1 - mpmath.mpf(q1)))))
        rows = [(w[i] * w[j] / total**2, mpmath.log((1 + nodes[i] * nodes[j]) / 2)) for i, j in np.ndindex(10, 10)]
        norm = mpmath.fsum(p * mpmath.exp(m * f) for p, f in rows) / mpmath.fsum(p for p, _ in rows)
        mean = mpmath.fsum(p * mpmath.exp(m * f) * f for p, f in rows) / mpmath.fsum(p for p, _ in rows) / norm
        gain = float(mean - mpmath.log(norm) / m)
    found = place(PAIR, [1.0, 1.0 - q1], m).pattern
    assert 0.0 < gain < 1e-11
    assert found.gains[0] == pytest.approx(gain, rel=1e-10)
    assert abs(found.gains[0] / gain - 1.0) <= found.gains_noise[0] < 1e-9


def test_bends_of_three_units_at_small_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    """``sum_il (d_i d_l f_0)^2`` of the lower level by differences of ``(1/m) ln E exp(m ln Z)``, and its average."""
    monkeypatch.setattr(close, "NODES", (6,))
    variance, steps, m, h = 1.0, np.array([2e-3, 3e-3]), 0.4, 1e-3
    found = close.faint_units(3, variance, steps, np.array([m]), 0, Top(np.zeros(0), np.zeros(0)))
    z, w = close.hermite(6)
    inner, mass = (np.stack(np.meshgrid(z, z, z, indexing="ij"), axis=-1).reshape(-1, 3), np.kron(np.kron(w, w), w))

    def free(x: np.ndarray) -> np.ndarray:
        turn = np.prod(erf((x[:, None] + np.sqrt(steps[1]) * inner) / np.sqrt(2.0 * variance)), axis=2)
        return np.log(((1.0 + turn) / 2.0) ** m @ mass) / m

    x, eye = np.sqrt(steps[0]) * inner, h * np.eye(3)
    bends = [
        sum(a * b * free(x + a * eye[i] + b * eye[j]) for a in (-1, 1) for b in (-1, 1)) / (4.0 * h * h)
        for i, j in np.ndindex(3, 3)
    ]
    grid = found.grids[0]
    assert float(grid.curve() @ grid.mass) == pytest.approx(float(np.sum(np.square(bends), axis=0) @ mass), rel=1e-4)


def test_relative_entropies_of_small_tilts() -> None:
    t = np.array([-0.31, -0.29, -1e-3, 1e-9, 0.05, 0.299, 0.301, 2.0])
    with mpmath.workdps(40):
        exact = [float((mpmath.mpf(x) - 1) * mpmath.exp(mpmath.mpf(x)) + 1) for x in t]
    assert close._excess(t) == pytest.approx(exact, rel=1e-13)


def broken(model: replica.Model, alpha: float) -> tuple[replica.Solution, float]:
    """The solution of one step, and by how much it is below that without."""
    found = replica.solve(model, alpha=alpha, ansatz=replica.RSB())
    return found, float(found.free_entropy - replica.solve(model, alpha=alpha).free_entropy)


@pytest.mark.parametrize("model", [PAIR, BAND])
def test_beyond_a_transition_from_zero_overlaps(model: replica.Model) -> None:
    """The best step of a straight Parisi function has ``q_0 = q_1/3`` and the m of its middle."""
    at = float(np.pi**2 / 8.0) if model is PAIR else float(replica.at_line(model))
    far, near = (broken(model, at * (1.0 + share)) for share in (0.026, 0.013))
    for found, gain in (far, near):
        assert found.converged and found.error < 1e-11 and gain < 0.0
        assert found["q0"] / found["q1"] == pytest.approx(1.0 / 3.0, abs=1e-3)
        assert found.errors["q0"] < 1e-4 * found["q0"] and found.errors["parisi"] < 1e-4 * found["parisi"]
    assert np.log2(far[0]["q1"] / near[0]["q1"]) == pytest.approx(1.0, abs=0.05)
    assert np.log2(far[1] / near[1]) == pytest.approx(5.0, abs=0.3)
    slopes = [found["parisi"] / found["q1"] for found, _ in (far, near)]
    assert slopes[0] == pytest.approx(slopes[1], rel=0.05)


def test_starts_of_close_steps_are_where_all_pulls_balance() -> None:
    """Straight pulls: those of the overlaps are alike at a difference 0.02 (1 + m), that of the step at m = 0.45."""

    def look(order: Order) -> Any:
        between, m = float(order.gaps[0] - order.gaps[1]), float(order.parisi[0])
        low, high = 7.0, 7.0 + 0.02 * (1.0 + m) - between
        return SimpleNamespace(balance=np.array([low, high, 0.5 * (low + high) + (m - 0.45) * between**2]))

    start = close_steps(Order(np.array([0.3]), np.zeros(0)), look)[0]
    assert start.parisi == pytest.approx([0.45])
    assert start.gaps == pytest.approx(0.3 + 0.02 * 1.45 * np.array([0.5, -0.5]))


def test_beside_the_at_line() -> None:
    """m tends to the breaking point, overlaps to that of the line, and the gain goes as the cube of the distance."""
    line = replica.at_line(NEGATIVE)
    (far, most), (near, least) = (broken(NEGATIVE, float(line) * (1.0 + share)) for share in (3e-3, 3e-4))
    point = line.order_parameters["breaking_point"]
    assert near["parisi"] == pytest.approx(point, abs=2e-4)
    assert (far["parisi"] - point) / (near["parisi"] - point) == pytest.approx(10.0, rel=0.01)
    assert (far["q1"] - far["q0"]) / (near["q1"] - near["q0"]) == pytest.approx(10.0, rel=0.01)
    assert most / least == pytest.approx(1000.0, rel=0.02)
    closest, gain = broken(NEGATIVE, float(line) * (1.0 + 1e-4))
    assert closest["parisi"] == pytest.approx(point, abs=closest.errors["parisi"]) and gain < 0.0


def test_a_jump_that_came_before_is_not_missed() -> None:
    """Rectified units at margin -1: where symmetry becomes unstable one step is already far from it."""
    model = replica.committee(units=np.inf, activation="relu", margin=-1.0, weights="spherical")
    found, gain = broken(model, float(replica.at_line(model)) * (1.0 + 1e-5))
    assert found["q1"] - found["q0"] > 0.15 and found.stability > 0.0
    assert gain < -1e-7


def test_closer_than_a_step_can_be_told() -> None:
    found, gain = broken(PAIR, 1.235)
    assert "0 of 1 steps" in found.status and gain == pytest.approx(0.0, abs=1e-15)
    assert found.error < 1e-11
