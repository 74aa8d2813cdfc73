"""Stabilities, slopes and limits that have one independent witness each, and errors that are not to be understated."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest

import replica
from replica.ansatz.erm.equations import RiskProblem
from replica.ansatz.franz_parisi.minimiser import MinimiserProblem
from replica.ansatz.franz_parisi.solver import _corrected, curve
from replica.ansatz.replicated.equations import Groups
from replica.ansatz.replicated.known import centres_of_many, untouched
from replica.ansatz.rs.equations import Equations
from replica.ansatz.rs.special_states import learns_from_nothing
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
    clean = curve(MinimiserProblem(*settings))
    point = clean.point.copy()
    seen, errors, _, _ = _corrected(Shaken(*settings), point, np.arange(2), 2, 1e-6)
    for name in ("q", "q_hat", "t_hat", "m", "stability"):
        off = np.abs(seen[name] - clean.values[name])
        assert np.all(off > 0.0), name
        assert np.all(errors[name] > 4.0 * off), name  # the last step may go to either side, and again


@pytest.mark.parametrize("alpha", [0.5, 4.0])
def test_weights_of_a_large_penalty_solve_the_equations_of_any(alpha: float) -> None:
    """A class that rests on its kink takes part of the response: the limit, read off at a penalty that is not one."""
    penalty = 2e4
    model = replica.mixture("hinge", balance=0.2, penalty=penalty)
    found, limit = (replica.solve(m, alpha=alpha) for m in (model, model.with_parameters(penalty=np.inf)))
    problem = RiskProblem(model, np.array([alpha]), 2)
    rest = found["q"] - found["m"] ** 2
    values = {"lean": found["m"] / np.sqrt(rest), "transverse": rest, "V": found["V"], "bias": found["bias"]}
    free = problem.variables.free({name: np.array([values[name]]) for name in problem.variables.names}, 1)
    assert np.abs(problem.residual(free)).max() < 1e-10
    seen = problem.observe(free)[0]
    for name in ("energy", "free_entropy", "stability"):
        assert found.batch.value(name)[0] == pytest.approx(seen[name][0], rel=1e-10), name
    assert limit["V"] < 0.9 and limit.batch.value("stability")[0] == pytest.approx(seen["stability"][0], rel=1e-10)
    for name, power in (("q", 2), ("m", 1), ("V", 1)):
        assert limit[name] == pytest.approx(found[name] * penalty**power, rel=1e-10), name


def test_margins_of_a_large_penalty_are_of_the_size_of_its_weights() -> None:
    """Density and atoms hold every pattern once."""
    solution = replica.solve(replica.mixture("hinge", balance=0.2, penalty=2e4), alpha=2.0)
    step = 5e-6
    near = step * (np.arange(-120, 120) + 0.5)
    found = [replica.margin_distribution(solution, field=place + near) for place in (-1.0, 1.0)]
    whole = step * sum(part["density"].values.sum() for part in found)
    assert whole + sum(mass for _, mass in found[0].attrs["atoms"]) == pytest.approx(1.0, abs=1e-3)


def test_bent_fields_reach_their_limit_at_capacity() -> None:
    """Replicon and flatness of a wide network: the kernel bends, and moved fields have a part of their own."""
    model = replica.committee(np.inf, activation="erf", weights="spherical", margin=0.3)
    end = replica.capacity(model)
    near = replica.solve(model, alpha=end.value * (1.0 - 1e-5))
    assert end.solution is not None
    assert float(replica.stability(end.solution)) == pytest.approx(float(replica.stability(near)), abs=3e-3)
    rates = [replica.flatness(state, noise=[0.05, 0.2])["training_error"].values for state in (near, end.solution)]
    assert rates[1] == pytest.approx(rates[0], abs=3e-5)


def test_first_moment_of_pairs_that_look_away() -> None:
    """``P2 = 1/4 + arcsin(t)/(2 pi)`` at margin 0, of either sign of t."""
    distance = np.array([0.3, 0.6, 0.9])
    found = replica.franz_parisi(replica.perceptron("binary"), alpha=0.5, distance=distance, ansatz="annealed")
    room = -distance * np.log(distance) - (1 - distance) * np.log1p(-distance)
    exact = room + 0.5 * np.log(0.5 + np.arcsin(1 - 2 * distance) / np.pi)
    assert np.all(np.abs(found["free_entropy"].values - exact) <= found["error"].values)


@pytest.mark.parametrize("weights", ["binary", "spherical"])
def test_slopes_of_neighbours_that_no_pattern_touches(weights: str) -> None:
    """Differences of their own entropies, round a centre and round a barycentre."""
    model, distance = replica.perceptron(weights, margin=-9.0), 0.2 + 1e-5 * np.array([-1.0, 0.0, 1.0])
    alpha, models = np.full(3, 0.7), model.take(np.zeros(3, dtype=int))
    centre = untouched(Groups(models, alpha, np.full(3, 3.0), distance=distance))[0]
    many = centres_of_many(Groups(models, alpha, np.full(3, np.inf), 1.0 - 2.0 * distance))
    for seen in (centre.seen, many.seen):
        entropy = seen["free_entropy"]
        assert seen["slope"][1] == pytest.approx((entropy[2] - entropy[0]) / 2e-5, rel=1e-8)


def test_the_gap_of_clones_lies_where_their_free_entropy_is_lowest() -> None:
    model, step = replica.perceptron("binary"), 2e-4
    found = replica.overlap_gap(model, clones=3)
    below, above = (
        replica.solve(model, alpha=found.value, ansatz=replica.RSB(m=3.0, q1=found.order_parameters["q1"] + k * step))
        for k in (-1, 1)
    )
    assert abs(above.free_entropy - below.free_entropy) / (2 * step) < 1e-5


def test_bayes_optimal_students_learn_from_nothing_where_nothing_is_unstable() -> None:
    """The teacher is one more replica: both begin at the load at which q = 0 loses its stability."""
    for model in (
        replica.parity(2, weights="spherical", labels="teacher"),
        replica.committee(np.inf, activation="quadratic", weights="spherical", labels="teacher"),
    ):
        load, equations = replica.at_line(model).value, Equations(model, 1)
        learns = [learns_from_nothing(equations, np.array([load * share]))[0] for share in (0.99, 1.01)]
        assert learns == [False, True]


def test_margins_without_patterns_are_known_to_their_rounding() -> None:
    """``2 N(Delta)`` above 0, far into the tail, against mpmath."""
    field = np.linspace(0.1, 37.0, 20)
    found = replica.margin_distribution(replica.solve(replica.perceptron("spherical"), alpha=0.0), field=field)
    exact = np.array([float(2 * mpmath.npdf(place)) for place in field])
    away, error = np.abs(found["density"].values - exact), found["error"].values
    assert np.all(away <= error) and np.any(away > 0) and np.all(error < 1e-12 * exact)
