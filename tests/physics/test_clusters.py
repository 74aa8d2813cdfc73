"""Two clusters with covariances of their own: limits, two derivations, samples, refusals."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from scipy import integrate, optimize

import replica
from replica.data._shapes import Shapes

NAMES = ("q", "m", "V", "bias", "free_entropy", "energy", "training_error", "generalization_error", "stability")


def turned(rng: np.random.Generator, variances: np.ndarray) -> np.ndarray:
    basis, _ = np.linalg.qr(rng.standard_normal((variances.size, variances.size)))
    return (basis * variances) @ basis.T


def shaped(n: int, seed: int = 3, spread: float = 1.0) -> dict[str, np.ndarray]:
    """Means and covariances that do not commute."""
    rng = np.random.default_rng(seed)
    spectra = np.exp(spread * rng.standard_normal((2, n))) * np.array([[1.0], [0.5]])
    means = rng.standard_normal((2, n)) / np.sqrt(n) * np.array([[1.2], [0.8]])
    return {"means": means, "covariances": np.array([turned(rng, one) for one in spectra])}


@pytest.mark.parametrize("loss", ["square", "logistic", "hinge"])
@pytest.mark.parametrize(
    "known", [{}, {"balance": 0.3, "bias": 0.4}, {"balance": 0.2, "bias": False, "penalty": 0.01}]
)
@pytest.mark.parametrize("penalty", [0.0, 1e-3, 1.0])
def test_round_clusters_are_the_isotropic_mixture(loss: str, known: dict[str, Any], penalty: float) -> None:
    direction = np.random.default_rng(0).standard_normal(30)
    means, options = direction / np.linalg.norm(direction), {"penalty": penalty} | known
    for alpha in (0.4, 3.0):
        found = replica.solve(replica.clusters(loss, means=means, covariances=0.5, **options), alpha=alpha)
        expected = replica.solve(replica.mixture(loss, noise=0.5, **options), alpha=alpha)
        assert found.converged and expected.converged
        for name in NAMES:
            room = max(1e-12, 5 * (found.errors[name] + expected.errors[name]))
            assert found[name] == pytest.approx(expected[name], abs=room * max(1.0, abs(expected[name]))), name
            assert np.isinf(expected[name]) or found.errors[name] < 1e-8 * max(1.0, abs(found[name]))


def test_dense_and_joint_resolvents_agree() -> None:
    """Covariances that commute, in a basis of their own: by spectra, and by one matrix after another."""
    rng = np.random.default_rng(1)
    basis, _ = np.linalg.qr(rng.standard_normal((20, 20)))
    spectra = np.exp(rng.standard_normal((2, 20)))
    shapes = Shapes(rng.standard_normal((2, 20)), np.array([(basis * one) @ basis.T for one in spectra]))
    assert shapes.spectra is not None and Shapes(**shaped(20)).spectra is None
    found = shapes.forms(np.array([0.3]), np.array([[0.7, 2.0]]))
    for name, value in zip(found._fields[:-1], shapes._dense(0.3, 0.7, 2.0), strict=False):
        assert np.allclose(getattr(found, name)[0], value, rtol=1e-12), name
    matrix = np.linalg.inv(0.3 * np.eye(20) + 0.7 * shapes.covariances[0] + 2.0 * shapes.covariances[1])
    up, down = shapes.covariances
    assert found.pairs[0, 0, 1] == pytest.approx(np.trace(matrix @ up @ matrix @ down) / 20, rel=1e-12)
    assert found.across[0, 1, 0, 1] == pytest.approx(shapes.means[0] @ matrix @ down @ matrix @ shapes.means[1])


def potential(model: replica.Model, alpha: float, at: np.ndarray) -> float:
    r"""``extr -p.a + (k.q - g.V)/2 + (p mu R mu p + tr R sum g S/N)/2 - alpha E M``: written once more, with quad.

    ``at``: a, q, V, k, g, p of both labels and the bias; M is the Moreau envelope by Brent's method.
    """
    a, q, response, k, g, p = at[:12].reshape(6, 2)
    means, covariances, n = model.data.means, model.data.covariances, model.data.means.shape[1]
    r = np.linalg.inv(model.weights.penalty * np.eye(n) + k[0] * covariances[0] + k[1] * covariances[1])
    total = -p @ a + 0.5 * (k @ q - g @ response) + 0.5 * p @ (means @ r @ means.T) @ p
    total += 0.5 * sum(g[s] * np.trace(r @ covariances[s]) for s in (0, 1)) / n
    for s, (sign, share) in enumerate(((1, model.data.balance), (-1, 1 - model.data.balance))):

        def envelope(z: float, s: int = s, sign: int = sign) -> float:
            h = sign * (a[s] + at[12]) + np.sqrt(q[s]) * z
            u = optimize.brentq(lambda u: u - h - response[s] / (1 + np.exp(u)), h, h + response[s], xtol=1e-13)
            return np.exp(-z * z / 2) / np.sqrt(2 * np.pi) * (np.logaddexp(0, -u) + (u - h) ** 2 / (2 * response[s]))

        total -= alpha * share * integrate.quad(envelope, -9, 9, epsabs=1e-11, epsrel=1e-11, limit=200)[0]
    return float(total)


def test_the_solution_is_stationary() -> None:
    """Differences of the potential in all thirteen order parameters vanish, and its value is the free entropy."""
    model = replica.clusters("logistic", penalty=0.3, balance=0.3, **shaped(12))
    solution = replica.solve(model, alpha=1.7)
    fields = solution.problem.fields(solution.point[None, :])
    stiff = np.exp(solution.point[:2])
    parts = (fields.mean[0], fields.variance[0], fields.response[0], stiff, fields.force[0], fields.push[0])
    at = np.concatenate([*parts, [solution["bias"]]])
    assert potential(model, 1.7, at) == pytest.approx(solution.free_entropy, abs=1e-9)

    def slopes(at: np.ndarray) -> np.ndarray:
        steps = np.diag(1e-5 + 1e-4 * np.abs(at))
        ends = [[potential(model, 1.7, at + sign * step) for sign in (1, -1)] for step in steps]
        return (np.array(ends) @ [1, -1]) / (2 * np.diag(steps))

    assert np.max(np.abs(slopes(at))) < 2e-7
    assert np.min(np.abs(slopes(1.05 * at))) > 1e-5


@pytest.mark.parametrize(
    ("loss", "penalty", "alpha", "balance", "bias"),
    [("square", 0.5, 1.5, 0.5, True), ("hinge", 0.5, 2.0, 0.7, True), ("logistic", 1.0, 0.7, 0.4, False)],
)
def test_samples_agree(loss: str, penalty: float, alpha: float, balance: float, bias: bool) -> None:
    model = replica.clusters(loss, penalty=penalty, balance=balance, bias=bias, **shaped(200, seed=5))
    solution = replica.solve(model, alpha=alpha)
    runs = replica.simulate(model, algorithm="erm", n=200, alpha=alpha, samples=10, seed=3)
    names = ["q", "m", "energy", "generalization_error", "training_error", *(["bias"] if bias else [])]
    report = replica.compare(solution, runs, observables=names)
    assert np.all(np.abs(report["z"]) < 3.5), report["z"].values
    assert float(report["standard_error"].sel(observable="q")) < 0.05 * solution["q"]


def test_instances_have_the_given_moments() -> None:
    model = replica.clusters("square", balance=0.3, **shaped(8))
    X, y = replica.instance(model, n=8, alpha=20000.0, seed=1)
    assert np.mean(y == 1) == pytest.approx(0.3, abs=0.005)
    for k, sign in enumerate((1, -1)):
        own = X[y == sign]
        assert np.allclose(own.mean(axis=0), model.data.means[k], atol=0.06)
        assert np.allclose(np.cov(own.T), model.data.covariances[k], atol=0.25)
    with pytest.raises(ValueError, match="n must be 8, the dimension"):
        replica.instance(model, n=9, alpha=2.0, seed=1)


def test_sweeps_and_batches() -> None:
    model = replica.clusters("logistic", balance=0.3, **shaped(16))
    curve = replica.sweep(model, alpha=[0.5, 2.0], penalty=[0.1, 1.0], observables=["generalization_error", "q"])
    for i, alpha in enumerate((0.5, 2.0)):
        for j, penalty in enumerate((0.1, 1.0)):
            one = replica.solve(model.with_parameters(penalty=penalty), alpha=alpha)
            at = {"alpha": i, "penalty": j}
            for name in ("generalization_error", "q"):
                assert float(curve[name].isel(at)) == pytest.approx(one[name], rel=1e-10), name
            assert replica.generalization_error(one) == pytest.approx(one["generalization_error"])
    again = pickle.loads(pickle.dumps(model))
    assert again.settings() == model.settings()
    assert again.settings() != replica.clusters("logistic", balance=0.3, **shaped(16, seed=4)).settings()


def test_margins() -> None:
    """The density of the stabilities gives the mean cost and the errors; what the hinge holds at 1 is an atom."""
    places = np.linspace(-12.0, 1.0 - 1e-9, 4001)
    solution = replica.solve(replica.clusters("hinge", balance=0.3, **shaped(16)), alpha=2.0)
    margins = replica.margin_distribution(solution, field=places)
    density = margins["density"].values
    assert integrate.trapezoid(density * (1 - places), places) == pytest.approx(solution.energy / 2.0, rel=1e-4)
    wrong = places < 0
    assert integrate.trapezoid(density[wrong], places[wrong]) == pytest.approx(solution.training_error, rel=1e-2)
    place, mass = margins.attrs["atoms"][0]
    assert place == 1.0 and 0.05 < mass < 0.9


@pytest.mark.parametrize(("alpha", "gone"), [(3.0, False), (12.0, True)])
def test_weights_vanish_where_the_larger_class_rests_on_its_kink(alpha: float, gone: bool) -> None:
    direction = np.random.default_rng(0).standard_normal(30)
    round_ones = {"means": direction / np.linalg.norm(direction), "covariances": 4.0}
    expected = replica.solve(replica.mixture("hinge", noise=4.0, penalty=0.01, balance=0.1), alpha=alpha)
    found = replica.solve(replica.clusters("hinge", penalty=0.01, balance=0.1, **round_ones), alpha=alpha)
    assert ("vanish" in found.status) == ("vanish" in expected.status) == gone
    for name in set(found.batch.names) & set(expected.batch.names):
        assert found[name] == pytest.approx(expected[name], abs=1e-11), name
    # of two shapes, where forces in [0, 1] on the larger class balance those of 1 on the smaller: a linear program
    rng = np.random.default_rng(2)
    spectra = np.exp(0.5 * rng.standard_normal((2, 60))) * np.array([[2.0], [6.0]])
    model = replica.clusters("hinge", means=0.01 * rng.standard_normal(60), covariances=spectra, balance=0.1)
    assert ("vanish" in replica.solve(model, alpha=alpha).status) == gone
    X, y = replica.instance(model, n=60, alpha=alpha, seed=1)
    X = np.column_stack([X, np.ones(len(X))])
    balanced = optimize.linprog(np.zeros(np.sum(y < 0)), A_eq=X[y < 0].T, b_eq=X[y > 0].sum(axis=0), bounds=(0, 1))
    assert (balanced.status == 0) == gone


@pytest.mark.parametrize("loss", ["square", "logistic", "hinge"])
def test_any_clusters_are_solved(loss: str) -> None:
    """Random shapes, loads, penalties, balances: solved to an error that is small."""
    rng = np.random.default_rng(8)
    for _ in range(12):
        n = int(rng.integers(5, 40))
        spectra = np.exp(rng.uniform(0, 2) * rng.standard_normal((2, n)) + rng.uniform(-2, 2, (2, 1)))
        alpha, penalty = np.exp(rng.uniform(np.log([0.05, 1e-4]), np.log([20, 10])))
        model = replica.clusters(
            loss,
            means=rng.standard_normal((2, n)) / np.sqrt(n),
            covariances=np.array([turned(rng, one) for one in spectra]),
            penalty=penalty,
            balance=rng.uniform(0.1, 0.9),
            bias=bool(rng.integers(2)),
        )
        found = replica.solve(model, alpha=alpha)
        for name in ("q", "m", "generalization_error"):
            assert found.errors[name] < 1e-7 * max(0.1, abs(found[name])), name


def least_squares(model: replica.Model, alpha: float) -> dict[str, float]:
    """The square loss by linear algebra: stiffness and response do not know the means, the rest is linear in them."""
    means, spectra = model.data.means, np.diagonal(model.data.covariances, axis1=1, axis2=2)
    n = means.shape[1]
    signs, share = np.array([1.0, -1.0]), alpha * np.array([model.data.balance, 1 - model.data.balance])
    response = np.zeros(2)
    for _ in range(20000):
        r = 1.0 / (model.weights.penalty + (share / (1 + response)) @ spectra)
        response, before = spectra @ r / n, response
        if np.allclose(response, before, rtol=1e-15, atol=0):
            break
    k, bias = share / (1 + response), model.data.held
    matrix, right = np.eye(3), np.zeros(3)
    matrix[:2, :2] += k[:, None] * (means * r) @ means.T
    matrix[:2, 2], right[:2] = k, k * signs
    matrix[2] = (1.0, 1.0, 0.0) if model.data.trained else (0.0, 0.0, 1.0)
    right[2] = 0.0 if model.data.trained else bias
    *push, bias = np.linalg.solve(matrix, right)
    weight = (np.array(push) @ means) * r
    mean = signs * (means @ weight + bias)
    pairs = np.einsum("i,si,ti->st", r**2, spectra, spectra) / n
    known = k * k / share * ((1 - mean) ** 2 + spectra @ weight**2)
    force = np.linalg.solve(np.eye(2) - (k * k / share)[:, None] * pairs, known)
    q = weight @ weight + force @ (spectra @ r**2) / n
    return {"m": 0.5 * (means[0] - means[1]) @ weight, "bias": bias, "q": q}


@pytest.mark.parametrize("loss", ["square", "logistic", "hinge"])
def test_means_that_are_far_apart(loss: str) -> None:
    """Means of any length, spectra of four decades: solved, the square loss to what linear algebra gives."""
    rng = np.random.default_rng(4)
    for case in range(10):
        means = rng.standard_normal((2, int(rng.choice([6, 12, 40])))) * rng.choice([0.3, 1.0, 3.0])
        known: dict[str, Any] = {"balance": rng.choice([0.03, 0.3, 0.8]), "penalty": rng.choice([1e-5, 0.01, 1.0])}
        known |= {"covariances": 10 ** rng.uniform(-3, 1, means.shape), "bias": [True, False, 0.7][case % 3]}
        model = replica.clusters(loss, means=means, **known)
        alpha = float(rng.choice([0.3, 1.0, 5.0, 50.0]))
        found = replica.solve(model, alpha=alpha)
        for name in ("q", "m", "generalization_error"):
            assert found.errors[name] < 1e-6 * max(0.1, abs(found[name])), name
        if loss == "square":
            for name, value in least_squares(model, alpha).items():
                assert found[name] == pytest.approx(value, rel=1e-7, abs=1e-9), name


def test_a_bias_that_no_pattern_tells() -> None:
    """Every pattern pays with slope -1 at equal shares: the cost does not change with the bias."""
    rng = np.random.default_rng(0)
    shape = {"means": 0.1 * rng.standard_normal(40), "covariances": [1.0, 2.0]}
    found = replica.solve(replica.clusters("hinge", penalty=100.0, **shape), alpha=0.3, on_failure="keep")
    assert "not converged" in found.status and "bias" in found.status
    assert replica.solve(replica.clusters("hinge", penalty=100.0, bias=0.0, **shape), alpha=0.3).converged


@pytest.mark.parametrize("loss", ["square", "hinge"])
@pytest.mark.parametrize("penalty", [0.0, 0.01])
def test_units_do_not_matter(loss: str, penalty: float) -> None:
    """Features in a unit 10,000 times smaller: weights are as much smaller, nothing else changes."""
    shape = shaped(20)
    one = replica.solve(replica.clusters(loss, penalty=penalty, balance=0.3, **shape), alpha=3.0)
    small = {"means": 1e4 * shape["means"], "covariances": 1e8 * shape["covariances"]}
    two = replica.solve(replica.clusters(loss, penalty=1e8 * penalty, balance=0.3, **small), alpha=3.0)
    assert one["q"] == pytest.approx(1e8 * two["q"], rel=1e-9)
    for name in ("energy", "generalization_error", "training_error", "bias"):
        assert one[name] == pytest.approx(two[name], rel=1e-9, abs=1e-12), name


def test_wrong_clusters_are_refused() -> None:
    good = shaped(6)
    for changes, words in (
        ({"means": np.ones(5)}, "covariances must have shape"),
        ({"means": np.ones((3, 6))}, "means must have shape"),
        ({"means": "abc"}, "means must be an array"),
        ({"covariances": np.nan}, "covariances must be an array"),
        ({"covariances": np.triu(np.ones((6, 6)))}, "symmetric"),
        ({"covariances": -1.0}, "positive semidefinite"),
        ({"balance": 1.0}, "balance"),
        ({"bias": "optimal"}, "bias"),
    ):
        with pytest.raises(ValueError, match=words):
            replica.clusters("square", **good | changes)
    for shape in ((2,), (2, 2)):
        with pytest.raises(ValueError, match=r"covariances must have shape \(2, 2, 2\) or \(\)"):
            replica.clusters("square", means=np.eye(2), covariances=np.ones(shape))
    assert replica.clusters("square", means=np.eye(2), covariances=2.0).data.covariances.shape == (2, 2, 2)
    model = replica.clusters("square", **good)
    for question, words in (
        (lambda: replica.solve(model, alpha=1.0, ansatz=replica.RSB()), "."),
        (lambda: replica.solve(model.with_parameters(beta=2.0), alpha=1.0), "beta = inf"),
        (lambda: replica.solve(model.with_parameters(penalty=np.inf), alpha=1.0), "penalty must be finite"),
        (lambda: replica.capacity(model), "."),
        (lambda: replica.generalization_error(replica.solve(model, alpha=1.0), estimator="bayes"), "the rule 'bayes'"),
        (lambda: replica.generalization_error(replica.solve(model, alpha=1.0), estimator="oracle"), "quadratic"),
        (lambda: replica.flatness(replica.solve(model, alpha=1.0), noise=[0.1]), "flatness"),
    ):
        with pytest.raises(ValueError, match=words):
            question()
