"""A checkpoint: a folder of finished chunks, which remembers what it was made with; what they are is unknown here."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from saddlepoint._versions import library_versions, producers

_STAMP, _POINTS = "settings", "points"
_PREFIX = "result."
_SHORT = 60  # letters of a setting that are said
_ABSENT = "not given"
_SEAL = 32  # bytes of the digest at the end of a chunk


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


def _contains(new: Any, old: Any, inside: bool = False) -> bool:
    """Whether a setting that may grow has: a list keeps what it had, a number of things does not fall."""
    if isinstance(old, dict) and isinstance(new, dict):
        return old.keys() == new.keys() and all(_contains(new[key], old[key], True) for key in old)
    if isinstance(old, list) and isinstance(new, list):
        if any(isinstance(one, list) for one in old):
            return len(old) == len(new) and all(_contains(*pair, inside=True) for pair in zip(new, old, strict=True))
        return {str(one) for one in old} <= {str(one) for one in new}
    return bool(new == old or not inside and isinstance(old, int) and isinstance(new, int) and new > old)


class Folder:
    """A checkpoint: ``settings.json`` and a ``chunk-NNNNN.npz`` per finished chunk, written in one step.

    Where settings may grow (``grows``) results are known by their points, and ``chunks`` is not among the settings.
    """

    def __init__(
        self,
        path: Path,
        settings: Mapping[str, Any],
        chunks: int,
        function: Callable[..., Any],
        own: Mapping[str, str] | None = None,
        grows: Sequence[str] = (),
        received: Callable[[Any], Any] | None = None,
    ) -> None:
        self.path, self.chunks, self.grows, self._received = path, chunks, tuple(grows), received
        self._rows: dict[str, tuple[dict[str, np.ndarray], int, int]] = {}  # columns, row and how many rows
        self._taken: set[int] = set()
        self._damaged: list[int] = []
        codes = {f"the code of {name}": digest for name, digest in (own or {}).items()}
        versions = library_versions() | producers(function) | codes
        content: dict[str, Any] = {"settings": settings, "versions": versions} | ({} if grows else {"chunks": chunks})
        text = json.dumps(content, sort_keys=True, default=_plain, indent=1)
        kept = content | {"settings": {name: value for name, value in settings.items() if name not in grows}}
        stamped = json.dumps(kept, sort_keys=True, default=_plain, indent=1)
        self.stamp = hashlib.sha256(stamped.encode()).hexdigest()
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ValueError(f"the checkpoint folder {path} cannot be made: {error.strerror}") from error
        record = path / "settings.json"
        if record.exists() and self._compare(json.loads(text), record):
            return
        try:
            self._replace(record, lambda handle: handle.write(text.encode()))
        except OSError as error:
            raise ValueError(f"the checkpoint folder {path} cannot be written: {error.strerror}") from error

    def _compare(self, now: dict[str, Any], record: Path) -> bool:
        """Refuse a folder of other settings, saying which one differs; whether all are the same, none has grown."""
        try:
            then = json.loads(record.read_text())
            old, new = ({**one, **one["versions"], **one["settings"]} for one in (then, now))
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            raise ValueError(
                f"the checkpoint {self.path} has an unreadable settings.json; choose another folder"
            ) from None
        for name in sorted((set(old) | set(new)) - {"settings", "versions"}):
            if name in self.grows and _contains(new.get(name), old.get(name)):
                continue
            if old.get(name) != new.get(name) or (name in old) != (name in new):
                what, made, asked = _difference(name, old.get(name, _ABSENT), new.get(name, _ABSENT))
                raise ValueError(
                    f"the checkpoint {self.path} was made with other settings: {what} was {made}, now it is "
                    f"{asked}; choose another folder"
                )
        return then == now

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

    def read_points(self) -> None:
        """Look for the points that are there and whole."""
        for file in sorted(self.path.glob("chunk-*.npz")):
            content = self._content(file)
            if content is None or _POINTS not in content:
                warnings.warn(f"{file} is damaged; its points are computed again", RuntimeWarning, stacklevel=3)
                self._damaged.append(int(file.stem.removeprefix("chunk-")))
            else:
                self._taken.add(int(file.stem.removeprefix("chunk-")))
                self._adopt(content)

    def _adopt(self, content: dict[str, np.ndarray]) -> None:
        points = content.pop(_POINTS).tolist()
        content = content if self._received is None else self._received(content)
        for row, point in enumerate(points):
            self._rows[point] = (content, row, len(points))

    def missing(self, points: Sequence[str]) -> list[int]:
        """Which of the points of a chunk are not there."""
        return [row for row, point in enumerate(points) if point not in self._rows]

    def write_points(self, index: int, points: Sequence[str], result: Any) -> None:
        """Save the points of a chunk, under its number unless that is taken by others."""
        index = self._damaged.pop() if self._damaged else index
        while index in self._taken:
            index += 1
        self._taken.add(index)
        self._adopt(self.write(index, dict(result) | {_POINTS: np.array(points)}))

    def gathered(self, points: Sequence[str]) -> dict[str, np.ndarray]:
        """The columns of a chunk, whenever its points were computed; NaN where there is none."""
        found = [self._rows[point] for point in points]
        first, _, count = found[0]
        if count == len(points) and [row for content, row, _ in found if content is first] == list(range(count)):
            return first
        columns = {}
        for name in dict.fromkeys(name for content, *_ in found for name in content):
            rows = [content[name][row] if name in content else np.nan for content, row, _ in found]
            shared = any(name in content and content[name].dtype.hasobject for content, *_ in found)
            columns[name] = np.array(rows, dtype=object if shared else None)
        return columns

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
