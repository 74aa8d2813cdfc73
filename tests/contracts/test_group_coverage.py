"""Equations of groups of replicas are used for data and weights that are declared to be theirs, and for no others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

import replica
from replica.data import Channel, Data
from replica.weights import Weights
from replica.weights.base import Average, Norm


@dataclass(frozen=True)
class Helped(Data):
    """Shifted patterns, without parameters and without a word on the labels."""

    shift: float = 0.3
    name: ClassVar[str] = "helped-undeclared"

    def channels(self, overlaps: Any) -> list[Channel]:
        zero = np.zeros_like(overlaps.q)
        return [Channel(1.0, zero + self.shift, np.sqrt(overlaps.q), overlaps.variance)]


@dataclass(frozen=True)
class Quarter(Weights):
    """A part of the sphere: the norm is held, but not every direction is there."""

    name: ClassVar[str] = "quarter-undeclared"
    norm: ClassVar[Norm] = Average()


MODELS = {
    "data": replica.perceptron("binary", margin=0.5, labels=Helped()),
    "data on the sphere": replica.perceptron("spherical", margin=0.5, labels=Helped()),
    "weights": replica.perceptron(Quarter()),
}
ASKED: dict[str, Callable[[replica.Model], Any]] = {
    "limit": lambda model: replica.local_entropy(model, alpha=0.4, distance=[0.1]),
    "few": lambda model: replica.local_entropy(model, alpha=0.4, distance=[0.1], replicas=3),
    "no centre": lambda model: replica.local_entropy(model, alpha=0.4, distance=[0.1], replicas=3, centre=None),
    "solution": lambda model: replica.local_entropy(model, alpha=0.4, distance=[0.1], replicas=1, centre="solution"),
    "held": lambda model: replica.solve(model, alpha=0.4, ansatz=replica.RSB(m=2.0, q1=0.9)),
    "gap": lambda model: replica.overlap_gap(model, clones=2),
    "threshold": lambda model: replica.local_entropy_threshold(model),
    "isolation": lambda model: replica.isolation(model, alpha=0.4),
}


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("kind", MODELS)
def test_what_is_not_declared_is_refused(kind: str, asked: str) -> None:
    with pytest.raises(ValueError, match=r"random|weights|sphere|counted"):
        ASKED[asked](MODELS[kind])
