"""Speed of enumeration and of message passing, how often each solver solves, and what surrounds its solutions.

    python -m benchmarks.simulations [--parts enumeration success ...] [--checkpoint DIR] [--large]

Each part prints its section and writes it into ``results/simulations.md``, where the others stay. Times are core
seconds (processor time of one process, ``OMP_NUM_THREADS=1``), not wall clock. With ``--checkpoint`` an interrupted
run goes on where it was, its seconds added up. ``--large`` adds 10,001 weights (about a minute for each sample).
``--parts peer --peer PYTHON`` runs `peer_focusing`.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import replica
from benchmarks import peer_focusing
from replica.simulate.algorithms._amp import System, iterate
from replica.simulate.algorithms._counting import plan
from replica.simulate.instances import draw
from replica.simulate.statistics import fraction, mean_over

TARGET = Path(__file__).parent / "results" / "simulations.md"
HEAD = """# Simulations

Seconds are core seconds (processor time of one process with `OMP_NUM_THREADS=1`), not wall clock. The machine was
shared, and what is bound by memory then takes longer. By `python -m benchmarks.simulations`, part by part.
"""
BINARY = replica.perceptron("binary")
FULL = replica.committee(5, connectivity="full")


@dataclass(frozen=True)
class Row:
    """A setting: who solves what, on how many samples."""

    algorithm: str
    n: int
    alpha: float
    settings: dict[str, Any] = field(default_factory=dict)
    model: replica.Model = BINARY
    what: str = "perceptron"
    samples: int = 20
    large: bool = False

    @property
    def name(self) -> str:
        """For the folder of its checkpoint."""
        settings = (f"{key}-{value}" for key, value in self.settings.items())
        words = (self.algorithm, self.what, self.n, f"{self.alpha:.4g}", *settings)
        return re.sub(r"[^\w.]+", "-", "-".join(map(str, words)))

    def __str__(self) -> str:
        settings = ", ".join(f"{key} = {value:g}" for key, value in self.settings.items())
        return f"{self.algorithm}{f' ({settings})' if settings else ''} | {self.what} | {self.n} | {self.alpha:.4g}"


COMMITTEE = {"model": FULL, "what": "full committee K = 5"}
ONE = {"replicas": 1, "pull": 0.0}
ROWS = [
    Row("reinforced-bp", 2001, 0.70, {"rate": 1e-3}),
    Row("reinforced-bp", 2001, 0.74, {"rate": 5e-4}, samples=50),
    Row("focusing-bp", 2001, 0.70),
    Row("focusing-bp", 2001, 0.74, samples=50),
    Row("max-sum", 1001, 0.60),
    Row("sbpi", 2001, 0.60),
    Row("sbpi", 2001, 0.68),
    Row("replicated-annealing", 1001, 0.50),
    Row("annealing", 1001, 0.50, {"sweeps": 24000}),
    Row("reinforced-bp", 1605, 802 / 1605, {"rate": 1e-3}, **COMMITTEE),
    Row("replicated-sgd", 1605, 802 / 1605, **COMMITTEE),
    Row("replicated-sgd", 1605, 802 / 1605, ONE, **COMMITTEE),
    Row("replicated-sgd", 1001, 0.50),
    Row("replicated-sgd", 1001, 0.50, ONE),
    Row("reinforced-bp", 10001, 0.70, {"rate": 1e-3}, large=True),
    Row("focusing-bp", 10001, 0.70, large=True),
    Row("sbpi", 10001, 0.60, large=True),
]
#: solvers whose solutions are looked at from near, on the same instances
NEAR = {
    "focusing, to its end": ("focusing-bp", {"full": True}),
    "focusing, first solution": ("focusing-bp", {}),
    "reinforced": ("reinforced-bp", {}),
    "SBPI": ("sbpi", {}),
    "replicated annealing": ("replicated-annealing", {}),
    "annealing": ("annealing", {"sweeps": 40000, "last_beta": 2.0}),
}


def enumeration(options: argparse.Namespace) -> Iterator[str]:
    """Configurations of weights +-1 counted per second."""
    for inputs in ("sign", "normal"):
        for n in (25, 29, 31):
            search = plan(draw(BINARY, n=n, alpha=0.8, seed=1, inputs=inputs), BINARY.loss)
            search.search(0, 16)
            begin = time.process_time()
            count, _ = search.search(0, 16)
            seconds = time.process_time() - begin
            speed = f"{seconds:.3f} s, {2**n / seconds:.2e} a second"
            yield f"- {inputs} inputs, N = {n}: {speed} ({count} found)"


def messages(options: argparse.Namespace) -> Iterator[str]:
    """One sweep of message passing at alpha = 0.7 against its two products with the matrix of the patterns."""
    for n, inputs in ((2001, "sign"), (2001, "normal"), (10001, "sign"), (10001, "normal")):
        system = System.of(draw(BINARY, n=n, alpha=0.7, seed=1, inputs=inputs))
        mean, g = 0.01 * np.ones(n), np.zeros(len(system.F))
        iterate(system, mean, g, damping=0.0, tolerance=0.0, sweeps=2)  # compiled code is loaded
        begin = time.process_time()
        done = iterate(system, mean, g, damping=0.0, tolerance=0.0, sweeps=12)
        sweep = (time.process_time() - begin) / done.sweeps
        dense, row, column = system.F.astype(np.float32), mean.astype(np.float32), g.astype(np.float32)
        begin = time.process_time()
        for _ in range(12):
            dense @ row
            column @ dense
        products = (time.process_time() - begin) / 12
        times = f"a sweep {sweep * 1e3:.2f} ms, two float32 products by BLAS {products * 1e3:.2f} ms"
        yield f"- {inputs} inputs, N = {n}: {times}, {sweep / products:.2f} times"


def success(options: argparse.Namespace) -> Iterator[str]:
    """Samples solved, the fraction with the half-width of Wilson's 68 % interval, core seconds for each sample."""
    yield "| algorithm | network | N | alpha | solved | fraction | s each |"
    yield "|---|---|---|---|---|---|---|"
    for row in ROWS:
        if options.large or not row.large:
            solved, seconds = solve(row, options.checkpoint)
            rate = fraction(solved)
            count = f"{int(solved.sum())} of {solved.size}"
            yield f"| {row} | {count} | {float(rate.value):.2f} +- {float(rate.error):.2f} | {seconds:.2f} |"


