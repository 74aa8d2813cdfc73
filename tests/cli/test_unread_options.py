"""What was given and is not read is told on stderr, or refused: never passed over in silence."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

TOLD = [
    ("solve perceptron --alpha 0.5 --beta 3", "--beta changed nothing: the cost is 0 or infinite"),
    ("capacity perceptron --weights spherical --temperature 0.4", "--temperature changed nothing"),
    ("max-margin perceptron --weights spherical --alpha 1 --margin 0.2", "--margin changed nothing: max-margin looks"),
    ("capacity mixture --loss hinge --penalty 2", "--loss and --penalty changed nothing: which classes can be"),
    ("solve mixture --weights spherical --loss hinge --penalty 2 --alpha 1", "--penalty changed nothing: only pen"),
    ("optimal-penalty mixture --bias False --penalty 2 --alpha 1", "--penalty changed nothing: optimal-penalty looks"),
    ("enclose perceptron --quantity capacity --alpha 0.3", "--alpha changed nothing: capacity is a load"),
    ("flatness perceptron --alpha 0.5 --noise 0.1 --workers 2", "--workers changed nothing: all points are computed"),
    ("solve perceptron --alpha 0.5 --json --digits 3", "--digits changed nothing: JSON has all digits"),
]


@pytest.mark.parametrize("line, sentence", TOLD, ids=[line for line, _ in TOLD])
def test_options_that_change_nothing_are_told(run, line, sentence):
    result = run(line)
    assert result.code == 0
    assert f"replica: {sentence}" in result.err
    assert "changed nothing" not in result.out


def test_options_that_are_read_are_not(run):
    for line in (
        "solve perceptron --loss hinge --beta 3 --alpha 0.5",
        "solve mixture --penalty 2 --alpha 1 --json",
        "solve perceptron --alpha 0.5",
    ):
        assert run(line).err == ""


def test_a_temperature_without_effect_stands_in_the_status(run):
    found = json.loads(run("solve perceptron --alpha 0.5 --temperature 0.5 --json").out)
    assert found["status"] == "converged; the temperature changes nothing: the cost is 0 or infinite"
    assert found["value"] == json.loads(run("solve perceptron --alpha 0.5 --json").out)["value"]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rng = np.random.default_rng(3)
    y = np.where(rng.random(120) < 0.5, 1.0, -1.0)
    X = np.column_stack([y + rng.standard_normal(120), rng.standard_normal(120), np.full(120, 2.0)])
    path = tmp_path / "data.npz"
    np.savez(path, X=X, y=y)
    return path


LEARN = [
    ("--loss square --held-out 0.2", "--held-out changed nothing: of --model covariates"),
    ("--loss square --covariance general --dimension features", "--dimension changed nothing"),
    ("--loss hinge --seed 4", "--seed changed nothing: without --fits nothing is drawn"),
    ("--loss square --model covariates --no-bias --share 0.5", "--bias and --share changed nothing"),
]


@pytest.mark.parametrize("words, sentence", LEARN, ids=[words for words, _ in LEARN])
def test_learning_tells_options_of_the_other_picture(run, table, words, sentence):
    result = run(f"learn {table} --samples 20 {words}")
    assert result.code == 0
    assert sentence in result.err
    assert "1 constant feature is left out" in result.err


@pytest.mark.parametrize("loss", ["band", "outside-band", "margin", "error-count"])
def test_learning_names_the_costs_that_can_be_learned_with(run, table, loss):
    result = run(f"learn {table} --samples 20 --loss {loss}")
    assert result.code == 2
    assert f"--loss: no classifier is learned with {loss}; " in result.err
    assert result.err.endswith("Valid: hinge, huber, logistic, square\n")


def test_proofs_without_their_extra_are_wrong_usage(run, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "flint", None)
    for more in ("--quantity capacity", "--alpha 0.4"):
        result = run(f"enclose perceptron {more}")
        assert (result.code, result.out) == (2, "")
        assert "needs python-flint, pip install" in result.err
