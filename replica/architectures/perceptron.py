"""The perceptron: one unit, fields overlap as weights do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica._checks import sized
from replica._registry import exact, vouched
from replica.architectures.base import Architecture, Slopes
from replica.data.base import Overlaps


@dataclass(frozen=True)
class Perceptron(Architecture):
    """A single unit: the field ``w.x/sqrt(N)`` has the overlaps of the weights.

    When not to use it: weights of free norm (penalised, ternary), whose norm is solved for; their field is
    multiplied by ``sqrt(norm)`` all the same.

    Parameters
    ----------
    norm : float
        ``|w|^2/N`` of weights whose norm is held, above 0: they are those of norm 1 multiplied by its root.

    See Also
    --------
    TreeCommittee : Several units.
    perceptron : A model of one unit.

    References
    ----------
    F. Rosenblatt, Psychol. Rev. 65, 386 (1958).

    Examples
    --------
    >>> import replica
    >>> model = replica.mixture("square", weights="spherical", norm=2.0)
    >>> print(model.architecture)
    Perceptron(norm=2)
    >>> print(f"{replica.solve(model, alpha=2.0)['q']:.12f}")
    2.000000000000
    """

    norm: float = 1.0
    linear: ClassVar[bool] = True
    name: ClassVar[str] = "perceptron"
    parameters: ClassVar[dict[str, str]] = {"norm": "norm"}

    def __post_init__(self) -> None:
        object.__setattr__(self, "norm", sized("norm", self.norm, low=0.0, open_low=True))

    @property
    def scale(self) -> Any:
        return self.norm

    @property
    def plain(self) -> bool:
        return isinstance(self.norm, float) and self.norm == 1.0

    @property
    def closed(self) -> bool:
        return np.ndim(self.norm) == 0 and vouched(self, "plain", "field_overlaps", "patterns")

    def readout(self, hidden: np.ndarray) -> np.ndarray:
        return np.sqrt(self.norm) * hidden[..., 0]

    def field_overlaps(self, overlaps: Overlaps, level: int = 1) -> tuple[Overlaps, Slopes]:
        if self.plain:
            return super().field_overlaps(overlaps)
        norm = self.norm if isinstance(overlaps.q, (float, np.ndarray)) else exact(self.norm, overlaps.q.context)
        root = norm**0.5
        fields = overlaps._replace(
            q=norm * overlaps.q,
            variance=norm * overlaps.variance,
            m=root * overlaps.m,
            transverse=norm * overlaps.transverse,
        )
        return fields, Slopes(q=norm, norm=norm, m=root)
