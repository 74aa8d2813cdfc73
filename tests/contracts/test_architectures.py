r"""Every architecture with Gaussian fields against its activation alone: kernels, potentials, replicons.

``k(q) = E[g(x)g(y)] - (E g)^2`` is integrated here in two dimensions from g; the potential then is that of the
perceptron with ``k`` in its average over patterns, differentiated by differences.
"""

from __future__ import annotations

from functools import cache

import mpmath
import numpy as np
import pytest

import replica
from replica.architectures import Activation, Architecture
from replica.architectures.activations import Custom
from replica.data import Overlaps
from tests.contracts.members import examples, plain_entropic, plain_terms, trapezoid

STEP = 2e-3
NODE, WEIGHT = np.polynomial.legendre.leggauss(16)
STEPS = np.array([0.0, 0.003, 0.01, 0.03, 0.1, 0.3, 0.8, 1.6, 2.6, 4.0, 5.5, 7.5, 10.0])


def clipped(x: np.ndarray) -> np.ndarray:
    return np.clip(x, -0.4, 0.9)


ACTIVATIONS = [*examples(Activation), Custom(clipped)]
NETWORKS = [network for network in examples(Architecture) if network.few is None]
NETWORKS += [replica.TreeCommittee(np.inf, clipped)]
KINKS = {"Custom": (-0.4, 0.9)}


def kinks_of(activation: Activation) -> tuple[float, ...]:
    return KINKS.get(type(activation).__name__, (0.0,))


