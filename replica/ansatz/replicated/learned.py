"""Real replicas on the sphere in classes of patterns with a direction to be learned: saddle point and start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from replica.ansatz.coverage import HARD_OR_WARM, NOTHING_TUNED, PERCEPTRON, SPHERE, TWO_CLUSTERS
from replica.ansatz.replicated.equations import GroupProblem, Groups, Named
from replica.ansatz.replicated.patterns import GroupPatterns, group_patterns
from replica.ansatz.replicated.solver import GroupLedger
from replica.ansatz.replicated.spherical import SphericalPoint
from replica.ansatz.rs.ansatz import RS
from replica.data import Channel, Overlaps, over_classes
from replica.models.model import Model
from saddlepoint import REAL, Variable, Variables


@dataclass
class ClassesPoint(SphericalPoint):
    """With the overlap m, of which ``q0 = m^2 + across``, and the bias; ``lever`` is ``E[label <f>]``."""

    m: np.ndarray
    bias: np.ndarray
    across: np.ndarray
    lever: np.ndarray

    def equations(self) -> list[np.ndarray]:
        seen, alpha = self.patterns, self.alpha
        found = [np.log(alpha * seen.common * self.c**2 / self.across), alpha * seen.force * self.c - self.m]
        return found + ([self.lever] if self.groups.model.data.trained else [])

    def free_entropy(self) -> np.ndarray:
        y = self.power
        phi = 0.5 * ((1.0 - 1.0 / y) * np.log(self.apart) + np.log(self.c) / y + self.across / self.c)
        return phi + self.alpha * self.patterns.mean

    def complexity(self) -> np.ndarray:
        y, c = self.power, self.c
        found = np.log(c / self.apart) - y * self.gap / c + y**2 * self.across * self.gap / c**2
        return 0.5 * found - self.alpha * self.patterns.relative

    def measured(self) -> Named:
        data = self.groups.model.learned({"bias": self.bias}).data
        one = data.generalization(Overlaps(self.q0, 1.0 - self.q0, self.m, self.across))
        mean = data.generalization(Overlaps(self.q0, self.own / self.power - self.q0, self.m, self.across))
        found = {"q0": self.q0, "q1": self.q1, "m": self.m, "bias": self.bias, **self.common()}
        found["generalization_error"] = one["generalization_error"]
        return found | {"generalization_error_centre": mean["generalization_error"]}


class Classes(GroupProblem):
    """``odds`` of what is not m^2 in q0 against ``q1 - q0``, ``m = sqrt(q1) tanh(turn)``."""

    own = Variables(Variable("odds", REAL), Variable("turn", REAL))

    def averages(self, values: Named, power: np.ndarray, whole: bool) -> ClassesPoint:
        groups, q1 = self.groups, self.groups.q1
        m = np.sqrt(q1) * np.tanh(values["turn"])
        room = q1 / np.cosh(values["turn"]) ** 2
        across, gap = room / (1.0 + np.exp(-values["odds"])), room / (1.0 + np.exp(values["odds"]))
        bias = values.get("bias", groups.model.data.reported(self.size)["bias"])
        data, rest = groups.model.learned({"bias": bias}).data, groups.apart
        q0 = m * m + across

        def of_class(channel: Channel) -> tuple[GroupPatterns, Any]:
            gain, loss, beta = channel.gain, groups.model.loss, groups.model.beta
            own = gain * q0, gain * gap, gain * rest
            part = group_patterns(loss, beta, *own, power, self.level, mean=channel.mean, whole=whole)
            scaled = part._replace(common=gain * part.common, spread=gain * part.spread)
            return scaled, (channel.levers or {})["bias"] * cast(np.ndarray, part.force)

        sums, lever = over_classes(data.channels(Overlaps(q0, rest, m, across)), of_class)
        apart, none = rest, np.zeros(self.size)  # replicas without a centre
        return ClassesPoint(groups, power, sums, q0, q1, gap, apart, none, m, bias, across, lever)


class BiasedClasses(Classes):
    """The bias is learned too."""

    own = Variables(*Classes.own, Variable("bias", REAL))


#: weights of norm 1 on the sphere, in classes of patterns
CLASSES = (TWO_CLUSTERS, SPHERE, PERCEPTRON, NOTHING_TUNED, HARD_OR_WARM)


def class_replicas(
    model: Model, alpha: np.ndarray, power: float, q1: np.ndarray, tolerance: float, apart: np.ndarray | None = None
) -> GroupLedger:
    """``power`` real replicas at mutual overlap ``q1 = 1 - apart`` (batch,), from the replica-symmetric solution."""
    found = RS().solve(model, alpha)
    groups = Groups(model, alpha, np.full(alpha.size, power), q1, apart=apart)
    ledger, q, m = GroupLedger(groups, tolerance), found.value("q"), found.value("m")
    lost, below = np.flatnonzero(~found.converged), np.flatnonzero(q1 <= q)
    ledger.refuse(lost, "")  # the ledger says why
    above = "q1 = {:g} is not above the replica-symmetric overlap {:.6g}"
    ledger.refuse(below, [above.format(q1[row], q[row]) for row in below])
    rows = ledger.rows
    q, m, at = q[rows], m[rows], q1[rows]
    start = [np.log((q - m**2) / (at - q)), np.arctanh(m / np.sqrt(at))]
    kind: type[Classes] = BiasedClasses if model.data.trained else Classes
    start += [found.value("bias")[rows]] if model.data.trained else []
    ledger.settle(rows, kind(groups.take(rows)), np.stack(start, axis=1))
    return ledger
