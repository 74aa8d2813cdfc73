"""Weights that keep their sign, shares of labels and thresholds: figures, identities, projections, enumeration."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import integrate, optimize, special, stats

import replica
from replica.weights.half_line import half_line
from replica.weights.non_negative import half_normal
from tests.physics.test_paths import agrees, figures


def model_of(figure: dict[str, Any]) -> replica.Model:
    at = figure["params"]
    weights = "non-negative" if figure["id"].startswith("half") else "spherical"
    return replica.perceptron(weights, margin=at.get("kappa", 0.0), coding=at.get("f_out", 0.5))


@pytest.mark.parametrize("figure", figures("half_q", "half_phi", "half_stability", "half_density"))
def test_typical_solutions(figure: dict[str, Any]) -> None:
    solution, name = replica.solve(model_of(figure), alpha=figure["params"]["alpha"]), figure["id"].split("_")[1]
    if name == "density":
        found = replica.weight_distribution(solution, weight=[figure["params"]["u"]])
        assert agrees(float(found["density"][0]), figure) and float(found["error"][0]) < 1e-12
        return
    name = {"phi": "free_entropy"}.get(name, name)
    assert agrees(solution[name], figure) and solution.errors[name] < 1e-12


@pytest.mark.parametrize("figure", figures("half_capacity", "half_fout", "gardner", "half_kappamax"))
def test_capacities(figure: dict[str, Any]) -> None:
    model = model_of(figure)
    load = figure["params"].get("alpha")
    found = replica.capacity(model) if load is None else replica.max_margin(model, alpha=load)
    assert found.converged and agrees(found.value, figure) and found.error < 1e-11


@pytest.mark.parametrize("margin", [-1.3, 0.0, 0.4, 2.0])
@pytest.mark.parametrize("coding", [0.5, 0.2, 0.003])
def test_half_of_the_sphere_at_every_margin_and_coding(margin: float, coding: float) -> None:
    whole, half = (
        replica.capacity(replica.perceptron(weights, margin=margin, coding=coding))
        for weights in ("spherical", "non-negative")
    )
    assert abs(half.value - 0.5 * whole.value) < 1e-12 * whole.value
    assert half.order_parameters.get("bias") == whole.order_parameters.get("bias")
    atoms = replica.weight_distribution(half.solution, weight=[1.0]).attrs["atoms"]
    assert atoms == [(0.0, 0.5)]


@pytest.mark.parametrize("weights", ["spherical", "non-negative"])
@pytest.mark.parametrize("loss", [replica.ErrorCount(0.3), replica.Hinge(0.3)], ids=str)
def test_capacity_and_largest_margin_of_a_cost_are_those_of_its_margin(weights: str, loss: Any) -> None:
    costly = replica.perceptron(weights, loss=loss, coding=0.3)
    hard = replica.perceptron(weights, margin=0.3, coding=0.3)
    assert abs(replica.capacity(costly).value - replica.capacity(hard).value) < 1e-13
    found, known = (replica.max_margin(model, alpha=0.4).value for model in (costly, hard))
    assert abs(found - known) < 1e-12


def test_letters_of_free_norm_learn_a_threshold() -> None:
    """The free entropy at a held threshold is largest at the learned one, where small weights compete too."""
    data = replica.RandomLabels(coding=0.3)
    learned = replica.solve(replica.perceptron("ternary", margin=-1.2, labels=data), alpha=0.05)
    held = [
        replica.solve(
            replica.perceptron("ternary", margin=-1.2, labels=replica.RandomLabels(0.3, bias=learned["bias"] + step)),
            alpha=0.05,
        ).free_entropy
        for step in (-0.1, 0.0, 0.1)
    ]
    assert abs(held[1] - learned.free_entropy) < 1e-12
    assert max(held[0], held[2]) < learned.free_entropy - 1e-7


def closed(margin: float, coding: float) -> tuple[float, float]:
    """Gardner's capacity with a threshold: least over it of ``sum p E (kappa - s b + z)_+^2``, by minimisation."""

    def pushed(b: float) -> float:
        t = margin + np.array([b, -b])
        g2 = (1 + t**2) * special.ndtr(t) + t * stats.norm.pdf(t)
        return float(np.array([coding, 1 - coding]) @ g2)

    found = optimize.minimize_scalar(pushed, bounds=(-6.0, 6.0), method="bounded", options={"xatol": 1e-10})
    return 1.0 / found.fun, float(found.x)


@pytest.mark.parametrize(("margin", "coding"), [(0.0, 0.1), (0.5, 0.7), (-0.8, 0.3)])
def test_a_learned_threshold_stores_most(margin: float, coding: float) -> None:
    found = replica.capacity(replica.perceptron("spherical", margin=margin, coding=coding))
    load, bias = closed(margin, coding)
    assert found.value == pytest.approx(load, rel=1e-11)
    assert found.order_parameters["bias"] == pytest.approx(bias, abs=1e-6)
    model = replica.perceptron("spherical", margin=margin, coding=coding)
    held = [replica.capacity(model.with_parameters(bias=bias + x)) for x in (0.0, 0.1)]
    assert held[0].value == pytest.approx(load, rel=1e-10) and held[1].value < load - 1e-3


