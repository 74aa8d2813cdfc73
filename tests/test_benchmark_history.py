"""The history of speeds: columns are added once, changes are factors in yardsticks; no speed is judged here."""

from __future__ import annotations

from typing import Any

from benchmarks import history


def column(version: str, seconds: dict[str, float], yardstick: float = 1e-3) -> dict[str, Any]:
    return {"version": version, "date": "2026-12-03", "machine": "m", "yardstick": yardstick, "seconds": seconds}


def test_a_run_takes_the_place_of_one_of_the_same_version_day_and_machine() -> None:
    first, again, later = column("1.0.0", {"a": 1.0}), column("1.0.0", {"a": 2.0}), column("1.1.0", {"a": 3.0})
    assert history.added(history.added([first], later), again) == [later, again]


def test_changes_are_in_units_of_the_yardstick_and_what_is_slower_is_said() -> None:
    """Twice the time on a machine of half the speed is no change."""
    runs = [column("1.0.0", {"a": 1e-3, "b": 1e-3}), column("1.1.0", {"a": 2e-3, "b": 4e-3, "new": 5e-3}, 2e-3)]
    lines = history.text(runs).splitlines()
    assert "| a | 1 (1) | 2 (1) | 1.00 |" in lines
    assert "| b | 1 (1) | 4 (2) | 2.00 slower |" in lines
    assert "| new |  | 5 (2.5) |  |" in lines


def test_every_question_has_an_answer() -> None:
    asked = history.questions()
    assert all(asked[name]() is not None for name in ("solve, signs", "capacity, signs", "AT line, margin -0.5"))
    assert history.yardstick() > 0.0
