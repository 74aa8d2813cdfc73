"""Values printed in the literature, to the digits printed there, and inequalities that theory guarantees."""

from __future__ import annotations

import numpy as np
import pytest

import replica
from replica import exact


def test_krauth_mezard() -> None:
    """Binary perceptron: alpha_c = 0.833 (J. Phys. France 50, 3057)."""
    assert replica.capacity(replica.perceptron("binary")).value == pytest.approx(0.833, abs=5e-4)


def test_gardner() -> None:
    """Sphere: alpha_c = 2 at margin 0, 0.74 at margin 0.69 by the closed formula; replicon marginal at margin 0."""
    threshold = replica.capacity(replica.perceptron("spherical"))
    assert threshold.value == pytest.approx(2.0, rel=1e-14)
    assert threshold.solution is not None
    assert replica.stability(threshold.solution) == pytest.approx(0.0, abs=1e-12)


def test_gyorgyi() -> None:
    """Binary student of a binary teacher: first-order transition at 1.245, spinodal at 1.493 (PRA 41, 7097)."""
    model = replica.perceptron("binary", labels="teacher")
    assert replica.transition(model).value == pytest.approx(1.245, abs=1e-3)
    assert replica.spinodal(model).value == pytest.approx(1.493, abs=5e-4)


def test_gutfreund_stein() -> None:
    """Ternary weights with a free norm: more solutions than binary ones, fewer than the sphere, at every margin > 0."""
    for margin in (0.1, 0.3):
        values = [
            replica.capacity(replica.perceptron(weights, margin=margin)).value
            for weights in ("binary", "ternary", "spherical")
        ]
        assert values[0] < values[1] < values[2]


def test_opper_haussler() -> None:
    """Sphere at large load: 0.625/alpha for a typical student, 0.442/alpha for the Bayes rule."""
    solution = replica.solve(replica.perceptron("spherical", labels="teacher"), alpha=2000.0)
    assert 2000 * replica.generalization_error(solution) == pytest.approx(0.625, abs=1e-3)
    assert 2000 * replica.generalization_error(solution, estimator="bayes") == pytest.approx(0.442, abs=1e-3)


def test_opper_kinzel_largest_margin() -> None:
    """Largest margin student on the sphere: error 0.5005/alpha at large load."""
    model = replica.perceptron("spherical", labels="teacher")
    margin = replica.max_margin(model, alpha=200.0)
    student = replica.capacity(model.with_parameters(margin=margin.value)).solution
    assert student is not None
    assert 200 * replica.generalization_error(student) == pytest.approx(0.5005, abs=5e-3)


def test_aubin_perkins_zdeborova() -> None:
    """Rectangle of half-width 1: alpha_c = 1.816, exact by the first moment; u-function exact up to 0.817."""
    assert replica.capacity(replica.perceptron("binary", loss="band")).value == pytest.approx(1.816, abs=5e-4)
    assert exact.u_function_margin() == pytest.approx(0.817, abs=5e-4)


def test_ground_state_of_the_sphere() -> None:
    """Fewest errors above capacity (RS lower bound): zero at alpha = 2, increasing, convex start (Gardner-Derrida)."""
    model = replica.perceptron("spherical", loss="error-count")
    curve = replica.sweep(model, alpha=[2.05, 2.5, 3.0, 4.0], observables=["energy", "V", "training_error"])
    energy = curve["energy"].values
    assert np.all(np.diff(energy) > 0)
    assert energy[0] > 0
    assert np.allclose(curve["training_error"] * curve["alpha"], energy, rtol=1e-12)
    # the 1RSB value at alpha = 4 is 0.30947: RS lies below it
    assert energy[-1] < 0.3094715916


@pytest.mark.parametrize(
    "weights", ["binary", "ternary", "spherical", replica.Discrete((-2.0, -1.0, 1.0, 2.0))], ids=str
)
def test_capacity_falls_with_the_margin(weights: str | replica.Binary) -> None:
    margins = [0.05, 0.2, 0.5, 1.0, 2.0]
    values = [replica.capacity(replica.perceptron(weights, margin=margin)).value for margin in margins]
    assert np.all(np.diff(values) < 0)


@pytest.mark.parametrize("kappa", [-2.0, -0.7, 0.0, 0.6, 2.0])
def test_capacity_is_below_the_first_moment(kappa: float) -> None:
    typical = replica.capacity(replica.perceptron("binary", margin=kappa))
    bound = replica.capacity(replica.perceptron("binary", margin=kappa), ansatz=replica.Annealed())
    assert bound.value == pytest.approx(exact.first_moment_capacity(kappa), rel=1e-13)
    assert typical.value < bound.value
    # and alphabets cannot store more than the sphere that contains them
    assert typical.value < exact.spherical_capacity(kappa)
    # the entropy vanishes before replica symmetry breaks
    assert typical.value < replica.at_line(replica.perceptron("binary", margin=kappa)).value


def test_entropy_is_concave_in_the_load_and_falls() -> None:
    """dphi/dalpha = E ln Z < 0, and it falls as q grows: solutions disappear ever faster."""
    for weights in ("binary", "ternary", "spherical"):
        model, loads = replica.perceptron(weights), np.linspace(0.02, 0.8, 27)
        curve = replica.sweep(model, alpha=loads, observables=["entropy", "q"])
        slope = np.diff(curve["entropy"].values)
        assert np.all(slope < 0)
        assert np.all(np.diff(slope) < 0)
        assert np.all(np.diff(curve["q"]) > 0)


def test_margin_and_capacity_invert_each_other() -> None:
    for weights, alpha in (("binary", 0.4), ("spherical", 1.3), ("binary", 1.2)):
        model = replica.perceptron(weights)
        margin = replica.max_margin(model, alpha=alpha)
        assert replica.capacity(model.with_parameters(margin=margin.value)).value == pytest.approx(alpha, rel=1e-11)


def test_freezing_line_meets_capacity_at_zero_temperature() -> None:
    """The freezing temperature vanishes at alpha_c; above, ground-state energies grow from 0."""
    model = replica.perceptron("binary", loss="error-count")
    capacity = replica.capacity(model).value
    loads = [1.02 * capacity, 1.2 * capacity, 2.0 * capacity]
    found = [replica.freezing(model, alpha=alpha) for alpha in loads]
    temperature = [threshold.value for threshold in found]
    energy = [threshold.solution.energy for threshold in found if threshold.solution is not None]
    assert np.all(np.diff(temperature) > 0)
    assert temperature[0] < 0.2
    assert np.all(np.diff([0.0, *energy]) > 0)
    # the same ground state through solve at beta = inf, where the entropy is exactly 0
    for alpha, value in zip(loads, energy, strict=True):
        ground = replica.solve(model, alpha=alpha)
        assert ground.energy == pytest.approx(value, rel=1e-10)
        assert ground.entropy == 0.0
