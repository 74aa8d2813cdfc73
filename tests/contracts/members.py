"""Every registered member with its examples, and plain quadratures that share no code with the library; no
tests here.
"""

from __future__ import annotations

import itertools
from functools import cache
from typing import Any

import numpy as np
from scipy import optimize, special

import replica
from replica.data import Data
from replica.losses import Loss
from replica.weights import Weights
from replica.weights.base import Average, Free, Pinned

FAR = 9.5


def examples(root: type) -> list[Any]:
    """The examples of all members registered by the package itself, in the order of registration."""
    return [example for member in root.registry.values() for example in member.examples()]


#: what the examples leave out: alphabets of five letters, without symmetry, with 0 at the edge; weights of one sign
MORE_WEIGHTS = [
    replica.Discrete((-2.0, -1.0, 0.0, 1.0, 2.0)),
    replica.Discrete((-1.0, 0.5, 2.0)),
    replica.Discrete((0.0, 1.0)),
    replica.NonNegative(),
]
WEIGHTS = [*examples(Weights), *MORE_WEIGHTS]
LOSSES = examples(Loss)
#: shares of labels, with a threshold that is learned, held and none
CODINGS = [replica.RandomLabels(coding=0.3), replica.RandomLabels(bias=0.4), replica.RandomLabels(0.2, bias=False)]
DATA = [*examples(Data), *CODINGS]


def temperatures(loss: Loss) -> tuple[float, ...]:
    """Inverse temperatures that make a difference: one is enough for a hard constraint."""
    return (np.inf,) if loss.hard else (0.3, 1.0, 4.0)


def temperatures_with_limit(loss: Loss) -> tuple[float, ...]:
    """The same and the zero-temperature limit, where the stabilities of zero cost have a volume."""
    free = loss.boltzmann(np.linspace(-5.05, 5.05, 400)[None, :], np.inf).any()
    return (*temperatures(loss), np.inf) if free and not loss.hard else temperatures(loss)


LOSSES_AT_BETA = [(loss, beta) for loss in LOSSES for beta in temperatures(loss)]
LOSSES_AT_ANY_BETA = [(loss, beta) for loss in LOSSES for beta in temperatures_with_limit(loss)]


def beta_for(weights: Weights, loss: Loss) -> float:
    """A temperature at which the pair has a free entropy: cold where it may be."""
    penalised = isinstance(weights.norm, Free) and not weights.discrete
    return 1.0 if penalised or not loss.hard else np.inf


def sparing(weights: Weights, loss: Loss) -> bool:
    """One set of weights is enough for a loss whose every node is an integral of its own."""
    return type(loss).inner_features is Loss.inner_features or weights.name == "spherical"


def combinations(weights: list[Weights], losses: list[Loss]) -> list[tuple[Weights, Loss, Data]]:
    """Every pair of members meets: all weights and losses with the first data, a third or less with each other."""
    thin = {id(data): 19 if data in CODINGS else 9 if data.separable else 3 for data in DATA}
    return [
        (one, loss, data)
        for (i, one), (j, loss), (k, data) in itertools.product(enumerate(weights), enumerate(losses), enumerate(DATA))
        if sparing(one, loss) and (k == 0 or (i + j + k) % thin[id(data)] == 0)
    ]


def models() -> list[replica.Model]:
    """Models of registered weights, losses and data, at a temperature at which they can be solved."""
    return [
        replica.Model(weights=weights, loss=loss, data=data, beta=beta_for(weights, loss))
        for weights, loss, data in combinations(WEIGHTS, LOSSES)
    ]


def name_of(value: Any) -> str:
    """A readable test id."""
    if isinstance(value, replica.Model):
        return f"{value.weights}-{value.loss}-{value.data}-beta{value.beta:g}".replace(" ", "")
    return str(value).replace(" ", "")


@cache
def letters_of(weights: Weights) -> np.ndarray:
    """The alphabet, known from what the weights draw."""
    assert weights.discrete
    return np.unique(weights.sample(np.random.default_rng(7), 4000))


