"""The demonstration: all of its files, written once; a few of its numbers against what is known."""

from __future__ import annotations

from pathlib import Path

import pytest

import replica
from replica import demo

pytestmark = pytest.mark.slow

FIGURES = ("capacity", "teacher", "landscape", "learning")
DATA = (
    *("capacity-binary", "capacity-ternary", "capacity-spherical", "capacity-band", "teacher"),
    *("landscape-margins", "landscape-centres", "learning-square", "learning-logistic", "learning-hinge"),
)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return demo.run(tmp_path_factory.mktemp("demo") / "new" / "folder")


def test_figures_and_data_are_written(files: dict[str, Path]) -> None:
    figures = {f"{name}{suffix}" for name in FIGURES for suffix in (".png", ".pdf")}
    data = {f"{name}{suffix}" for name in DATA for suffix in (".nc", ".csv")}
    assert set(files) == figures | data
    assert all(path.name == name and path.stat().st_size > 2000 for name, path in files.items())
    assert sorted(path.name for path in files["capacity.png"].parent.iterdir()) == sorted(files)


@pytest.mark.parametrize("name", DATA)
def test_both_data_files_hold_the_same(name: str, files: dict[str, Path]) -> None:
    assert replica.load(files[f"{name}.nc"]).identical(replica.load(files[f"{name}.csv"]))


def test_capacities_without_margin(files: dict[str, Path]) -> None:
    known = {"capacity-binary": 0.8330786, "capacity-ternary": 1.1744819, "capacity-spherical": 2.0}
    for name, value in known.items():
        capacity = replica.load(files[f"{name}.nc"])["capacity"].sel(margin=0.0)
        assert float(capacity) == pytest.approx(value, abs=1e-7)


def test_symmetry_breaks_below_capacity_on_the_sphere_at_negative_margin(files: dict[str, Path]) -> None:
    for name in DATA[:4]:
        data = replica.load(files[f"{name}.nc"])
        broken = data["margin"].values[(data["at"] < data["capacity"]).values]
        assert (broken.size > 0) == (name == "capacity-spherical")
        assert (broken < 0).all()


def test_the_teacher_at_low_temperature(files: dict[str, Path]) -> None:
    data = replica.load(files["teacher.nc"])
    assert float(data["transition"][0]) == pytest.approx(1.2446840, abs=1e-6)
    assert float(data["spinodal"][0]) == pytest.approx(1.4926318, abs=1e-6)
    assert float(data["freezing"][0]) == pytest.approx(1.2446840, abs=1e-6)
    assert (data["transition"] < data["spinodal"]).all()


def test_every_reference_sees_the_entropy_of_all_solutions_at_its_maximum(files: dict[str, Path]) -> None:
    entropy = replica.load(files["landscape-margins.nc"])["entropy"].max("distance")
    assert entropy.values == pytest.approx(replica.solve(replica.perceptron("binary"), alpha=0.5).entropy, abs=1e-3)
    assert entropy.sizes == {"reference_margin": 4}
