"""The verbs simulate and compare, on files."""

from __future__ import annotations

import numpy as np
import pytest

import replica


def test_simulate_and_compare(run, tmp_path):
    line = "simulate perceptron --n 10,15 --alpha 0.2,0.4 --samples 6 --seed 2 --json"
    result = run(line, "-o", tmp_path / "runs.csv", "-o", tmp_path / "runs.png")
    assert result.code == 0
    expected = replica.simulate(replica.perceptron(), n=[10, 15], alpha=[0.2, 0.4], samples=6, seed=2)
    assert np.shape(result.json["weights"]) == expected["weights"].shape
    assert np.array_equal(result.json["entropy"], expected["entropy"])
    assert run("sweep perceptron --alpha 0.2,0.4", "-o", tmp_path / "curve.nc").code == 0
    files = ("--theory", tmp_path / "curve.nc", "--simulation", tmp_path / "runs.csv")
    report = run("compare --json", *files, "-o", tmp_path / "report.pdf", "-o", tmp_path / "report.nc")
    assert report.code == 0
    assert report.json["observable"] == ["entropy", "q"]
    assert np.shape(report.json["z"]) == (2, 2)
    assert replica.load(tmp_path / "report.nc")["z"].shape == (2, 2)
    assert (tmp_path / "report.pdf").stat().st_size > 1000
    text = run("compare --observables q", *files).out
    assert "chi_square" in text
    assert "q " in text


def test_text_shows_means_over_samples(run):
    out = run("simulate perceptron --n 9 --alpha 0.3 --samples 5 --set references=2").out
    assert "means over 5 samples" in out
    assert "weights" not in out


def test_held_out_patterns_and_lists_of_settings(run, tmp_path):
    X, y = replica.instance(replica.perceptron("spherical"), n=8, alpha=2.0, seed=1)
    np.savez(tmp_path / "own.npz", X=X, y=y)
    line = f"simulate perceptron --weights spherical --algorithm max-margin --instance {tmp_path / 'own.npz'} --json"
    found = run(f"{line} --held-out 0.5 --samples 2").json
    assert np.shape(found["held_out_error"]) == (2,)
    line = "simulate perceptron --loss error-count --beta 1 --n 10 --alpha 0.5 --algorithm population-annealing --json"
    found = run(f"{line} --set distance=0.2,0.4 --set population=50").json
    assert found["distance"] == [0.2, 0.4]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("simulate perceptron --n 9 --alpha 0.3 --algorithm enumerate", "did you mean 'enumeration'"),
        ("simulate perceptron --n 9 --alpha 0.3 --set references", "NAME=VALUE"),
        ("simulate perceptron --n 9 --alpha 0.3 --set refs=1", "did you mean 'references'"),
        ("simulate perceptron --n 9 --margin 0,1 --alpha 0.3", "not a grid"),
        ("simulate perceptron --alpha 0.3", "needs n and alpha"),
        ("compare --theory nowhere.nc --simulation nowhere.csv", "no such file"),
    ],
)
def test_wrong_usage(run, line, words):
    result = run(line)
    assert result.code == 2
    assert words in result.err


def test_success_threshold(run, tmp_path):
    """From a file of runs; without a grid of loads a sentence."""
    line = "simulate perceptron --algorithm sbpi --n 51 --alpha 0.4:1:4 --samples 6 --set max_sweeps=60"
    assert run(line, "-o", tmp_path / "runs.nc").code == 0
    result = run("success-threshold --json --simulation", tmp_path / "runs.nc")
    found = replica.success_threshold(tmp_path / "runs.nc")
    assert result.code == 0
    assert result.json["threshold"] == found["threshold"].values.tolist()
    assert "+-" in run("success-threshold --simulation", tmp_path / "runs.nc").out
    assert run("simulate perceptron --n 9 --alpha 0.3", "-o", tmp_path / "one.nc").code == 0
    result = run("success-threshold --simulation", tmp_path / "one.nc")
    assert (result.code, result.out) == (2, "")
    assert "grid of at least 3 loads" in result.err
