"""The rows of a batch on their way to a solution, on equations whose answers are known: square roots."""

from __future__ import annotations

import numpy as np
import pytest

import replica
from replica.solution.errors import measured
from replica.solution.ledger import Ledger
from saddlepoint import REAL, Newton, Problem, Status, Variable, Variables


class Root(Problem):
    """``x^2 = alpha``; the cube of x is observed, on integrals of level n with the error 10^-n."""

    variables = Variables(Variable("x", REAL))
    rowwise = ("alpha",)
    finest = np.inf

    def __init__(self, alpha: np.ndarray, level: int = 8) -> None:
        self.alpha, self.level, self.size = alpha, level, alpha.size

    def residual(self, free: np.ndarray) -> np.ndarray:
        return free**2 - self.alpha[:, None]

    def observe(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        return {"cube": free[:, 0] ** 3 + 10.0**-self.level}, {"cube": np.full(self.size, 1e-15)}


class Dear(Root):
    stride = 1e-6


ALPHA = np.array([1.0, -1.0, 4.0])


def solved() -> Ledger:
    ledger = Ledger(replica.perceptron("binary"), ALPHA)
    ledger.keep(ledger.rows, ledger.solve(Root(ALPHA), Newton(), np.ones((3, 1))), "found")
    return ledger


def test_what_converged_is_closed_and_the_others_keep_their_last_point() -> None:
    ledger = solved()
    assert ledger.rows.tolist() == [1] and ledger.solved.tolist() == [True, False, True]
    assert list(ledger.remarks) == ["found", "", "found"]
    assert ledger.observed("cube") == pytest.approx([1.0, np.nan, 8.0], abs=1e-7, nan_ok=True)
    found = ledger.solutions(replica.RS())
    assert [part.rows.tolist() for part in found.last] == [[1]] and np.isnan(found.last[0].error).all()


def test_an_answer_stands_until_there_is_another() -> None:
    ledger, every = solved(), np.arange(3)
    before = ledger.observed("cube")
    ledger.keep(
        every, ledger.solve(Root(ALPHA), Newton(), np.full((3, 1), -1.0)), "again", np.array([True, True, False])
    )
    assert ledger.observed("cube") == pytest.approx([-1.0, np.nan, before[2]], abs=1e-7, nan_ok=True)
    assert list(ledger.remarks) == ["again", "", "found"] and ledger.status[2] is Status.CONVERGED


def test_rows_are_refused_dropped_and_noted() -> None:
    ledger = solved()
    ledger.note(np.ones(3, dtype=bool), "doubtful")
    ledger.refuse(np.array([1, 2]), ["negative", "large"])
    assert list(ledger.remarks) == ["found; doubtful", "negative", "large"] and not ledger.open.any()
    ledger.drop(np.arange(3))
    assert ledger.rows.tolist() == [0] and not ledger.parts and list(ledger.remarks) == ["", "negative", "large"]


def test_what_is_adopted_goes_where_its_rows_are() -> None:
    large = Ledger(replica.perceptron("binary"), np.array([9.0, 4.0, -1.0, 1.0]))
    large.adopt(solved(), np.array([3, 2, 1]), {"cube": np.array([0.0, 1e-3, 0.0, 2e-3])})
    assert large.observed("cube") == pytest.approx([np.nan, 8.0, np.nan, 1.0], abs=1e-7, nan_ok=True)
    large.refuse(np.array([2]), "negative")
    large.adopt(solved(), np.array([3, 2, 1]), {"cube": np.array([0.0, 1e-3, 0.0, 2e-3])})
    assert list(large.remarks) == ["", "found", "negative", "found"]
    found = large.solutions(replica.RS())
    assert found.error("cube")[[1, 3]] == pytest.approx([1e-3, 2e-3], abs=1e-7)
    assert [part.rows.tolist() for part in found.last] == [[2]] and large.rows.tolist() == [0]


@pytest.mark.parametrize("kind", [Root, Dear])
def test_errors_hold_the_slope_the_quadrature_and_rounding(kind: type[Root]) -> None:
    point, error = np.array([[1.0], [2.0]]), np.array([[0.0], [1e-6]])
    values, errors = measured(kind(point[:, 0] ** 2), point, error)
    assert values["cube"] == pytest.approx(point[:, 0] ** 3 + 1e-9, abs=1e-15)
    assert errors["cube"] == pytest.approx(9e-9 + np.array([0.0, 12e-6]), rel=1e-5)
