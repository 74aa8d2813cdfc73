"""A labelled dataset of columns over a product of axes: settings, errors, symbols; nothing is computed here."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from replica.files.formats import LARGE
from replica.files.records import record
from replica.files.words import described

if TYPE_CHECKING:
    import xarray

__all__ = ["Words", "curve", "joined", "text"]
_LOG = logging.getLogger(__name__)


class Words:
    """Columns of chunks, whose texts refer to one copy of each word."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def __call__(self, found: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {name: self._shared(column) if column.dtype.kind == "U" else column for name, column in found.items()}

    def _shared(self, column: np.ndarray) -> np.ndarray:
        table, codes = np.unique(column, return_inverse=True)
        words = np.array([self._known.setdefault(word, word) for word in table.tolist()], dtype=object)
        return words[codes.reshape(column.shape)]


def text(values: np.ndarray) -> np.ndarray:
    """Texts as numpy's own where they are few, as references to one copy of each where they are many."""
    return values if values.dtype.kind != "O" or values.size > LARGE else values.astype(str)


def joined(results: list[dict[str, np.ndarray]], order: Any = slice(None)) -> dict[str, np.ndarray]:
    """Columns of chunks one after the other, NaN where a chunk lacks one; ``order`` puts the rows in place."""
    names = dict.fromkeys(name for found in results for name in found)
    blank = [np.full(found["status"].size, np.nan) for found in results]
    rows = {name: [found.get(name, none) for found, none in zip(results, blank, strict=True)] for name in names}
    return {name: text(np.concatenate(parts))[order] for name, parts in rows.items()}


def curve(
    columns: Mapping[str, np.ndarray],
    axes: Mapping[str, np.ndarray],
    settings: dict[str, Any],
    *,
    main: str,
    symbols: Mapping[str, str],
    own: Mapping[str, Any] | None = None,
    **attributes: Any,
) -> xarray.Dataset:
    """Columns, flat over the product of the axes in their order, with ``error`` (that of the main one).

    A column ``name:dimension`` has at each point an array over dimensions of its own, whose coordinates are in ``own``.
    The dataset carries what made it (see `record`), ``kind="curve"``, ``main`` and ``attributes``; variables and axes
    their symbols.
    """
    import xarray

    shape = tuple(len(axis) for axis in axes.values())
    variables = {}
    for key, column in columns.items():
        name, *dims = key.split(":")
        variables[name] = ((*axes, *dims), np.asarray(column).reshape(*shape, *np.shape(column)[1:]))
    if "error" not in variables:
        variables["error"] = variables[f"{main}_error"]
    kept = record(settings) | {"kind": "curve", "main": main} | attributes
    data = xarray.Dataset(variables, coords=dict(axes) | dict(own or {}), attrs=kept)
    for name, symbol in symbols.items():
        if name in data.variables:
            data[name].attrs["symbol"] = symbol
    if _LOG.isEnabledFor(logging.INFO):
        missing, verb = int(data[main].isnull().sum()), settings.get("verb", "curve")
        _LOG.info("%s: %d of %d points are not solved", verb, missing, data[main].size)
    return described(data, main)
