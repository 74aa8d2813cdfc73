"""Units do not matter: letters and margins times c, priors of any variance, very large and very small margins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import log_ndtr, ndtr

import replica
from replica.losses import Band, ErrorCount, Hinge, Logistic, Loss, OutsideBand

SCALES = (1e-6, 1e-3, 530.0, 1e6)
LETTERS = np.array([-1.3, -0.2, 0.4, 1.9])


@dataclass(frozen=True)
class Soft(Loss):
    """A smooth cost of one's own, with a width."""

    width: float = 1.0

    def cost(self, u: np.ndarray) -> np.ndarray:
        return 0.5 - 0.5 * np.tanh(u / self.width)

    def kinks(self) -> tuple[float, ...]:
        return ()


def scaled(name: str, c: float) -> dict[str, object]:
    """A loss of fields c times as large with the same cost."""
    return {
        "margin": {"loss": replica.Margin(0.3 * c)},
        "errors": {"loss": ErrorCount(0.3 * c), "beta": 1.7},
        "outside": {"loss": OutsideBand(0.9 * c)},
        "band": {"loss": Band(0.7 * c)},
        "hinge": {"loss": Hinge(0.7 * c), "beta": 1.3 / c},
        "logistic": {"loss": Logistic(1.5 / c), "beta": 1.3 / c},
        "soft": {"loss": Soft(c), "beta": 2.0},
    }[name]


NAMES = ("margin", "errors", "hinge", "logistic", "soft")


@pytest.mark.parametrize(
    ("name", "labels"),
    [(name, "random") for name in (*NAMES, "outside", "band")] + [(name, "teacher") for name in NAMES],
)
def test_solutions_of_letters_of_any_scale(name: str, labels: str) -> None:
    def solve(c: float) -> replica.Solution:
        weights = replica.Discrete(tuple(c * LETTERS))
        return replica.solve(replica.perceptron(weights, labels=labels, **scaled(name, c)), alpha=0.3)

    one = solve(1.0)
    for c in SCALES:
        other = solve(c)
        assert other["q"] / c**2 == pytest.approx(one["q"], rel=1e-12)
        assert other.entropy == pytest.approx(one.entropy, abs=1e-12)
        assert other["stability"] == pytest.approx(one["stability"], abs=1e-11)


@pytest.mark.parametrize(
    "verb", [replica.capacity, replica.at_line, pytest.param(replica.spinodal, marks=pytest.mark.bench)]
)
def test_thresholds_of_letters_of_any_scale(verb: object) -> None:
    one, *others = (
        verb(replica.perceptron(replica.Discrete((-c, 0.0, 2 * c)), margin=0.3 * c)).value for c in (1.0, 1e-6, 3e5)
    )
    assert others == pytest.approx([one] * 2, rel=1e-12)


@pytest.mark.bench
def test_largest_margins_are_in_units_of_the_letters() -> None:
    one, small = (replica.max_margin(replica.perceptron(replica.Discrete((-c, 2 * c))), alpha=0.4) for c in (1.0, 1e-5))
    assert small / 1e-5 == pytest.approx(one, rel=1e-11)


def test_gaussian_weights_of_any_prior_variance() -> None:
    def solve(c: float) -> replica.Solution:
        model = replica.perceptron(replica.Gaussian(1 / c), loss=ErrorCount(0.4 * c**0.5), beta=1.0, labels="teacher")
        return replica.solve(model, alpha=0.3)

    one = solve(1.0)
    for c in (1e-6, 1e-2, 1e3, 1e7):
        other = solve(c)
        assert other["q"] / c == pytest.approx(one["q"], rel=1e-12)
        assert other.free_entropy == pytest.approx(one.free_entropy, rel=1e-12)


@pytest.mark.parametrize("margin", [20.0, 47.0, 60.0, 100.0, 2e3, 1e6])
def test_capacity_of_binary_weights_at_large_margins(margin: float) -> None:
    """Near ``q = 1`` the load is ``2/(pi E(kappa-z)^2)``, below which the entropy vanishes by a few parts of it."""
    found = replica.capacity(replica.perceptron("binary", margin=margin))
    assert found.converged and 0 <= found.error < 1e-12 * found.value
    end = 2 / np.pi / (1 + margin**2)
    assert 0 <= end - found.value + found.error < 2 / margin**2 * end