def test_balanced_labels_need_no_threshold() -> None:
    """A coding of 1/2 is the storage problem, learned or not; the names of the labels may be exchanged."""
    for weights in ("binary", "spherical", "non-negative"):
        plain = replica.solve(replica.perceptron(weights, margin=0.2), alpha=0.3)
        learned = replica.solve(replica.perceptron(weights, margin=0.2, bias=True), alpha=0.3)
        assert learned.free_entropy == pytest.approx(plain.free_entropy, abs=1e-12)
        assert abs(learned["bias"]) < 1e-12
        few, many = (replica.solve(replica.perceptron(weights, coding=f), alpha=0.3) for f in (0.2, 0.8))
        assert few["bias"] == pytest.approx(-many["bias"], abs=1e-11)
        assert few["q"] == pytest.approx(many["q"], abs=1e-12)
    assert replica.solve(replica.perceptron("spherical", coding=0.2, bias=False), alpha=0.5)["q"] == pytest.approx(
        replica.solve(replica.perceptron("spherical"), alpha=0.5)["q"], abs=1e-13
    )


@pytest.mark.parametrize("weights", ["binary", "spherical", "non-negative"])
@pytest.mark.parametrize("loss", [replica.Margin(0.2), replica.Hinge(0.5)])
def test_the_threshold_makes_the_free_entropy_largest(weights: str, loss: Any) -> None:
    beta = np.inf if loss.hard else 2.0
    model = replica.perceptron(weights, loss=loss, beta=beta, coding=0.3)
    best = replica.solve(model, alpha=0.4)
    around = [
        replica.solve(model.with_parameters(bias=best["bias"] + x), alpha=0.4).free_entropy for x in (-1e-2, 0.0, 1e-2)
    ]
    assert around[1] == pytest.approx(best.free_entropy, abs=1e-12)
    assert max(around) == around[1] and abs(around[0] - around[2]) < 1e-6


def test_one_weight_on_a_half_line() -> None:
    x = np.array([-400.0, -60.0, -49.9, -50.1, -7.0, -0.3, 0.0, 2.0, 30.0])
    log_z, mean, variance = half_line(x)
    for k, place in enumerate(x[4:7], 4):
        mass, first, second = (
            integrate.quad(lambda w, n=n, h=place: w**n * np.exp(h * w - w * w / 2), 0, np.inf)[0] for n in range(3)
        )
        assert log_z[k] == pytest.approx(np.log(mass / np.sqrt(2 * np.pi)), abs=1e-12)
        assert mean[k] == pytest.approx(first / mass, rel=1e-10)
        assert variance[k] == pytest.approx(second / mass - (first / mass) ** 2, rel=1e-9)
    far = x[:4]
    assert mean[:4] == pytest.approx(-1 / far * (1 - 2 / far**2 + 10 / far**4), rel=1e-6)
    assert variance[:4] == pytest.approx(1 / far**2 * (1 - 6 / far**2 + 50 / far**4), rel=1e-6)
    assert mean[-1] == 30.0 and variance[-1] == 1.0


def test_without_patterns() -> None:
    """An orthant: ``2^-N`` of the sphere; two of its vectors have the overlap ``2/pi``."""
    nothing = replica.solve(replica.perceptron("non-negative"), alpha=0.0)
    assert nothing.free_entropy == pytest.approx(-np.log(2), abs=1e-14)
    assert nothing["q"] == pytest.approx(2 / np.pi, abs=1e-14)


def test_a_teacher_of_the_same_sign() -> None:
    """Bayes-optimal: student and teacher are alike; knowing the signs is worth as much as ln 2 at no data."""
    law = half_normal()
    u, p = np.array(law.values), np.array(law.probabilities)
    assert p @ u == pytest.approx(np.sqrt(2 / np.pi), abs=1e-14) and p @ u**4 == pytest.approx(3.0, abs=1e-12)
    found = replica.solve(replica.perceptron("non-negative", labels="teacher"), alpha=2.0)
    assert found["q"] == pytest.approx(found["m"], abs=1e-12)
    blind = replica.solve(replica.perceptron("spherical", labels="teacher"), alpha=2.0)
    own, other = replica.generalization_error(found), replica.generalization_error(blind)
    assert own < other and own.value == pytest.approx(np.arccos(found["m"]) / np.pi, abs=1e-12)


