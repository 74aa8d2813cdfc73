"""``replica warm``: says what it compiled, and ends with 1 where it could not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from replica.cli import warm
from saddlepoint import _compiler

QUICK = "solve perceptron --alpha 0.3"


def test_all_questions_answered(run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm, "FIRST", QUICK)
    monkeypatch.setattr(warm, "THEN", ("list",))
    result = run("warm")
    assert result.code == 0
    assert result.out == ""
    assert result.err.endswith("compiled what 2 questions to the common verbs need\n")


@pytest.mark.parametrize(
    ("first", "then", "named"),
    [("solve perceptron", QUICK, "missing option --alpha"), (QUICK, "capacity perceptron --weights wood", "'wood'")],
)
def test_a_question_without_an_answer(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, first: str, then: str, named: str
) -> None:
    monkeypatch.setattr(warm, "FIRST", first)
    monkeypatch.setattr(warm, "THEN", (then,))
    result = run("warm")
    assert result.code == 1
    assert "replica: not compiled what 'replica " in result.err
    assert named in result.err


def test_no_folder_to_keep_kernels_in(run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(function: Any) -> None:
        raise RuntimeError("cannot cache function: no locator available")

    monkeypatch.setattr(_compiler, "_DiskCache", refused)
    assert _compiler.kept_in() is None
    result = run("warm")
    assert result.code == 1
    assert result.err.startswith("replica: compiled kernels cannot be kept: no folder can be written")
