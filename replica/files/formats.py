"""Datasets as bytes and back: a tidy CSV table, JSON; what all formats say of a dataset. Files are of `records.py`."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray

_MARK = "json:"
#: texts of more values than this are kept, and written, as one copy of each: numpy gives all the length of the longest
LARGE = 2**16


def plain(value: Any) -> Any:
    """``value`` in JSON's own types: NaN becomes None, infinities the texts ``"inf"`` and ``"-inf"``."""
    if isinstance(value, dict):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    if isinstance(value, (np.ndarray, np.generic)):
        return plain(value.tolist())
    if isinstance(value, float):
        number = float(value)
        if math.isnan(number):
            return None
        return number if math.isfinite(number) else ("inf" if number > 0 else "-inf")
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return str(value)


def to_json(value: Any, indent: int | None = None) -> str:
    """``value`` as JSON text without the tokens NaN and Infinity (see `plain`)."""
    return json.dumps(plain(value), indent=indent, allow_nan=False)


def _type_of(name: str, values: np.ndarray) -> str:
    if values.dtype.kind in "fiub":
        return str(values.dtype)
    if values.dtype.kind in "UT" or (
        values.dtype.kind == "O" and all(isinstance(x, str) for x in values.flat)
    ):
        return "text"
    raise ValueError(f"the variable {name!r} has the type {values.dtype}, which data files cannot hold")


def _as_type(values: Any, kind: str) -> np.ndarray:
    if kind != "text" and np.dtype(kind).kind not in "fiub":
        raise ValueError(f"data files hold numbers, truth values and texts, got the type {kind}")
    return np.asarray(values, dtype=np.str_ if kind == "text" else np.dtype(kind))


def _values_of(entry: dict[str, Any], values: Any) -> np.ndarray:
    """Values as the layout describes them; words for their numbers."""
    if "words" in entry:
        return np.array(entry["words"], dtype=object)[values]
    return _as_type(values, entry["dtype"])


