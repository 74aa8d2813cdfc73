"""Structured inputs as users give them: covariances, names of the load, the command line."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import replica
from replica.cli import main


def parts(seed: int = 0) -> dict[str, np.ndarray]:
    """Covariances of a teacher's 20 and a student's 30 features of one source."""
    rng = np.random.default_rng(seed)
    student, teacher = (rng.standard_normal((count, 50)) / 7 for count in (30, 20))
    covariances = {"omega": student @ student.T, "phi": teacher @ student.T, "psi": teacher @ teacher.T}
    return covariances | {"theta": rng.standard_normal(20)}


def test_covariances_become_a_spectrum() -> None:
    given = parts()
    model = replica.covariates.from_covariances("logistic", **given, penalty=0.1)
    c = given["phi"].T @ given["theta"] / np.sqrt(20)
    assert model.explained == pytest.approx(c @ np.linalg.solve(given["omega"], c), rel=1e-10)
    assert model.data.rho == pytest.approx(given["theta"] @ given["psi"] @ given["theta"] / 20, rel=1e-13)
    turn = np.linalg.qr(np.random.default_rng(1).standard_normal((30, 30)))[0]
    turned = given | {"omega": turn @ given["omega"] @ turn.T, "phi": given["phi"] @ turn.T}
    same = replica.covariates.from_covariances("logistic", **turned, penalty=0.1)
    assert replica.solve(model, alpha=2.0)["q"] == pytest.approx(replica.solve(same, alpha=2.0)["q"], rel=1e-10)


@pytest.mark.parametrize(("change", "word"), [
    (lambda g: {"phi": 3 * g["phi"]}, "one covariance"), (lambda g: {"phi": g["phi"].T}, "phi must have shape"),
    (lambda g: {"omega": g["omega"][:, :5]}, "omega must have shape"), (lambda g: {"theta": [1.0]}, "theta"),
    (lambda g: {"psi": g["psi"] + np.triu(np.ones((20, 20)), 1)}, "psi must be symmetric"),
    (lambda g: {"omega": np.full((30, 30), np.nan)}, "omega"), (lambda g: {"rho": 1.0}, "no option 'rho'"),
])  # fmt: skip
def test_covariances_that_are_none(change: Any, word: str) -> None:
    given = parts()
    with pytest.raises(ValueError, match=word):
        replica.covariates.from_covariances("square", **(given | change(given)))


def test_null_directions_are_left_out() -> None:
    given = parts()
    wide = np.vstack([np.eye(30), np.zeros((10, 30))])
    padded = given | {"omega": wide @ given["omega"] @ wide.T, "phi": given["phi"] @ wide.T}
    model = replica.covariates.from_covariances("hinge", **padded, noise=0.1)
    plain = replica.covariates.from_covariances("hinge", **given, noise=0.1)
    assert replica.capacity(model).value == pytest.approx(0.75 * replica.capacity(plain).value, rel=1e-9)


def test_patterns_per_input_is_a_load() -> None:
    model = replica.random_features("square", activation="relu", ratio=2.0, penalty=1e-3, teacher="linear", noise=0.2)
    curve = replica.sweep(model, ratio=[0.5, 2.0], patterns_per_input=3.0, observables=["generalization_error"])
    for ratio, value in zip(curve["ratio"].values, curve["generalization_error"].values, strict=True):
        known = replica.solve(model.with_parameters(ratio=float(ratio)), alpha=3.0 / float(ratio))
        assert value == pytest.approx(known["generalization_error"], rel=1e-13)
    with pytest.raises(ValueError, match="two names of the load"):
        replica.sweep(model, alpha=1.0, patterns_per_input=3.0, observables=["q"])


def test_patterns_per_input_is_an_axis_of_diagrams() -> None:
    model = replica.random_features("logistic", activation="erf", ratio=1.0, noise=0.3)
    over = replica.diagram(model, x=("ratio", [0.5, 1.0]), y="patterns_per_input", lines=["capacity"])
    for ratio, value in zip(over["ratio"].values, over["capacity"].values, strict=True):
        known = replica.capacity(model.with_parameters(ratio=float(ratio))).value
        assert value == pytest.approx(ratio * known, rel=1e-12)
    back = replica.diagram(model, x=("patterns_per_input", over["capacity"].values), y="ratio", lines=["capacity"])
    np.testing.assert_allclose(back["capacity"], [0.5, 1.0], rtol=1e-9)
    best = replica.diagram(model, x=("patterns_per_input", [2.0]), y="penalty", lines=["optimal-penalty"])
    known = float(replica.optimal_penalty(model, alpha=2.0))
    assert float(best["optimal-penalty"][0]) == pytest.approx(known, rel=1e-6)
    with pytest.raises(ValueError, match="two names of the load"):
        replica.diagram(model, x=("patterns_per_input", [1.0]), lines=["capacity"])


def test_ridge_without_penalty_peaks_where_patterns_are_as_many_as_features() -> None:
    model = replica.random_features("square", activation="tanh", ratio=1.0, penalty=1e-7, teacher="linear", noise=0.1)
    curve = replica.sweep(model, ratio=np.linspace(1.0, 5.0, 41), patterns_per_input=3.0)
    assert float(curve["generalization_error"].idxmax()) == pytest.approx(3.0)


def test_a_model_shows_what_its_data_know() -> None:
    model = replica.random_features(activation="sign", ratio=1.0)
    assert (model.kappa_1, model.kappa_star) == pytest.approx(((2 / np.pi) ** 0.5, (1 - 2 / np.pi) ** 0.5))
    with pytest.raises(AttributeError, match="explained"):
        _ = replica.perceptron().explained


def test_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--spectrum", "3,1,0.3", "--projections", "2,1,0.2", "--loss", "logistic", "--penalty", "0.01"]
    assert main(["solve", "covariates", *words, "--alpha", "4", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    model = replica.covariates("logistic", spectrum=[3, 1, 0.3], projections=[2, 1, 0.2], penalty=0.01)
    assert found["order_parameters"]["q"] == replica.solve(model, alpha=4.0)["q"]
    assert main(["capacity", "random-features", "--activation", "erf", "--ratio", "2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["value"] == pytest.approx(6.444515705905562, rel=1e-9)
    assert main(["solve", "covariates", "--alpha", "1"]) == 2
    assert "--spectrum" in capsys.readouterr().err


def known_data(count: int, seed: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    omega = np.geomspace(0.2, 3.0, 40)
    X = rng.standard_normal((count, 40)) * np.sqrt(omega)
    return X, X @ (rng.standard_normal(40) / 6) + 0.5 * rng.standard_normal(count), omega


def test_data_show_what_they_were_drawn_from() -> None:
    X, y, omega = known_data(2000)
    found = replica.covariates.from_data(X, y)
    left = found.rho - found.explained
    assert abs(left - 0.25) < 0.04
    assert found.spectrum.sum() == pytest.approx(omega.sum(), rel=0.05)
    report = found.compare([60, 200], loss="square", penalty=2.0, repeats=8)
    assert np.all(np.abs(report["z"].values) < 3.5)


def test_real_labels_are_not_learned_as_signs() -> None:
    X, y, _ = known_data(400)
    found = replica.covariates.from_data(X, y)
    with pytest.raises(ValueError, match="residual"):
        found.model("logistic")
    assert replica.covariates.from_data(X, np.sign(y)).model("logistic").data.teacher == "sign"


@pytest.mark.parametrize(("change", "word"), [
    (lambda X, y: (X[:30], y[:30]), "held_out"), (lambda X, y: (X, y[:-1]), "X must have shape"),
    (lambda X, y: (X, np.where(y > 2, np.nan, y)), "label is missing"), (lambda X, y: (X, 0 * y), "differ"),
    (lambda X, y: (np.where(X > 3, np.nan, X), y), "X"),
])  # fmt: skip
def test_data_that_do_not_do(change: Any, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        replica.covariates.from_data(*change(*known_data(400)[:2]))


def test_learn_on_the_command_line(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    X, y, _ = known_data(300)
    np.savez(tmp_path / "data.npz", X=X, y=np.sign(y))
    words = ["learn", str(tmp_path / "data.npz"), "--model", "covariates", "--samples", "50,100", "--loss", "square"]
    assert main([*words, "--no-standardise", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    known = replica.covariates.from_data(X, np.sign(y)).learning_curve([50, 100], loss="square")
    assert found["generalization_error"] == pytest.approx(known["generalization_error"].values.tolist(), rel=1e-12)


@pytest.mark.parametrize("loss", ["square", "logistic", "hinge"])
def test_many_patterns_at_a_large_penalty_keep_the_digits_of_the_response(loss: str) -> None:
    """``V = <omega/(lam + k omega)>`` and ``k = alpha l''(0)``."""
    omega, penalty, alpha = np.array([4.0, 1.0, 0.25]), 1e9, 600.0
    found = replica.solve(replica.covariates(loss, spectrum=omega, projections=omega, penalty=penalty), alpha=alpha)
    stiff = {"square": 1.0, "logistic": 0.25, "hinge": 0.0}[loss] * alpha
    expected = np.mean(omega / (penalty + stiff * omega))
    assert abs(found["V"] - expected) <= max(found.errors["V"], 4e-16 * expected)


@pytest.mark.parametrize("penalty", [1e8, 1e10])
def test_real_labels_pull_exactly_at_any_penalty(penalty: float) -> None:
    """``m = alpha <t/D>/(1+V)``."""
    omega, alpha = np.array([0.2, 0.05, 0.01]), 0.01
    model = replica.covariates("square", spectrum=omega, projections=omega, teacher="linear", penalty=penalty)
    assert replica.solve(model, alpha=alpha)["m"] == pytest.approx(alpha * np.mean(omega) / penalty, rel=1e-8)


def test_a_search_for_the_penalty_says_nothing_of_its_ends(recwarn: pytest.WarningsRecorder) -> None:
    """Squares at the ends of the search overflow; of isotropic inputs the best penalty is ``noise/rho``."""
    model = replica.covariates("square", spectrum=[1.0], projections=[1.0], teacher="linear", noise=0.3)
    assert float(replica.optimal_penalty(model, alpha=1.0)) == pytest.approx(0.3, rel=1e-6)
    assert not len(recwarn)
