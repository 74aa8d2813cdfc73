"""Files of patterns and labels: ``.npz``, ``.npy`` and tables of text. Every refusal names row and column."""

from __future__ import annotations

import csv
import re
import warnings
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from replica._checks import suggest
from replica.simulate.given import counting, inputs_of

SUFFIXES = (".npz", ".npy", ".csv")
DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", " ": "blanks"}
#: cells that stand for nothing, as pandas and the archives write them
MISSING = {
    "", "?", "#N/A", "#N/A N/A", "#NA", "-NaN", "-nan", "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan",
    "null",
}  # fmt: skip
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(inf|infinity)", re.IGNORECASE)
DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+([eE][+-]?\d+)?")
UNDECIDED = "name the columns by words, or leave the row out"
LOOKED_AT = 50  # rows that show what separates the columns


class Table(NamedTuple):
    """Inputs (P, n), labels (P,) as they stand in the file, names of the features if any, where the label is."""

    X: np.ndarray
    y: np.ndarray
    names: tuple[str, ...] = ()
    label: str = ""

    @property
    def summary(self) -> str:
        """What was read, in a clause."""
        shown = [*self.names[:4], "...", self.names[-1]] if len(self.names) > 6 else list(self.names)
        names = f" ({', '.join(shown)})" if shown else ""
        count = self.X.shape[1]
        return f"{len(self.X)} patterns of {count} feature{'s' * (count > 1)}{names}; label {self.label}"


def read(path: Path, label: str = "last") -> Table:
    """Arrays of a file.

    Parameters
    ----------
    path : Path
        ``.npz`` with X and y; ``.npy`` or a table ``.csv``: separated by commas, semicolons, tabs or blanks, with or
        without a first row of names; lines that begin with ``#`` are comments.
    label : str
        Column of the label: ``last``, ``first``, or its name.

    Raises
    ------
    ValueError
        A file that cannot be read; a row or a cell that is no pattern, by its line in the file.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ValueError(f"{path}: unknown suffix {suffix!r}; {suggest(suffix, SUFFIXES)}")
    try:
        if suffix == ".csv":
            return _table(path.read_bytes(), label)
        if suffix == ".npz":
            return _arrays(path, label)
        return _columns(np.load(path, allow_pickle=False), label)
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror or error}") from error
    except (KeyError, ValueError) as error:
        raise ValueError(f"{path} is no instance: {error}") from error


def _arrays(path: Path, label: str) -> Table:
    if label != "last":
        raise ValueError(f"its label is the array y: there is no column {label!r} to choose")
    with np.load(path, allow_pickle=False) as stored:
        if not {"X", "y"} <= set(stored.files):
            raise ValueError(f"it must hold the arrays X and y, it holds {', '.join(stored.files) or 'none'}")
        X, y = inputs_of("X", stored["X"]), stored["y"]
    if X.ndim != 2 or X.shape[1] < 1 or len(y) != len(X):
        raise ValueError(f"X must have shape (P, n) and y (P,), got {X.shape} and {y.shape}")
    return Table(X, y, label="y")


def _columns(array: np.ndarray, label: str) -> Table:
    if array.ndim != 2 or array.shape[1] < 2:
        raise ValueError(f"a row is N inputs and the label, got an array of shape {array.shape}")
    at = _label_column(label, (), array.shape[1])
    return Table(inputs_of("X", np.delete(array, at, axis=1)), array[:, at], label=f"in column {at + 1}")


def _label_column(label: str, names: tuple[str, ...], width: int) -> int:
    if label in names:
        if names.count(label) > 1:
            raise ValueError(f"{names.count(label)} columns are named {label!r}")
        return names.index(label)
    if label in ("first", "last"):
        return 0 if label == "first" else width - 1
    if not names:
        raise ValueError(f"there is no column {label!r}: the file has no first row of names; take first or last")
    raise ValueError(f"there is no column {label!r}; {suggest(label, ('first', 'last', *names))}")


def _table(content: bytes, label: str) -> Table:
    lines, rows = rows_of(content)
    width = Counter(map(len, rows)).most_common(1)[0][0]
    _check_widths(lines, rows, width)
    words = tuple(rows[0])
    named = label in words and not is_number(label)
    at = words.index(label) if named else (0 if label == "first" else width - 1)
    names = words if named or _is_header(rows, at) else ()
    at = _label_column(label, names, width)
    if names:
        lines, rows = lines[1:], rows[1:]
    if not rows:
        raise ValueError("it has names, but no rows below them")
    body = np.array(rows, dtype=str)
    _check_missing(lines, body, names)
    y = body[:, at]
    known = names[:at] + names[at + 1 :]
    numeric = all(map(is_number, np.unique(y)))
    said = f"in column {at + 1}" + (f" ({names[at]})" if names else "")
    X = _floats(lines, body, at, names)
    for column in range(len(known)):
        if known[column] == "" and column not in counting(X):
            text = f"column {column + 1} has no name: leave it out if it is an index, it is no feature"
            warnings.warn(text, UserWarning, stacklevel=4)
    return Table(X, y.astype(float) if numeric else y, known, said)


def rows_of(content: bytes) -> tuple[list[int], list[list[str]]]:
    """Cells of the rows that are neither blank nor comments, and the line of each."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise ValueError("it is UTF-16 text: save it as UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ValueError(f"row {line} is not UTF-8 text: save the file as UTF-8") from None
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    lines = ["" if line.lstrip().startswith("#") else line.strip(" ") for line in lines]
    found, places = [], []
    reader = _reader(lines, _delimiter(lines))
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if len(cells) > 1 or any(cells):
                found.append(cells)
                places.append(reader.line_num)
    except csv.Error as error:
        raise ValueError(f"row {reader.line_num}: {error}") from None
    if not found:
        raise ValueError("it has no rows")
    return places, found


