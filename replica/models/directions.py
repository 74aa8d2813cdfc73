"""Models whose solution is a direction that others leave: of smallest weights, of weights that diverge."""

from __future__ import annotations

import dataclasses

from replica.losses import Margin
from replica.models.model import Model
from replica.weights import Spherical


def separated(model: Model) -> Model:
    """The model whose weights are the smallest that keep every pattern at a margin of 1."""
    return dataclasses.replace(model, loss=Margin(1.0))


def direction(model: Model) -> Model:
    """The model whose vector of largest margin is the direction in which weights without a penalty diverge."""
    return dataclasses.replace(model, loss=Margin(0.0), weights=Spherical())
