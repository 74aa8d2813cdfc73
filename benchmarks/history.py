"""Speed over releases: ``python -m benchmarks.history`` measures common questions and adds a column to the history.

Processor time of one core, least of many repeats, also in units of a yardstick (plain Python and numpy) that is taken
in the same run, so that columns from different machines can be held beside each other.
"""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import replica
from benchmarks._clock import least
from benchmarks._tables import machine, table

RESULTS = Path(__file__).parent / "results"
SHOWN = 6  # columns: the last runs
SLOWER = 1.3  # a factor in yardsticks, from one run to the next, that is pointed out


def questions() -> dict[str, Callable[[], Any]]:
    """What is asked, by name; a name means the same question in every run."""
    signs, sphere = replica.perceptron("binary"), replica.perceptron("spherical")
    places = np.linspace(0.01, 0.4, 50)
    return {
        "solve, signs": lambda: replica.solve(signs, alpha=0.5).error,
        "capacity, signs": partial(replica.capacity, signs),
        "AT line, margin -0.5": partial(replica.at_line, replica.perceptron("spherical", margin=-0.5)),
        "transition of a teacher": partial(replica.transition, replica.perceptron("binary", labels="teacher")),
        "sweep of 4,096 loads": partial(replica.sweep, signs, alpha=np.linspace(0.02, 0.82, 4096)),
        "diagram of 41 margins": partial(
            replica.diagram, sphere, x=("margin", np.linspace(-1.0, 1.0, 41)), lines=["capacity", "at"]
        ),
        "Franz-Parisi, 50 distances": partial(replica.franz_parisi, signs, alpha=0.5, distance=places, reference=0.3),
        "local entropy, 50 distances": partial(replica.local_entropy, signs, alpha=0.7, distance=places),
        "logistic classifier, 20 loads": partial(
            replica.sweep, replica.mixture(loss="logistic"), alpha=np.linspace(0.5, 10.0, 20)
        ),
        "enumeration, 20 weights": partial(
            replica.simulate, signs, algorithm="enumeration", n=20, alpha=0.4, samples=5, seed=1
        ),
    }


def yardstick() -> float:
    """Work of a fixed size: a loop of Python and functions of arrays."""
    total = sum(i * i for i in range(20_000)) * 1e-12
    field = np.linspace(-6.0, 6.0, 200_000)
    return float(total + np.exp(-0.5 * field**2).sum() + np.log1p(np.tanh(field) ** 2).sum())


def measured(repeats: int = 200, seconds: float = 2.0) -> dict[str, Any]:
    """One column of the history."""
    clock = time.process_time
    unit = least(yardstick, 200, seconds, clock)
    times = {name: least(work, repeats, seconds, clock) for name, work in questions().items()}
    when = datetime.datetime.now(datetime.UTC).date().isoformat()
    return {"version": replica.__version__, "date": when, "machine": machine(), "yardstick": unit, "seconds": times}


def added(history: list[dict[str, Any]], new: dict[str, Any]) -> list[dict[str, Any]]:
    """The history with a column, which takes the place of one of the same version, day and machine."""
    same = ("version", "date", "machine")
    return [*(one for one in history if any(one[name] != new[name] for name in same)), new]


def text(history: list[dict[str, Any]]) -> str:
    """The page: milliseconds and, in brackets, yardsticks; what has become slower is said."""
    last = history[-SHOWN:]
    rows = []
    for name in dict.fromkeys(name for one in reversed(last) for name in one["seconds"]):
        units = [one["seconds"].get(name, np.nan) / one["yardstick"] for one in last]
        cells = [
            f"{1e3 * one['seconds'][name]:.3g} ({unit:.3g})" if name in one["seconds"] else ""
            for one, unit in zip(last, units, strict=True)
        ]
        change = units[-1] / units[-2] if len(units) > 1 else np.nan
        said = "" if np.isnan(change) else f"{change:.2f}" + (" slower" if change > SLOWER else "")
        rows.append([name, *cells, said])
    head = ["question", *(f"{one['version']}, {one['date']}" for one in last), "last change"]
    machines = "\n".join(f"- {one['version']}, {one['date']}: {one['machine']}" for one in last)
    return (
        "# Speed over releases\n\n"
        "Milliseconds of processor time, one core, kernels compiled; in brackets units of a yardstick (plain Python "
        "and numpy) taken in the same run, in which the last change is a factor. Written by "
        "`python -m benchmarks.history`.\n\n"
        f"{table(head, rows)}\n{machines}\n"
    )


def main() -> None:
    """Measure, and write the history and its page."""
    record = RESULTS / "history.json"
    before = json.loads(record.read_text(encoding="utf-8")) if record.exists() else []
    history = added(before, measured())
    record.write_text(json.dumps(history, indent=1) + "\n", encoding="utf-8")
    (RESULTS / "history.md").write_text(text(history), encoding="utf-8")
    print(text(history))


if __name__ == "__main__":
    main()