def _reader(lines: list[str], delimiter: str) -> Any:
    if delimiter == " ":
        lines = [line.replace("\t", " ").strip() for line in lines]
    return csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)


def _delimiter(lines: list[str]) -> str:
    """What leaves most cells that are numbers, then most columns."""
    sample = [line for line in lines if line.strip()][:LOOKED_AT]

    def score(delimiter: str) -> tuple[int, int]:
        try:
            rows = list(_reader(sample, delimiter))
        except csv.Error:
            return 0, 0
        wide = [row for row in rows if len(row) > 1]
        comma = delimiter != ","
        known = sum(is_number(cell) or (comma and _has_comma(cell)) for row in wide for cell in row)
        return known, sum(map(len, wide))

    return max(DELIMITERS, key=score)


def is_number(cell: str) -> bool:
    """Whether a cell is a number as files write them."""
    return NUMBER.fullmatch(cell.strip()) is not None


def _has_comma(cell: str) -> bool:
    return DECIMAL_COMMA.fullmatch(cell.strip()) is not None


def _check_widths(lines: list[int], rows: list[list[str]], width: int) -> None:
    if width < 2:
        among = ", ".join(DELIMITERS.values())
        raise ValueError(f"a row is inputs and a label, separated by {among}; most rows have one cell")
    if all(row[-1] == "" for row in rows if len(row) == width):
        raise ValueError("its rows end in a separator: the last column is empty, remove it")
    for line, row in zip(lines, rows, strict=True):
        if len(row) == width:
            continue
        text = f"row {line} has {len(row)} cell{'s' * (len(row) > 1)}, the others {width}"
        if line == lines[0] and len(row) > 1 and row[:2] == [str(len(rows) - 1), str(width - 1)]:
            text += ": it counts patterns and features, as scikit-learn's files do; leave it out"
        elif line == lines[0]:
            text += ": a first row holds a name for each column"
        raise ValueError(text)


def _is_header(rows: list[list[str]], at: int) -> bool:
    """Whether the first row are names: most of the inputs' are words, or they are numbers that count the columns."""
    first, label = rows[0], rows[0][at]
    inputs = first[:at] + first[at + 1 :]
    blank = inputs[0] == ""  # above an index
    cells = inputs[1:] if blank else inputs
    words = [cell for cell in cells if not (cell in MISSING or is_number(cell) or _has_comma(cell))]
    if 2 * len(words) > len(cells):
        return True
    if not cells or not all(map(is_number, cells)):
        return False
    labels = {_key(row[at]) for row in rows[1:]}
    foreign = label not in MISSING and _key(label) not in labels
    row = [cell for k, cell in enumerate(first) if cell and (k != at or is_number(cell))]
    if not any(row == [str(start + k) for k in range(len(row))] for start in (0, 1)):
        if foreign and not is_number(label) and len(labels) == 2:
            raise ValueError(f"row 1 holds numbers and {label!r}, a label of no other row: {UNDECIDED}")
        return False
    if foreign or blank:
        return True
    if len(cells) == 1 and all(cell.lstrip("+-").isdigit() for row in rows for cell in row):
        return False  # one whole number and its label, like all the others
    raise ValueError(f"row 1 ({', '.join(first[:6])}) may be names or a pattern: {UNDECIDED}")


def _key(label: str) -> Any:
    return float(label) if is_number(label) else label


def _check_missing(lines: list[int], body: np.ndarray, names: tuple[str, ...]) -> None:
    gone = np.argwhere(np.isin(body, sorted(MISSING)))
    if len(gone):
        many = "a value is" if len(gone) == 1 else f"{len(gone)} values are"
        place = _place(lines[gone[0][0]], gone[0][1], names)
        raise ValueError(f"{many} missing, the first in {place}: fill in or drop what is missing")


def _place(line: int, column: int, names: tuple[str, ...]) -> str:
    return f"row {line}, column {column + 1}" + (f" ({names[column]})" if names else "")


def _floats(lines: list[int], body: np.ndarray, at: int, names: tuple[str, ...]) -> np.ndarray:
    """The inputs as numbers."""
    columns = np.delete(np.arange(body.shape[1]), at)
    known = np.frompyfunc(is_number, 1, 1)(body[:, columns]).astype(bool)
    if not known.all():
        row, column = np.argwhere(~known)[0]
        cell, place = str(body[row, columns[column]]), _place(lines[row], int(columns[column]), names)
        hint = "has a decimal comma: write a point" if _has_comma(cell) else "is no number"
        raise ValueError(f"{place}: {cell!r} {hint}")
    found = body[:, columns].astype(float)
    if not np.all(np.isfinite(found)):
        row, column = np.argwhere(~np.isfinite(found))[0]
        cell, place = body[row, columns[column]], _place(lines[row], int(columns[column]), names)
        raise ValueError(f"{place}: {cell!s} is not finite")
    return found
