"""Speed of enumeration and of message passing, and how often each solver solves, at the settings of the literature.

    python -m benchmarks.simulations [--parts enumeration messages success] [--samples 20] [--large]

Prints and writes ``results/simulations.md``, in seconds of one core. Message passing is compared with the two
matrix-vector products that each of its sweeps contains, in the same run. ``--large`` adds 10,001
weights (minutes for each sample).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import replica
from replica.simulate.algorithms._amp import System, iterate
from replica.simulate.algorithms._counting import plan
from replica.simulate.instances import draw
from replica.simulate.statistics import fraction

TARGET = Path(__file__).parent / "results" / "simulations.md"
BINARY = replica.perceptron("binary")

#: algorithm, weights, alpha, settings
SOLVERS = [
    ("reinforced-bp", 2001, 0.70, {"rate": 1e-3}),
    ("reinforced-bp", 2001, 0.74, {"rate": 5e-4}),
    ("focusing-bp", 2001, 0.70, {}),
    ("focusing-bp", 2001, 0.74, {}),
    ("sbpi", 2001, 0.60, {}),
    ("sbpi", 2001, 0.68, {}),
    ("replicated-annealing", 1001, 0.50, {}),
    ("annealing", 1001, 0.50, {"sweeps": 24000}),
    ("replicated-sgd", 1001, 0.50, {}),
    ("replicated-sgd", 1001, 0.50, {"replicas": 1, "pull": 0.0}),
]
LARGE = [
    ("reinforced-bp", 10001, 0.70, {"rate": 1e-3}),
    ("focusing-bp", 10001, 0.70, {}),
    ("sbpi", 10001, 0.60, {}),
]


def enumeration(samples: int, large: bool) -> Iterator[str]:
    """Configurations of weights +-1 counted per second."""
    for inputs in ("sign", "normal"):
        for n in (25, 29, 31):
            search = plan(draw(BINARY, n=n, alpha=0.8, seed=1, inputs=inputs), BINARY.loss)
            search.search(0, 16)
            begin = time.process_time()
            count, _ = search.search(0, 16)
            seconds = time.process_time() - begin
            speed = f"{seconds:.3f} s, {2**n / seconds:.2e} a second"
            yield f"enumeration, {inputs} inputs, N = {n}: {speed} ({count} found)"


def messages(samples: int, large: bool) -> Iterator[str]:
    """One sweep against its two products with the matrix of the patterns."""
    for n in (2001, 10000):
        system = System.of(draw(BINARY, n=n, alpha=0.7, seed=1))
        mean, g = 0.01 * np.ones(n), np.zeros(len(system.F))
        iterate(system, mean, g, damping=0.0, tolerance=0.0, sweeps=2)  # compiled code is loaded
        begin = time.process_time()
        done = iterate(system, mean, g, damping=0.0, tolerance=0.0, sweeps=12)
        sweep = (time.process_time() - begin) / done.sweeps
        row, column = mean.astype(np.float32), g.astype(np.float32)
        begin = time.process_time()
        for _ in range(12):
            system.products.forward(row)
            system.products.backward(column)
        products = (time.process_time() - begin) / 12
        times = f"a sweep {sweep * 1e3:.2f} ms, its two products {products * 1e3:.2f} ms"
        yield f"messages, N = {n}: {times}, {sweep / products:.2f} times"


def success(samples: int, large: bool) -> Iterator[str]:
    """Share of samples that are solved, with the half-width of its 68 % interval, and the time for each."""
    for algorithm, n, alpha, settings in (*SOLVERS, *(LARGE if large else ())):
        count = samples if n < 10000 else min(samples, 4)
        begin = time.process_time()
        runs = replica.simulate(
            BINARY, algorithm=algorithm, n=n, alpha=alpha, samples=count, seed=5, inputs="sign", **settings
        )
        seconds = (time.process_time() - begin) / count
        rate = fraction(runs["solved"].values)
        named = ", ".join(f"{key} = {value:g}" for key, value in settings.items())
        words = f"{algorithm}{f' ({named})' if named else ''}, N = {n}, alpha = {alpha}"
        share = f"{int(runs['solved'].sum())} of {count} solved ({rate.value:.2f} +- {rate.error:.2f})"
        yield f"{words}: {share}, {seconds:.2f} s each"


PARTS = {"enumeration": enumeration, "messages": messages, "success": success}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--samples", type=int, default=20)
    parser.add_argument("--large", action="store_true")
    options = parser.parse_args()
    lines = []
    for name in options.parts:
        for line in PARTS[name](options.samples, options.large):
            print(line, flush=True)
            lines.append(f"- {line}")
    if options.parts == list(PARTS):
        TARGET.write_text("# Simulations\n\n" + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
