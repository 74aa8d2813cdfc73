"""Theory beside simulation over all families of models, each by commands or lines that a reader can run again.

    python -m benchmarks.witness [--samples FACTOR]

Runs ``replica sweep`` (or ``franz-parisi``, ``flatness``), ``replica simulate`` and ``replica compare`` on each row
below (models that the command line has no words for: the same verbs in Python) and writes ``results/witness.md``:
theory, simulation (extrapolated in 1/N where there are several sizes), its standard error, z. Exits with 1 when the
standard deviation of the z-scores is not near 1 or one of them is beyond 4.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import itertools
import sys
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import replica
from replica.cli import main as command_line

REMARK = """How to read z: over seeds, the errors of extrapolations from three small sizes are about twice the true
spread (they hold what leaving the smallest size out changes), and the overlaps q from enumeration at n = 10, 15, 20
are low by one to two of these errors, a curvature in 1/n that is gone from n = 15, 20, 25 on. A root mean square near
1 is then no proof of unit normal z: it mixes wide errors with this shift. Messages at n = 2000 have errors of the
right size."""
COLUMNS = ("model", "alpha", "runs", "observable", "theory", "simulation", "standard error", "z")
TARGET = Path(__file__).parent / "results" / "witness.md"


@dataclass(frozen=True)
class Row:
    """Model words, load, what to run on it, what to compare, options of the theory's verb."""

    model: str
    alpha: str
    runs: str
    samples: int
    observables: str
    theory: str = "sweep"

    def commands(self, factor: float) -> list[str]:
        """The three commands, on files ``theory.nc`` and ``runs.nc``."""
        what = f" --observables {self.observables}" if self.theory == "sweep" else ""
        samples = max(int(self.samples * factor), 2)
        return [
            f"replica {self.theory.split()[0]} {self.model} --alpha {self.alpha}{what}"
            f"{' ' + ' '.join(self.theory.split()[1:]) if ' ' in self.theory else ''} -o theory.nc",
            f"replica simulate {self.model} --alpha {self.alpha} {self.runs} --samples {samples} --seed 7 -o runs.nc",
            f"replica compare --theory theory.nc --simulation runs.nc --observables {self.observables} -o report.nc",
        ]

    def report(self, factor: float) -> Any:
        """What the commands leave."""
        folder = tempfile.TemporaryDirectory()
        with folder as place, contextlib.chdir(place):
            for words in self.commands(factor):
                said = io.StringIO()
                with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                    if command_line(words.split()[1:]):
                        raise RuntimeError(f"{words}: {said.getvalue()[-300:]}")
            return replica.load("report.nc")


@dataclass(frozen=True)
class Script(Row):
    """A row in Python: the model is an expression, what runs on it keyword arguments."""

    def report(self, factor: float) -> Any:
        names = self.observables.split(",")
        known = {"replica": replica, "np": np}
        model = eval(self.model, known)
        keywords = eval(f"dict({self.runs})", known)
        samples = max(int(self.samples * factor), 2)
        theory = replica.sweep(model, alpha=[float(self.alpha)], observables=names)
        runs = replica.simulate(model, alpha=[float(self.alpha)], samples=samples, seed=7, **keywords)
        return replica.compare(theory, runs, observables=names)


