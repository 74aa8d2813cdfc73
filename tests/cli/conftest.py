"""One way for all tests here to run the command line in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from replica.cli import main


@dataclass(frozen=True)
class Result:
    """What a run left: the exit code and the two streams."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """stdout as one strict JSON object."""

        def refuse(token: str) -> None:
            raise AssertionError(f"{token} is no JSON")

        found = json.loads(self.out, parse_constant=refuse)
        assert isinstance(found, dict)
        return found


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """``run("capacity perceptron", "--margin", "0.5")``: the first argument is split at spaces."""

    def call(line: str, *words: Any) -> Result:
        code = main([*line.split(), *map(str, words)])
        streams = capsys.readouterr()
        return Result(code, streams.out, streams.err)

    return call
