"""Distances down to 1e-14: exact entropies without a constraint, limits, the scaling of the first correction."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import replica

D = np.array([1e-14, 1.37e-12, 1.37e-9, 2.3e-6, 0.01, 0.5, 0.93, 1.0 - 1e-9])
AROUND = {
    "own": replica.Reference(),
    "margin": replica.Reference(margin=0.1),
    "vector": replica.Reference(model=replica.perceptron("spherical"), margin="max"),
    "fit": replica.Reference(model=replica.perceptron(replica.Gaussian(0.3), loss="hinge")),
}


def room(weights: str, d: np.ndarray) -> np.ndarray:
    return -d * np.log(d) - (1 - d) * np.log1p(-d) if weights == "binary" else 0.5 * np.log(4 * d * (1 - d))


def covered(curve: Any, wanted: np.ndarray) -> None:
    """Every point is there, and its error covers what it is off by."""
    main = curve.attrs["main"]
    assert all(text.startswith("converged") for text in curve["status"].values)
    assert np.all(np.abs(curve[main].values - wanted) <= curve["error"].values)


@pytest.mark.parametrize(
    ("weights", "around"), [("binary", "own"), ("binary", "margin"), *(("spherical", around) for around in AROUND)]
)
def test_without_constraint_the_entropy_is_that_of_the_weights(weights: str, around: str) -> None:
    model = replica.perceptron(weights, margin=-30.0)
    curve = replica.franz_parisi(model, alpha=0.7, distance=D, reference=AROUND[around])
    covered(curve, room(weights, D))
    assert np.all(curve["error"].values < 1e-13)


def test_without_constraint_clusters_do_not_matter() -> None:
    model = replica.mixture(loss=replica.Margin(-30.0), weights="spherical", noise=0.6)
    curve = replica.franz_parisi(model, alpha=0.6, distance=D, reference=replica.Reference(margin=-0.5))
    covered(curve, room("spherical", D))


@pytest.mark.parametrize(("weights", "alpha", "margin"), [("binary", 0.3, 0.3), ("spherical", 0.9, 0.4)])
def test_near_robust_solutions_the_constraint_is_not_felt(weights: str, alpha: float, margin: float) -> None:
    """Nothing violates a margin of 0 within a margin of 0.3 and d -> 0."""
    d = np.array([1e-14, 1e-11, 1e-8, 1e-6])
    curve = replica.franz_parisi(
        replica.perceptron(weights), alpha=alpha, distance=d, reference=replica.Reference(margin=margin)
    )
    covered(curve, room(weights, d))


@pytest.mark.parametrize(
    "model",
    [
        replica.perceptron("spherical"),
        replica.perceptron("spherical", labels="teacher"),
        replica.committee(np.inf, activation="relu", weights="spherical"),
        replica.mixture(loss=replica.Margin(0.2), weights="spherical"),
    ],
)
def test_first_correction_is_the_root_of_the_distance(model: replica.Model) -> None:
    d = np.array([1e-14, 1e-12, 1e-10, 1e-8, 1e-6])
    curve = replica.franz_parisi(model, alpha=0.6, distance=d)
    scaled, error = (curve[name].values / np.sqrt(d) for name in ("normalised_entropy", "normalised_entropy_error"))
    rate = (scaled[4] - scaled[3]) / (np.sqrt(1e-6) - np.sqrt(1e-8))
    wanted = scaled[3] + rate * (np.sqrt(d[:3]) - 1e-4)  # the next order is linear in d
    assert np.all(np.abs(scaled[:3] - wanted) <= error[:3] + error[3] + 1e-6)
    assert float(error[1]) < 1e-7


@pytest.mark.parametrize("weights", ["binary", "spherical"])
def test_soft_costs_at_no_distance_are_those_of_the_reference(weights: str) -> None:
    """ln Z of copies at d -> 0: the weights at that distance, less beta times the energy of the reference."""
    model = replica.perceptron(weights, loss="error-count", beta=1.5)
    d = np.array([1e-13, 1e-10])
    curve = replica.franz_parisi(model, alpha=0.4, distance=d)
    assert all(text.startswith("converged") for text in curve["status"].values)
    wanted = room(weights, d) - 1.5 * replica.solve(model, alpha=0.4).energy
    assert np.allclose(curve["free_entropy"], wanted, rtol=0, atol=3e-5)


@pytest.mark.parametrize(
    ("weights", "alpha"), [(replica.Ternary(), 0.3), (replica.Discrete((-1.0, 2.0)), 0.3), (replica.Discrete(), 0.25)]
)
def test_near_robust_solutions_letters_are_free(weights: replica.Discrete, alpha: float) -> None:
    """``dS/dd`` near references whose margin is larger grows with ``-ln d``, as where no constraint is felt."""
    d = np.array([1e-14, 1e-12, 1e-10, 1e-8])
    curve = replica.franz_parisi(replica.perceptron(weights), alpha=alpha, distance=d, reference=0.4)
    assert all(text.startswith("converged") for text in curve["status"].values)
    growth = np.diff(curve["slope"].values) / np.diff(-np.log(d))
    assert np.allclose(growth, growth[-1], rtol=1e-4)
    # S = d (slope + growth) where slope = c - growth ln d
    exact = d * (curve["slope"].values + growth[-1])
    assert np.all(np.abs(curve["entropy"].values - exact) <= curve["error"].values + 1e-5 * exact)


def test_soft_costs_of_alphabets_at_no_distance_are_those_of_the_reference() -> None:
    model = replica.perceptron("ternary", loss="error-count", beta=2.0)
    curve = replica.franz_parisi(model, alpha=0.4, distance=[1e-9])
    wanted = -2.0 * replica.solve(model, alpha=0.4).energy
    assert float(curve["free_entropy"][0]) == pytest.approx(wanted, abs=2e-5)


def test_copies_around_a_noisy_teacher() -> None:
    """At no distance the teacher's own errors, on noisy labels; at the typical one those of the typical student."""
    model = replica.perceptron("binary", loss="error-count", beta=1.0, labels=replica.Teacher(noise=0.3))
    turned = np.arctan(np.sqrt(0.3)) / np.pi
    near = replica.franz_parisi(model, alpha=0.5, distance=[1e-12], reference="planted")
    assert float(near["free_entropy"][0]) == pytest.approx(-0.5 * turned, abs=1e-5)
    assert float(near["generalization_error"][0]) == pytest.approx(turned, abs=1e-6)
    alone = replica.solve(model, alpha=0.5)
    there = replica.franz_parisi(model, alpha=0.5, distance=[(1 - alone["m"]) / 2], reference="planted")
    for name in ("generalization_error", "stability", "training_error", "energy", "free_entropy", "q"):
        assert float(there[name][0]) == pytest.approx(float(getattr(alone, name, None) or alone[name]), abs=1e-9), name


