"""Numbers and tables as text that fits a terminal: digits by their errors, columns in blocks, long sentences below."""

from __future__ import annotations

import math
import shutil
import textwrap
from collections.abc import Iterator
from typing import Any

import numpy as np

from replica.files.words import names as names_in
from replica.solution.said import BAD, GOOD, beside, converged

WIDTH = 80  # characters in a line where no terminal says how many
SENTENCE = 16  # characters of a status that still has a place in its column
LONG = 1000  # rows that nobody asked for: what is longer is for files
FULL = 16  # significant digits of a double
#: what is shown beside the variable that was asked for, where a dataset has it
BESIDE = ("stability", "complexity", "generalization_error")


def width() -> int:
    """Characters in a line of this terminal (``COLUMNS`` says it for pipes)."""
    return max(40, shutil.get_terminal_size((WIDTH, 24)).columns)


def with_error(value: float, error: float, digits: int = FULL) -> str:
    """A number with as many digits as its error allows (one guard digit) and at most ``digits``, and the error, with
    that of the rounding where digits are left out.
    """
    value, error = float(value), float(error)
    if math.isnan(value):
        return "nan"
    if not math.isfinite(value) or math.isnan(error):
        return f"{value:.{min(12, digits)}g}"
    if value != 0 and digits < FULL:
        error += abs(float(f"{value:.{digits}g}") - value)
    if error == 0 or value == 0:
        return f"{value:.15g} +- {error:.1e}"
    allowed = math.floor(math.log10(abs(value))) - math.floor(math.log10(error)) + 2 if math.isfinite(error) else 2
    return f"{value:.{min(max(allowed, 2), digits)}g} +- {error:.1e}"


def folded(label: str, text: str, indent: int) -> str:
    """A label and a sentence in lines of the terminal, the later ones below the beginning of the sentence."""
    unbroken: dict[str, Any] = {"break_long_words": False, "break_on_hyphens": False}
    return textwrap.fill(text, width(), initial_indent=f"{label:<{indent}}", subsequent_indent=" " * indent, **unbroken)


def shown(data: Any) -> list[str]:
    """The variables of a table: those that were asked for and some beside them; all, where none was named."""
    asked = [name for key in ("observables", "lines", "main") for name in names_in(data.attrs.get(key, ()))]
    own = [str(name) for name in data.data_vars if _of_interest(data, str(name))]
    if not asked or data.attrs.get("kind") not in ("curve", "diagram"):
        return own
    dims = {data[name].dims for name in asked if name in data}
    others = [name for name in own if data[name].dims not in dims and data[name].size <= LONG]
    return [name for name in own if name in (*asked, *BESIDE, *others)]


def _of_interest(data: Any, name: str) -> bool:
    of_another = name.endswith("_error") and name.removesuffix("_error") in data
    return data[name].dtype.kind in "fiub" and name != "error" and not of_another


def tables(data: Any, digits: int = FULL) -> Iterator[str]:
    """A table per set of dimensions: coordinates, numbers with errors, and statuses, the long ones below."""
    groups: dict[tuple[Any, ...], list[str]] = {}
    for name in shown(data):
        groups.setdefault(data[name].dims, []).append(name)
    for dims, names in groups.items():
        mesh = np.meshgrid(*(data[dim].values for dim in dims), indexing="ij")
        places = {
            str(dim): [x if isinstance(x, str) else f"{x:.6g}" for x in axis.flat]
            for dim, axis in zip(dims, mesh, strict=True)
        }
        columns = {name: _cells(data, name, digits) for name in names}
        notes: list[str] = []
        if "status" in data and data["status"].dims == dims:
            columns["status"], notes = _statuses(list(data["status"].values.flat))
        yield "\n\n".join(_aligned(places | block) for block in _blocks(places, columns))
        if notes:
            yield "\n".join(notes)
    left = [str(name) for name in data.data_vars if _of_interest(data, str(name)) and str(name) not in shown(data)]
    if left:
        yield folded("also found (--json, -o FILE): ", ", ".join(left), 30)


def _cells(data: Any, name: str, digits: int) -> list[str]:
    values = data[name].values
    told = next((key for key in (f"{name}_error", "error" * (name == data.attrs.get("main"))) if key in data), None)
    errors = data[told].values if told else np.full(values.shape, math.nan)
    return [with_error(x, e, digits) for x, e in zip(values.flat, errors.flat, strict=True)]


def _statuses(sentences: list[str]) -> tuple[list[str], list[str]]:
    """Cells of a column, and what sentences too long for it say besides, by number."""
    long = [text for text in dict.fromkeys(sentences) if len(text) > SENTENCE]
    marks = {text: f"[{number}]" for number, text in enumerate(long, start=1)}
    short = {text: GOOD if converged(text) else BAD for text in long}
    cells = [f"{short[text]} {marks[text]}" if text in marks else text for text in sentences]
    return cells, [folded(mark, beside(text), 5) for text, mark in marks.items()]


def _blocks(places: dict[str, list[str]], columns: dict[str, list[str]]) -> Iterator[dict[str, list[str]]]:
    """Columns that fit into a line beside the coordinates; at least one in each block."""
    room = width() - sum(_width(name, cells) + 2 for name, cells in places.items())
    block: dict[str, list[str]] = {}
    used = 0
    for name, cells in columns.items():
        wide = _width(name, cells) + 2
        if block and used + wide > room + 2:
            yield block
            block, used = {}, 0
        block[name] = cells
        used += wide
    yield block


def _width(name: str, cells: list[str]) -> int:
    return max(map(len, [name, *cells]))


def _aligned(columns: dict[str, list[str]]) -> str:
    widths = [_width(name, cells) for name, cells in columns.items()]
    rows = [list(columns), *zip(*columns.values(), strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(wide) for cell, wide in zip(row, widths, strict=True)).rstrip() for row in rows
    )
