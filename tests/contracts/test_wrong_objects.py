"""Objects of another kind, given to verbs: one sentence that says what is wanted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import replica

MODEL = replica.perceptron("binary")
SOLUTION = replica.solve(MODEL, alpha=0.5)
THRESHOLD = replica.capacity(MODEL)
CURVE = replica.margin_distribution(SOLUTION, field=[0.1])
STRANGERS = {"threshold": THRESHOLD, "model": MODEL, "curve": CURVE, "none": None, "batch": SOLUTION.batch}
OF_SOLUTIONS = {
    "stability": lambda x: replica.stability(x),
    "margin_distribution": lambda x: replica.margin_distribution(x, field=[0.1]),
    "flatness": lambda x: replica.flatness(x, noise=[0.1]),
    "generalization_error": lambda x: replica.generalization_error(x),
}
OF_MODELS = {
    "solve": lambda x: replica.solve(x, alpha=0.5),
    "capacity": lambda x: replica.capacity(x),
    "at_line": lambda x: replica.at_line(x),
    "spinodal": lambda x: replica.spinodal(x),
    "transition": lambda x: replica.transition(x),
    "max_margin": lambda x: replica.max_margin(x, alpha=0.5),
    "freezing": lambda x: replica.freezing(x, alpha=0.5),
    "optimal_penalty": lambda x: replica.optimal_penalty(x, alpha=0.5),
    "threshold": lambda x: replica.threshold(x, "q", level=0.5),
    "overlap_gap": lambda x: replica.overlap_gap(x, clones=3),
    "local_entropy_threshold": lambda x: replica.local_entropy_threshold(x),
    "franz_parisi": lambda x: replica.franz_parisi(x, alpha=0.5, distance=[0.1]),
    "isolation": lambda x: replica.isolation(x, alpha=0.5),
    "path": lambda x: replica.path(x, alpha=0.5),
    "kernel_margin": lambda x: replica.kernel_margin(x, alpha=0.5),
    "convex_margin": lambda x: replica.convex_margin(x, alpha=0.5),
    "local_entropy": lambda x: replica.local_entropy(x, alpha=0.5, distance=[0.1]),
    "sweep": lambda x: replica.sweep(x, alpha=[0.1, 0.2]),
    "diagram": lambda x: replica.diagram(x, x=("margin", [0.0, 0.1]), lines=["capacity"]),
    "simulate": lambda x: replica.simulate(x, n=20, alpha=0.5, samples=1),
    "instance": lambda x: replica.instance(x, n=20, alpha=0.5, seed=1),
}


@pytest.mark.parametrize("stranger", STRANGERS)
@pytest.mark.parametrize("verb", OF_SOLUTIONS)
def test_a_solution_is_wanted(verb: str, stranger: str) -> None:
    hints: dict[str, Any] = {"threshold": "give its .solution", "model": "solve it first", "curve": "numbers alone"}
    with pytest.raises(TypeError, match=f"{verb} takes a Solution, .*{hints.get(stranger, '')}"):
        OF_SOLUTIONS[verb](STRANGERS[stranger])


@pytest.mark.parametrize("stranger", [SOLUTION, THRESHOLD, CURVE, None, "binary"], ids=["s", "t", "c", "none", "name"])
@pytest.mark.parametrize("verb", OF_MODELS)
def test_a_model_is_wanted(verb: str, stranger: Any) -> None:
    hint = "give its .model" if stranger is SOLUTION else ""
    with pytest.raises(ValueError, match=f"model must be a Model, .*{hint}"):
        OF_MODELS[verb](stranger)


def test_lists_where_one_number_is_allowed() -> None:
    with pytest.raises(ValueError, match="margin must be one number"):
        replica.flatness(SOLUTION, noise=[0.1], margin=[0.1, 0.2])
    taught = replica.solve(replica.mixture("square"), alpha=1.0)
    with pytest.raises(ValueError, match="labelled must be one number"):
        replica.generalization_error(taught, estimator="bayes", labelled=[0.5, 1.0])


@pytest.mark.parametrize(
    "build",
    [
        lambda: replica.mixture(noise=np.array(0.5 + 1j)),
        lambda: replica.solve(replica.perceptron("binary"), alpha=np.array([0.1 + 1j, 0.2])),
        lambda: replica.sweep(replica.perceptron("binary"), alpha=np.array([0.1, 0.2 + 0j])),
        lambda: replica.clusters(means=np.array([1.0 + 1j, 2.0]), covariances=[1.0, 2.0]),
        lambda: replica.clusters(means=[1.0, 2.0], covariances=np.array([np.eye(2), 1j * np.eye(2)])),
        lambda: replica.Discrete(np.array([1j, 1.0, 2.0])),
    ],
)
def test_complex_numbers_are_no_numbers(build) -> None:
    """Never with the imaginary part left out."""
    with pytest.raises(ValueError, match="must be"):
        build()
