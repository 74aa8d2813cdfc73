"""Points of Franz-Parisi curves with proof: planes against other quadratures and themselves, floats, refusals."""

from __future__ import annotations

import json
from fractions import Fraction

import flint
import numpy as np
import pytest

import replica
from replica.ansatz.franz_parisi.geometry import Geometry
from replica.ansatz.franz_parisi.pair_patterns import Side, pattern_sums
from replica.cli import main
from replica.losses import Margin
from replica.losses._enclosed_pair import PatternPlane, enclosed_pair_pattern
from replica.weights._enclosed_pair import SignPlane, signs_pair
from saddlepoint.enclosures import Dual, Plane, ball, plane_averages

arb = flint.arb
OVERLAPS = {"rest": "0.45", "s": "0.3", "t": "0.55", "qt": "0.4"}


def patterns(**changed: str) -> Plane:
    return PatternPlane(ball("0.1"), ball("0.2"), *(ball(x) for x in (OVERLAPS | changed).values()))


def signs() -> Plane:
    return SignPlane(ball("0.7"), ball("0.9"), ball("0.4"), ball("0.3"))


@pytest.mark.parametrize("plane", [patterns, signs])
def test_coarse_and_fine_averages_over_the_plane_overlap(plane: object) -> None:
    found = []
    for bits in (24, 30, 44):
        with flint.ctx.workprec(bits):
            found.append(plane_averages(plane()))
    for rough in found[:-1]:
        assert all(x.overlaps(y) for x, y in zip(rough, found[-1], strict=True))
    assert all(x.rad() < 1e-6 for x in found[-1])


@pytest.mark.parametrize(("s", "t"), [(0.3, 0.55), (0.3, 0.2), (-0.1, 0.4)])
def test_averages_over_patterns_contain_those_of_other_quadratures(s: float, t: float) -> None:
    at = Geometry.of_rest(t, s, 0.45, 0.4)
    known = pattern_sums(Side(Margin(0.2), np.inf), Side(Margin(0.1), np.inf), [at], 3)[0]
    with flint.ctx.workprec(46):
        place = [Dual(ball(0.45), [1, 0]), Dual(ball(s), [0, 1])]
        found = enclosed_pair_pattern(ball(0.1), ball(0.2), *place, ball(t), ball(0.4))
    pairs = {
        "log_z": found.log_z.value, "gg": found.square.value, "rg": found.shared.value, "pg": found.pinned.value,
        "rigidity": found.rigidity.value, "gg_q": -found.square.slopes[0], "rg_q": -found.shared.slopes[0],
        "rg_s": found.shared.slopes[1],
    }  # fmt: skip
    for name, x in pairs.items():
        assert float(x) == pytest.approx(getattr(known, name), abs=1e-8 + float(x.rad())), name
        assert x.rad() < 1e-6


def test_slopes_of_the_lemmas_are_differences() -> None:
    """Of averages over patterns in 1-q and s, and over weights in the three conjugates."""
    step = 2.0**-10
    with flint.ctx.workprec(30):
        rest, s, t, qt = (ball(x) for x in OVERLAPS.values())

        def pattern(a: float, b: float) -> object:
            at = Dual(rest + a, [1, 0]), Dual(s + b, [0, 1])
            return enclosed_pair_pattern(ball("0.1"), ball("0.2"), *at, t, qt)

        def weights(*moved: float) -> object:
            at = [Dual(ball(x) + d, [int(i == j) for j in range(3)])
                  for i, (x, d) in enumerate(zip(("0.9", "0.4", "0.7"), moved, strict=True))]
            return signs_pair(ball("0.7"), ball("0.4"), *at)

        for function, count, names in ((pattern, 2, ("log_z", "square", "shared", "pinned", "rigidity")),
                                       (weights, 3, ("rest", "s", "held", "entropic", "susceptibility"))):
            middle = function(*[0.0] * count)
            for j in range(count):
                low, high = (function(*[side * step * (i == j) for i in range(count)]) for side in (-1, 1))
                for name in names:
                    slope = (getattr(high, name).value - getattr(low, name).value) / (2 * step)
                    assert float(getattr(middle, name).slopes[j]) == pytest.approx(float(slope), rel=2e-4, abs=2e-4)


def within_errors(model: replica.Model, found: replica.Enclosure, **asked: object) -> None:
    curve = replica.franz_parisi(model, **asked)
    shared = found.values.keys() & curve.keys()
    assert {"free_entropy", "q", "q_hat", "t_hat", "slope", "stability"} <= shared
    for name in shared:
        value, error = float(curve[name][0]), float(curve[f"{name}_error"][0])
        assert abs(value - float(found.values[name])) <= error + found.values[name].width, name


TAUGHT = {
    "signs": replica.perceptron("binary", labels="teacher"),
    "sphere": replica.perceptron("spherical", labels=replica.Teacher("spherical", noise=0.1), margin=0.2),
    "warm": replica.perceptron("binary", labels=replica.Teacher("spherical"), loss="error-count", beta=2.0),
}


