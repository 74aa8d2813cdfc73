"""What a verb found, as JSON, text and dataset: a number with its company, or curves. It prints nothing."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from replica._version import __version__
from replica.cli._tables import FULL, folded, tables, with_error
from replica.solution.said import beside, converged

if TYPE_CHECKING:
    import xarray

NAN = float("nan")


@dataclass(frozen=True)
class Point:
    """One number with error and status, the order parameters behind it, and further observables.

    ``more`` goes to the JSON alone, ``notes`` to the text alone.
    """

    name: str
    value: float
    error: float
    status: str
    order_parameters: dict[str, float]
    settings: dict[str, Any]
    errors: dict[str, float] = field(default_factory=dict)
    observables: dict[str, float] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def solved(self) -> bool:
        return converged(self.status)

    @property
    def complaint(self) -> str:
        """What stderr must say; empty when all is well."""
        return "" if self.solved else self.status

    def as_json(self) -> dict[str, Any]:
        return {
            "value": self.value,
            "error": self.error,
            "status": self.status,
            "order_parameters": self.order_parameters,
            **self.observables,
            "errors": self.errors,
            **self.more,
            "settings": self.settings,
            "version": __version__,
        }

    def as_text(self, digits: int = FULL) -> str:
        """Names and numbers; nothing where there is no number (`complaint` says why)."""
        if not self.solved:
            return ""
        rows = {self.name: with_error(self.value, self.error, digits)}
        for name, value in (self.observables | self.order_parameters).items():
            if not math.isnan(value) and name != self.name:
                rows[name] = with_error(value, self.errors.get(name, NAN), digits)
        rows |= self.notes
        wide = max(map(len, [*rows, "status"])) + 2
        lines = [f"{name:<{wide}}{text}" for name, text in rows.items()]
        return "\n".join([*lines, folded("status", self.status, wide)])

    def as_value(self, digits: int = FULL) -> str:
        """The number alone."""
        return with_error(self.value, self.error, digits).split()[0] if self.solved else ""

    def as_dataset(self) -> xarray.Dataset:
        import xarray

        from replica.files.records import record
        from replica.files.words import described

        numbers = {self.name: self.value} | self.observables | self.order_parameters
        errors = {f"{name}_error": error for name, error in self.errors.items() if name in numbers}
        columns = numbers | errors | {"error": self.error, "status": self.status}
        variables = {name: ((), value) for name, value in columns.items()}
        return described(xarray.Dataset(variables, attrs=record(self.settings)), self.name)


@dataclass(frozen=True)
class Curves:
    """A dataset over one or more axes, with a status per point."""

    dataset: Any

    def _status(self) -> dict[str, np.ndarray]:
        names = [name for name in self.dataset.data_vars if name == "status" or str(name).endswith("_status")]
        return {str(name): self.dataset[name].values for name in names}

    def _unsolved(self) -> dict[str, list[str]]:
        return {
            name: [text for text in values.flat if not converged(text)]
            for name, values in self._status().items()
        }

    @property
    def solved(self) -> bool:
        """Whether any point is solved."""
        return any(converged(text) for values in self._status().values() for text in values.flat)

    @property
    def complaint(self) -> str:
        """How many points have no value; of a line of a diagram, which need not exist, with the reason alone."""
        parts = []
        for name, sentences in self._unsolved().items():
            if sentences and name == "status":
                parts.append(f"{len(sentences)} of {self._status()[name].size} points not solved ({sentences[0]})")
            elif sentences:
                line, reason = name.removesuffix("_status"), beside(sentences[0])
                parts.append(f"{line}: no line at {len(sentences)} of {self._status()[name].size} points: {reason}")
        return "; ".join(parts)

    def as_json(self) -> dict[str, Any]:
        data = self.dataset
        settings = json.loads(data.attrs["settings"])
        arrays = {str(name): data[name].values for name in (*data.coords, *data.data_vars)}
        dimensions = {str(name): list(data[name].dims) for name in data.data_vars}
        return arrays | {"dimensions": dimensions, "settings": settings, "version": __version__}

    def as_text(self, digits: int = FULL) -> str:
        return "\n\n".join([*self._tables(digits), *self._remarks()])

    def as_value(self, digits: int = FULL) -> str:
        """Nothing: the numbers are in the files."""
        return ""

    def as_dataset(self) -> xarray.Dataset:
        return self.dataset

    def _tables(self, digits: int) -> Iterator[str]:
        return tables(self.dataset, digits)

    def _remarks(self) -> Iterator[str]:
        """The different sentences of each line of a diagram."""
        lines = []
        for name, values in self._status().items():
            if name != "status":
                lines += [folded(f"{name.removesuffix('_status')}: ", text, 4) for text in dict.fromkeys(values.flat)]
        if lines:
            yield "\n".join(lines)

