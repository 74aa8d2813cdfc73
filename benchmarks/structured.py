"""Structured inputs put to the proof: ``python -m benchmarks.structured --points 1000``.

Random settings (five kinds of spectra, loads 1e-3 to 1e3, penalties 1e-10 to 1e10, three costs, two teachers) are
solved, and every number that is said to be converged is compared with `_structured_truth`. Counted are numbers within
their reported error and within five of them, settings that are not solved, and settings where the truth is not reached.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np

import replica
from benchmarks._structured_truth import Setting, Truth

RESULTS = Path(__file__).parent / "results"
SPECTRA = ("flat", "power law", "two levels", "rank deficient", "one huge")
SIZE = 24
NAMES = ["V", "q", "m", "norm", "energy", "training_error", "generalization_error"]
FAINT = 1e-22  # shares of patterns beyond what the truth integrates
COSTS = (("square", "linear"), ("square", "sign"), ("hinge", "sign"), ("logistic", "sign"))


def spectrum(rng: np.random.Generator, kind: str) -> np.ndarray:
    """Eigenvalues of one kind, at a random scale."""
    i, scale = np.arange(1, SIZE + 1), np.exp(rng.uniform(-2.0, 2.0))
    if kind == "flat":
        return scale * np.ones(SIZE)
    if kind == "power law":
        return scale * i ** -rng.uniform(0.5, 3.0)
    omega = np.ones(SIZE)
    if kind == "two levels":
        omega[: rng.integers(1, SIZE)] = 10.0 ** rng.uniform(-4.0, 4.0)
    elif kind == "rank deficient":
        omega = rng.random(SIZE) + 0.1
        omega[: rng.integers(1, SIZE - 1)] = 0.0
    else:
        omega[0] = 10.0 ** rng.uniform(3.0, 7.0)
    return scale * omega


def setting(rng: np.random.Generator) -> tuple[str, Setting]:
    """One point at random."""
    kind, (loss, teacher) = str(rng.choice(SPECTRA)), COSTS[rng.integers(len(COSTS))]
    omega = spectrum(rng, kind)
    share = rng.random(SIZE) * (omega > 0) * omega ** rng.uniform(0.0, 1.0)
    t = share * omega
    explained = float(np.mean(share))
    rho = explained * (1.0 if rng.random() < 0.4 else 1.0 + rng.exponential())
    noise = 0.0 if rng.random() < 0.4 else rho * rng.exponential(0.5)
    alpha, penalty = 10.0 ** rng.uniform(-3.0, 3.0), 10.0 ** rng.uniform(-10.0, 10.0)
    return kind, Setting(loss, teacher, omega, t, rho, float(noise), float(alpha), float(penalty))


def compared(s: Setting) -> dict[str, Any]:
    """What became of one setting: a word, and differences in units of the reported errors."""
    model = replica.covariates(
        s.loss, spectrum=s.omega, projections=s.t, rho=s.rho, noise=s.noise, teacher=s.teacher, penalty=s.penalty
    )
    begin = time.perf_counter()
    found = replica.solve(model, alpha=s.alpha, on_failure="keep")
    spent = time.perf_counter() - begin
    if not found.converged:
        return {"word": "not solved", "status": found.status, "seconds": spent}
    truth = Truth(s).solve(found["V"], found["q"], found["m"])
    if truth is None:
        return {"word": "truth not reached", "seconds": spent}
    off, size = {}, {}
    for name in NAMES:
        if name in truth:
            gap = abs(found[name] - truth[name])
            faint = name in ("training_error", "energy") and gap < FAINT
            if faint or not np.isfinite(truth[name]):  # an arc cosine of 1
                continue
            scale = max(abs(truth[name]), 1e-300)
            size[name] = gap / scale
            off[name] = 0.0 if gap <= 1e-14 * scale else gap / max(found.errors[name], 1e-300)
    return {"word": "compared", "off": off, "size": size, "seconds": spent}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    words: dict[str, Counter[str]] = defaultdict(Counter)
    worst: list[tuple[float, int, str, float, str]] = []
    numbers = within = five = 0
    missing = []
    for index, rng in enumerate(np.random.default_rng(asked.seed).spawn(asked.points)):
        kind, s = setting(rng)
        row = compared(s)
        words[f"{s.loss}, {s.teacher}"][row["word"]] += 1
        if row["word"] != "compared":
            missing.append((index, kind, s.loss, s.alpha, s.penalty, row["word"], row.get("status", "")))
            continue
        numbers += len(row["off"])
        within += sum(x <= 1 for x in row["off"].values())
        five += sum(x <= 5 for x in row["off"].values())
        name = max(row["off"], key=row["off"].get)
        worst.append((row["off"][name], index, name, row["size"][name], f"{kind}, {s.loss}, {s.alpha}, {s.penalty}"))
    worst.sort(reverse=True)
    found = {
        "points": asked.points, "numbers": numbers, "within their error": within, "within five": five,
        "words": {cost: dict(count) for cost, count in words.items()}, "worst": worst[:12], "missing": missing,
    }  # fmt: skip
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "structured.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
