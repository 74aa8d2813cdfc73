"""Means and standard errors that a user brings beside a theory: files, data frames, datasets; refusals."""

from __future__ import annotations

import numpy as np
import pandas
import pytest
import xarray

import replica

MODEL = replica.perceptron("binary")
ALPHA = np.array([0.2, 0.4, 0.6])
FRAME = pandas.DataFrame(
    {"alpha": ALPHA, "entropy": [0.55, 0.40, 0.23], "entropy_standard_error": [0.01, 0.02, 0.01],
     "q": [0.12, 0.26, 0.38], "q_standard_error": [0.004, 0.005, 0.01]}
)  # fmt: skip


@pytest.fixture(scope="module")
def theory():
    return replica.sweep(MODEL, alpha=ALPHA, observables=["entropy", "q"])


@pytest.fixture(scope="module")
def known(theory):
    """z by hand, (observable, alpha)."""
    return np.array([
        (FRAME[name] - theory[name].values) / np.hypot(FRAME[f"{name}_standard_error"], theory[f"{name}_error"].values)
        for name in ("entropy", "q")
    ])  # fmt: skip


def test_the_same_table_in_every_form(theory, known, tmp_path):
    path = tmp_path / "own.csv"
    turned = FRAME[["q_standard_error", "entropy", "alpha", "q", "entropy_standard_error"]]
    short = FRAME.rename(columns={"entropy_standard_error": "entropy_se", "q_standard_error": "q_error"})
    data = xarray.Dataset.from_dataframe(FRAME.set_index("alpha"))
    frames = FRAME, turned, short, FRAME.set_index("alpha"), FRAME.astype(object)
    for own in (*frames, data, data.rename(q_standard_error="q_se")):
        assert np.allclose(replica.compare(theory, own, observables=["entropy", "q"])["z"], known, rtol=1e-9)
    text = FRAME.to_csv(index=False)
    pairs = text.replace("entropy_standard_error", "standard_error").replace("q_standard_error", "standard_error")
    for content in (text, pairs, FRAME.to_csv(), "# mine\n" + text, text.replace(",", ";"), text.replace(",", "\t")):
        for raw in (content.encode(), content.replace("\n", "\r\n").encode("utf-8-sig")):
            path.write_bytes(raw)
            assert np.allclose(replica.compare(theory, path)["z"], known, rtol=1e-9)


def test_a_figure_names_what_is_on_its_axes(theory):
    """The symbol of the grid is the theory's; with several observables the axis of values names them."""
    for names, words in ((["q"], "overlap"), (["entropy", "q"], "entropy, overlap")):
        report = replica.compare(theory, FRAME, observables=names)
        drawn = replica.plot(report)
        assert drawn.get_xlabel() == "load $\\alpha$"
        assert drawn.child_axes[0].get_ylabel() == words


def test_one_point_and_one_observable(theory):
    point = replica.solve(MODEL, alpha=0.4)
    own = pandas.DataFrame({"q": [0.26], "standard_error": [0.005]})
    known = (0.26 - point["q"]) / 0.005
    assert float(replica.compare(point, own)["z"][0]) == pytest.approx(known, rel=1e-6)
    columns = {"q": ("alpha", [0.12, 0.26]), "stderr": ("alpha", [0.1, 0.005])}
    data = xarray.Dataset(columns, coords={"alpha": [0.2, 0.4]})
    assert float(replica.compare(theory, data)["z"][0, 1]) == pytest.approx(known, rel=1e-6)


@pytest.mark.parametrize(
    ("own", "words"),
    [
        (FRAME.mask(FRAME == 0.26), "row 1, column q: the value is missing"),
        (FRAME.astype(object).replace(0.26, "high"), "row 1, column q: 'high' is no number"),
        (FRAME.rename(columns={"alpha": "load"}), "header must be alpha,NAME"),
        (FRAME[["alpha", "q"]], "after q comes its standard_error"),
        (FRAME[["alpha"]], "header must be alpha,NAME"),
        (FRAME[:0], "no rows below"),
        (FRAME.assign(q_standard_error=-0.1), "a standard error is at least 0"),
        (xarray.Dataset({"q": ("alpha", [0.1])}, coords={"alpha": [0.2]}), "error beside a mean: one of q_st"),
        ([1, 2], "runs of simulate, a table"),
    ],
)
def test_what_is_refused(theory, own, words):
    with pytest.raises(ValueError, match=words):
        replica.compare(theory, own)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("0.4,,0.01", "row 3, column entropy: the value is missing"),
        ("0.4,0.39,NA", "row 3, column standard_error: the value is missing"),
        ("0.4,0.39", "row 3 has 2 cells, the header 3"),
        ("0.4,0.39x,0.01", "row 3, column entropy: '0.39x' is no number"),
        ("0.4,inf,0.01", "row 3, column entropy: 'inf' is not finite"),
    ],
)
def test_a_file_is_refused_by_row_and_column(theory, line, words, tmp_path):
    (tmp_path / "own.csv").write_text(f"alpha,entropy,standard_error\n0.2,0.55,0.01\n{line}\n")
    with pytest.raises(ValueError, match=words):
        replica.compare(theory, tmp_path / "own.csv")
