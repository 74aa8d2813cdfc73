"""Solutions of a batch of models, row by row with errors and status; no equations, no single solution."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from replica.solution.errors import Named, measured
from replica.solution.said import joint
from saddlepoint.rows import Rowwise

if TYPE_CHECKING:
    from replica.models.model import Model


class State(Rowwise):
    """What stands for a solved problem without equations of its own, and so without tables in them."""

    stride: ClassVar[float] = 0.0

    def astray(self) -> list[Any]:
        """None: see `saddlepoint.Problem.astray`."""
        return []


@dataclass(frozen=True)
class Part(Rowwise):
    """Rows of a batch that were solved by one problem: where they are, the points and their errors (free
    coordinates); ``slack`` is added to the errors of the observables it names.
    """

    rowwise: ClassVar[tuple[str, ...]] = ("rows", "problem", "point", "error", "slack")
    rows: np.ndarray
    problem: Any
    point: np.ndarray
    error: np.ndarray
    slack: Named = field(default_factory=dict)

    def measure(self) -> tuple[Named, Named]:
        """Observables and their errors, see `replica.solution.errors.measured`."""
        values, errors = measured(self.problem, self.point, self.error)
        return values, errors | {name: errors[name] + more for name, more in self.slack.items() if name in errors}


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
        for name, error in self._measured[1].items():
            if not np.isnan(error).any():
                continue
            for row in np.flatnonzero(np.isfinite(self._measured[0][name]) & np.isnan(error)):
                found[row] = found[row] or name
        return found

    @cached_property
    def converged(self) -> np.ndarray:
        """Rows whose equations are solved, and whose numbers have an error."""
        return self._closed & np.array([not name for name in self._unknown], dtype=bool)

    @cached_property
    def _measured(self) -> tuple[Named, Named]:
        values: Named = {}
        errors: Named = {}
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
        return self._shown[0].get(name, self._nothing)

    def error(self, name: str) -> np.ndarray:
        """Estimated error of `value`."""
        return self._shown[1].get(name, self._nothing)

    @cached_property
    def suspects(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows whose entropy, and rows whose stability, is below 0 by more than its error."""
        with np.errstate(invalid="ignore"):
            cold, unstable = (self.value(name) < -self.error(name) for name in ("entropy", "stability"))
        return cold, unstable | (self.value("stability") == -np.inf)

    @cached_property
    def _nothing(self) -> np.ndarray:
        return np.full(self.size, np.nan)

    @cached_property
    def _shown(self) -> tuple[Named, Named]:
        """What is measured without the rows whose errors are not known."""
        if self.converged.all():
            return self._measured
        values, errors = (
            {name: np.where(self.converged, column, np.nan) for name, column in store.items()}
            for store in self._measured
        )
        return values, errors

    def sentence(self, row: int) -> str:
        """Status of one row: what happened, then facts about the solution that a reader must know."""
        remark = self.remarks[row] if self.remarks else ""
        if not self.status[row].converged:
            return f"not converged: {remark}" if remark else self.status[row].sentence
        if not self.converged[row]:
            return f"not converged: the error of {self._unknown[row]} could not be estimated"
        return "; ".join([self.status[row].sentence, *([remark] if remark else []), *self.ansatz.facts(self, row)])

    def sentences(self) -> list[str]:
        """Those of all rows; where there are no facts to be told only what happened and its remark are put together."""
        told = ~self.converged | self.ansatz.noteworthy(self)
        return [
            self.sentence(row) if asked else f"{code.sentence}; {remark}" if remark else code.sentence
            for row, (asked, code, remark) in enumerate(
                zip(told, self.status, self.remarks or [""] * self.size, strict=True)
            )
        ]

    def noting(self, rows: np.ndarray, clause: str) -> Solutions:
        """The batch with a clause more in the remarks of rows (a mask) that are solved."""
        remarks = list(self.remarks) or [""] * self.size
        for row in np.flatnonzero(rows & self._closed):
            remarks[row] = joint(remarks[row], clause)
        return replace(self, remarks=remarks)

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
    found = [part.take(at) for part in parts if (at := np.flatnonzero(part.rows == row)).size]
    return [replace(part, rows=np.array([0])) for part in found]
