"""Units that see the same inputs: figures, plain formulas in the overlaps, trees without the linear part, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import optimize, special

import replica
from tests.physics.test_paths import agrees, figures

Z, CHANCE = (lambda x, w: (9.0 * x, 9.0 * w * np.exp(-0.5 * (9.0 * x) ** 2) / np.sqrt(2 * np.pi)))(
    *np.polynomial.legendre.leggauss(240)
)


def wide(activation: Any = "sign", weights: str = "spherical", labels: str = "random", **others: Any) -> replica.Model:
    return replica.committee(activation=activation, weights=weights, labels=labels, connectivity="full", **others)


def share(q: float, taught: bool) -> float:
    """The overlap of two sign fields over their variance."""
    if taught:
        return 2.0 / np.pi * (np.arcsin(q) + 1.0 - q)
    return (np.arcsin(q) - q) / (np.pi / 2.0 - 1.0)


def plain(q: float, alpha: float, taught: bool) -> float:
    """The free entropy of sign units on the sphere as a function of q (with a teacher, q = m)."""
    r = share(q, taught)
    t = np.sqrt(r / (1.0 - r)) * Z
    if taught:
        return 0.5 * np.log1p(-q) + 0.5 * q + 2.0 * alpha * float(CHANCE @ (special.ndtr(-t) * special.log_ndtr(-t)))
    return 0.5 * np.log1p(-q) + 0.5 * q / (1.0 - q) + alpha * float(CHANCE @ special.log_ndtr(-t))


@pytest.mark.parametrize("figure", figures("fcinf_rscap"))
def test_capacity_of_infinitely_many(figure: dict[str, Any]) -> None:
    found = replica.capacity(wide(figure["params"]["activation"]))
    assert found.converged and agrees(found.value, figure) and found.error < 1e-11


@pytest.mark.parametrize(("labels", "alpha", "at"), [("random", 11.0, 0.8), ("teacher", 7.5, 0.95)])
def test_free_entropies_are_the_plain_formula_and_stationary(labels: str, alpha: float, at: float) -> None:
    taught = labels == "teacher"
    for start in (None, {"q": at}):
        solution = replica.solve(wide(labels=labels), alpha=alpha, start=start)
        q = solution["q"]
        assert (q == 0.0) == (start is None)
        assert plain(q, alpha, taught) == pytest.approx(solution.free_entropy, abs=2e-11)
        if start:
            slope = (plain(q + 1e-4, alpha, taught) - plain(q - 1e-4, alpha, taught)) / 2e-4
            assert abs(slope) < 1e-6 and solution.error < 1e-11
            assert ("discontinuous" in solution.status) != taught
    if taught:
        assert "metastable: q = 0 has the larger free entropy" in solution.status
        error = np.arccos(share(q, True)) / np.pi
        assert replica.generalization_error(solution).value == pytest.approx(error, abs=1e-11)


def test_transition_and_spinodals_are_those_of_the_plain_formula() -> None:
    """Published: 7.17 and 7.65."""
    model = wide(labels="teacher")
    jump, end = replica.transition(model), replica.spinodal(model)

    def best(alpha: float) -> float:
        found = optimize.minimize_scalar(
            lambda q: -plain(q, alpha, True), bounds=(0.85, 0.99), method="bounded", options={"xatol": 1e-9}
        )
        return -float(found.fun) - plain(0.0, alpha, True)

    assert jump.value == pytest.approx(optimize.brentq(best, 7.5, 7.9, xtol=1e-11), abs=1e-7)
    assert jump.value == pytest.approx(7.680221, abs=1e-6) and jump.error < 1e-9

    def load(q: float, taught: bool) -> float:
        own, patterns = (
            (plain(q + 1e-4, a, taught) - plain(q - 1e-4, a, taught)) / 2e-4 for a in (0.0, 1.0)
        )
        return own / (own - patterns)

    for labels, value, place in (("teacher", 7.169239, 0.8208), ("random", 10.4959344, 0.4248)):
        end = replica.spinodal(wide(labels=labels))
        found = optimize.minimize_scalar(
            lambda q, labels=labels: load(q, labels == "teacher"), bounds=(0.2, 0.95), method="bounded"
        )
        assert end.converged and end.value == pytest.approx(value, abs=1e-6) and end.error < 1e-10
        assert end.value == pytest.approx(float(found.fun), rel=1e-7)
        assert end.order_parameters["q"] == pytest.approx(place, abs=1e-4)


@pytest.mark.parametrize("weights", ["binary", "spherical"])
def test_random_labels_see_a_tree_without_the_linear_part(weights: str) -> None:
    """``g(x) - c x`` has the kernel ``k(q) - k'(0) q``: erf, and ReLU, of which the slope of both sides is 1/2."""
    slope = 2.0 / np.sqrt(3.0 * np.pi)
    bent = {"erf": lambda x: special.erf(x) - slope * x, "relu": lambda x: np.maximum(x, 0) - 0.5 * x}
    for name, function in bent.items():
        tree = replica.committee(activation=function, weights=weights)
        at = 5.0 if weights == "spherical" and name == "erf" else 0.95
        start = {"q": 0.9} if at == 5.0 else None
        known, found = (replica.solve(m, alpha=at, start=start) for m in (tree, wide(name, weights)))
        for number in ("q", "free_entropy", "stability"):
            assert found[number] == pytest.approx(known[number], abs=1e-9)
    leaky = wide(replica.architectures.activations.LeakyReLU(0.3), weights)
    assert replica.capacity(leaky).value == pytest.approx(replica.capacity(wide("relu", weights)).value, rel=1e-12)