def nodes(breaks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gauss-Legendre panels graded towards each of the breaks (rows, K), with the Gaussian weight."""
    shifts = np.concatenate([-STEPS, STEPS])
    edges = (breaks[:, :, None] + shifts).reshape(len(breaks), -1)
    edges = np.sort(np.clip(np.concatenate([edges, np.tile(shifts, (len(breaks), 1))], axis=1), -10.0, 10.0), axis=1)
    half, middle = np.diff(edges)[:, :, None] / 2, (edges[:, 1:, None] + edges[:, :-1, None]) / 2
    z = (middle + half * NODE).reshape(len(breaks), -1)
    return z, (half * WEIGHT).reshape(len(breaks), -1) * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)


def plain_kernel(activation: Activation, q: float, norm: float) -> float:
    """The covariance of the outputs of one unit in two replicas, from the function alone."""
    kinks = np.array(kinks_of(activation)) / np.sqrt(norm)
    slant, rest = q / norm, np.sqrt(1 - (q / norm) ** 2)
    a, outer = nodes(kinks[None, :])
    g = activation.function(np.sqrt(norm) * a[0])
    b, inner = nodes((kinks[None, :] - slant * a[0][:, None]) / rest)
    other = (inner * activation.function(np.sqrt(norm) * (slant * a[0][:, None] + rest * b))).sum(axis=1)
    return float(outer[0] @ (g * other) - (outer[0] @ g) ** 2)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
@pytest.mark.parametrize("norm", [1.0, 0.6])
def test_kernel_is_the_covariance_of_the_outputs(activation: Activation, norm: float) -> None:
    if norm != 1.0 and activation.rounding > 0:
        with pytest.raises(ValueError, match="held norm"):
            activation.kernel(np.array([0.3]), np.array([0.3]))
        return
    q = np.array([0.0, 0.35, 0.9]) * norm
    found = activation.kernel(q, norm - q)
    plain = np.array([plain_kernel(activation, x, norm) for x in q])
    assert found.value == pytest.approx(plain, abs=2e-13 * norm)
    x, weight = nodes(np.array([kinks_of(activation)]) / np.sqrt(norm))
    g = activation.function(np.sqrt(norm) * x[0])
    total = weight[0] @ g**2 - (weight[0] @ g) ** 2
    assert found.value + found.rest == pytest.approx(np.full(3, total), abs=2e-13 * norm)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_slopes_are_the_differences_of_the_kernel(activation: Activation) -> None:
    """In q, in Q, and in both together; at the precision of central differences."""
    q, rest, h = 0.4, 0.6, 1e-4

    def at(dq: float, dv: float) -> tuple[np.ndarray, ...]:
        return activation.kernel(np.array([q + dq]), np.array([rest + dv]))

    here, tolerance = at(0.0, 0.0), {"rel": 2e-7, "abs": 1e-8}
    rises = {}
    for name, dq, dv in (("q", h, -h), ("Q", 0.0, h), ("both", h, 0.0)):
        if name == "q" or activation.rounding == 0:
            up, down = at(dq, dv), at(-dq, -dv)
            rises[name] = [(x - y) / (2 * h) for x, y in zip(up, down, strict=True)]
    assert here.slope == pytest.approx(rises["q"][0], **tolerance)
    assert here.bend == pytest.approx(rises["q"][2], **tolerance)
    if activation.rounding == 0:
        assert here.norm == pytest.approx(rises["Q"][0] + rises["Q"][1], **tolerance)
        assert here.shift == pytest.approx(rises["both"][0], **tolerance)


@pytest.mark.parametrize("activation", examples(Activation), ids=str)
def test_kernel_keeps_its_digits_at_both_ends(activation: Activation) -> None:
    """Against the same formulas at 19 digits: nothing cancels as q -> 0 or q -> 1."""
    mp = mpmath.mp.clone()
    mp.dps = 19
    for variance in (1.0 - 1e-9, 1e-7, 1e-13):
        q = 1.0 - variance if variance < 0.5 else 1e-9
        found = activation.kernel(np.array([q]), np.array([variance]))
        exact = activation.kernel(mp.mpf(q), mp.mpf(variance))
        for value, digits in zip(found, exact, strict=True):
            assert float(value[0]) == pytest.approx(float(digits), rel=2e-14, abs=1e-16)


def test_a_function_is_as_good_as_a_member() -> None:
    """Capacities, overlaps and stabilities of built-in activations from their plain functions."""
    for name, function in (("relu", lambda x: np.maximum(x, 0)), ("sign", np.sign), ("tanh", np.tanh)):
        for weights in ("binary", "spherical"):
            known = replica.committee(activation=name, weights=weights)
            own = replica.committee(activation=function, weights=weights)
            expected, found = (replica.solve(model, alpha=0.7) for model in (known, own))
            for number in ("q", "free_entropy", "stability"):
                gap = abs(found[number] - expected[number])
                assert gap <= found.errors[number] + expected.errors[number], (name, weights, number)
                assert gap < 1e-9
            assert replica.at_line(own).value == pytest.approx(replica.at_line(known).value, rel=1e-10)
            for threshold in (replica.capacity(own), replica.capacity(known)):
                assert threshold.converged or "no finite capacity" in threshold.status


class Potential:
    """The RS potential of a solved committee in independent variables."""

    def __init__(self, solution: replica.Solution) -> None:
        self.model, self.alpha = solution.model, solution.alpha
        self.law = self.model.data.law(self.model.weights)
        found = solution.order_parameters
        self.point = {name: found[name] for name in ("q", "q_hat", "m", "m_hat") if name in found}
        self.fixed = {"Q": 1.0, "A": 1.0 / found["V"]}
        if "Q" in found:
            self.fixed, self.point = {}, self.point | {"Q": found["Q"], "A": found["q_hat"] + found["Q_hat"]}
        self.kernel = cache(self._kernel)

    def _kernel(self, q: float, norm: float) -> float:
        activation = getattr(self.model.architecture, "activation", None)
        return q if activation is None else plain_kernel(activation, q, norm)

    def _total(self, norm: float) -> float:
        activation = getattr(self.model.architecture, "activation", None)
        if activation is None:
            return norm
        x, weight = nodes(np.array([kinks_of(activation)]) / np.sqrt(norm))
        g = activation.function(np.sqrt(norm) * x[0])
        return float(weight[0] @ g**2 - (weight[0] @ g) ** 2)

    def __call__(self, **changed: float) -> float:
        v = {"m": 0.0, "m_hat": 0.0} | self.fixed | self.point | changed
        gauge = 0.0 if self.model.weights.discrete and self.fixed else v["A"]
        own = plain_entropic(
            self.model.weights, self.model.beta, v["q"], v["Q"], v["m"], v["q_hat"], gauge, v["m_hat"], self.law
        )
        field, total = max(self.kernel(v["q"], v["Q"]), 0.0), self._total(v["Q"])
        z, chance = trapezoid(0.05)
        if self.law is not None:
            taught = self.kernel(v["m"], v["Q"]) / np.sqrt(self._total(1.0))
            from scipy.special import ndtr

            chance = chance * 2 * ndtr(taught * z / np.sqrt(max(field - taught**2, 1e-30)))
        log_z = plain_terms(self.model.loss, np.sqrt(field) * z, total - field, self.model.beta)[0]
        return own + self.alpha * float(chance @ log_z)

    def slope(self, name: str) -> float:
        size = max(abs(self.point[name]), 1e-2)
        wide, narrow = (
            (self(**{name: self.point[name] + s * size}) - self(**{name: self.point[name] - s * size})) / (2 * s)
            for s in (STEP, STEP / 2)
        )
        return (4 * narrow - wide) / 3


def solvable(network: Architecture, weights: str, labels: str) -> bool:
    """Functions and teachers of committees need a held norm."""
    return weights != "ternary" or network.linear or (labels == "random" and network.rounding == 0)


@pytest.mark.parametrize("labels", ["random", "teacher"])
@pytest.mark.parametrize("weights", ["binary", "spherical", "ternary"])
@pytest.mark.parametrize("network", NETWORKS, ids=str)
def test_solution_is_a_stationary_point_of_the_independent_potential(
    network: Architecture, weights: str, labels: str
) -> None:
    model = replica.Model(weights=weights, loss=replica.Margin(0.2), architecture=network, data=labels)
    if not solvable(network, weights, labels):
        with pytest.raises(ValueError, match="held norm"):
            replica.solve(model, alpha=0.5)
        return
    solution = replica.solve(model, alpha=0.5, on_failure="keep")
    assert solution.converged, solution.status
    potential = Potential(solution)
    assert potential() == pytest.approx(solution.free_entropy, abs=1e-11)
    if solution["q"] < 1e-12:
        assert network.even
        return
    slopes = {name: potential.slope(name) for name in potential.point}
    assert max(map(abs, slopes.values())) < 2e-9, slopes


@pytest.mark.parametrize("network", [n for n in NETWORKS if not n.even], ids=str)
def test_stability_is_one_minus_the_slope_of_the_two_replica_map(network: Architecture) -> None:
    """Two replicas with overlap c in one sample: ``q_hat = alpha k'(c) E f f``; the term in k'' comes with it."""
    model = replica.Model(weights="spherical", loss=replica.Margin(0.3), architecture=network)
    solution = replica.solve(model, alpha=0.6)
    q, spread = solution["q"], solution["V"]
    z, chance = trapezoid(0.06)

    def fields(c: float) -> tuple[float, float, float]:
        overlaps = Overlaps(np.array([c]), np.array([1.0 - c]), np.zeros(1), np.array([c]))
        found, slopes = network.field_overlaps(overlaps)
        return float(found.q[0]), float(found.variance[0]), float(np.ravel(slopes.q)[0])

    total, uncertainty, _ = fields(q)

    def back(c: float) -> float:
        shared, _, slope = fields(c)
        field = np.sqrt(shared) * z[:, None] + np.sqrt(max(total - shared, 0.0)) * z[None, :]
        force = model.loss.terms(field, np.full(len(field), uncertainty), np.inf)[1]
        return solution.alpha * slope * float(chance @ (force @ chance) ** 2) * spread**2

    assert back(q) == pytest.approx(q, rel=1e-9)
    step = 5e-4 * q
    slopes = [(q - back(q - step * part)) / (step * part) for part in (1.0, 0.5, 0.25)]
    once = [2 * slopes[1] - slopes[0], 2 * slopes[2] - slopes[1]]
    assert replica.stability(solution) == pytest.approx(1.0 - (4 * once[1] - once[0]) / 3, abs=2e-6)
