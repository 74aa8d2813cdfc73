"""One step of replica symmetry breaking at a held Parisi parameter and overlap: real replicas. No
extremisation here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica._checks import number
from replica.ansatz.base import Ansatz
from replica.ansatz.replicated.equations import complexity_facts
from replica.ansatz.replicated.real_kinds import RealReplicas
from replica.models.model import Model
from replica.solution.batch import Solutions


@dataclass(frozen=True)
class RSB(Ansatz):
    r"""One step of symmetry breaking: overlap q1 within groups of m replicas, q0 between groups.

    With ``m`` and ``q1`` held it is also m real replicas at mutual overlap q1, ``phi = (1/(N m)) E ln Z``;
    for binary weights

    .. math:: \phi = -\tfrac{\hat q_1}{2}(1-q_1) + \tfrac m2 (q_0 \hat q_0 - q_1 \hat q_1)
              + \tfrac1m \int Dz_0 \ln \int Dz_1 (2\cosh h)^m + \tfrac{\alpha}{m} \int Dz_0 \ln \int Dz_1 Z^m

    with ``h = sqrt(q0_hat) z0 + sqrt(q1_hat - q0_hat) z1`` and ``Z`` the local partition function of a pattern at the
    field ``sqrt(q0) z0 + sqrt(q1 - q0) z1`` and variance ``1 - q1``. The solution reports ``free_entropy`` phi,
    ``entropy`` ``s = d(m phi)/dm``, ``complexity`` ``m (phi - s)``, ``q0``, ``q1``, ``q0_hat``, ``q1_hat``, ``parisi``
    and ``slope``, the derivative of phi with respect to the distance ``(1-q1)/2``.

    When not to use it: with ``m`` at its extremum the physical 1RSB solution is meant, which is not here.

    Parameters
    ----------
    steps : int
        1, for the time being.
    m : float
        Above 0; held. ``inf`` is the limit of many real replicas, where ``q0 = q1`` and ``q1_hat = q0_hat`` and the
        differences times m are reported as ``gap`` and ``gap_hat`` (margins only).
    q0 : None
        Extremised.
    q1 : float
        In (0, 1), above the replica-symmetric overlap; held. Of the square loss on the sphere any value below the
        norm Q: there replicas are one centre of norm ``(Q+(m-1)q1)/m`` at ``m beta`` and differences that see no
        labels, with any data and at beta = inf too (``stability`` below 0: the differences are condensed on the
        smallest eigenvalues of the patterns, and counted so).

    Raises
    ------
    ValueError
        Parameters outside their domain; on solving, an ``m`` or ``q1`` that is not held, and models other than the
        perceptron with random labels and weights of held norm, spherical weights of norm 1 on two clusters (finite m),
        or the square loss on the sphere.

    See Also
    --------
    RS : One overlap.
    overlap_gap : Where groups of replicas cease to exist.
    local_entropy : Replicas around a centre.

    References
    ----------
    R. Monasson, Phys. Rev. Lett. 75, 2847 (1995); W. Krauth and M. Mezard, J. Phys. France 50, 3057 (1989).

    Examples
    --------
    >>> import replica
    >>> solution = replica.solve(replica.perceptron("binary"), alpha=0.5, ansatz=replica.RSB(m=5.0, q1=0.8))
    >>> print(f"{solution.free_entropy:.10f} {solution['q0']:.8f}")
    0.1912015038 0.51127096
    """

    steps: int = 1
    m: float | None = None
    q0: float | None = None
    q1: float | None = None
    name: ClassVar[str] = "1rsb"

    def __post_init__(self) -> None:
        if self.steps != 1 or isinstance(self.steps, bool):
            raise ValueError(f"steps must be 1 (more steps are not here), got {self.steps!r}")
        if self.m is not None:
            object.__setattr__(self, "m", number("m", self.m, low=0.0, open_low=True, infinite=True))
        if self.q1 is not None:
            object.__setattr__(self, "q1", number("q1", self.q1, low=0.0, open_low=True))
        if self.q0 is not None:
            raise ValueError(f"q0 is always extremised: leave it None, got {self.q0!r}")

    @classmethod
    def examples(cls) -> list[RSB]:
        return [cls(m=0.5, q1=0.8), cls(m=2.0, q1=0.9)]

    def check(self, model: Model) -> None:
        for name in ("m", "q1"):
            if getattr(self, name) is None:
                raise ValueError(f"{name} must be held, as in RSB(m=2.0, q1=0.8): extremising over it is not here")
        self._replicas.check(model, self.q1)

    @property
    def _replicas(self) -> RealReplicas:
        assert self.m is not None
        return RealReplicas("RSB with m = inf" if np.isinf(self.m) else "RSB", self.m)

    def doubts(self, solutions: Solutions, row: int) -> list[str]:
        """Signs that the number of replicas is beyond its physical range."""
        return complexity_facts(solutions, row) if self.m is not None and np.isfinite(self.m) else []

    def solve(self, model: Model, alpha: np.ndarray, start: Any = None, tolerance: float = 1e-12) -> Solutions:
        self.check(model)
        if start is not None:
            raise ValueError(f"RSB finds its own start: leave start None, got {start!r}")
        load = np.ascontiguousarray(alpha, dtype=float)
        return self._replicas.solve(self, model, load, np.full(load.size, self.q1), tolerance, relative=False)
