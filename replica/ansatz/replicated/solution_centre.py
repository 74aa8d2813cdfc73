"""Saddle points of groups of replicas round a centre that is a solution; how they are averaged or found is not here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from replica.ansatz.replicated.equations import GroupProblem, Named, Point
from replica.ansatz.replicated.solution_centre_averages import Joint, JointSums, joint_patterns, joint_weights
from saddlepoint import POSITIVE, REAL, UNIT, Variable, Variables


@dataclass
class JointPoint(Point):
    """What both kinds of weights share; ``patterns`` are `JointSums`."""

    at: Joint
    patterns: JointSums

    def entropic(self) -> np.ndarray:
        """The part of F without patterns."""
        raise TypeError("a point must define entropic")

    def free_entropy(self) -> np.ndarray:
        return (self.entropic() + self.alpha * self.patterns.log_mass) / self.power

    def entropy(self) -> np.ndarray:
        raise TypeError("a point must define entropy")

    def complexity(self) -> np.ndarray:
        return self.power * (self.free_entropy() - self.entropy())

    def common(self) -> Named:
        phi, inner = self.free_entropy(), self.entropy()
        seen = {"free_entropy": phi, "entropy": inner, "complexity": self.power * (phi - inner)}
        overlaps = {"q": self.at.centre, "s": self.at.s, "q0": self.at.q0, "q1": self.at.q1}
        return seen | overlaps | {"parisi": self.power, "slope": self.slope()}

    def moduli(self) -> np.ndarray:
        return (np.abs(self.entropic()) + self.alpha * np.abs(self.patterns.log_mass) + 1.0) / self.power


@dataclass
class BinaryJointPoint(JointPoint):
    r"""Binary weights: the conjugates are the unknowns, ``pull = t_hat - s_hat``.

    .. math:: F = -\tfrac{\hat q}{2}(1-q) - \tfrac y2 \hat q_1 (1-q_1) + \tfrac{y^2}{2}(q_0 \hat q_0 - q_1 \hat q_1)
              - y \hat t t + y \hat s s
              + E \ln \sum_{w} e^{w \tilde h} \langle (2\cosh(h + (\hat t - \hat s) w))^y \rangle
              + \alpha E \ln \langle \tilde Z Z^y \rangle
    """

    hats: Joint
    weights: JointSums

    @cached_property
    def t_hat(self) -> np.ndarray:
        return self.hats.t + self.hats.s

    def equations(self) -> list[np.ndarray]:
        alpha, hats, seen = self.alpha, self.hats, self.patterns
        return [
            np.log(alpha * seen.cc / hats.centre),
            (alpha * seen.cr - hats.s) / np.sqrt(hats.centre * hats.q0),
            np.log(alpha * seen.rr / hats.q0),
            np.log(alpha * (seen.inner - seen.rr) / hats.gap),
            (self.weights.along - self.at.t) / (1.0 - self.at.t),
        ]

    def entropic(self) -> np.ndarray:
        hats, at, y = self.hats, self.at, self.power
        found = -0.5 * hats.centre * (1.0 - at.centre) - 0.5 * y * hats.q1 * (1.0 - at.q1)
        found = found + 0.5 * y**2 * (at.q0 * hats.q0 - at.q1 * hats.q1)
        return found - y * self.t_hat * at.t + y * hats.s * at.s + self.weights.log_mass

    def entropy(self) -> np.ndarray:
        hats, at, y = self.hats, self.at, self.power
        found = -0.5 * hats.q1 * (1.0 - at.q1) + y * (at.q0 * hats.q0 - at.q1 * hats.q1)
        found = found - self.t_hat * at.t + hats.s * at.s
        return found + self.weights.single + self.alpha * self.patterns.single

    def slope(self) -> np.ndarray:
        return 2.0 * (self.t_hat - self.alpha * self.patterns.along)

    def measured(self) -> Named:
        hats = {"q_hat": self.hats.centre, "s_hat": self.hats.s, "t_hat": self.t_hat}
        return hats | {"q0_hat": self.hats.q0, "q1_hat": self.hats.q1} | self.common()


class BinaryJoint(GroupProblem):
    """Binary weights round a solution; ``cross = s_hat/sqrt(q_hat q0_hat)``, ``reach = y (q1_hat - q0_hat)``."""

    own = Variables(
        Variable("q_hat", POSITIVE),
        Variable("cross", REAL),
        Variable("q0_hat", POSITIVE),
        Variable("reach", POSITIVE),
        Variable("pull", REAL),
    )

    def averages(self, values: Named, power: np.ndarray, whole: bool) -> BinaryJointPoint:
        cross = values["cross"] * np.sqrt(values["q_hat"] * values["q0_hat"])
        one = values["q0_hat"] + values["reach"] / power
        hats = Joint(values["q_hat"], values["pull"], cross, values["q0_hat"], one)
        sums = joint_weights(hats, power, self.level)
        at = Joint(sums.cc, 1.0 - 2.0 * self.groups.distance, sums.cr, sums.rr, sums.inner)
        # the given overlap with the centre is that of the weights at the solution: the overlaps stay those of vectors
        patterns = joint_patterns(self.groups.model, at._replace(t=sums.along), power, self.level)
        return BinaryJointPoint(self.groups, power, patterns, at, hats, sums)


@dataclass
class SphericalJointPoint(JointPoint):
    r"""Spherical weights: ``(1/2)[(y-1) ln(1-q1) + ln det D + tr D^{-1} Q0]``, D of centre and sum of replicas."""

    @cached_property
    def parts(self) -> tuple[np.ndarray, ...]:
        at, y = self.at, self.power
        a, b, c = 1.0 - at.centre, at.t - at.s, 1.0 - at.q1 + y * at.gap
        return a, b, c, a * c - y * b**2, c * at.centre - 2.0 * y * b * at.s + a * y * at.q0

    def entropic(self) -> np.ndarray:
        *_, det, trace = self.parts
        return 0.5 * ((self.power - 1.0) * np.log1p(-self.at.q1) + np.log(det) + trace / det)

    def entropy(self) -> np.ndarray:
        at = self.at
        a, b, _, det, trace = self.parts
        d_det = a * at.gap - b**2
        d_trace = at.gap * at.centre - 2.0 * b * at.s + a * at.q0
        found = np.log1p(-at.q1) + d_det / det + d_trace / det - trace * d_det / det**2
        return 0.5 * found + self.alpha * self.patterns.single

    def _gradient(self, det: np.ndarray, trace: np.ndarray) -> np.ndarray:
        """Derivative of ``ln det D + tr`` from those of det and trace."""
        *_, whole, sum_ = self.parts
        return det / whole + trace / whole - sum_ * det / whole**2

    def equations(self) -> list[np.ndarray]:
        at, y, alpha, seen = self.at, self.power, self.alpha, self.patterns
        a, b, c, det, trace = self.parts
        own = self._gradient(-c, c - y * at.q0)
        cross = self._gradient(2.0 * y * b, 2.0 * y * (at.s - b)) / y
        between = self._gradient(-a * y, y * (a - at.centre)) / y**2
        within = -1.0 / (1.0 - at.q1) + (a + at.centre) / det - trace * a / det**2
        return [
            alpha * seen.cc - own,
            2.0 * alpha * seen.cr - cross,
            alpha * seen.rr - between,
            alpha * (seen.inner - seen.rr) * y + within + y * between,
        ]

    def slope(self) -> np.ndarray:
        at, y = self.at, self.power
        _, b, *_ = self.parts
        return -self._gradient(-2.0 * y * b, -2.0 * y * at.s) / y - 2.0 * self.alpha * self.patterns.along

    def measured(self) -> Named:
        return self.common()


class SphericalJoint(GroupProblem):
    """Spherical weights round a solution: ``ratio = q0/q1``."""

    own = Variables(Variable("q", UNIT), Variable("s", REAL), Variable("ratio", UNIT), Variable("q1", UNIT))

    def averages(self, values: Named, power: np.ndarray, whole: bool) -> SphericalJointPoint:
        t = 1.0 - 2.0 * self.groups.distance
        at = Joint(values["q"], t, values["s"], values["ratio"] * values["q1"], values["q1"])
        patterns = joint_patterns(self.groups.model, at, power, self.level)
        return SphericalJointPoint(self.groups, power, patterns, at)
