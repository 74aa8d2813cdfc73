"""Costs of a user's own at finite temperature: their values, kinks and bends against closed forms and plain panels."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest

import replica
from benchmarks import _second, _second_local
from replica.losses import Loss, _inner
from replica.losses._logistic import logistic_terms
from tests.physics._values import Values


def step(u):
    return np.where(u < 0.3, 1.0, 0.0)


def ramp(u):
    return np.clip(1.0 - u, 0.0, 1.0)


SQUARED = Values(lambda u: 0.5 * np.maximum(1.0 - u, 0.0) ** 2, (1.0,))
SIGMOID = Values(lambda u: 1.0 / (1.0 + np.exp(3.0 * np.minimum(u, 200.0))))
HINGE = Values(lambda u: np.maximum(0.3 - u, 0.0), (0.3,))
FIELD = np.array([[-3.1, -1.0, 0.02, 0.77, 1.9, 3.3]])


def bump(width: float, centre: float) -> Values:
    return Values(lambda u: ramp(u) + 3.0 * np.exp(-(((u - centre) / width) ** 2)), (0.0, 1.0))


def squared_log_z(h: Any, v: Any, beta: Any) -> Any:
    """``H((1-h)/s) + exp(-beta (1-h)^2/(2k)) Phi((1-h)/(s sqrt k))/sqrt k`` with ``k = 1 + beta V``."""
    k, s = 1 + beta * v, mpmath.sqrt(v)
    below = mpmath.exp(-beta * (1 - h) ** 2 / (2 * k)) * mpmath.erfc(-(1 - h) / (s * mpmath.sqrt(2 * k)))
    return mpmath.log((mpmath.erfc((1 - h) / (s * mpmath.sqrt(2))) + below / mpmath.sqrt(k)) / 2)


@pytest.mark.parametrize("beta", [1e-3, 1.0, 100.0, 1e5])
@pytest.mark.parametrize("variance", [1e-8, 1e-3, 0.54, 1e4])
def test_a_squared_hinge_against_its_closed_form(variance: float, beta: float) -> None:
    found = SQUARED.terms(FIELD, np.array([variance]), beta)
    with mpmath.workdps(60):
        for node, h in enumerate(FIELD[0]):
            exact = mpmath.taylor(lambda x: squared_log_z(x, mpmath.mpf(variance), mpmath.mpf(beta)), mpmath.mpf(h), 2)
            slack = 1e-13 * (1.0 + 0.03 * beta)
            assert abs(found[0][0, node] - exact[0]) <= 1e-14 * (1 + abs(exact[0]))
            assert abs(found[1][0, node] - exact[1]) <= slack * abs(exact[1]) + 1e-25
            assert abs(found[2][0, node] - 2 * exact[2]) <= 100 * slack * abs(2 * exact[2]) + 1e-22


def plain(loss: Values, h: float, v: float, beta: float, places: Any) -> tuple[float, float]:
    """``ln Z`` and its slope by panels that know the places and are at most a twentieth of the Gaussian."""
    s = np.sqrt(v)
    edges = np.unique(np.concatenate([h + s * np.linspace(-12.0, 12.0, 481), places]))
    x, w = np.polynomial.legendre.leggauss(16)
    half, middle = 0.5 * np.diff(edges)[:, None], 0.5 * (edges[1:] + edges[:-1])[:, None]
    u = middle + half * x
    mass = half * w * np.exp(-0.5 * ((u - h) / s) ** 2 - beta * loss.cost(u)) / np.sqrt(2.0 * np.pi * v)
    return np.log(mass.sum()), ((u - h) * mass).sum() / mass.sum() / v


@pytest.mark.parametrize("width", [0.1, 1e-2, 1e-3, 1e-4, 1e-5])
@pytest.mark.parametrize("centre", [0.3, -2.7182818, 3.60555])
def test_a_narrow_bump_is_found(centre: float, width: float) -> None:
    loss, beta, v = bump(width, centre), 2.0, 0.6
    field = centre + np.array([[-1.1, 0.05, 0.8]])
    found = loss.terms(field, np.array([v]), beta)
    places = np.concatenate([[0.0, 1.0], centre + width * np.linspace(-8.0, 8.0, 65)])
    for node, h in enumerate(field[0]):
        log_z, slope = plain(loss, h, v, beta, places)
        assert found[0][0, node] == pytest.approx(log_z, rel=1e-13, abs=1e-14)
        assert found[1][0, node] == pytest.approx(slope, rel=1e-11, abs=1e-12)


@pytest.mark.parametrize("corners", [(0.3,), ()])
def test_a_step_is_the_error_count_declared_or_not(corners: tuple[float, ...]) -> None:
    own, known = Values(step, corners), replica.ErrorCount(0.3)
    variance = np.array([0.7, 1e-2, 1e-4])
    field = np.repeat(FIELD, 3, axis=0)
    for beta in (0.01, 2.0, 500.0):
        found, closed = (loss.averages(field, variance, beta)[:4] for loss in (own, known))
        for got, want in zip(found, closed, strict=True):
            # where a jump is not declared its place is known to 1e-15
            assert got == pytest.approx(want, rel=1e-11 if corners else 1e-8, abs=1e-14)


def test_forces_of_rare_steps_keep_their_digits() -> None:
    """Patterns that are all violated but for one in e^270: the force is that of the closed form."""
    field, variance = np.zeros((1, 1)), np.array([1.67e-4])
    for beta in (0.0238, 3.0):
        losses = Values(step, (0.3,)), replica.ErrorCount(0.3)
        mine, known = (loss.terms(field, variance, beta)[1][0, 0] for loss in losses)
        assert 0 < known < 1e-100
        assert mine == pytest.approx(known, rel=1e-11)


@pytest.mark.parametrize(
    ("own", "known", "weights", "beta", "alpha"),
    [
        (HINGE, replica.Hinge(0.3), "binary", 3000.0, 0.3),
        (HINGE, replica.Hinge(0.3), replica.Discrete((-30.0, 0.0, 10.0)), 398.13, 1.108),
        (Values(lambda u: 0.5 * (1.0 - u) ** 2), replica.Square(), replica.Discrete((-1e-4, 0.0, 2e-4)), 0.00107, 8.2),
        (Values(step, (0.3,)), replica.ErrorCount(0.3), replica.Gaussian(36059.0), 0.01085, 0.5686),
        (Values(step), replica.ErrorCount(0.3), "binary", 3.0, 0.5),
        (Values(lambda u: 0.5 * (1.0 - u) ** 2), replica.Square(), "spherical", 50.0, 0.7),
    ],
)
def test_solutions_are_those_of_the_closed_cost(
    own: Values, known: Loss, weights: Any, beta: float, alpha: float
) -> None:
    models = [replica.perceptron(weights, loss=loss, beta=beta) for loss in (own, known)]
    mine, other = (replica.solve(model, alpha=alpha) for model in models)
    for name in ("q", "q_hat", "free_entropy", "energy", "training_error"):
        allowed = 3.0 * (mine.errors[name] + other.errors[name])
        assert abs(mine[name] - other[name]) <= allowed, name
        assert mine.errors[name] <= 1e-9 * abs(mine[name]) + 1e-15, name


@pytest.mark.parametrize(
    ("beta", "q", "free_entropy"),
    [(300.0, 0.8322054889303, -0.5926670132839), (1000.0, 0.94448424560034, None)],
)
def test_a_sigmoid_cost_at_low_temperature(beta: float, q: float, free_entropy: float | None) -> None:
    """Two minima compete: the force jumps over a small part of a deviation. q by trapezoids within trapezoids."""
    found = replica.solve(replica.perceptron("binary", loss=SIGMOID, beta=beta), alpha=0.2)
    assert found["q"] == pytest.approx(q, abs=1e-12)
    if free_entropy is not None:
        assert found.free_entropy == pytest.approx(free_entropy, abs=1e-12)
    assert found.errors["q"] < 1e-11


def test_an_error_sees_an_inner_average_that_is_too_coarse(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a rule of four nodes in the place of that of the first level the error covers what it does."""
    model = replica.perceptron("binary", loss=SQUARED, beta=30.0)
    right = replica.solve(model, alpha=0.2)
    monkeypatch.setattr(_inner, "RULES", (_inner.RULES[0], (4, 6.0), (5, 6.0), *_inner.RULES[3:]))
    coarse = replica.solve(model, alpha=0.2, on_failure="keep")
    assert not coarse.converged or abs(coarse["q"] - right["q"]) <= 3.0 * coarse.errors["q"]


