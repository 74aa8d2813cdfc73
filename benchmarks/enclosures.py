"""The floating-point solver put to the proof: ``python -m benchmarks.enclosures --points 1050 --thresholds 220``.

Random solutions and thresholds are enclosed; counted is how often the proved interval lies within the reported error
of the
float, and by how much errors are over-estimated. A refusal is no failure of the float; it is counted apart.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed

import replica

RESULTS = Path(__file__).parent / "results"
DIGITS = 20
MARKS = "<!-- certified thresholds, written by benchmarks.enclosures -->", "<!-- end -->"
README = Path(__file__).parents[1] / "README.md"
#: table of the README: name, threshold
CERTIFIED: dict[str, Callable[[], Any]] = {
    "binary perceptron, capacity": lambda: replica.capacity(replica.perceptron("binary")),
    "binary, margin 1/20, capacity": lambda: replica.capacity(replica.perceptron("binary", margin=Fraction(1, 20))),
    "binary, margin 1, capacity": lambda: replica.capacity(replica.perceptron("binary", margin=1)),
    "ternary perceptron, capacity": lambda: replica.capacity(replica.perceptron("ternary")),
    "binary, band of half-width 1, capacity": lambda: replica.capacity(
        replica.perceptron("binary", loss=replica.Band(1))
    ),
    "wide committee of signs, binary, capacity": lambda: replica.capacity(replica.committee(activation="sign")),
    "wide committee of ReLU, binary, capacity": lambda: replica.capacity(replica.committee(activation="relu")),
    "spherical, margin 1/2, capacity": lambda: replica.capacity(replica.perceptron("spherical", margin="0.5")),
    "spherical, margin -1, AT line": lambda: replica.at_line(replica.perceptron("spherical", margin=-1)),
    "binary teacher, transition": lambda: replica.transition(replica.perceptron("binary", labels="teacher")),
    "binary teacher, spinodal": lambda: replica.spinodal(replica.perceptron("binary", labels="teacher")),
}


def solution(rng: np.random.Generator) -> tuple[str, Callable[[], Any]]:
    """One random model of the covered ones at a random load."""
    kind = str(rng.choice(["margin", "error-count", "committee", "teacher", "mixture"]))
    weights, held = str(rng.choice(["binary", "spherical", "ternary"])), str(rng.choice(["binary", "spherical"]))
    margin, alpha = float(rng.normal(0.0, 0.6)), float(np.exp(rng.uniform(np.log(0.01), np.log(1.6))))
    beta, unit = float(np.exp(rng.uniform(-1.5, 1.8))), str(rng.choice(["sign", "relu", "erf"]))
    loss, balance = str(rng.choice(["hinge", "square"])), float(rng.uniform(0.1, 0.9))

    def model() -> Any:
        if kind == "margin":
            return replica.perceptron(weights, margin=margin)
        if kind == "error-count":
            return replica.perceptron(weights, margin=margin, loss="error-count", beta=beta)
        if kind == "committee":
            return replica.committee(activation=unit, weights=held, margin=0.3 * margin)
        if kind == "teacher":
            return replica.perceptron(held, labels="teacher", margin=max(0.0, margin))
        return replica.mixture(loss, penalty=beta, noise=1.0 + margin**2, balance=balance)

    return kind, lambda: replica.solve(model(), alpha=alpha, on_failure="keep")


def threshold(rng: np.random.Generator) -> tuple[str, Callable[[], Any]]:
    """One random threshold of the covered ones."""
    kind = str(rng.choice(["capacity", "committee capacity", "at", "transition", "max margin", "freezing"]))
    margin, alpha = float(rng.uniform(-1.0, 1.0)), float(rng.uniform(0.2, 1.5))
    weights, unit = str(rng.choice(["binary", "ternary", "spherical"])), str(rng.choice(["sign", "relu", "erf"]))

    def ask() -> Any:
        if kind == "capacity":
            return replica.capacity(replica.perceptron(weights, margin=margin if weights != "ternary" else abs(margin)))
        if kind == "committee capacity":
            return replica.capacity(replica.committee(activation=unit, margin=0.2 * margin))
        if kind == "at":
            return replica.at_line(replica.perceptron("spherical", margin=-0.2 - abs(margin)))
        if kind == "transition":
            return replica.transition(replica.committee(activation=unit, labels="teacher"))
        if kind == "max margin":
            return replica.max_margin(replica.perceptron("binary"), alpha=alpha)
        return replica.freezing(replica.perceptron("binary", loss="error-count", margin=margin), alpha=1.0 + alpha)

    return kind, ask


def measure(seed: int, index: int, of_threshold: bool) -> list[dict[str, Any]]:
    """One row per number: kind, name, distance of the float from the proved interval's middle, and its error."""
    rng = np.random.default_rng([seed, index, int(of_threshold)])
    kind, ask = (threshold if of_threshold else solution)(rng)
    try:
        found = ask()
    except ValueError as refusal:
        return [{"kind": kind, "outcome": "not asked", "why": str(refusal)}]
    if not found.converged:
        return [{"kind": kind, "outcome": "no float", "why": found.status}]
    begin = time.process_time()
    try:
        proved = found.enclose(DIGITS)
    except replica.NotEnclosed as refusal:
        return [{"kind": kind, "outcome": "refused", "why": str(refusal), "index": index}]
    seconds = time.process_time() - begin
    pairs = [(found.value, found.error, "value", proved)] if of_threshold else [
        (found[name], found.errors[name], name, x) for name, x in proved.values.items() if name in found.errors
    ]
    rows = []
    for value, error, name, x in pairs:
        low, high = x.interval
        away = float(max(abs(Fraction(value) - low), abs(Fraction(value) - high)))
        rows.append({"kind": kind, "outcome": "proved", "name": name, "away": away, "error": error,
                     "value": value, "index": index, "seconds": seconds})
    return rows


