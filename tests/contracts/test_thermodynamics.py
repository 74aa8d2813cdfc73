"""Thermodynamic identities between solved free entropies, and the distribution of margins against them."""

from __future__ import annotations

import numpy as np
import pytest

import replica
from replica.losses import Loss
from replica.weights import Weights
from tests.contracts.members import LOSSES, WEIGHTS, beta_for, combinations, name_of, plain_pattern

ALPHA = 0.06
SOFT = [loss for loss in LOSSES if not loss.hard]
#: one set of weights for each way of holding the norm, so that each identity meets each kind of equations
KINDS = list({type(weights.norm): weights for weights in reversed(WEIGHTS) if weights.symmetric}.values())
MODELS = [
    replica.Model(weights=weights, loss=loss, data=data, beta=beta_for(weights, loss))
    for weights, loss, data in combinations(KINDS, LOSSES)
    if not (loss.even and data.overlaps)
]
WARM = [
    replica.Model(weights=weights, loss=loss, data=data, beta=1.2)
    for weights, loss, data in combinations(KINDS, SOFT)
]


def free_entropy(model: replica.Model, alpha: float) -> float:
    return replica.solve(model, alpha=alpha).free_entropy


def derivative(function, at: float, step: float) -> float:
    """Fourth-order central difference."""
    low2, low, high, high2 = (function(at + k * step) for k in (-2, -1, 1, 2))
    return (low2 - 8 * low + 8 * high - high2) / (12 * step)


@pytest.mark.parametrize("model", [m for m in WARM if not m.weights.parameters], ids=name_of)
def test_energy_is_minus_the_derivative_in_beta(model: replica.Model) -> None:
    """A penalty enters with beta as well, so weights that carry one are not among these."""
    solution = replica.solve(model, alpha=0.5)
    slope = derivative(lambda beta: free_entropy(model.with_parameters(beta=beta), 0.5), model.beta, 5e-3)
    assert solution.energy == pytest.approx(-slope, abs=2e-9)
    assert solution.entropy == pytest.approx(solution.free_entropy + model.beta * solution.energy, abs=1e-14)


@pytest.mark.parametrize("model", MODELS, ids=name_of)
def test_derivative_in_alpha_is_the_mean_log_z(model: replica.Model) -> None:
    solution = replica.solve(model, alpha=ALPHA)
    norm = solution["q"] + solution["V"]
    found = solution.order_parameters
    log_z, _, _ = plain_pattern(model, found["q"], norm, found.get("m", 0.0), found.get("bias", 0.0))
    slope = derivative(lambda alpha: free_entropy(model, alpha), ALPHA, 1e-3)
    assert slope == pytest.approx(log_z, abs=1e-9)


@pytest.mark.parametrize("model", [m for m in MODELS if m.loss.hard], ids=name_of)
def test_a_hard_constraint_has_no_energy(model: replica.Model) -> None:
    solution = replica.solve(model, alpha=ALPHA)
    assert solution.energy == 0
    assert solution.entropy == solution.free_entropy


@pytest.mark.parametrize("weights", KINDS, ids=name_of)
def test_entropy_falls_with_beta(weights: Weights) -> None:
    model = replica.perceptron(weights, loss="error-count", beta=1.0)
    curve = replica.sweep(model, alpha=0.4, beta=[0.5, 1.0, 2.0, 4.0], observables=["entropy", "energy"])
    assert np.all(np.diff(curve["energy"]) < 0)
    if not weights.parameters:
        assert np.all(np.diff(curve["entropy"]) < 0)


def panels(breaks: np.ndarray, far: float) -> tuple[np.ndarray, np.ndarray]:
    """An increasing grid of stabilities with weights for the integral; its panels end at the breaks and at 0."""
    node, weight = np.polynomial.legendre.leggauss(16)
    exact = np.unique([*breaks, 0.0])
    plain = np.linspace(-far, far, 49)
    plain = plain[np.min(np.abs(plain[:, None] - exact), axis=1) > 1e-3]
    edges = np.sort(np.concatenate([plain, exact]))
    half, middle = np.diff(edges)[:, None] / 2, (edges[1:, None] + edges[:-1, None]) / 2
    return (middle + half * node).ravel(), (half * weight).ravel()


@pytest.mark.parametrize("model", [*MODELS, *WARM], ids=name_of)
def test_margin_distribution_is_normalised_and_gives_cost_and_errors(model: replica.Model) -> None:
    """Its integral is 1; the cost and the wrong side weighed with it are the energy and the training error."""
    solution = replica.solve(model, alpha=ALPHA)
    field, weight = panels(model.loss.kinks(), 9.0 * np.sqrt(solution["q"] + solution["V"]))
    found = replica.margin_distribution(solution, field=field)
    density = found["density"].values
    assert np.all(density >= 0)
    assert found.attrs["atoms"] == []
    assert weight @ density == pytest.approx(1.0, abs=1e-11)
    cost, wrong = model.loss.cost(field[None, :])[0], model.loss.violated(field[None, :])[0]
    mean_cost = weight @ np.where(density > 0, density * np.where(density > 0, cost, 0.0), 0.0)
    assert ALPHA * mean_cost == pytest.approx(solution.energy, abs=1e-11)
    assert weight @ (density * wrong) == pytest.approx(solution.training_error, abs=1e-11)


def holds(loss: Loss) -> bool:
    """Whether fields beside each other may end at one stability: where the cost jumps or its slope does."""
    places = np.array([[kink + side * 1e-7 for side in (-1, 0, 1)] for kink in loss.kinks()]).reshape(-1, 3)
    low, middle, high = (loss.cost(places[:, k][None])[0] for k in range(3))
    with np.errstate(invalid="ignore"):  # beside a forbidden stability
        bends = np.abs(low - 2.0 * middle + high)
    return bool(np.any(~(bends < 1e-10)))


@pytest.mark.parametrize("labels", ["random", "teacher"])
@pytest.mark.parametrize("loss", [loss for loss in LOSSES if loss.has_ground and holds(loss)], ids=name_of)
def test_margin_distribution_at_zero_temperature_has_atoms(loss: Loss, labels: str) -> None:
    """On the sphere at capacity (hard) or above it (soft): density and atoms together make 1, and give the energy."""
    model = replica.perceptron("spherical", loss=loss, labels=labels)
    if labels == "teacher" and loss.even:
        return  # labels do not matter: another test
    if labels == "teacher" and model.margin <= 0:
        assert "no capacity" in replica.capacity(model).status
        return
    threshold = replica.capacity(model)
    solution = threshold.solution if loss.hard else replica.solve(model, alpha=1.5 * threshold.value)
    assert solution is not None
    breaks = loss.ground_breaks(np.array([solution.order_parameters.get("V", 1.0)]))[0]
    field, weight = panels(breaks, 9.0)
    found = replica.margin_distribution(solution, field=field)
    atoms = dict(found.attrs["atoms"])
    assert set(atoms) <= set(map(float, loss.kinks()))
    assert sum(atoms.values()) > 0.01
    assert weight @ found["density"].values + sum(atoms.values()) == pytest.approx(1.0, abs=1e-11)
    if not loss.hard:
        cost = weight @ (found["density"].values * loss.cost(field[None, :])[0])
        assert solution.alpha * cost == pytest.approx(solution.energy, abs=1e-11)
