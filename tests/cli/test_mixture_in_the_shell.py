"""Two clusters and their rules on the command line: options that met, references and words that were missing."""

from __future__ import annotations

import numpy as np
import pytest

import replica


def test_flatness_takes_a_perturbation_beside_the_noise_of_the_clusters(run):
    line = "flatness mixture --loss hinge --weights spherical --alpha 2 --noise 0.5 --perturbation 0.1,0.2 --json"
    found = run(line)
    solution = replica.solve(replica.mixture("hinge", weights="spherical", noise=0.5), alpha=2.0)
    assert found.json["training_error"] == list(replica.flatness(solution, noise=[0.1, 0.2])["training_error"].values)
    assert "warning" not in found.err
    short = run("flatness perceptron --alpha 0.5 --noise 0.1")
    assert short.out == run("flatness perceptron --alpha 0.5 --perturbation 0.1").out


def test_optimal_penalty_is_a_verb(run):
    known = replica.optimal_penalty(replica.mixture("square", balance=0.2), alpha=2.0)
    found = run("optimal-penalty mixture --balance 0.2 --alpha 2 --json").json
    assert (found["value"], found["error"]) == (known.value, known.error)
    assert "inf" in run("optimal-penalty mixture --alpha 2").out.splitlines()[0]
    assert run("optimal-penalty perceptron --alpha 2").code == 2


def test_hebb_is_a_reference_by_name(run):
    line = "franz-parisi mixture --loss margin --weights spherical --alpha 0.5 --distance 0.1,0.2"
    found = run(line, "--reference", "hebb", "--json").json
    probe = replica.mixture(replica.Margin(0.0), weights="spherical")
    hebb = replica.Reference(model=replica.mixture("square", penalty=np.inf, bias=False))
    known = replica.franz_parisi(probe, alpha=0.5, distance=[0.1, 0.2], reference=hebb)
    assert found["entropy"] == list(known["entropy"].values)


def test_y_is_short_too(run):
    line = "diagram perceptron --weights spherical -x margin=0:1:2 --lines capacity --json"
    assert run(line, "-y", "alpha").json["capacity"] == run(line).json["capacity"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("solve mixture --alpha 2 --bias no", "bias must be True, False, a number or 'optimal', got 'no'"),
        ("learn FILE --samples 0 --loss hinge", "--samples must be above 0"),
        ("learn FILE --samples 10 --penalty=-1 --loss hinge", "--penalty must be at least 0"),
        ("learn FILE --samples 10 --loss hinge", "must hold the arrays X and y, it holds a, labels"),
    ],
)
def test_refusals_come_first_and_name_what_is_missing(run, tmp_path, line, words):
    path = tmp_path / "other.npz"
    np.savez(path, a=np.zeros((50, 3)), labels=np.ones(50))
    found = run(line.replace("FILE", str(path)))
    assert found.code == 2
    assert words in found.err


def test_none_and_words_are_no_numbers():
    for call in (lambda: replica.mixture(bias=None), lambda: replica.solve(replica.perceptron(), alpha=None)):
        with pytest.raises(ValueError, match="got None"):
            call()
    with pytest.raises(ValueError, match="alpha must be an increasing grid of numbers, got \\['a'\\]"):
        replica.sweep(replica.perceptron(), alpha=["a"])
