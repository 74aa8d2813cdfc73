"""Paths between students of a teacher: the typical overlap again, sampled fields, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

import replica
from replica.ansatz.franz_parisi.pair_overlap import pair_overlap
from replica.ansatz.franz_parisi.vertices import end_of
from replica.landscape.named_references import named
from replica.landscape.references import taught_typical


def student(weights: str, margin: float, alpha: float) -> tuple[replica.Model, object]:
    model = replica.perceptron(weights, labels="teacher", margin=margin)
    return model, taught_typical(model, alpha, named(model, margin)).given


@pytest.mark.parametrize(("weights", "alpha"), [("spherical", 1.5), ("binary", 0.7)])
@pytest.mark.parametrize("margin", [0.0, -0.5, 0.3])
def test_two_ends_of_one_margin_overlap_as_two_solutions_do(weights: str, alpha: float, margin: float) -> None:
    """The equation of two margins, whose root is then q, solved without being told so."""
    model, given = student(weights, margin, alpha)
    ends = end_of(given), end_of(given.varied("q", 1e-13))
    overlap, error = pair_overlap(model.weights, alpha, ends)
    assert abs(overlap - given.q) < error + 2e-13 and error < 1e-11


def test_errors_are_those_of_sampled_fields() -> None:
    """Teacher and both cavity fields drawn together, then each field above its margin."""
    alpha, margins, draws = 1.5, (-0.7, -0.7), 2_000_000
    model, given = student("spherical", -0.7, alpha)
    found = replica.path(model, alpha=alpha, margins=margins, position=[0.0, 0.3, 0.5, 1.0])
    overlap = found.attrs["overlap"]
    assert overlap == pytest.approx(given.q, abs=1e-11)
    rng = np.random.default_rng(3)
    covariance = [[1.0, given.m, given.m], [given.m, given.q, overlap - 1e-9], [given.m, overlap - 1e-9, given.q]]
    drawn = rng.standard_normal((draws, 3)) @ np.linalg.cholesky(covariance).T
    cavity = drawn[:, 1:] * np.sign(drawn[:, :1])
    spread = np.sqrt(1.0 - given.q)
    below = ndtr((-0.7 - cavity) / spread)
    fields = cavity + spread * ndtri(np.minimum(below + (1.0 - below) * rng.random((draws, 2)), 1.0 - 1e-16))
    for place, value in zip((0.3, 0.5), found["training_error"].values[1:3], strict=True):
        norm = np.sqrt((1 - place) ** 2 + place**2 + 2 * place * (1 - place) * overlap)
        wrong = ((1 - place) * fields[:, 0] + place * fields[:, 1]) / norm < -0.7
        assert abs(wrong.mean() - value) < 4.0 * np.sqrt(value / draws) and value > 1e-4
    assert found["training_error"].values[[0, 3]].tolist() == [0.0, 0.0]
    assert float(found["error"].max()) < 1e-9


def test_flips_and_refusals() -> None:
    model = replica.perceptron("binary", labels="teacher")
    found = replica.path(model, alpha=0.7, margins=(0.0, 0.0), position=[0.0, 0.5], along="flips")
    start, middle = found["training_error"].values
    assert start == pytest.approx(0.0, abs=1e-9) and middle > 0.01
    for ask, word in (
        (lambda: replica.path(model, alpha=0.7, margins=("max", 0.0)), "typical solutions at margins"),
        (lambda: replica.path(replica.perceptron(labels=replica.Teacher(noise=0.1)), alpha=0.7), "random labels"),
        (lambda: replica.kernel_margin(model, alpha=0.7), "random labels"),
    ):
        with pytest.raises(ValueError, match=word):
            ask()
