"""Verbs of a dataset as its own methods, for whoever works with xarray: ``curve.replica.plot()``."""

from __future__ import annotations

import json
import os
from typing import Any

import xarray

from replica.files.formats import restored


@xarray.register_dataset_accessor("replica")
class DatasetVerbs:
    """What `replica` does with a dataset that it made, as methods: ``dataset.replica``.

    Known to xarray from the first dataset on that a verb or `replica.load` returns; before that (a file that xarray
    itself opened) by ``import replica.files.accessor``. When not to use it: on datasets of other programs.

    Examples
    --------
    >>> import replica
    >>> curve = replica.sweep(replica.perceptron("binary"), alpha=[0.2, 0.4], observables=["entropy"])
    >>> curve.replica.plot().get_ylabel(), curve.replica.settings["verb"]
    ('entropy $s$ (nats per weight)', 'sweep')
    """

    def __init__(self, dataset: xarray.Dataset) -> None:
        self._dataset = dataset

    @property
    def settings(self) -> dict[str, Any]:
        """What the dataset was made with."""
        found: dict[str, Any] = json.loads(restored(self._dataset).attrs.get("settings", "{}"))
        return found

    def plot(self, ax: Any = None) -> Any:
        """See `replica.plot`."""
        import replica

        return replica.plot(self._dataset, ax)

    def compare(self, other: Any, **options: Any) -> xarray.Dataset:
        """See `replica.compare`; of the two, runs of `replica.simulate` are the simulation, else ``other`` is."""
        import replica

        runs = self._dataset.attrs.get("kind") == "simulation"
        return replica.compare(*((other, self._dataset) if runs else (self._dataset, other)), **options)

    def save(self, path: str | os.PathLike[str]) -> None:
        """See `replica.save`."""
        import replica

        replica.save(self._dataset, path)


def with_verbs(dataset: xarray.Dataset) -> xarray.Dataset:
    """The dataset itself, whose accessor importing this file has registered."""
    return dataset
