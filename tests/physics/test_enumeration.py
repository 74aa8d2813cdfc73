"""All configurations of small systems counted one by one, without a replica formula, extrapolated in 1/N.

For an alphabet the sum over letters is exact for each sample of the patterns; what is left is the noise of the samples
(standard errors) and the approach to large N, which is fitted as ``a + b/N`` with those errors as weights.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest

import replica

BINARY, TERNARY, FIVE = (-1.0, 1.0), (-1.0, 0.0, 1.0), (-2.0, -1.0, 0.0, 1.0, 2.0)
#: letters -> sizes N and samples for each
SIZES = {
    BINARY: {8: 3000, 10: 2500, 12: 1500},
    TERNARY: {6: 4000, 8: 2000, 10: 60},
    FIVE: {4: 4000, 6: 1500, 8: 12},
}


def configurations(letters: tuple[float, ...], n: int) -> np.ndarray:
    """All ``len(letters)^n`` vectors, one per row."""
    return np.array(list(itertools.product(letters, repeat=n)), dtype=np.float32)


def mean_free_entropy(
    letters: tuple[float, ...], n: int, samples: int, alpha: float, action: Callable[[np.ndarray], np.ndarray],
    rng: np.random.Generator, taught: bool = False,
) -> tuple[float, float]:
    """Mean and standard error over samples of ``ln(sum_w exp(-sum_mu action(w.x_mu/sqrt N)))/N``."""
    w = configurations(letters, n)
    count = round(alpha * n)
    values = np.empty(samples)
    for sample in range(samples):
        x = rng.standard_normal((n, count), dtype=np.float32)
        if taught:
            x *= np.sign(rng.choice(np.array(letters, dtype=np.float32), n) @ x)
        exponent = -action(w @ x / np.float32(np.sqrt(n))).sum(axis=1)
        top = exponent.max()
        values[sample] = (top + np.log(np.exp(exponent - top).sum(dtype=float))) / n
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(samples))


def extrapolated(points: list[tuple[int, float, float]]) -> tuple[float, float]:
    """Weighted least squares ``a + b/N``: the value at N = infinity and its standard error."""
    n, value, error = (np.array(column) for column in zip(*points, strict=True))
    design = np.stack([np.ones(n.size), 1.0 / n], axis=1) / error[:, None]
    covariance = np.linalg.inv(design.T @ design)
    fitted = covariance @ design.T @ (value / error)
    misfit = np.sum((value / error - design @ fitted) ** 2)
    assert misfit < 7.0  # 1/N describes the approach (chi^2 of one degree of freedom)
    return float(fitted[0]), float(np.sqrt(covariance[0, 0]))


def hard(kappa: float) -> Callable[[np.ndarray], np.ndarray]:
    """A forbidden pattern costs so much that one of them removes the configuration."""
    return lambda field: np.where(field >= kappa, 0.0, 1e4)


def counted(kappa: float, beta: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda field: np.where(field >= kappa, 0.0, beta)


def weights_of(letters: tuple[float, ...]) -> replica.weights.Weights:
    return {BINARY: replica.Binary(), TERNARY: replica.Ternary()}.get(letters) or replica.Discrete(letters)


CASES = [
    (BINARY, 0.5, replica.Margin(-0.5), np.inf, False),
    (BINARY, 1.0, replica.ErrorCount(0.0), 1.0, False),
    (BINARY, 0.5, replica.ErrorCount(0.4), 2.0, True),
    (TERNARY, 0.5, replica.Margin(-0.5), np.inf, False),
    (TERNARY, 0.5, replica.ErrorCount(0.3), 1.5, False),
    (TERNARY, 0.5, replica.Margin(-0.3), np.inf, True),
    (FIVE, 0.5, replica.Margin(-1.0), np.inf, False),
    (FIVE, 0.5, replica.ErrorCount(0.5), 1.5, False),
]


@pytest.mark.parametrize(
    ("letters", "alpha", "loss", "beta", "taught"), CASES, ids=lambda value: str(value).replace(" ", "")
)
def test_enumeration_extrapolates_to_the_theory(
    letters: tuple[float, ...], alpha: float, loss: replica.Margin | replica.ErrorCount, beta: float, taught: bool
) -> None:
    rng = np.random.default_rng(2026)
    action = hard(loss.kappa) if np.isinf(beta) else counted(loss.kappa, beta)
    points = [
        (n, *mean_free_entropy(letters, n, samples, alpha, action, rng, taught))
        for n, samples in SIZES[letters].items()
    ]
    value, error = extrapolated(points)
    model = replica.Model(
        weights=weights_of(letters), loss=loss, beta=beta, data=replica.Teacher() if taught else replica.RandomLabels()
    )
    assert error < 0.005
    assert abs(value - replica.solve(model, alpha=alpha).free_entropy) < 3 * error
