"""Compiled loops for models of one conjugate say what the equations say without them."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

import replica
from replica.ansatz.rs.equations import Equations, RSProblem
from replica.ansatz.rs.one_overlap import OneOverlap

MODELS = [
    replica.perceptron("binary", margin=0.3),
    replica.perceptron("binary", margin=-1.1),
    replica.perceptron("spherical", margin=5.0),
    replica.perceptron("spherical", margin=-0.4),
    replica.perceptron("binary", loss=replica.ErrorCount(0.0), beta=3.0),
    replica.perceptron("binary", loss=replica.ErrorCount(0.8), beta=40.0),
    replica.perceptron("spherical", loss=replica.ErrorCount(-0.5), beta=0.1),
]
Q_HAT = np.array([1e-12, 1e-3, 0.4, 3.0, 80.0, 1e5])


def without(monkeypatch):
    monkeypatch.setattr(OneOverlap, "of", classmethod(lambda *_: None))


@pytest.mark.parametrize("model", MODELS, ids=str)
@pytest.mark.parametrize("level", [0, 1, 2])
def test_averages_are_those_of_the_members(model, level, monkeypatch):
    fast = Equations(model, Q_HAT.size, level)
    assert fast.compiled is not None
    one, other = fast.halves({"q_hat": Q_HAT}, whole=True)
    without(monkeypatch)
    plain = Equations(model, Q_HAT.size, level)
    assert plain.compiled is None
    single, pattern = plain.halves({"q_hat": Q_HAT}, whole=True)
    close = {"rtol": 1e-7 if level == 0 else 1e-12, "atol": 1e-300}
    for name in ("q", "variance", "susceptibility", "norm"):
        np.testing.assert_allclose(getattr(one, name), getattr(single, name), **close)
    assert (one.log_z is None) == (single.log_z is None)
    for name in ("log_z", "rigidity", "cost", "wrong"):
        np.testing.assert_allclose(getattr(other, name), getattr(pattern, name), **close)
    for name in ("q_hat", "curvature"):
        np.testing.assert_allclose(other.conjugates[name], pattern.conjugates[name], **close)


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_slopes_are_derivatives(model):
    """Against central differences of fourth order."""
    problem = RSProblem(Equations(model, Q_HAT.size), np.full(Q_HAT.size, 0.3))
    free, step = np.log(Q_HAT)[:, None], 1e-3
    _, slope = problem.residual_and_jacobian(free)
    ahead = [problem.residual(free + k * step)[:, 0] for k in (-2, -1, 1, 2)]
    differences = np.array([1.0, -8.0, 8.0, -1.0]) @ np.array(ahead) / (12.0 * step)
    np.testing.assert_allclose(slope[:, 0, 0], differences, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("seed", range(6))
def test_solutions_agree_within_their_errors(seed, monkeypatch):
    rng = np.random.default_rng(seed)
    margin, beta, weights = rng.normal() * 2.0, 10.0 ** rng.uniform(-2, 3), ("binary", "spherical")[seed % 2]
    hard, soft = replica.perceptron(weights, margin=margin), replica.ErrorCount(margin)
    cases = [(hard, float(replica.capacity(hard)) * (1.0 - 10.0 ** rng.uniform(-8, -0.2)))]
    cases.append((replica.perceptron(weights, loss=soft, beta=beta), 10.0 ** rng.uniform(-4, 1)))
    fast = [replica.solve(model, alpha=alpha, on_failure="keep") for model, alpha in cases]
    without(monkeypatch)
    for found, (model, alpha) in zip(fast, cases, strict=True):
        known = replica.solve(model, alpha=alpha, on_failure="keep")
        assert found.status == known.status
        assert set(found.errors) == set(known.errors)
        for name, error in known.errors.items():
            assert found[name] == known[name] or abs(found[name] - known[name]) <= error + found.errors[name], name
            assert found.errors[name] <= 20.0 * error, name


@pytest.mark.parametrize("weights", ["binary", "spherical"])
@pytest.mark.parametrize(("loss", "beta"), [("margin", np.inf), ("error-count", 2.0), ("hinge", 1.0)])
@pytest.mark.parametrize("margin", [-4.0, -7.0])
def test_patterns_that_hardly_cost_anything_stay_on_the_branch_from_no_load(weights, loss, beta, margin):
    """There alpha rises, falls and rises again with q_hat: of three states of one load the first is on that branch."""
    model = replica.perceptron(weights, loss=loss, margin=margin, beta=beta)
    theta = np.arange(-60.0, 44.0, 0.05)
    with np.errstate(all="ignore"):
        pattern = Equations(model, theta.size).halves({"q_hat": np.exp(theta)})[1]
        load = np.exp(theta) / pattern.conjugates["q_hat"]
    falls = np.flatnonzero(np.diff(load) < -1e-9 * load[1:])
    low, high = load[falls[-1] + 1], load[falls[0]]
    assert low < high
    for share in (0.02, 0.3, 0.7, 0.95):
        alpha = low ** (1.0 - share) * high**share
        found = replica.solve(model, alpha=alpha)
        assert abs(np.log(found["q_hat"]) - theta[np.argmax(load >= alpha)]) < 0.06


@pytest.mark.parametrize("line", [replica.capacity, replica.at_line])
@pytest.mark.parametrize("margin", [-1.7, 0.0, 0.4, 3.0])
def test_lines_agree_within_their_errors(line, margin, monkeypatch):
    model = replica.perceptron("binary", margin=margin)
    found = line(model)
    without(monkeypatch)
    known = line(model)
    assert found.status == known.status and found.converged
    assert abs(found.value - known.value) <= found.error + known.error
    assert found.error <= 10.0 * known.error and found.bracket[0] <= found.value <= found.bracket[1]
    for name, value in known.order_parameters.items():
        slack = found.solution.errors[name] + known.solution.errors[name]
        assert abs(found.order_parameters[name] - value) <= slack, name


@pytest.mark.parametrize("beta", [5.0, 500.0, 5000.0])
def test_breaking_points_of_cold_costs(beta):
    """``alpha E f'''^2 / (2 [(1-q)^-3 + alpha E f''^3])`` with the derivatives of ``ln Z`` written out, by `quad`."""
    line = replica.at_line(replica.perceptron("spherical", loss="error-count", beta=beta))
    q, alpha, lost = line.solution["q"], line.value, np.exp(-beta)
    spread = np.sqrt(1.0 - q)

    def derivatives(z):
        x = -np.sqrt(q) * z / spread
        lifted = norm.logsf(x)
        ratio = (1.0 - lost) * np.exp(norm.logpdf(x) - np.logaddexp(-beta, np.log1p(-lost) + lifted))
        first, second, third = -ratio, x * ratio, (1.0 - x * x) * ratio
        return second - first**2, third - 3.0 * first * second + 2.0 * first**3

    edges = np.linspace(-12.0, 12.0, 97)
    powers = (lambda z: derivatives(z)[1] ** 2 * norm.pdf(z), lambda z: derivatives(z)[0] ** 3 * norm.pdf(z))
    top, bottom = (
        sum(quad(f, a, b, epsabs=1e-13, epsrel=1e-11, limit=400)[0] for a, b in pairwise(edges)) for f in powers
    )
    expected = 0.5 * alpha * top / (1.0 + alpha * bottom)  # both in units of (1-q)^-3
    assert line.order_parameters["breaking_point"] == pytest.approx(expected, rel=3e-9)


def test_a_loss_that_changes_what_it_inherits_is_not_given_its_kernel(own_members):
    @dataclass(frozen=True)
    class Softened(replica.Margin):
        name = "softened-margin-of-a-test"

        def terms(self, field, variance, beta):
            return super().terms(field, variance + 0.1, beta)

    assert OneOverlap.of(replica.perceptron("binary", loss=Softened(0.0)), ("q_hat",), 1, 1) is None


def test_other_models_are_left_to_the_equations():
    taught, biased = (replica.perceptron("binary", **more) for more in ({"labels": "teacher"}, {"coding": 0.3}))
    warm = replica.perceptron("spherical", loss="hinge", beta=1.0)
    for model in (taught, biased, replica.perceptron("ternary"), warm):
        assert Equations(model, 1).compiled is None


def test_sentences_of_a_batch_are_those_of_its_rows():
    rows = replica.RS().solve(replica.perceptron("binary"), np.array([0.1, 0.5, 0.9, 1.2, 5.0]))
    assert rows.sentences() == [rows.sentence(row) for row in range(rows.size)]
    assert len(set(rows.sentences())) > 2
