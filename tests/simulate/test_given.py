"""Labels and inputs as a user brings them: arrays of every library, tables of text; what is refused, and where."""

from __future__ import annotations

import warnings
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas
import pytest
import scipy.sparse

from replica.simulate.files import read
from replica.simulate.given import inputs_of, labels_of

KIND = np.arange(12) % 3 == 0
WORDS = np.where(KIND, "well", "sick")
GONE = np.arange(12) == 7
X = np.random.default_rng(3).standard_normal((12, 3)).round(4)
CELLS = [[*map(str, row), word] for row, word in zip(X, WORDS, strict=True)]
FRAME = pandas.DataFrame(X, columns=["a", "b", "c"])
NAMES = ["age", "height", "dose", "kind"]


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (WORDS.astype(object), ("sick", "well")),
        (WORDS.astype(np.dtypes.StringDType()), ("sick", "well")),
        (pandas.Series(WORDS), ("sick", "well")),
        (pandas.Series(WORDS, dtype="string"), ("sick", "well")),
        (pandas.Categorical(WORDS), ("sick", "well")),
        (pandas.Series(WORDS, dtype="category"), ("sick", "well")),
        (pandas.Series(KIND, dtype="boolean"), (False, True)),
        (pandas.Series(KIND.astype(int), dtype="Int64"), (0, 1)),
        (pandas.DataFrame({"kind": KIND.astype(int)}), (0, 1)),
        ([Fraction(1 + k, 2) for k in KIND.tolist()], (Fraction(1, 2), 1)),
        ([Decimal(k) for k in KIND.tolist()], (0, 1)),
        (KIND.astype(object), (False, True)),
        (2.0 * KIND - 1.0, (-1, 1)),
        (np.ma.array(KIND, mask=False), (False, True)),
    ],
)
def test_labels_of_every_library(labels: Any, names: Any) -> None:
    signs, found = labels_of("y", labels)
    assert signs.tolist() == (2.0 * KIND - 1.0).tolist()
    assert found == names


