"""Franz-Parisi curves around zero-temperature minimisers: plain quadratures, exact limits, fits of finite size."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq, minimize
from scipy.special import log_ndtr, ndtr

import replica
from replica.ansatz.franz_parisi.minimiser import MinimiserProblem
from replica.ansatz.franz_parisi.minimiser_patterns import Minimiser
from replica.ansatz.franz_parisi.minimiser_weights import Centre
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


def plain_entropic(values: dict[str, float], centre: Centre, t: float, taught: bool) -> float:
    """The weights' part at independent overlaps and conjugates, over the component of the reference and own noise."""
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
    problem = MinimiserProblem(model, alpha, reference, centre, np.array([d]), 1)
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
        own = plain_entropic(values, centre, t, taught)
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


def largest(labels: str = "random", weights: str = "spherical") -> replica.Model:
    return replica.perceptron(weights, labels=labels)


@pytest.mark.parametrize("labels", ["random", "teacher"])
@pytest.mark.parametrize(("tilt", "clipped"), [(1.0, False), (0.9, False)])
def test_sphere_solves_the_closed_equations(labels: str, tilt: float, clipped: bool) -> None:
    """``M - zeta Mr``, ``t - M Mr - zeta (1-Mr^2)`` and ``T`` of the mixture page, from plain averages (tilt 1), and
    the value of the closed potential.
    """
    taught, d, alpha, kappa = labels == "teacher", 0.2, 0.7, 0.1
    problem, point = problem_at("spherical", labels, tilt, clipped, d, alpha, kappa)
    seen = {name: float(value[0]) for name, value in problem.describe(point).items()}
    q, zeta, mr, t = seen["q"], seen["zeta"], problem.centre.m, 1 - 2 * d
    m = seen.get("m", 0.0)
    tau = seen.get("u", t)

    def energy(q: float = q, zeta: float = zeta, m: float = m, tau: float = tau) -> float:
        return plain_energy(q, tau, zeta, m, problem.reference, kappa, taught)

    step = 1e-4
    force_q = -2 * (energy(q=q + step) - energy(q=q - step)) / (2 * step)
    force_zeta = (energy(zeta=zeta + step) - energy(zeta=zeta - step)) / (2 * step)
    left = tau - m * mr - zeta * (1 - mr * mr)
    assert left == pytest.approx((1 - q) * alpha * force_zeta, abs=2e-6)
    if taught:
        force_m = (energy(m=m + step) - energy(m=m - step)) / (2 * step)
        assert m - zeta * mr == pytest.approx((1 - q) * alpha * force_m, abs=2e-6)
    if tilt == 1.0:
        spread = q - m * m - 2 * zeta * (t - m * mr) + zeta * zeta * (1 - mr * mr)
        assert spread == pytest.approx((1 - q) ** 2 * alpha * force_q, abs=2e-6)
        value = 0.5 * np.log(1 - q) + spread / (2 * (1 - q)) + alpha * energy()
        assert value == pytest.approx(seen["free_entropy"], abs=2e-6)


@pytest.mark.parametrize("weights", ["binary", "spherical"])
@pytest.mark.parametrize("labels", ["random", "teacher"])
@pytest.mark.parametrize(("tilt", "clipped"), [(1.0, False), (0.8, False), (1.0, True)])
def test_maximum_is_the_replica_symmetric_solution(weights: str, labels: str, tilt: float, clipped: bool) -> None:
    """There the probe does not feel that a distance is asked for, whatever the reference."""
    model = replica.perceptron(weights, labels=labels)
    reference = replica.Reference(margin="max", model=largest(labels), tilt=tilt, clipped=clipped)
    d = replica.franz_parisi(model, alpha=0.6, distance=[0.2], reference=reference).attrs["typical_distance"]
    curve = replica.franz_parisi(model, alpha=0.6, distance=[d], reference=reference)
    alone = replica.solve(model, alpha=0.6)
    assert float(curve["entropy"][0]) == pytest.approx(alone.free_entropy, abs=1e-13)
    assert float(curve["q"][0]) == pytest.approx(alone["q"], abs=1e-12)
    assert abs(float(curve["slope"][0])) < 1e-11
    assert float(curve["stability"][0]) == pytest.approx(alone["stability"], abs=1e-10)
    if labels == "teacher":
        assert float(curve["m"][0]) == pytest.approx(alone["m"], abs=1e-12)


