"""Local-entropy curves and overlap gaps: times, and the ratio to a plain scipy solution of the same equations.

    python -m benchmarks.local_entropy

The plain solution of one y -> infinity point: damped iteration of the three equations, every maximum by `brentq` in the
field, averages by Gauss-Legendre rules. Prints one line per task.
"""

from __future__ import annotations

import time

import numpy as np
from scipy import optimize, special

import replica
from benchmarks._clock import least

ALPHA, DISTANCE = 0.7, 0.05


def plain_point(alpha: float, distance: float, nodes: int = 30) -> float:
    """Local entropy of optimal centres by plain numerical tools."""
    x, weight = np.polynomial.legendre.leggauss(nodes)  # even integrands: fields of either sign do not mix
    x = 4.25 * (1 + x)
    weight = 4.25 * weight * np.exp(-0.5 * x**2) / np.sqrt(2 * np.pi)
    x, weight = np.concatenate([-x, x]), np.concatenate([weight, weight])

    def slope(h: float, rest: float) -> float:
        a = -h / np.sqrt(rest)
        return float(np.exp(-0.5 * a**2 - special.log_ndtr(-a)) / np.sqrt(2 * np.pi * rest))

    def patterns(q: float, gap: float) -> tuple[float, float, float]:
        rest, sums = 1.0 - q, np.zeros(3)
        for z, w in zip(x, weight, strict=True):
            mean = np.sqrt(q) * z
            top = mean + gap * slope(mean, rest) + 1e-9
            omega = optimize.brentq(lambda u, m=mean: u - m - gap * slope(u, rest), mean, top, xtol=1e-13)
            g = slope(omega, rest)
            bend = -g * (g + omega / rest)
            value = special.log_ndtr(omega / np.sqrt(rest)) - 0.5 * gap * g**2
            sums += w * np.array([value, g**2, gap * bend**2 / (1 - gap * bend)])
        return float(sums[0]), float(sums[1]), float(sums[2])

    def weights(hats: np.ndarray) -> np.ndarray:
        q_hat, gap_hat, pull = hats
        total = np.zeros(4)
        for z, w in zip(x, weight, strict=True):
            field = np.sqrt(q_hat) * abs(z) + pull
            h = optimize.brentq(
                lambda u, f=field: u - f - gap_hat * np.tanh(u), max(field, 1e-9), field + gap_hat + 1e-9
            )
            t = np.tanh(h)
            total += w * np.array([np.logaddexp(h, -h) - 0.5 * gap_hat * t**2, t**2, abs(z) * t, t])
        return total

    hats = np.array([0.7, 0.8, 0.4])
    for _ in range(400):
        _, q, along, _ = weights(hats)
        gap = along / np.sqrt(hats[0]) - (1 - q)
        _, square, bend = patterns(q, gap)
        pull = optimize.brentq(
            lambda p, h=hats: weights(np.array([h[0], h[1], p]))[3] - (1 - 2 * distance), 0.0, 5.0, xtol=1e-10
        )
        new = np.array([alpha * square, alpha * bend, pull])
        if np.abs(new - hats).max() < 1e-9:
            break
        hats = 0.5 * (hats + new)
    q_hat, gap_hat, pull = hats
    value, q, along, t = weights(hats)
    gap = along / np.sqrt(q_hat) - (1 - q)
    own = -0.5 * q_hat * (1 - q) - 0.5 * (q * gap_hat + q_hat * gap) - pull * t
    return own + value + alpha * patterns(q, gap)[0]


def main() -> None:
    binary, sphere = replica.perceptron("binary"), replica.perceptron("spherical")
    curve = np.linspace(0.005, 0.24, 50)
    tasks = {
        "binary, y = inf, one point": lambda: replica.local_entropy(binary, alpha=ALPHA, distance=DISTANCE),
        "binary, y = inf, 50 points": lambda: replica.local_entropy(binary, alpha=ALPHA, distance=curve),
        "sphere, y = inf, 50 points": lambda: replica.local_entropy(sphere, alpha=ALPHA, distance=curve),
        "binary, y = 4, 50 points": lambda: replica.local_entropy(binary, alpha=ALPHA, distance=curve, replicas=4),
        "binary, physical y, one point": lambda: replica.local_entropy(
            binary, alpha=ALPHA, distance=DISTANCE, replicas="zero-complexity"
        ),
        "binary, physical y, 50 points": lambda: replica.local_entropy(
            binary, alpha=ALPHA, distance=curve, replicas="zero-complexity"
        ),
        "binary, centre a solution, y = 2, one point": lambda: replica.local_entropy(
            binary, alpha=0.5, distance=0.1, replicas=2, centre="solution"
        ),
        "overlap gap, two clones": lambda: replica.overlap_gap(binary, clones=2),
        "overlap gap, the best number of clones": lambda: replica.overlap_gap(binary),
    }
    times = {name: least(work, 3, clock=time.process_time) for name, work in tasks.items()}
    begin = time.process_time()
    plain = plain_point(ALPHA, DISTANCE)
    seconds = time.process_time() - begin
    found = float(tasks["binary, y = inf, one point"]()["local_entropy"][0])
    for name, spent in times.items():
        print(f"{name:45s} {spent:8.3f} s")
    ratio = seconds / times["binary, y = inf, one point"]
    words = f"{ratio:.0f} times as long, differs by {abs(plain - found):.1e}"
    print(f"plain scipy, y = inf, one point: {seconds:.2f} s, {words}")


if __name__ == "__main__":
    main()
