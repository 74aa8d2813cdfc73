"""Replica symmetry breaking: one, two, any number of steps; at held numbers of one step also real replicas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica._checks import number, shown, whole
from replica.ansatz.base import Ansatz
from replica.ansatz.coverage import GAUSSIAN_FIELD, LEAST_COST, RANDOM_LABELS, SIGNED, SPHERE, Covers
from replica.ansatz.replicated.equations import complexity_facts
from replica.ansatz.replicated.real_kinds import RealReplicas
from replica.ansatz.rsb.counted_search import COVERS as COUNTED
from replica.ansatz.rsb.counted_search import CountedLedger
from replica.ansatz.rsb.frozen import COVERS as FROZEN
from replica.ansatz.rsb.frozen import frozen_states
from replica.ansatz.rsb.held import HeldLedger
from replica.ansatz.rsb.solver import StepsLedger
from replica.models.model import Model
from replica.solution.batch import Solutions

FIELDS = (GAUSSIAN_FIELD | SIGNED).instead(
    "is here for the perceptron, for units=inf, for parity machines of 2 or 3 units and capacities of committees of 3"
)
COVERS = Covers("RSB", (RANDOM_LABELS, FIELDS, SPHERE, LEAST_COST))
MOST = 20
MOST_OF_FEW = {2: 5, 3: 2}  # by the number of units: a minute or two


@dataclass(frozen=True)
class RSB(Ansatz):
    r"""Replica symmetry breaking with k steps: replicas in groups of groups, at overlaps ``q_0 < q_1 <...< q_k``.

    With Parisi parameters ``0 < m_1 < ... < m_k < 1`` the free entropy per replica of weights on the sphere is

    .. math:: \phi = \tfrac12 \ln(1-q_k) + \tfrac12 \Big[\sum_j \tfrac{1}{m_j} \ln\tfrac{B_j}{B_{j+1}}
              + \tfrac{q_0}{B_1}\Big] + \alpha \int Dz f_0(\sqrt{q_0} z), \quad
              f_{j-1}(x) = \tfrac{1}{m_j} \ln \int Dz\, e^{m_j f_j(x + \sqrt{q_j - q_{j-1}} z)}

    with ``B_j = B_{j+1} + m_j (q_j - q_{j-1})``, ``B_{k+1} = 1 - q_k`` and ``f_k = ln Z(x, 1-q_k)`` of a pattern, least
    in all of them. Solutions report ``q0 ... qk``, ``parisi1 ... parisik`` (one step: ``parisi`` too), the stability of
    each level, ``stability0 ...``, with ``stability`` the least. Ground states (beta = inf of a cost that is paid) have
    ``q_k = 1``, left out, ``V = beta(1-q_k)`` and ``beta m_j`` for the Parisi parameters, and at a capacity these are
    ``m_j/(1-q_k)``. Where levels coincide the status says how many steps the saddle point has. ``steps=inf`` is the
    limit of many steps, its error that of the limit; ``solution.profile`` is the Parisi function.

    Of counted weights +-1 under a constraint the free entropy is a saddle point (``psi_0`` the nested average of
    ``ln 2cosh``, conjugates ``qK_hat``), and the capacity is where it vanishes, with the m themselves:

    .. math:: \phi = \tfrac12 \sum_{j=0}^{k} (m_{j+1}-m_j) q_j \hat q_j - \tfrac12 \hat q_k + \psi_0 + \alpha g_0,
              \qquad \hat q_j = \alpha k'(q_j) \int P_j f_j'^2, \quad q_j = \int \hat P_j \psi_j'^2

    Counted weights at a cost, below the temperature at which their entropy vanishes, are frozen in single vectors
    (``q1 = Q``, ``m = beta_f/beta``): with the energy of that point, at ``beta = inf`` the ground state.

    With ``m`` and ``q1`` held it is also m real replicas at mutual overlap q1, ``phi = (1/(N m)) E ln Z``; for binary
    weights

    .. math:: \phi = -\tfrac{\hat q_1}{2}(1-q_1) + \tfrac m2 (q_0 \hat q_0 - q_1 \hat q_1)
              + \tfrac1m \int Dz_0 \ln \int Dz_1 (2\cosh h)^m + \tfrac{\alpha}{m} \int Dz_0 \ln \int Dz_1 Z^m

    with ``h = sqrt(q0_hat) z0 + sqrt(q1_hat - q0_hat) z1`` and ``Z`` the local partition function of a pattern at the
    field ``sqrt(q0) z0 + sqrt(q1 - q0) z1`` and variance ``1 - q1``. The solution reports ``free_entropy`` phi,
    ``entropy`` ``s = d(m phi)/dm``, ``complexity`` ``m (phi - s)``, ``q0``, ``q1``, ``q0_hat``, ``q1_hat``, ``parisi``
    and ``slope``, the derivative of phi with respect to the distance ``(1-q1)/2``.

    When not to use it: where `stability` of the RS solution is positive and no other state takes over: `RS` is faster.

    Parameters
    ----------
    steps : int or inf
        1, 2, 3, ..., at most 20; ``inf`` is full replica symmetry breaking.
    m : float
        The Parisi parameter of one step, above 0; None: extremised. With q1 held ``inf`` is the limit of many real
        replicas, where ``q0 = q1`` and ``q1_hat = q0_hat`` and the differences times m are reported as ``gap`` and
        ``gap_hat`` (margins only).
    q0 : None or 0.0
        Extremised; 0.0 holds the symmetric saddle point of costs and networks that do not see a sign.
    q1 : float
        In (0, 1), above the replica-symmetric overlap; held, with m. Of the square loss on the sphere any value below
        the norm Q: there replicas are one centre of norm ``(Q+(m-1)q1)/m`` at ``m beta`` and differences that see no
        labels, with any data and at beta = inf too (``stability`` below 0: the differences are condensed on the
        smallest eigenvalues of the patterns, and counted so).

    Raises
    ------
    ValueError
        Parameters outside their domain; on solving, models that are not covered: extremised, anything but the sphere
        (or weights +-1 under a constraint) with random labels and a Gaussian field, and with one step parity machines
        of 2 units, or 3 at ``q0=0.0``, and capacities of committees of 3 (capacities of 2 units with up to five
        steps, of 3 units with two, in a minute or two); with m and q1 held models other
        than the perceptron with random labels and weights of held norm, spherical weights of norm 1 on two clusters or
        +-1 with a teacher of their kind (finite m), or the square loss on the sphere.

    See Also
    --------
    RS : One overlap.
    overlap_gap : Where groups of replicas cease to exist.
    local_entropy : Replicas around a centre.

    Notes
    -----
    Values are stationary in the order parameters, so that their error is smaller than those of the parameters by far.
    ``certify`` solves one step of perceptrons again in mpmath (loads and, of margins and of weights +-1, capacities).

    References
    ----------
    G. Parisi, J. Phys. A 13, L115 (1980); S. Franz, G. Parisi, M. Sevelev, P. Urbani and F. Zamponi, SciPost Phys. 2,
    019 (2017), eqs. (19)-(30); R. Monasson, Phys. Rev. Lett. 75, 2847 (1995); W. Krauth and M. Mezard, J. Phys. France
    50, 3057 (1989).

    Examples
    --------
    >>> import replica
    >>> negative = replica.perceptron("spherical", margin=-1.0)
    >>> solution = replica.solve(negative, alpha=9.0, ansatz=replica.RSB())
    >>> print(f"{solution.free_entropy:.9f} {solution['parisi']:.7f} {solution.error < 1e-11}")
    -1.964902556 0.2933167 True
    >>> print(f"{replica.capacity(negative, ansatz=replica.RSB(steps=2)):.8f}")
    12.28722222
    >>> solution = replica.solve(replica.perceptron("binary"), alpha=0.5, ansatz=replica.RSB(m=5.0, q1=0.8))
    >>> print(f"{solution.free_entropy:.10f} {solution['q0']:.8f}")
    0.1912015038 0.51127096
    """

    steps: Any = 1
    m: float | None = None
    q0: float | None = None
    q1: float | None = None
    name: ClassVar[str] = "1rsb"
    method: ClassVar[str] = "steps"
    dear: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "steps", whole("steps", self.steps, low=1, infinite=True))
        if MOST < self.steps < np.inf:
            raise ValueError(f"steps must be at most {MOST}, or inf: more are as good, got {self.steps}")
        if self.m is not None:
            object.__setattr__(self, "m", number("m", self.m, low=0.0, open_low=True, infinite=True))
        if self.q1 is not None:
            object.__setattr__(self, "q1", number("q1", self.q1, low=0.0, open_low=True))
        if self.q0 is not None and self.q0 != 0.0:
            raise ValueError(f"q0 is extremised (None), or held at 0.0, got {shown(self.q0)}")
        if self.steps != 1 and (self.m is not None or self.q1 is not None):
            raise ValueError(f"m and q1 are held with one step only, got steps={self.steps:g}")

    @classmethod
    def examples(cls) -> list[RSB]:
        return [cls(m=0.5, q1=0.8), cls(m=2.0, q1=0.9)]

    @property
    def real(self) -> bool:
        """Whether it is m real replicas at a held overlap."""
        return self.m is not None and self.q1 is not None

    def check(self, model: Model) -> None:
        if self.real:
            if self.q0 is not None:
                raise ValueError(f"q0 is extremised where m and q1 are held: leave it None, got {shown(self.q0)}")
            return self._replicas.check(model, self.q1)
        if self.counts(model):
            return COUNTED.check(model)
        if self._frozen(model):
            return FROZEN.check(model)
        if self.q1 is not None:
            raise ValueError("m must be held where q1 is, as in RSB(m=2.0, q1=0.8): extremising it alone is not here")
        if self.m is not None and (np.isinf(self.m) or not COVERS(model)):
            raise ValueError(f"q1 must be held where m is, as in RSB(m=2.0, q1=0.8), for {model} and m = {self.m:g}")
        COVERS.check(model)
        few = model.architecture.few
        if few is not None and self.m is not None:
            raise ValueError(f"RSB of a few units is here with its Parisi parameters extremised, got {self}")
        if few is not None and self.steps > (most := MOST_OF_FEW.get(few.units, 1)):
            dear = f"with at most {most} steps (more take too long)"
            raise ValueError(f"RSB of {few.units} units is here {dear}, got steps={self.steps:g}")
        if few is not None and few.alternates and few.units > 2 and self.q0 is None:
            symmetric = "RSB of a parity of 3 units is here at the symmetric saddle point, RSB(q0=0.0)"
            raise ValueError(f"{symmetric}: averages over fields of 3 units with q0 above 0 are too dear, got q0=None")
        return None

    @property
    def _replicas(self) -> RealReplicas:
        assert self.m is not None
        return RealReplicas("RSB with m = inf" if np.isinf(self.m) else "RSB", self.m)

    def _frozen(self, model: Model) -> bool:
        """Whether states of counted weights at a cost are meant, which are single vectors where they are broken."""
        single = self.m is None and self.q0 is None and self.q1 in (None, 1.0)
        return model.weights.discrete and not model.loss.hard and single

    def counts(self, model: Model) -> bool:
        """Whether steps of counted weights under a constraint are meant."""
        return model.weights.discrete and model.loss.hard and self.m is None and self.q1 is None

    def doubts(self, solutions: Solutions, row: int) -> list[str]:
        """Signs that the number of replicas is beyond its physical range, or that steps are missing."""
        if self.real or self.m is not None:
            return complexity_facts(solutions, row) if np.isfinite(self.m or np.inf) else []
        stability, error = solutions.value("stability")[row], solutions.error("stability")[row]
        if np.isinf(self.steps) or not stability < -error:
            return []
        if self._frozen(solutions.model):
            return ["replica symmetry is unstable where it freezes: one step is not all"]
        levels = [solutions.value(f"stability{j}")[row] for j in range(int(self.steps) + 1)]
        if np.all(np.isfinite(levels)):
            return [f"unstable to more steps (at level {int(np.argmin(levels))} most)"]
        return ["unstable to more steps"]

    def solve(self, model: Model, alpha: np.ndarray, start: Any = None, tolerance: float = 1e-12) -> Solutions:
        self.check(model)
        if start is not None:
            raise ValueError(f"RSB finds its own start: leave start None, got {shown(start)}")
        load = np.ascontiguousarray(alpha, dtype=float)
        if self.real:
            return self._replicas.solve(self, model, load, np.full(load.size, self.q1), tolerance)
        if self.counts(model):
            return CountedLedger(model, load, tolerance, self.q0 is not None).run(self.steps).solutions(self)
        if self._frozen(model):
            return frozen_states(self, self.steps, model, load, tolerance)
        if self.m is not None:
            ledger = HeldLedger(model, load, tolerance, self.q0 is not None)
            return ledger.hold_at(np.full(load.size, self.m)).solutions(self)
        return StepsLedger(model, load, tolerance, self.q0 is not None).run(self.steps).solutions(self)
