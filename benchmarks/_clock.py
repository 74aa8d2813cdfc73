"""How a time is taken and recorded; what is timed is elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


def least(
    work: Callable[[], Any],
    repeats: int,
    seconds: float = 8.0,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Shortest time of up to ``repeats`` runs, in seconds; ``clock`` may count processor time instead."""
    work()
    best, begin = float("inf"), time.perf_counter()
    for _ in range(repeats):
        start = clock()
        work()
        best = min(best, clock() - start)
        if time.perf_counter() - begin > seconds:
            break
    return best


def alternated(first: Callable[[], Any], second: Callable[[], Any], rounds: int) -> tuple[float, float]:
    """Shortest processor times of two ways to the same, taken in turns: what else runs disturbs both alike."""
    best = [float("inf"), float("inf")]
    for _ in range(rounds):
        for k, work in enumerate((first, second)):
            start = time.process_time()
            work()
            best[k] = min(best[k], time.process_time() - start)
    return best[0], best[1]


def verdict(met: bool) -> str:
    return "yes" if met else "no"


def line(
    task: str, seconds: float, aim: str, met: str | bool | None, note: str = "", **numbers: float
) -> dict[str, Any]:
    """One measurement; ``numbers`` are factors to other ways."""
    shown = "" if met is None else met if isinstance(met, str) else verdict(met)
    return {"task": task, "seconds": seconds, "aim": aim, "met": shown, "note": note, **numbers}