def test_typical_student_and_teacher_are_equally_far_from_every_estimate() -> None:
    """Nishimori: a Bayes-optimal student is as close to a vector made of the data as the teacher is."""
    model = replica.perceptron("binary", labels="teacher")
    curve = replica.franz_parisi(
        model, alpha=0.6, distance=[0.2], reference=replica.Reference(margin="max", model=largest("teacher"))
    )
    m = replica.max_margin(replica.perceptron("spherical", labels="teacher"), alpha=0.6).order_parameters["m"]
    assert 1 - 2 * curve.attrs["typical_distance"] == pytest.approx(m, abs=1e-12)


@pytest.mark.parametrize("weights", ["binary", "spherical"])
def test_without_constraint_nothing_is_felt(weights: str) -> None:
    model = replica.perceptron(weights, margin=-30.0)
    reference = replica.Reference(margin="max", model=largest(), clipped=True)
    d = np.array([0.01, 0.2, 0.5])
    curve = replica.franz_parisi(model, alpha=0.7, distance=d, reference=reference)
    room = -d * np.log(d) - (1 - d) * np.log(1 - d) if weights == "binary" else 0.5 * np.log(4 * d * (1 - d))
    assert np.allclose(curve["entropy"], room, rtol=0, atol=1e-12)
    assert np.allclose(curve["zeta"], (1 - 2 * d) * np.sqrt(2 / np.pi), rtol=0, atol=1e-9)


def test_no_solution_is_beyond_the_right_angle_of_the_largest_margin() -> None:
    """The maximum-margin vector is a positive sum of patterns, so its overlap with every solution is positive."""
    reference = replica.Reference(margin="max")
    curve = replica.franz_parisi(
        replica.perceptron("spherical"), alpha=0.8, distance=[0.48, 0.499, 0.51, 0.6], reference=reference
    )
    status = [str(text) for text in curve["status"].values]
    assert [text.startswith("converged") for text in status] == [True, True, False, False]
    assert float(curve["entropy"][1]) < -2.0
    assert "no solution at this distance" in status[2]


def test_binary_weights_cannot_be_close_to_a_real_vector() -> None:
    """The largest overlap is E|u| = sqrt(2/pi); there the weights are its signs."""
    reference = replica.Reference(margin="max", model=largest())
    edge = (1 - np.sqrt(2 / np.pi)) / 2
    curve = replica.franz_parisi(
        replica.perceptron("binary", margin=-9.0), alpha=0.1, distance=[edge - 1e-3, edge + 1e-3], reference=reference
    )
    assert "no weights of the set are that close" in str(curve["status"].values[0])
    assert 0 < float(curve["entropy"][1]) < 0.06


def sphere_response(loss: replica.Logistic, alpha: float) -> float:
    """V of the minimiser on the sphere: ``alpha E (V l'(u))^2 = 1`` by a plain rule and scipy."""
    z, weight = uniform(4001)

    def gap(log_v: float) -> float:
        best = loss.ground(z[None, :], np.array([np.exp(log_v)]))[0][0]
        return float(np.log(alpha * (weight * (best - z) ** 2).sum()))

    return float(np.exp(brentq(gap, -4.0, 7.0, xtol=1e-13)))


def fitted(x: np.ndarray, gain: float) -> np.ndarray:
    """The logistic minimiser on the sphere of one instance."""
    root = np.sqrt(x.shape[1])

    def cost(v: np.ndarray) -> tuple[float, np.ndarray]:
        size = np.linalg.norm(v)
        h = x @ v / size
        pull = -(x.T @ (1 / (1 + np.exp(gain * h)))) / size
        return float(np.logaddexp(0, -gain * h).sum() / gain), pull - (pull @ v) * v / size**2

    v = minimize(cost, x.sum(0), jac=True, method="L-BFGS-B", options={"ftol": 1e-14, "gtol": 1e-9}).x
    return v * root / np.linalg.norm(v)


