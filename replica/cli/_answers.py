"""What a verb found, as JSON, text and dataset: a number with its company, or curves. It prints nothing."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from replica._version import __version__

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
        return self.status.startswith("converged")

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

    def as_text(self) -> str:
        rows = {self.name: with_error(self.value, self.error)}
        for name, value in (self.observables | self.order_parameters).items():
            if not math.isnan(value) and name != self.name:
                rows[name] = with_error(value, self.errors.get(name, NAN))
        rows |= self.notes | {"status": self.status}
        width = max(map(len, rows)) + 2
        return "\n".join(f"{name:<{width}}{text}" for name, text in rows.items())

    def as_dataset(self) -> xarray.Dataset:
        import xarray

        from replica.records import record

        numbers = {self.name: self.value} | self.observables | self.order_parameters
        errors = {f"{name}_error": error for name, error in self.errors.items() if name in numbers}
        columns = numbers | errors | {"error": self.error, "status": self.status}
        return xarray.Dataset(
            {name: ((), value) for name, value in columns.items()}, attrs=record(self.settings)
        )


@dataclass(frozen=True)
class Curves:
    """A dataset over one or more axes, with a status per point."""

    dataset: Any

    def _status(self) -> dict[str, np.ndarray]:
        names = [name for name in self.dataset.data_vars if name == "status" or str(name).endswith("_status")]
        return {str(name): self.dataset[name].values for name in names}

    def _unsolved(self) -> dict[str, list[str]]:
        return {
            name: [text for text in values.flat if not text.startswith("converged")]
            for name, values in self._status().items()
        }

    @property
    def solved(self) -> bool:
        """Whether any point is solved."""
        return any(text.startswith("converged") for values in self._status().values() for text in values.flat)

    @property
    def complaint(self) -> str:
        parts = []
        for name, sentences in self._unsolved().items():
            if sentences:
                line = "" if name == "status" else f"{name.removesuffix('_status')}: "
                total = self._status()[name].size
                parts.append(f"{line}{len(sentences)} of {total} points not solved ({sentences[0]})")
        return "; ".join(parts)

    def as_json(self) -> dict[str, Any]:
        data = self.dataset
        settings = json.loads(data.attrs["settings"])
        arrays = {str(name): data[name].values for name in (*data.coords, *data.data_vars)}
        dimensions = {str(name): list(data[name].dims) for name in data.data_vars}
        return arrays | {"dimensions": dimensions, "settings": settings, "version": __version__}

    def as_text(self) -> str:
        return "\n\n".join([*self._tables(), *self._remarks()])

    def as_dataset(self) -> xarray.Dataset:
        return self.dataset

    def _tables(self) -> Iterator[str]:
        """A table per set of dimensions with numbers: coordinates, numbers with errors, a lone status."""
        data = self.dataset
        groups: dict[tuple[Any, ...], list[str]] = {}
        for name in map(str, data.data_vars):
            of_another = name.endswith("_error") and name.removesuffix("_error") in data
            if data[name].dtype.kind in "fiub" and name != "error" and not of_another:
                groups.setdefault(data[name].dims, []).append(name)
        for dims, names in groups.items():
            mesh = np.meshgrid(*(data[dim].values for dim in dims), indexing="ij")
            columns = {
                str(dim): [x if isinstance(x, str) else f"{x:.6g}" for x in axis.flat]
                for dim, axis in zip(dims, mesh, strict=True)
            }
            for name in names:
                values = data[name].values
                errors = (
                    data[f"{name}_error"].values if f"{name}_error" in data else np.full(values.shape, NAN)
                )
                columns[name] = [with_error(x, e) for x, e in zip(values.flat, errors.flat, strict=True)]
            if "status" in data and data["status"].dims == dims:
                columns["status"] = list(data["status"].values.flat)
            yield _aligned(columns)

    def _remarks(self) -> Iterator[str]:
        """The different sentences of each line of a diagram."""
        lines = []
        for name, values in self._status().items():
            if name != "status":
                lines += [f"{name.removesuffix('_status')}: {text}" for text in dict.fromkeys(values.flat)]
        if lines:
            yield "\n".join(lines)


def _aligned(columns: dict[str, list[str]]) -> str:
    widths = {name: max(map(len, [name, *cells])) for name, cells in columns.items()}
    rows = [list(columns), *zip(*columns.values(), strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths.values(), strict=True)).rstrip()
        for row in rows
    )


def with_error(value: float, error: float) -> str:
    """A number with as many digits as its error allows (one guard digit), and the error."""
    value, error = float(value), float(error)
    if math.isnan(value):
        return "nan"
    if not math.isfinite(value) or math.isnan(error):
        return f"{value:.12g}"
    if error == 0 or value == 0:
        return f"{value:.15g} +- {error:.1e}"
    digits = (
        math.floor(math.log10(abs(value))) - math.floor(math.log10(error)) + 2 if math.isfinite(error) else 2
    )
    return f"{value:.{min(max(digits, 2), 16)}g} +- {error:.1e}"