def report(rows: list[dict[str, Any]], what: str) -> list[str]:
    """A table per kind: numbers within their error, the largest ratio, the median over-estimate, seconds, refusals."""
    heads = (what, "proved", "numbers", "within their error", "worst away/error", "median error/away", "CPU s each")
    heads = (*heads, "refused", "no float")
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[row["kind"]].append(row)
    for kind, own in sorted(groups.items()):
        proved = [row for row in own if row["outcome"] == "proved"]
        counts = Counter(row["outcome"] for row in own)
        ratios = np.array([row["away"] / max(row["error"], 1e-300) for row in proved])
        good = int(np.sum(ratios <= 1))
        seconds = {row["index"]: row["seconds"] for row in proved}
        over = np.median([row["error"] / row["away"] for row in proved if row["away"] > 0]) if proved else np.nan
        cells = (
            kind, len(seconds), len(proved), good, f"{ratios.max() if proved else 0:.2g}", f"{over:.2g}",
            f"{np.median(list(seconds.values())) if seconds else 0:.2f}", counts["refused"],
            counts["no float"] + counts["not asked"],
        )
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return lines


def certified() -> list[str]:
    """The table of the README: thirty digits, which are proved."""
    lines = ["| threshold | lies in |", "|---|---|"]
    return lines + [f"| {name} | `{ask().enclose(30)}` |" for name, ask in CERTIFIED.items()]


def into_readme(table: list[str], readme: Path) -> None:
    """Replace the table between its two marks."""
    begin, end = MARKS
    before, rest = readme.read_text(encoding="utf-8").split(begin)
    after = rest.split(end)[1]
    readme.write_text("\n".join([before + begin, "", *table, "", end + after]), encoding="utf-8")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=1050)
    parser.add_argument("--thresholds", type=int, default=220)
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--output", type=Path, default=RESULTS)
    parser.add_argument("--table", action="store_true", help="only write the table of the README")
    chosen = parser.parse_args(arguments)
    if chosen.table:
        return into_readme(certified(), README)
    text = ["# The floating-point solver put to the proof", "", f"Seed {chosen.seed}, {DIGITS} digits.", ""]
    failed: list[dict[str, Any]] = []
    for what, count in (("solution", chosen.points), ("threshold", chosen.thresholds)):
        tasks = (delayed(measure)(chosen.seed, i, what == "threshold") for i in range(count))
        rows = [row for found in Parallel(n_jobs=chosen.workers)(tasks) for row in found]
        text += [*report(rows, what), ""]
        failed += [row for row in rows if row["outcome"] == "refused"]
        failed += [row for row in rows if row["outcome"] == "proved" and row["away"] > row["error"]]
    text += ["## Certified thresholds", "", *certified(), ""]
    if failed:
        text += ["## Beyond their error, or refused", "", *(f"- {json.dumps(row)}" for row in failed), ""]
    chosen.output.mkdir(parents=True, exist_ok=True)
    (chosen.output / "enclosures.md").write_text("\n".join(text))
    print("\n".join(text))


if __name__ == "__main__":
    main()
