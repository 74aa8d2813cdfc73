"""Stabilities beyond replica symmetry of single solutions, and errors that are not to be understated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import replica
from replica.ansatz.franz_parisi.fixed_overlap_curve import _corrected, held_curve
from replica.ansatz.franz_parisi.minimiser import MinimiserProblem
from replica.landscape.references import resolve
from replica.thresholds.tangency import Curve, first_tangency

MIXTURE = replica.mixture(replica.Margin(0.0), weights="spherical", balance=0.4)
CURVES = {
    "signs": (replica.perceptron("binary", margin=0.1), 0.5, {}),
    "sphere": (replica.perceptron("spherical", margin=0.3), 0.6, {}),
    "free norm": (replica.perceptron("ternary", margin=0.2), 0.4, {}),
    "warm": (replica.perceptron("binary", loss="error-count", beta=1.5), 0.7, {}),
    "clusters": (MIXTURE, 0.8, {}),
    "student": (replica.perceptron("spherical", labels="teacher"), 1.0, {}),
    "minimiser": (
        replica.perceptron("binary", labels="teacher"), 0.8,
        {"reference": replica.Reference(model=replica.perceptron("spherical", loss="logistic", labels="teacher"))},
    ),
    "largest margin": (replica.perceptron("binary"), 0.4, {"reference": replica.Reference(margin="max")}),
    "network": (replica.committee(np.inf, activation="relu", weights="spherical", margin=0.1), 0.6, {}),
}  # fmt: skip


@pytest.mark.parametrize("name", CURVES)
def test_probes_at_the_maximum_are_typical_solutions(name: str) -> None:
    """Nothing holds them there: overlap and replicon are those of the replica-symmetric solution."""
    model, alpha, options = CURVES[name]
    alone = replica.solve(model, alpha=alpha)
    away = replica.franz_parisi(model, alpha=alpha, distance=[0.2], **options).attrs["typical_distance"]
    at = replica.franz_parisi(model, alpha=alpha, distance=[away], **options)
    assert str(at["status"].values[0]).startswith("converged")
    q, norm = alone["q"], alone.order_parameters.get("Q", 1.0)
    assert float(at["q"][0]) == pytest.approx(q, rel=1e-6) or float(at["q"][0]) == pytest.approx(q / norm, rel=1e-6)
    assert float(at["stability"][0]) == pytest.approx(replica.stability(alone).value, abs=2e-6)


def test_the_error_of_a_tangency_covers_that_of_the_slope() -> None:
    """A parabola in ln d that touches 0 at a known load, with ripples as large as the slope's own error."""
    touch, size = 0.6, 1e-7
    for phase in (0.0, 1.0, 2.0, 3.0):

        def seen(load: float, distance: np.ndarray, phase: float = phase) -> Curve:
            place = np.log(distance) - np.log(0.02)
            slope = 0.3 * place**2 * (place < 2.0) + 1.2 * (place >= 2.0) + touch - load
            slope = np.where(place > 2.3, -1.0, slope) + size * np.cos(20.0 * place + phase)
            entropy = np.where(place > 2.3, 2.0 - distance, distance)
            return Curve(entropy, slope, np.full(distance.size, size))

        found = first_tangency(seen, 1.0, "a test")
        assert found.converged, found.status
        assert abs(found.value - touch) <= found.error < 50 * size


class Shaken(MinimiserProblem):
    """Residuals off by a known amount, to one side and to the other."""

    size_of_noise, turn = 1e-9, 1.0

    def observe(self, free: np.ndarray) -> Any:
        seen, residual = super().observe(free)
        Shaken.turn = -Shaken.turn
        return seen, residual + (Shaken.turn * self.size_of_noise if self.level >= 2 else 0.0)


def test_errors_of_curves_cover_what_the_last_step_left() -> None:
    model, alpha, options = CURVES["minimiser"]
    around: Any = resolve(model, alpha, options["reference"], False)
    distance = np.array([0.1, 0.3])
    settings = (around.model, alpha, around.given, around.centre, distance, 0)
    clean = held_curve(MinimiserProblem(*settings))
    point = clean.point.copy()
    seen, errors, _, _ = _corrected(Shaken(*settings), point, np.arange(2), 2, 1e-6)
    for name in ("q", "q_hat", "t_hat", "m", "stability"):
        off = np.abs(seen[name] - clean.values[name])
        assert np.all(off > 0.0), name
        assert np.all(errors[name] > 4.0 * off), name  # the last step may go to either side, and again
