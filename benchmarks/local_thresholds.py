"""Flatness and thresholds of the landscape: processor seconds, and the ratio to plain scipy for the flatness.

    python -m benchmarks.local_thresholds

The plain way is nested `scipy.integrate.quad` of the same double integral at the same overlap, point by point.
"""

from __future__ import annotations

import time

import numpy as np
from scipy.integrate import quad
from scipy.special import ndtr

import replica
from benchmarks._clock import least

NOISE = np.linspace(0.002, 0.4, 50)
SOLUTION = replica.solve(replica.perceptron("binary", margin=0.3), alpha=0.5)


def plain(noise: float) -> float:
    """``int Dx 1/H(u0) int_{u0} Du H((t (sqrt q x + sqrt(1-q) u))/sqrt(1-t^2))``."""
    q, t = SOLUTION["q"], 1 - 2 * noise

    def outer(x: float) -> float:
        start = (0.3 - np.sqrt(q) * x) / np.sqrt(1 - q)

        def inner(u: float) -> float:
            return np.exp(-0.5 * u * u) * ndtr(-t * (np.sqrt(q) * x + np.sqrt(1 - q) * u) / np.sqrt(1 - t * t))

        area, _ = quad(inner, start, max(start + 10, 9.0), epsabs=1e-12, epsrel=1e-10)
        return np.exp(-0.5 * x * x) * area / ndtr(-start)

    return quad(outer, -7.5, 7.5, epsabs=1e-11, epsrel=1e-10, limit=200)[0] / (2 * np.pi)


def main() -> None:
    ours = least(lambda: replica.flatness(SOLUTION, noise=NOISE, margin=0.0), 5, clock=time.process_time)
    begin = time.process_time()
    values = [plain(d) for d in NOISE[::10]]
    theirs = (time.process_time() - begin) * 10
    found = replica.flatness(SOLUTION, noise=NOISE[::10], margin=0.0)["training_error"].values
    off = np.abs(found - values).max()
    print(f"flatness, 50 points: {ours:.3f} s; nested quad {theirs:.1f} s, ratio {theirs / ours:.0f}, off by {off:.1e}")
    model = replica.perceptron("binary")
    for name, work in {
        "local-entropy threshold, optimal centres": lambda: replica.local_entropy_threshold(model),
        "local-entropy threshold, largest margin": lambda: replica.local_entropy_threshold(
            model, reference=replica.Reference(margin="max")
        ),
        "isolation at alpha = 0.5": lambda: replica.isolation(model, alpha=0.5),
    }.items():
        print(f"{name}: {least(work, 2, clock=time.process_time):.2f} s ({work()!r})")


if __name__ == "__main__":
    main()
