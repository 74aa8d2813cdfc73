"""Tables of means and standard errors that a user brings, as datasets. Nothing is computed here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from replica.simulate.files import MISSING, is_number, rows_of
from replica.simulate.given import missing

#: names of the column after a mean, or ends of the name of a column: ``entropy_standard_error``
ERROR_NAMES = ("standard_error", "error", "se", "stderr")


def read_table(path: Path, axis: str | None) -> Any:
    """A data file of this package, or a ``.csv`` with a header: coordinate, means and standard errors.

    ``axis`` is the coordinate of the theory, which a column must be named after.
    """
    from replica.files.records import load

    if path.suffix.lower() != ".csv":
        return load(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from error
    if b"\n# layout: " in content:
        return load(path)
    try:
        lines, rows = rows_of(content)
        numbers = np.array([_row(f"row {k}", rows[0], row) for k, row in zip(lines[1:], rows[1:], strict=True)])
        return _dataset(rows[0], numbers, axis)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def of_frame(frame: Any, axis: str | None) -> Any:
    """The same of a data frame of pandas, whose index may be the coordinate."""
    if frame.index.name is not None and frame.index.name not in frame.columns:
        frame = frame.reset_index()
    header = [str(name) for name in frame.columns]
    rows = zip(frame.index, frame.to_numpy(dtype=object), strict=True)
    return _dataset(header, np.array([_row(f"row {label}", header, list(cells)) for label, cells in rows]), axis)


def of_dataset(data: Any) -> Any:
    """A dataset of means whose errors may be named as in a table (``NAME_standard_error``), with its ``error``."""
    names = [str(name) for name in data.data_vars]
    errors = {f"{name}_{end}": f"{name}_error" for name in names for end in ERROR_NAMES if f"{name}_{end}" in names}
    means = [name for name in names if name not in (*errors, *ERROR_NAMES) and data[name].dtype.kind in "fiu"]
    if not errors and len(means) == 1:
        errors = {end: f"{means[0]}_error" for end in ERROR_NAMES if end in names}
    if not errors:
        ends = ", ".join(f"{means[0] if means else 'NAME'}_{end}" for end in ERROR_NAMES)
        raise ValueError(f"simulation must have a standard error beside a mean: one of {ends}")
    found = data.rename({old: new for old, new in errors.items() if old != new})
    first = next(iter(errors.values()))
    return found if "error" in found else found.assign(error=found[first])


def _row(place: str, header: list[str], cells: list[Any]) -> list[float]:
    """The numbers of a row."""
    if len(cells) != len(header):
        raise ValueError(f"{place} has {len(cells)} cells, the header {len(header)}")
    found = []
    for name, cell in zip(header, cells, strict=True):
        if missing(cell) or (isinstance(cell, str) and cell in MISSING):
            raise ValueError(f"{place}, column {name}: the value is missing")
        if isinstance(cell, (complex, bytes)) or (isinstance(cell, str) and not is_number(cell)):
            raise ValueError(f"{place}, column {name}: {cell!r} is no number")
        try:
            found.append(float(cell))
        except (TypeError, ValueError):
            raise ValueError(f"{place}, column {name}: {cell!r} is no number") from None
        if not np.isfinite(found[-1]):
            raise ValueError(f"{place}, column {name}: {cell!r} is not finite")
    return found


def _dataset(header: list[str], numbers: np.ndarray, axis: str | None) -> Any:
    import xarray

    if axis is not None and axis not in header:
        raise ValueError(f"the header must be {axis},NAME,standard_error, got {','.join(header)!r}")
    pairs = _pairs(header, axis)
    if not len(numbers):
        raise ValueError("there are no rows below the header")
    if axis is None and len(numbers) > 1:
        raise ValueError(f"the theory is a single point: one row below the header, got {len(numbers)}")
    found: dict[str, Any] = {}
    for mean, beside in pairs:
        for name, column in ((header[mean], mean), (f"{header[mean]}_error", beside)):
            found[name] = ((), numbers[0, column]) if axis is None else ((axis,), numbers[:, column])
    for _, beside in pairs:
        if np.any(numbers[:, beside] < 0):
            raise ValueError(f"column {header[beside]}: a standard error is at least 0")
    found["error"] = found[f"{header[pairs[0][0]]}_error"]
    coordinates = {} if axis is None else {axis: numbers[:, header.index(axis)]}
    return xarray.Dataset(found, coords=coordinates, attrs={"kind": "table"})


def _pairs(header: list[str], axis: str | None) -> list[tuple[int, int]]:
    """Columns of each mean and of its error: the next one, or the one that has its name in it."""
    found, taken = [], {header.index(axis)} if axis is not None else set()
    for column, name in enumerate(header):
        if column in taken or not name or name in ERROR_NAMES or any(name.endswith(f"_{end}") for end in ERROR_NAMES):
            continue
        named = [header.index(f"{name}_{end}") for end in ERROR_NAMES if f"{name}_{end}" in header]
        after = [column + 1] if header[column + 1 : column + 2] and header[column + 1] in ERROR_NAMES else []
        if not named + after:
            got = header[column + 1] if column + 1 < len(header) else "none"
            text = f"after {name} comes its standard_error (or a column {name}_standard_error), got the column {got!r}"
            raise ValueError(text)
        beside = (named + after)[0]
        found.append((column, beside))
        taken |= {column, beside}
    if not found:
        place = "" if axis is None else f"{axis},"
        raise ValueError(f"the header must be {place}NAME,standard_error, got {','.join(header)!r}")
    return found