def test_capacities_of_smooth_units_and_counted_weights() -> None:
    """``2 (E g'^2 - (E g')^2)/(Var g - (E g')^2)``; more than 1 the first moment forbids for weights +-1."""
    rows = np.sqrt(2.0) * np.exp(-Z**2) / np.sqrt(np.pi / 2.0)
    var = float(CHANCE @ special.erf(Z) ** 2) - float(CHANCE @ rows) ** 2
    value = 2.0 * (float(CHANCE @ rows**2) - float(CHANCE @ rows) ** 2) / var
    assert replica.capacity(wide("erf")).value == pytest.approx(value, rel=1e-11)
    assert "grows without bound" in replica.capacity(wide()).status
    first = replica.capacity(wide(weights="binary"))
    assert first.value == pytest.approx(1.0, abs=1e-12) and "upper bound" in first.status
    assert 0.99 < replica.capacity(wide("relu", "binary")).value < 1.0
    assert replica.transition(wide(weights="binary", labels="teacher")).value == pytest.approx(
        -np.log(2.0) / (2.0 * plain(0.0, 0.5, True)), rel=1e-11
    )


@pytest.mark.parametrize(
    ("model", "word"),
    [
        (wide(margin=0.1), "margin 0"),
        (wide(loss="hinge", beta=1.0), "margin 0"),
        (wide(weights="ternary"), "held norm"),
        (wide(weights="non-negative"), "held norm"),
        (wide(labels=replica.Teacher("binary")), "drawn as the weights are"),
        (wide(labels=replica.Teacher(noise=0.1)), "without noise"),
        (wide(labels="teacher", loss="error-count", beta=1.0), "hard constraint"),
        (wide(loss="error-count"), "finite beta"),
    ],
)
def test_what_is_not_known_is_refused(model: replica.Model, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        replica.solve(model, alpha=0.5)


@pytest.mark.parametrize(
    "ask",
    [
        lambda m: replica.solve(m, alpha=0.5, ansatz=replica.RSB()),
        lambda m: replica.solve(m, alpha=0.5, ansatz=replica.Annealed()),
        lambda m: replica.franz_parisi(m, alpha=0.5, distance=[0.1]),
        lambda m: replica.local_entropy(m, alpha=0.5, distance=[0.1]),
        lambda m: replica.overlap_gap(m, clones=2.0),
        lambda m: replica.flatness(replica.solve(m, alpha=0.5), noise=[0.1]),
        lambda m: replica.path(m, alpha=0.5, margins=(0.0, 0.0), position=[0.5]),
        lambda m: replica.freezing(m, alpha=0.5),
    ],
)
def test_other_verbs_want_inputs_of_their_own(ask: Any) -> None:
    with pytest.raises(ValueError, match="inputs of their own"):
        ask(wide(weights="binary"))


@pytest.mark.parametrize("figure", figures("fcinf_sym"))
def test_few_data_per_input(figure: dict[str, Any]) -> None:
    solution = replica.solve(wide(per="input"), alpha=figure["params"]["a"])
    name = figure["id"].split("_")[2]
    assert agrees(solution[name], figure) and solution.errors[name] < 1e-12


@pytest.mark.parametrize("activation", ["sign", "erf", "relu"])
def test_few_data_are_stationary_in_both_overlaps(activation: str) -> None:
    """The free entropy as a function of C and p; where C is least and p falls, loads per weight begin."""
    model, alpha = wide(activation, per="input"), 1.7
    total, linear = model.architecture.parts_of_one()
    if activation == "sign":
        assert (total, linear) == pytest.approx((1.0, 2.0 / np.pi), abs=1e-12)

    def phi(c: float, p: float) -> float:
        r = linear * p / (total + linear * c)
        own = -0.5 * c + 0.5 * np.log(1.0 + c - p) + 0.5 * p / (1.0 + c - p)
        return own + alpha * float(CHANCE @ special.log_ndtr(-np.sqrt(r / (1.0 - r)) * Z))

    solution = replica.solve(model, alpha=alpha)
    c, p, step = solution["C"], solution["p"], 1e-5
    assert phi(c, p) == pytest.approx(solution.free_entropy, abs=1e-11)
    assert abs(phi(c + step, p) - phi(c - step, p)) / step < 1e-8
    assert abs(phi(c, p + step) - phi(c, p - step)) / step < 1e-8
    far = replica.solve(model, alpha=1e4)
    assert -1.0 < far["C"] < -0.999 and 0.0 < far["p"] < 1e-3


def test_linear_units_with_few_data_are_one_perceptron() -> None:
    for alpha, loss, beta in ((1.5, None, np.inf), (0.8, "error-count", 2.0)):
        found = replica.solve(wide("linear", per="input", loss=loss, beta=beta), alpha=alpha)
        known = replica.solve(replica.perceptron("spherical", loss=loss, beta=beta), alpha=alpha)
        assert abs(found["C"]) < 1e-12 and found["p"] == pytest.approx(known["q"], abs=1e-12)
        for name in ("free_entropy", "entropy", "energy", "training_error"):
            assert found[name] == pytest.approx(known[name], abs=1e-12)


def test_few_data_have_no_capacity_here() -> None:
    model = wide(per="input")
    for verb in (replica.capacity, replica.spinodal, replica.at_line):
        with pytest.raises(ValueError, match="one overlap of weights"):
            verb(model)
    with pytest.raises(ValueError, match="linear part"):
        replica.solve(wide("quadratic", per="input"), alpha=1.0)
    with pytest.raises(ValueError, match="random labels"):
        replica.solve(wide(labels="teacher", per="input"), alpha=1.0)
    with pytest.raises(ValueError, match="units=inf"):
        replica.committee(3, connectivity="full", per="input")
    with pytest.raises(ValueError, match="common inputs"):
        replica.committee(per="input")
    with pytest.raises(ValueError, match="unknown name 'inputs'"):
        wide(per="inputs")


def test_errors_cost_at_a_temperature() -> None:
    """q = 0: ``ln 2 + alpha ln((1 + e^-beta)/2)``, whatever the units."""
    solution = replica.solve(wide(weights="binary", loss="error-count", beta=1.5), alpha=0.7)
    assert solution.free_entropy == pytest.approx(np.log(2) + 0.7 * np.log(0.5 + 0.5 * np.exp(-1.5)), abs=1e-13)
