"""Enclosures of solutions and thresholds: stored figures, two precisions, wrong numbers excluded, honest refusals."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import flint
import mpmath
import numpy as np
import pytest

import replica
from benchmarks.enclosures import CERTIFIED
from replica.cli import main
from replica.losses import Margin
from saddlepoint.enclosures import ball

FIGURES = json.loads((Path(__file__).parents[1] / "oracles" / "enclosures.json").read_text(encoding="utf-8"))
NAMES = {"qh": "q_hat", "phi": "free_entropy"}
WEIGHTS = {"bin": "binary", "sph": "spherical", "ternary": "ternary"}


def exact(number: float) -> Fraction:
    """The decimal that is meant."""
    return Fraction(repr(number))


def enclosed(figure: dict[str, object]) -> replica.Enclosure:
    family, word, *_ = figure["id"].removeprefix("enc.").split(".")
    params = {name: exact(x) for name, x in figure["params"].items() if isinstance(x, float)}
    kappa = params.get("kappa", Fraction(0))
    if family == "committee":
        return replica.capacity(replica.committee(activation=word, weights="binary")).enclose(20)
    if family == "sbp":
        model = replica.perceptron("binary", loss=replica.OutsideBand(kappa))
        return replica.capacity(model, ansatz=replica.Annealed()).enclose(20)
    if family == "mixture":
        model = replica.mixture("hinge", penalty=params["lam"], noise=params["Delta"], balance=params["rho"])
        return replica.solve(model, alpha=params["alpha"]).enclose(20).values["generalization_error"]
    model = replica.perceptron(WEIGHTS[family], margin=kappa)
    if word in ("capacity", "at"):
        return (replica.capacity if word == "capacity" else replica.at_line)(model).enclose(20)
    return replica.solve(model, alpha=params["alpha"]).enclose(20).values[NAMES.get(word, word)]


def ridge(noise: float, penalty: float, loss: str = "square") -> replica.Model:
    """The least penalised cost on labels of a teacher."""
    labels = replica.Teacher(noise=noise)
    return replica.perceptron(replica.Gaussian(penalty), loss=loss, labels=labels, beta=float("inf"))


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure["id"])
def test_stored_figures_lie_inside_up_to_their_own_error(figure: dict[str, object]) -> None:
    found, value, slack = enclosed(figure), Fraction(figure["value"]), Fraction(figure["abs_err"])
    assert found.overlaps(value - slack, value + slack)
    assert found.width <= 1e-20 * max(abs(float(found)), 0.1)
    assert found.digits == 20 and found.proved and found.not_proved


@pytest.mark.parametrize(
    "solution",
    [
        lambda: replica.solve(replica.perceptron("binary", margin=0.4), alpha=0.6),
        lambda: replica.solve(replica.perceptron("spherical", margin=-0.5), alpha=2.0),
        lambda: replica.solve(replica.perceptron("binary", loss="error-count", margin=0.2, beta=1.5), alpha=0.7),
        lambda: replica.solve(replica.perceptron("spherical", loss="error-count", beta=2.0), alpha=3.0),
        lambda: replica.solve(replica.perceptron([-1.0, 0.5, 2.0], margin=0.2), alpha=0.3),
        lambda: replica.solve(replica.perceptron("binary", labels="teacher"), alpha=1.3),
        lambda: replica.solve(replica.perceptron("spherical", labels="teacher", margin=0.3), alpha=0.8),
        lambda: replica.solve(
            replica.perceptron("binary", labels=replica.Teacher("spherical"), loss="error-count", beta=1.0), alpha=0.8
        ),
        lambda: replica.solve(
            replica.perceptron("binary", labels=replica.Teacher(noise=0.3), loss="error-count", beta=2.0), alpha=0.8
        ),
        lambda: replica.solve(replica.committee(activation="erf", weights="spherical", labels="teacher"), alpha=1.0),
        lambda: replica.solve(replica.committee(activation="relu", weights="spherical"), alpha=1.0),
        lambda: replica.solve(replica.mixture("hinge", penalty=0.2, noise=0.7, balance=0.3), alpha=1.5),
        lambda: replica.solve(replica.mixture("square", penalty=1.0, noise=2.0, balance=0.4), alpha=0.7),
        lambda: replica.solve(replica.mixture("square", penalty=0.5, bias=0.2), alpha=2.0),
        lambda: replica.solve(ridge(noise=0.5, penalty=0.2), alpha=2.0),
        lambda: replica.solve(ridge(noise=0.0, penalty=0.01, loss="hinge"), alpha=5.0),
        lambda: replica.solve(ridge(noise=0.3, penalty=1.0, loss="hinge"), alpha=0.1),
    ],
)
def test_solutions_at_two_precisions_and_within_the_error_of_doubles(solution: object) -> None:
    found = solution()
    rough, fine = found.enclose(12), found.enclose(28)
    assert {*found.order_parameters, "free_entropy", "stability"} - {"bias"} <= {*fine.values}
    for name, x in fine.values.items():
        assert rough.values[name].overlaps(*x.interval) and x.width < rough.values[name].width
        if name in found.errors:
            assert abs(found[name] - float(x)) <= found.errors[name] + 2.3e-16 * abs(float(x)), name
    if "energy" in fine.values:
        assert not found.model.loss.hard


@pytest.mark.parametrize(("noise", "penalty", "alpha"), [(0.0, 1.0, 0.7), (0.3, 0.01, 1.0)])
def test_a_ridge_on_labels_of_a_teacher_meets_plain_quadrature(noise: float, penalty: float, alpha: float) -> None:
    """Fields are reweighted by ``2 H(-s z)``, of which the proof knows two moments only."""
    proved = replica.solve(ridge(noise, penalty), alpha=alpha).enclose(25).values
    with mpmath.workdps(30):
        q, response, m, energy = (mpmath.mpf(proved[name].lower) for name in ("q", "V", "m", "energy"))
        seen = m / mpmath.sqrt(1 + mpmath.mpf(noise))
        rest = mpmath.sqrt(q - seen**2)

        def average(weight: object, one: object) -> mpmath.mpf:
            places = [-12, -4, 0, 4, 12]
            return alpha * mpmath.quad(lambda z: mpmath.npdf(z) * weight(z) * one(1 - mpmath.sqrt(q) * z), places)

        def weight(z: mpmath.mpf) -> mpmath.mpf:
            return mpmath.erfc(-seen / rest * z / mpmath.sqrt(2))

        def score(z: mpmath.mpf) -> mpmath.mpf:
            return 2 * mpmath.npdf(seen / rest * z) * mpmath.sqrt(q / (1 + mpmath.mpf(noise))) / rest

        share = response / (1 + response)
        assert abs(penalty * response + alpha * share - 1) < 1e-24
        assert abs(average(weight, lambda short: (share * short) ** 2) - (q - m**2)) < 1e-24
        assert abs(average(score, lambda short: share * short) - m) < 1e-24
        assert abs(average(weight, lambda short: (short / (1 + response)) ** 2 / 2) - energy) < 1e-24


@pytest.mark.parametrize(("noise", "penalty", "alpha", "kappa"), [(0.3, 0.1, 2.0, 1.0), (0.0, 1.0, 0.7, 0.25)])
def test_a_hinge_on_labels_of_a_teacher_meets_plain_quadrature(
    noise: float, penalty: float, alpha: float, kappa: float
) -> None:
    """The averages are closed in H, g and the function of Owen; here they are integrals between kinks."""
    proved = replica.solve(ridge(noise, penalty, replica.Hinge(kappa)), alpha=alpha).enclose(22).values
    with mpmath.workdps(26):
        q, response, m, energy = (mpmath.mpf(proved[name].lower) for name in ("q", "V", "m", "energy"))
        seen, root = m / mpmath.sqrt(1 + mpmath.mpf(noise)), mpmath.sqrt(q)
        rest = mpmath.sqrt(q - seen**2)
        places = sorted([-12, -4, 0, 4, 12, (kappa - response) / root, kappa / root])

        def average(one: object, weight: object) -> mpmath.mpf:
            return alpha * mpmath.quad(
                lambda z: mpmath.npdf(z) * weight(seen / rest * z) * one(kappa - root * z), places
            )

        def taught(one: object) -> mpmath.mpf:
            return average(one, lambda eta: 2 * mpmath.ncdf(eta))

        def force(short: mpmath.mpf) -> mpmath.mpf:
            return min(max(short, 0), response) / response

        stiff = penalty + taught(lambda short: int(0 < short <= response)) / response
        pull = average(force, lambda eta: 2 * mpmath.npdf(eta) * root / rest) / mpmath.sqrt(1 + mpmath.mpf(noise))
        assert abs(stiff * response - 1) < 1e-20 and abs(m * stiff - pull) < 1e-20
        assert abs(q * stiff**2 - pull**2 - taught(lambda short: force(short) ** 2)) < 1e-20
        assert abs(taught(lambda short: max(short - response, 0)) - energy) < 1e-20


def test_a_wide_committee_whose_rounding_was_more_than_its_error() -> None:
    """Where sums over all nodes had gathered it: 1.1 times the error of q_hat."""
    model = replica.committee(activation="relu", weights="binary", margin=0.10830096869894598)
    found = replica.solve(model, alpha=0.6656121737654418)
    proved = found.enclose(20).values
    for name in ("q", "V", "q_hat", "free_entropy", "stability"):
        assert abs(found[name] - float(proved[name])) <= 0.6 * found.errors[name], name


@pytest.mark.parametrize("level", [1, 2])
def test_averages_over_one_weight_are_right_to_rounding(level: int) -> None:
    scales = np.exp(np.linspace(-1.0, 0.8, 25))
    found = replica.Binary().plain_sums(scales, np.zeros(25), np.inf, level)[1]
    with flint.ctx.workprec(90):
        singles = [replica.Binary().enclosed_single(ball(s) * ball(s), 0, 0, None) for s in scales.tolist()]
        known = [float(single.variance) for single in singles]
    assert np.abs(found / known - 1.0).max() < 3.0 * np.finfo(float).eps


THRESHOLDS = {
    "capacity": lambda: replica.capacity(replica.perceptron("ternary")),
    "band": lambda: replica.capacity(replica.perceptron("binary", loss=replica.Band(0.7))),
    "transition": lambda: replica.transition(replica.perceptron("binary", labels="teacher")),
    "spinodal": lambda: replica.spinodal(replica.perceptron("binary", labels="teacher")),
    "at": lambda: replica.at_line(replica.perceptron("binary", margin=0.3)),
    "freezing": lambda: replica.freezing(replica.perceptron("binary", loss="error-count"), alpha=1.5),
    "max margin": lambda: replica.max_margin(replica.perceptron("binary"), alpha=0.5),
    "of the sphere": lambda: replica.max_margin(replica.perceptron("spherical"), alpha=2.0),
}


@pytest.mark.parametrize("name", THRESHOLDS)
def test_thresholds_at_two_precisions_and_within_the_error_of_doubles(name: str) -> None:
    found = THRESHOLDS[name]()
    rough, fine = found.enclose(10), found.enclose(24)
    assert rough.overlaps(*fine.interval) and fine.width < rough.width
    assert abs(found.value - float(fine)) <= found.error + 1e-300
    assert fine.uniqueness_radius >= 0 and "converged" not in fine.status


def test_a_wrong_load_is_excluded_and_the_published_interval_met() -> None:
    """J. Ding and N. Sun, and B. Huang: 0.833078599 < alpha* < 0.833078600."""
    found = replica.capacity(replica.perceptron("binary")).enclose(30)
    assert Fraction("0.833078599") < Fraction(found.lower) <= Fraction(found.upper) < Fraction("0.833078600")
    assert not found.contains("0.8330785998") and found.lower.startswith("0.83307859973957923368908689")
    assert found.uniqueness_radius > found.width > 0


def test_decimals_and_floats_are_different_numbers() -> None:
    models = [replica.perceptron("binary", margin=m) for m in ("0.05", Fraction(1, 20), 0.05)]
    loads = [replica.capacity(model).enclose(25) for model in models]
    assert loads[0].interval == loads[1].interval
    assert loads[0].interval[0] > loads[2].interval[1] or loads[0].interval[1] < loads[2].interval[0]
    at = [replica.solve(replica.perceptron("binary"), alpha=a).enclose(25) for a in ("0.1", 0.1)]
    assert not at[0].overlaps(*at[1].interval)


def test_certificates_of_another_arithmetic_lie_inside() -> None:
    """mpmath's composite Gauss-Legendre rules and chord steps share nothing with balls and trapezoids."""
    model = replica.perceptron("binary", loss="error-count", margin="0.3", temperature="0.4")
    assert model.beta == 2.5 and model.loss.kappa.exact == Fraction(3, 10)
    solution = replica.solve(replica.perceptron("spherical", labels="teacher", margin=0.25), alpha=0.75)
    certified, proved = solution.certify(digits=24), solution.enclose(20)
    for name in ("q_hat", "m_hat", "q", "m"):
        value = Fraction(mpmath.nstr(certified.values[name], 30))
        assert proved.values[name].overlaps(value - Fraction(1, 10**23), value + Fraction(1, 10**23)), name