@pytest.mark.parametrize("replicas", [2.7, np.inf])
def test_without_constraint_real_replicas_are_as_close_as_is_asked(replicas: float) -> None:
    """Their mutual overlap 1 - 2d has no room for a small distance."""
    d = D[:5]
    curve = replica.local_entropy(
        replica.perceptron("spherical", margin=-30.0), alpha=0.7, distance=d, replicas=replicas, centre=None
    )
    group = 0.0 if replicas == np.inf else (np.log1p((replicas - 1.0) * (1.0 - 2.0 * d)) - np.log(2.0 * d)) / replicas
    assert np.all(np.abs(curve["free_entropy"] - 0.5 * (np.log(2.0 * d) + group)) <= curve["free_entropy_error"])
    assert np.all(curve["free_entropy_error"] < 1e-12)


@pytest.mark.parametrize(
    ("margin", "alpha", "replicas", "d", "free_entropy", "entropy"),
    [
        (0.692873, 0.0168588626, 4.27566, 1.4322658e-6, -4.72472871918153745, -6.26461723032409744),
        (0.692873, 0.0168588626, 4.27566, 1e-8, -6.62638858219392291, -8.7468262148272801),
        (0.0, 0.4, 2.5, 3e-7, -4.2332432543488147, -6.96325055308587589),
    ],
)
def test_close_real_replicas_in_many_digits(
    margin: float, alpha: float, replicas: float, d: float, free_entropy: float, entropy: float
) -> None:
    """mpmath at 34 digits: the inner average as a series in the root of the distance, Hermite's rule outside."""
    model = replica.perceptron("spherical", margin=margin)
    found = replica.local_entropy(model, alpha=alpha, distance=[d], replicas=replicas, centre=None).isel(distance=0)
    assert abs(found["free_entropy"] - free_entropy) <= 5 * found["free_entropy_error"] < 1e-12
    assert abs(found["local_entropy"] - entropy) <= 5 * found["error"] < 1e-12


@pytest.mark.parametrize(
    "model",
    [
        replica.mixture("logistic", weights="spherical", balance=0.4, beta=1.0),
        replica.mixture("square", weights="spherical", noise=0.5, beta=2.0),
        replica.perceptron("binary", loss="error-count", beta=1.0),
    ],
)
def test_close_real_replicas_of_any_kind_move_as_their_slope_says(model: replica.Model) -> None:
    """What is lost of a distance would stand out in a small step of it."""
    d, step = (1e-4 if model.weights.discrete else 3e-10), 1e-3
    curve = replica.local_entropy(model, alpha=0.8, distance=[d, d * (1.0 + step)], replicas=3.0, centre=None)
    moved = float(curve["free_entropy"][1] - curve["free_entropy"][0])
    assert abs(moved / (curve["slope"][0] * d * np.log1p(step)) - 1.0) < 1e-3
