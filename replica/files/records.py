"""Data files (.nc, .csv, .json) of datasets, and the record of what made them. Nothing is computed here."""

from __future__ import annotations

import csv
import os
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

from replica._checks import require_dataset, require_path, suggest
from replica.files.formats import plain, read_csv, read_json, restored, to_json, write_csv, write_json
from replica.files.netcdf import read_netcdf, write_netcdf
from saddlepoint._versions import library_versions

if TYPE_CHECKING:
    import xarray

__all__ = [
    "DATA_SUFFIXES",
    "check_writable",
    "load",
    "plain",
    "record",
    "restored",
    "save",
    "suffix_of",
    "to_json",
    "write_bytes",
]

#: suffix -> function from a dataset to bytes, and back
WRITERS = {".nc": write_netcdf, ".csv": write_csv, ".json": write_json}
READERS = {".nc": read_netcdf, ".csv": read_csv, ".json": read_json}

#: suffixes of data files
DATA_SUFFIXES = tuple(WRITERS)

# what the readers of damaged files raise (the netCDF reader of scipy does not check what it reads)
_DAMAGE = (
    ValueError,
    TypeError,
    AttributeError,
    AssertionError,
    LookupError,
    RuntimeError,  # too deeply nested, or a way of packing that the reader does not know
    OSError,
    EOFError,
    OverflowError,
    MemoryError,
    struct.error,
    csv.Error,
)


def record(settings: dict[str, Any]) -> dict[str, str]:
    """The attributes that every data file carries: settings and versions that made it (no times, no places).

    Parameters
    ----------
    settings : dict
        Whatever defines the computation; written as JSON.

    Returns
    -------
    dict of str
        ``settings`` (JSON), ``replica``, ``numpy``, ``scipy``, ``numba``, ``python`` (versions).

    Examples
    --------
    >>> from replica.files.records import record
    >>> record({"alpha": 0.5})["settings"]
    '{"alpha": 0.5}'
    """
    import replica

    return {"settings": to_json(settings), "replica": replica.__version__, **library_versions()}


def suffix_of(path: str | os.PathLike[str], suffixes: tuple[str, ...] = DATA_SUFFIXES) -> str:
    """The suffix of ``path`` in lower case; `ValueError` with the nearest one unless among ``suffixes``."""
    if not str(path):
        raise ValueError("a file to be written needs a name, got ''")
    suffix = Path(path).suffix.lower()
    if suffix not in suffixes:
        raise ValueError(f"{path}: unknown suffix {suffix!r}; {suggest(suffix, suffixes)}")
    return suffix


def check_writable(path: str | os.PathLike[str]) -> Path:
    """The path, links resolved, if a file can be written there, else a `ValueError`; leaves no trace."""
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise ValueError(f"{path} cannot be written: it is a directory")
    if not target.parent.is_dir():
        raise ValueError(f"{path} cannot be written: there is no directory {Path(path).parent}")
    if target.exists() and not os.access(target, os.W_OK):
        raise ValueError(f"{path} cannot be written: it is read-only")
    # only an attempt tells: permissions say little about read-only disks and to the superuser
    _place(path, target, b"", keep=False)
    return target


def write_bytes(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file in one step: readers see the old file or the new one, never a part."""
    _place(path, check_writable(path), content, keep=True)


def _place(path: str | os.PathLike[str], target: Path, content: bytes, keep: bool) -> None:
    """Write next to the target, then rename (``keep``) or remove."""
    # a name of its own in the same directory; open() keeps the usual permissions, which tempfile would not
    temporary = target.with_name(f".{target.name}.{os.urandom(6).hex()}")
    try:
        try:
            with open(temporary, "xb") as stream:
                stream.write(content)
            if keep:
                os.replace(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise ValueError(f"{path} cannot be written: {error.strerror}") from error


def save(dataset: xarray.Dataset, path: str | os.PathLike[str]) -> None:
    """Write a dataset by the suffix of its file: ``.nc`` (netCDF 3), ``.csv`` (a tidy table) or ``.json``.

    Floats (with NaN and infinities), integers, truth values and texts come back exactly, attributes too (lists and
    dictionaries of these, None). In ``.json`` NaN is
    null and an infinity the text ``"inf"``; in ``.csv`` there is a row per point, coordinates first, below
    the attributes in lines ``# name: value``.

    Parameters
    ----------
    dataset : xarray.Dataset
    path : path
        Replaced in one step, so that an interrupted write leaves the old file.

    Raises
    ------
    ValueError
        An unknown suffix, a place that cannot be written, or a type of data that has no place in these files.

    See Also
    --------
    load : Reads it back.
    plot : Figures.

    Examples
    --------
    >>> import replica, xarray, tempfile
    >>> data = xarray.Dataset({"q": ("alpha", [0.1, float("nan")])}, coords={"alpha": [0.5, 1.0]})
    >>> with tempfile.TemporaryDirectory() as place:
    ...     replica.save(data, f"{place}/q.csv")
    ...     replica.load(f"{place}/q.csv").identical(data)
    True
    """
    require_dataset("save", dataset)
    suffix = suffix_of(require_path("path", path))
    check_writable(path)
    write_bytes(path, WRITERS[suffix](dataset))


def load(path: str | os.PathLike[str]) -> xarray.Dataset:
    """Read a dataset that `save` wrote.

    Parameters
    ----------
    path : path
        A file of suffix ``.nc``, ``.csv`` or ``.json``.

    Returns
    -------
    xarray.Dataset
        Equal to the last bit to the one that was saved, with its attributes.

    Raises
    ------
    ValueError
        An unknown suffix, a missing file, or a file that is damaged or was not written by `save`.

    See Also
    --------
    save : What wrote it.

    Examples
    --------
    >>> import replica, tempfile
    >>> curve = replica.sweep(replica.perceptron("spherical"), alpha=[0.5, 1.0])
    >>> with tempfile.TemporaryDirectory() as place:
    ...     replica.save(curve, f"{place}/curve.json")
    ...     replica.load(f"{place}/curve.json").equals(curve)
    True
    """
    suffix = suffix_of(require_path("path", path))
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from error
    try:
        return READERS[suffix](content)
    except _DAMAGE as error:
        raise ValueError(f"{path} is damaged or is not a {suffix} data file of replica") from error
