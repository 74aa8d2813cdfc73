"""Losses given as functions: their kinks and jumps, what they solve, and what is refused in a sentence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.special import ndtr

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


@pytest.mark.parametrize(
    ("function", "average"),
    [
        (np.square, 1 / np.sqrt(3.0)),  # E exp(-z^2)
        (lambda u: (u - 1.0) * (u + 1.0), np.e / np.sqrt(3.0)),
        (np.abs, 2.0 * np.exp(0.5) * ndtr(-1.0)),
        (lambda u: (np.abs(u) > 0.8) * 1.0, 1.0 - 2.0 * ndtr(-0.8) * (1.0 - np.exp(-1.0))),
    ],
)
def test_costs_that_are_even_have_the_paramagnet(function, average) -> None:
    for weights, room in (("binary", np.log(2.0)), ("spherical", 0.0)):
        found = replica.solve(replica.perceptron(weights, loss=function, beta=1.0), alpha=0.3)
        assert found["q"] == 0
        assert found.free_entropy == pytest.approx(room + 0.3 * np.log(average), abs=1e-13)
    with pytest.raises(ValueError, match="even in the field: labels teach nothing"):
        replica.solve(replica.perceptron("binary", loss=function, beta=1.0, labels="teacher"), alpha=0.3)


@pytest.mark.parametrize("far", [0.0, 3.0, 40.0])
def test_a_narrow_difference_of_the_two_signs_is_seen(far) -> None:
    assert not from_function(lambda u: u**2 + (np.abs(u - far) < 0.01) * (u > far)).even
    assert not from_function(lambda u: u**2 + 1e-9 * np.maximum(u - far, 0.0)).even
    assert not from_function(lambda u: u**2 + np.where(u > far, np.inf, 0.0), kinks=far).even


def test_functions_of_one_name_are_told_apart(tmp_path) -> None:
    def curve(power):
        model = replica.perceptron("binary", loss=lambda u: np.maximum(1.0 - u, 0.0) ** power, beta=1.0)
        return replica.sweep(model, alpha=[0.3], observables=["energy"], checkpoint=tmp_path, progress=False)

    assert curve(2)["energy"].values == curve(2)["energy"].values
    with pytest.raises(ValueError, match="made with other settings"):
        curve(3)
    one, two = (replica.committee(activation=lambda x, s=s: np.tanh(s * x)) for s in (1.0, 1.0 + 1e-5))
    assert one.settings() != two.settings()


def test_a_class_that_was_edited_is_not_resumed(tmp_path) -> None:
    def curve(power):
        @dataclass(frozen=True)
        class Edited(Loss):
            def cost(self, u):
                return np.maximum(1.0 - u, 0.0) ** power

        model = replica.perceptron("binary", loss=Edited(), beta=1.0)
        return replica.sweep(model, alpha=[0.3], observables=["energy"], checkpoint=tmp_path, progress=False)

    assert curve(2)["energy"].values == curve(2)["energy"].values
    with pytest.raises(ValueError, match="other settings: the code of .*Edited was"):
        curve(3)
