"""Fully connected committees: hidden units that all see the same inputs. For finite systems; no theory here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NoReturn

import numpy as np

from replica.architectures.activations import Sign
from replica.architectures.base import Architecture
from replica.architectures.tree_committee import activation_of, second_layer, units_of


@dataclass(frozen=True)
class FullCommittee(Architecture):
    r"""Two layers: ``K^{-1/2} sum_k c_k g(lambda_k)``, units ``lambda_k = w_k.x/sqrt(n)`` on the same n inputs.

    ``N = K n`` counts all weights, so that ``alpha = P/N`` and X has N/K columns. Units that see the same inputs are
    correlated, and the order in which they stand does not matter: overlaps between different units, and the breaking
    of that symmetry, are order parameters that the theory of trees does not have.

    When not to use it: for theory; every ansatz refuses it. Here it is simulated.

    Parameters
    ----------
    units : int
        Hidden units K: odd for sign units, even for activations that are not odd.
    activation : str, Activation or callable
        As in `TreeCommittee`.

    See Also
    --------
    TreeCommittee : Inputs of its own for each unit, with theory.
    simulate : Runs of algorithms.

    References
    ----------
    E. Barkai, D. Hansel and H. Sompolinsky, Phys. Rev. A 45, 4146 (1992); C. Baldassi et al., PNAS 113, E7655 (2016).

    Examples
    --------
    >>> import replica
    >>> model = replica.committee(5, connectivity="full")
    >>> X, y = replica.instance(model, n=105, alpha=0.4, seed=1)
    >>> X.shape
    (42, 21)
    """

    units: Any = 3
    activation: Any = Sign()
    name: ClassVar[str] = "full-committee"
    shared_inputs: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "activation", activation_of(self.activation))
        object.__setattr__(self, "units", units_of(self.units, self.activation))
        if not np.isfinite(self.units):
            raise ValueError("units of a fully connected committee must be a number, got inf: no theory of it is here")

    @classmethod
    def examples(cls) -> list[FullCommittee]:
        return []  # of theories

    def readout(self, hidden: np.ndarray) -> np.ndarray:
        return second_layer(self.activation, self.units, hidden)

    def require_theory(self, *_: Any, **__: Any) -> NoReturn:
        raise ValueError(
            f"{self} has no theory here (its units are correlated by their common inputs): simulate it, or take a tree"
        )

    few = property(require_theory)
    patterns = field_overlaps = generalization = reference_patterns = require_theory
