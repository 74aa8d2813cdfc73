"""Chunks of work spread over processes, saved as they finish, resumed; what they compute is unknown here."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor
from pathlib import Path
from typing import Any

import numpy as np

from saddlepoint._ending import ended_in_order
from saddlepoint._sources import own_code
from saddlepoint._versions import library_versions, producers

_STAMP = "settings"
_PREFIX = "result."
_SHORT = 60  # letters of a setting that are said
_ABSENT = "not given"
_SEAL = 32  # bytes of the digest at the end of a chunk


class SweepFailed(RuntimeError):
    """Work that the system stopped (a killed worker, a full disk, no memory), with what is kept of it."""


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
        Every finished chunk is written there at once; a later call with the same ``settings``, the same versions of the
        libraries, the same sources of the function's package and the same code of whatever else the items hold (classes
        and functions that are in no installed library) reads it back.
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
    SweepFailed
        When the system stopped the work: a killed worker, a full disk, no memory.

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
    folder = None
    if checkpoint is not None:
        folder = _Folder(Path(checkpoint), settings or {}, len(items), function, own_code(items, producers(function)))
    results: dict[int, Any] = {} if folder is None else folder.read()
    waiting = [i for i in range(len(items)) if i not in results]
    with (
        ended_in_order(),
        _told(folder),
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
) -> Generator[Any, None, None]:
    """(index, result) as they are done, in any order."""
    # a parallel_config can only be active where joblib has been imported
    if workers == 1 and "joblib" not in sys.modules:
        for index in waiting:
            yield _numbered(function, index, items[index])
        return
    from joblib import Parallel, delayed, effective_n_jobs

    jobs = None if workers == 1 else workers
    tasks = [delayed(_numbered)(function, index, items[index]) for index in waiting]
    # one task at a time to each worker: chunks are large, and an interruption should lose few
    try:
        parallel = Parallel(n_jobs=jobs, return_as="generator_unordered", batch_size=1)
    except ValueError:  # a backend that answers only when all is done: give it one round of tasks at a time
        round_of = max(1, effective_n_jobs(1 if jobs is None else jobs))
        for start in range(0, len(tasks), round_of):
            yield from Parallel(n_jobs=jobs, batch_size=1)(tasks[start : start + round_of])
        return
    yield from parallel(tasks)


@contextlib.contextmanager
def _told(folder: _Folder | None) -> Iterator[None]:
    """What the system does to long work, in a sentence."""
    try:
        yield
    except (BrokenExecutor, OSError, MemoryError) as error:
        what = (
            "a worker process ended, killed from outside or for want of memory" if isinstance(error, BrokenExecutor)
            else "there is not enough memory" if isinstance(error, MemoryError)
            else f"the system refused: {error.strerror or error}"
        )
        kept = "nothing is kept without a checkpoint" if folder is None else (
            f"what was finished is kept in {folder.path}: the same call resumes"
        )
        raise SweepFailed(f"{what}; {kept}") from error


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


def _difference(name: str, old: Any, new: Any) -> tuple[str, str, str]:
    """The first place at which two settings differ, and both of it, in few words."""
    texts = str(old), str(new)
    if max(map(len, texts)) > _SHORT:
        if isinstance(old, dict) and isinstance(new, dict):
            for key in sorted(old.keys() | new.keys()):
                if old.get(key, _ABSENT) != new.get(key, _ABSENT):
                    return _difference(f"{name} {key}", old.get(key, _ABSENT), new.get(key, _ABSENT))
        if isinstance(old, list) and isinstance(new, list):
            if len(old) != len(new):
                return name, f"{len(old)} values", f"{len(new)} values"
            for place, pair in enumerate(zip(old, new, strict=True)):
                if pair[0] != pair[1]:
                    return _difference(f"{name}[{place}]", *pair)
    made, asked = (text if len(text) <= _SHORT else f"{text[:_SHORT]}..." for text in texts)
    return name, made, asked


class _Folder:
    """A checkpoint: ``settings.json`` and a ``chunk-NNNNN.npz`` per finished chunk, written in one step."""

    def __init__(
        self,
        path: Path,
        settings: Mapping[str, Any],
        chunks: int,
        function: Callable[..., Any],
        own: Mapping[str, str] | None = None,
    ) -> None:
        self.path, self.chunks = path, chunks
        codes = {f"the code of {name}": digest for name, digest in (own or {}).items()}
        versions = library_versions() | producers(function) | codes
        content = {"settings": settings, "chunks": chunks, "versions": versions}
        text = json.dumps(content, sort_keys=True, default=_plain, indent=1)
        self.stamp = hashlib.sha256(text.encode()).hexdigest()
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ValueError(f"the checkpoint folder {path} cannot be made: {error.strerror}") from error
        record = path / "settings.json"
        if record.exists():
            self._compare(json.loads(text), record)
            return
        try:
            self._replace(record, lambda handle: handle.write(text.encode()))
        except OSError as error:
            raise ValueError(f"the checkpoint folder {path} cannot be written: {error.strerror}") from error

    def _compare(self, now: dict[str, Any], record: Path) -> None:
        """Refuse a folder of other settings, saying which one differs."""
        try:
            then = json.loads(record.read_text())
            old, new = ({"chunks": one["chunks"], **one["versions"], **one["settings"]} for one in (then, now))
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            raise ValueError(
                f"the checkpoint {self.path} has an unreadable settings.json; choose another folder"
            ) from None
        for name in sorted(set(old) | set(new)):
            if old.get(name) != new.get(name) or (name in old) != (name in new):
                what, made, asked = _difference(name, old.get(name, _ABSENT), new.get(name, _ABSENT))
                raise ValueError(
                    f"the checkpoint {self.path} was made with other settings: {what} was {made}, now it is "
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
            content = self._content(file)
            if content is not None:
                results[index] = content
            else:
                warnings.warn(f"{file} is damaged; its chunk is computed again", RuntimeWarning, stacklevel=3)
        return results

    def _content(self, file: Path) -> dict[str, np.ndarray] | None:
        """The arrays of a chunk of these settings; None unless every byte is as it was written."""
        try:
            raw = file.read_bytes()
        except OSError:
            return None
        if len(raw) < _SEAL or hashlib.sha256(raw[:-_SEAL]).digest() != raw[-_SEAL:]:
            return None
        with np.load(io.BytesIO(raw), allow_pickle=False) as stored:
            if stored[_STAMP].item() != self.stamp:
                return None
            return {name.removeprefix(_PREFIX): stored[name] for name in stored.files if name != _STAMP}

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
        buffer = io.BytesIO()
        np.savez(buffer, **stored)
        # the digest travels as the comment of the archive, whose length is its last two bytes
        body = buffer.getvalue()[:-2] + _SEAL.to_bytes(2, "little")
        self._replace(self._file(index), lambda handle: handle.write(body + hashlib.sha256(body).digest()))
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
