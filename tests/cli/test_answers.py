"""Every verb's answer: the library's own numbers, the shape of the JSON, the text, exit codes 0 and 1."""

from __future__ import annotations

import math

import numpy as np
import pytest

import replica
from replica.cli._tables import with_error

THRESHOLDS = [
    ("capacity perceptron --weights binary", lambda: replica.capacity(replica.perceptron("binary"))),
    (
        "capacity perceptron --ansatz annealed --loss band --margin 0.8",
        lambda: replica.capacity(replica.perceptron(loss="band", margin=0.8), ansatz=replica.Annealed()),
    ),
    (
        "max-margin perceptron --weights spherical --alpha 1",
        lambda: replica.max_margin(replica.perceptron("spherical"), alpha=1.0),
    ),
    ("at-line perceptron", lambda: replica.at_line(replica.perceptron("binary"))),
    (
        "spinodal perceptron --labels teacher",
        lambda: replica.spinodal(replica.perceptron("binary", labels="teacher")),
    ),
    (
        "transition perceptron --labels teacher",
        lambda: replica.transition(replica.perceptron("binary", labels="teacher")),
    ),
    (
        "freezing perceptron --loss error-count --alpha 2",
        lambda: replica.freezing(replica.perceptron(loss="error-count"), alpha=2.0),
    ),
]


@pytest.mark.parametrize("line, library", THRESHOLDS, ids=[line.split()[0] for line, _ in THRESHOLDS])
def test_thresholds_are_those_of_the_library(run, line, library):
    expected = library()
    result = run(line, "--json")
    assert (result.code, result.err) == (0, "")
    found = result.json
    assert found["value"] == expected.value
    assert found["error"] == expected.error
    assert found["status"] == expected.status
    assert found["bracket"] == list(expected.bracket)
    assert found["order_parameters"] == expected.order_parameters
    assert found["settings"]["verb"] == line.split()[0]
    assert found["version"] == replica.__version__


def test_known_values(run):
    spherical = run("capacity perceptron --weights spherical --json").json["value"]
    assert spherical == pytest.approx(2.0, abs=1e-12)
    assert run("capacity perceptron --json").json["value"] == pytest.approx(0.8330785997, abs=1e-9)


def test_solve_gives_the_whole_solution(run):
    expected = replica.solve(replica.perceptron("binary", loss="error-count", beta=2.0), alpha=0.7)
    found = run("solve perceptron --loss error-count --beta 2 --alpha 0.7 --json").json
    assert found["value"] == found["free_entropy"] == expected.free_entropy
    assert found["error"] == found["errors"]["free_entropy"] == expected.error
    for name in ("entropy", "energy", "training_error", "residual"):
        assert found[name] == getattr(expected, name), name
    assert found["stability"] == expected["stability"]
    assert found["errors"] == expected.errors
    assert found["order_parameters"] == expected.order_parameters
    assert set(found) == {
        "value", "error", "status", "order_parameters", "free_entropy", "entropy", "energy", "training_error",
        "stability", "errors", "residual", "settings", "version",
    }  # fmt: skip
    settings = found["settings"]
    assert settings["model"]["loss"] == {"name": "error-count", "kappa": 0.0}
    assert (settings["model"]["beta"], settings["alpha"], settings["ansatz"]) == (2.0, 0.7, {"name": "rs"})


def test_temperature_is_the_inverse_of_beta(run):
    line = "solve perceptron --loss error-count --alpha 0.7 --json"
    assert run(line, "--temperature", 0.5).json["value"] == run(line, "--beta", 2).json["value"]
    assert run(line, "--temperature", 0).json["value"] == run(line, "--beta", "inf").json["value"]
    assert run(line, "--beta", "inf").json["settings"]["model"]["beta"] == "inf"


def test_starts(run):
    line = "solve perceptron --labels teacher --alpha 1.3 --json"
    uninformed, informed = run(line).json, run(line, "--start", "informed").json
    assert uninformed["order_parameters"]["m"] < 0.9
    assert informed["order_parameters"]["m"] == pytest.approx(1.0)
    near = run(line, "--start", "q_hat=1.7,m_hat=1.7").json
    assert near["order_parameters"]["m"] == pytest.approx(uninformed["order_parameters"]["m"], abs=1e-9)


def test_text_is_aligned_with_errors_and_status(run):
    result = run("solve perceptron --alpha 0.5")
    assert result.code == 0
    lines = result.out.splitlines()
    assert lines[0].startswith("free_entropy  ")
    assert " +- " in lines[0]
    assert lines[-1].split(maxsplit=1) == ["status", "converged"]
    assert len({len(line) - len(line.split(maxsplit=1)[1]) for line in lines}) == 1


@pytest.mark.parametrize(
    "value, error, text",
    [
        (0.8330785997, 2e-6, "0.8330786 +- 2.0e-06"),
        (123.456789, 0.3, "123.46 +- 3.0e-01"),
        (0.5, 0.0, "0.5 +- 0.0e+00"),
        (0.0, 1e-9, "0 +- 1.0e-09"),
        (math.nan, math.nan, "nan"),
        (1.25, math.nan, "1.25"),
        (0.123456, 5.0, "0.12 +- 5.0e+00"),
        (0.123456, math.inf, "0.12 +- inf"),
        (math.inf, 1.0, "inf"),
    ],
)
def test_digits_follow_the_error(value, error, text):
    assert with_error(value, error) == text


