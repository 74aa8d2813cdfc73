"""Covariances and tangent kernels through the layers of an infinitely wide network. No kernels of the user here."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from replica.architectures.activations import Activation
from replica.architectures.activations._dual import Dual, Pair
from replica.wide.numerical import numerical_dual

ROUNDING = 6e-16  # relative, of what one layer computes in closed form


class Layers(NamedTuple):
    """Values of both kernels over pairs of inputs, and an error of either."""

    covariance: np.ndarray
    tangent: np.ndarray
    error: np.ndarray


class Alone(NamedTuple):
    """Of each input of the pairs with itself: ``E g^2`` and ``E g'^2``."""

    square: np.ndarray
    slope: np.ndarray


def through(
    activation: Activation, pair: Pair, layers: int, weights: float, bias: float, first_only: bool, tangent: bool
) -> Layers:
    r"""``layers`` matrices of weights on two inputs whose first fields, bias included, have the covariance of ``pair``.

    .. math:: C' = w_w F(C) + b,\qquad T' = C' + w_w T F'(C)

    ``T = C`` in the first layer; with that layer alone trained later ones add nothing of their own. Errors are relative
    to the diagonal, which bounds both kernels. What has lost digits next to the diagonal is felt through all later
    layers, as much as a second pass with fields that are moved in each.
    """
    options = activation, pair, layers, weights, bias, first_only, tangent
    found, sharp, blur, size = _passed(*options, 0.0)
    error = 4.0 * sharp * size
    if blur > 0:
        moved = _passed(*options, 4.0 * blur)[0]
        change = np.abs((moved.tangent - found.tangent) if tangent else (moved.covariance - found.covariance))
        error = error + 2.0 * change
    return found._replace(error=error)


def _passed(
    activation: Activation,
    pair: Pair,
    layers: int,
    weights: float,
    bias: float,
    first_only: bool,
    tangent: bool,
    nudge: float,
) -> tuple[Layers, float, float, np.ndarray]:
    """Both kernels; the relative errors of what keeps its digits and of what does not; the diagonal."""
    kernel, top = pair.covariance, (pair.first, pair.second)
    sharp, blur = ROUNDING, 0.0
    for _ in range(layers - 1):
        found, alone = dual_of(activation, pair), [_alone(activation, norm) for norm in (pair.first, pair.second)]
        pair = _next(pair, found, alone, weights, bias)
        sharp, blur = sharp + 2.0 * ROUNDING + found.error, max(blur, found.blur)
        if tangent:
            kernel = weights * kernel * found.slope + (0.0 if first_only else pair.covariance)
            own = (0.0, 0.0) if first_only else (pair.first, pair.second)
            top = tuple(weights * t * one.slope + c for t, one, c in zip(top, alone, own, strict=True))
        if nudge and found.blur:
            step = np.minimum(nudge * pair.norm, pair.far)
            pair = pair._replace(near=pair.near + step, far=pair.far - step)
    size = np.maximum(pair.norm, np.sqrt(top[0] * top[1])) if tangent else pair.norm
    return Layers(pair.covariance, kernel, np.zeros_like(kernel)), sharp, blur, size


def dual_of(activation: Activation, pair: Pair) -> Dual:
    """In closed form where the activation has one."""
    found = activation.dual(pair)
    return numerical_dual(activation, pair) if found is None else found


def _alone(activation: Activation, norm: np.ndarray) -> Alone:
    """On the diagonal, once for each norm."""
    levels, place = np.unique(norm, return_inverse=True)
    found = dual_of(activation, Pair(levels, levels, np.zeros_like(levels), 2.0 * levels))
    return Alone(*(column[place].reshape(norm.shape) for column in (0.5 * found.far, found.slope)))


def _next(pair: Pair, found: Dual, alone: list[Alone], weights: float, bias: float) -> Pair:
    """The fields of the next layer; what the bias adds is the same for both, so that it brings unequal ones closer."""
    roots = [np.sqrt(one.square) for one in alone]
    a, b = (weights * one.square + bias for one in alone)
    norm = np.sqrt(a * b)
    # sqrt(a b) - (w sqrt(F_u F_v) + b), from the difference of the squares
    shift = weights * bias * (roots[0] - roots[1]) ** 2
    shift = shift / np.maximum(norm + weights * roots[0] * roots[1] + bias, 1e-300)
    near = weights * found.near + shift
    return Pair(a, b, near, np.maximum(2.0 * norm - near, 0.0) if bias else weights * found.far)
