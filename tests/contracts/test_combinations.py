"""Every registered weights x loss x data: thresholds found, or refused in a sentence; batches and starts."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import replica
from replica.losses import Loss
from replica.weights import Weights
from tests.contracts.members import DATA, LOSSES, WEIGHTS, beta_for, combinations, models, name_of

COLD = [
    replica.perceptron(weights, loss=loss, labels=data)
    for weights, loss, data in combinations(WEIGHTS, LOSSES)
]
NUMBERS = ("q", "Q", "m", "V", "q_hat", "free_entropy", "entropy", "energy", "training_error", "stability")


@pytest.mark.parametrize("model", COLD, ids=name_of)
def test_capacity_is_found_or_refused_in_a_sentence(model: replica.Model) -> None:
    try:
        found = replica.capacity(model)
    except ValueError as refusal:
        assert any(word in str(refusal) for word in ("capacity", "label", "risk minimisation"))
        return
    if not found.converged:  # there is none, or its branch folds back in the conjugate it is followed in
        assert "no capacity, " in found.status or "could not be followed" in found.status
        assert np.isnan(found.value) and found.solution is None
        return
    assert 0 < found.value < np.inf
    assert 0 <= found.error < 1e-9 * found.value
    assert found.bracket[0] <= found.value <= found.bracket[1]
    assert found.solution is not None
    # the state at the threshold is a solution of the model at that load
    assert found.solution.alpha == pytest.approx(found.value, rel=1e-12)
    if model.weights.discrete:
        assert abs(found.solution.entropy) < 1e-11


@pytest.mark.parametrize("loss", [loss for loss in LOSSES if loss.even], ids=name_of)
def test_capacity_of_an_even_loss_does_not_depend_on_labels(loss: Loss) -> None:
    try:
        taught = replica.capacity(replica.perceptron("binary", loss=loss, labels="teacher"))
    except ValueError as refusal:
        assert "label" in str(refusal)
        return
    assert taught.value == pytest.approx(replica.capacity(replica.perceptron("binary", loss=loss)).value, rel=1e-12)


@pytest.mark.parametrize(
    "model", [m for m in COLD if not m.data.overlaps or m.weights.name in {"binary", "spherical"}], ids=name_of
)
def test_at_line_is_found_or_refused_in_a_sentence(model: replica.Model) -> None:
    try:
        found = replica.at_line(model)
    except ValueError as refusal:
        assert len(str(refusal)) > 20
        return
    if not found.converged:
        assert "stab" in found.status  # says up to where the branch is stable
        return
    assert 0 < found.value < np.inf
    assert found.solution is not None
    assert abs(replica.stability(found.solution)) < 1e-8


def test_the_first_moment_is_at_least_the_typical_value() -> None:
    """Jensen's inequality for every model that both theories cover (random labels)."""
    compared = 0
    for weights, loss in itertools.product(WEIGHTS, LOSSES):
        model = replica.Model(weights=weights, loss=loss, beta=beta_for(weights, loss))
        try:
            annealed = replica.solve(model, alpha=0.2, ansatz=replica.Annealed())
        except ValueError:
            continue
        typical = replica.solve(model, alpha=0.2)
        assert annealed.free_entropy >= typical.free_entropy - 1e-13
        compared += 1
    assert compared >= 2 * len(LOSSES)


@pytest.mark.parametrize("weights", WEIGHTS, ids=name_of)
def test_a_row_of_a_batch_is_the_single_solution(weights: Weights) -> None:
    """Rows of a batch differ in alpha and margin; each equals the model solved alone, whatever its neighbours are."""
    alpha, margin = np.array([0.03, 0.2, 0.11, 0.07]), np.array([0.2, 0.0, -0.3, 0.4])
    for data in DATA:
        model = replica.Model(weights=weights, loss="margin", data=data, beta=beta_for(weights, replica.Margin()))
        batch = replica.RS().solve(model.with_parameters(margin=margin), alpha)
        assert batch.converged.all()
        for row in range(alpha.size):
            single = replica.solve(model.with_parameters(margin=float(margin[row])), alpha=float(alpha[row]))
            assert single.status == batch.sentence(row)
            for name in set(NUMBERS) & set(batch.names):
                assert batch.value(name)[row] == pytest.approx(single[name], rel=1e-14, abs=1e-15), name


