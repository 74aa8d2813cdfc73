"""Symmetry breaking put to the proof: ``python -m benchmarks.steps --points 500``.

Random settings (loads, capacities, ground states; perceptrons, wide sign, ReLU and erf units; margins -3 to 2; 1 to 3
steps) are solved. Every value is compared with `_steps_truth` at the order parameters that are reported, these with
neighbours (a step to either side of each: what is left of the slope), and with places further off: none may be lower.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import replica
from benchmarks._steps_truth import LENGTH, Question, TooLong

RESULTS = Path(__file__).parent / "results"
STEP, NEAR, AROUND, PATIENCE, FINER, EVEN = 1e-3, 1e-9, 8, 2.5, 1.4, 3e-13


def question(rng: np.random.Generator) -> Question:
    """One setting at random; the load is a multiple of that of a symmetric capacity, which `asked` knows."""
    kind = str(rng.choice(["load", "capacity", "ground"], p=[0.5, 0.25, 0.25]))
    units = str(rng.choice(["perceptron", "relu", "erf", "sign"], p=[0.55, 0.15, 0.15, 0.15]))
    weights = "binary" if kind == "load" and units == "perceptron" and rng.random() < 0.2 else "spherical"
    if kind != "load" and units == "sign":
        units = "perceptron"
    steps = int(rng.integers(1, 4))
    kappa, beta, loss = float(rng.uniform(-3.0, 2.0)), np.inf, "margin"
    if kind == "capacity":
        kappa = float(rng.uniform(-2.0, 0.5))
    elif kind == "ground":
        loss = str(rng.choice(["errors", "hinge"]))
        kappa = float(rng.uniform(-1.0, 1.5))
    elif weights == "binary":
        loss, beta = ("errors", float(np.exp(rng.uniform(-1.0, 2.5)))) if rng.random() < 0.6 else ("margin", np.inf)
    elif rng.random() < 0.4:
        loss, beta = "errors", float(np.exp(rng.uniform(-1.0, 2.5)))
    elif rng.random() < 0.25:
        loss, kappa = "outside", float(rng.uniform(0.7, 1.5))
    return Question(kind, weights, units, loss, kappa, beta, float(rng.uniform(0.0, 1.0)), steps)


def model_of(at: Question) -> replica.Model:
    """The model of a setting."""
    costs = {"outside": replica.OutsideBand, "errors": replica.ErrorCount, "hinge": replica.Hinge}
    how = {"loss": costs[at.loss](at.kappa)} if at.loss in costs else {"margin": at.kappa}
    if np.isfinite(at.beta):
        how["beta"] = at.beta
    if at.units == "perceptron":
        return replica.perceptron(at.weights, **how)
    return replica.committee(np.inf, activation=at.units, weights=at.weights, **how)


def loaded(at: Question, model: replica.Model) -> Question:
    """With the load in the place of its share of the capacity (of the constraint; beyond it where errors are paid)."""
    if at.kind == "capacity":
        return at
    constraint = model_of(Question("load", at.weights, at.units, "outside" if at.loss == "outside" else "margin",
                                   at.kappa, np.inf, 0.0, 1))  # fmt: skip
    wide = at.units == "sign"  # without symmetry breaking their capacity is infinite
    end = 3.0 * float(np.exp(-0.7 * at.kappa)) if wide else float(replica.capacity(constraint))
    low, high = (1.02, 3.0) if at.kind == "ground" else (0.3, 2.0) if np.isfinite(at.beta) else (0.3, 1.02)
    if at.loss == "outside":  # far below that of replica symmetry
        low, high = 0.1, 0.55
    return Question(**{**vars(at), "alpha": end * (low + (high - low) * at.alpha)})


def order_of(found: Any, at: Question) -> tuple[dict[str, np.ndarray], bool]:
    """Order parameters that the value depends on, and whether it is a saddle point."""
    m = np.array([found[f"parisi{j + 1}"] for j in range(at.steps)])
    steps = int(np.isfinite(m).sum())  # levels that coincide have none
    q = [found[f"q{j}"] for j in range(steps + (at.kind == "load"))]
    order = {"q": np.array(q if at.kind == "load" else [*q, 1.0]), "parisi": m[:steps]}
    if at.kind == "ground":
        order["chi"] = np.array([found["V"]])
    if at.weights == "binary":
        order["conjugates"] = at.conjugates(order["q"], order["parisi"])
    return order, at.weights == "binary"


def value_at(at: Question, order: dict[str, np.ndarray], length: float = LENGTH) -> float:
    chi = float(order["chi"][0]) if "chi" in order else 1.0
    return at.value(order["q"], order["parisi"], chi, order.get("conjugates"), length)


def settled(at: Question, order: dict[str, np.ndarray], allowed: float) -> tuple[float, float, float]:
    """The value on panels that are made shorter until it stays; what it last moved; the length before."""
    length, value = LENGTH, value_at(at, order)
    while True:
        finer = value_at(at, order, length / FINER)
        if abs(finer - value) <= max(0.1 * allowed, EVEN * (1.0 + abs(finer))):
            return finer, abs(finer - value), length
        length, value = length / FINER, finer


def moves(order: dict[str, np.ndarray], cold: bool) -> Iterator[tuple[str, int, float]]:
    """Coordinates with the length of what is a step for them: the room to neighbours."""
    for name, values in order.items():
        ends = {"q": (0.0, 1.0), "parisi": (0.0, np.inf if cold else 1.0)}.get(name, (0.0, np.inf))
        row = np.concatenate([[ends[0]], values, [ends[1]]])
        for j in range(values.size - (name == "q" and cold)):
            room = min(row[j + 1] - row[j], row[j + 2] - row[j + 1]) if np.isfinite(row[j + 1]) else 0.0
            if room > 1e-9:
                yield name, j, float(room)


def moved(order: dict[str, np.ndarray], name: str, j: int, by: float) -> dict[str, np.ndarray]:
    return order | {name: order[name] + by * (np.arange(order[name].size) == j)}


def slopes(at: Question, order: dict[str, np.ndarray], here: float, length: float) -> tuple[float, float]:
    """What is left of the slopes, as a gain; how far below the value a neighbour is."""
    left = lower = 0.0
    for name, j, room in moves(order, at.kind != "load"):
        ends = [value_at(at, moved(order, name, j, side * STEP * room), length) for side in (1, -1)]
        slope, bend = ends[0] - ends[1], ends[0] + ends[1] - 2 * here
        if abs(slope) > 1e-12 * (1.0 + abs(here)) and bend:
            left += slope**2 / (8 * abs(bend))
        lower = max(lower, here - min(ends))
    return left, lower


def judged(at: Question, found: Any, rng: np.random.Generator) -> dict[str, Any]:
    """What the sums say of a solution."""
    value, error = (found.value, found.error) if at.kind == "capacity" else (found.free_entropy, found.error)
    order, saddle = order_of(found.order_parameters if at.kind == "capacity" else found, at)
    begin = time.perf_counter()
    fine, moved_last, length = settled(at, order, error)
    told = {"word": "value only", "off": abs(fine - value), "judge": moved_last, "error": error, "value": value}
    if time.perf_counter() - begin > PATIENCE:
        return told
    here = value_at(at, order, length)
    left, lower = slopes(at, order, here, length)
    for _ in range(0 if saddle else AROUND):
        if time.perf_counter() - begin > PATIENCE:
            break
        away = order
        for name, j, room in moves(order, at.kind != "load"):
            away = moved(away, name, j, room * float(rng.uniform(-0.5, 0.5)))
        lower = max(lower, here - value_at(at, away, length))
    return told | {"word": "compared", "left": left, "lower": 0.0 if saddle else lower}


def row(number: int, rng: np.random.Generator) -> dict[str, Any]:
    """One setting from question to judgement."""
    at = question(rng)
    model = model_of(at)
    at = loaded(at, model)
    begin = time.perf_counter()
    try:
        if at.kind == "capacity":
            found: Any = replica.capacity(model, ansatz=replica.RSB(at.steps))
        else:
            found = replica.solve(model, alpha=at.alpha, ansatz=replica.RSB(at.steps), on_failure="keep")
    except ValueError as refusal:
        return {"number": number, **vars(at), "word": "refused", "status": str(refusal)}
    told = {"number": number, **vars(at), "status": found.status, "seconds": time.perf_counter() - begin}
    if not found.converged:
        return told | {"word": "not solved"}
    if at.kind == "ground" and "ground state" not in found.status:
        return told | {"word": "below capacity"}
    try:
        return told | judged(at, found, rng)
    except TooLong:
        return told | {"word": "too long"}


def verdict(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Counts, and the worst."""
    seen = [r for r in rows if "off" in r]
    ratios = []
    for r in seen:
        scale = 1.0 + abs(r["value"])
        beyond = max(r["off"] - r["judge"] - 1e-13 * scale, 0.0)
        ratios.append(beyond / max(r["error"], 1e-300))
        r["wrong"] = max(beyond, r.get("left", 0.0), r.get("lower", 0.0)) > max(5 * r["error"], NEAR * scale)
    return {
        "points": len(rows), "words": dict(Counter(r["word"] for r in rows)),
        "kinds": dict(Counter(f"{r['kind']} {r['weights']} {r['units']}" for r in seen)),
        "steps": dict(Counter(str(r["steps"]) for r in seen)),
        "compared": len(seen), "within their error": int(np.sum(np.array(ratios) <= 1)),
        "within five of it": int(np.sum(np.array(ratios) <= 5)),
        "largest difference": max((r["off"] / (1.0 + abs(r["value"])) for r in seen), default=0.0),
        "largest gain left": max((r.get("left", 0.0) for r in seen), default=0.0),
        "wrong": [r for r in seen if r["wrong"]],
        "not solved": [r for r in rows if r["word"] in ("not solved", "refused")],
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=500)
    parser.add_argument("--seed", type=int, default=14)
    asked = parser.parse_args()
    RESULTS.mkdir(exist_ok=True)
    unfinished = RESULTS / "steps-unfinished.jsonl"  # what is there is not solved again
    rows = [json.loads(line) for line in unfinished.read_text().splitlines()] if unfinished.exists() else []
    done = {told["number"] for told in rows}
    with open(unfinished, "a", encoding="utf-8") as kept:
        for number, rng in enumerate(np.random.default_rng(asked.seed).spawn(asked.points)):
            if number not in done:
                rows.append(row(number, rng))
                print(json.dumps(rows[-1]), file=kept, flush=True)
    found = verdict(rows)
    (RESULTS / "steps.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    unfinished.unlink()
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