@pytest.mark.parametrize(
    "labels",
    [
        [None if gone else word for word, gone in zip(WORDS, GONE, strict=True)],
        [float("nan") if gone else word for word, gone in zip(WORDS, GONE, strict=True)],
        np.where(GONE, np.nan, KIND),
        np.where(GONE, "nan", WORDS),
        pandas.Series(WORDS, dtype="string").mask(GONE),
        pandas.Series(WORDS).mask(GONE).astype("category"),
        pandas.Series(KIND.astype(int), dtype="Int64").mask(GONE),
        np.ma.array(KIND, mask=GONE),
    ],
)
def test_a_missing_label_is_named(labels: Any) -> None:
    with pytest.raises(ValueError, match=r"1 label is missing, the first in row 7 \(from 0\)"):
        labels_of("y", labels)


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (["a", 1] * 6, r"one type, got a word \(row 0, 'a'\) and a number \(row 1, 1\)"),
        ([True, 2] * 6, "one type, got a truth value"),
        ([[1], [2]] * 6, "words, numbers or truth values, got list"),
        (KIND * 1j, "got complex"),
        (np.full(12, "2020-01-01", dtype="M8[D]"), "datetime64"),
        (np.arange(12) % 3, "two classes, got 4 of 0, 4 of 1, 4 of 2"),
        ("abc", "one per pattern, got str"),
        (np.ones((6, 2)), "shape"),
    ],
)
def test_what_is_no_label(labels: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        labels_of("y", labels)


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        (X + 1j, "must be real"),
        ((X + 0j).astype(object).tolist(), "must be real"),
        (FRAME.astype("Float64").where(X[7, 0] != FRAME), r"row 7, column 0 \(from 0, 'a'\)"),
        (pandas.DataFrame(X).assign(town="Ulm"), r"'Ulm' at row 0, column 3 \(from 0, 'town'\)"),
        (np.ma.array(X, mask=X[2, 1] == X), r"1 value is missing or infinite, the first at row 2, column 1"),
        (np.where(X[2, 1] == X, np.inf, X), r"1 value is missing or infinite, the first at row 2, column 1"),
        (scipy.sparse.csr_matrix(X), r"dense array, got csr_matrix: call its \.toarray"),
        ({"a": X}, "got dict"),
        ([[1.0, 2.0], [3.0]], "rows of one length"),
        (np.full((3, 2), "2020-01-01", dtype="M8[D]"), "datetime64"),
    ],
)
def test_what_is_no_input(inputs: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        inputs_of("X", inputs)


def test_inputs_of_every_library() -> None:
    for given in (X.tolist(), X.astype(object), X.astype(str), FRAME, np.ma.array(X), np.asfortranarray(X)):
        assert np.array_equal(inputs_of("X", given), X)


def table(tmp_path: Any, rows: list[list[str]], separator: str = ",", end: str = "\n", encoding: str = "utf-8") -> Any:
    path = tmp_path / "table.csv"
    path.write_bytes(end.join(separator.join(row) for row in rows).encode(encoding))
    return path


def changed(row: int, column: int, cell: str, names: bool = False) -> list[list[str]]:
    rows = [list(cells) for cells in CELLS]
    rows[row][column] = cell
    return [NAMES, *rows] if names else rows


@pytest.mark.parametrize("separator", [",", ";", "\t", " ", "   ", ", ", "|"])
@pytest.mark.parametrize("head", [[], [NAMES], [["0", "1", "2", "kind"]], [["1", "2", "3", "4"]]])
def test_tables_as_they_are_exported(tmp_path: Any, separator: str, head: list[list[str]]) -> None:
    for end, encoding in (("\n", "utf-8"), ("\r\n", "utf-8-sig")):
        found = read(table(tmp_path, head + CELLS, separator, end, encoding))
        assert np.array_equal(found.X, X)
        assert found.y.tolist() == WORDS.tolist()
        assert found.names == tuple(head[0][:3] if head else ())


def test_comments_quotes_and_the_column_of_the_label(tmp_path: Any) -> None:
    rows = [["# made by hand"], [f'"{name}"' for name in NAMES], *changed(3, 3, '"so, so"'), [""]]
    found = read(table(tmp_path, rows))
    assert found.names == ("age", "height", "dose")
    assert found.y[3] == "so, so"
    turned = [[row[3], *row[:3]] for row in [NAMES, *CELLS]]
    for rows, label in ((turned, "first"), (turned, "kind"), ([NAMES, *CELLS], "kind"), (turned[1:], "first")):
        found = read(table(tmp_path, rows), label)
        assert np.array_equal(found.X, X)
        assert found.y.tolist() == WORDS.tolist()
    with pytest.raises(ValueError, match="no column 'knd'; did you mean 'kind'"):
        read(table(tmp_path, turned), "knd")


COMMAS = [[cell.replace(".", ",") for cell in row] for row in CELLS]


@pytest.mark.parametrize(
    ("rows", "separator", "words"),
    [
        (changed(0, 0, ""), ",", "a value is missing, the first in row 1, column 1"),
        (changed(0, 0, "?"), ";", "a value is missing, the first in row 1, column 1"),
        (changed(4, 1, "N/A", names=True), ",", r"a value is missing, the first in row 6, column 2 \(height\)"),
        (changed(4, 3, "", names=True), "\t", r"a value is missing, the first in row 6, column 4 \(kind\)"),
        (changed(4, 1, "high"), ",", "row 5, column 2: 'high' is no number"),
        (changed(0, 0, "1.2.3"), ",", "row 1, column 1: '1.2.3' is no number"),
        (changed(4, 1, "1_000"), ",", "row 5, column 2: '1_000' is no number"),
        (changed(4, 1, "inf"), ",", "row 5, column 2: inf is not finite"),
        (COMMAS, ";", "row 1, column 1: '.*' has a decimal comma"),
        ([NAMES, *COMMAS], "\t", r"row 2, column 1 \(age\): '.*' has a decimal comma"),
        ([NAMES, *CELLS, ["1", "2"]], ",", "row 14 has 2 cells, the others 4"),
        ([["Patients of 2020"], NAMES, *CELLS], ",", "row 1 has 1 cell, the others 4"),
        ([["12", "3", "sick", "well", ""], *CELLS], ",", "row 1 has 5 cells, the others 4: it counts patterns"),
        ([[*row, ""] for row in CELLS], ",", "rows end in a separator"),
        ([["0", "1", "2", "well"], *CELLS], ",", r"row 1 \(0, 1, 2, well\) may be names or a pattern"),
        ([["400", "500", "600", "kind"], *CELLS], ",", "'kind', a label of no other row"),
        (changed(3, 2, '"1.5'), ",", "row 12: unexpected end"),
        ([NAMES, *CELLS[:5], [""] * 4, *CELLS[5:]], ",", r"4 values are missing, the first in row 7, column 1 \(age\)"),
        ([NAMES], ",", "no rows below"),
        ([["1"], ["2"]], ",", "most rows have one cell"),
    ],
)
def test_every_refusal_of_a_table_names_the_place(tmp_path: Any, rows: Any, separator: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read(table(tmp_path, rows, separator))


def test_other_encodings_are_refused(tmp_path: Any) -> None:
    rows = changed(4, 3, "schön")
    with pytest.raises(ValueError, match="UTF-16"):
        read(table(tmp_path, rows, encoding="utf-16"))
    with pytest.raises(ValueError, match="row 5 is not UTF-8"):
        read(table(tmp_path, rows, encoding="latin-1"))


def test_a_column_without_a_name_is_told(tmp_path: Any) -> None:
    rows = [[str(7 * k % 13), *row] for k, row in enumerate(CELLS)]
    with pytest.warns(UserWarning, match="column 1 has no name"):
        read(table(tmp_path, [["", *NAMES], *rows]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read(table(tmp_path, [["visit", *NAMES], *rows]))
