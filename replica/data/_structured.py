"""Gaussian inputs of one covariance with a teacher's labels: what all such data share; a member adds its spectrum."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from replica._checks import number, one_of, shown, sized
from replica.data._bayes import bayes
from replica.data._chances import Chance
from replica.data._labels import Chances, Labels, Real, Signs
from replica.data._whitened import Whitened
from replica.data.base import Channel, Data, Overlaps
from replica.data.linear_labels import LinearLabels
from replica.data.random_labels import RandomLabels
from replica.data.teacher import Teacher

TEACHERS = ("sign", "linear")
CERTAIN = 1e-13  # of it: what is not explained is rounding


class Structured(Data):
    """Inputs of a covariance with eigenvalues ``omega``; ``t/omega`` is what each direction explains of the teacher.

    A member gives `modes` and the fields ``teacher``, ``noise``, ``flips`` and ``deviation`` (of the teacher's field).
    """

    overlaps: ClassVar[tuple[str, ...]] = ("m",)
    shown: ClassVar[tuple[str, ...]] = ("explained",)
    teacher: Any
    noise: Any
    flips: Any

    @property
    def power(self) -> Any:
        """Variance of the teacher's field."""
        return 1.0

    @cached_property
    def rule(self) -> Labels:
        """How labels follow from that field."""
        if isinstance(self.teacher, Chance):
            return Chances(self.power, self.teacher)
        return Signs(self.power, self.noise, self.flips) if self.teacher == "sign" else Real(self.power, self.noise)

    @property
    def residual(self) -> bool:  # type: ignore[override]
        return self.rule.residual

    @property
    def explained(self) -> Any:
        """``<t/omega>``: the part of the teacher's variance that is linear in the inputs."""
        found = self.modes.explained
        return float(found[0]) if np.size(found) == 1 else found

    @cached_property
    def unexplained(self) -> np.ndarray:
        """The rest of it, which acts as noise."""
        rest = np.asarray(self.power - self.modes.explained)
        return np.where(rest < CERTAIN * np.asarray(self.power), 0.0, rest)

    @classmethod
    def examples(cls) -> list[Any]:
        """None for the contracts of all data, which are about isotropic inputs and measures at any temperature."""
        return []

    def width(self, size: int) -> np.ndarray:
        return np.ones(size) * self.modes.scale

    def channels(self, overlaps: Overlaps) -> list[Channel]:
        return self.rule.channels(overlaps)

    def resting(self, size: int) -> list[Channel]:
        one, zero = np.ones(size), np.zeros(size)
        return self.channels(Overlaps(zero + 1e-200, one, zero, zero + 1e-200))

    def reference_channels(self, overlaps: Overlaps, mp: Any) -> list[Channel]:
        found: list[Channel] = self.rule.reference_channels(overlaps, mp)  # type: ignore[attr-defined]
        return found

    def generalization(self, overlaps: Overlaps) -> dict[str, np.ndarray]:
        """On new labels with their noise, and against the teacher's field without."""
        noisy, clean = self.rule.errors(overlaps)
        names = ("generalization_error", "generalization_error_centre")  # one vector is its own barycentre
        return dict.fromkeys(names, noisy) | {"generalization_error_oracle": clean}

    def reference_generalization(self, overlaps: Overlaps, mp: Any) -> dict[str, Any]:
        return {"generalization_error": self.rule.reference_errors(overlaps, mp)}  # type: ignore[attr-defined]

    def linear_labels(self, level: int = 1) -> LinearLabels:
        """The teacher's field times the slope of the labels, on the eigenvalues (of a continuous spectrum, nodes)."""
        (slope, power), modes, unit = self.rule.line(), self.modes.listed(level), float(np.sqrt(self.power))

        def error(m: np.ndarray, q: np.ndarray) -> np.ndarray:
            seen = m / (slope * unit) if slope else 0.0 * m
            at = Overlaps(q, 0.0 * q, seen, np.maximum(q - seen**2, 0.0))
            found = self.generalization(at)["generalization_error"]
            return np.where(q > 0, found, 0.5)

        projection = slope**2 * modes.share * modes.omega
        return LinearLabels(modes.omega[0], projection[0], power, None if self.residual else error, modes.weight[0])

    def rule_errors(
        self, rule: str, alpha: np.ndarray, labelled: float, name: str = "generalization_error"
    ) -> tuple[np.ndarray, np.ndarray, list[str]]:
        if rule != "bayes" or labelled != 1.0 or name != "generalization_error":
            raise ValueError(f"of the rules of the data, 'bayes' with all labels known is here for {self}")
        return bayes(self.rule, self.modes, alpha)

    @property
    def oracle_error(self) -> float:  # type: ignore[override]
        raise ValueError(f"the estimator 'oracle' of {self} is an error of the student, not of a rule of the data")

    def whitened(self) -> Data:
        """A teacher whose noise is all that the inputs do not tell of its field."""
        if self.residual:
            raise ValueError("real labels are never separable: capacity and max_margin need teacher='sign' or p(u)")
        share = self.modes.explained / np.asarray(self.power)
        if np.all(share == 0) and self.rule.even:
            return RandomLabels()
        if isinstance(self.rule, Signs) and np.all(np.asarray(self.flips) == 0):
            noise = (self.unexplained + self.noise) / self.modes.explained
            return Teacher(noise=float(noise[0]) if np.size(noise) == 1 else noise)
        return Whitened(self.rule, share)

    def error_of(self, weights: np.ndarray, direction: np.ndarray | None) -> dict[str, float]:
        raise ValueError(ONLY)


ONLY = "the covariance of these inputs is known by its spectrum alone, and so are errors of weights"


def checked_labels(teacher: Any, noise: Any, flips: Any, deviation: float) -> tuple[Any, Any, Any]:
    """A teacher by name or as a function, with noise and flips that it can have."""
    noise = sized("noise", noise, low=0.0, least=0.0, most=1e100)
    flips = number("flips", flips, low=0.0, high=0.5)
    if isinstance(teacher, str):
        one_of("teacher", teacher, TEACHERS)
    elif callable(teacher) or isinstance(teacher, Chance):
        user = teacher.user if isinstance(teacher, Chance) else teacher
        teacher = Chance(user, deviation)
    else:
        raise ValueError(f"teacher must be 'sign', 'linear' or a function p(u), got {shown(teacher)}")
    if np.any(np.asarray(flips) > 0) and teacher != "sign":
        raise ValueError(f"flips turn the labels of teacher='sign', got teacher={teacher!r} with flips={flips}")
    if np.any(np.asarray(noise) > 0) and isinstance(teacher, Chance):
        raise ValueError(f"noise on a teacher p(u) belongs into p, got noise={noise}")
    return teacher, noise, flips