def solve(row: Row, checkpoint: Path | None) -> tuple[np.ndarray, float]:
    """Which samples are solved, and core seconds for each (those of interrupted runs too)."""
    folder = None if checkpoint is None else checkpoint / row.name
    keywords = {"n": row.n, "alpha": row.alpha, "samples": row.samples, "seed": 5, "inputs": "sign"}
    begin = time.process_time()
    try:
        runs = replica.simulate(row.model, algorithm=row.algorithm, checkpoint=folder, **keywords, **row.settings)
    finally:
        spent = time.process_time() - begin
        if folder is not None:
            with (folder / "seconds.txt").open("a", encoding="utf-8") as record:
                record.write(f"{spent}\n")
    if folder is not None:
        spent = sum(map(float, (folder / "seconds.txt").read_text(encoding="utf-8").split()))
    return runs["solved"].values, spent / row.samples


def thresholds(options: argparse.Namespace) -> Iterator[str]:
    """Load at which reinforced BP (rate 0.01) solves half of 30 samples: sigmoids through nine loads, 0.6 to 0.8."""
    keywords = {"n": [501, 1001, 2001], "alpha": np.linspace(0.6, 0.8, 9), "samples": 30, "seed": 5, "inputs": "sign"}
    folder = None if options.checkpoint is None else options.checkpoint / "threshold-reinforced-bp"
    runs = replica.simulate(BINARY, algorithm="reinforced-bp", rate=1e-2, checkpoint=folder, **keywords)
    found = replica.success_threshold(runs)
    yield "| N | threshold | width | deviance (7 degrees) |"
    yield "|---|---|---|---|"
    for n in found["n"].values:
        one = found.sel(n=n)
        pairs = (("threshold", "error"), ("width", "width_error"))
        cells = (f"{float(one[name]):.4f} +- {float(one[error]):.4f}" for name, error in pairs)
        yield f"| {n} | {' | '.join(cells)} | {float(one['deviance']):.1f} |"
    yield f"| infinity (1/N) | {float(found['limit']):.4f} +- {float(found['limit_error']):.4f} | | |"


