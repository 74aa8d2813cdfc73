"""What a user of the shell reads: help that fits and shows how, words of the shell, alphabets, held numbers."""

from __future__ import annotations

import shlex

import pytest

import replica
from replica.cli._main import VERBS
from replica.cli._words import in_the_shell


def test_the_summaries_of_the_verbs_are_whole(run):
    lines = run("--help").out.split("Commands:\n")[1].splitlines()
    assert len(lines) == len(VERBS)
    assert not [line for line in lines if line.endswith("...") or len(line) > 80]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_shows_how_it_is_called(run, verb):
    said = " ".join(run(verb, "--help").out.split())
    assert f"Example: replica {verb}" in said
    assert "an instance" not in said and "numpy" not in said


def test_help_is_for_users_of_the_shell(run):
    for model in ("perceptron", "committee", "parity", "mixture"):
        said = " ".join(run(f"solve {model} --help").out.split())
        assert "an instance" not in said and "numpy" not in said and "replica.losses" not in said


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("m must be held, as in RSB(m=2.0, q1=0.8)", "m must be held, as in 1rsb:m=2.0,q1=0.8"),
        ("Margin(kappa=0) is hard; use loss='error-count'", "margin(kappa=0) is hard; use --loss error-count"),
        ("neither axis is alpha: give alpha=... for it", "neither axis is alpha: give --alpha ... for it"),
        ("use replica.sweep() for a grid", "use replica sweep for a grid"),
        ("ansatz must be an Ansatz", "ansatz must be an Ansatz"),
    ],
)
def test_words_of_the_shell(sentence, said):
    assert in_the_shell(sentence, VERBS) == said


@pytest.mark.parametrize("letters", ["-2,-1,0,1,2", "-3,1,2"])
def test_alphabets(run, letters):
    values = [float(word) for word in letters.split(",")]
    expected = replica.solve(replica.perceptron(replica.Discrete(tuple(values)), margin=0.2), alpha=0.4)
    assert replica.solve(replica.perceptron(values, margin=0.2), alpha=0.4).entropy == expected.entropy
    for words in (f"--weights {letters}", f"--letters {letters}", f"--weights discrete --letters {letters}"):
        found = run(f"solve perceptron {words} --margin 0.2 --alpha 0.4 --json").json
        assert found["entropy"] == expected.entropy
        assert found["settings"]["model"]["weights"]["values"] == sorted(values)


def test_numbers_that_an_ansatz_holds(run):
    expected = replica.solve(replica.perceptron(), alpha=0.5, ansatz=replica.RSB(m=5, q1=0.8))
    found = run("solve perceptron --alpha 0.5 --ansatz 1rsb:m=5,q1=0.8 --json").json
    assert found["value"] == expected.free_entropy
    assert found["settings"]["ansatz"] == {"name": "1rsb", "steps": 1, "m": 5.0, "q0": None, "q1": 0.8}
    annealed = replica.capacity(replica.perceptron(), ansatz="annealed")
    assert run("capacity perceptron --ansatz annealed --json").json["value"] == annealed.value


def test_temperatures_of_shorthands():
    for make in (replica.perceptron, replica.committee, replica.mixture):
        assert make(loss="error-count", temperature=0.25, weights="spherical").beta == 4.0
        assert make(loss="error-count", temperature=0.0, weights="spherical").beta == float("inf")
    with pytest.raises(ValueError, match="give one of them"):
        replica.perceptron(beta=2.0, temperature=0.5)
    with pytest.raises(ValueError, match="temperature must be at least 0"):
        replica.parity(temperature=-1.0)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("capacity perceptron --weights 1,1", "two different finite letters"),
        ("capacity perceptron --weights -1,1", "use binary and rescale"),
        ("capacity perceptron --weights 1,x", "--weights must be a number, got 'x'"),
        ("capacity perceptron --weights spherical --letters 1,2", "--letters belong to --weights discrete"),
        ("solve perceptron --alpha 1 --ansatz 1rsb:k=2", "--ansatz 1rsb has no option 'k'; Valid: steps, m, q0, q1"),
        ("solve perceptron --alpha 1 --ansatz rs:q=2", "--ansatz rs has no option 'q'; Valid: none"),
        ("solve perceptron --alpha 1 --ansatz 1rsb:m=x", "--ansatz 1rsb:m must be a number, got 'x'"),
        ("solve perceptron --alpha 1 --ansatz 1rsb:m", "--ansatz 1rsb:m must be a number, got ''"),
        ("isolation perceptron --alpha 0.5 --reference foo", "--reference must be a number or max, got 'foo'"),
        ("certify perceptron --alpha 0.5 --digits 10000", "--digits must be at most 200"),
        ("learn", "missing FILE"),
        ("transition perceptron", "--labels teacher"),
    ],
)
def test_wrong_words(run, line, sentence):
    result = run(line)
    assert (result.code, result.out) == (2, "")
    assert sentence in result.err and result.err.count("\n") == 1


def test_examples_in_help_are_understood(run, monkeypatch):
    """Every example names a verb, options and values that are there: its words are parsed, nothing is computed."""
    import click

    from replica.cli import _main

    for verb in VERBS:
        text = run(verb, "--help").out
        example = " ".join(text[text.index("Example: ") :].split("\n\n")[0].split()).removeprefix("Example: replica ")
        command = _main.application
        words = shlex.split(example)
        while isinstance(command, click.Group):
            word, *words = words
            command = command.get_command(click.Context(command), word)
        command.make_context(verb, words)
