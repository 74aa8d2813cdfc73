"""Random members, parameters and verbs against a second algorithm: ``python -m benchmarks.fuzz --points 3000``.

Each question is asked of the package, and its answer is judged by the modules ``_second*``, which share no average
with it: Newton's steps from the reported point on equations of their own, at two finenesses; it looks closer before it
condemns, as long as its time allows. A number is *silently wrong* when the status says converged and it is farther off
than five of its reported errors plus what the judge cannot tell. Questions that it does not settle are listed. A
refusal at a temperature is *wrong* when the judge finds a solution by small steps from few patterns; others are listed.
``--about landscape`` asks about perturbed weights, Franz-Parisi curves, local entropies and thresholds.
"""

from __future__ import annotations

import argparse
import json
import signal
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed

import replica
from benchmarks import _draws_landscape, _second, _second_erm, _second_local
from benchmarks._draws import Task, draw
from benchmarks._questions import Question, start_of
from replica.solution.single import SolveFailed

RESULTS = Path(__file__).parent / "results"
PATIENCE = 120  # seconds for one question
FLOOR = 4e-15  # of rounding, relative
ROUNDED = 1e-13  # means of logarithms below it are the judge's rounding


class TooLong(RuntimeError):
    """A question that was not answered in its time."""


def _ring(*_: Any) -> None:
    raise TooLong


def ask(task: Task) -> Any:
    """The package's answer, kept whether or not it is solved."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if task.family == "capacity":
            return replica.capacity(task.model())
        return replica.solve(task.model(), alpha=task.alpha, on_failure="keep")


def judged(task: Task, start: dict[str, float], fineness: int) -> tuple[dict[str, float], dict[str, float]]:
    """Right values and what the judge cannot tell, from two finenesses."""
    erm = isinstance(task.judge, _second_erm.Fit)
    solver: Any = _second_erm.minimise if erm else _second.solve
    coarse, fine = (solver(task.judge, start, fine=f * fineness) for f in (1, 2))
    rounding = fine.pop("rounding", 0.0)
    doubt = {name: 4.0 * abs(fine[name] - coarse[name]) for name in fine}
    slips = {} if erm else _second.slips(task.judge, fine)
    doubt = {name: d + slips.get(name, 0.0) for name, d in doubt.items()}
    if "energy" in doubt:  # of what lies beyond the fields that are looked at
        doubt["energy"] += task.alpha * np.exp(-0.5 * _second_local.FAR**2)
    return fine, {n: d + (rounding if n in ("free_entropy", "entropy") else 0.0) for n, d in doubt.items()}


def compare(task: Task, solution: Any) -> list[dict[str, Any]]:
    """One row for each number: reported, right, and both errors."""
    start = start_of(task.judge, solution)
    if start["q_hat"] <= 0:  # a paramagnet: nothing to iterate
        return []
    rows: list[dict[str, Any]] = []
    for fineness in (1, 4, 16):  # the judge looks closer before it condemns
        try:
            right, doubt = judged(task, start, fineness)
        except TooLong:  # what stands condemned stays so
            if rows:
                break
            raise
        rows = []
        for name, value in right.items():
            try:
                reported, error = float(solution[name]), float(solution.errors[name])
            except (KeyError, ValueError, TypeError):
                continue
            settled = value if np.isfinite(doubt[name]) else np.nan
            rows.append({"name": name, "value": reported, "right": settled, "claimed": error, "doubt": doubt[name]})
        if not any(off(row) > 5.0 for row in rows):
            break
    return rows


def capacity_rows(task: Task, threshold: Any) -> list[dict[str, Any]]:
    """The zero of the entropy: the judge's free entropy there, divided by its slope in the load."""
    from dataclasses import replace

    setting = replace(task.judge, alpha=float(threshold.value))
    start = start_of(task.judge, threshold.solution)
    found = []
    for fine in (1, 2):
        right = _second.solve(setting, start, fine=fine)
        point = {name: right[name] for name in setting.names}
        slope = _second.update(setting, point, fine)[2][0]
        if abs(slope) < ROUNDED:  # a mean of logarithms of nearly 1
            raise ArithmeticError
        found.append(float(threshold.value) - right["free_entropy"] / slope)
    return [
        {
            "name": "alpha",
            "value": float(threshold.value),
            "right": found[1],
            "claimed": float(threshold.error),
            "doubt": 4.0 * abs(found[1] - found[0]),
        }
    ]


def question(seed: int, index: int) -> Question:
    """A question about solutions or their capacity, in the form of all."""
    task = draw(seed, index)

    def rows(answer: Any) -> list[dict[str, Any]]:
        return capacity_rows(task, answer) if task.family == "capacity" else compare(task, answer)

    def solvable() -> Any:
        return (
            _second.reach(task.judge)
            if task.family == "temperature" and isinstance(task.judge, _second.Setting)
            else None
        )

    return Question(task.family, task.words, lambda: ask(task), rows, solvable)


