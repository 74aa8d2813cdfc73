"""What `fuzz` asks: a verb with random arguments, and what its judge finds for each number of the answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks import _second_erm


@dataclass(frozen=True)
class Question:
    """A verb asked with random arguments, and rows of numbers with what a judge of its own finds."""

    family: str
    words: str
    ask: Callable[[], Any]
    rows: Callable[[Any], list[dict[str, Any]]]
    solvable: Callable[[], Any] = lambda: None  # what the judge finds where there is no answer


def start_of(judge: Any, solution: Any) -> dict[str, float]:
    """The judge's unknowns at a solution of the package."""
    found = dict(solution.order_parameters)
    if isinstance(judge, _second_erm.Fit):
        v, m = found["V"], found.get("m", 0.0)
        q_hat = found["q"] / v**2 - (m / v) ** 2
        return {"q_hat": q_hat, "V_hat": 1.0 / v - judge.penalty, "m_hat": m / v, "bias": found.get("bias", 0.0)}
    q_hat = found["q_hat"]
    return {"q_hat": q_hat, "curvature": found.get("Q_hat", 0.0) + q_hat, "m_hat": found.get("m_hat", 0.0)}
