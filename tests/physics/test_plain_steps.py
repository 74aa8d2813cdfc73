"""Steps of symmetry breaking beside plain sums on panels, which share no average with the package."""

from __future__ import annotations

import numpy as np
import pytest

import replica
from benchmarks._steps_truth import Question
from benchmarks.steps import judged, loaded, model_of, verdict

SETTINGS = [
    Question("load", "spherical", "erf", "margin", -0.4, np.inf, 0.75, 2),
    Question("load", "spherical", "perceptron", "outside", 1.3, np.inf, 0.3, 1),
    Question("load", "binary", "perceptron", "errors", 0.3, 12.0, 1.0, 2),
    Question("capacity", "spherical", "perceptron", "margin", -1.4, np.inf, 0.0, 1),
    Question("ground", "spherical", "perceptron", "errors", 0.1, np.inf, 0.5, 2),
]


@pytest.mark.parametrize("at", SETTINGS, ids=lambda at: f"{at.kind}-{at.loss}")
def test_saddle_points_are_those_of_plain_sums(at: Question) -> None:
    model = model_of(at)
    at = loaded(at, model)
    if at.kind == "capacity":
        found = replica.capacity(model, ansatz=replica.RSB(at.steps))
    else:
        found = replica.solve(model, alpha=at.alpha, ansatz=replica.RSB(at.steps))
    told = vars(at) | judged(at, found, np.random.default_rng(1))
    counts = verdict([told])
    assert counts["within their error"] == 1 and not counts["wrong"]
    told["error"], told["off"] = 1e-12, told["off"] + 1e-7
    assert verdict([told])["wrong"]


def test_small_jumps_are_found_just_before_replica_symmetry_is_unstable() -> None:
    model = replica.perceptron("spherical", margin=-2.2)
    dynamic, static = replica.dynamic_transition(model), replica.static_transition(model)
    assert dynamic.value < static.value < replica.at_line(model).value
    few = replica.complexity(model, alpha=0.9999 * static.value, parisi=[1.0])
    assert few["complexity"].values[0] > 0
    asked = Question("load", "spherical", "perceptron", "margin", -2.2, np.inf, static.value, 1)
    q0, q1 = (static.order_parameters[name] for name in ("q0", "q1"))

    def states(q: float) -> float:  # the complexity, -d phi/dm at m = 1
        below, above = (asked.value(np.array([q0, q]), np.array([m])) for m in (1.0 - 1e-4, 1.0 + 1e-4))
        return (below - above) / 2e-4

    assert q1 - q0 > 0.2 and states(q1) == pytest.approx(0.0, abs=1e-8)
    assert states(q1 + 1e-3) == pytest.approx(states(q1 - 1e-3), abs=2e-8)


def test_frozen_states_have_one_step_of_those_asked() -> None:
    model = replica.perceptron("binary", loss="error-count", beta=6.0)
    one, two = (replica.solve(model, alpha=2.0, ansatz=replica.RSB(steps=k)) for k in (1, 2))
    assert "the saddle point has 1 of 2 steps" in two.status and "steps" not in one.status
    assert two.free_entropy == one.free_entropy and two["q2"] == 1.0 and np.isnan(two["parisi2"])
