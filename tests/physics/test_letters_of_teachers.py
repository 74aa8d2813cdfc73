"""Students of letters and teachers of other letters: signs that a student cannot turn, proofs over exact letters."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest

import replica
from replica.weights.law import Law
from tests.physics._letters_in_mpmath import Letters

TERNARY, SKEW = (-1.0, 0.0, 1.0), (0.0, 1.0, 2.0)


def test_signs_that_a_student_cannot_turn_are_kept() -> None:
    """Turning u and w together leaves the set of weights where it is symmetric, and there alone."""
    folded = replica.Ternary().law()
    assert folded.folded and folded.seen_by(replica.Binary()) is folded
    law = folded.seen_by(replica.Discrete(SKEW))
    assert law.values == pytest.approx([-np.sqrt(1.5), 0.0, np.sqrt(1.5)])
    assert law.probabilities == pytest.approx([1 / 3] * 3)
    assert replica.Binary().law().seen_by(replica.NonNegative()) == Law((-1.0, 1.0), (0.5, 0.5))
    assert replica.Discrete(SKEW).law().seen_by(replica.Discrete(SKEW)) == replica.Discrete(SKEW).law()


def test_a_student_of_another_sign_by_enumeration() -> None:
    """Letters 0, 1, 2 that learn from signs: m was that of a teacher of equal signs, 1.07 in the place of 0.25."""
    model = replica.perceptron(replica.Discrete(SKEW), labels=replica.Teacher("binary"))
    solution = replica.solve(model, alpha=0.5)
    runs = replica.simulate(model, n=[4, 8], alpha=0.5, samples=300, seed=1)
    report = replica.compare(solution, runs, observables=["m", "q"])
    assert np.all(np.abs(report["z"]) < 4.0)
    assert np.all(report["standard_error"] < 0.1)
    for labels in (replica.Teacher("binary"), replica.Teacher("spherical")):  # hardly differ: few signs are told
        found = replica.solve(replica.perceptron(replica.NonNegative(), labels=labels), alpha=0.5)
        assert found["m"] == pytest.approx(0.202, abs=2e-3)


def test_a_mixture_of_another_sign_by_enumeration() -> None:
    model = replica.mixture(
        "hinge", weights=replica.Discrete(SKEW), centroid="binary", beta=2.0, bias=False, balance=0.5
    )
    solution = replica.solve(model, alpha=0.5)
    runs = replica.simulate(model, n=[4, 8], alpha=0.5, samples=300, seed=1)
    report = replica.compare(solution, runs, observables=["m", "q"])
    assert np.all(np.abs(report["z"]) < 4.0)


CASES = [
    (Letters(TERNARY, TERNARY, 0.5), None),
    pytest.param(
        Letters(TERNARY, (1.0, 2.0, 5.0), 0.3, 0.2, 1.5, 0.25),
        replica.Discrete((1.0, 2.0, 5.0)),
        marks=pytest.mark.bench,
    ),
    pytest.param(Letters(SKEW, TERNARY, 0.4), "ternary", marks=pytest.mark.bench),
    (Letters((-1.0, 0.5, 2.0), None, 0.4, -0.25), "spherical"),
]


@pytest.mark.parametrize(("case", "teacher"), CASES, ids=lambda one: str(one)[:40])
def test_proofs_hold_what_mpmath_finds(case: Letters, teacher: object) -> None:
    found = solved(case, teacher)
    proof = found.enclose(digits=20)
    known = found.order_parameters
    exact = case.solve([known["q"], known["m"], known["Q"]])
    assert exact["left"] < 1e-30
    for name, value in exact.items():
        if name in proof.values:
            one = proof.values[name]
            assert one.contains(mp.nstr(value, 32)), name
            assert one.width < 1e-19 * max(1.0, abs(float(one))) and abs(found[name] - float(one)) <= found.errors[name]


def solved(case: Letters, teacher: object) -> replica.Solution:
    loss = replica.Margin(case.margin) if case.beta is None else replica.ErrorCount(case.margin)
    model = replica.perceptron(
        replica.Discrete(case.letters), loss=loss, beta=np.inf if case.beta is None else case.beta,
        labels=replica.Teacher(teacher, noise=case.noise),
    )  # fmt: skip
    return replica.solve(model, alpha=case.alpha)


def test_signs_and_ternary_teachers() -> None:
    """Two precisions overlap; a wrong overlap is excluded."""
    found = replica.solve(replica.perceptron("binary", labels=replica.Teacher("ternary")), alpha=0.3)
    rough, fine = found.enclose(12), found.enclose(30)
    for name, one in fine.values.items():
        assert rough.values[name].overlaps(*one.interval)
    assert abs(found["m"] - float(fine.values["m"])) <= found.errors["m"]
    assert not fine.values["m"].contains(found["m"] + 1e-9)


def test_a_teacher_of_no_letters_is_refused() -> None:
    found = replica.solve(replica.perceptron("binary", labels=replica.Teacher("non-negative")), alpha=0.3)
    with pytest.raises(replica.NotEnclosed, match="Gaussian or letters"):
        found.enclose(10)


def random_case(rng: np.random.Generator) -> tuple[Letters, object]:
    """Students of three or four letters, teachers of the same or others, at a random load."""
    alphabets = [TERNARY, SKEW, (-2.0, -1.0, 1.0, 2.0), (-1.0, 0.5, 2.0)]
    letters = alphabets[rng.integers(4)] if rng.random() < 0.7 else np.sort(np.round(rng.uniform(-2, 2, 3), 3)).tolist()
    teachers = [letters, (-1.0, 1.0), TERNARY, (1.0, 2.0, 5.0), None]
    kind = int(rng.integers(5))
    known = [None, "binary", "ternary", replica.Discrete((1.0, 2.0, 5.0)), "spherical"][kind]
    noise = 0.0 if rng.random() < 0.6 else float(rng.uniform(0.05, 0.5))
    beta = None if rng.random() < 0.5 else float(rng.uniform(0.3, 2.5))
    margin = 0.0 if rng.random() < 0.4 else float(rng.uniform(-0.5, 0.3))
    return Letters(letters, teachers[kind], float(rng.uniform(0.05, 0.9)), margin, beta, noise), known


@pytest.mark.bench
@pytest.mark.parametrize("index", range(60))
def test_random_proofs(index: int) -> None:
    case, teacher = random_case(np.random.default_rng([77, index]))
    test_proofs_hold_what_mpmath_finds(case, teacher)
