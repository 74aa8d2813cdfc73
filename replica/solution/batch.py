"""Solutions of a batch of models, row by row with errors and status; no equations, no single solution."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from saddlepoint.rows import Rowwise

if TYPE_CHECKING:
    from replica.models.model import Model


class State(Rowwise):
    """What stands for a solved problem without equations of its own, and so without tables in them."""

    def astray(self) -> list[Any]:
        """None: see `saddlepoint.Problem.astray`."""
        return []


@dataclass(frozen=True)
class Part:
    """Rows of a batch that were solved by one problem: where they are, the points and their errors (free
    coordinates).
    """

    rows: np.ndarray
    problem: Any
    point: np.ndarray
    error: np.ndarray

    def measure(self) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Observables on the refined quadrature; error = quadrature change + change over the point's error +
        rounding + what equations that go astray change.
        """
        size, k = self.point.shape
        rows = np.tile(np.arange(size), k + 1)
        shifted = np.tile(self.point, (k + 1, 1))
        for j in range(k):
            shifted[(j + 1) * size : (j + 2) * size, j] += self.error[:, j]
        finer = self.problem.refined()
        with np.errstate(over="ignore", invalid="ignore"):  # a badly known point may be moved to where nothing is
            values, floors = finer.take(rows).observe(shifted)
        coarse, _ = self.problem.observe(self.point)
        astray = [other.observe(self.point)[0] for other in finer.astray()]
        errors = {}
        with np.errstate(invalid="ignore"):
            for name, value in values.items():
                best = value[:size]
                moved = np.zeros(size)
                for j in range(k):
                    moved = moved + np.abs(value[(j + 1) * size : (j + 2) * size] - best)
                change = np.where(np.isfinite(best), np.abs(best - coarse[name]) + moved, 0.0)
                off = sum(np.nan_to_num(np.abs(other[name] - best)) for other in astray)
                errors[name] = change + floors[name][:size] + off
        return {name: value[:size] for name, value in values.items()}, errors


@dataclass
class Solutions:
    """A batch of solutions: ``status`` per row, `Part`s for the rows that have one, remarks per row.

    ``last``: the last points of rows that were not solved. ``branches``: per row the branch that a solution belongs to,
    where there can be several.
    """

    model: Model
    ansatz: Any
    alpha: np.ndarray
    parts: list[Part]
    status: np.ndarray
    residual: np.ndarray
    remarks: list[str] = field(default_factory=list)
    last: list[Part] = field(default_factory=list)
    branches: list[str] = field(default_factory=list)

    @property
    def size(self) -> int:
        return self.alpha.size

    @cached_property
    def _closed(self) -> np.ndarray:
        """Rows whose equations are solved."""
        return np.array([code.converged for code in self.status])

    @cached_property
    def _unknown(self) -> list[str]:
        """Per row a number whose error could not be estimated, "" where there is none."""
        found = [""] * self.size
        for name, value in self._measured[0].items():
            for row in np.flatnonzero(np.isfinite(value) & np.isnan(self._measured[1][name])):
                found[row] = found[row] or name
        return found

    @cached_property
    def converged(self) -> np.ndarray:
        """Rows whose equations are solved, and whose numbers have an error."""
        return self._closed & np.array([not name for name in self._unknown], dtype=bool)

    @cached_property
    def _measured(self) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        values: dict[str, np.ndarray] = {}
        errors: dict[str, np.ndarray] = {}
        for part in self.parts:
            for store, found in zip((values, errors), part.measure(), strict=True):
                for name, column in found.items():
                    store.setdefault(name, np.full(self.size, np.nan))[part.rows] = column
        for store in (values, errors):
            for column in store.values():
                column[~self._closed] = np.nan
        return values, errors

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._measured[0])

    def value(self, name: str) -> np.ndarray:
        """An order parameter or observable over the batch, NaN where unsolved or not defined."""
        return self._known(self._measured[0].get(name))

    def error(self, name: str) -> np.ndarray:
        """Estimated error of `value`."""
        return self._known(self._measured[1].get(name))

    def _known(self, column: np.ndarray | None) -> np.ndarray:
        """A column without the rows whose errors are not known."""
        if column is None:
            return np.full(self.size, np.nan)
        return column if self.converged.all() else np.where(self.converged, column, np.nan)

    def sentence(self, row: int) -> str:
        """Status of one row: what happened, then facts about the solution that a reader must know."""
        remark = self.remarks[row] if self.remarks else ""
        if not self.status[row].converged:
            return f"not converged: {remark}" if remark else self.status[row].sentence
        if not self.converged[row]:
            return f"not converged: the error of {self._unknown[row]} could not be estimated"
        return "; ".join([self.status[row].sentence, *([remark] if remark else []), *self.ansatz.facts(self, row)])

    def sentences(self) -> list[str]:
        return [self.sentence(row) for row in range(self.size)]

    def only(self, row: int) -> Solutions:
        """The batch that holds one row of this one."""
        index = np.array([row])
        remarks = [self.remarks[row]] if self.remarks else []
        return Solutions(
            self.model.take(index),
            self.ansatz,
            self.alpha[index],
            _row_of(self.parts, row),
            self.status[index],
            self.residual[index],
            remarks,
            _row_of(self.last, row),
            self.branches[row : row + 1],
        )


def _row_of(parts: list[Part], row: int) -> list[Part]:
    return [
        Part(np.array([0]), part.problem.take(at), part.point[at], part.error[at])
        for part in parts
        if (at := np.flatnonzero(part.rows == row)).size
    ]
