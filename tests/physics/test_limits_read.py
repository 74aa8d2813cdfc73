"""Solutions of limits (penalty 0 and inf, q -> 1, largest margins) as everything that reads a solution sees them."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

import replica

NOISE = np.array([0.0, 1e-8, 1e-3, 0.05, 0.3, 0.7])
TAUGHT = replica.Teacher(replica.Spherical(), noise=0.3)


def penalised(loss: str, penalty: float, data: Any = None) -> replica.Model:
    return replica.Model(weights=replica.Gaussian(penalty), loss=loss, data=data or replica.RandomLabels())


def rates(solution: replica.Solution, margin: float | None = None) -> np.ndarray:
    found = replica.flatness(solution, noise=NOISE, margin=margin)
    assert all(text.startswith("converged") for text in found["status"].values)
    assert found["error"].values.max() < 1e-8
    return found["training_error"].values


@pytest.mark.parametrize("loss", ["square", "hinge", "logistic"])
@pytest.mark.parametrize("alpha", [0.5, 2.5, 20.0])
def test_every_cost_leaves_the_hebb_vector_of_random_labels(loss: str, alpha: float) -> None:
    """Fields N(1, alpha) in units of the slope; counted by their sign they do not ask for the unit."""
    solution = replica.solve(penalised(loss, np.inf), alpha=alpha)
    assert rates(solution) == pytest.approx(norm.cdf(-(1 - 2 * NOISE) / alpha**0.5), rel=1e-13)
    slope = 0.5 if loss == "logistic" else 1.0
    margins = replica.margin_distribution(solution, field=[-1.0, 0.5, 1.5])
    exact = norm.pdf([-1.0, 0.5, 1.5], slope, slope * alpha**0.5)
    assert np.all(np.abs(margins["density"].values - exact) <= margins["error"].values + 1e-12)
    assert margins.attrs["atoms"] == []


@pytest.mark.parametrize(("noise", "balance"), [(0.8, 0.5), (2.0, 0.2)])
def test_hebb_vector_of_two_clusters(noise: float, balance: float) -> None:
    """``sum label x``: each pattern adds the noise to its field, of mean alpha, variance noise alpha (alpha+noise)."""
    alpha, t = 3.0, 1 - 2 * NOISE
    exact = norm.cdf(-t * (alpha + noise) / np.sqrt(noise * (alpha**2 + alpha * noise)))
    for loss in ("square", "hinge", "logistic"):
        model = replica.mixture(loss, penalty=np.inf, noise=noise, balance=balance, bias=False)
        assert rates(replica.solve(model, alpha=alpha)) == pytest.approx(exact, rel=1e-12)


def test_hebb_vector_of_a_sample() -> None:
    """Drawn, turned and counted with numpy alone: labels of a noisy teacher."""
    rng, n, alpha = np.random.default_rng(4), 1200, 2.5
    count = np.zeros(3)
    for _ in range(8):
        x, teacher = rng.standard_normal((int(alpha * n), n)), rng.standard_normal(n)
        y = np.sign(x @ teacher / np.linalg.norm(teacher) + np.sqrt(0.3) * rng.standard_normal(len(x)))
        w = y @ x
        w = w / np.linalg.norm(w)
        for k, d in enumerate((0.0, 0.05, 0.3)):
            step = rng.standard_normal(n)
            step -= (step @ w) * w
            new = (1 - 2 * d) * w + np.sqrt(4 * d * (1 - d)) * step / np.linalg.norm(step)
            count[k] += np.mean(y * (x @ new) < 0) / 8
    solution = replica.solve(penalised("hinge", np.inf, TAUGHT), alpha=alpha)
    assert rates(solution)[[0, 3, 4]] == pytest.approx(count, abs=6e-3)


NEIGHBOURS = {
    f"{loss} {name}": (make(loss), alpha)
    for loss in ("square", "hinge", "logistic")
    for name, make, alpha in (
        ("random", lambda loss: penalised(loss, np.inf), 2.5),
        ("teacher", lambda loss: penalised(loss, np.inf, TAUGHT), 1.7),
        ("even clusters", lambda loss: replica.mixture(loss, penalty=np.inf, noise=0.8, bias=False), 3.0),
        ("learned bias", lambda loss: replica.mixture(loss, penalty=np.inf, noise=0.8, balance=0.2), 3.0),
        ("held bias", lambda loss: replica.mixture(loss, penalty=np.inf, noise=0.8, balance=0.2, bias=-0.3), 3.0),
        ("best bias", lambda loss: replica.mixture(loss, penalty=np.inf, noise=0.8, balance=0.2, bias="optimal"), 3.0),
    )
}


@pytest.mark.parametrize("name", NEIGHBOURS)
def test_a_penalty_of_1e6_is_close_to_the_limit(name: str) -> None:
    """Whatever is counted, at any margin: weights that vanish leave their bias, or where there is none their sign."""
    model, alpha = NEIGHBOURS[name]
    limit, close = (replica.solve(model.with_parameters(penalty=x), alpha=alpha) for x in (np.inf, 1e6))
    for margin in (None, -0.2, 0.1):
        assert rates(limit, margin) == pytest.approx(rates(close, margin), abs=3e-6)
    assert rates(limit)[0] == pytest.approx(limit.training_error, abs=1e-12)
    assert float(replica.stability(limit)) == pytest.approx(float(replica.stability(close)), abs=1e-5)
    if model.data.overlaps:
        for estimator in ("typical", "centre", "bayes", "oracle"):
            one, other = (replica.generalization_error(s, estimator=estimator) for s in (limit, close))
            assert one == pytest.approx(float(other), abs=3e-6)
            assert np.isfinite(one.error)


@pytest.mark.parametrize("name", ["square random", "hinge random", "logistic teacher", "hinge even clusters"])
def test_margins_of_vanishing_weights_are_those_of_penalty_times_them(name: str) -> None:
    model, alpha = NEIGHBOURS[name]
    field = np.array([-1.0, 0.3, 1.5])
    limit = replica.margin_distribution(replica.solve(model, alpha=alpha), field=field)
    close = replica.margin_distribution(
        replica.solve(model.with_parameters(penalty=1e6), alpha=alpha), field=field * 1e-6
    )
    assert limit["density"].values == pytest.approx(close["density"].values * 1e-6, rel=1e-5)


@pytest.mark.parametrize(("loss", "bias"), [("square", 0.6), ("hinge", 1.0), ("logistic", np.log(4))])
def test_weights_that_vanish_beside_their_bias_leave_atoms(loss: str, bias: float) -> None:
    solution = replica.solve(replica.mixture(loss, penalty=np.inf, balance=0.2), alpha=2.0)
    margins = replica.margin_distribution(solution, field=[-0.5, 0.5])
    assert np.ravel(margins.attrs["atoms"]) == pytest.approx([-bias, 0.2, bias, 0.8], rel=1e-12)
    assert np.all(margins["density"].values == 0)


@pytest.mark.parametrize("penalty", [2e4, 1e6, 1e9])
def test_a_bias_held_by_a_kink(penalty: float) -> None:
    """The larger class rests on the kink of the hinge: half of what is pinned there falls below it when it moves."""
    limit, close = (
        replica.solve(replica.mixture("hinge", penalty=x, noise=0.8, balance=0.2), alpha=3.0) for x in (np.inf, penalty)
    )
    assert rates(close) == pytest.approx(0.2 * np.ones(NOISE.size), abs=1e-12)
    assert rates(close, 1.0) == pytest.approx(rates(limit, 1.0), abs=1e-9)
    atoms = dict(replica.margin_distribution(close, field=[0.5]).attrs["atoms"])
    assert 0 < atoms[1.0] < 0.8


@pytest.mark.parametrize("penalty", [1.0, np.inf])
def test_weights_that_are_gone(penalty: float) -> None:
    """Every pattern lies at its bias, which nothing perturbs."""
    solution = replica.solve(replica.mixture("hinge", penalty=penalty, noise=5.0, balance=0.1), alpha=10.0)
    assert solution["q"] == 0
    for margin in (None, 1.0):
        assert rates(solution, margin) == pytest.approx(0.1 * np.ones(NOISE.size), abs=1e-15)
    atoms = replica.margin_distribution(solution, field=[0.0]).attrs["atoms"]
    assert np.ravel(atoms) == pytest.approx([-1.0, 0.1, 1.0, 0.9])


def test_weights_that_are_gone_on_clusters_of_any_shape() -> None:
    shapes = np.array([np.linspace(3.0, 7.0, 40), np.full(40, 5.0)])
    model = replica.clusters("hinge", means=np.ones(40) / 40**0.5, covariances=shapes, balance=0.1, penalty=1.0)
    solution = replica.solve(model, alpha=10.0)
    assert solution["q"] == 0
    atoms = replica.margin_distribution(solution, field=[0.0]).attrs["atoms"]
    assert np.ravel(atoms) == pytest.approx([-1.0, 0.1, 1.0, 0.9])


@pytest.mark.parametrize("loss", ["square", "hinge", "logistic"])
def test_no_penalty(loss: str) -> None:
    """The smallest vector that pays nothing, or the direction in which a cost falls for ever."""
    model, alpha = replica.mixture(loss, penalty=0.0, noise=0.3, balance=0.3), 0.5
    limit, close = (replica.solve(model.with_parameters(penalty=x), alpha=alpha) for x in (0.0, 1e-9))
    tolerance = 1e-6 if loss != "logistic" else 1e-2  # a direction is approached like 1/ln(penalty)
    assert rates(limit) == pytest.approx(rates(close), abs=tolerance)
    assert rates(limit)[0] == limit.training_error == 0.0
    if loss == "logistic":
        largest = replica.max_margin(model, alpha=alpha).solution
        assert rates(limit) == pytest.approx(rates(largest), abs=1e-12)
        with pytest.raises(ValueError, match="grow without bound"):
            replica.margin_distribution(limit, field=[0.5])


@pytest.mark.parametrize("margin", [None, 0.3])
def test_close_to_capacity(margin: float | None) -> None:
    limit = replica.capacity(replica.perceptron("spherical", margin=0.3)).solution
    assert limit is not None
    close = replica.solve(limit.model, alpha=limit.alpha * (1 - 1e-5))
    seen = NOISE > 1e-4  # closer than 1 - q the order of the limits matters
    assert rates(limit, margin)[seen] == pytest.approx(rates(close, margin)[seen], abs=2e-4)


THRESHOLDS = {
    "largest margin": lambda: replica.max_margin(replica.perceptron("spherical"), alpha=1.0),
    "largest margin of letters": lambda: replica.max_margin(replica.perceptron("binary"), alpha=0.4),
    "smallest band": lambda: replica.max_margin(replica.perceptron("spherical", loss=replica.Band(1.0)), alpha=2.0),
    "largest margin of clusters": lambda: replica.max_margin(replica.mixture("hinge"), alpha=0.7),
    "capacity": lambda: replica.capacity(replica.perceptron("binary")),
    "at line": lambda: replica.at_line(replica.perceptron("spherical", margin=-1.0)),
    "best penalty": lambda: replica.optimal_penalty(replica.mixture("square", balance=0.2), alpha=2.0),
    "freezing": lambda: replica.freezing(replica.perceptron("binary", loss="error-count"), alpha=2.0),
    "spinodal": lambda: replica.spinodal(replica.perceptron("binary", labels="teacher")),
}


@pytest.mark.parametrize("alpha", [1.5, 1.8, 2.2])
def test_a_step_of_zero_does_not_blind_the_small_ones(alpha: float) -> None:
    """Edges a rounding apart: what leaves them goes as the square root of the noise, whatever is asked beside."""
    solution = replica.max_margin(replica.perceptron("spherical", loss=replica.Band(1.0)), alpha=alpha).solution
    small = np.array([1e-10, 1e-9, 1e-8, 1e-7])
    found = replica.flatness(solution, noise=[0.0, *small])
    rate = found["training_error"].values
    assert np.all(found["error"].values < 1e-14)
    assert (rate[1:] - rate[0]) / np.sqrt(small) == pytest.approx(np.full(4, (rate[4] - rate[0]) / 1e-7**0.5), rel=2e-4)


@pytest.mark.parametrize("name", THRESHOLDS)
def test_solutions_at_thresholds_are_solutions(name: str) -> None:
    """Their models hold plain numbers, and every observable takes them."""
    solution = THRESHOLDS[name]().solution
    assert solution is not None
    parts = [getattr(part, field.name) for part in solution.model.parts.values() for field in dataclasses.fields(part)]
    assert not any(isinstance(x, np.ndarray) for x in (*parts, solution.model.beta))
    assert np.all(np.isfinite(rates(solution)))
    margins = replica.margin_distribution(solution, field=[0.2, 0.9])
    assert np.all(np.isfinite(margins["density"]))
    assert replica.stability(solution).error >= 0
    if solution.model.data.overlaps:
        assert 0 < replica.generalization_error(solution, estimator="bayes") < 0.5


def test_largest_margin_against_the_model_at_that_margin() -> None:
    found = replica.max_margin(replica.perceptron("spherical"), alpha=1.0)
    same = replica.capacity(replica.perceptron("spherical", margin=found.value)).solution
    for margin in (None, found.value, 0.1):
        assert rates(found.solution, margin) == pytest.approx(rates(same, margin), abs=1e-12)


@pytest.mark.parametrize("clusters", [True, False])
def test_references_whose_weights_diverge_are_those_of_largest_margin(clusters: bool) -> None:
    if clusters:
        model = replica.mixture("logistic", penalty=0.0, balance=0.3, noise=0.3)
        probe = replica.mixture("error-count", weights="spherical", beta=2.0, balance=0.3, noise=0.3, bias=False)
    else:
        model, probe = penalised("logistic", 0.0), replica.perceptron("spherical", loss="error-count", beta=2.0)
    hinge = dataclasses.replace(model, loss=replica.Hinge(1.0))
    around = [replica.Reference(model=m) for m in (model, hinge)]
    curves = [replica.franz_parisi(probe, alpha=0.5, distance=[0.2], reference=reference) for reference in around]
    assert curves[0]["status"].item().startswith("converged")
    assert curves[0]["free_entropy"].item() == pytest.approx(curves[1]["free_entropy"].item(), abs=1e-12)


def test_references_without_a_direction_are_refused() -> None:
    model = replica.mixture("hinge", penalty=1.0, noise=5.0, balance=0.1)
    probe = replica.mixture(replica.ErrorCount(0.0), weights="spherical", beta=2.0, balance=0.1, noise=5.0, bias=False)
    curve = replica.franz_parisi(probe, alpha=10.0, distance=[0.2], reference=replica.Reference(model=model))
    assert "no direction is left" in curve["status"].item()
    assert np.isnan(curve["free_entropy"].item())


def test_all_stabilities_of_an_interpolating_vector_are_one_atom() -> None:
    """The smallest vector that fits every label exactly; beside a penalty no stability is shared."""
    solution = replica.solve(penalised("square", 0.0), alpha=0.5)
    margins = replica.margin_distribution(solution, field=[0.5, 1.0])
    assert np.ravel(margins.attrs["atoms"]) == pytest.approx([1.0, 1.0], abs=1e-14)
    assert np.all(margins["density"].values == 0)
    smooth = replica.solve(penalised("square", 0.3), alpha=1.0)
    found = replica.margin_distribution(smooth, field=[0.9, 1.0, 1.1])["density"].values
    q, v = smooth["q"], smooth["V"]
    assert found == pytest.approx(norm.pdf([0.9, 1.0, 1.1], v / (1 + v), q**0.5 / (1 + v)), rel=1e-9)


def test_what_diverges_is_compared_with_nothing() -> None:
    model = replica.mixture("logistic", penalty=0.0, bias=False, noise=0.3)
    runs = replica.simulate(model, algorithm="erm", n=60, alpha=0.5, samples=4, seed=1)
    report = replica.compare(replica.solve(model, alpha=0.5), runs, observables=["q", "generalization_error"])
    assert np.isnan(report["z"].values[0]) and np.isfinite(report["z"].values[1])
    assert report["chi_square"].values[0] == 0
    assert "the theory has no value here" in str(report["status"].values[0])
