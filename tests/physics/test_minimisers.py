"""Franz-Parisi curves around zero-temperature minimisers: plain quadratures, exact limits, fits of finite size."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import log_ndtr, ndtr

import replica
from replica.ansatz._minimiser_patterns import Minimiser
from replica.ansatz._minimiser_problem import MinimiserProblem
from replica.ansatz._minimiser_weights import Centre
from saddlepoint import solve

HALF = 9.0


def uniform(count: int) -> tuple[np.ndarray, np.ndarray]:
    z = np.linspace(-HALF, HALF, count)
    return z, np.exp(-z * z / 2) / np.sqrt(2 * np.pi) * (z[1] - z[0])


def plain_energy(
    q: float, tau: float, zeta: float, m: float, reference: Minimiser, kappa: float, taught: bool, count: int = 1601
) -> float:
    """E ln H over cavity field and noise, uniform rules; with a teacher the weight 2 theta of its field, integrated."""
    h, outer = uniform(count)
    y, inner = uniform(481)
    own = np.sqrt(q - tau * tau)
    field = tau * h[:, None] + zeta * reference.reaction(h)[:, None] + own * y[None, :]
    weight = outer[:, None] * inner[None, :]
    if taught:
        lean = (m - tau * reference.m) / own
        known = reference.m * h[:, None] + lean * y[None, :]
        weight = weight * 2 * ndtr(known / np.sqrt(1 - reference.m**2 - lean**2))
    return float((weight * log_ndtr((field - kappa) / np.sqrt(1 - q))).sum())


def plain_entropic(weights: str, values: dict[str, float], centre: Centre, t: float, taught: bool) -> float:
    """The weights' part at independent overlaps and conjugates: reference, centre and probe drawn component by component.

    Binary weights sum over the component of the reference; on the sphere the Gaussian integral is closed.
    """
    at, mr = values, centre.m
    room = 1 - mr * mr
    held = -0.5 * at["q_hat"] * (1 - at["q"]) - at["t_hat"] * t - at["zeta_hat"] * at["zeta"]
    if not centre.same:
        held -= at["u_hat"] * at["u"]
    held -= at["m_hat"] * at["m"]
    x, weight = uniform(721)
    n, noise = uniform(241)
    v = 1.0 if taught else 0.0
    u = mr * v + np.sqrt(room) * x
    side = np.sign(u) if centre.clipped else u
    lean = (at["u_hat"] if not centre.same else 0.0) * u + at["t_hat"] * centre.tilt * side
    field = at["m_hat"] * v + lean + at["zeta_hat"] * x / np.sqrt(room)
    own = at["q_hat"] - at["zeta_hat"] ** 2 / room + at["t_hat"] ** 2 * (1 - centre.tilt**2)
    total = field[:, None] + np.sqrt(own) * n[None, :]
    return held + float((weight[:, None] * noise[None, :] * np.logaddexp(total, -total)).sum())


def problem_at(
    weights: str, labels: str, tilt: float, clipped: bool, d: float, alpha: float, kappa: float
) -> tuple[MinimiserProblem, np.ndarray]:
    model = replica.perceptron(weights, margin=kappa, labels=labels)
    largest = replica.max_margin(replica.perceptron("spherical", labels=labels), alpha=alpha)
    m = largest.order_parameters["m"] if labels == "teacher" else 0.0
    reference, centre = Minimiser(replica.Margin(largest.value), 1.0, 1.0, m), Centre(tilt, clipped, m)
    problem = MinimiserProblem(model, alpha, reference, centre, np.array([1 - 2 * d]), 1)
    found = solve(problem, on_failure="keep")
    assert found.converged.all()
    return problem, found.point


@pytest.mark.parametrize("labels", ["random", "teacher"])
@pytest.mark.parametrize(("tilt", "clipped"), [(1.0, False), (0.9, False), (1.0, True), (0.95, True)])
def test_stationary_point_of_the_plain_potential(labels: str, tilt: float, clipped: bool) -> None:
    """Flat in every order parameter and conjugate when both parts are coded from the formulas, and the same value."""
    taught = labels == "teacher"
    d, alpha, kappa = 0.2, 0.7, 0.1
    problem, point = problem_at("binary", labels, tilt, clipped, d, alpha, kappa)
    centre = problem.centre
    seen = problem.describe(point)
    names = ["q", "zeta", "q_hat", "zeta_hat", "t_hat"]
    names += ["u", "u_hat"] if not centre.same else []
    names += ["m", "m_hat"] if taught else []
    values = {"m": 0.0, "m_hat": 0.0} | {name: float(seen[name][0]) for name in names}

    def potential(values: dict[str, float], t: float = 1 - 2 * d) -> float:
        tau = t if centre.same else values["u"]
        own = plain_entropic("binary", values, centre, t, taught)
        energy = plain_energy(values["q"], tau, values["zeta"], values["m"], problem.reference, kappa, taught)
        return own + alpha * energy

    # the uniform rule sees the kink of the reaction and the jump of the signs to second and first order
    rough = 2e-5 if not clipped else 2e-3
    assert potential(values) == pytest.approx(float(seen["free_entropy"][0]), abs=rough)
    for name in names:
        step = 1e-4
        up, down = (potential(values | {name: values[name] + sign * step}) for sign in (1, -1))
        assert abs(up - down) / (2 * step) < rough * max(1.0, abs(values[name])), name
    slope = (potential(values, 1 - 2 * d - 1e-4) - potential(values, 1 - 2 * d + 1e-4)) / 1e-4
    assert slope == pytest.approx(float(seen["slope"][0]), abs=10 * rough)