@pytest.mark.parametrize("loss", LOSSES, ids=name_of)
def test_a_grid_of_a_sweep_is_the_single_solution(loss: Loss) -> None:
    model = replica.perceptron("binary", loss=loss, beta=beta_for(replica.Binary(), loss))
    names = ["free_entropy", "q", "training_error"]
    axis = next(iter(loss.parameters), "beta")
    values = [model.parameter(axis), model.parameter(axis) + 0.2]
    curve = replica.sweep(model, alpha=[0.05, 0.3], observables=names, **{axis: values})
    for alpha, value in itertools.product([0.05, 0.3], values):
        point = curve.sel(alpha=alpha, **{axis: value})
        solution = replica.solve(model.with_parameters(**{axis: value}), alpha=alpha)
        assert str(point["status"].values) == solution.status
        for name in names:
            assert float(point[name]) == pytest.approx(solution[name], rel=1e-14, abs=1e-15)


@pytest.mark.parametrize(
    "model", [m for m in models() if not m.loss.even and not m.data.overlaps], ids=name_of
)
def test_another_start_leads_to_the_same_solution(model: replica.Model) -> None:
    """Random labels have one RS branch at small load, whatever the starting point."""
    first = replica.solve(model, alpha=0.05)
    again = replica.solve(model, alpha=0.05, start={"q_hat": 3.0 * first["q_hat"]})
    assert again["q"] == pytest.approx(first["q"], rel=1e-11)
    assert again.free_entropy == pytest.approx(first.free_entropy, abs=1e-12)


@pytest.mark.parametrize("weights", [w for w in WEIGHTS if w.discrete], ids=name_of)
def test_informed_and_uninformed_students(weights: Weights) -> None:
    """The teacher is a state of its own (m = q = 1, zero free entropy); at small load it is not the dominant one."""
    model = replica.perceptron(weights, labels="teacher")
    informed = replica.solve(model, alpha=0.05, start="informed")
    uninformed = replica.solve(model, alpha=0.05)
    assert informed["m"] == 1.0
    assert informed.free_entropy == 0.0
    assert "the teacher itself" in informed.status
    assert uninformed["m"] < 0.9
    assert uninformed.free_entropy > 0.0


def test_informed_needs_a_teacher() -> None:
    with pytest.raises(ValueError, match="needs a teacher"):
        replica.solve(replica.perceptron("binary"), alpha=0.5, start="informed")


def test_a_continuous_student_has_no_frozen_teacher() -> None:
    """On the sphere the informed start falls back onto the only branch."""
    model = replica.perceptron("spherical", labels="teacher")
    informed, plain = (replica.solve(model, alpha=1.0, start=start) for start in ("informed", None))
    assert informed["m"] == pytest.approx(plain["m"], rel=1e-11)


@pytest.mark.parametrize("weights", ["binary", "ternary", replica.Discrete((-2.0, -1.0, 1.0, 2.0))], ids=str)
def test_the_uninformed_branch_is_metastable_between_transition_and_spinodal(weights: str | Weights) -> None:
    model = replica.perceptron(weights, labels="teacher")
    transition, spinodal = replica.transition(model), replica.spinodal(model)
    assert transition.value < spinodal.value
    below, between, beyond = (
        replica.solve(model, alpha=alpha)
        for alpha in (0.99 * transition.value, 0.5 * (transition.value + spinodal.value), 1.01 * spinodal.value)
    )
    assert below.free_entropy > 0 > between.free_entropy
    assert "metastable" not in below.status
    assert "metastable" in between.status
    assert beyond["m"] == 1.0
