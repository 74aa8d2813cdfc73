"""Speed against plain scipy: ``python -m benchmarks.speed``. Least of many repeats, warm caches, one core."""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import replica
from benchmarks import _plain, _tuned
from benchmarks._clock import alternated, least, line, verdict
from benchmarks._functions import function_lines
from benchmarks._tables import machine, table

RESULTS = Path(__file__).parent / "results"
ROOT = Path(__file__).parents[1]


def children_time() -> float:
    """Processor time of the processes started here that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def point_lines() -> list[dict[str, Any]]:
    """One RS solution of the binary perceptron at alpha 0.5."""
    model = replica.perceptron("binary")
    exact = replica.solve(model, alpha=0.5).certify(25).potential
    plain = {
        "quad, plain iteration": _plain.solve_by_iteration,
        "quad, brentq": _plain.solve_by_bracket,
        "trapezoidal rule on arrays, brentq": _plain.solve_with_arrays,
    }
    times = {name: least(partial(f, 0.5), 200, 4.0) for name, f in plain.items()}
    off = {name: abs(f(0.5)[2] - float(exact)) for name, f in plain.items()}
    grid = np.linspace(0.02, 0.82, 4096)
    ours = {
        "replica.solve": (least(partial(replica.solve, model, alpha=0.5), 3000), 300e-6, "200x"),
        "replica.solve, free entropy and its error read": (
            least(lambda: replica.solve(model, alpha=0.5).error, 3000),
            None,
            "",
        ),
        "a point of replica.sweep (4096 loads, entropy and q)": (
            least(lambda: replica.sweep(model, alpha=grid), 20) / grid.size,
            100e-6,
            "500x",
        ),
    }
    slow = times["quad, plain iteration"]
    lines = []
    for name, (seconds, aim, factor) in ours.items():
        goal = f"{aim * 1e6:.0f} us; {factor}" if aim else ""
        met = aim and f"{verdict(seconds < aim)}; {verdict(slow / seconds >= float(factor[:-1]))}"
        speedups = {f"times {plain_name}": t / seconds for plain_name, t in times.items()}
        lines.append(line(name, seconds, goal, met, **speedups))
    lines += [
        line(f"scipy: {name}", t, "", None, f"free entropy off by {off[name]:.0e}")
        for name, t in times.items()
    ]
    return lines


def capacity_lines() -> list[dict[str, Any]]:
    """The storage capacity of binary weights."""
    model = replica.perceptron("binary")
    seconds = least(lambda: replica.capacity(model), 400)
    plain = least(_plain.capacity, 2, 1.0)
    off = abs(replica.capacity(model).value - _plain.capacity())
    return [
        line(
            "replica.capacity",
            seconds,
            "5 ms",
            seconds < 5e-3,
            f"differs from scipy by {off:.0e}",
            **{"times quad, brentq": plain / seconds},
        ),
        line("scipy: brentq over the entropy", plain, "", None),
    ]


def tuned_lines() -> list[dict[str, Any]]:
    """Beside what a physicist writes in numpy in an evening (`benchmarks/_tuned.py`), in alternated rounds; not written
    there: curves of Franz-Parisi and local entropies.
    """
    binary, three = replica.perceptron("binary"), replica.committee(3, weights="binary")
    half, none, one = np.array([0.5]), np.zeros(1), np.linspace(0.02, 0.82, 4096)
    loads, plane, margins = np.linspace(0.5, 5.0, 20), np.linspace(0.005, 0.55, 200), np.linspace(-0.5, 0.0, 10)
    square, logistic = (replica.mixture(name, penalty=0.1) for name in ("square", "logistic"))

    def whole(model: Any, **axes: Any) -> Any:
        return replica.sweep(model, **axes, observables=["q", "entropy"])

    def risk(model: Any) -> Any:
        return replica.sweep(model, alpha=loads, observables=["m", "q"])

    def seen(model: Any) -> tuple[float, float]:
        found = replica.solve(model, alpha=0.5)
        return found["q"], found.free_entropy

    mesh = [axis.ravel() for axis in np.meshgrid(plane, margins, indexing="ij")]
    tasks: dict[str, tuple[Any, Any, Any, int]] = {
        "one solve with its error": (
            lambda: seen(binary), lambda: _tuned.solve(half, none), lambda a, b: abs(a[1] - b[1][0]), 300),
        "sweep of 4096 loads": (
            lambda: whole(binary, alpha=one), lambda: _tuned.solve(one, 0.0 * one),
            lambda a, b: np.abs(a["entropy"].values - b[1]).max(), 5),
        "200 x 10 loads and margins": (
            lambda: whole(binary, alpha=plane, margin=margins), lambda: _tuned.solve(*mesh),
            lambda a, b: np.nanmax(np.abs(a["entropy"].values.ravel() - b[1])), 5),
        "capacity": (lambda: replica.capacity(binary), _tuned.capacity, lambda a, b: abs(a.value - b), 100),
        "three sign units": (lambda: seen(three), lambda: _tuned.three_units(0.5), lambda a, b: abs(a[1] - b[1]), 50),
        "logistic regression of clusters, 20 loads": (
            lambda: risk(logistic), lambda: _tuned.logistic_mixture(loads, 0.1),
            lambda a, b: np.abs(a["q"].values - b[1]).max(), 20),
        "least squares of clusters, 20 loads": (
            lambda: risk(square), lambda: _tuned.square_mixture(loads, 0.1),
            lambda a, b: np.abs(a["q"].values - b[1]).max(), 50),
        "enumeration of 20 signs, 10 patterns": (
            lambda: replica.simulate(binary, algorithm="enumeration", n=20, alpha=0.5, seed=1),
            lambda: _tuned.enumeration(20, 10, np.random.default_rng(1)), lambda a, b: 0.0, 50),
    }  # fmt: skip
    lines = []
    for name, (ours, tuned, apart, rounds) in tasks.items():
        off = apart(ours(), tuned())
        mine, other = alternated(ours, tuned, rounds)
        lines.append(line(name, mine, "", mine < other, f"differs by {off:.0e}", **{"times tuned numpy": other / mine}))
    return lines


def diagram_lines() -> list[dict[str, Any]]:
    """40,000 solves in the plane of load and margin, two processes."""
    alpha, margin = np.linspace(0.005, 1.0, 200), np.linspace(-0.5, 0.5, 200)
    model = replica.perceptron("binary")

    def run() -> Any:
        return replica.sweep(model, alpha=alpha, margin=margin, workers=2)

    start = time.perf_counter()
    found = run()
    first = time.perf_counter() - start
    best = least(run, 3, 30.0)
    tenth = partial(replica.sweep, model, alpha=alpha, margin=margin[::10])
    alone = 10 * least(tenth, 3, 20.0, time.process_time)
    solved = float(np.isfinite(found["entropy"]).mean())
    rng = np.random.default_rng(1)
    picks = [(float(rng.choice(alpha[:100])), float(rng.choice(margin))) for _ in range(8)]
    start = time.process_time()
    for load, kappa in picks:
        _plain.solve_by_bracket(load, kappa)
    plain = (time.process_time() - start) / len(picks) * 40_000
    return [
        line("200 x 200 solves, workers=2", best, "5 s", best < 5.0, f"{solved:.1%} have a solution"),
        line("the same, worker processes started and warmed in it", first, "", None),
        line(
            "processor time of the same in one process (a tenth measured)",
            alone,
            "",
            None,
            **{"times quad, brentq": plain / alone},
        ),
        line("scipy: quad, brentq, processor time (8 points measured)", plain, "", None),
    ]


def process_lines() -> list[dict[str, Any]]:
    """Whole processes, compiled code in the cache."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    python = sys.executable
    commands = {
        "import replica": ([python, "-c", "import replica"], 0.6),
        "replica capacity perceptron --weights binary --json": (
            [python, "-m", "replica.cli", "capacity", "perceptron", "--weights", "binary", "--json"],
            1.5,
        ),
        "for comparison: import numpy, numba": ([python, "-c", "import numpy, numba"], None),
        "for comparison: import scipy.integrate, scipy.optimize": (
            [python, "-c", "import scipy.integrate, scipy.optimize"],
            None,
        ),
    }
    lines = []
    for name, (command, aim) in commands.items():
        settings = {"check": True, "capture_output": True, "env": environment, "cwd": ROOT}
        call = partial(subprocess.run, command, **settings)
        seconds, busy = least(call, 10, 15.0), least(call, 4, 8.0, children_time)
        goal, met = ("", None) if aim is None else (f"{aim} s", seconds < aim)
        lines.append(line(name, seconds, goal, met, f"{busy:.2f} s of processor time"))
    return lines


