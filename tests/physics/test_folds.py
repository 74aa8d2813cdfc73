"""Folds of a teacher's branch that lie close together, branches without one, and what is said of them."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from scipy.special import erfc

import replica
from replica.ansatz.rs.branch import held_name, tabulate
from replica.ansatz.rs.equations import Equations
from replica.data import Teacher
from replica.solution.quantity import Quantity
from replica.thresholds import Threshold


@pytest.mark.parametrize(("margin", "noise"), [(-0.10519109510010514, 0.001814670058102743), (-0.05, 0.001)])
def test_fold_of_a_student_of_small_negative_margin(margin: float, noise: float) -> None:
    """The highest load of a fine table of the branch, through a parabola of its three highest points."""
    model = replica.perceptron("binary", margin=margin, labels=Teacher(noise=noise))
    found = replica.spinodal(model)
    theta = np.linspace(-4.0, 1.2, 261)
    table = tabulate(Equations(model, 1), theta[None])
    alpha, top = table.alpha[0], int(np.argmax(table.alpha[0][:255]))
    assert held_name(table.equations) == "m_hat" and 0 < top < 254
    left, middle, right = alpha[top - 1 : top + 2]
    peak = middle + (right - left) ** 2 / (8 * (2 * middle - left - right))
    assert found.value == pytest.approx(peak, rel=1e-5)
    assert found.value >= alpha[:255].max() - 1e-13
    assert found.error < 1e-12
    assert replica.solve(model, alpha=found * (1 - 1e-3))["q"] < 0.95


def test_a_branch_without_a_fold_is_said_to_have_none() -> None:
    found = replica.spinodal(replica.perceptron("binary", margin=-0.169, labels="teacher"))
    assert not found.converged and "no fold of the branch was found" in found.status
    assert replica.solve(replica.perceptron("binary", margin=-0.169, labels="teacher"), alpha=4.0).converged


def test_the_error_of_a_fold_is_that_of_its_height() -> None:
    """The load is stationary at a fold: its place may be known to 1e-9 only, the load to rounding."""
    model = replica.perceptron(replica.Discrete((-1.0, 2.0)), labels="teacher")
    found = replica.spinodal(model)
    assert 0 < found.error < 1e-13
    theta = np.log(found.solution["m_hat"]) + np.array([-1e-5, 0.0, 1e-5])
    guess = np.log(found.solution["q_hat"]), found.solution["q_hat"] + found.solution["Q_hat"]
    equations = Equations(model, 1)
    first = np.array(
        [
            [
                equations.chart(n).to_free(v) if n == "curvature" else v
                for n, v in zip(("q_hat", "curvature"), guess, strict=True)
            ]
        ]
    )
    if not equations.linear("curvature"):
        first[0, 1] = np.log(guess[1])
    heights = tabulate(equations, theta[None], first).alpha[0]
    assert abs(heights.max() - found.value) <= 1e-9 * found.value
    assert np.ptp(heights) < 1e-9


def test_thresholds_and_quantities_are_floats() -> None:
    threshold = replica.capacity(replica.perceptron("spherical", margin=0.5))
    assert f"{threshold:.3f}" == f"{threshold.value:.3f}" and str(threshold) in repr(threshold)
    assert threshold < 1 and threshold * 2 == 2 * threshold.value and threshold - 1 == threshold.value - 1
    assert np.sqrt(threshold) == np.sqrt(threshold.value)
    assert np.array([threshold, 1.0]).dtype == float
    again = pickle.loads(pickle.dumps(threshold))
    assert (again.value, again.error, again.bracket, again.status) == (
        threshold.value,
        threshold.error,
        threshold.bracket,
        threshold.status,
    )
    assert f"{threshold.value:.12g}" in threshold._repr_html_()


def test_a_number_without_a_known_error_is_not_converged() -> None:
    for found in (Threshold(1.0, np.nan, (0.0, 2.0), "converged"), Quantity(1.0, np.nan, "converged; a fact")):
        assert np.isnan(found.value) and found.status.startswith("not converged: the error of the")


@pytest.mark.parametrize("margin", [0.0, 0.7])
def test_a_replicon_that_only_tends_to_zero_is_no_instability(margin: float) -> None:
    """On the sphere at margins of 0 and more the RS branch is stable up to its end, where the replicon tends to 1."""
    found = replica.at_line(replica.perceptron("spherical", margin=margin))
    assert not found.converged and "stable wherever it was followed" in found.status


@pytest.mark.parametrize("scale", [1.0, 37.0])
def test_zero_of_the_entropy_on_a_branch_that_turns_back_in_its_conjugate(scale: float) -> None:
    """Two letters of one sign: the entropy vanishes beyond the last point of a table in q_hat, and is no capacity: the
    small letters alone leave one pattern in 10^4 to be satisfied.
    """
    letters = scale * np.array([0.0009735846272620514, 0.01721001966737974])
    model = replica.perceptron(replica.Discrete(tuple(letters)), margin=-0.003640631812480197 * scale)
    found = replica.capacity(model)
    assert not found.converged and "at alpha = 0.980334," in found.status and "the capacity is larger" in found.status
    solution = replica.solve(model, alpha=0.9803343378754)
    assert solution["free_entropy"] > 0.02 and "small weights" in solution.status
    assert abs(float(solution.status.rsplit(" ", 1)[1])) < 1e-11  # that of the state that few patterns lead to


@pytest.mark.parametrize("width", [1e-6, 0.3, 8.0, 20.0])
def test_capacity_of_bands_of_any_width(width: float) -> None:
    """The first moment ``-ln 2/ln p``, with p from the tails beyond or from the density."""
    beyond = erfc(width / np.sqrt(2))
    log_p = np.log1p(-beyond) if beyond < 0.5 else np.log(width * np.sqrt(2 / np.pi) * (1 - width**2 / 6))
    found = replica.capacity(replica.perceptron("binary", loss=replica.losses.Band(width)))
    assert found.value == pytest.approx(-np.log(2) / log_p, rel=2e-3 if width == 0.3 else 1e-11)
