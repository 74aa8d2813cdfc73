"""A model: what is learned, from what. The parts come from the four families; nothing here knows a particular one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from replica._checks import known_options, number, reciprocal
from replica._registry import Member
from replica.architectures import Architecture, Perceptron
from replica.data import Data, RandomLabels
from replica.losses import Loss, Margin
from replica.losses._probit import Probit
from replica.models.priced import priced
from replica.models.shown import html_table, latex_table
from replica.weights import Binary, Spherical, Weights


@dataclass(frozen=True)
class Model:
    """Weights, loss, architecture and data at inverse temperature beta.

    When not to use it: models that have a shorthand, see below.

    Parameters
    ----------
    weights, loss, architecture, data
        An instance of the family, or the name of a registered member (with its default parameters). The loss may also
        be a function of arrays of stabilities, as in `replica.losses.from_function`.
    beta : float
        Inverse temperature that multiplies the loss, above 0; ``inf`` is the zero-temperature limit.

    Raises
    ------
    ValueError
        Unknown names (the nearest valid one is suggested), parts that are of no family, a beta outside its domain.

    See Also
    --------
    perceptron, committee, parity, mixture, clusters : Shorthands.

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
            object.__setattr__(self, argument, root.made_of(argument, getattr(self, argument)))
        object.__setattr__(self, "architecture", self.architecture.beside(self.data))
        object.__setattr__(self, "beta", number("beta", self.beta, low=0.0, open_low=True, infinite=True))
        batched = isinstance(self.beta, np.ndarray) or any(part.batched for part in self.parts.values())
        object.__setattr__(self, "_batched", batched)

    def __getattr__(self, name: str) -> Any:
        if name not in getattr(vars(self).get("data"), "shown", ()):
            raise AttributeError(f"a model has no attribute {name!r}")
        return getattr(self.data, name)

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
            changes["beta"] = inverse(np.inf, changes.pop("temperature"))
        fields = {"beta": changes.pop("beta")} if "beta" in changes else {}
        for argument, part in self.parts.items():
            own = {key: changes[key] for key in part.parameters if key in changes}
            if own:
                fields[argument] = part.with_parameters(**own)
        return dataclasses.replace(self, **fields)

    @property
    def idle(self) -> tuple[str, ...]:
        """Public parameters that change nothing: a cost of 0 or infinity knows no temperature where no penalty does."""
        return ("beta", "temperature") if self.loss.hard and not self.weights.penalised else ()

    @property
    def structure_names(self) -> tuple[str, ...]:
        """Public parameters of which each value has equations of its own (``units``)."""
        return tuple(name for part in self.parts.values() for name in part.structure)

    def with_structure(self, **changes: Any) -> Model:
        """A copy with such parameters replaced, each by one value."""
        known_options("the structure of this model", changes, self.structure_names)
        fields = {}
        for argument, part in self.parts.items():
            own = {key: changes[key] for key in part.structure if key in changes}
            if own:
                fields[argument] = dataclasses.replace(part, **own)
        return dataclasses.replace(self, **fields) if fields else self

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

    def row(self, index: int) -> Model:
        """One model of a batch, with numbers for parameters."""
        names = [name for name in self.parameter_names if name != "temperature"] if self._batched else []
        values = {name: self.parameter(name) for name in names}
        changes = {name: float(v[index]) for name, v in values.items() if isinstance(v, np.ndarray)}
        return self.with_parameters(**changes) if changes else self

    def learned(self, values: Mapping[str, Any]) -> Model:
        """The model with what its data let be learned beside the weights held at ``values``."""
        if not self.data.trained:
            return self
        return self.on(self.data.learned(values))

    def on(self, data: Data) -> Model:
        """The model on other data of the same kind, not checked again (their parameters may be one per row)."""
        copy = object.__new__(Model)
        for name, value in vars(self).items():
            object.__setattr__(copy, name, value)
        object.__setattr__(copy, "data", data)
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

    def _repr_html_(self) -> str:
        return html_table(self)

    def _repr_latex_(self) -> str:
        return latex_table(self)

    def __str__(self) -> str:
        parts = ", ".join(f"{name}={part}" for name, part in self.parts.items())
        beta = "<batch>" if isinstance(self.beta, np.ndarray) else f"{self.beta:g}"
        return f"Model({parts}, beta={beta})"


_FAMILIES: dict[str, type[Any]] = {"weights": Weights, "loss": Loss, "architecture": Architecture, "data": Data}


