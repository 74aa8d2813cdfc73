"""Data files: what is written comes back exactly; what cannot be written or read is refused in a sentence."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import numpy as np
import pytest
import xarray

import replica
from replica.files.records import check_writable, plain, record, restored, to_json, write_bytes
from replica.sweeps.diagram import _regions

SUFFIXES = (".nc", ".csv", ".json")
HARD = np.array([0.1, np.nan, np.inf, -np.inf, -0.0, 5e-324, 1 / 3, -1.7976931348623157e308])
TEXTS = ["converged", "", 'not converged: a, "b"', "two\nlines", "#x", " lead", "trail ", "nan"]


@pytest.fixture
def everything() -> xarray.Dataset:
    """Each type that a file can hold, with the values that writers get wrong."""
    rng = np.random.default_rng(3)
    variables = {
        "entropy": ("alpha", HARD, {"symbol": r"\alpha_c"}),
        "q": (("alpha", "margin"), rng.normal(size=(8, 2))),
        "turned": (("margin", "alpha"), rng.normal(size=(2, 8))),
        "small": ("alpha", np.arange(8, dtype=np.float32) / 3),
        "seed": ("margin", np.array([1, 2**40])),
        "largest": ("margin", np.array([2**64 - 1, 0], dtype=np.uint64)),
        "count": ("margin", np.array([-5, 7], dtype=np.int16)),
        "solved": ("alpha", np.array([True, False] * 4)),
        "status": ("alpha", np.array(TEXTS)),
        "blank": ("margin", np.array(["", ""])),
        "number": ((), 2.5),
        "word": ((), "schön"),
    }
    label = ("margin", [3, 4])
    coordinates = {"alpha": np.arange(8) / 7, "margin": ["x", "yy"], "label": label, "fixed": 2.0}
    attributes = {
        "settings": '{"alpha": 0.5}', "units": 3, "share": 0.1, "lines": ["capacity", "at"], "nothing": "",
        "marked": "json:x", "lined": "a\nb", "nested": {"q": [1, 2.5, None]}, "spaced": " x ",
    }  # fmt: skip
    return xarray.Dataset(variables, coords=coordinates, attrs=attributes)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_everything_comes_back_exactly(everything, suffix, tmp_path):
    path = tmp_path / f"data{suffix}"
    replica.save(everything, path)
    found = replica.load(path)
    assert found.identical(everything)
    for name in everything.variables:
        assert found[name].dtype.kind == everything[name].dtype.kind, name
        if everything[name].dtype.kind != "U":
            assert found[name].values.tobytes() == everything[name].values.tobytes(), name
    assert [path.name] == os.listdir(tmp_path)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    "dataset",
    [
        xarray.Dataset(),
        xarray.Dataset({"q": 3.0}),
        xarray.Dataset({"q": ("alpha", [1.0, 2.0])}),
        xarray.Dataset({"q": ("alpha", np.zeros(0))}, coords={"alpha": np.zeros(0)}),
        xarray.Dataset({"status": ("alpha", np.array([], dtype="<U3"))}),
    ],
    ids=["empty", "scalar", "no coordinate", "no points", "no texts"],
)
def test_degenerate_datasets_come_back(dataset, suffix, tmp_path):
    replica.save(dataset, tmp_path / f"data{suffix}")
    assert replica.load(tmp_path / f"data{suffix}").identical(dataset)


def test_csv_is_a_tidy_table(everything, tmp_path):
    replica.save(everything[["q", "entropy"]].drop_vars(["label", "fixed"]), tmp_path / "q.csv")
    lines = (tmp_path / "q.csv").read_text().splitlines()
    assert '# settings: {"alpha": 0.5}' in lines
    rows = list(csv.reader(line for line in lines if not line.startswith("# ")))
    assert rows[0] == ["alpha", "margin", "q", "entropy"]
    assert len(rows) == 1 + 16
    assert [float(row[2]) for row in rows[1:]] == everything["q"].values.ravel().tolist()
    assert rows[1][:2] == ["0.0", "x"]
    assert rows[2][:2] == ["0.0", "yy"]


def test_json_is_strict_and_has_null_for_nan(everything, tmp_path):
    replica.save(everything, tmp_path / "q.json")

    def refuse(token: str) -> None:
        raise AssertionError(f"{token} is no JSON")

    content = json.loads((tmp_path / "q.json").read_text(), parse_constant=refuse)
    assert content["variables"]["entropy"]["values"][:4] == [0.1, None, "inf", "-inf"]
    assert content["coordinates"]["margin"]["values"] == ["x", "yy"]
    assert content["attributes"]["lines"] == ["capacity", "at"]


def test_netcdf_opens_in_other_programs(everything, tmp_path):
    replica.save(everything, tmp_path / "q.nc")
    with xarray.open_dataset(tmp_path / "q.nc", engine="scipy") as other:
        np.testing.assert_array_equal(other["entropy"].values, HARD)
        assert other["entropy"].attrs["symbol"] == r"\alpha_c"
        assert other["status"].values.tolist()[0] == "converged"


def test_plain_and_to_json():
    given = {"a": np.float64("nan"), "b": (np.inf, -np.inf), "c": np.arange(2), 3: np.bool_(True), "d": None}
    assert plain(given) == {"a": None, "b": ["inf", "-inf"], "c": [0, 1], "3": True, "d": None}
    assert to_json([float("nan"), 0.1]) == "[null, 0.1]"


def test_record_holds_settings_and_versions_only():
    found = record({"alpha": 0.5, "beta": np.inf})
    assert set(found) == {"settings", "replica", "numpy", "scipy", "numba", "python"}
    assert json.loads(found["settings"]) == {"alpha": 0.5, "beta": "inf"}
    assert found["replica"] == replica.__version__
    assert found["numpy"] == np.__version__
    assert found == record({"alpha": 0.5, "beta": np.inf})


@pytest.mark.parametrize("name, nearest", [("q.cvs", ".csv"), ("q.jsn", ".json"), ("q.nc4", ".nc")])
def test_unknown_suffix_names_the_nearest(name, nearest, tmp_path):
    sentence = f"{name}: unknown suffix .* did you mean '{nearest}'"
    with pytest.raises(ValueError, match=sentence):
        replica.save(xarray.Dataset(), tmp_path / name)
    with pytest.raises(ValueError, match=sentence):
        replica.load(tmp_path / name)


def test_places_that_cannot_be_written(tmp_path):
    (tmp_path / "taken.json").mkdir()
    with pytest.raises(ValueError, match=r"taken\.json cannot be written: it is a directory"):
        replica.save(xarray.Dataset(), tmp_path / "taken.json")
    with pytest.raises(ValueError, match=r"q\.json cannot be written: there is no directory"):
        replica.save(xarray.Dataset(), tmp_path / "nowhere" / "q.json")
    with pytest.raises(ValueError, match=r"q\.json cannot be written"):
        check_writable(_locked(tmp_path) / "q.json")


def _locked(place: Path) -> Path:
    """A folder in which the present user can make no file (the superuser: one that no user can)."""
    if os.geteuid() == 0:
        return Path("/proc")
    place.chmod(0o500)
    return place


def test_data_without_a_place_in_files(tmp_path):
    with pytest.raises(ValueError, match="variable 'z' has the type complex128"):
        replica.save(xarray.Dataset({"z": ("alpha", [1j])}), tmp_path / "z.json")
    with pytest.raises(ValueError, match="attribute 'a: b' cannot name a line"):
        replica.save(xarray.Dataset(attrs={"a: b": 1}), tmp_path / "z.csv")
    assert os.listdir(tmp_path) == []


def test_a_failed_write_leaves_the_old_file(monkeypatch, tmp_path):
    write_bytes(tmp_path / "q.json", b"old")

    def full(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(ValueError, match=r"q\.json cannot be written: No space left on device"):
        write_bytes(tmp_path / "q.json", b"new")
    assert (tmp_path / "q.json").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["q.json"]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real.json").write_bytes(b"old")
    (tmp_path / "link.json").symlink_to("real.json")
    write_bytes(tmp_path / "link.json", b"new")
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "real.json").read_bytes() == b"new"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_missing_and_damaged_files(everything, suffix, tmp_path):
    path = tmp_path / f"data{suffix}"
    with pytest.raises(ValueError, match=rf"data\{suffix} cannot be read: No such file"):
        replica.load(path)
    replica.save(everything, path)
    whole = path.read_bytes()
    rng = np.random.default_rng(11)
    cuts = [whole[: int(size)] for size in (0, 1, *rng.integers(2, len(whole) - 20, 12))]
    sentence = rf"data\{suffix} is damaged or is not a {suffix} data file of replica"
    for content in (*cuts, b"not data at all", rng.bytes(500)):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=sentence):
            replica.load(path)


def test_a_file_of_another_program_is_refused(tmp_path):
    (tmp_path / "other.csv").write_text("alpha,q\n0.5,0.3\n")
    (tmp_path / "other.json").write_text('{"alpha": [0.5]}')
    xarray.Dataset({"q": ("alpha", [1.0])}).to_netcdf(tmp_path / "other.nc", engine="scipy")
    for suffix in SUFFIXES:
        with pytest.raises(ValueError, match=rf"other\{suffix} is damaged or is not"):
            replica.load(tmp_path / f"other{suffix}")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_attributes_come_back_exactly(suffix, tmp_path):
    """Numbers that JSON has no word for too, of the dataset and of its variables; what has no place is refused."""
    attributes = {
        "nan": float("nan"), "infinite": float("-inf"), "list": [1.5, float("inf"), "json:x", None], "flag": True,
        "marked": "json:[1]", "nested": {"q": [float("nan"), "a"]}, "array": np.array([1.0, 2.0]),
    }  # fmt: skip
    data = xarray.Dataset({"q": ("alpha", [1.0, 2.0], attributes)}, attrs=attributes)
    replica.save(data, tmp_path / f"data{suffix}")
    found = replica.load(tmp_path / f"data{suffix}")
    for back in (found.attrs, found["q"].attrs):
        assert repr(back) == repr(attributes | {"array": [1.0, 2.0]})
    for wrong in (b"xx", [1, b"xx"], object(), 1j):
        for bad in (data.assign_attrs(wrong=wrong), data.assign(q=data["q"].assign_attrs(wrong=wrong))):
            with pytest.raises(ValueError, match="the attribute 'wrong' holds .* which data files cannot hold"):
                replica.save(bad, tmp_path / f"bad{suffix}")


@pytest.mark.parametrize("suffix", [".csv", ".json"])
def test_line_ends_and_marks_of_another_system(everything, suffix, tmp_path):
    path = tmp_path / f"data{suffix}"
    replica.save(everything, path)
    content = path.read_bytes()
    mark, turned = b"\xef\xbb\xbf", content.replace(b"\n", b"\r\n")
    for other in (turned, mark + content, mark + turned):
        path.write_bytes(other)
        assert replica.load(path).identical(everything)


def test_a_changed_netcdf_is_never_taken_for_the_data(tmp_path):
    """NetCDF 3 has no checksum; each file carries a digest of all that is read from it."""
    data = xarray.Dataset(
        {"q": ("alpha", np.linspace(0, 1, 5)), "status": ("alpha", ["converged"] * 5), "solved": ("alpha", [True] * 5)},
        coords={"alpha": np.arange(5)}, attrs={"main": "q", "lines": ["a", "b"]},
    )  # fmt: skip
    replica.save(data, tmp_path / "data.nc")
    whole, rng, refused = (tmp_path / "data.nc").read_bytes(), np.random.default_rng(4), 0
    for _ in range(150):
        changed = bytearray(whole)
        for at in rng.integers(len(whole), size=rng.integers(1, 4)):
            changed[at] ^= 1 << rng.integers(8)
        (tmp_path / "changed.nc").write_bytes(bytes(changed))
        try:
            assert replica.load(tmp_path / "changed.nc").identical(data)
        except ValueError:
            refused += 1
    assert refused > 120


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_forged_types_and_deep_nests_are_damage(suffix, tmp_path):
    path = tmp_path / f"data{suffix}"
    sentence = rf"data\{suffix} is damaged or is not a {suffix} data file of replica"
    replica.save(xarray.Dataset({"q": ("alpha", [1.0, 2.0])}), path)
    content = path.read_bytes()
    for forged in (b"float64", b"O"), (b"float64", b"V8     "), (b"float64", b"M8[s]  "):
        assert forged[0] in content
        path.write_bytes(content.replace(*forged))
        with pytest.raises(ValueError, match=sentence):
            replica.load(path)
    path.write_bytes(b"# layout: " * (suffix == ".csv") + b"[" * 200_000)
    with pytest.raises(ValueError, match=sentence):
        replica.load(path)


def test_a_file_that_xarray_opened_is_the_dataset(tmp_path):
    """Attributes, of variables too, and truth values are those of the dataset that was saved; others stay."""
    runs = replica.simulate(replica.perceptron("binary"), n=[5, 10], alpha=[0.2, 0.4, 0.6], samples=3, seed=1)
    curve = replica.sweep(replica.perceptron("binary"), alpha=[0.2, 0.4, 0.6], observables=["entropy", "q"])
    for name, data in (("runs", runs), ("curve", curve)):
        replica.save(data, tmp_path / f"{name}.nc")
        with xarray.open_dataset(tmp_path / f"{name}.nc", engine="scipy") as opened:
            found = restored(opened.load())
        assert found.attrs == data.attrs
        assert all(found[key].attrs == data[key].attrs for key in data.variables)
        assert restored(data) is data
        assert replica.plot(opened).get_ylabel() == replica.plot(data).get_ylabel()
        if name == "runs":
            assert found["solved"].dtype == bool
            assert replica.success_threshold(opened).equals(replica.success_threshold(runs))
            report = replica.compare(curve, opened)
    assert report.equals(replica.compare(opened, runs))


def test_what_is_no_dataset_or_no_path_is_told_so(tmp_path: Path) -> None:
    for given in (replica.solve(replica.perceptron("spherical"), alpha=0.5), None, 0.5):
        with pytest.raises(TypeError, match="save takes an xarray.Dataset, got"):
            replica.save(given, tmp_path / "x.nc")
    for path in (3, None):
        with pytest.raises(TypeError, match="path must be a path, got"):
            replica.load(path)
        with pytest.raises(TypeError, match="path must be a path, got"):
            replica.save(xarray.Dataset({"q": 0.5}), path)


def test_the_table_of_a_diagram_holds_each_line_once(tmp_path: Path) -> None:
    model = replica.perceptron("spherical")
    found = replica.diagram(model, x=("margin", [-1.0, 0.0, 1.0]), lines=["capacity", "at"])
    replica.save(found, tmp_path / "lines.csv")
    rows = [line for line in (tmp_path / "lines.csv").read_text().splitlines() if not line.startswith("# ")]
    table = list(csv.DictReader(rows))
    assert len(table) == found["region"].size and all(row["margin"] and row["alpha"] for row in table)
    assert [float(row["capacity"]) for row in table if row["capacity"]] == found["capacity"].values.tolist()
    assert [row["region"] for row in table] == found["region"].values.ravel().tolist()
    assert replica.load(tmp_path / "lines.csv").identical(found)


def test_many_texts_are_kept_and_written_once_each(tmp_path: Path) -> None:
    said = ["converged", "converged; " + "a remark that is long " * 20, "not converged: no line"]
    texts = np.array(said, dtype=object)[np.arange(70_000) % 3]
    data = xarray.Dataset({"q_status": ("x", texts)}, coords={"x": np.arange(70_000.0)})
    replica.save(data, tmp_path / "many.nc")
    assert (tmp_path / "many.nc").stat().st_size < 10 * 70_000
    back = replica.load(tmp_path / "many.nc")
    assert back.identical(data)
    assert len({id(one) for one in back["q_status"].values}) == 3
    with xarray.open_dataset(tmp_path / "many.nc", engine="scipy") as opened:
        assert opened["q_status"].dtype == np.int8
        assert json.loads(opened["q_status"].attrs["words"]) == said
        assert restored(opened).equals(data)
    content = (tmp_path / "many.nc").read_bytes()
    (tmp_path / "many.nc").write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(ValueError, match="damaged"):
        replica.load(tmp_path / "many.nc")


def test_regions_of_a_large_diagram_are_those_of_a_small_one() -> None:
    gaps = np.arange(2000) % 7 == 3
    values = {name: ("x", np.where(gaps, np.nan, height)) for name, height in (("a", 1.0), ("b", 2.0))}
    large = _regions(("a", "b"), values)[1]
    few = [{name: ("x", one[1][at : at + 9]) for name, one in values.items()} for at in (0, 9)]
    small = [_regions(("a", "b"), part)[1] for part in few]
    assert large.dtype == object and small[0].dtype.kind == "U"
    assert np.array_equal(large[:18], np.concatenate(small))
    assert set(large[3]) == {"no line known"} and large[0][0] == "below all lines" and large[0][-1] == "beyond a, b"
