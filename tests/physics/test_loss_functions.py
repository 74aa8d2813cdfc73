"""Losses given as functions: their kinks and jumps, what they solve, and what is refused in a sentence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

import replica
from replica.losses import Loss, from_function


def ramp(u):
    return np.clip(1.0 - u, 0.0, 1.0)


@pytest.mark.parametrize(
    ("function", "kinks"),
    [
        (ramp, [0.0, 1.0]),
        (lambda u: (u < 0.3).astype(float), [0.3]),
        (lambda u: np.where((u > -1.7) & (u < 0.31), 0.0, 1.0), [-1.7, 0.31]),
        (lambda u: np.maximum(0.7 - u, 0.0) ** 2, [0.7]),
        (lambda u: np.abs(u - 1 / 3) + np.maximum(5.0 - u, 0.0), [1 / 3, 5.0]),
        (lambda u: 1.0 / (1.0 + np.exp(3.0 * u)), []),
        (lambda u: np.log(1.0 + np.exp(-u)), []),
        (lambda u: (u < 0).astype(int), [0.0]),
    ],
)
def test_kinks_and_jumps_are_found(function, kinks) -> None:
    assert from_function(function).kinks() == pytest.approx(kinks, abs=1e-9)


def test_functions_stand_for_losses_in_every_shorthand() -> None:
    one = replica.solve(replica.mixture(lambda u: np.maximum(1.0 - u, 0.0), balance=0.3), alpha=1.5)
    other = replica.solve(replica.mixture("hinge", balance=0.3), alpha=1.5)
    assert abs(one["q"] - other["q"]) <= one.errors["q"] + other.errors["q"]
    counted = replica.perceptron("binary", loss=lambda u: (u < 0).astype(float), beta=2.0)
    known = replica.perceptron("binary", loss="error-count", beta=2.0)
    assert replica.solve(counted, alpha=0.5).energy == pytest.approx(replica.solve(known, alpha=0.5).energy, rel=1e-11)
    wide = replica.committee(loss=ramp, beta=2.0)
    assert wide.loss.kinks() == (0.0, 1.0)
    assert replica.Model(loss=ramp, beta=1.0).settings()["loss"]["name"].endswith("test_loss_functions.ramp")
    with pytest.raises(ValueError, match="put the margin into the loss"):
        replica.perceptron("binary", loss=ramp, margin=0.5)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda u: u + 1j, "real numbers, got complex"),
        (lambda u: np.float32(u), "float32, which has too few digits"),
        (lambda u: u.sum(axis=-1), "must give an array of the shape it is given"),
        (lambda u: 0.0 if u < 1 else 1.0, "failed on an array of stabilities .ValueError"),
        (lambda u: u.no_such_method(), "failed on an array of stabilities .AttributeError"),
        (lambda u: np.log(u), "numbers everywhere, got nan at u = -4"),
        (lambda u: np.array(["a"] * u.size).reshape(u.shape), "real numbers, got values of type"),
    ],
)
def test_what_is_no_cost_is_refused(function, said) -> None:
    with pytest.raises(ValueError, match=said):
        replica.perceptron("binary", loss=function, beta=1.0)


def test_a_loss_class_must_be_a_dataclass() -> None:
    class Bare(Loss):
        def cost(self, u):
            return np.maximum(1.0 - u, 0.0)

    @dataclass(frozen=True)
    class Whole(Bare):
        pass

    with pytest.raises(ValueError, match="the class Bare must be a @dataclass"):
        replica.mixture(Bare())
    assert replica.mixture(Whole()).loss == Whole()
