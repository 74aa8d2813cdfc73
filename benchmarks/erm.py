"""Vectors of least cost on two clusters: time per point, random settings, ratio to the same equations with scipy.

    python -m benchmarks.erm [settings]

Every random setting must be solved with an error below 1e-8 (of 0.1 or the value); exits with 1 otherwise.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
from scipy import integrate, optimize

import replica

LOSSES = ("square", "hinge", "logistic")
NAMES = ("q", "m", "V", "bias", "generalization_error", "training_error", "energy")


def seconds(work: Callable[[], object], count: int) -> float:
    """Least processor time of a call, of five rounds."""
    work()
    rounds = []
    for _ in range(5):
        begin = time.process_time()
        for _ in range(count):
            work()
        rounds.append((time.process_time() - begin) / count)
    return min(rounds)


def plain_logistic(alpha: float, penalty: float) -> float:
    """Balanced clusters, noise 1: four averages by quad around a damped iteration, the proximal point by brentq."""

    def prox(field: float, chi: float) -> float:
        return optimize.brentq(lambda u: u - field - chi / (1.0 + np.exp(u)), field, field + chi)

    m, q, v = 0.5, 0.5, 0.5
    for _ in range(200):
        root = np.sqrt(q)

        def average(f: Callable[[float], float], m: float = m, root: float = root) -> float:
            def density(z: float) -> float:
                return np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi) * f(m + root * z)

            return integrate.quad(density, -9.0, 9.0, epsabs=1e-10)[0]

        def force(w: float, v: float = v) -> float:
            return (prox(w, v) - w) / v

        def bend(w: float, v: float = v) -> float:
            p = force(w, v)
            return p * (1 - p) / (1 + v * p * (1 - p))

        push, square, stiff = (alpha * average(f) for f in (force, lambda w: force(w) ** 2, bend))
        rest = penalty + stiff
        new = push / rest, (push**2 + square) / rest**2, 1.0 / rest
        change = max(abs(a - b) for a, b in zip(new, (m, q, v), strict=True))
        m, q, v = (0.5 * (a + b) for a, b in zip(new, (m, q, v), strict=True))
        if change < 1e-9:
            break
    return m


def main() -> int:
    count, rng = int(sys.argv[1]) if len(sys.argv) > 1 else 1000, np.random.default_rng(1)
    low, high = np.log([0.05, 1e-6, 0.05]), np.log([20.0, 1e4, 20.0])
    alpha, penalty, noise = np.exp(rng.uniform(low[:, None], high[:, None], (3, count)))
    good = True
    for loss in LOSSES:
        model = replica.mixture(loss, balance=0.3)
        single = seconds(lambda m=model: replica.solve(m, alpha=2.0), 20)
        batch = model.with_parameters(penalty=penalty, noise=noise, balance=rng.uniform(0.02, 0.98, count))
        begin = time.process_time()
        found = replica.RS().solve(batch, alpha)
        spent = (time.process_time() - begin) / count
        worst = max(float(np.max(found.error(n) / np.maximum(np.abs(found.value(n)), 0.1))) for n in NAMES)
        good &= bool(found.converged.all()) and worst < 1e-8
        words = f"{found.converged.sum()}/{count} random settings, largest error {worst:.0e}, {1e3 * spent:.2f} ms each"
        print(f"{loss:9s} {1e3 * single:.2f} ms a point; {words}", flush=True)
    model = replica.mixture("logistic", penalty=0.5, bias=False)
    begin = time.process_time()
    slow = plain_logistic(2.0, 0.5)
    ratio = (time.process_time() - begin) / seconds(lambda: replica.solve(model, alpha=2.0), 20)
    off = abs(slow - replica.solve(model, alpha=2.0)["m"])
    print(f"logistic with scipy's quad and brentq: {ratio:.0f} times slower, off by {off:.0e}")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
