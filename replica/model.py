"""A model: what is learned, from what. The parts come from the four families; nothing here knows a particular one."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from replica._checks import known_options, number
from replica._registry import Member
from replica.architectures import Architecture, Parity, Perceptron, TreeCommittee
from replica.data import Data, RandomLabels
from replica.losses import Loss, Margin
from replica.weights import Binary, Spherical, Weights


@dataclass(frozen=True)
class Model:
    """Weights, loss, architecture and data at inverse temperature beta.

    Parameters
    ----------
    weights, loss, architecture, data
        An instance of the family, or the name of a registered member (with its default parameters).
    beta : float
        Inverse temperature that multiplies the loss, above 0; ``inf`` is the zero-temperature limit.

    Examples
    --------
    >>> import replica
    >>> model = replica.Model(weights="binary", loss=replica.Margin(0.5))
    >>> model.margin
    0.5
    """

    weights: Any = field(default_factory=Binary)
    loss: Any = field(default_factory=Margin)
    architecture: Any = field(default_factory=Perceptron)
    data: Any = field(default_factory=RandomLabels)
    beta: Any = np.inf

    _batched: ClassVar[bool] = False  # whether any parameter is an array; set per instance

    def __post_init__(self) -> None:
        for argument, root in _FAMILIES.items():
            given = getattr(self, argument)
            if isinstance(given, str):
                object.__setattr__(self, argument, root.find(given)())
            elif not isinstance(given, root):
                raise ValueError(f"{argument} must be a name or a {root.__name__}, got {given!r}")
        object.__setattr__(self, "beta", number("beta", self.beta, low=0.0, open_low=True, infinite=True))
        batched = isinstance(self.beta, np.ndarray) or any(part.batched for part in self.parts.values())
        object.__setattr__(self, "_batched", batched)

    @property
    def parts(self) -> dict[str, Member]:
        """The four members by family argument."""
        return {argument: getattr(self, argument) for argument in _FAMILIES}

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """Public parameters of all parts (``margin``, ``penalty``, ...), then ``beta`` and ``temperature``."""
        names = [name for part in self.parts.values() for name in part.parameters]
        return (*names, "beta", "temperature")

    def parameter(self, name: str) -> Any:
        """The value of one public parameter."""
        known_options("this model", [name], self.parameter_names)
        if name == "beta":
            return self.beta
        if name == "temperature":
            return 1.0 / self.beta
        owner = next(part for part in self.parts.values() if name in part.parameters)
        return getattr(owner, owner.parameters[name])

    @property
    def margin(self) -> Any:
        """The margin of the loss (half-width of a band)."""
        return self.parameter("margin")

    def with_parameters(self, **changes: Any) -> Model:
        """A copy with public parameters replaced; arrays make a batch of models."""
        known_options("this model", changes, self.parameter_names)
        if "temperature" in changes and "beta" in changes:
            raise ValueError("beta and temperature are two names of one parameter: give one of them")
        if "temperature" in changes:
            temperature = number("temperature", changes.pop("temperature"), low=0.0)
            with np.errstate(divide="ignore"):
                changes["beta"] = np.divide(1.0, temperature)
        fields = {"beta": changes.pop("beta")} if "beta" in changes else {}
        for argument, part in self.parts.items():
            own = {key: changes[key] for key in part.parameters if key in changes}
            if own:
                fields[argument] = part.with_parameters(**own)
        return dataclasses.replace(self, **fields)

    def take(self, index: np.ndarray) -> Model:
        """The models ``index`` of a batch."""
        if not self._batched:
            return self
        changes: dict[str, Any] = {name: part.take(index) for name, part in self.parts.items()}
        changes["beta"] = self.beta[index] if isinstance(self.beta, np.ndarray) else self.beta
        copy = object.__new__(Model)  # a sub-batch of what has been checked needs no second check
        for name, value in changes.items():
            object.__setattr__(copy, name, value)
        object.__setattr__(copy, "_batched", True)
        return copy

    def require_single(self) -> None:
        """Refuse a batch (a parameter that is an array) where one model is asked for."""
        if self._batched:
            raise ValueError("a parameter of the model is an array: give numbers here, and grids to replica.sweep")

    def settings(self) -> dict[str, Any]:
        """All that defines the model, for records."""
        beta = self.beta.tolist() if isinstance(self.beta, np.ndarray) else self.beta
        return {name: part.settings() for name, part in self.parts.items()} | {"beta": beta}

    def __str__(self) -> str:
        parts = ", ".join(f"{name}={part}" for name, part in self.parts.items())
        beta = "<batch>" if isinstance(self.beta, np.ndarray) else f"{self.beta:g}"
        return f"Model({parts}, beta={beta})"


_FAMILIES: dict[str, type] = {"weights": Weights, "loss": Loss, "architecture": Architecture, "data": Data}


def bayes_student(model: Model) -> Model:
    """The Bayes-optimal student of a noise-free teacher: the teacher's own weights, margin 0, zero temperature."""
    taught = getattr(model.data, "weights", None) or model.weights
    student = Spherical() if taught.law().values is None else taught
    return dataclasses.replace(model, weights=student, loss=Margin(0.0), beta=np.inf)