SIZES = "--n 10,15,20"
MESSAGES = "--algorithm belief-propagation --n 2000"
RISK = "--algorithm erm --n 100,200,400"
WALKS = "--algorithm langevin --n 50,100,200 --set moves=1000"
WALKERS = "--algorithm population-annealing"
AROUND = "--n 10,15,20 --set references=20 --set list_up_to=500000"
THIRD = "0.333333333333"
LEARNED = "q,m,energy,generalization_error"
ROWS = [
    Row("perceptron --weights binary", "0.4", SIZES, 400, "entropy,q"),
    Row("perceptron --weights binary --margin 0.5", "0.2", SIZES, 400, "entropy,q"),
    Row("perceptron --weights binary --margin -0.5", "0.6", SIZES, 400, "entropy,q"),
    Row("perceptron --weights binary --loss band --margin 1", "0.4", SIZES, 400, "entropy"),
    Row("perceptron --weights binary --loss outside-band --margin 0.5", "0.4", SIZES, 400, "entropy"),
    Row("perceptron --weights binary --loss error-count --beta 1", "1", "--n 8,11,14", 200, "free_entropy,energy"),
    Row("perceptron --weights ternary", "0.4", "--n 5,10", 150, "entropy,q"),
    Row("perceptron --weights binary --labels teacher", "0.4", SIZES, 400, "entropy,q,generalization_error"),
    Row("committee --units 3 --activation sign --weights binary", "0.333333333333", "--n 12,15,18", 300, "entropy"),
    Row("committee --units 2 --activation relu --weights binary --margin 0.1", "0.25", "--n 8,12,16", 100, "entropy"),
    Row("parity --units 2 --weights binary", "0.5", "--n 8,12,16", 300, "entropy"),
    Row("committee --units 5 --activation sign --weights binary", "0.4", "--n 10,15,20", 200, "entropy"),
    Row("perceptron --weights binary", "0.6", MESSAGES, 20, "entropy,q"),
    Row("perceptron --weights spherical", "1", MESSAGES, 20, "entropy,q"),
    Row("perceptron --weights spherical --margin -0.5", "2", MESSAGES, 20, "entropy,q"),
    Row("perceptron --weights ternary", "0.5", MESSAGES, 20, "entropy,q"),
    Row("perceptron --weights spherical --labels teacher", "1.5", MESSAGES, 20, "entropy,q,generalization_error"),
    Row("perceptron --weights gaussian --loss error-count --beta 1.5", "1", MESSAGES, 20, "free_entropy,energy"),
    Row("mixture --loss square --balance 0.3", "2", RISK, 40, "q,m,bias,energy,generalization_error"),
    Row("mixture --loss logistic --penalty 0.1 --bias false", "1", RISK, 40, "q,m,energy,generalization_error"),
    Row("mixture --loss hinge --noise 0.5", "2", RISK, 40, "q,m,energy,generalization_error"),
    Row("perceptron --weights gaussian --loss logistic", "1.5", RISK, 40, "q,energy,training_error"),
    Row("perceptron --weights gaussian --loss square --labels teacher", "1.5", RISK, 40, "q,m,energy"),
    Row("perceptron --weights gaussian --loss logistic --beta 3", "1", WALKS, 16, "q,energy"),
    Row("perceptron --weights spherical --loss square --beta 2", "1", WALKS, 16, "q,energy"),
    Row("perceptron --weights spherical --loss hinge --beta 2 --labels teacher", "1", WALKS, 16, "q,m,energy"),
    Row(
        "perceptron --weights binary --loss error-count --beta 1.5", "1", f"{WALKERS} --n 200", 12, "entropy,energy,q"
    ),
    Row("perceptron --weights spherical --loss error-count --beta 1.5", "1", f"{WALKERS} --n 100", 12, "entropy,q"),
    Row("perceptron --weights binary", "0.3", f"{WALKERS} --n 100,200", 12, "entropy,q"),
    Row(
        "committee --units 3 --activation sign --weights binary", "0.5", "--algorithm belief-propagation --n 1998", 20,
        "entropy,q",
    ),
    Row("perceptron --weights binary", "0.2", AROUND, 200, "entropy", "franz-parisi --distance 0.2,0.4"),
    Row(
        "perceptron --weights binary", "0.2", f"{AROUND} --set reference_margin=0.4", 200, "entropy",
        "franz-parisi --reference 0.4 --distance 0.2,0.4",
    ),
    Row("committee --units 3 --weights binary --labels teacher", THIRD, "--n 9,12,15", 200, "entropy,q"),
    Row("committee --units 2 --activation relu --weights binary --ties violated", "0.25", "--n 8,12,16", 99, "entropy"),
    Row("parity --units 3 --weights binary", "0.333333333333", "--n 9,12,15", 200, "entropy"),
    Row("mixture --weights spherical --loss logistic --bias false --noise 0.5 --beta 2", "1", WALKS, 12, LEARNED),
    Row("mixture --weights spherical --loss square --norm 2 --bias false --beta 1", "1.5", MESSAGES, 20, "q,m,energy"),
    Row("mixture --weights binary --loss hinge --bias false --beta 2", "1", "--n 8,11,14", 200, "free_entropy,q,m"),
    Row("perceptron --weights gaussian --loss hinge --labels teacher", "1.5", RISK, 40, LEARNED),
    Row(
        "perceptron --weights gaussian --loss logistic", "1.5", f"{RISK} --readouts flatness", 40, "training_error",
        "flatness --noise 0.05,0.1,0.2",
    ),
    Script(
        "replica.perceptron('binary', loss='error-count', beta=1.5, labels=replica.Teacher(noise=0.5))", "1",
        "n=[8, 12, 16]", 400, "free_entropy,q,m,energy",
    ),
    Script(
        "replica.perceptron(replica.Gaussian(0.5), loss='square', labels=replica.Teacher('spherical', noise=0.25))",
        "2", "algorithm='erm', n=[100, 200, 400]", 40, LEARNED,
    ),
    Script("replica.perceptron(replica.Discrete((-3.0, -1.0, 1.0, 3.0)))", "0.5", "n=[4, 6, 8]", 150, "entropy,q"),
    Script(
        "replica.perceptron(replica.Discrete((-1.0, 0.0, 0.5, 1.0)), margin=0.2)", "0.4",
        "algorithm='belief-propagation', n=2000", 60, "entropy,q",
    ),
]  # fmt: skip