def plain_terms(loss: Loss, field: np.ndarray, variance: float, beta: float) -> tuple[np.ndarray, ...]:
    r"""``ln Z`` and its first two field derivatives by Gauss-Legendre panels over the stability, from the cost alone.

    The panels are at most as wide as the fluctuation around the field and are graded towards each kink, so that both
    the bulk and a far allowed region are resolved; derivatives are Gaussian moments of the shift ``u - h``. Behind them
    come the thermal means of the cost and of the error.
    """
    node, weight = np.polynomial.legendre.leggauss(10)
    deviation = np.sqrt(variance)
    h = np.ravel(np.asarray(field, dtype=float))[:, None]
    around = deviation * np.array([-12.0, *np.arange(-FAR, FAR + 0.1, 1.0), 12.0])
    steps = deviation * np.array([-3.0, -1.0, -0.3, -0.1, -0.02, 0.0, 0.02, 0.1, 0.3, 1.0, 3.0])
    fixed = np.concatenate([[0.0], *(kink + steps for kink in loss.kinks())])
    cold = beta if np.isfinite(beta) else 1.0
    scan = h + deviation * np.linspace(-FAR, FAR, 200)  # a steep cost carries the mode away from the field
    lowest = np.argmin(cold * loss.cost(scan) + (scan - h) ** 2 / (2 * variance), axis=1)
    mode = np.take_along_axis(scan, lowest[:, None], 1)
    shifted = mode + deviation / np.sqrt(1 + cold * variance) * np.arange(-FAR, FAR + 0.1, 1.0)
    edges = np.concatenate([h + around, h + steps, shifted, np.tile(fixed, (h.size, 1))], axis=1)
    edges = np.sort(edges, axis=1)
    half, middle = np.diff(edges)[:, :, None] / 2, (edges[:, 1:, None] + edges[:, :-1, None]) / 2
    u = (middle + half * node).reshape(h.size, -1)
    cost = np.asarray(loss.cost(u), dtype=float)
    with np.errstate(invalid="ignore"):
        action = np.where(cost == 0, 0.0, beta * cost)
    exponent = -action - (u - h) ** 2 / (2 * variance)
    top = exponent.max(axis=1, keepdims=True)
    mass = (half * weight).reshape(h.size, -1) * np.exp(exponent - top)
    total = mass.sum(axis=1, keepdims=True)
    mass /= total
    shift = (mass * (u - h)).sum(axis=1)
    square = (mass * (u - h - shift[:, None]) ** 2).sum(axis=1)
    log_z = (np.log(total) + top)[:, 0] - 0.5 * np.log(2 * np.pi * variance)
    wrong = (mass * loss.violated(u)).sum(axis=1)
    energy = (mass * np.where(mass > 0, cost, 0.0)).sum(axis=1)
    rows = log_z, shift / variance, (square / variance - 1) / variance, energy, wrong
    return tuple(row.reshape(np.shape(field)) for row in rows)