def test_beyond_a_fold_nothing_is_proved() -> None:
    """The start of one branch, with the load of none: the refusal comes at once."""
    teacher = replica.perceptron("binary", labels="teacher")
    solution = replica.solve(teacher, alpha=1.49)
    solution.load = 1.5
    with pytest.raises(replica.NotEnclosed, match="not enclosed"):
        solution.enclose(20)


class Shifted(Margin):
    """A member of one's own that overrides what a proof is about, and says nothing of proofs."""

    name = "shifted-margin"

    def terms(self, field, variance, beta):
        return super().terms(field + 0.1, variance, beta)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: replica.solve(replica.perceptron(loss="logistic", beta=1.0), alpha=0.3), "losses with proved"),
        (lambda: replica.solve(replica.perceptron("binary", loss=Shifted(0.0)), alpha=0.3), "losses with proved"),
        (lambda: replica.solve(replica.committee(3), alpha=0.3), "wide committees"),
        (lambda: replica.solve(replica.committee(activation="tanh"), alpha=0.3), "wide committees"),
        (lambda: replica.solve(replica.committee(activation=lambda x: x**3), alpha=0.3), "wide committees"),
        (lambda: replica.solve(replica.perceptron("binary", loss=replica.Band(1.0)), alpha=0.3), "losses with proved"),
        (lambda: replica.solve(replica.perceptron("binary"), alpha=0.3, ansatz=replica.Annealed()), "RS"),
        (lambda: replica.capacity(replica.perceptron("spherical", loss=Shifted(0.0))), "nothing is proved of the loss"),
        (lambda: replica.capacity(replica.perceptron("binary", loss=replica.OutsideBand(1.2))), "q = 0 is not proved"),
        (lambda: replica.solve(ridge(0.0, 1.0, "logistic"), alpha=1.0), "averages are closed"),
        (lambda: replica.spinodal(replica.perceptron("binary")), "not enclosed"),
        (lambda: replica.spinodal(replica.perceptron("spherical")), "not enclosed"),
        (lambda: replica.optimal_penalty(replica.mixture("square"), alpha=1.0), "nothing is proved of this threshold"),
    ],
)
def test_what_is_not_covered_is_refused_in_a_sentence(call: object, sentence: str) -> None:
    with pytest.raises(replica.NotEnclosed, match=sentence) as refusal:
        call().enclose(20)
    assert str(refusal.value).startswith("not enclosed: ") and "\n" not in str(refusal.value)