def measure(row: Row, factor: float) -> tuple[list[str], list[float]]:
    """Lines of the table, and the z-scores."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = row.report(factor)
    lines, scores = [], []
    axis = next(dim for dim in report["z"].dims if dim != "observable")
    for name, place in itertools.product(report["observable"].values, report[axis].values):
        one = report.sel({"observable": name, axis: place})
        if np.isfinite(one["z"]):
            numbers = " | ".join(f"{float(one[key]):.6f}" for key in ("theory", "simulation", "standard_error"))
            where = f" at {axis} {place:g}" if report.sizes[axis] > 1 else ""
            head = f"{row.model} | {row.alpha} | {row.runs} | {name}{where}"
            lines.append(f"| {head} | {numbers} | {float(one['z']):.2f} |")
            scores.append(float(one["z"]))
    return lines, scores


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=float, default=1.0, help="factor on the numbers of samples")
    factor = parser.parse_args().samples
    lines, scores = [], []
    for row in ROWS:
        found, z = measure(row, factor)
        print("\n".join(found), flush=True)
        lines, scores = lines + found, scores + z
    spread, worst = float(np.sqrt(np.mean(np.square(scores)))), float(np.max(np.abs(scores)))
    beyond, expected = int(np.sum(np.abs(scores) > 2)), 0.0455 * len(scores)
    summary = f"{len(scores)} comparisons: root mean square of z {spread:.2f}, largest {worst:.2f}; "
    summary += f"{beyond} beyond 2, where {expected:.1f} of independent ones would be."
    print(summary)
    head = f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|\n"
    example = "\n".join(f"    {line}" for line in ROWS[0].commands(factor))
    text = f"# Theory beside simulation\n\n{summary}\n\n{REMARK}\n\nEach row by commands like\n\n{example}\n\n{head}"
    text += "\n".join(lines)
    TARGET.write_text(text + "\n", encoding="utf-8")
    return 0 if 0.6 < spread < 1.5 and worst < 4 else 1


if __name__ == "__main__":
    sys.exit(main())