def _exact(name: Any, value: Any) -> Any:
    """An attribute in JSON's types, NaN and infinities among its numbers; `ValueError` for what files cannot hold."""
    if isinstance(value, dict):
        return {str(key): _exact(name, entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_exact(name, entry) for entry in value]
    if isinstance(value, (np.ndarray, np.generic)):
        return _exact(name, value.tolist())
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise ValueError(f"the attribute {name!r} holds {type(value).__name__}, which data files cannot hold")


def _portable(name: Any, value: Any) -> Any:
    """An attribute as strict JSON: as it is, or as marked text where NaN and infinities (or the mark) are in it."""
    exact = _exact(name, value)
    try:
        json.dumps(exact, allow_nan=False)
        marked = isinstance(exact, str) and exact.startswith(_MARK)
    except ValueError:
        marked = True
    return _MARK + json.dumps(exact) if marked else exact


def _portable_attributes(entry: Any) -> dict[str, Any]:
    return {str(name): _portable(name, value) for name, value in entry.attrs.items()}


def attributes_of(stored: dict[str, Any]) -> dict[str, Any]:
    return {name: _attribute_value(value) for name, value in stored.items()}


def layout_of(dataset: xarray.Dataset) -> dict[str, Any]:
    """All but the numbers: sizes; for each coordinate and variable its dimensions, type and attributes."""

    def describe(name: Any, entry: Any) -> dict[str, Any]:
        return {
            "dims": list(entry.dims),
            "dtype": _type_of(name, entry.values),
            "attributes": _portable_attributes(entry),
        }

    return {
        "sizes": {str(name): int(size) for name, size in dataset.sizes.items()},
        "coordinates": {str(name): describe(name, entry) for name, entry in dataset.coords.items()},
        "variables": {str(name): describe(name, entry) for name, entry in dataset.data_vars.items()},
    }


def assemble(
    layout: dict[str, Any], arrays: dict[str, np.ndarray], attributes: dict[str, Any]
) -> xarray.Dataset:
    import xarray

    from replica.files.accessor import with_verbs

    def build(group: str) -> dict[str, Any]:
        return {
            name: (entry["dims"], _values_of(entry, arrays[name]), attributes_of(entry["attributes"]))
            for name, entry in layout[group].items()
        }

    return with_verbs(xarray.Dataset(build("variables"), coords=build("coordinates"), attrs=attributes))


def write_json(dataset: xarray.Dataset) -> bytes:
    layout = layout_of(dataset)
    for group in ("coordinates", "variables"):
        for name, entry in layout[group].items():
            entry["values"] = dataset[name].values
    return (to_json(layout | {"attributes": _portable_attributes(dataset)}, indent=1) + "\n").encode()


def read_json(content: bytes) -> xarray.Dataset:
    layout = json.loads(content)
    entries = (layout["coordinates"] | layout["variables"]).items()
    # None and "inf" become nan and inf under float; the shape is given because [] alone has none
    arrays = {
        name: _as_type(np.array(entry["values"], dtype=object), entry["dtype"]).reshape(
            [layout["sizes"][dim] for dim in entry["dims"]]
        )
        for name, entry in entries
    }
    return assemble(layout, arrays, attributes_of(layout["attributes"]))


def attribute_text(name: Any, value: Any) -> str:
    """An attribute as one line: a text as it is, anything else as marked JSON."""
    if isinstance(value, str) and value and not value.startswith(_MARK) and not re.search(r"[\r\n\0]", value):
        return value
    return _MARK + json.dumps(_exact(name, value))


def _attribute_value(value: Any) -> Any:
    """An attribute as it was: what is marked is JSON."""
    return json.loads(value.removeprefix(_MARK)) if isinstance(value, str) and value.startswith(_MARK) else value


def restored(dataset: xarray.Dataset) -> xarray.Dataset:
    """A dataset that another program read from a file of `save`, with attributes and truth values as they were.

    Lists travel as marked text, attributes of variables and types in the layout. Any other dataset is returned itself.
    """
    named = dataset.attrs.get("layout")
    if not any(isinstance(value, str) and value.startswith((_MARK, '{"layout"')) for value in dataset.attrs.values()):
        return dataset
    found = dataset.copy()
    found.attrs = attributes_of({str(key): value for key, value in dataset.attrs.items() if key != "layout"})
    layout = json.loads(named)["layout"] if isinstance(named, str) else {"coordinates": {}, "variables": {}}
    for name, entry in (layout["coordinates"] | layout["variables"]).items():
        if name in found.variables:
            if entry["dtype"] == "bool":
                found[name] = found[name].astype(bool)
            if "words" in entry:
                found[name] = found[name].copy(data=_values_of(entry, found[name].values))
            found[name].attrs = attributes_of(entry["attributes"])
    return found


def write_csv(dataset: xarray.Dataset) -> bytes:
    layout = layout_of(dataset)
    out = io.StringIO()
    for key, value in dataset.attrs.items():
        if not re.fullmatch(r"[\w .-]+", str(key)):
            raise ValueError(f"the attribute {key!r} cannot name a line of a .csv file")
        out.write(f"# {key}: {attribute_text(key, value)}\n")
    out.write(f"# layout: {to_json(layout)}\n")
    names = [*layout["coordinates"], *layout["variables"]]
    # rows of a tidy table: coordinates in each, a variable where its other dimensions begin
    full = [dataset[name].broadcast_like(dataset).transpose(*dataset.sizes).values for name in names]
    table = csv.writer(out, lineterminator="\n")
    table.writerow(names)
    shape = tuple(dataset.sizes.values())
    columns = [np.broadcast_to(values, shape).ravel().tolist() for values in full]
    for name, column in zip(names, columns, strict=True):
        if name in layout["variables"] and set(dataset[name].dims) != set(dataset.sizes):
            first = np.zeros(shape, dtype=bool)
            first[tuple(slice(None) if dim in dataset[name].dims else 0 for dim in dataset.sizes)] = True
            column[:] = [value if own else "" for value, own in zip(column, first.flat, strict=True)]
    for row in zip(*columns, strict=True) if columns else ():
        table.writerow(
            [repr(x) if isinstance(x, float) else int(x) if isinstance(x, bool) else x for x in row]
        )
    return out.getvalue().encode()


def read_csv(content: bytes) -> xarray.Dataset:
    text = content.decode("utf-8-sig")
    if text.split("\n", 1)[0].endswith("\r"):  # the line ends of another system, in all lines
        text = text.replace("\r\n", "\n")
    lines = text.split("\n")
    count = next(i for i, line in enumerate([*lines, ""]) if not line.startswith("# "))
    comments = [line[2:].split(": ", 1) for line in lines[:count]]
    attributes = {key: _attribute_value(text) for key, text in comments[:-1]}
    layout = json.loads(dict(comments[-1:])["layout"])
    rows = list(csv.reader(io.StringIO("\n".join(lines[count:])), strict=True))
    sizes = layout["sizes"]
    arrays = {}
    for column, (name, entry) in enumerate((layout["coordinates"] | layout["variables"]).items()):
        if rows[0][column] != name:
            raise ValueError("the header does not name the columns of the layout")
        values = np.array([row[column] for row in rows[1:]], dtype=np.str_).reshape(list(sizes.values()))
        values = values[tuple(slice(None) if dim in entry["dims"] else 0 for dim in sizes)]
        if entry["dtype"] == "bool":
            values = values.astype(int)
        arrays[name] = _as_type(values, entry["dtype"])
        order = [dim for dim in sizes if dim in entry["dims"]]
        arrays[name] = np.transpose(arrays[name], [order.index(dim) for dim in entry["dims"]])
    return assemble(layout, arrays, attributes)