def surroundings(options: argparse.Namespace) -> Iterator[str]:
    """Entropy of the solutions around what each solver found (belief propagation), N = 501, alpha = 0.4, 16 instances;
    below, differences from annealing on the same instance, and the theory.
    """
    keywords = {"n": 501, "alpha": 0.4, "samples": 16, "seed": 1, "inputs": "sign", "readouts": "local-entropy"}
    found, lines = {}, []
    for name, (algorithm, settings) in NEAR.items():
        runs = replica.simulate(BINARY, algorithm=algorithm, **settings, **keywords)
        found[name] = runs["local_entropy"].where(runs["solved"]).values
        lines.append(f"| {name} | {int(runs['solved'].sum())} of 16 | {_cells(found[name])} |")
    distance = runs["distance"].values
    yield f"| solver | solved | {' | '.join(f'S({d:g})' for d in distance)} |"
    yield "|---" * (2 + distance.size) + "|"
    yield from lines
    for name, values in found.items():
        if name != "annealing":
            gap = values - found["annealing"]
            pairs = int(np.sum(np.isfinite(gap).any(axis=1)))
            yield f"| {name} - annealing | {pairs} pairs | {_cells(gap)} |"
    robust = replica.Reference(margin=0.4)
    theory = {
        "around typical solutions": replica.franz_parisi(BINARY, alpha=0.4, distance=distance)["entropy"],
        "around typical solutions of margin 0.4": replica.franz_parisi(
            BINARY, alpha=0.4, distance=distance, reference=robust
        )["entropy"],
        "densest regions (y to infinity)": replica.local_entropy(BINARY, alpha=0.4, distance=distance)["local_entropy"],
    }
    for name, curve in theory.items():
        yield f"| theory: {name} | | {' | '.join(f'{x:.4f}' for x in curve.values)} |"


def _cells(values: np.ndarray) -> str:
    """Means over instances with standard errors, those of the single numbers included."""
    mean = mean_over(values, axis=0)
    cells = (f"{v:.4f} +- {e:.4f}" for v, e in zip(mean.value, mean.error, strict=True))
    return " | ".join(cells)


def peer(options: argparse.Namespace) -> Iterator[str]:
    """Focusing BP against the public C++ implementation, on the same instances in one run."""
    return peer_focusing.table(options.peer)


PARTS = {
    "enumeration": enumeration, "messages": messages, "success": success, "thresholds": thresholds,
    "surroundings": surroundings, "peer": peer,
}  # fmt: skip


def write(name: str, lines: list[str]) -> None:
    """Replace one section of the file."""
    text = TARGET.read_text(encoding="utf-8") if TARGET.exists() else ""
    sections = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE))
    summary = " ".join((PARTS[name].__doc__ or "").split())
    sections[name] = f"\n{summary}\n\n" + "\n".join(lines) + "\n\n"
    ordered = (f"## {part}\n{sections[part]}" for part in PARTS if part in sections)
    TARGET.write_text(HEAD + "\n" + "".join(ordered).rstrip() + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=[name for name in PARTS if name != "peer"])
    parser.add_argument("--checkpoint", type=Path, help="folder of finished samples")
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--peer", type=Path, help="interpreter that has ReplicatedFocusingBeliefPropagation")
    options = parser.parse_args()
    for name in options.parts:
        lines = []
        for line in PARTS[name](options):
            print(line, flush=True)
            lines.append(line)
        write(name, lines)


if __name__ == "__main__":
    main()
