"""Wrong usage: exit code 2, nothing on stdout, one sentence with what was given and a valid name."""

from __future__ import annotations

import pytest

WRONG = [
    # names
    ("capcity perceptron", "unknown verb 'capcity'; did you mean 'capacity'?"),
    ("zzz", "unknown verb 'zzz'; Valid: solve, capacity"),
    ("capacity percepton", "unknown name 'percepton'; did you mean 'perceptron'?"),
    ("capacity", "replica capacity needs a model; models: perceptron"),
    ("capacity --weights binary perceptron", "the model comes before the options"),
    ("capacity perceptron --weigths binary", "unknown option '--weigths'; did you mean '--weights'?"),
    ("capacity perceptron --zzz", "unknown option '--zzz'; Valid: --weights"),
    ("capacity perceptron --weights binry", "--weights: unknown name 'binry'; did you mean 'binary'?"),
    ("capacity perceptron --loss bnd", "--loss: unknown name 'bnd'; did you mean 'band'?"),
    ("capacity perceptron --labels techer", "--labels: unknown name 'techer'; did you mean 'teacher'?"),
    ("capacity perceptron --ansatz anealed", "--ansatz: unknown name 'anealed'; did you mean 'annealed'?"),
    ("solve perceptron --alpha 0.5 --start informd", "unknown name 'informd'; did you mean 'informed'?"),
    ("sweep perceptron --alpha 0.5 --observables entopy", "unknown name 'entopy'; did you mean 'entropy'?"),
    ("diagram perceptron -x margin=0,1 --lines capcity", "unknown name 'capcity'; did you mean 'capacity'?"),
    ("diagram perceptron -x margn=0:1:3", "no option 'margn'; did you mean 'margin'?"),
    ("diagram perceptron -x margin=0:1:3 --y alhpa", "did you mean 'alpha'?"),
    ("list weigths", "unknown name 'weigths'; did you mean 'weights'?"),
    ("capacity perceptron extra", "unexpected extra argument"),
    # missing and contradictory
    ("solve perceptron", "missing option --alpha"),
    ("max-margin perceptron", "missing option --alpha"),
    ("sweep perceptron", "missing option --alpha"),
    ("diagram perceptron", "missing option -x"),
    ("solve perceptron --alpha", "requires an argument"),
    ("capacity perceptron --beta 2 --temperature 1", "give one of them"),
    # numbers
    ("solve perceptron --alpha 0 --ansatz 1rsb", "alpha must be above 0 and finite, got 0.0"),
    ("solve perceptron --alpha -1", "alpha must be at least 0 and finite, got -1.0"),
    ("solve perceptron --alpha inf", "alpha must be at least 0 and finite, got inf"),
    ("solve perceptron --alpha nan", "--alpha must be a number, got nan"),
    ("solve perceptron --alpha half", "--alpha must be a number, got 'half'"),
    ("solve perceptron --alpha 0.1:0.5:3", "--alpha takes one number here, got '0.1:0.5:3'"),
    ("solve perceptron --alpha 0.5 --tolerance 0", "tolerance must be above 0"),
    ("solve perceptron --alpha 0.5 --start q_hat=x", "--start q_hat must be a number, got 'x'"),
    ("capacity perceptron --margin nan", "--margin must be a number, got nan"),
    ("capacity perceptron --margin inf", "margin must be finite, got inf"),
    ("capacity perceptron --margin 0:1:3", "--margin takes one number here"),
    ("capacity perceptron --beta 0", "beta must be above 0"),
    ("capacity perceptron --beta nan", "--beta must be a number, got nan"),
    ("solve perceptron --alpha 0.5 --temperature -1", "temperature must be at least 0"),
    ("max-margin perceptron --alpha 0", "alpha must be above 0"),
    ("certify perceptron --alpha 0.5 --digits 3", "digits must be a whole number of at least 10, got 3"),
    ("certify perceptron --alpha 0.5 --digits 20.5", "digits must be a whole number of at least 10"),
    # grids
    ("sweep perceptron --alpha 1:0.2:3", "a grid must increase, got '1:0.2:3'; did you mean '0.2:1:3"),
    ("sweep perceptron --alpha 1,0.5", "--alpha must increase"),
    ("sweep perceptron --alpha 0.5,0.5", "--alpha must increase"),
    ("sweep perceptron --alpha ,", "--alpha must be a non-empty grid"),
    ("sweep perceptron --alpha 0.1:1:0", "count of a grid must be a whole number from 1"),
    ("sweep perceptron --alpha 0.1:1:2.5", "count of a grid must be a whole number from 1"),
    ("sweep perceptron --alpha 0.1:1:1e12", "count of a grid must be a whole number from 1 to 1000000"),
    ("sweep perceptron --alpha 0.1:1:1", "a grid of 1 point cannot reach from 0.1 to 1"),
    ("sweep perceptron --alpha 0.1:1", "a grid is start:stop:count[:log] or a comma list, got '0.1:1'"),
    ("sweep perceptron --alpha 0.1:inf:3", "the ends of a grid must be finite"),
    ("sweep perceptron --alpha 0.1:nan:3", "--alpha must be a number, got nan"),
    ("sweep perceptron --alpha 0.1,inf", "alpha must be at least 0 and finite, got inf"),
    ("sweep perceptron --alpha 0:1:3:log", "the ends of a logarithmic grid must be above 0"),
    ("sweep perceptron --alpha 0.1:1:3:ln", "a grid is start:stop:count[:log] or a comma list"),
    ("sweep perceptron --alpha 0.1,,0.2", "--alpha must be a number, got ''"),
    ("sweep perceptron --alpha -1:1:3", "alpha must be at least 0"),
    ("sweep perceptron --alpha 0.5 --observables q,,", "--observables must be a comma list of names"),
    ("diagram perceptron -x margin", "-x is NAME=GRID"),
    ("diagram perceptron -x margin=1:0:3", "a grid must increase"),
    ("diagram perceptron -x margin=", "-x must be a non-empty grid"),
    ("diagram perceptron -x margin=0:1:2 --margin 0:1:3", "--margin takes one number in a diagram"),
    ("diagram perceptron -x margin=0:1:2 --y margin", "must differ"),
    ("diagram perceptron -x temperature=0.5:1:2 --y margin", "give --alpha"),
    # running
    ("sweep perceptron --alpha 0.5 --workers 0", "--workers must be a whole number of at least 1, got 0"),
    ("sweep perceptron --alpha 0.5 --workers 1.5", "--workers must be a whole number of at least 1, got 1.5"),
]


@pytest.mark.parametrize("line, sentence", WRONG, ids=[line for line, _ in WRONG])
def test_one_sentence_and_exit_code_2(run, line, sentence):
    result = run(line)
    assert result.code == 2
    assert result.out == ""
    assert result.err.startswith("replica: ")
    assert result.err.count("\n") == 1
    assert sentence in result.err


def test_empty_words_are_refused(run):
    for verb in ("solve", "sweep"):
        assert run(f"{verb} perceptron --alpha", "").err == "replica: --alpha must be a number, got ''\n"
    assert run("capacity perceptron --weights", "").code == 2


def test_json_prints_nothing_on_wrong_usage(run):
    result = run("solve perceptron --alpha -1 --json")
    assert (result.code, result.out) == (2, "")


def test_negative_numbers_are_values_not_options(run):
    assert run("capacity perceptron --weights spherical --margin -0.5 --json").code == 0
    assert run("diagram perceptron --weights spherical -x margin=-0.5:0:2 --lines capacity").code == 0
