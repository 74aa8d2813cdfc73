"""Ternary weights -1, 0, +1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from replica.weights.discrete import Discrete


@dataclass(frozen=True)
class Ternary(Discrete):
    """Weights -1, 0, +1: ``z(h, A) = 1 + 2 e^{-A/2} cosh h``; the self-overlap ``Q`` (the share that is not 0) is free.

    Else as `Discrete`; without patterns the free entropy is ``ln 3`` and Q is 2/3.

    When not to use it: a given share of zeros; Q is solved for and cannot be held.

    Parameters
    ----------
    values : tuple of float
        ``(-1.0, 0.0, 1.0)``, nothing else.

    See Also
    --------
    Discrete : Other letters.
    Binary : No zeros.

    References
    ----------
    H. Gutfreund and Y. Stein, J. Phys. A 23, 2613 (1990).

    Examples
    --------
    >>> import replica
    >>> found = replica.capacity(replica.perceptron(replica.Ternary()))
    >>> print(f"{found:.9f} {found.error < 1e-12} {found.order_parameters['Q']:.6f}")
    1.174481910 True 0.630543
    """

    values: tuple[float, ...] = (-1.0, 0.0, 1.0)
    name: ClassVar[str] = "ternary"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.values != (-1.0, 0.0, 1.0):
            raise ValueError(f"ternary weights are -1, 0, 1; for other letters use Discrete({self.values})")