def test_fits_of_finite_size_have_the_fields_of_the_theory() -> None:
    """Mean training error of random vectors at overlap t with a logistic minimiser: ``E H(t (h + k)/sqrt(1-t^2))``."""
    alpha, gain, t, n = 0.8, 2.0, 0.7, 500
    reference = Minimiser(replica.Logistic(gain), sphere_response(replica.Logistic(gain), alpha))
    h, weight = uniform(2001)
    wanted = (weight * ndtr(-t * (h + reference.reaction(h)) / np.sqrt(1 - t * t))).sum()
    rng, found = np.random.default_rng(7), []
    for _ in range(60):
        x = rng.standard_normal((int(alpha * n), n))
        fields = x @ fitted(x, gain) / np.sqrt(n)
        found.append(ndtr(-t * fields / np.sqrt(1 - t * t)).mean())
    assert wanted == pytest.approx(np.mean(found), abs=3 * np.std(found) / np.sqrt(60))
    model = replica.perceptron("spherical", loss="error-count", beta=1e-6)
    problem = MinimiserProblem(model, alpha, reference, Centre(), np.array([(1 - t) / 2]), 1)
    point = solve(problem, on_failure="keep").point
    assert float(problem.means(point)["training_error"][0]) == pytest.approx(wanted, abs=1e-6)
    assert float(problem.describe(point)["zeta"][0]) == pytest.approx(t, abs=1e-5)


@pytest.mark.parametrize(("tilt", "clipped", "d"), [(1.0, False, 0.2), (1.0, True, 0.15)])
def test_enumerated_binary_weights_near_fits(tilt: float, clipped: bool, d: float) -> None:
    """All binary vectors at inverse temperature beta in a field along the reference, less without it: N -> infinity."""
    alpha, gain, beta = 0.6, 2.0, 1.5
    model = replica.perceptron("binary", loss="error-count", beta=beta)
    reference = Minimiser(replica.Logistic(gain), sphere_response(replica.Logistic(gain), alpha))
    problem = MinimiserProblem(model, alpha, reference, Centre(tilt, clipped), np.array([d]), 1)
    seen = problem.describe(solve(problem, on_failure="keep").point)
    theta = float(seen["slope"][0]) / 2
    wanted = float(seen["free_entropy"][0]) + theta * (1 - 2 * d) - replica.solve(model, alpha=alpha).free_entropy
    mean, error = [], []
    for n, samples in ((10, 1200), (15, 400)):
        half = np.arange(2 ** (n - 1))
        weights = (1.0 - 2.0 * ((half[:, None] >> np.arange(n)) & 1)).astype(np.float32)
        rng, found = np.random.default_rng(n), []
        for _ in range(samples):
            x = rng.standard_normal((round(alpha * n), n))
            u = fitted(x, gain)
            errors = (weights @ x.T.astype(np.float32) < 0).sum(axis=1)
            errors = np.concatenate([errors, len(x) - errors])
            along = weights @ (np.sign(u) if clipped else u).astype(np.float32)
            boltzmann = np.exp(-beta * errors)
            lifted = boltzmann * np.exp(theta * np.concatenate([along, -along]))
            found.append(np.log(lifted.sum() / boltzmann.sum()) / n)
        mean.append(np.mean(found))
        error.append(np.std(found) / np.sqrt(samples))
    limit, spread = 3 * mean[1] - 2 * mean[0], np.hypot(3 * error[1], 2 * error[0])
    assert spread < 5e-3
    assert limit == pytest.approx(wanted, abs=3 * spread)
    assert abs(wanted) > 20 * spread


def test_cross_entropy_minimisers_lie_in_flat_regions() -> None:
    """More solutions around them than around typical ones at the same load; signs of binary weights at all but the
    closest distances. Where copies and minimiser share almost all noise the curve has no gap.
    """
    soft = replica.perceptron("spherical", loss=replica.Logistic(gain=1.0))
    for weights, d, clipped in (("spherical", [0.005, 0.02, 0.1], False), ("binary", [0.01, 0.03, 0.1], True)):
        model = replica.perceptron(weights)
        typical = replica.franz_parisi(model, alpha=0.3, distance=d)
        wide = replica.franz_parisi(
            model, alpha=0.3, distance=d, reference=replica.Reference(model=soft, clipped=clipped)
        )
        assert np.all(wide["entropy"].values > typical["entropy"].values + 2e-3)
    d = np.linspace(0.02, 0.45, 12)
    curve = replica.franz_parisi(
        replica.perceptron("spherical"), alpha=0.1, distance=d, reference=replica.Reference(model=soft)
    )
    assert all(str(text).startswith("converged") for text in curve["status"].values)
    assert np.all(curve["error"] < 1e-10)
