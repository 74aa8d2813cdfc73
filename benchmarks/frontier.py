"""Signs, codings, paths, clones and shared inputs put to the proof: ``python -m benchmarks.frontier --points 300``.

Random settings of each part are asked, and every number that is said to be converged is compared with
`_second_frontier` and `_second_paths`. Counted are numbers within their reported error (a true difference below 1e-13
of the number is not told from none, for the second way has rounding of its own), numbers that are off by more than
five of them and more than the second way may be, and what is refused.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np

import replica
from benchmarks import _second_frontier as signs
from benchmarks import _second_paths as ways

RESULTS = Path(__file__).parent / "results"
FAINT = 1e-13  # relative: rounding of the second way
ROUGH = 1e-8  # of conditions that it differentiates

#: names with a number and its reported error, and the number of the second way
Compared = dict[str, tuple[float, float, float]]


def learned(rng: np.random.Generator) -> tuple[float, bool]:
    """A coding, and whether its threshold is learned."""
    return (0.5, False) if rng.random() < 0.3 else (float(rng.uniform(0.02, 0.98)), bool(rng.random() < 0.7))


def non_negative(rng: np.random.Generator) -> tuple[str, Compared]:
    (coding, bias), kappa = learned(rng), float(rng.uniform(-1.0, 1.5))
    labels = replica.RandomLabels(coding=coding, bias=bias)
    model = replica.perceptron("non-negative", margin=kappa, labels=labels)
    top = signs.saturated(kappa, coding, bias)["value"]
    alpha = float(top * rng.uniform(0.02, 0.9))
    found, truth = replica.solve(model, alpha=alpha), signs.non_negative(alpha, kappa, coding, bias)
    seen = {name: (found[name], found.errors[name], value) for name, value in truth.items()}
    if bias:
        seen["bias"] = (-found["bias"], found.errors["bias"], truth["bias"])
    if kappa >= 0.0:
        limit = replica.capacity(model)
        seen["capacity"] = (limit.value, limit.error, top)
    return f"{kappa}, {coding}, {bias}, {alpha}", seen


def prescribed(rng: np.random.Generator) -> tuple[str, Compared]:
    coding, kappa = float(rng.uniform(0.05, 0.95)), float(10.0 ** rng.uniform(-1.5, 0.5))
    excitatory = 1.0 if rng.random() < 0.3 else float(rng.uniform(0.55, 0.99))
    labels = replica.RandomLabels(coding=coding, inputs=float(rng.uniform(0.1, 0.9)))
    model = replica.perceptron(replica.SignConstrained(excitatory=excitatory), margin=kappa, labels=labels)
    found, truth = replica.capacity(model), signs.of_both_signs(kappa, coding, excitatory)
    seen = {"capacity": (found.value, found.error, truth["value"])}
    relative = 100.0 * found.error / found.value  # of what belongs to the limit no error is reported
    for name in ("silent", "norm") if found.order_parameters else ():  # none where no finite norm is best
        seen[name] = (found.order_parameters[name], relative * truth[name], truth[name])
    return f"{kappa}, {coding}, {excitatory}", seen


def two_margins(rng: np.random.Generator) -> tuple[str, float, tuple[float, float]]:
    """Weights, a load and margins whose typical solutions exist with overlaps below 0.98."""
    while True:
        weights = "spherical" if rng.random() < 0.5 else "binary"
        margins = float(rng.uniform(-1.0, 0.5)), float(rng.uniform(-1.0, 0.5))
        alpha = float(rng.uniform(0.1, 3.0 if weights == "spherical" else 0.9))
        tops = [replica.capacity(replica.perceptron(weights, margin=k)).value for k in margins]
        if alpha < 0.9 * min(tops) and abs(margins[0] - margins[1]) > 0.02:
            return weights, alpha, margins


def path(rng: np.random.Generator) -> tuple[str, Compared]:
    weights, alpha, margins = two_margins(rng)
    along = "flips" if weights == "binary" and rng.random() < 0.3 else str(rng.choice(["geodesic", "straight"]))
    along = "straight" if weights == "binary" and along == "geodesic" else along
    kappa, position = max(margins), float(rng.uniform(0.05, 0.95))
    model = replica.perceptron(weights, margin=kappa)
    got = replica.path(model, alpha=alpha, margins=margins, position=[position], along=along)
    truth = ways.error_on_the_way(weights, alpha, margins, kappa, position, along)
    seen = {
        "overlap": (got.attrs["overlap"], got.attrs["overlap_error"], ways.cross_overlap(weights, alpha, margins)[0]),
        "training_error": (float(got.training_error[0]), float(got.error[0]), truth),
    }
    return f"{weights}, {along}, {alpha}, {margins}, {position}", seen


def least_margin(rng: np.random.Generator) -> tuple[str, Compared]:
    """Margins of free geodesics: their equations at the answer, in units of the margin."""
    kappa, alpha = float(rng.uniform(-1.2, -0.1)), float(rng.uniform(0.2, 2.0))
    model = replica.perceptron("spherical", margin=kappa)
    kernel, convex = replica.kernel_margin(model, alpha=alpha), replica.convex_margin(model, alpha=alpha)

    def left(k: float) -> float:
        return k - kappa * ways.cross_overlap("spherical", alpha, (k, kappa))[0]

    def other(k: float) -> float:
        return k - kappa * float(np.sqrt(0.5 * (1.0 + ways.typical("spherical", alpha, k)[0])))

    seen = {}
    for name, answer, gap in (("kernel", kernel, left), ("convex", convex, other)):
        step = gap(answer.value) / ways.slope(gap, answer.value, 1e-3)
        seen[f"{name}_margin"] = (answer.value, answer.error, answer.value - step)
    return f"{kappa}, {alpha}", seen


def clones(rng: np.random.Generator) -> tuple[str, Compared]:
    m, teacher = int(rng.integers(2, 6)), bool(rng.random() < 0.5)
    beta, alpha, q1 = float(rng.uniform(2.0, 9.0)), float(rng.uniform(0.2, 1.0)), float(rng.uniform(0.7, 0.97))
    kappa = 0.0 if teacher else float(rng.uniform(-0.3, 0.3))
    labels = "teacher" if teacher else "random"
    model = replica.perceptron("binary", loss="error-count", margin=kappa, beta=beta, labels=labels)
    found = replica.solve(model, alpha=alpha, ansatz=replica.RSB(m=m, q1=q1))
    truth = ways.clones(alpha, beta, kappa, m, q1, teacher)
    seen = {name: (found[name], found.errors[name], value) for name, value in truth.items()}
    return f"{m}, {teacher}, {beta}, {alpha}, {q1}, {kappa}", seen


def infinite(rng: np.random.Generator) -> tuple[str, Compared]:
    """Free entropies of infinitely many units with shared inputs, and whether they are stationary."""
    teacher = bool(rng.random() < 0.5)
    weights, labels = "spherical", "teacher" if teacher else "random"
    model = replica.committee(np.inf, connectivity="full", weights=weights, labels=labels)
    alpha = float(rng.uniform(7.3, 12.0) if teacher else rng.uniform(10.6, 25.0))
    found = replica.solve(model, alpha=alpha, start={"q": 0.8})
    energy = ways.shared_teacher if teacher else ways.shared_storage
    seen = {"free_entropy": (found.free_entropy, found.error, energy(found["q"], alpha))}
    return f"{teacher}, {alpha}", seen | conditions(lambda q: energy(q, alpha), ("q",), [found["q"]])


def two_units(rng: np.random.Generator) -> tuple[str, Compared]:
    weights = str(rng.choice(["gaussian", "binary"]))
    alpha = float(rng.uniform(2.1, 4.0) if weights == "gaussian" else rng.uniform(1.6, 1.95))
    model = replica.committee(2, connectivity="full", labels="teacher", weights=weights)
    found = replica.solve(model, alpha=alpha)
    names = "q", "q_cross", "q_hat", "q_cross_hat"

    def energy(*at: float) -> float:
        return ways.two_units(*at, alpha, weights == "binary")

    at = [found[name] for name in names]
    seen = {"free_entropy": (found.free_entropy, found.error, energy(*at))}
    return f"{weights}, {alpha}", seen | conditions(energy, names, at)


def conditions(energy: Callable[..., float], names: tuple[str, ...], at: list[float]) -> Compared:
    """Slopes of a free entropy at its point, where they vanish."""
    seen = {}
    for k, name in enumerate(names):

        def moved(x: float, k: int = k) -> float:
            return energy(*(x if j == k else y for j, y in enumerate(at)))

        room = min(at[k], abs(1.0 - at[k]), 1.0) if name in ("q", "q_cross") else min(at[k], 1.0)
        seen[f"slope in {name}"] = (0.0, ROUGH, ways.slope(moved, at[k], 1e-3 * room))
    return seen


def judged(value: float, error: float, truth: float) -> str:
    """One word on a number."""
    off, scale = abs(value - truth), max(abs(truth), 1e-300)
    if off <= error or off <= FAINT * scale:
        return "within"
    return "wrong" if off > 5.0 * error and off > 1e-9 * scale else "beyond"


PARTS = {
    "non-negative": (non_negative, 60), "prescribed signs": (prescribed, 50), "path": (path, 70),
    "free geodesic": (least_margin, 20), "clones": (clones, 50), "infinite shared": (infinite, 20),
    "two units shared": (two_units, 30),
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=300)
    parser.add_argument("--seed", type=int, default=16)
    asked = parser.parse_args()
    words: dict[str, Counter[str]] = defaultdict(Counter)
    worst: list[tuple[float, float, str, str, str]] = []
    refused, factors, spent = [], [], time.perf_counter()
    whole = sum(size for _, size in PARTS.values())
    for name, (part, size) in PARTS.items():
        for rng in np.random.default_rng([asked.seed, size]).spawn(round(asked.points * size / whole)):
            state = rng.bit_generator.state
            try:
                at, seen = part(rng)
            except (replica.SolveFailed, ValueError) as reason:
                words[name]["no number"] += 1
                refused.append((name, state["state"]["state"], str(reason)))
                continue
            words[name]["settings"] += 1
            for number, (value, error, truth) in seen.items():
                off, scale = abs(value - truth), max(abs(truth), 1e-300)
                words[name][judged(value, error, truth)] += 1
                if off > FAINT * scale:
                    worst.append((off / max(error, 1e-300), off / scale, name, number, at))
                    factors.append(error / off)
    worst.sort(reverse=True)
    found = {"parts": {name: dict(count) for name, count in words.items()}, "refused": refused, "worst": worst[:15]}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "frontier.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1), f"{time.perf_counter() - spent:.0f} s", np.median(factors))


if __name__ == "__main__":
    main()