@pytest.mark.parametrize("name", TAUGHT)
@pytest.mark.parametrize("distance", [0.2, 0.45])
def test_around_the_teacher(name: str, distance: float) -> None:
    model, asked = TAUGHT[name], {"alpha": 0.8, "reference": "planted"}
    rough, fine = (replica.proved_franz_parisi(model, distance=distance, digits=n, **asked) for n in (8, 24))
    assert all(x.overlaps(*fine.values[key].interval) for key, x in rough.values.items())
    assert fine.width < 1e-24 and fine.uniqueness_radius > 0 and fine.proved and fine.not_proved
    within_errors(model, fine, distance=[distance], **asked)


def test_around_a_typical_student_the_entropy_is_that_around_the_teacher() -> None:
    model = TAUGHT["signs"]
    student = replica.proved_franz_parisi(model, alpha="0.8", distance="0.1")
    teacher = replica.proved_franz_parisi(model, alpha="0.8", distance="0.1", reference="planted")
    assert student.overlaps(*teacher.interval) and "generalization_error" not in student.values
    assert not teacher.contains("0.1181805404900867") and teacher.lower.startswith("0.11818054049008679818105")


@pytest.mark.parametrize("weights", ["binary", pytest.param("spherical", marks=pytest.mark.bench)])
def test_around_a_typical_solution(weights: str) -> None:
    model, asked = replica.perceptron(weights), {"alpha": 0.5}
    found = replica.proved_franz_parisi(model, distance=0.1, digits=3, **asked)
    assert found.width < 1e-3
    within_errors(model, found, distance=[0.1], **asked)


@pytest.mark.bench
@pytest.mark.parametrize("weights", ["binary", "spherical"])
@pytest.mark.parametrize("distance", ["0.02", "0.1", "0.3", "0.5"])
def test_around_a_typical_solution_at_two_precisions(weights: str, distance: str) -> None:
    model = replica.perceptron(weights)
    rough, fine = (replica.proved_franz_parisi(model, alpha=0.5, distance=distance, digits=n) for n in (6, 16))
    assert all(x.overlaps(*fine.values[key].interval) for key, x in rough.values.items()) and fine.width < 1e-16
    within_errors(model, fine, alpha=0.5, distance=[float(Fraction(distance))])


LOWEST = replica.perceptron("spherical", loss="logistic")


@pytest.mark.parametrize(
    ("model", "reference", "sentence"),
    [
        (replica.perceptron("binary", loss="error-count", beta=1.0), None, "is here for a hard margin"),
        (replica.perceptron([-1.0, 1.0, 2.0]), None, "what surrounds teachers and typical solutions"),
        (replica.committee(activation="relu"), None, "is here for the perceptron"),
        (replica.mixture("margin", weights="spherical"), None, "surrounds teachers and typical solutions"),
        (replica.perceptron("binary"), replica.Reference(model=LOWEST), "what surrounds"),
        (replica.perceptron("binary", labels=replica.Teacher("spherical")), "planted", "no weights of the set are"),
    ],
)
def test_what_is_not_covered_is_refused_in_a_sentence(model: replica.Model, reference: object, sentence: str) -> None:
    with pytest.raises(replica.NotEnclosed, match=sentence) as refusal:
        distance = 0.1 if reference == "planted" else 0.25
        replica.proved_franz_parisi(model, alpha=0.3, distance=distance, reference=reference)
    assert str(refusal.value).startswith("not enclosed: ") and "\n" not in str(refusal.value)


def test_too_many_nodes_are_refused_at_once() -> None:
    with pytest.raises(replica.NotEnclosed, match="nodes, more than"):
        replica.proved_franz_parisi(replica.perceptron("binary"), alpha=0.5, distance=2e-3)


@pytest.mark.parametrize("wrong", [{"alpha": 0.0}, {"distance": 1.0}, {"distance": [0.1]}, {"digits": 0}, {"model": 3}])
def test_wrong_values(wrong: dict[str, object]) -> None:
    asked = {"model": replica.perceptron("binary"), "alpha": 0.5, "distance": 0.1} | wrong
    with pytest.raises((ValueError, TypeError), match=next(iter(wrong)) if "model" not in wrong else "Model"):
        replica.proved_franz_parisi(asked.pop("model"), **asked)


def test_the_shell(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["enclose", "perceptron", "--labels", "teacher", "--quantity", "franz-parisi", "--alpha", "0.8"]
    assert main([*words, "--distance", "0.1", "--reference", "planted", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["lower"].startswith("0.11818054049008679818105")
    assert main([*words, "--distance", "0.1", "--reference", "plante"]) == 2
    assert main(words) == 2 and main(["enclose", "perceptron", "--alpha", "0.5", "--distance", "0.1"]) == 2
    assert "--distance" in capsys.readouterr().err
