"""The verb `learn`: curves for two classes of a file, beside fits, refusals."""

from __future__ import annotations

import numpy as np
import pytest

import replica


@pytest.fixture
def data(tmp_path):
    X, y = replica.instance(replica.mixture(noise=0.5, balance=0.3), n=20, alpha=20.0, seed=1)
    np.savez(tmp_path / "data.npz", X=X, y=y)
    np.save(tmp_path / "data.npy", np.column_stack([X, y]))
    np.savetxt(tmp_path / "data.csv", np.column_stack([X, y]), delimiter=",")
    return tmp_path


@pytest.mark.parametrize("suffix", ["npz", "npy", "csv"])
def test_curves_of_a_file(run, data, suffix):
    found = run(f"learn {data}/data.{suffix} --loss square --penalty 4 --samples 20,80 --covariance general --json")
    assert found.code == 0
    assert found.err.startswith("replica: converged; covariances of 20 dimensions")
    known = replica.from_data(data / f"data.{suffix}", covariance="general")
    curve = known.learning_curve([20, 80], loss="square", penalty=4.0)
    assert found.json["generalization_error"] == pytest.approx(curve["generalization_error"].values.tolist())
    assert found.json["samples"] == [20, 80]


def test_beside_fits(run, data):
    found = run(f"learn {data}/data.npy --loss logistic --samples 50 --fits 3 --share 0.5 --no-bias -o {data}/fits.nc")
    assert found.code == 0
    report = replica.load(data / "fits.nc")
    assert np.all(np.abs(report["z"]) < 4)
    assert "simulation" in found.out


def test_what_is_refused(run, data):
    for line, words in (
        (f"learn {data}/none.npz --loss square --samples 20", "no such file"),
        (f"learn {data}/data.npz --loss squar --samples 20", "did you mean 'square'"),
        (f"learn {data}/data.npz --loss square", "missing option --samples"),
        (f"learn {data}/data.npz --loss square --samples 20 --covariance round", "covariance"),
        (f"learn {data}/data.npz --loss square --samples 20 --share 2", "share"),
    ):
        found = run(line)
        assert found.code == 2
        assert words in found.err
        assert found.err.count("\n") == 1


@pytest.mark.filterwarnings("default:column 1 of X")
def test_what_was_read_is_told(run, data):
    """Names, separators and the label's column, of tables as they are exported."""
    X, y = np.load(data / "data.npz").values()
    rows = [["sick" if one > 0 else "well", *(f"{v:.17g}" for v in x)] for x, one in zip(X, y, strict=True)]
    names = ["kind", *(f"x{k}" for k in range(20))]
    (data / "table.csv").write_bytes("\r\n".join(";".join(row) for row in [names, *rows]).encode("utf-8-sig"))
    expected = run(f"learn {data}/data.npz --loss square --samples 50 --json")
    for label in ("first", "kind"):
        found = run(f"learn {data}/table.csv --label {label} --loss square --samples 50 --json")
        assert found.code == 0
        assert "well is the label +1, sick is -1" in found.err
        assert "read 400 patterns of 20 features (x0, x1, x2, x3, ..., x19); label in column 1 (kind)" in found.err
        assert found.json["training_error"] == pytest.approx(expected.json["training_error"], rel=1e-9)
    found = run(f"learn {data}/table.csv --label knd --loss square --samples 50")
    assert found.code == 2
    assert "did you mean 'kind'" in found.err
    (data / "index.csv").write_text("\n".join(",".join([str(k), *row[1:], row[0]]) for k, row in enumerate(rows)))
    found = run(f"learn {data}/index.csv --loss square --samples 50")
    assert found.code == 0
    assert "warning: column 1 of X counts the patterns" in found.err
