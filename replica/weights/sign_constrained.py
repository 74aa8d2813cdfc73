"""Excitatory and inhibitory weights that keep their sign in spite of the mean of the inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from replica._checks import number
from replica.weights.base import Free, Norm, Weights


@dataclass(frozen=True)
class SignConstrained(Weights):
    r"""A share of the weights is excitatory, ``w >= 0``, the others inhibitory, ``w <= 0``; a threshold of order N.

    Inputs are 0 and 1 (`RandomLabels` with ``inputs=f``, a share f of them 1); the output is ``sign(sum_i w_i x_i -
    theta)`` with ``theta = f N``, so that the mean weight is 1; what the threshold has of order ``sqrt(N)`` is learned
    (``bias``). Margins are in units of ``sqrt(N f(1-f))``; then nothing depends on f. The second moment of the weights
    (``norm``) is free and chosen for the largest load.

    With ``w ~ (B + z)_+`` at capacity the active weights are as many as the patterns at the margin:

    .. math:: P_B = \alpha \sum_s p_s \Phi(t_s), \quad P_B^2 = \alpha G \sum_s p_s g_2(t_s), \quad
              \sum_s s p_s g_1(t_s) = 0, \quad t_s = (\kappa - s b)/\sqrt{Q}, \quad Q = G/m^2

    ``P_B, m, G`` the share of active weights and the first two moments of the projections. With inhibitory weights
    too, weights whose norm diverges are balanced and reach any margin up to the load ``balanced``: the load falls to
    it at a finite margin, and no further.

    When not to use it: below capacity, where the free norm leaves no measure; `capacity` and `max_margin` are here.

    Parameters
    ----------
    excitatory : float
        Share of the weights that are excitatory, in (0, 1].

    See Also
    --------
    NonNegative : Inputs of mean 0 and weights of norm 1.

    References
    ----------
    N. Brunel, V. Hakim, P. Isope, J.-P. Nadal and B. Barbour, Neuron 43, 745 (2004); J. Chapeton et al., PNAS 109,
    E3614 (2012); R. Rubin, L. F. Abbott and H. Sompolinsky, PNAS 114, E9366 (2017).

    Examples
    --------
    >>> import replica
    >>> data = replica.RandomLabels(coding=0.5, inputs=0.3)
    >>> found = replica.capacity(replica.perceptron(replica.SignConstrained(), margin=1.0, labels=data))
    >>> print(f"{found:.9f} {found.order_parameters['silent']:.6f} {found.order_parameters['norm']:.6f}")
    0.478935964 0.678843 5.130977
    """

    excitatory: float = 1.0
    name: ClassVar[str] = "sign-constrained"
    parameters: ClassVar[dict[str, str]] = {"excitatory": "excitatory"}
    norm: ClassVar[Norm] = Free()
    unit_mean: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "excitatory", number("excitatory", self.excitatory, low=0.0, high=1.0, open_low=True))

    @classmethod
    def examples(cls) -> list[SignConstrained]:
        return []  # there is no measure below capacity

    @property
    def symmetric(self) -> bool:
        return False

    def sample(self, rng: np.random.Generator, n: int) -> np.ndarray:
        draw = np.abs(rng.standard_normal(n))
        signs = np.where(np.arange(n) < np.rint(self.excitatory * n), 1.0, -1.0)
        return signs * draw * np.sqrt(n) / np.linalg.norm(draw)
