"""Random labels: the storage problem."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica.data._enclosed import LabelRing
from replica.data.base import Channel, Classes, Data, Overlaps, Patterns
from replica.weights.base import Weights


@dataclass(frozen=True)
class RandomLabels(Data):
    """Independent inputs and labels, the storage problem: the cavity field is ``sqrt(q) z``, z a standard Gaussian.

    When not to use it: generalisation; there is no rule to be learned, and `generalization_error` refuses.

    See Also
    --------
    Teacher : Labels of a rule.
    GaussianMixture : Inputs that tell their label.

    References
    ----------
    E. Gardner, J. Phys. A 21, 257 (1988).

    Examples
    --------
    >>> import replica
    >>> model = replica.Model(weights="spherical", data=replica.RandomLabels())
    >>> found = replica.capacity(model)
    >>> print(f"{found:.9f}, {found.status}")
    2.000000000, converged; the limit q -> 1
    """

    name: ClassVar[str] = "random"
    classes: ClassVar[Classes] = Classes.UNRELATED

    def channels(self, overlaps: Overlaps) -> list[Channel]:
        return [Channel(1.0, np.zeros_like(overlaps.q), np.sqrt(overlaps.q), overlaps.variance)]

    def draw(
        self, rng: np.random.Generator, inputs: np.ndarray, weights: Weights, output: Callable[..., np.ndarray]
    ) -> Patterns:
        return Patterns(inputs, rng.choice(np.array([-1.0, 1.0]), size=len(inputs)))

    def enclosed(self, fields: Overlaps) -> LabelRing:
        return LabelRing()

    def reference_channels(self, overlaps: Overlaps, mp: Any) -> list[Channel]:
        return [Channel(mp.one, mp.zero, mp.sqrt(overlaps.q), overlaps.variance)]