def test_densities_hold_all_weights() -> None:
    model = replica.perceptron("non-negative", margin=0.3)
    solution = replica.solve(model, alpha=0.4)
    u, share = np.polynomial.legendre.leggauss(60)
    u = 5.0 * (u + 1.0)
    density = replica.weight_distribution(solution, weight=u)["density"].values
    for power, moment in ((0, 1.0), (2, 1.0)):
        assert 5.0 * share @ (density * u**power) == pytest.approx(moment, abs=1e-10)
    sphere = replica.weight_distribution(replica.solve(replica.perceptron("spherical"), alpha=1.5), weight=[-1.0, 0.4])
    assert sphere["density"].values == pytest.approx(stats.norm.pdf([-1.0, 0.4]), abs=1e-13)
    letters = replica.weight_distribution(replica.solve(replica.perceptron("ternary"), alpha=0.5), weight=[0.3])
    assert sum(mass for _, mass in letters.attrs["atoms"]) == pytest.approx(1.0, abs=1e-13)
    assert letters["density"].values == [0.0]
    below = replica.weight_distribution(solution, weight=[-0.1, 0.5])
    assert below["density"].values[0] == 0.0


def largest_margin(inputs: np.ndarray) -> tuple[float, float]:
    """The largest margin of ``w >= 0``, ``|w|^2 = N`` and its share of silent weights, by non-negative least squares.

    The shortest ``w >= 0`` with ``F w >= 1`` is the residual of a least-distance problem (Lawson and Hanson).
    """
    patterns, n = inputs.shape
    rows = np.concatenate([inputs / np.sqrt(n), np.eye(n)])
    ends = np.concatenate([np.ones(patterns), np.zeros(n)])
    system = np.concatenate([rows.T, ends[None]])
    goal = np.append(np.zeros(n), 1.0)
    u = optimize.nnls(system, goal, maxiter=50 * n)[0]
    rest = system @ u - goal
    w = -rest[:n] / rest[n]
    return float(np.sqrt(n) / np.linalg.norm(w)), float(np.mean(np.abs(w) < 1e-9 * np.abs(w).max()))


def test_largest_margins_by_least_squares() -> None:
    """Systems of 80 weights: within what is left of their size (0.4757(60) at N = 60 and 240 alike) of the limit."""
    rng = np.random.default_rng(11)
    found = np.array([largest_margin(rng.standard_normal((40, 80))) for _ in range(40)])
    mean, spread = found.mean(axis=0), found.std(axis=0) / np.sqrt(len(found))
    theory = replica.max_margin(replica.perceptron("non-negative"), alpha=0.5).value
    assert abs(mean[0] - theory) < 4 * spread[0] and abs(mean[1] - 0.5) < 4 * spread[1]


def test_what_is_not_known_of_signs_and_thresholds_is_refused() -> None:
    signs, biased = replica.perceptron("non-negative"), replica.perceptron("spherical", coding=0.3)
    soft = replica.perceptron("gaussian", loss="hinge", coding=0.3)
    for refused, why in (
        (lambda: replica.solve(replica.perceptron("non-negative", loss="hinge"), alpha=0.5), "hard constraint"),
        (lambda: replica.solve(replica.perceptron("spherical", loss="hinge", coding=0.3), alpha=0.5), "threshold"),
        (lambda: replica.solve(biased, alpha=0.3, ansatz=replica.Annealed()), "bias that is held"),
        (lambda: replica.capacity(replica.perceptron(loss="outside-band", coding=0.3)), "no optimum of a bias"),
        (lambda: replica.franz_parisi(signs, alpha=0.3, distance=[0.1]), "give pair"),
        (lambda: replica.franz_parisi(biased, alpha=0.3, distance=[0.1]), "random labels"),
        (lambda: replica.local_entropy(biased, alpha=0.3, distance=[0.1]), "random labels"),
        (lambda: replica.local_entropy(signs, alpha=0.3, distance=[0.1]), "held norm"),
        (lambda: replica.solve(signs, alpha=0.3, ansatz=replica.Annealed()), "held norm"),
        (lambda: replica.simulate(signs, n=20, alpha=0.3, samples=1, algorithm="population-annealing"), "given signs"),
        (lambda: replica.simulate(soft, n=20, alpha=0.3, samples=1, algorithm="erm"), "no threshold"),
        (lambda: replica.capacity(replica.mixture(replica.Margin(0.0), weights="non-negative")), "cones of known"),
        (lambda: replica.perceptron(labels="teacher", coding=0.2), "of random labels"),
        (lambda: replica.perceptron(labels="teacher", bias=True), "of random labels"),
        (lambda: replica.perceptron(coding=1.0), "coding must be in"),
        (lambda: replica.perceptron(bias="optimal"), "bias must be True, False or a number"),
        (lambda: replica.capacity(replica.committee(3, labels=replica.RandomLabels(0.3))), "few units"),
    ):
        with pytest.raises(ValueError, match=why):
            refused()