@pytest.mark.parametrize("name", CERTIFIED)
def test_the_table_of_the_readme_is_what_is_proved(name: str) -> None:
    shown = str(CERTIFIED[name]().enclose(30)).partition("[")[0]
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert len(shown) > 25 and f"| {name} | `{shown[:-2]}" in text


@pytest.mark.parametrize("digits", [0, -3, 2.5, "many", None])
def test_digits_are_a_whole_number(digits: object) -> None:
    with pytest.raises(ValueError, match="digits must be "):
        replica.capacity(replica.perceptron("spherical")).enclose(digits=digits)


def test_the_shell(capsys: pytest.CaptureFixture[str]) -> None:
    words = "enclose perceptron --weights binary --quantity capacity --digits 30"
    assert main([*words.split(), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["lower"].startswith("0.8330785997395792336890868")
    assert answer["values"]["q"]["lower"] < answer["values"]["q"]["upper"]
    assert answer["status"].startswith("converged") and answer["uniqueness_radius"] > 0
    one_point = ["enclose", "perceptron", "--alpha", "0.5", "--margin", "0.05"]
    assert main([*one_point, "--quantity", "q"]) == 0
    assert "enclosed q_hat" in capsys.readouterr().out
    refused_words = ["enclose", "perceptron", "--loss", "logistic", "--beta", "1", "--alpha", "0.5", "--json"]
    assert main(refused_words) == 1
    refused = capsys.readouterr()
    assert "losses with proved bounds" in refused.err and json.loads(refused.out)["value"] is None
    assert main(["enclose", "perceptron", "--quantity", "q"]) == 2
    assert main([*one_point, "--quantity", "capacit"]) == 2
    assert "Valid" in capsys.readouterr().err
