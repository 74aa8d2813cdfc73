"""What the status of q = 0 must say, the transition to an informed state, wide networks of signs, penalties alone."""

from __future__ import annotations

import numpy as np
import pytest

import replica
from replica.simulate.statistics import extrapolate


def test_parity_of_a_spherical_teacher_has_a_first_order_transition() -> None:
    model = replica.parity(3, weights="spherical", labels="teacher")
    found = replica.transition(model)
    assert found.converged
    informed = replica.solve(model, alpha=found.value, start="informed")
    plain = replica.solve(model, alpha=found.value)
    assert plain["q"] == 0
    assert informed["q"] == pytest.approx(informed["m"], abs=1e-9)  # one of the states that the labels leave open
    assert informed.free_entropy == pytest.approx(plain.free_entropy, abs=1e-9)
    below, above = (replica.solve(model, alpha=found.value + d).status for d in (-0.1, 0.1))
    assert "metastable" not in below
    assert "metastable: a state that has learned" in above


def test_transitions_that_are_not_there_say_why() -> None:
    two = replica.transition(replica.parity(2, weights="spherical", labels="teacher"))
    assert np.isnan(two.value)
    assert "gives way" in two.status
    with pytest.raises(ValueError, match="never freezes"):
        replica.transition(replica.perceptron("spherical", labels="teacher"))


def test_random_labels_beyond_capacity() -> None:
    model = replica.parity(3, weights="spherical")
    assert "beyond the RS capacity 10.3735" in replica.solve(model, alpha=20).status
    assert "beyond" not in replica.solve(model, alpha=10).status


def test_wide_networks_of_signs() -> None:
    """One flip of the smallest field: ``E min z^2 ~ pi/K^2`` at large K; order statistics against sampling."""
    wide = replica.capacity(replica.parity(2001, weights="spherical"))
    assert wide.value == pytest.approx(2 * 2001**2 / np.pi, rel=3e-3)
    units, rng = 51, np.random.default_rng(5)
    z = rng.standard_normal((100_000, units))
    lacking = np.maximum((units + 1) // 2 - (z > 0).sum(axis=1), 0)
    squares = np.cumsum(np.sort(np.where(z < 0, z * z, np.inf), axis=1), axis=1)
    distance = np.where(lacking > 0, squares[np.arange(len(z)), np.maximum(lacking - 1, 0)], 0.0)
    mean, error = distance.mean(), distance.std() / np.sqrt(len(z))
    found = replica.capacity(replica.committee(units, weights="spherical"))
    assert abs(1 / found.value - mean) < 5 * error
    assert found.error < 1e-9
    assert np.isfinite(replica.capacity(replica.committee(1201, weights="spherical")).value)


def test_a_penalty_with_nothing_against_it_is_told() -> None:
    for model in (replica.perceptron("gaussian"), replica.committee(activation="relu", weights="gaussian")):
        found = replica.solve(model, alpha=0.5, on_failure="keep")
        assert "the penalty pulls the weights to 0" in found.status


def test_a_grid_names_the_step_that_falls() -> None:
    with pytest.raises(ValueError, match="got 0.05 followed by 0.0059"):
        replica.franz_parisi(replica.perceptron("binary"), alpha=0.3, distance=[0.05, 0.0059])


def test_a_bent_extrapolation_shows_in_its_error() -> None:
    from replica.simulate.means import _curved

    # overlaps of three sign units at alpha = 1/3 by enumeration, 300 samples; theory 0.14846
    n, value = np.array([12.0, 15.0, 18.0]), np.array([0.21117, 0.19306, 0.18305])
    error = np.array([0.00204, 0.00145, 0.00113])
    line, found = extrapolate(n, value, error), _curved(n, value, error, 1.0)
    assert abs(line.value - 0.14846) > 4 * line.error
    assert abs(found.value - 0.14846) < 3 * found.error
    n = np.array([12.0, 15.0, 18.0, 21.0])
    bent = _curved(n, 0.15 + 0.36 / n + 4.6 / n**2, np.full(4, 1e-3), 1.0)
    assert bent.value == pytest.approx(0.15, abs=1e-12)