QUESTIONS = {"solutions": question, "landscape": _draws_landscape.draw}


def status_of(answer: Any) -> tuple[str, bool]:
    """What the first part of an answer that is not there says, else the last, and whether all of it is there."""
    parts = answer if isinstance(answer, tuple) else (answer,)
    said = [str(part.status) if hasattr(part, "converged") else _said(part) for part in parts]
    lost = [text for text in said if not text.startswith("converged")]
    return (lost or said[-1:])[0], not lost


def _said(curve: Any) -> str:
    """The sentence of a curve: that of its first point that is not converged, if there is one."""
    if "status" not in curve:
        return str(curve.attrs["status"])
    texts = [str(text) for text in curve["status"].values.ravel()]
    return next((text for text in texts if not text.startswith("converged")), texts[0])


def run(seed: int, index: int, about: str = "solutions") -> dict[str, Any]:
    """One question, its answer and its judgement."""
    task = QUESTIONS[about](seed, index)
    row: dict[str, Any] = {"index": index, "family": task.family, "words": task.words, "numbers": []}
    begin = time.process_time()
    signal.signal(signal.SIGALRM, _ring)
    signal.alarm(PATIENCE * 4)
    try:
        answer = task.ask()
        row["status"], row["converged"] = status_of(answer)
        row["seconds"] = time.process_time() - begin
        signal.alarm(PATIENCE)
        try:
            with np.errstate(all="ignore"):
                if row["converged"]:
                    row["numbers"] = task.rows(answer)
                else:
                    row["found"] = task.solvable()
        except (np.linalg.LinAlgError, ArithmeticError, ValueError, SolveFailed, TooLong) as reason:  # of the judge
            row["undecided"] = str(reason) or "the judge's time was up"
    except (ValueError, SolveFailed) as refusal:
        row |= {"status": f"refused: {refusal}", "converged": False}
    except TooLong:
        row |= {"status": "too long", "converged": False}
    finally:
        signal.alarm(0)
    row.setdefault("seconds", time.process_time() - begin)
    return row


def off(number: dict[str, Any]) -> float:
    """True error over what is claimed and what is left open; nan where the judge found nothing."""
    true = abs(number["value"] - number["right"])
    open_to = number["claimed"] + (number["doubt"] + FLOOR * abs(number["right"]) + 1e-300) / 5.0
    return true / open_to if open_to > 0 else (np.inf if true > 0 else 0.0)


def _open(row: dict[str, Any]) -> bool:
    """Whether the judge found nothing for a number of a question."""
    return not all(np.isfinite(number["right"]) for number in row["numbers"])


def report(rows: list[dict[str, Any]]) -> str:
    """The counts, and every number that is silently wrong, in words."""
    numbers = [(row, number) for row in rows for number in row["numbers"]]
    known = [(row, number) for row, number in numbers if np.isfinite(number["right"])]
    wrong = [(row, n) for row, n in known if off(n) > 5.0]
    unsolved = [row for row in rows if not row["converged"]]
    ratios = [n["claimed"] / max(abs(n["value"] - n["right"]), 1e-17 * abs(n["right"]), 1e-300) for _, n in known]
    lines = [
        f"{len(rows)} questions, {len(numbers)} numbers, {len(known)} judged; {len(wrong)} silently wrong; "
        f"{len(unsolved)} without an answer, of which {sum(bool(r.get('found')) for r in unsolved)} at a temperature "
        f"have a solution; median of claimed over true error {np.median(ratios):.3g}",
        "",
        *(f"- {family}: {count}" for family, count in Counter(row["family"] for row in rows).items()),
        "",
        "Silently wrong:",
        *(
            f"- {r['index']}: {r['words']}: {n['name']} {n['value']!r} +- {n['claimed']:.2g}, right {n['right']!r}"
            for r, n in wrong
        ),
        "",
        "Not settled by the judge:",
        *(
            f"- {r['index']}: {r['words']}: {r.get('undecided', 'some numbers were not found')}"
            for r in rows
            if r.get("undecided") or _open(r)
        ),
        "",
        "Without an answer:",
        *(
            f"- {r['index']}: {r['words']}: {r['status']}{' (there is one)' if r.get('found') else ''}"
            for r in unsolved
        ),
    ]
    return "\n".join(lines) + "\n"


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--about", choices=sorted(QUESTIONS), default="solutions")
    parser.add_argument("--points", type=int, default=3000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=20260101)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--output", type=Path, default=RESULTS)
    chosen = parser.parse_args(arguments)
    tasks = (delayed(run)(chosen.seed, i, chosen.about) for i in range(chosen.first, chosen.first + chosen.points))
    rows = []
    with (chosen.output / "fuzz.jsonl").open("a") as stream:
        for row in Parallel(n_jobs=chosen.workers, return_as="generator", batch_size=8)(tasks):
            rows.append(row)
            stream.write(json.dumps(row) + "\n")
            stream.flush()
    text = report(rows)
    (chosen.output / "fuzz.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
