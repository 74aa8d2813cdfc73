"""Random labels: the storage problem, with outputs of one sign more often than of the other and a threshold."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from replica._checks import number, shown
from replica._registry import exact, per_row
from replica.data._enclosed import LabelRing
from replica.data.base import Channel, Classes, Data, Overlaps, Patterns
from replica.weights.base import Weights


@dataclass(frozen=True)
class RandomLabels(Data):
    r"""Independent inputs and labels, the storage problem: the cavity field is ``sqrt(q) z``, z a standard Gaussian.

    With a threshold b the stability of a pattern is ``label (w.x/sqrt(N) - b)``: with the share ``coding`` of labels +1
    there are two classes of patterns, of means -b and +b. A learned threshold makes the free entropy largest.

    When not to use it: generalisation; there is no rule to be learned, and `generalization_error` refuses.

    Parameters
    ----------
    coding : float
        Share of the patterns whose label is +1, in (0, 1).
    bias : bool, float or None
        The threshold: True learned, False none, a number held; None: learned where ``coding`` is not 1/2.
    inputs : float or None
        None: inputs of mean 0 and variance 1. A number in (0, 1): inputs 0 and 1, that share of them 1, for weights
        that keep their sign in spite of their mean (`SignConstrained`).

    See Also
    --------
    Teacher : Labels of a rule.
    GaussianMixture : Inputs that tell their label.

    References
    ----------
    E. Gardner, J. Phys. A 21, 257 (1988); N. Brunel et al., Neuron 43, 745 (2004).

    Examples
    --------
    >>> import replica
    >>> model = replica.Model(weights="spherical", data=replica.RandomLabels())
    >>> found = replica.capacity(model)
    >>> print(f"{found:.9f}, {found.status}")
    2.000000000, converged; the limit q -> 1
    >>> sparse = replica.capacity(replica.perceptron("spherical", labels=replica.RandomLabels(coding=0.3)))
    >>> print(f"{sparse:.9f} {sparse.order_parameters['bias']:.6f}")
    2.236109425 0.337120
    """

    coding: Any = 0.5
    bias: Any = None
    inputs: Any = None
    name: ClassVar[str] = "random"
    parameters: ClassVar[dict[str, str]] = {"coding": "coding", "bias": "bias"}
    shorthand: ClassVar[tuple[str, ...]] = ("coding", "bias")

    def __post_init__(self) -> None:
        coding = number("coding", self.coding, low=0.0, high=1.0, open_low=True, open_high=True)
        object.__setattr__(self, "coding", coding)
        if isinstance(self.bias, (bool, np.bool_)):
            object.__setattr__(self, "bias", bool(self.bias))
        elif self.bias is not None:
            if isinstance(self.bias, str):
                raise ValueError(f"bias must be True, False or a number, got {shown(self.bias)}")
            object.__setattr__(self, "bias", number("bias", self.bias))
        if self.inputs is not None:
            inputs = number("inputs", self.inputs, low=0.0, high=1.0, open_low=True, open_high=True)
            object.__setattr__(self, "inputs", inputs)

    @property
    def classes(self) -> Classes:  # type: ignore[override]
        """Labels are unrelated to the fields where neither a threshold nor their share tells them apart."""
        return Classes.UNRELATED if self._alike else Classes.UNKNOWN

    @cached_property
    def _alike(self) -> bool:
        """Whether both labels see the same."""
        none = self.bias is None or type(self.bias) is float and self.bias == 0.0
        return self.inputs is None and (self.bias is False or none and bool(np.all(self.coding == 0.5)))

    @property
    def threshold(self) -> bool:  # type: ignore[override]
        return not self._alike

    @property
    def offset(self) -> bool:  # type: ignore[override]
        return self.inputs is not None

    @property
    def trained(self) -> tuple[str, ...]:
        return ("bias",) if self.bias is True or self.bias is None and not self._alike else ()

    @property
    def held(self) -> Any:
        """The threshold that is imposed; 0 where it is not a number."""
        return 0.0 if self.bias is None or isinstance(self.bias, bool) else self.bias

    @property
    def held_bias(self) -> float:  # type: ignore[override]
        return float(self.held)

    def reported(self, size: int) -> dict[str, np.ndarray]:
        return {} if self._alike else {"bias": self.held * np.ones(size)}

    def symmetric(self, size: int) -> np.ndarray:
        return per_row(self.coding, size) == 0.5

    def learned(self, values: Mapping[str, Any]) -> RandomLabels:
        if self._alike:  # there is no threshold
            return self
        copy = object.__new__(RandomLabels)  # of what has been checked
        for name, value in vars(self).items():
            object.__setattr__(copy, name, value)
        object.__setattr__(copy, "bias", values["bias"])
        return copy

    def pinned(self, weights: Weights) -> RandomLabels:
        return dataclasses.replace(self, bias=False)

    def follow(self, bias: float) -> RandomLabels:
        return dataclasses.replace(self, bias=bias) if self.trained else self

    def best_bias(self, q: np.ndarray, m: np.ndarray) -> np.ndarray:
        """That of weights which know nothing of the patterns: the share ``coding`` of all fields is above it."""
        from scipy.special import ndtri

        return -np.sqrt(q) * ndtri(self.coding)

    def channels(self, overlaps: Overlaps) -> list[Channel]:
        deviation = np.sqrt(overlaps.q)
        if self._alike:
            return [Channel(1.0, np.zeros_like(overlaps.q), deviation, overlaps.variance)]
        rows = np.ones_like(deviation)
        return [
            Channel(chance, -sign * self.held * rows, deviation, overlaps.variance * rows, levers={"bias": -sign})
            for sign, chance in ((1.0, self.coding), (-1.0, 1.0 - self.coding))
        ]

    def draw(
        self, rng: np.random.Generator, inputs: np.ndarray, weights: Weights, output: Callable[..., np.ndarray]
    ) -> Patterns:
        if self.inputs is not None:
            raise ValueError("inputs of 0 and 1 are not drawn here: instances have inputs of mean 0 and variance 1")
        if np.all(self.coding == 0.5):
            return Patterns(inputs, rng.choice(np.array([-1.0, 1.0]), size=len(inputs)))
        return Patterns(inputs, np.where(rng.random(len(inputs)) < self.coding, 1.0, -1.0))

    def enclosed(self, fields: Overlaps) -> LabelRing:
        return LabelRing() if self._alike else super().enclosed(fields)

    def reference_channels(self, overlaps: Overlaps, mp: Any) -> list[Channel]:
        if self._alike:
            return [Channel(mp.one, mp.zero, mp.sqrt(overlaps.q), overlaps.variance)]
        coding, bias = exact(self.coding, mp), exact(self.held, mp)
        return [
            Channel(chance, -sign * bias, mp.sqrt(overlaps.q), overlaps.variance, levers={"bias": -float(sign)})
            for sign, chance in ((1, coding), (-1, 1 - coding))
        ]

    def _told(self) -> dict[str, Any]:
        """Fields that are not at their defaults."""
        fields = {field.name: (getattr(self, field.name), field.default) for field in dataclasses.fields(self)}
        return {k: v for k, (v, default) in fields.items() if isinstance(v, np.ndarray) or v != default or v is False}

    def settings(self) -> dict[str, Any]:
        known, told = super().settings(), self._told()
        return {"name": self.name} | {name: known[name] for name in told}

    def __str__(self) -> str:
        inner = [f"{k}={f'<{v.size} values>' if isinstance(v, np.ndarray) else v}" for k, v in self._told().items()]
        return f"{type(self).__name__}({', '.join(inner)})"
