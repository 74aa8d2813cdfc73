"""A teacher perceptron gives the labels, noise-free or noisy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from replica._checks import number, one_of, shown
from replica._registry import exact
from replica.data._enclosed import EnclosedClass, LabelRing, taught_ring
from replica.data._pairs import PairChannel, PairDensity, PairOverlaps
from replica.data.base import Channel, Classes, Data, Overlaps, Patterns
from replica.data.linear_labels import LinearLabels
from replica.losses._enclosed_fields import GaussianField, TaughtField
from replica.weights.base import Weights
from replica.weights.law import Law
from saddlepoint.enclosures import Functions, ball
from saddlepoint.special import tail


@dataclass(frozen=True)
class Teacher(Data):
    r"""Labels ``sign(u.x/sqrt(N) + sqrt(noise) z)`` of a teacher u with ``|u|^2 = N``.

    With ``m = w.u/N`` and ``M = m/sqrt(1 + noise)`` the field ``omega`` (multiplied by the label) has the density
    ``N(omega; 0, q) 2H(-eta)``, ``eta = (M/q) omega / sqrt(1 - M^2/q)``, and
    ``d E ln Z/dM = 2 int Dz f g(eta)/sqrt(1 - M^2/q)``: what decides the label is one Gaussian of variance
    ``1 + noise``, so noise only shortens the overlap. Errors are counted on labels that carry the noise.

    When not to use it: networks of a few units with noise, which have teachers without it only.

    Parameters
    ----------
    weights : str, Weights or None
        What the teacher is drawn from; None: the student's own set (Bayes-optimal when the student only demands
        agreement, margin 0, and there is no noise).
    noise : float
        Variance of the noise on the teacher's field, at least 0.

    See Also
    --------
    RandomLabels : No rule.
    generalization_error : Errors on new labels.
    transition : Where the teacher takes over.

    References
    ----------
    G. Gyorgyi, Phys. Rev. A 41, 7097 (1990); H. S. Seung, H. Sompolinsky and N. Tishby, Phys. Rev. A 45, 6056 (1992).

    Examples
    --------
    >>> import replica
    >>> model = replica.perceptron("gaussian", loss="logistic", labels=replica.Teacher("binary", noise=0.5))
    >>> found = replica.generalization_error(replica.solve(model, alpha=2.0))
    >>> print(f"{found:.10f} {found.error < 1e-12}")
    0.3025638055 True
    """

    weights: Any = None
    noise: float = 0.0
    name: ClassVar[str] = "teacher"
    parameters: ClassVar[dict[str, str]] = {"noise": "noise"}
    overlaps: ClassVar[tuple[str, ...]] = ("m",)
    classes: ClassVar[Classes] = Classes.REWEIGHTED
    metastable: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "noise", number("noise", self.noise, low=0.0))
        if isinstance(self.weights, str):
            one_of("teacher weights", self.weights, Weights.registry)
            object.__setattr__(self, "weights", Weights.registry[self.weights]())
        if self.weights is not None and not isinstance(self.weights, Weights):
            raise ValueError(f"teacher weights must be None, a name or Weights, got {shown(self.weights)}")

    def law(self, weights: Weights) -> Law:
        return (weights if self.weights is None else self.weights).law().seen_by(weights)

    def pinned(self, weights: Weights) -> Teacher:
        return self if self.weights is not None else replace(self, weights=weights)

    @property
    def imitates(self) -> bool:  # type: ignore[override]
        """Networks of a few units have teachers without noise only."""
        return self.realizable

    @property
    def realizable(self) -> bool:  # type: ignore[override]
        """Without noise the teacher makes no error on its own labels."""
        return bool(np.all(np.asarray(self.noise) == 0))

    @property
    def oracle_error(self) -> Any:  # type: ignore[override]
        """``arctan(sqrt(noise))/pi``: how often the noise turns the teacher's own answer."""
        return np.arctan(np.sqrt(self.noise)) / np.pi

    def _seen(self, overlaps: Overlaps) -> tuple[Any, Any]:
        """The overlap ``M`` with what decides the label, and ``q - M^2`` without cancellation."""
        blur = 1.0 / (1.0 + self.noise)
        return overlaps.m * blur**0.5, overlaps.transverse + overlaps.m**2 * (self.noise * blur)

    def generalization(self, overlaps: Overlaps) -> dict[str, np.ndarray]:
        """``arccos(M/sqrt Q)/pi`` for one student, ``arccos(M/sqrt q)/pi`` for the barycentre (angles, no
        cancellation).
        """
        m, rest = self._seen(overlaps)
        typical = np.arctan2(np.sqrt(overlaps.variance + rest), m) / np.pi
        centre = np.where((rest == 0) & (m == 0), 0.5, np.arctan2(np.sqrt(rest), m) / np.pi)  # nothing was learned
        return {"generalization_error": typical, "generalization_error_centre": centre}

    def reference_generalization(self, overlaps: Overlaps, mp: Any) -> dict[str, Any]:
        m, rest = overlaps.m, overlaps.transverse + overlaps.variance
        noise = exact(self.noise, mp)
        angle = mp.atan2(mp.sqrt(rest + noise * (rest + m**2)), m)
        return {"generalization_error": angle / mp.pi}

    def linear_labels(self, level: int = 1) -> LinearLabels | None:
        """``E[x y]`` is ``sqrt(2/(pi (1 + noise)))`` times the teacher over sqrt(N)."""
        total = 1.0 + float(self.noise)
        slope = np.sqrt(2.0 / (np.pi * total))

        def error(m: np.ndarray, q: np.ndarray) -> np.ndarray:
            field = m / slope
            across = np.sqrt(np.maximum(q * total - field**2, 0.0))
            return np.where(q > 0, np.arctan2(across, field) / np.pi, 0.5)

        return LinearLabels(np.ones(1), np.full(1, slope**2), 1.0, error)

    def draw(
        self, rng: np.random.Generator, inputs: np.ndarray, weights: Weights, output: Callable[..., np.ndarray]
    ) -> Patterns:
        """A teacher drawn from its set, scaled to ``|u|^2 = N``; a vanishing field counts as +1."""
        drawn, source = np.zeros(inputs.shape[1]), weights if self.weights is None else self.weights
        while not np.any(drawn):  # an alphabet with 0 may draw nothing at all
            drawn = source.sample(rng, drawn.size)
        teacher = drawn * np.sqrt(drawn.size / np.sum(drawn**2))
        field = output(teacher, inputs)
        if not self.realizable:
            field = field + np.sqrt(self.noise) * rng.standard_normal(len(inputs))
        return Patterns(inputs, np.where(field >= 0, 1.0, -1.0), teacher)

    def channels(self, overlaps: Overlaps) -> list[Channel]:
        (m, across), q = self._seen(overlaps), np.maximum(overlaps.q, 1e-300)  # at q = m = 0 the labels say nothing
        across = np.maximum(across, 1e-300)
        rest = np.sqrt(across / q * (1.0 + self.noise))[:, None]  # sqrt(1 - M^2/q) times dm/dM
        slope = (m / np.sqrt(across))[:, None]

        def density(z: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
            log_tail, _ = tail(-slope * z)
            gauss = np.exp(-0.5 * (slope * z) ** 2) / np.sqrt(2.0 * np.pi)
            return 2.0 * np.exp(log_tail), {"m": 2.0 * gauss / rest}

        deviation = np.sqrt(q)
        with np.errstate(divide="ignore"):
            width = deviation[:, None] / np.abs(slope)
        return [Channel(1.0, np.zeros_like(q), deviation, overlaps.variance, density, np.zeros_like(width), width)]

    def pair_channels(self, m: float, bias: float, at: PairOverlaps) -> list[PairChannel]:
        """The teacher's field given both others is Gaussian: ``eta`` in its deviations, weight ``2 H(-eta)``."""
        blur = np.sqrt(1.0 + self.noise)
        own, known_m = at.own, m / blur
        known = np.sqrt(1.0 - known_m**2)
        lean = np.clip((at.m / blur - at.t * known_m) / own, -known, known)  # covariance with the probe's own noise
        rest = np.sqrt(np.maximum(known**2 - lean**2, 1e-30))

        def weigh(h: np.ndarray, y: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
            eta = (known_m * h + lean[rows, None] * y) / rest[rows, None]
            gauss = np.exp(-0.5 * eta**2) / np.sqrt(2.0 * np.pi)
            score = 2.0 * gauss / (rest[rows, None] * blur)
            return 2.0 * np.exp(tail(-eta)[0]), score, (known_m - lean * at.t / own) * blur

        def inner(h: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            with np.errstate(divide="ignore", invalid="ignore"):
                return -known_m * h / lean[rows], rest[rows] / np.abs(lean[rows])

        outer = 0.0, known / max(abs(known_m), 1e-300)
        return [PairChannel(1.0, 0.0, np.zeros_like(at.q), 1.0, PairDensity(weigh, outer, inner))]

    def _enclosed_overlaps(self, fields: Overlaps, noise: Any) -> tuple[Any, Any]:
        """`_seen` in balls."""
        return fields.m / (1 + noise).sqrt(), fields.transverse + fields.m**2 * noise / (1 + noise)

    def enclosed(self, fields: Overlaps) -> LabelRing:
        noise = ball(self.noise)
        m, across = self._enclosed_overlaps(fields, noise)
        return taught_ring(m / across.sqrt(), (across / fields.q * (1 + noise)).sqrt())

    def enclosed_classes(self, overlaps: Overlaps) -> list[EnclosedClass]:
        """The score is the density of a Gaussian field of variance ``q - M^2``, times ``sqrt(2/(pi (1 + noise)))``."""
        noise = ball(self.noise)
        m, across = self._enclosed_overlaps(overlaps, noise)
        beside = GaussianField(0, across.sqrt())
        scores = {"m": (Functions.sqrt(2 / (Functions.pi * (1 + noise))), beside)}
        return [EnclosedClass(1, TaughtField(overlaps.q.sqrt(), m / beside.deviation), 1, scores)]

    def reference_channels(self, overlaps: Overlaps, mp: Any) -> list[Channel]:
        noise = exact(self.noise, mp)
        m, across = overlaps.m / mp.sqrt(1 + noise), overlaps.transverse + overlaps.m**2 * noise / (1 + noise)
        rest, slope = mp.sqrt(across / overlaps.q * (1 + noise)), m / mp.sqrt(across)

        def density(z: Any) -> tuple[Any, dict[str, Any]]:
            eta = slope * z
            return mp.erfc(-eta / mp.sqrt(2)), {"m": 2 * mp.npdf(eta) / rest}

        deviation = mp.sqrt(overlaps.q)
        width = np.array([[float(deviation / abs(slope))]]) if slope else np.array([[np.inf]])
        return [Channel(mp.one, mp.zero, deviation, overlaps.variance, density, np.zeros((1, 1)), width)]
