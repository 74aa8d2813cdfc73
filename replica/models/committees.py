"""Shorthands for networks with hidden units; the parts come from the four families."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from replica._checks import one_of
from replica.architectures import Architecture, FullCommittee, Parity, TreeCommittee
from replica.architectures.tree_committee import TIES
from replica.data import Data
from replica.losses import Loss
from replica.models.model import Model, perceptron
from replica.weights import Weights

CONNECTIVITIES = ("tree", "full")


def committee(
    units: float = np.inf,
    *,
    activation: str | Any = "sign",
    weights: str | Weights | Sequence[float] = "binary",
    margin: float | None = None,
    ties: str = "satisfied",
    loss: str | Loss | None = None,
    beta: float = np.inf,
    temperature: float | None = None,
    labels: str | Data = "random",
    connectivity: str = "tree",
    per: str = "weight",
) -> Model:
    """The committee: two layers, hidden units on disjoint inputs.

    When not to use it: a single unit (`perceptron`); theory of ``connectivity="full"`` with a number of units, which
    only `simulate` and `instance` take.

    Parameters
    ----------
    units : int
        Hidden units; inf is the limit of many. Odd for sign units, even for activations that are not odd.
    activation : str, Activation or callable
        ``"sign"``, ``"relu"``, ``"erf"``, ``"tanh"``, ... , an instance, or a function of numpy arrays.
    weights : str, Weights or list of float
        ``"binary"``, ``"spherical"``, ``"ternary"`` ..., an instance, or the letters of an alphabet; alpha counts all
        weights of all units.
    margin : float, optional
        The margin kappa (0 where it is not given) of the field ``K^(-1/2) sum_k c_k g(lambda_k)``, not divided by its
        standard deviation.
    ties : str
        ``"satisfied"`` or ``"violated"``: whether a field of exactly kappa counts as satisfied.
    loss : str, Loss, callable or None
        Another loss, by name (with ``margin``), as an instance, which replaces the margin, or as a
        function of arrays of stabilities.
    beta : float
        Inverse temperature; multiplies the loss.
    temperature : float, optional
        1/beta in its place; 0 is the zero-temperature limit.
    labels : str or Data
        ``"random"`` (storage) or ``"teacher"`` (a committee of the same kind), or an instance.
    connectivity : str
        ``"tree"``: inputs of its own for each unit; ``"full"``: all units see the same inputs (`FullCommittee`).
    per : str
        ``"weight"`` or ``"input"``: what loads count patterns per (``"input"``: few data, ``units=inf`` on the same
        inputs).

    Returns
    -------
    Model

    Raises
    ------
    ValueError
        Unknown names, values outside their domain, numbers of units that the activation excludes.

    See Also
    --------
    parity : The product of the units.
    perceptron : A single unit.
    TreeCommittee, FullCommittee : The architectures.

    References
    ----------
    E. Barkai, D. Hansel and H. Sompolinsky, Phys. Rev. A 45, 4146 (1992); C. Baldassi, E. M. Malatesta and R. Zecchina,
    Phys. Rev. Lett. 123, 170602 (2019).

    Examples
    --------
    >>> import replica
    >>> model = replica.committee(activation="relu", weights="binary")
    >>> print(f"{replica.capacity(model).value:.9f}")
    0.903986281
    """
    single = perceptron(weights, margin=margin, loss=loss, beta=beta, temperature=temperature, labels=labels)
    one_of("connectivity", connectivity, CONNECTIVITIES)
    if connectivity == "full":
        if one_of("ties", ties, TIES) != TIES[0]:
            raise ValueError(f"ties={ties!r} is for units of inputs of their own (connectivity='tree')")
        network: Architecture = FullCommittee(units, activation, per)
    else:
        if one_of("per", per, ("weight", "input")) != "weight":
            raise ValueError("per='input' is for units of common inputs (connectivity='full')")
        network = TreeCommittee(units, activation, ties)
    return dataclasses.replace(single, architecture=network)


def parity(
    units: int = 2,
    *,
    guard: float = 0.0,
    weights: str | Weights | Sequence[float] = "binary",
    loss: str | Loss | None = None,
    beta: float = np.inf,
    temperature: float | None = None,
    labels: str | Data = "random",
) -> Model:
    """The parity machine: the product of the signs of hidden units on disjoint inputs.

    When not to use it: spherical weights near their RS capacity, where replica symmetry is unstable: the status says
    so.

    Parameters
    ----------
    units : int
        Hidden units, 2 to 5 (any number for the capacity of spherical weights).
    guard : float
        The least field ``|lambda_k|`` that every unit must have for a pattern to be satisfied.
    weights : str, Weights or list of float
        ``"binary"``, ``"spherical"``, ``"ternary"`` ..., an instance, or the letters of an alphabet; alpha counts all
        weights of all units.
    loss : str, Loss, callable or None
        None: every pattern has the right sign; or a loss of the field +-1.
    beta : float
        Inverse temperature; multiplies the loss.
    temperature : float, optional
        1/beta in its place; 0 is the zero-temperature limit.
    labels : str or Data
        ``"random"`` (storage) or ``"teacher"`` (a parity machine), or an instance.

    Returns
    -------
    Model

    Raises
    ------
    ValueError
        Unknown names, values outside their domain.

    See Also
    --------
    committee : The sum of the units.
    Parity : The architecture.

    Examples
    --------
    >>> import replica
    >>> print(f"{replica.capacity(replica.parity(3, weights='spherical')).value:.9f}")
    10.373526103
    """
    single = perceptron(weights, loss=loss, beta=beta, temperature=temperature, labels=labels)
    return dataclasses.replace(single, architecture=Parity(units, guard))