def perceptron(
    weights: str | Weights = "binary",
    margin: float = 0.0,
    loss: str | Loss | None = None,
    beta: float = np.inf,
    labels: str | Data = "random",
) -> Model:
    """The perceptron.

    Parameters
    ----------
    weights : str or Weights
        ``"binary"``, ``"spherical"``, ``"ternary"``, ``"gaussian"`` ... or an instance.
    margin : float
        The margin kappa of the hard constraint ``u >= kappa``, or of the loss named by ``loss``.
    loss : str, Loss or None
        Another loss, by name (with ``margin`` if that is not 0) or as an instance, which replaces the margin.
    beta : float
        Inverse temperature; multiplies the loss.
    labels : str or Data
        ``"random"`` (storage) or ``"teacher"`` (noise-free teacher), or an instance.

    Returns
    -------
    Model

    Raises
    ------
    ValueError
        Unknown names (the nearest valid one is suggested) or values outside their domain.

    Examples
    --------
    >>> import replica
    >>> replica.perceptron("spherical", margin=0.5).margin
    0.5
    """
    return Model(weights=weights, loss=_loss(loss, margin), architecture=Perceptron(), data=labels, beta=beta)


def committee(
    units: float = np.inf,
    *,
    activation: str | Any = "sign",
    weights: str | Weights = "binary",
    margin: float = 0.0,
    ties: str = "satisfied",
    loss: str | Loss | None = None,
    beta: float = np.inf,
    labels: str | Data = "random",
) -> Model:
    """The tree committee: two layers, hidden units on disjoint inputs.

    Parameters
    ----------
    units : int
        Hidden units; inf is the limit of many. Odd for sign units, even for activations that are not odd.
    activation : str, Activation or callable
        ``"sign"``, ``"relu"``, ``"erf"``, ``"tanh"``, ... , an instance, or a function of numpy arrays.
    weights : str or Weights
        ``"binary"``, ``"spherical"``, ``"ternary"`` ... or an instance; alpha counts all weights of all units.
    margin : float
        The margin kappa of the field ``K^(-1/2) sum_k c_k g(lambda_k)``, not divided by its standard deviation.
    ties : str
        ``"satisfied"`` or ``"violated"``: whether a field of exactly kappa counts as satisfied.
    loss : str, Loss or None
        Another loss, by name (with ``margin`` if that is not 0) or as an instance, which replaces the margin.
    beta : float
        Inverse temperature; multiplies the loss.
    labels : str or Data
        ``"random"`` (storage) or ``"teacher"`` (a committee of the same kind), or an instance.

    Returns
    -------
    Model

    Raises
    ------
    ValueError
        Unknown names, values outside their domain, numbers of units that the activation excludes.

    Examples
    --------
    >>> import replica
    >>> model = replica.committee(activation="relu", weights="binary")
    >>> print(f"{replica.capacity(model).value:.9f}")
    0.903986281
    """
    network = TreeCommittee(units, activation, ties)
    return Model(weights=weights, loss=_loss(loss, margin), architecture=network, data=labels, beta=beta)


def parity(
    units: int = 2,
    *,
    weights: str | Weights = "binary",
    loss: str | Loss | None = None,
    beta: float = np.inf,
    labels: str | Data = "random",
) -> Model:
    """The parity machine: the product of the signs of hidden units on disjoint inputs.

    Parameters
    ----------
    units : int
        Hidden units, 2 to 5 (any number for the capacity of spherical weights).
    weights : str or Weights
        ``"binary"``, ``"spherical"``, ``"ternary"`` ... or an instance; alpha counts all weights of all units.
    loss : str, Loss or None
        None: every pattern has the right sign; or a loss of the field +-1.
    beta : float
        Inverse temperature; multiplies the loss.
    labels : str or Data
        ``"random"`` (storage) or ``"teacher"`` (a parity machine), or an instance.

    Returns
    -------
    Model

    Examples
    --------
    >>> import replica
    >>> print(f"{replica.capacity(replica.parity(3, weights='spherical')).value:.9f}")
    10.373526103
    """
    return Model(weights=weights, loss=_loss(loss, 0.0), architecture=Parity(units), data=labels, beta=beta)


def _loss(loss: str | Loss | None, margin: float) -> str | Loss:
    """The loss of a shorthand: a margin, or another loss by name, with its margin, or as an instance."""
    if loss is None:
        return Margin(margin)
    if isinstance(loss, str) and margin != 0.0:
        named = Loss.find(loss)
        known_options(f"the loss {loss!r}", ["margin"], named.parameters)
        return named(**{named.parameters["margin"]: margin})
    if isinstance(loss, Loss) and margin != 0.0:
        raise ValueError(f"margin={margin} and loss={loss} both given: put the margin into the loss")
    return loss
