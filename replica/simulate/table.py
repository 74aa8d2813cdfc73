"""Tables of means and standard errors that a user brings, as datasets. Nothing is computed here."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np

#: names of the column after a mean
ERROR_NAMES = ("standard_error", "error", "se", "stderr")


def read_table(path: Path, axis: str | None) -> Any:
    """A data file of this package, or a ``.csv`` with a header: coordinate, mean, standard error, mean, ...

    ``axis`` is the coordinate of the theory, which the first column must be named after.
    """
    from replica.records import load

    if path.suffix.lower() != ".csv":
        return load(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from error
    return load(path) if text.startswith("# ") else _table(path, list(csv.reader(text.splitlines())), axis)


def _table(path: Path, rows: list[list[str]], axis: str | None) -> Any:
    import xarray

    header = [word.strip() for word in rows[0]] if rows else []
    first = 0 if axis is None else 1
    if len(header) < first + 2 or (len(header) - first) % 2 or (axis is not None and header[0] != axis):
        place = "" if axis is None else f"{axis},"
        raise ValueError(f"{path}: the header must be {place}NAME,standard_error, got {','.join(header)!r}")
    try:
        values = np.array([[float(word) for word in row] for row in rows[1:] if row])
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    if values.ndim != 2 or values.shape[1] != len(header):
        raise ValueError(f"{path}: every row must have {len(header)} numbers")
    dims = () if axis is None else (axis,)
    columns = values.T if dims else values[0]
    found = {}
    for i in range(first, len(header), 2):
        name, beside = header[i], header[i + 1]
        if beside not in (*ERROR_NAMES, f"{name}_error"):
            raise ValueError(f"{path}: after {name} comes its standard_error, got the column {beside!r}")
        found[name], found[f"{name}_error"] = (dims, columns[i]), (dims, columns[i + 1])
    found["error"] = found[f"{header[first]}_error"]
    return xarray.Dataset(found, coords={axis: columns[0]} if axis else {}, attrs={"kind": "table"})
