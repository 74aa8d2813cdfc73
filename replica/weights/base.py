"""What a set of weights must give; the average over the field of a single weight. No particular set lives here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from replica._registry import Member
from replica.weights._enclosed_pair import EnclosedPair
from replica.weights.law import Law
from saddlepoint.enclosures import NotEnclosed
from saddlepoint.quadrature.fields import field_nodes, weighted_sums
from saddlepoint.quadrature.reference import gaussian_average_reference


@dataclass(frozen=True)
class Pinned:
    """Trait: ``w^2 = 1`` for each weight; the conjugate of the norm is a gauge."""


@dataclass(frozen=True)
class Average:
    """Trait: only ``|w|^2 = N`` is held; its conjugate is eliminated in closed form."""


@dataclass(frozen=True)
class Free:
    """Trait: the norm is solved for, with a conjugate of its own."""


Norm = Pinned | Average | Free


class SingleWeight(NamedTuple):
    """Averages of one weight in its field, each an array over the batch.

    ``log_z = E ln z`` (None where `Weights.entropic` needs none), ``q = E<w>^2``,
    ``variance = E(<w^2> - <w>^2) = Q - q``,
    ``norm = E<w^2> = Q``, ``m = E u<w>``, ``transverse = q - m^2`` (without cancellation),
    ``susceptibility = E(<w^2> - <w>^2)^2`` (the weights' factor of the replicon).
    """

    log_z: Any
    q: Any
    variance: Any
    norm: Any
    m: Any
    transverse: Any
    susceptibility: Any


class Weights(Member):
    r"""A set of weights, known through the partition function of one weight in a field.

    .. math:: \ln z(h, A) = \ln \sum_w p(w)\, e^{h w - A w^2/2}

    A subclass gives `log_z` (with mean and variance of w, the first two derivatives in ``h``), `features`, `law`,
    `sample`, and `reference` for certification; or overrides `single` with a closed form.
    """

    family = "weights"
    registry: ClassVar[dict[str, type[Any]]] = {}
    parameters: ClassVar[dict[str, str]] = {}
    norm: ClassVar[Norm]
    #: a finite alphabet, counted: entropies below 0 are unphysical
    discrete: ClassVar[bool] = False
    #: a cost ``(penalty/2)|w|^2`` holds the norm: at beta = inf there is one vector of least total cost
    penalised: ClassVar[bool] = False
    #: the letters of a finite alphabet; None: a continuum
    letters: ClassVar[tuple[float, ...] | None] = None
    #: w = 0 is allowed: a constraint that holds at zero field is then satisfied at any load
    vanishing: ClassVar[bool] = False
    unit_mean: ClassVar[bool] = False  # a threshold of order N holds the mean weight at 1, whatever the norm
    #: every direction is as likely as any other: the whole sphere
    isotropic: ClassVar[bool] = False
    #: of all weights on the sphere in a convex cone: its dimensions per weight, ``E |projection of z|^2/N``
    dimension: ClassVar[float | None] = None
    point_sums: ClassVar[Any] = None  # of compiled loops (`replica.ansatz.rs.one_overlap`)
    #: of the family: what makes weights of a list of letters, set by the file of such weights
    from_letters: ClassVar[Any] = None

    @classmethod
    def made_of(cls, argument: str, given: Any) -> Any:
        """As for every family; a list of numbers is an alphabet."""
        if cls.from_letters is not None and isinstance(given, (list, tuple, np.ndarray)):
            return cls.from_letters(given)
        return super().made_of(argument, given)

    @property
    def symmetric(self) -> bool:
        """Whether -w is as likely as w, as seen from the values of `log_z`; members that know it say so."""
        if type(self).log_z is Weights.log_z:
            return False
        rows = max((value.size for value in vars(self).values() if isinstance(value, np.ndarray)), default=1)
        field, one = np.tile([0.1, 0.7, 2.0, 5.0], (rows, 1)), np.ones(rows)
        there, back = (self.log_z(side * field, one, 1.0)[0] for side in (1.0, -1.0))
        return bool(np.allclose(there, back, rtol=1e-12, atol=1e-12))

    @property
    def signs(self) -> bool:
        """Whether each weight is +1 or -1."""
        return self.discrete and isinstance(self.norm, Pinned)

    @property
    def paired(self) -> bool:
        """Whether it is known how one weight answers to the fields of a reference and of a probe."""
        return type(self).pair is not Weights.pair

    def pair(self, qt: float, qt_hat: float) -> Any:
        """One weight around references with overlap ``qt`` and conjugate ``qt_hat`` (see `replica.weights._pairs`)."""
        raise TypeError(f"the weights {type(self).__name__} do not define pair(qt, qt_hat)")

    def room(self, distance: np.ndarray) -> np.ndarray:
        """Entropy of the weights at a distance of one of them, without patterns; beside `pair`."""
        raise TypeError(f"the weights {type(self).__name__} do not define room(distance)")

    def log_z(self, field: np.ndarray, curvature: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """``ln z`` and mean and variance of the weight; field (batch, node), curvature ``A`` (batch,)."""
        raise TypeError(f"the weights {type(self).__name__} must define log_z(field, curvature, beta)")

    def features(self, curvature: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray]:
        """Positions and widths (batch, F), in units of the field, at which ``ln z`` varies fast."""
        size = curvature.size
        return np.zeros((size, 1)), np.ones((size, 1))

    def law(self) -> Law:
        """Law of a teacher with such weights, scaled to unit norm."""
        return Law()

    def log_measure(self, weight: np.ndarray, beta: Any) -> np.ndarray:
        """``ln p(w)`` of the measure that `log_z` sums over; beside `log_z` for laws of single weights."""
        if self.letters is not None:
            return np.zeros_like(weight)
        raise ValueError(f"{self} give no law of a single weight")

    def multiplier(
        self, q_hat: np.ndarray, m_hat: np.ndarray, curvature: np.ndarray, law: Law | None, level: int
    ) -> np.ndarray:
        """``A`` in these fields; what holds the norm where that is eliminated."""
        return curvature

    def at_capacity(self, weight: np.ndarray) -> tuple[np.ndarray, list[tuple[float, float]]]:
        """Density of a single weight and atoms (place, mass) in the limit ``q -> 1`` of a norm that is held."""
        raise ValueError(f"{self} give no law of a single weight at capacity")

    def sample(self, rng: np.random.Generator, n: int) -> np.ndarray:
        """A teacher or a starting point: n weights drawn from the set (spherical: on the sphere)."""
        raise TypeError(f"the weights {type(self).__name__} must define sample(rng, n)")

    def lowest_curvature(self, beta: Any) -> Any:
        """``A`` below which ``z(h, A)`` does not exist."""
        return -np.inf

    def initial_norm(self, beta: Any) -> Any:
        """``Q`` without patterns: where the solution of a free norm starts."""
        return 1.0

    def single(
        self, q_hat: np.ndarray, m_hat: np.ndarray, curvature: np.ndarray, beta: Any, law: Law | None, level: int
    ) -> SingleWeight:
        r"""Average over the field ``h = m_hat u + sqrt(q_hat) z``, u from the teacher's law (None: no teacher)."""
        if law is None:
            return self._without_teacher(q_hat, m_hat, curvature, beta, level)
        if law.values is None:
            return self._gaussian_teacher(q_hat, m_hat, curvature, beta, level)
        scale = np.sqrt(q_hat)
        total, kept = np.zeros((5, q_hat.size)), []
        for atom, chance in zip(law.values, law.probabilities, strict=True):
            weight, log_z, mean, spread = self.on_field(m_hat * atom, scale, curvature, beta, level)
            part = weighted_sums(weight, (log_z, spread, mean), (mean, spread))
            part[2] *= atom
            total += chance * part
            kept.append((chance, atom, weight, mean))
        log_z, variance, m, q, susceptibility = total
        transverse = np.zeros_like(q)
        for chance, atom, weight, mean in kept:
            transverse += chance * weighted_sums(weight, ((mean - (m * atom)[:, None]) ** 2,))[0]
        return self.assemble(log_z, q, variance, m, transverse, susceptibility)

    def _without_teacher(
        self, q_hat: np.ndarray, m_hat: np.ndarray, curvature: np.ndarray, beta: Any, level: int
    ) -> SingleWeight:
        log_z, variance, q, susceptibility = self.plain_sums(np.sqrt(q_hat), curvature, beta, level)
        return self.assemble(log_z, q, variance, np.zeros(q.size), q, susceptibility)

    def plain_sums(self, scale: np.ndarray, curvature: np.ndarray, beta: Any, level: int) -> np.ndarray:
        """``E ln z``, ``E var w``, ``E <w>^2`` and ``E (var w)^2`` (4, batch) over ``h = scale z``.

        The default composes `features`, `log_z` and sums; weights may do the same in one compiled pass.
        """
        weight, log_z, mean, spread = self.on_field(np.zeros(scale.size), scale, curvature, beta, level)
        return weighted_sums(weight, (log_z, spread), (mean, spread))

    def _gaussian_teacher(
        self, q_hat: np.ndarray, m_hat: np.ndarray, curvature: np.ndarray, beta: Any, level: int
    ) -> SingleWeight:
        """A Gaussian teacher only widens the field: ``m = E u<w> = m_hat E(var w)`` by partial integration."""
        scale = np.sqrt(q_hat + m_hat**2)
        weight, log_z, mean, spread = self.on_field(np.zeros_like(scale), scale, curvature, beta, level)
        log_z, variance, q, susceptibility = weighted_sums(weight, (log_z, spread), (mean, spread))
        m = m_hat * variance
        return self.assemble(log_z, q, variance, m, q - m * m, susceptibility)

    def on_field(
        self, shift: np.ndarray, scale: np.ndarray, curvature: np.ndarray, beta: Any, level: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Nodes for ``h = shift + scale z`` with the features of ``ln z`` resolved: weights, ln z, mean, variance."""
        places, widths = self.features(curvature, beta)
        _, weight, field = field_nodes(places, widths, shift, scale, level)
        return weight, *self.log_z(field, curvature, beta)

    def assemble(self, log_z: Any, q: Any, variance: Any, m: Any, transverse: Any, susceptibility: Any) -> SingleWeight:
        norm = 1.0 if isinstance(self.norm, Pinned) else q + variance
        return SingleWeight(log_z, q, variance, norm, m, transverse, susceptibility)

    def entropic(self, single: SingleWeight, q_hat: Any, m_hat: Any, curvature: Any) -> Any:
        """The weights' part of the free entropy, ``-q_hat (Q-q)/2 + A Q/2 - m_hat m + E ln z`` (Pinned: ``A = 0``).

        For arrays and for mpmath numbers.
        """
        held = 0.0 if isinstance(self.norm, Pinned) else curvature * single.norm / 2
        return -q_hat * single.variance / 2 + held - m_hat * single.m + single.log_z

    def reference_single(
        self, q_hat: Any, m_hat: Any, curvature: Any, beta: Any, law: Law | None, mp: Any, digits: int
    ) -> SingleWeight:
        """`single` in mpmath arithmetic, from `reference`."""
        gaussian = law is not None and law.values is None
        atoms = [(mp.zero, mp.one)] if law is None or gaussian else law.reference_atoms(mp)
        scale = mp.sqrt(q_hat + m_hat**2) if gaussian else mp.sqrt(q_hat)
        total = [mp.zero] * 5
        for atom, chance in atoms:
            places, widths = self.features(np.array([float(curvature)]), float(beta))
            features = (
                [
                    (float((p - m_hat * atom) / scale), float(w / scale))
                    for p, w in zip(places[0], widths[0], strict=True)
                ]
                if scale > 0
                else []
            )

            def moments(z: Any, atom: Any = atom) -> tuple[Any, ...]:
                log_z, mean, spread = self.reference(m_hat * atom + scale * z, curvature, beta, mp)
                return log_z, mean**2, spread, mean * atom, spread**2

            part, _ = gaussian_average_reference(moments, digits, features=features, mp=mp)
            total = [t + chance * x for t, x in zip(total, part, strict=True)]
        log_z, q, variance, m, susceptibility = total
        m = m_hat * variance if gaussian else m
        return self.assemble(log_z, q, variance, m, q - m * m, susceptibility)

    def enclosed_single(self, q_hat: Any, m_hat: Any, curvature: Any, law: Law | None) -> SingleWeight:
        """`single` in balls, for enclosures; only members that prove their bounds have it."""
        raise NotEnclosed(f"not enclosed: nothing is proved of the weights {self}")

    def enclosed_pair(self, known: Mapping[str, Any], distance: Any, *hats: Any) -> EnclosedPair:
        """`pair` in balls, at conjugates of q, s and t, beside references with ``known`` q and q_hat; only members that
        prove their bounds have it.
        """
        raise NotEnclosed(f"not enclosed: nothing is proved of pairs of the weights {self}")

    def reference(self, field: Any, curvature: Any, beta: Any, mp: Any) -> tuple[Any, Any, Any]:
        """``ln z``, mean and variance of the weight in mpmath arithmetic, for certification."""
        raise ValueError(f"{self} gives no mpmath reference, so nothing about it can be certified")