def test_unsolved_is_null_with_its_sentence(run):
    result = run("solve perceptron --weights spherical --alpha 5 --json")
    assert result.code == 1
    found = result.json
    assert (found["value"], found["error"], found["entropy"], found["stability"]) == (None,) * 4
    assert found["status"].startswith("not converged")
    assert result.err == f"replica: {found['status']}\n"
    text = run("solve perceptron --weights spherical --alpha 5")
    assert text.code == 1
    assert text.out == ""  # said once
    assert text.err == result.err


def test_certify_gives_all_digits(run):
    found = run("certify perceptron --alpha 0.5 --digits 25 --json").json
    assert found["status"] == "converged; certified to 25 digits"
    assert found["certified"]["free_entropy"].startswith("0.3143900668556251187291")
    assert found["value"] == pytest.approx(0.3143900668556251, abs=1e-15)
    assert found["difference"]["free_entropy"] < 1e-14
    assert abs(found["value"] - 0.31439006685562512) <= found["error"] + 1e-16
    text = run("certify perceptron --alpha 0.5 --digits 25").out
    assert "certified free_entropy  0.31439006685562511872910" in text


def test_certify_needs_a_solution(run):
    result = run("certify perceptron --weights spherical --alpha 5 --json")
    assert result.code == 1
    assert (result.json["value"], result.json["certified"]) == (None, {})
    assert result.err == f"replica: {result.json['status']}\n"


def test_failed_certification_says_so(run, monkeypatch):
    import saddlepoint

    def fail(self, digits):
        raise saddlepoint.CertificationFailed("the Jacobian is singular")

    monkeypatch.setattr(replica.Solution, "certify", fail)
    result = run("certify perceptron --alpha 0.5 --json")
    assert result.code == 1
    assert result.json["status"] == "not converged: not certified, the Jacobian is singular"


def test_sweep_is_that_of_the_library(run):
    line = "sweep perceptron --alpha 0.2:0.6:3 --margin 0,0.5 --observables free_entropy,q --json"
    result = run(line)
    assert (result.code, result.err) == (0, "")
    expected = replica.sweep(
        replica.perceptron(), alpha=[0.2, 0.4, 0.6], margin=[0.0, 0.5], observables=["free_entropy", "q"]
    )
    found = result.json
    assert found["alpha"] == pytest.approx([0.2, 0.4, 0.6])
    assert found["margin"] == [0.0, 0.5]
    assert found["dimensions"]["q"] == ["alpha", "margin"]
    for name in ("free_entropy", "q"):
        np.testing.assert_allclose(found[name], expected[name].values, rtol=1e-13)
    assert np.shape(found["error"]) == np.shape(found["q_error"]) == np.shape(found["status"]) == (3, 2)
    assert found["settings"]["verb"] == "sweep"
    assert found["version"] == replica.__version__


def test_sweep_of_a_model_argument_at_one_load(run):
    found = run("sweep perceptron --loss error-count --alpha 0.5 --temperature 0.5:1:2 --json").json
    assert (found["temperature"], found["dimensions"]["q"]) == ([0.5, 1.0], ["temperature"])
    single = run("sweep perceptron --alpha 0.5 --json").json
    assert (single["alpha"], len(single["q"])) == ([0.5], 1)


def test_sweep_counts_unsolved_points(run):
    line = "sweep perceptron --weights spherical --alpha"
    some = run(line, "1,3", "--json")
    assert some.code == 0
    assert some.json["q"][1] is None
    assert some.json["status"][1].startswith("not converged")
    assert some.err.startswith("replica: 1 of 2 points not solved (not converged")
    none = run(line, "3,4")
    assert none.code == 1
    assert none.err.startswith("replica: 2 of 2 points not solved")


def test_sweep_text_is_a_table(run):
    lines = run("sweep perceptron --alpha 0.2,0.4 --observables q").out.splitlines()
    assert lines[0].split() == ["alpha", "q", "status"]
    assert [line.split()[0] for line in lines[1:]] == ["0.2", "0.4"]
    assert all(line.endswith("converged") for line in lines[1:])


def test_diagram(run):
    line = "diagram perceptron --weights spherical -x margin=0,0.5 --y alpha --lines capacity"
    found = run(line, "--json").json
    assert found["margin"] == [0.0, 0.5]
    assert found["capacity"][0] == pytest.approx(2.0, abs=1e-9)
    single = run("capacity perceptron --weights spherical --margin 0.5 --json").json
    assert found["capacity"][1] == single["value"]
    assert len(found["capacity_error"]) == len(found["capacity_status"]) == 2
    assert np.shape(found["region"]) == (2, len(found["alpha"]))
    text = run(line).out
    assert text.splitlines()[0].split()[:2] == ["margin", "capacity"]
    assert "\ncapacity: converged" in text


def test_diagram_says_which_line_is_missing(run):
    result = run("diagram perceptron --weights spherical -x margin=0,0.5 --lines capacity,at")
    assert result.code == 0
    assert "replica: at: no line at 2 of 2 points: the RS branch is stable" in result.err


def test_flatness_gives_the_numbers_of_the_verb(run):
    found = run("flatness perceptron --alpha 0.5 --margin 0.3 --noise 0.01,0.05 --error-margin 0.1 --json")
    solution = replica.solve(replica.perceptron("binary", margin=0.3), alpha=0.5)
    known = replica.flatness(solution, noise=[0.01, 0.05], margin=0.1)
    assert found.code == 0
    assert found.json["training_error"] == known["training_error"].values.tolist()
    lost = run("flatness perceptron --alpha 1.5 --noise 0.1 --json")
    assert lost.code == 1
    assert lost.json["training_error"] == [None]
    assert run("flatness perceptron --alpha 0.5 --noise 0.1 --margin 0:1:3").code == 2