def test_capacity_at_a_large_margin_against_another_quadrature() -> None:
    kappa, z = 100.0, np.linspace(-12, 12, 4001)
    w = (z[1] - z[0]) * np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)

    def entropy(log_q_hat: float) -> tuple[float, float]:
        q_hat = np.exp(log_q_hat)
        t = np.linspace(-12, 12, 400_001)
        dt = (t[1] - t[0]) * np.exp(-0.5 * t**2) / np.sqrt(2 * np.pi)
        gap = float(dt @ np.cosh(np.clip(q_hat**0.5 * t, -300, 300)) ** -2.0)
        x = (kappa + np.sqrt(1 - gap) * z) / gap**0.5
        hazard = np.exp(-0.5 * x**2 - 0.5 * np.log(2 * np.pi) - log_ndtr(-x))
        alpha = q_hat * gap / float(w @ hazard**2)
        bulk = float(dt @ (np.abs(q_hat**0.5 * t) + np.log1p(np.exp(-2 * np.abs(q_hat**0.5 * t)))))
        return -q_hat * gap / 2 + bulk + alpha * float(w @ log_ndtr(-x)), alpha

    place = brentq(lambda x: entropy(x)[0], 11.0, 17.0, xtol=1e-10)
    found = replica.capacity(replica.perceptron("binary", margin=kappa))
    assert found.value == pytest.approx(entropy(place)[1], rel=1e-9)


def test_largest_margin_of_few_patterns() -> None:
    found = replica.max_margin(replica.perceptron("binary"), alpha=1e-8)
    assert replica.capacity(replica.perceptron("binary", margin=found.value)).value == pytest.approx(1e-8, rel=1e-10)


@pytest.mark.parametrize("weights", ["binary", "ternary", "spherical", replica.Discrete((-0.01, 0.0, 0.02))])
@pytest.mark.parametrize("labels", ["random", "teacher"])
@pytest.mark.parametrize("margin", [-38.5, -1e4])
def test_patterns_that_every_weight_satisfies(weights: object, labels: str, margin: float) -> None:
    solution = replica.solve(replica.perceptron(weights, margin=margin, labels=labels), alpha=0.5)
    letters = solution.model.weights.letters
    free = 0.0 if weights == "spherical" else np.log(2.0 if weights == "binary" else len(letters))
    mean = 0.0 if isinstance(weights, str) else np.mean(letters)
    assert solution.entropy == pytest.approx(free, abs=1e-14)
    assert solution["q"] == pytest.approx(mean**2, rel=1e-12)


def test_patterns_that_hardly_any_weight_satisfies() -> None:
    """Every pattern violated: the free entropy is that without patterns less ``alpha beta``; the first order of q."""
    weights = replica.Discrete((-0.01, 0.0, 0.02))
    solution = replica.solve(replica.perceptron(weights, loss=ErrorCount(0.3), beta=0.0238), alpha=0.067)
    assert solution.free_entropy == pytest.approx(np.log(3.0) - 0.067 * 0.0238, abs=1e-15)
    tight = replica.perceptron(replica.Gaussian(3288.83), loss=ErrorCount(0.3), beta=2653.66, labels="teacher")
    assert replica.solve(tight, alpha=0.00186).free_entropy == pytest.approx(-0.00186 * 2653.66, rel=1e-12)
    low = replica.solve(replica.perceptron("binary", loss=ErrorCount(-9.0), beta=1.0), alpha=0.5)
    density = np.exp(-40.5) / np.sqrt(2 * np.pi) * (1 - np.exp(-1.0))
    assert low["q"] == pytest.approx(0.5 * (density / (1 - (1 - np.exp(-1.0)) * ndtr(-9.0))) ** 2, rel=1e-10)


@dataclass(frozen=True)
class Box(replica.weights.Weights):
    """Weights of one's own: uniform in [-1, 1], neither counted nor on a sphere."""

    norm: ClassVar[object] = replica.weights.base.Free()

    def log_z(
        self, field: np.ndarray, curvature: np.ndarray, beta: object
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        w, c = np.polynomial.legendre.leggauss(60)
        mass = field[..., None] * w - 0.5 * np.reshape(curvature, (-1, 1, 1)) * w**2
        top = mass.max(axis=-1, keepdims=True)
        weight = 0.5 * c * np.exp(mass - top)
        total = weight.sum(axis=-1)
        mean = (weight * w).sum(axis=-1) / total
        return np.log(total) + top[..., 0], mean, (weight * (w - mean[..., None]) ** 2).sum(axis=-1) / total

    def initial_norm(self, beta: object) -> float:
        return 1.0 / 3.0


def test_a_volume_has_no_zero_entropy_that_means_capacity() -> None:
    model = replica.perceptron(Box())
    assert replica.solve(model, alpha=0.3).converged
    for verb in (replica.capacity, lambda m: replica.max_margin(m, alpha=0.5)):
        with pytest.raises(ValueError, match="counted weights"):
            verb(model)
