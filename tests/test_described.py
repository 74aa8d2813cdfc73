"""What datasets say of themselves to other programs: attributes of any netCDF writer, words and units."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray

import replica

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
