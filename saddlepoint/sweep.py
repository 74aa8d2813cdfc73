"""Chunks of work spread over processes, saved as they finish, resumed; what they compute is unknown here."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
import os
import platform
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

_STAMP = "settings"
_PREFIX = "result."


def sweep(
    function: Callable[[Any], Any],
    items: Sequence[Any],
    workers: int = 1,
    checkpoint: str | os.PathLike[str] | None = None,
    settings: Mapping[str, Any] | None = None,
    progress: bool | None = None,
) -> list[Any]:
    """``[function(item) for item in items]``, in that order and with the same bits for any number of workers.

    Parameters
    ----------
    function : callable at module level
        With a checkpoint it returns a dict of arrays.
    items : sequence
        Chunks, each worth a task of its own (a tenth of a second or more); picklable.
    workers : int
        Processes, through `joblib`; -1 for all cores. 1 runs here, unless a `joblib.parallel_config` is
        active: then it decides, so that Dask or Ray clusters work.
    checkpoint : folder
        Every finished chunk is written there at once; a later call with the same ``settings`` and versions of the
        libraries reads it back.
        A damaged file is recomputed, with a warning.
    settings : mapping
        What the results depend on, in JSON terms; a folder made with others is refused.
    progress : bool
        Bar on stderr; None: when that is a terminal.

    Raises
    ------
    ValueError
        When the checkpoint was made with other settings or versions, or ``workers`` is not allowed.
    TypeError
        When a result cannot be saved.

    Examples
    --------
    >>> from saddlepoint import sweep
    >>> sweep(abs, [-1, 2, -3])
    [1, 2, 3]
    """
    if isinstance(workers, bool) or not isinstance(workers, int) or (workers < 1 and workers != -1):
        raise ValueError(
            f"workers must be a whole number of at least 1, or -1 for all cores, got {workers!r}"
        )
    items = list(items)
    folder = None if checkpoint is None else _Folder(Path(checkpoint), settings or {}, len(items))
    results: dict[int, Any] = {} if folder is None else folder.read()
    waiting = [i for i in range(len(items)) if i not in results]
    with (
        _bar(progress, len(items), len(results)) as tick,
        contextlib.closing(_finished(function, items, waiting, workers)) as stream,
    ):
        for index, result in stream:
            results[index] = result if folder is None else folder.write(index, result)
            tick()
    return [results[i] for i in range(len(items))]


def _numbered(function: Callable[[Any], Any], index: int, item: Any) -> tuple[int, Any]:
    return index, function(item)


def _finished(
    function: Callable[[Any], Any], items: list[Any], waiting: list[int], workers: int
) -> Iterator[Any]:
    """(index, result) as they are done, in any order."""
    # a parallel_config can only be active where joblib has been imported
    if workers == 1 and "joblib" not in sys.modules:
        for index in waiting:
            yield _numbered(function, index, items[index])
        return
    from joblib import Parallel, delayed

    tasks = (delayed(_numbered)(function, index, items[index]) for index in waiting)
    # one task at a time to each worker: chunks are large, and an interruption should lose few
    yield from Parallel(
        n_jobs=None if workers == 1 else workers, return_as="generator_unordered", batch_size=1
    )(tasks)


@contextlib.contextmanager
def _bar(progress: bool | None, total: int, done: int) -> Iterator[Callable[[], Any]]:
    if progress is False or (progress is None and not sys.stderr.isatty()):
        yield lambda: None
        return
    from tqdm import tqdm

    with tqdm(total=total, initial=done, file=sys.stderr) as bar:
        yield bar.update


def _plain(value: Any) -> Any:
    """Numpy numbers and arrays in JSON terms."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    raise TypeError(f"settings must be numbers, strings, lists, mappings or arrays, got {value!r}")


def _versions() -> dict[str, str]:
    """What the last bits of a result may depend on, besides its settings."""
    found = {name: importlib.metadata.version(name) for name in ("numpy", "scipy", "numba")}
    return found | {"python": platform.python_version()}


class _Folder:
    """A checkpoint: ``settings.json`` and a ``chunk-NNNNN.npz`` per finished chunk, written in one step."""

    def __init__(self, path: Path, settings: Mapping[str, Any], chunks: int) -> None:
        self.path, self.chunks = path, chunks
        content = {"settings": settings, "chunks": chunks, "versions": _versions()}
        text = json.dumps(content, sort_keys=True, default=_plain, indent=1)
        self.stamp = hashlib.sha256(text.encode()).hexdigest()
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ValueError(f"the checkpoint folder {path} cannot be made: {error.strerror}") from error
        record = path / "settings.json"
        if record.exists():
            self._compare(json.loads(text), record)
        else:
            self._replace(record, lambda handle: handle.write(text.encode()))

    def _compare(self, now: dict[str, Any], record: Path) -> None:
        """Refuse a folder of other settings, saying which one differs."""
        try:
            then = json.loads(record.read_text())
            old, new = ({"chunks": one["chunks"], **one["versions"], **one["settings"]} for one in (then, now))
        except (ValueError, KeyError, TypeError):
            raise ValueError(
                f"the checkpoint {self.path} has an unreadable settings.json; choose another folder"
            ) from None
        for name in sorted(set(old) | set(new)):
            if old.get(name) != new.get(name) or (name in old) != (name in new):
                made, asked = old.get(name, "not given"), new.get(name, "not given")
                raise ValueError(
                    f"the checkpoint {self.path} was made with other settings: {name} was {made}, now it is "
                    f"{asked}; choose another folder"
                )

    def _file(self, index: int) -> Path:
        return self.path / f"chunk-{index:05d}.npz"

    def read(self) -> dict[int, dict[str, np.ndarray]]:
        """The chunks that are there and whole."""
        results = {}
        for index in range(self.chunks):
            file = self._file(index)
            if not file.exists():
                continue
            try:
                with file.open("rb") as handle, np.load(handle, allow_pickle=False) as stored:
                    whole = stored[_STAMP].item() == self.stamp
                    names = [name for name in stored.files if name != _STAMP]
                    content = {name.removeprefix(_PREFIX): stored[name] for name in names}
            except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, AttributeError):
                whole = False
            if whole:
                results[index] = content
            else:
                warnings.warn(f"{file} is damaged; its chunk is computed again", RuntimeWarning, stacklevel=3)
        return results

    def write(self, index: int, result: Any) -> dict[str, np.ndarray]:
        """Save one chunk, and return it as `read` would."""
        if not isinstance(result, Mapping):
            raise TypeError(
                f"with a checkpoint the function must return a dict of arrays, got {type(result).__name__}"
            )
        arrays = {name: np.asarray(value) for name, value in result.items()}
        for name, array in arrays.items():
            if array.dtype.hasobject:
                raise TypeError(f"the result {name!r} cannot be saved as an array of numbers or strings")
        stored = {_STAMP: np.array(self.stamp)} | {_PREFIX + name: array for name, array in arrays.items()}
        self._replace(self._file(index), lambda handle: np.savez(handle, **stored))
        return arrays

    def _replace(self, target: Path, write: Callable[[Any], Any]) -> None:
        """Write next to the target, then rename: a reader sees the old file or the new one, never a part."""
        handle, name = tempfile.mkstemp(dir=self.path, prefix=".", suffix=".part")
        try:
            with os.fdopen(handle, "wb") as stream:
                write(stream)
            os.replace(name, target)
        finally:
            Path(name).unlink(missing_ok=True)
