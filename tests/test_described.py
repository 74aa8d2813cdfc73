"""Datasets among other programs: attributes of any netCDF writer, words and units, verbs as methods; what is logged."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import matplotlib.style
import numpy as np
import pytest
import xarray

import replica

ROOT = Path(__file__).parents[1]
SIGNS = replica.perceptron("binary")


def runs() -> xarray.Dataset:
    return replica.simulate(SIGNS, algorithm="enumeration", n=10, alpha=[0.2, 0.4], samples=3, seed=1)


MADE: dict[str, Callable[[], xarray.Dataset]] = {
    "sweep": lambda: replica.sweep(SIGNS, alpha=[0.2, 0.4]),
    "diagram": lambda: replica.diagram(SIGNS, x=("margin", [0.0, 0.5]), lines=["capacity", "at"]),
    "franz_parisi": lambda: replica.franz_parisi(SIGNS, alpha=[0.3, 0.4], distance=[0.1, 0.2]),
    "local_entropy": lambda: replica.local_entropy(SIGNS, alpha=0.4, distance=[0.1, 0.2]),
    "flatness": lambda: replica.flatness(replica.solve(SIGNS, alpha=0.4), noise=[0.1, 0.2]),
    "simulate": runs,
    "compare": lambda: replica.compare(replica.sweep(SIGNS, alpha=[0.2, 0.4]), runs()),
}


@pytest.mark.parametrize("verb", MADE)
def test_xarray_writes_what_verbs_return(verb: str, tmp_path: Path) -> None:
    data = MADE[verb]()
    data.to_netcdf(tmp_path / "plain.nc", engine="scipy")
    assert xarray.load_dataset(tmp_path / "plain.nc", engine="scipy").identical(data)
    for name, entry in data.variables.items():
        assert entry.attrs["long_name"], name
        assert entry.dtype.kind not in "fiu" or entry.attrs["units"], name


def test_words_and_units_are_those_of_figures() -> None:
    curve = MADE["sweep"]()
    assert curve["entropy"].attrs["long_name"] == "entropy"
    assert curve["entropy"].attrs["units"] == curve["entropy_error"].attrs["units"] == "nats per weight"
    assert curve["q_error"].attrs["long_name"] == "error of the overlap"
    assert curve["error"].attrs["long_name"] == "error of the entropy"
    assert (curve["alpha"].attrs["long_name"], curve["alpha"].attrs["units"]) == ("load", "1")
    assert replica.plot(curve).get_ylabel() == "entropy $s$ (nats per weight)"


def test_files_of_lists_are_drawn_as_those_of_texts() -> None:
    curve, lines = MADE["sweep"](), MADE["diagram"]()
    for data, name in ((curve, "observables"), (lines, "lines")):
        older = data.assign_attrs({name: data.attrs[name].split()})
        one, other = (replica.plot(each).figure for each in (data, older))
        assert [ax.get_ylabel() for ax in one.axes] == [ax.get_ylabel() for ax in other.axes]
        assert [len(ax.lines) for ax in one.axes] == [len(ax.lines) for ax in other.axes]
    assert np.all(np.isfinite(curve["error"]))


def test_verbs_of_a_dataset_are_its_methods(tmp_path: Path) -> None:
    curve, sampled = MADE["sweep"](), runs()
    assert curve.replica.plot().get_ylabel() == replica.plot(curve).get_ylabel()
    ax = replica.plot(curve).figure.subplots()
    assert curve.replica.plot(ax) is ax
    report = replica.compare(curve, sampled, observables=["entropy"])
    assert curve.replica.compare(sampled, observables=["entropy"]).identical(report)
    assert sampled.replica.compare(curve, observables=["entropy"]).identical(report)
    assert report.replica.settings["verb"] == "compare"
    curve.replica.save(tmp_path / "curve.nc")
    with xarray.open_dataset(tmp_path / "curve.nc", engine="scipy") as opened:
        assert opened.replica.settings == curve.replica.settings
    with pytest.raises(ValueError, match="plot cannot draw a dataset of kind None"):
        xarray.Dataset().replica.plot()


def test_a_file_brings_the_methods(tmp_path: Path) -> None:
    replica.save(MADE["sweep"](), tmp_path / "curve.json")
    code = f"import replica; print(replica.load({str(tmp_path / 'curve.json')!r}).replica.settings['verb'])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["sweep"]


def test_the_log_tells_what_is_done(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    replica.solve(SIGNS, alpha=0.5)
    assert caplog.messages == [] and capfd.readouterr().err == "", "silent unless asked for"
    with caplog.at_level(logging.DEBUG, logger="replica"):
        replica.solve(SIGNS, alpha=0.5)
        replica.capacity(SIGNS)
        for _ in range(2):
            replica.sweep(SIGNS, alpha=[0.2, 30.0], checkpoint=tmp_path)
    assert {record.name.partition(".")[0] for record in caplog.records} == {"replica"}
    said = "\n".join(caplog.messages)
    assert "at alpha = 0.5: converged" in said and "capacity of Model" in said
    assert "1 of 1 chunks to compute" in said and "0 of 1 chunks to compute" in said
    assert "chunk 1 of 1 is done" in said and "sweep: 1 of 2 points are not solved" in said


def test_figures_have_the_look_of_the_sheet() -> None:
    sheet = mpl.style.context("replica.plots.paper")
    with sheet:
        colours, size = mpl.rcParams["axes.prop_cycle"].by_key()["color"], mpl.rcParams["axes.labelsize"]
    curves = replica.plot(replica.sweep(SIGNS, alpha=[0.2, 0.4], margin=[0.0, 0.2], observables=["entropy"]))
    assert curves.xaxis.label.get_fontsize() == size == 9.0
    assert replica.plot(MADE["sweep"]()).lines[0].get_color() == colours[0] == "#000000"
