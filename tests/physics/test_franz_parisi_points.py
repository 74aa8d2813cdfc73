"""Points of a Franz-Parisi curve: none depends on the others, none that is not solved costs another."""

from __future__ import annotations

import numpy as np
import pytest

import replica
from replica.ansatz.franz_parisi.typical_held_norm import FranzParisiProblem
from replica.landscape.references import resolve

D = np.array([1e-5, 0.004, 0.05, 0.3, 0.8])
FIT = replica.Reference(model=replica.perceptron("spherical", loss="logistic"), clipped=True)
CASES = {
    "binary": (replica.perceptron("binary"), 0.6, None),
    "robust": (replica.perceptron("spherical"), 0.9, 0.3),
    "alphabet": (replica.perceptron("ternary"), 0.4, 0.2),
    "vector": (replica.perceptron("binary"), 0.4, FIT),
    "teacher": (replica.perceptron("binary", labels="teacher"), 0.8, "planted"),
    "clusters": (replica.mixture(loss=replica.Margin(0.0), weights="spherical"), 0.8, None),
}


@pytest.mark.parametrize("name", CASES)
def test_no_point_depends_on_the_others(name: str) -> None:
    model, alpha, reference = CASES[name]
    whole = replica.franz_parisi(model, alpha=alpha, distance=D, reference=reference)
    for part in ([1], [0, 2, 4], [2, 3]):
        some = replica.franz_parisi(model, alpha=alpha, distance=D[part], reference=reference)
        assert some["status"].values.tolist() == whole["status"].values[part].tolist()
        for variable in ("free_entropy", "q", "slope"):
            off = np.abs(some[variable].values - whole[variable].values[part])
            slack = some[f"{variable}_error"].values + whole[f"{variable}_error"].values[part]
            assert np.all((off <= slack) | np.isnan(off)), variable
            assert np.array_equal(np.isnan(some[variable].values), np.isnan(whole[variable].values[part]))


@pytest.mark.parametrize("distance", [[0.1, 0.7, 0.8, 0.9], [0.1, 0.9999], [1e-6, 0.75]])
def test_one_bad_point_loses_no_other(distance: list[float]) -> None:
    for alpha in (1.0, 1.5):
        curve = replica.franz_parisi(replica.perceptron("spherical"), alpha=alpha, distance=distance)
        assert str(curve["status"].values[0]) == "converged"
        assert str(curve["status"].values[-1]).startswith("not converged: the replica-symmetric equations")


@pytest.mark.parametrize(("weights", "alpha"), [("binary", 0.8), ("spherical", 1.7)])
def test_next_to_the_typical_distance_nothing_is_lost(weights: str, alpha: float) -> None:
    """There the copies have next to nothing of their own, and the curve is the parabola of its maximum."""
    alone = replica.solve(replica.perceptron(weights), alpha=alpha)
    for share in (-1e-5, 1e-6, 1e-4):
        distance = (1.0 - alone["q"]) / 2.0 * (1.0 + share)
        at = replica.franz_parisi(alone.model, alpha=alpha, distance=[distance])
        parabola = alone.free_entropy + 0.5 * float(at["slope"][0]) * (distance - (1.0 - alone["q"]) / 2.0)
        assert float(at["entropy"][0]) == pytest.approx(parabola, abs=3e-13 + 3e-3 * abs(share) ** 2)
        assert float(at["error"][0]) < 1e-9


@pytest.mark.parametrize(("half_width", "distance"), [(1.0, 1e-6), (1.0, 1e-3), (0.7, 1e-4)])
def test_near_typical_solutions_the_map_has_no_fixed_point(half_width: float, distance: float) -> None:
    """References without an overlap leave one unknown: its equation is looked at over all its range."""
    model = replica.perceptron("binary", loss=replica.Band(half_width))
    curve = replica.franz_parisi(model, alpha=1.0, distance=[distance])
    assert str(curve["status"].values[0]).startswith("not converged: the replica-symmetric equations have no solution")
    depth = np.concatenate([np.geomspace(1e-6, 1.0, 30), np.linspace(1.1, 20.0, 60)])
    given = resolve(model, 1.0, None, False).given
    problem = FranzParisiProblem(model, 1.0, given, np.full(depth.size, distance))
    with np.errstate(all="ignore"):
        residual = problem.residual(depth[:, None])[:, 0]
    assert np.isfinite(residual).sum() > 60
    assert np.all(residual[np.isfinite(residual)] > 0.0)