def trapezoid(deviation: float = 0.025) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of the Gaussian measure: the trapezoidal rule converges exponentially for analytic
    integrands.
    """
    z = np.arange(-FAR, FAR + deviation / 2, deviation)
    weight = np.exp(-(z**2) / 2)
    return z, weight / weight.sum()


def plain_entropic(
    weights: Weights, beta: float, q: float, norm: float, m: float, q_hat: float, curvature: float, m_hat: float,
    teacher: replica.weights.Law | None,
) -> float:
    r"""``-q_hat (Q-q)/2 + A Q/2 - m_hat m + E ln sum_w exp(h w - A w^2/2)``, all six arguments independent.

    Sphere and +-1 weights: ``Q = 1``, and the multiplier ``A`` is one more variable (for +-1 a gauge).
    """
    z, chance = trapezoid()
    atom, probability = np.array(teacher_atoms(teacher)).T
    log_z = _plain_log_z(weights, m_hat * atom[:, None] + np.sqrt(q_hat) * z, curvature, beta)
    return -q_hat * (norm - q) / 2 + curvature * norm / 2 - m_hat * m + float(probability @ (log_z @ chance))


def plain_multiplier(weights: Weights, q_hat: float, m_hat: float, law: replica.weights.Law | None) -> float:
    """A that holds the norm on average: a gauge for weights +-1, closed on the sphere, a root for one sign."""
    if isinstance(weights.norm, Pinned):
        return 0.0
    if not isinstance(weights, replica.NonNegative):
        return 0.5 + np.sqrt(0.25 + q_hat + m_hat**2)  # 1/A + (q_hat + m_hat^2)/A^2 = 1
    z, chance = trapezoid()
    atom, probability = np.array(teacher_atoms(law)).T
    field = m_hat * atom[:, None] + np.sqrt(q_hat) * z

    def excess(log_a: float) -> float:
        a = np.exp(log_a)
        x = field / np.sqrt(a)
        mean = x + np.exp(-(x**2) / 2 - special.log_ndtr(x)) / np.sqrt(2 * np.pi)
        return float(probability @ ((1 + x * mean) / a @ chance)) - 1.0

    return float(np.exp(optimize.brentq(excess, -3.0, 12.0, xtol=1e-14)))


def teacher_atoms(teacher: replica.weights.Law | None) -> list[tuple[float, float]]:
    """Values and probabilities of one component of the teacher; a Gaussian one on the nodes of `trapezoid`."""
    if teacher is None:
        return [(0.0, 1.0)]
    if teacher.values is not None:
        return list(zip(teacher.values, teacher.probabilities, strict=True))
    return list(zip(*trapezoid(0.05), strict=True))


def _plain_log_z(weights: Weights, field: np.ndarray, curvature: float, beta: float) -> np.ndarray:
    if weights.discrete:
        w = letters_of(weights)
        return np.logaddexp.reduce([field * letter - curvature * letter**2 / 2 for letter in w])
    if isinstance(weights, replica.NonNegative):  # half of it
        x = field / np.sqrt(curvature)
        return x**2 / 2 + special.log_ndtr(x) - np.log(curvature) / 2 - 0.5
    if isinstance(weights.norm, Average):  # a Gaussian weight, relative to the volume (2 pi e)^(N/2) of the sphere
        return field**2 / (2 * curvature) - np.log(curvature) / 2 - 0.5
    prior = beta * weights.penalty
    stiffness = prior + curvature
    return field**2 / (2 * stiffness) + np.log(prior / stiffness) / 2


def plain_pattern(
    model: replica.Model, q: float, norm: float, m: float, bias: float = 0.0, step: float = 0.02
) -> tuple[float, float, float]:
    """``E ln Z``, the mean cost and the mean error over a pattern by the trapezoidal rule over the field."""
    z, chance = trapezoid(step)
    total = np.zeros(3)
    for weight, field, variance in _plain_fields(model.data, z, q, norm, m, bias):
        log_z, _, _, cost, wrong = plain_terms(model.loss, field, variance, model.beta)
        total += [float((chance * weight) @ part) for part in (log_z, cost, wrong)]
    return tuple(total.tolist())


def _plain_fields(
    data: Data, z: np.ndarray, q: float, norm: float, m: float, bias: float
) -> list[tuple[np.ndarray | float, np.ndarray, float]]:
    """Weight, field and its thermal variance for each class of patterns; written once more for each kind of data."""
    if isinstance(data, replica.GaussianMixture):
        return [
            (chance, m + sign * bias + np.sqrt(data.noise * q) * z, data.noise * (norm - q))
            for sign, chance in ((1, data.balance), (-1, 1 - data.balance))
        ]
    if data in CODINGS:
        chances = ((1, data.coding), (-1, 1 - data.coding))
        return [(chance, np.sqrt(q) * z - sign * bias, norm - q) for sign, chance in chances]
    if isinstance(data, replica.Teacher):
        return [(2 * special.ndtr(m * z / np.sqrt(q * (1 + data.noise) - m**2)), np.sqrt(q) * z, norm - q)]
    return [(1.0, np.sqrt(q) * z, norm - q)]


def held_norm(weights: Weights) -> bool:
    return isinstance(weights.norm, (Pinned, Average))
