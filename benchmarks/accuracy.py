"""True errors against reported errors: ``python -m benchmarks.accuracy --points 1000``; see `_measure`."""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

from joblib import Parallel, delayed

from benchmarks._measure import run
from benchmarks._points import draw
from benchmarks._tables import accuracy_report

RESULTS = Path(__file__).parent / "results"


def digest() -> str:
    """Of all source files: points measured with other code are not carried on."""
    root = Path(__file__).parents[1]
    files = sorted(
        f for folder in ("replica", "saddlepoint", "benchmarks") for f in (root / folder).rglob("*.py")
    )
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


def collect(seed: int, count: int, workers: int, state: Path) -> list[dict[str, Any]]:
    """All rows, those found in the state file first; every new one is written there at once."""
    header = {"seed": seed, "points": count, "code": digest()}
    rows: list[dict[str, Any]] = []
    if state.exists():
        first, *rest = [json.loads(line) for line in state.read_text().splitlines() if line.endswith("}")]
        if first != header:
            raise ValueError(f"{state} holds the points of {first}; delete it, or ask for the same")
        rows = rest
    else:
        state.write_text(json.dumps(header) + "\n")
    done = {row["index"] for row in rows}
    tasks = (delayed(run)(task) for task in draw(seed, count) if task["index"] not in done)
    with state.open("a") as stream:
        for row in Parallel(n_jobs=workers, return_as="generator_unordered", batch_size=4)(tasks):
            rows.append(row)
            stream.write(json.dumps(row) + "\n")
            stream.flush()
    return sorted(rows, key=lambda row: row["index"])


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=20260101)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--output", type=Path, default=RESULTS)
    chosen = parser.parse_args(arguments)
    chosen.output.mkdir(parents=True, exist_ok=True)
    state = chosen.output / "accuracy-unfinished.jsonl"
    rows = collect(chosen.seed, chosen.points, chosen.workers, state)
    summary, text = accuracy_report(rows, chosen.seed)
    (chosen.output / "accuracy.json").write_text(json.dumps(summary, indent=1) + "\n")
    (chosen.output / "accuracy.md").write_text(text)
    print(text)
    state.unlink()


if __name__ == "__main__":
    main()