@pytest.mark.parametrize("beta", [0.1, 50.0, 1e4])
@pytest.mark.parametrize("gain", [30.0, 300.0])
def test_a_sharp_logistic_loss_by_panels_and_by_even_steps(gain: float, beta: float) -> None:
    field, variance = np.linspace(-6.0, 6.0, 25)[None], np.array([0.5])
    panels = replica.Logistic(gain).terms(field, variance, beta)
    for got, want in zip(panels, logistic_terms(field, gain, variance, beta), strict=False):
        assert np.max(np.abs(got - want)) <= 2e-12 * np.max(np.abs(want))


@pytest.mark.parametrize("gain", [1e3, 1e5, 1e7])
def test_a_logistic_loss_of_any_gain_tends_to_the_hinge(gain: float) -> None:
    """The costs differ by ``ln(1 + e^-x)/gain`` over a length 1/gain on either side: by the square of that in all."""
    found, limit = (
        replica.solve(replica.perceptron("binary", loss=loss, beta=2.0), alpha=0.5)
        for loss in (replica.Logistic(gain), replica.Hinge(0.0))
    )
    assert found["q"] == pytest.approx(limit["q"], abs=1.0 / gain**2 + 5e-15)
    assert found["q"] != limit["q"] or gain > 1e6


@pytest.mark.parametrize("loss", [replica.ErrorCount(0.3), Values(step, (0.3,))])
@pytest.mark.parametrize("labels", ["random", "teacher"])
@pytest.mark.parametrize("penalty", [4000.0, 1e6])
def test_patterns_that_exert_nothing_leave_the_weights_alone(loss: Loss, labels: str, penalty: float) -> None:
    """Weights too small to ever satisfy a pattern: the square of the force is below 1e-308."""
    found = replica.solve(replica.perceptron(replica.Gaussian(penalty), loss=loss, beta=3.0, labels=labels), alpha=0.2)
    assert found["q"] == 0.0
    assert found.free_entropy == pytest.approx(-0.2 * 3.0, abs=1e-13)
    assert "hardly act on the weights" in found.status


