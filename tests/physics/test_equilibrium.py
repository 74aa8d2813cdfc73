"""The branch of equilibrium through a first-order transition, limits without patterns, starts by name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import replica
from replica import RS
from replica.ansatz.rs.equilibrium import equilibrium
from replica.data import Teacher
from replica.plots.lines import Trace
from saddlepoint import Status

STUDENT = replica.perceptron("binary", loss="error-count", labels="teacher")


def test_equilibrium_is_the_larger_free_entropy() -> None:
    curve = replica.sweep(
        STUDENT, alpha=1.5, temperature=np.linspace(0.1, 0.9, 9), observables=["free_entropy", "q"], start="equilibrium"
    )
    plain = replica.sweep(STUDENT, alpha=1.5, temperature=curve["temperature"].values, observables=["free_entropy"])
    best = np.maximum(plain["free_entropy"].values, 0.0)  # the teacher's own is 0
    np.testing.assert_allclose(curve["free_entropy"].values, best, atol=1e-13)
    taught = curve["branch"].values == "the teacher itself"
    assert taught.any() and not taught.all() and np.all((curve["q"].values == 1.0) == taught)
    assert np.all(np.char.find(curve["status"].values.astype(str), "metastable") < 0)


def test_equilibrium_of_hard_constraints_changes_at_the_transition() -> None:
    model = replica.perceptron("binary", labels="teacher")
    place = replica.transition(model)
    before, after = (replica.solve(model, alpha=place * (1 + x), start="equilibrium") for x in (-1e-3, 1e-3))
    assert before["q"] < 1 and before.entropy > 0
    assert after["q"] == 1 and after.entropy == 0
    assert replica.solve(replica.perceptron("binary"), alpha=0.5, start="equilibrium")["q"] < 1  # there is one branch


def test_a_branch_that_was_not_found_is_said() -> None:
    model = replica.parity(2, weights="spherical", labels="teacher")
    found = replica.solve(model, alpha=0.5, start="equilibrium")
    assert "that of equilibrium is not known: the informed branch was not found (no informed state" in found.status
    student = replica.perceptron("binary", labels="teacher")
    plain, taught = (RS().solve(student, np.array([0.5, 1.3]), start) for start in (None, "informed"))
    lost = replace(plain, status=np.array([Status.STEPS_SPENT, Status.CONVERGED]), remarks=["", ""])
    sentences = equilibrium(lost, taught).sentences()
    assert "not known: the uninformed branch was not found (the steps ran out" in sentences[0]
    assert "not known" not in sentences[1]


@pytest.mark.parametrize("loss", ["square", replica.Hinge(0.5), "logistic"])
@pytest.mark.parametrize("alpha", [0.3, 3.0])
def test_branches_that_are_one_state_are_not_doubted(loss: object, alpha: float) -> None:
    model = replica.perceptron("spherical", loss=loss, labels="teacher")
    both, plain = (replica.solve(model, alpha=alpha, start=start) for start in ("equilibrium", None))
    assert both.status == plain.status and both["q"] == plain["q"]


def test_a_plotted_line_ends_where_the_branch_changes() -> None:
    curve = replica.sweep(STUDENT, alpha=1.5, temperature=[0.1, 0.2, 0.3, 0.4], observables=["generalization_error"])
    assert list(curve["branch"].values) == ["the teacher itself", "uninformed", "uninformed", "uninformed"]
    values = (curve[name].values for name in ("temperature", "generalization_error"))
    trace = Trace.of(*values, None, curve["status"].values, None, branch=curve["branch"].values)
    assert list(trace.cut) == [True, False, False]


def test_loads_beyond_the_end_of_the_uninformed_branch_say_so() -> None:
    model = replica.perceptron("binary", margin=-0.08, labels=Teacher(noise=0.002))
    end = replica.spinodal(model)
    short, beyond = (replica.solve(model, alpha=end * (1 + x)) for x in (-1e-3, 1e-3))
    assert short["q"] < 0.9 < beyond["q"]
    assert f"the uninformed branch ends at alpha = {end:.4f}"[:-1] in beyond.status


@pytest.mark.parametrize("weights", ["binary", "ternary", "spherical", replica.Gaussian(2.0)])
@pytest.mark.parametrize("labels", ["random", "teacher"])
def test_without_patterns(weights: object, labels: str) -> None:
    model = replica.perceptron(weights, loss="error-count", labels=labels, beta=2.0)
    solution = replica.solve(model, alpha=0.0)
    letters = model.weights.letters
    free = np.log(2.0) if weights == "binary" else 0.0 if letters is None else np.log(len(letters))
    assert solution["q"] == 0 and solution.entropy == pytest.approx(free, abs=1e-14)
    near = replica.solve(model, alpha=1e-10)
    assert near.entropy == pytest.approx(solution.entropy, abs=1e-9)
    if labels == "teacher":
        assert solution["generalization_error"] == 0.5


def test_grids_may_start_at_the_limits() -> None:
    curve = replica.sweep(replica.perceptron("binary"), alpha=np.linspace(0.0, 0.6, 4), observables=["entropy", "q"])
    assert np.all(np.isfinite(curve["entropy"].values)) and curve["q"].values[0] == 0
    cold = replica.sweep(STUDENT, alpha=0.5, temperature=[0.0, 0.5], observables=["q"])
    hard = replica.solve(replica.perceptron("binary", labels="teacher"), alpha=0.5)
    assert cold["q"].values[0] == pytest.approx(hard["q"], rel=1e-12)
    with pytest.raises(ValueError, match="alpha must be above 0"):
        replica.solve(replica.perceptron("binary"), alpha=0.0, ansatz=replica.RSB(m=2.0, q1=0.5))


def test_starts_take_the_order_parameters_of_alphabets() -> None:
    model = replica.perceptron("ternary")
    plain = replica.solve(model, alpha=0.5)
    names = {name: plain[name] for name in ("q_hat", "Q_hat")}
    again = replica.solve(model, alpha=0.5, start=names)
    assert again["q"] == pytest.approx(plain["q"], rel=1e-12)
    with pytest.raises(ValueError, match=r"start\['q_hat'\] must be one number"):
        replica.solve(model, alpha=0.5, start={"q_hat": [1.0, 2.0]})
    with pytest.raises(ValueError, match="Q_hat"):
        replica.solve(model, alpha=0.5, start={"P_hat": 1.0})


LOAD = "alpha must be one number, got"


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: replica.max_margin(replica.perceptron("binary"), alpha=[0.5, 0.6]), LOAD),
        (lambda: replica.freezing(STUDENT, alpha=(1.5, 2.0)), LOAD),
        (lambda: replica.optimal_penalty(replica.mixture("square"), alpha=np.array([1.0, 2.0])), LOAD),
        (lambda: replica.solve(STUDENT, alpha=0.5, tolerance=[1e-3, 1e-4]), "tolerance must be one number"),
        (lambda: replica.max_margin(replica.perceptron("binary"), alpha=0.5, ansatz=3), "ansatz must be an Ansatz"),
        (lambda: replica.overlap_gap(replica.perceptron("binary"), clones=[2, 3]), "clones must be one number"),
        (lambda: replica.diagram(STUDENT, x="margin"), "x must be a parameter and its grid"),
        (lambda: replica.diagram(STUDENT, x=("margin", [0.0, 0.1]), lines=5), "lines must be names"),
    ],
)
def test_lists_and_other_things_where_one_number_is_wanted(call: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        call()
