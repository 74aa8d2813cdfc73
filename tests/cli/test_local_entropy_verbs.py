"""The verb `local-entropy`: the numbers of the library, words for the number of replicas and the centre, exit codes."""

from __future__ import annotations

import json

import pytest

import replica
from replica.cli import main

BASE = ["local-entropy", "perceptron", "--weights", "binary", "--alpha", "0.7"]


@pytest.mark.parametrize(
    ("options", "keywords"),
    [
        ([], {}),
        (["--replicas", "3", "--centre", "none"], {"replicas": 3.0, "centre": None}),
        (["--replicas", "zero-complexity"], {"replicas": "zero-complexity"}),
        (["--replicas", "0.5", "--centre", "solution"], {"replicas": 0.5, "centre": "solution"}),
    ],
)
def test_numbers_of_the_library(
    options: list[str], keywords: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*BASE, "--distance", "0.1", "--json", *options]) == 0
    answer = json.loads(capsys.readouterr().out)
    expected = replica.local_entropy(replica.perceptron("binary"), alpha=0.7, distance=0.1, **keywords)
    assert answer["local_entropy"] == expected["local_entropy"].values.tolist()


def test_unsolved_and_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*BASE, "--distance", "0.4", "--replicas", "3", "--centre", "none"]) == 1
    assert "not above the replica-symmetric overlap" in capsys.readouterr().err
    for wrong in (["--replicas", "many"], ["--centre", "middle"], ["--centre", "solution"]):
        assert main([*BASE, "--distance", "0.1", *wrong]) == 2
        assert capsys.readouterr().err.startswith("replica: ")
