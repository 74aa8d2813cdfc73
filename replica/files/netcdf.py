"""Datasets as bytes of netCDF 3 and back; many texts are numbers of a table of words there."""

from __future__ import annotations

import hashlib
import io
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from replica.files.formats import LARGE, assemble, attribute_text, attributes_of, layout_of, to_json

if TYPE_CHECKING:
    import xarray


def coded(values: np.ndarray) -> tuple[list[str], np.ndarray]:
    """The different texts of an array, and numbers in their place, as small as they can be."""
    place: dict[str, int] = {}
    count, kind = values.size, np.int32
    codes = np.fromiter((place.setdefault(one, len(place)) for one in values.flat), dtype=kind, count=count)
    smallest = np.int8 if len(place) < 2**7 else np.int16 if len(place) < 2**15 else kind
    return [*map(str, place)], codes.astype(smallest).reshape(values.shape)


def write_netcdf(dataset: xarray.Dataset) -> bytes:
    import xarray

    layout = layout_of(dataset)
    stored, kept = {}, {}
    for name, entry in (layout["coordinates"] | layout["variables"]).items():
        values, kind = dataset[name].values, entry["dtype"]
        whole = values.dtype.kind in "iub"
        # netCDF 3 knows integers of 32 bits at most; larger ones travel as text
        if whole and np.all((values >= -(2**31)) & (values < 2**31)):
            values = values.astype(np.int32)
        elif kind == "text" and values.size > LARGE:
            entry["words"], values = coded(values)
        elif whole or kind == "text":
            values = values.astype(np.str_)
        # for other programs; reading takes the attributes from the layout, which is exact
        shown = {
            key: str(text) for key, text in entry["attributes"].items() if key in ("symbol", "long_name", "units")
        } | ({"words": to_json(entry["words"])} if "words" in entry else {})
        stored[name], kept[name] = (entry["dims"], values, shown), (entry, values)
    attributes = {str(key): attribute_text(key, value) for key, value in dataset.attrs.items()}
    arrays = {name: values if "words" in entry else dataset[name].values for name, (entry, values) in kept.items()}
    header = {"layout": layout, "names": list(attributes), "digest": _digest(layout, arrays, attributes)}
    attributes["layout"] = to_json(header)
    encoding = {name: {"_FillValue": None} for name in stored}
    coordinates = {name: stored.pop(name) for name in layout["coordinates"]}
    file = xarray.Dataset(stored, coords=coordinates, attrs=attributes)
    return bytes(file.to_netcdf(engine="scipy", format="NETCDF3_64BIT", encoding=encoding))


def read_netcdf(content: bytes) -> xarray.Dataset:
    import xarray

    file = xarray.load_dataset(io.BytesIO(content), engine="scipy", decode_times=False)
    header = json.loads(file.attrs["layout"])
    layout = header["layout"]
    arrays = {name: file[name].values for name in (*layout["coordinates"], *layout["variables"])}
    attributes = {key: file.attrs[key] for key in header["names"]}
    found = assemble(layout, arrays, attributes_of(attributes))
    if header.keys() != {"layout", "names"}:  # files of earlier versions have no digest
        entries = layout["coordinates"] | layout["variables"]
        for name, codes in arrays.items():
            own = codes.astype(codes.dtype.newbyteorder("="))
            arrays[name] = own if "words" in entries[name] else found[name].values
        if header["digest"] != _digest(layout, arrays, attributes):
            raise ValueError("the digest is not that of the content")
    return found


def _digest(layout: dict[str, Any], arrays: dict[str, np.ndarray], attributes: dict[str, str]) -> str:
    """A fingerprint of all that is read from a file, since netCDF 3 has none of its own."""
    found = hashlib.sha256(to_json([layout, list(attributes.items())]).encode())
    for values in arrays.values():
        text = values.dtype.kind not in "fiub"
        found.update(to_json(values.tolist()).encode() if text else np.ascontiguousarray(values).tobytes())
    return found.hexdigest()