def test_costs_that_cannot_be_averaged_say_so() -> None:
    model = replica.perceptron("binary", loss=Values(lambda u: np.sqrt(u)), beta=2.0)
    with pytest.raises(ValueError, match="is not a number at u = -"):
        replica.solve(model, alpha=0.5)
    wild = replica.perceptron("binary", loss=Values(lambda u: 1.0 + np.sin(1e5 * u)), beta=2.0)
    with pytest.raises(ValueError, match="varies at too many places"):
        replica.solve(wild, alpha=0.5)


@pytest.mark.parametrize("spread", [1e-7, 1e-18, 1e-30, 1e-90])
@pytest.mark.parametrize(
    ("cost", "slope", "corners"),
    [
        (
            lambda u: np.clip(0.1 * (2.0 - u), 0.0, 1.0),
            lambda u: np.where((u > -8.0) & (u < 2.0), -0.1, 0.0),
            (-8.0, 2.0),
        ),
        (lambda u: np.abs(u - 0.7), lambda u: np.sign(u - 0.7), (0.7,)),
        (lambda u: 0.5 * np.tanh(3.0 * u), lambda u: 1.5 / np.cosh(3.0 * u) ** 2, ()),
    ],
    ids=["ramp", "cusp", "sigmoid"],
)
def test_a_spread_that_no_cost_resolves_leaves_the_cost_at_the_field(cost, slope, corners, spread):
    """Next to edges of panels as well: weights frozen on one letter have such spreads."""
    field = np.sort(np.concatenate([np.linspace(-3.0, 3.0, 400), [0.25 - 1e-12, 1.75 - 1e-4, 0.7 - 1e-5]]))[None, :]
    found = _inner.tilted_terms(Values(cost, corners), field, np.array([spread**2]), 2.0, False)
    expected = np.stack([-2.0 * cost(field), -2.0 * slope(field), cost(field)])
    np.testing.assert_allclose(found[[0, 1, 3]], expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("place", "slope", "beta", "penalty"), [(0.185626, 22.3279, 6.15643, 1.14), (0.1, 31.0, 11.0, 0.9)]
)
def test_a_steep_ramp_is_resolved_between_its_two_sides(place, slope, beta, penalty):
    """Against plain panels: a mesh as coarse at two levels as between them is no estimate of its error."""
    edge = place - 1.0 / slope
    ramp = Values(lambda u: np.clip(slope * (place - u), 0.0, 1.0), (edge, place))
    model = replica.perceptron(replica.Gaussian(penalty), loss=ramp, beta=beta, labels=replica.Teacher(noise=1.0))
    found = replica.solve(model, alpha=0.494634)
    cost = _second_local.Cost(ramp.cost, (edge, place))
    setting = _second.Setting(0.494634, beta, cost, penalty=penalty, teacher=True, noise=1.0)
    q_hat = found["q_hat"]
    start = {"q_hat": q_hat, "curvature": found["Q_hat"] + q_hat, "m_hat": found["m_hat"]}
    right = _second.solve(setting, start, steps=3)
    for name in ("q_hat", "m_hat", "V"):
        assert abs(found[name] - right[name]) <= 5.0 * found.errors[name] + 2e-15 * abs(right[name]), name