PARTS = {
    "point": point_lines,
    "capacity": capacity_lines,
    "tuned": tuned_lines,
    "functions": function_lines,
    "processes": process_lines,
    "diagram": diagram_lines,
}


def shown(seconds: float) -> str:
    """A time with a fitting unit."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.1e} s"


def report(parts: dict[str, list[dict[str, Any]]]) -> str:
    """The markdown text."""
    text = [
        "# Speed\n",
        "Minimum over repeats (other work only makes runs longer); compiled code in the cache; "
        "one "
        "core and one thread unless said. Factors are to the plain scipy solution of the same equations "
        "(`benchmarks/_plain.py`), measured in the same run.\n",
    ]
    for name, lines in parts.items():
        rows = []
        for entry in lines:
            factors = "; ".join(
                f"{v:.3g}x {k.removeprefix('times ')}" for k, v in entry.items() if k.startswith("times ")
            )
            rows.append(
                [entry["task"], shown(entry["seconds"]), factors, entry["aim"], entry["met"], entry["note"]]
            )
        text += [
            f"## {name.capitalize()}\n",
            table(["task", "time", "faster than", "aim", "met", "note"], rows),
        ]
    return "\n".join([*text, f"Machine: {machine()}.\n"])


def one_thread() -> None:
    """Start this program again with one thread for each library, which they read when they are imported."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
    if any(os.environ.get(name) != "1" for name in names):
        os.execve(sys.executable, sys.orig_argv, os.environ | dict.fromkeys(names, "1"))


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", nargs="+", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--output", type=Path, default=RESULTS)
    chosen = parser.parse_args(arguments)
    cores = os.sched_getaffinity(0)
    parts = {}
    for name in chosen.parts:
        os.sched_setaffinity(0, cores if name == "diagram" else {max(cores)})
        parts[name] = PARTS[name]()
    os.sched_setaffinity(0, cores)
    text = report(parts)
    chosen.output.mkdir(parents=True, exist_ok=True)
    (chosen.output / "speed.json").write_text(
        json.dumps({"machine": machine(), "parts": parts}, indent=1) + "\n"
    )
    (chosen.output / "speed.md").write_text(text)
    print(text)


if __name__ == "__main__":
    one_thread()
    main()
