"""Text that fits a terminal: columns in blocks, long sentences below, digits as asked for, numbers alone."""

from __future__ import annotations

import pytest

import replica
from replica.cli._tables import with_error

LINES = (
    "franz-parisi perceptron --alpha 0.5 --distance 0.001,0.01,0.1 --reference 0,0.3",
    "local-entropy perceptron --alpha 0.5 --distance 0.1,0.2 --replicas 4",
    "sweep perceptron --alpha 0.5,0.9 --observables entropy,q,stability,free_entropy,energy",
    "diagram perceptron --weights spherical -x margin=-1,0,1",
    "simulate perceptron --n 8,10 --alpha 0.5 --samples 2",
    "solve perceptron --alpha 0.9",
)


@pytest.mark.parametrize("line", LINES, ids=[line.split()[0] for line in LINES])
@pytest.mark.parametrize("columns", [80, 100])
def test_no_line_is_longer_than_the_terminal(run, monkeypatch, line, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    out = run(line).out
    assert out and max(map(len, out.splitlines())) <= columns


def test_what_was_asked_for_is_there_whatever_the_width(run, monkeypatch):
    line = "sweep perceptron --alpha 0.5,0.9 --observables entropy,q,stability,free_entropy,energy"
    for columns in (60, 250):
        monkeypatch.setenv("COLUMNS", str(columns))
        words = run(line).out.split()
        assert all(name in words for name in ("entropy", "q", "stability", "free_entropy", "energy", "status"))
        assert words.count("alpha") > 1 if columns == 60 else words.count("alpha") == 1


def test_long_sentences_stand_below_and_what_is_left_out_is_named(run):
    out = run("franz-parisi perceptron --alpha 0.5 --distance 0.001,0.1").out
    assert "converged [1]" in out and "\n[1]  the entropy is negative" in out
    assert "also found (--json, -o FILE): free_entropy, q, s" in out


@pytest.mark.parametrize(
    ("value", "error", "digits", "text"),
    [
        (0.12578270062560, 1e-14, 4, "0.1258 +- 1.7e-05"),
        (0.12578270062560, 1e-3, 8, "0.1258 +- 1.0e-03"),
        (-1234.5678, 0.0, 6, "-1234.57 +- 2.2e-03"),
        (0.5, 0.0, 3, "0.5 +- 0.0e+00"),
        (0.0, 1e-9, 3, "0 +- 1.0e-09"),
    ],
)
def test_digits_that_are_left_out_are_in_the_error(value, error, digits, text):
    assert with_error(value, error, digits) == text


def test_quiet(run, tmp_path):
    value = replica.capacity(replica.perceptron("binary")).value
    alone = run("capacity perceptron --quiet")
    assert (alone.code, alone.err) == (0, "") and float(alone.out) == pytest.approx(value, abs=1e-13)
    assert run("capacity perceptron -q --digits 4").out == "0.8331\n"
    place = tmp_path / "curve.csv"
    silent = run("sweep perceptron --weights spherical --alpha 1,3 -q -o", place)
    assert (silent.code, silent.out) == (0, "")
    assert silent.err.startswith("replica: 1 of 2 points not solved") and place.exists()
    lost = run("solve perceptron --weights spherical --alpha 5 -q")
    assert (lost.code, lost.out) == (1, "") and lost.err.startswith("replica: not converged")


def test_a_table_tells_the_error_of_its_main_variable(run):
    out = run("path perceptron --weights spherical --margin -0.5 --alpha 1 --margins=-0.5,-0.5 --position 0:1:5").out
    assert out.splitlines()[2].count("+-") == 1


def test_what_nobody_asked_for_and_is_long_is_named_only(run):
    out = run("kernel-regression relu --dimension 10 --coefficients 0,1,0.5 --samples 10:1000:41").out
    assert out.count("learnability") == 1 and out.splitlines()[-1].startswith("also found")