@pytest.mark.parametrize("price", [0.4, 2.7])
@pytest.mark.parametrize("beta", [30.0, 800.0, 7e3, 1e6])
def test_a_step_that_costs_more_than_any_number_is_a_constraint(beta: float, price: float) -> None:
    """``Z`` lacks all that lies below the step, which has no weight that a double holds."""
    cost = Values(lambda u: np.where(u < -0.4, price, 0.0), (-0.4,))
    variance = np.array([0.7])
    x = (FIELD + 0.4) / np.sqrt(0.7)
    right = [float(mpmath.log(mpmath.ncdf(h) + mpmath.exp(-beta * price) * mpmath.ncdf(-h))) for h in x[0]]
    assert cost.terms(FIELD, variance, beta)[0][0] == pytest.approx(right, rel=1e-13, abs=1e-15)
    counted = replica.solve(replica.perceptron("binary", loss=cost, beta=beta), alpha=0.4)
    known = replica.solve(replica.perceptron("binary", loss=replica.ErrorCount(-0.4), beta=price * beta), alpha=0.4)
    assert counted["free_entropy"] == pytest.approx(known["free_entropy"], abs=1e-12)


@pytest.mark.parametrize("beta", [552.0, 2e4])
@pytest.mark.parametrize("steep", [1.0, 6.65, 300.0])
def test_a_cold_ramp_is_known_where_it_falls_to_nothing(beta: float, steep: float) -> None:
    """The weight beside the foot of a ramp sees the cost to its own digits, not to those of what it grows to."""
    foot, variance = 1.33, 0.9085
    cost = Values(lambda u: np.clip(steep * (foot - u), 0.0, 1.0), (foot - 1.0 / steep, foot))
    with mpmath.workdps(40):
        beta_, s, a = mpmath.mpf(beta) * steep, mpmath.sqrt(variance), mpmath.mpf(foot)
        top = a - 1 / mpmath.mpf(steep)

        def log_z(h: Any) -> Any:
            tilted = mpmath.exp(beta_ * (h - a) + beta_**2 * variance / 2)
            between = mpmath.ncdf((a - h - beta_ * variance) / s) - mpmath.ncdf((top - h - beta_ * variance) / s)
            free, costly = mpmath.ncdf((h - a) / s), mpmath.exp(-beta) * mpmath.ncdf((top - h) / s)
            return mpmath.log(free + tilted * between + costly)

        with mpmath.workdps(400):
            right = [float(mpmath.diff(log_z, mpmath.mpf(h))) for h in (-2.0, 0.0, 1.0)]
    found = cost.terms(np.array([[-2.0, 0.0, 1.0]]), np.array([variance]), beta)[1][0]
    assert found == pytest.approx(right, rel=1e-13 + 2e-16 * beta)
