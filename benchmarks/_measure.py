"""One point of `accuracy`: solve it, find the truth next to it, compare; workers import this module."""

from __future__ import annotations

import math
import time
from typing import Any

from mpmath import mp

import replica
from benchmarks._points import FAMILIES, make, model_of, name_of
from benchmarks._polish import NoSolution, polish
from benchmarks._scan import Branch, stable_paramagnet
from benchmarks._truth import Point

#: one teacher point in so many is looked up on the branch; all that are unsolved are
SAMPLED = 3


def start_of(point: Point, solution: replica.Solution) -> dict[str, float]:
    """The conjugates that the package reports."""
    start = (
        {name: solution[name] for name in point.unknowns if name != "curvature"}
        if "q_hat" in solution.batch.names
        else {}
    )
    if start and "curvature" in point.unknowns:
        start["curvature"] = solution["Q_hat"] + solution["q_hat"]
    return start


def compare(point: Point, solution: replica.Solution) -> dict[str, Any]:
    """Reported values and errors of all quantities, and how far the values are from the truth."""
    start = start_of(point, solution)
    if not start:
        return {"kind": "without conjugates"}
    narrow = max(solution["q"], 1e-300) / max(solution["V"], 1e-300)
    digits = 34 + max(0, math.ceil(math.log10(narrow)))
    with mp.workdps(digits):
        try:
            seen, moved, left = polish(point, start)
        except NoSolution as why:
            return {"kind": "no true solution near", "why": str(why)}
        rows = {}
        for name, truth in seen.items():
            if name not in solution.batch.names:
                continue
            value, error = solution[name], solution.errors[name]
            rows[name] = {"value": value, "error": error, "off": float(abs(mp.mpf(value) - truth))}
    kind = "paramagnet" if start["q_hat"] == 0 else "saddle"
    return {"kind": kind, "moved": moved, "residual": left, "quantities": rows}


def run(task: dict[str, Any]) -> dict[str, Any]:
    """One point: solve it, find the truth, compare."""
    point = make(task)
    begin = time.perf_counter()
    solution = replica.solve(model_of(point), alpha=point.alpha, on_failure="keep")
    row: dict[str, Any] = {
        "index": task["index"],
        "family": name_of(FAMILIES[task["family"]]),
        "point": vars(point),
        "status": solution.status,
        "converged": solution.converged,
    }
    if solution.converged:
        row |= compare(point, solution)
    unsolved = not solution.converged or row["kind"] == "without conjugates"
    if unsolved or (point.labels == "teacher" and task["index"] % SAMPLED == 0):
        row["branch"] = where(point, solution)
    return row | {"seconds": time.perf_counter() - begin}


def where(point: Point, solution: replica.Solution) -> dict[str, Any]:
    """What the branch from alpha = 0, followed independently, says about a point.

    ``place``: the load is ``reached``, ``beyond`` the branch, ``before`` its start, or the branch was ``not
    followed``; ``paramagnet`` where an unsolved even loss has a stable one. ``gap``: the largest relative
    distance of the conjugates from its first solution.
    """
    if not solution.converged and stable_paramagnet(point):
        return {"place": "paramagnet"}
    branch = Branch(point)
    found = branch.first()
    if found is None and branch.top < point.alpha < 1.1 * branch.top:
        branch = Branch(point, step=0.05)
        found = branch.first()
    if found is None:
        if not branch.alpha:
            return {"place": "not followed"}
        return {"place": "before" if point.alpha < branch.alpha[0] else "beyond", "top": branch.top}
    start = start_of(point, solution) if solution.converged else {}
    gaps = [abs(start[name] / found[name] - 1) for name in found if start.get(name)]
    return {"place": "reached", "gap": float(max(gaps)) if gaps else None}
