"""Formulas as the theory pages state them, in plain scipy, against the solver; with ``make bench``."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq, fsolve, minimize, minimize_scalar
from scipy.special import log_ndtr, ndtr
from scipy.stats import norm

import replica

pytestmark = pytest.mark.bench
NODES, RULE = np.polynomial.legendre.leggauss(400)
Z = 9.0 * NODES
DZ = 9.0 * RULE * norm.pdf(Z)
CLOSE = {"method": "Nelder-Mead", "options": {"xatol": 1e-10, "fatol": 1e-14, "maxiter": 4000}}


def hazard(u):
    return np.exp(norm.logpdf(u) - log_ndtr(-u))


def test_one_step_at_capacity():
    def alpha(place, kappa=-1.0):
        c, q0 = np.exp(place[0]), ndtr(place[1])
        rest = 1.0 - q0
        x, grown = kappa - np.sqrt(q0) * Z, 1.0 + c * rest
        inner = ndtr(-x / np.sqrt(rest))
        inner += np.exp(-c * x**2 / 2 / grown) / np.sqrt(grown) * ndtr(x / np.sqrt(rest * grown))
        return 0.5 * (np.log(grown) + c * q0 / grown) / -(DZ @ np.log(inner))

    found = replica.capacity(replica.perceptron("spherical", margin=-1.0), ansatz=replica.RSB(steps=1))
    assert minimize(alpha, [1.0, 0.0], **CLOSE).fun == pytest.approx(float(found), rel=1e-11)


def test_separability_of_clusters_and_of_covariates():
    def clusters(place, rho=0.3):
        overlap, bias = np.tanh(place[0]), place[1]
        second = [(a * a + 1.0) * ndtr(a) + a * norm.pdf(a) for a in (-overlap - bias, -overlap + bias)]
        return (rho * second[0] + (1.0 - rho) * second[1]) / (1.0 - overlap**2)

    found = replica.capacity(replica.mixture("logistic", penalty=0.0, balance=0.3))
    assert 1.0 / minimize(clusters, [0.3, -0.1], **CLOSE).fun == pytest.approx(float(found), rel=1e-11)
    omega, t = np.array([0.5, 1.0, 2.0]), np.array([0.3, 0.5, 0.7])
    r = np.sqrt(np.mean(t / omega) / 1.2)

    def covariates(s):
        a = -s * Z
        return DZ @ (2.0 * ndtr(r * Z / np.sqrt(1.0 - r * r)) * ((1.0 + a * a) * ndtr(a) + a * norm.pdf(a)))

    model = replica.covariates("logistic", spectrum=omega, projections=t, rho=1.0, noise=0.2)
    least = minimize_scalar(covariates, bounds=(0.0, 5.0), method="bounded", options={"xatol": 1e-10})
    assert 1.0 / least.fun == pytest.approx(float(replica.capacity(model)), rel=1e-11)


def test_franz_parisi_entropy_of_binary_weights():
    alpha, margin, t = 0.5, 0.3, 0.8
    curve = replica.franz_parisi(replica.perceptron("binary"), alpha=alpha, distance=[0.1], reference=margin)
    reference = replica.solve(replica.perceptron("binary", margin=margin), alpha=alpha)
    qr, qr_hat, q, s = reference["q"], reference["q_hat"], float(curve["q"][0]), float(curve["s"][0])
    x, y = np.meshgrid(Z, Z, indexing="ij")
    free = q - s * s / qr
    r = (t - s) / np.sqrt((1.0 - qr) * free)
    u0 = (margin - np.sqrt(qr) * x) / np.sqrt(1.0 - qr)
    weight = np.exp(log_ndtr(-(u0 - r * y) / np.sqrt(1.0 - r * r)) - log_ndtr(-u0))
    u = -(s * x / np.sqrt(qr) + np.sqrt(free) * y) / np.sqrt(1.0 - q)
    f, f_reference = hazard(u) / np.sqrt(1.0 - q), hazard(u0) / np.sqrt(1.0 - qr)
    q_hat, s_hat = alpha * (DZ @ (weight * f * f) @ DZ), alpha * (DZ @ (weight * f * f_reference) @ DZ)
    own = 2.0 / (1.0 + np.exp(-2.0 * np.sqrt(qr_hat) * x))
    field = s_hat / np.sqrt(qr_hat) * x + np.sqrt(q_hat - s_hat**2 / qr_hat) * y - s_hat
    theta = brentq(lambda pull: DZ @ (own * np.tanh(field + pull)) @ DZ - t, -5.0, 8.0)
    site = DZ @ (own * np.logaddexp(field + theta, -field - theta)) @ DZ
    entropy = -0.5 * q_hat * (1.0 - q) - theta * t + s_hat * s + site + alpha * (DZ @ (weight * log_ndtr(-u)) @ DZ)
    assert entropy == pytest.approx(float(curve["entropy"][0]), abs=1e-11)


def test_excitatory_weights_and_margins_of_paths():
    margin = 0.5
    model = replica.perceptron(replica.SignConstrained(1.0), margin=margin, labels=replica.RandomLabels(inputs=0.5))

    def equations(place):
        b, alpha = place
        first, second = b * ndtr(b) + norm.pdf(b), (1.0 + b * b) * ndtr(b) + b * norm.pdf(b)
        t = margin * first / np.sqrt(second)
        return ndtr(b) - alpha * ndtr(t), ndtr(b) ** 2 - alpha * second * ((1.0 + t * t) * ndtr(t) + t * norm.pdf(t))

    assert fsolve(equations, [-0.2, 0.6], xtol=1e-13)[1] == pytest.approx(float(replica.capacity(model)), rel=1e-11)
    sphere = replica.perceptron("spherical", margin=-0.5)
    star = replica.kernel_margin(sphere, alpha=1.0)
    way = replica.path(sphere, alpha=1.0, margins=(float(star), -0.5))
    assert float(star) == pytest.approx(-0.5 * way.attrs["overlap"], abs=1e-11)
    convex = float(replica.convex_margin(sphere, alpha=1.0))
    q = replica.solve(replica.perceptron("spherical", margin=convex), alpha=1.0)["q"]
    assert convex == pytest.approx(-0.5 * np.sqrt((1.0 + q) / 2.0), abs=1e-11)


def test_vectors_of_least_cost_with_a_noisy_teacher():
    alpha, penalty, tau = 2.0, 0.5, 1.3
    model = replica.perceptron(replica.Gaussian(penalty), loss="hinge", labels=replica.Teacher(noise=tau - 1.0))
    found = replica.solve(model, alpha=alpha)
    q, m, v = found["q"], found["m"], found["V"]
    eta = m / np.sqrt(q * (tau * q - m * m))

    def mean(function, variance, tilt):
        edges = [-14.0, 1.0 - v, 1.0, 14.0]
        total = 0.0
        for low, high in zip(edges, edges[1:], strict=False):
            x = 0.5 * (low + high) + 0.5 * (high - low) * NODES
            density = 2.0 * ndtr(tilt * x) * norm.pdf(x, scale=np.sqrt(variance))
            total += 0.5 * (high - low) * (RULE @ (density * function(x)))
        return total

    def pull(x):
        return np.clip((1.0 - x) / v, 0.0, 1.0)

    q_hat = alpha * mean(lambda x: pull(x) ** 2, q, eta)
    v_hat = alpha * mean(lambda x: ((x > 1.0 - v) & (x < 1.0)) / v, q, eta)
    m_hat = alpha * np.sqrt(2.0 / np.pi / tau) * mean(pull, q - m * m / tau, 0.0)
    assert 1.0 / (penalty + v_hat) == pytest.approx(v, rel=1e-11)
    assert m_hat / (penalty + v_hat) == pytest.approx(m, rel=1e-11)
    assert (m_hat**2 + q_hat) / (penalty + v_hat) ** 2 == pytest.approx(q, rel=1e-11)