def bayes_student(model: Model) -> Model:
    """The Bayes-optimal student of a teacher: the teacher's own weights, and margin 0 at zero temperature; with noise
    the likelihood of the labels.
    """
    taught = getattr(model.data, "weights", None) or model.weights
    student = Spherical() if taught.law().values is None else taught
    if not model.data.realizable and model.data.overlaps:
        return dataclasses.replace(model, weights=student, loss=Probit(model.data.noise), beta=1.0)
    return dataclasses.replace(model, weights=student, loss=Margin(0.0), beta=np.inf)


def separating(model: Model) -> Model:
    """The model whose capacity is asked: a convex cost on separable data stands for the margin 0."""
    if model.data.shapes is not None:
        told = "solve(...) at penalty=0 says at which loads the classes are separable"
        raise ValueError(f"capacities and other lines are here for inputs of one variance, not {model.data}: {told}")
    if model.data.modes is not None:  # as of isotropic inputs
        return Model(Spherical(), Margin(0.0), data=model.data.whitened())
    if not model.data.separable:
        return model
    data = dataclasses.replace(model.data, **{name: True for name in model.data.tuned})  # the bias is free
    surrogate = model.loss.log_concave and not model.loss.hard
    changes = {"weights": Spherical()} if model.weights.penalised else {}
    return dataclasses.replace(model, data=data, loss=Margin(0.0) if surrogate else model.loss, **changes)


def require_model(given: Any) -> Model:
    """A model with numbers for parameters; a sentence for a batch and for anything else."""
    if not isinstance(given, Model):
        got = repr(given) if given is None or isinstance(given, (str, float, int)) else f"a {type(given).__name__}"
        hint = "; give its .model" if isinstance(getattr(given, "model", None), Model) else ""
        raise ValueError(f"model must be a Model, as replica.perceptron() makes one, got {got}{hint}")
    given.require_single()
    return given


def inverse(beta: Any, temperature: Any) -> Any:
    """The inverse temperature, where either was given."""
    if temperature is None:
        return beta
    if np.ndim(beta) or beta != np.inf:
        raise ValueError("beta and temperature are two names of one parameter: give one of them")
    return reciprocal(number("temperature", temperature, low=0.0))


def perceptron(
    weights: str | Weights | Sequence[float] = "binary",
    *,
    margin: float | None = None,
    loss: str | Loss | Callable[..., Any] | None = None,
    beta: float = np.inf,
    temperature: float | None = None,
    labels: str | Data = "random",
    coding: float | None = None,
    bias: Any = None,
) -> Model:
    """The perceptron: one unit, whose field ``w.x/sqrt(N)`` times the label is the stability of a pattern.

    When not to use it: several units (`committee`, `parity`), or inputs that tell their label (`mixture`).

    Parameters
    ----------
    weights : str, Weights or list of float
        ``"binary"``, ``"spherical"``, ``"ternary"``, ``"gaussian"`` ..., an instance, or the letters of an alphabet.
    margin : float, optional
        The margin kappa of the hard constraint ``u >= kappa``, 0 where it is not given, or of the loss named by
        ``loss``, whose own default it replaces.
    loss : str, Loss, callable or None
        Another loss, by name (with ``margin``), as an instance, which replaces the margin, or as a function of arrays
        of stabilities (see `replica.losses.from_function`).
    beta : float
        Inverse temperature; multiplies the loss.
    temperature : float, optional
        1/beta in its place; 0 is the zero-temperature limit.
    labels : str or Data
        ``"random"`` (storage) or ``"teacher"`` (noise-free teacher), or an instance.
    coding : float, optional
        Share of the random labels that are +1, in (0, 1).
    bias : bool, float or None
        A threshold beside random labels: True learned, False none, a number held; None: learned unless balanced.

    Returns
    -------
    Model

    Raises
    ------
    ValueError
        Unknown names (the nearest valid one is suggested) or values outside their domain.

    See Also
    --------
    committee, mixture, Model : Other shorthands; any combination of parts.

    Examples
    --------
    >>> import replica
    >>> replica.perceptron("spherical", margin=0.5).margin
    0.5
    """
    model = Model(weights=weights, loss=priced(loss, margin), data=labels, beta=inverse(beta, temperature))
    changes = {name: value for name, value in {"coding": coding, "bias": bias}.items() if value is not None}
    if not set(changes) <= set(model.data.shorthand):
        raise ValueError(f"{' and '.join(changes)} are of random labels, got labels={model.data}")
    return dataclasses.replace(model, data=dataclasses.replace(model.data, **changes)) if changes else model
