"""Chunks of work spread over processes, saved as they finish, resumed; what they compute is unknown here."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor
from pathlib import Path
from typing import Any

import numpy as np

from saddlepoint._checkpoint import Folder
from saddlepoint._ending import ended_in_order
from saddlepoint._sources import own_code
from saddlepoint._versions import producers


class SweepFailed(RuntimeError):
    """Work that the system stopped (a killed worker, a full disk, no memory), with what is kept of it."""


def sweep(
    function: Callable[[Any], Any],
    items: Sequence[Any],
    workers: int = 1,
    checkpoint: str | os.PathLike[str] | None = None,
    settings: Mapping[str, Any] | None = None,
    progress: bool | None = None,
    grows: Sequence[str] = (),
    received: Callable[[Any], Any] | None = None,
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
    grows : sequence of str
        Settings that may grow between calls: lists that keep their entries, whole numbers. Results are then known by
        their points: ``item.points``, a text for each row of the result, and ``item.part(rows)``, an item of some of
        them only, each of which comes out as in any other company.
    received : callable
        What is done with each result as it arrives (say, keep it in less memory).

    Logs, under the name of the module of ``function``, how many chunks are to be computed (INFO) and each that is done
    (DEBUG).

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
    results: dict[int, Any] = {}
    waiting = dict(enumerate(items))
    if checkpoint is not None:
        own = own_code(items, producers(function))
        folder = Folder(Path(checkpoint), settings or {}, len(items), function, own, grows, received)
        if grows:
            folder.read_points()
            missing = {index: folder.missing(item.points) for index, item in waiting.items()}
            waiting = {index: items[index].part(np.array(rows)) for index, rows in missing.items() if rows}
        else:
            results = folder.read()
            waiting = {index: item for index, item in waiting.items() if index not in results}
    take = received or _itself
    log = logging.getLogger(getattr(function, "__module__", __name__))  # of whom the work is
    kept = "" if folder is None else f", the others are in {folder.path}"
    log.info("%d of %d chunks to compute%s", len(waiting), len(items), kept)
    with (
        ended_in_order(),
        _told(folder),
        _bar(progress, len(items), len(items) - len(waiting)) as tick,
        contextlib.closing(_finished(function, waiting, workers)) as stream,
    ):
        for index, result in stream:
            if folder is not None and grows:
                folder.write_points(index, waiting[index].points, result)
            else:
                results[index] = take(result if folder is None else folder.write(index, result))
            tick()
            log.debug("chunk %d of %d is done", index + 1, len(items))
    if folder is not None and grows:
        return [folder.gathered(item.points) for item in items]
    return [results[i] for i in range(len(items))]


def _itself(result: Any) -> Any:
    return result


def _numbered(function: Callable[[Any], Any], index: int, item: Any) -> tuple[int, Any]:
    return index, function(item)


def _finished(
    function: Callable[[Any], Any], waiting: Mapping[int, Any], workers: int
) -> Generator[Any, None, None]:
    """(index, result) as they are done, in any order."""
    # a parallel_config can only be active where joblib has been imported
    if workers == 1 and "joblib" not in sys.modules:
        for index, item in waiting.items():
            yield _numbered(function, index, item)
        return
    from joblib import Parallel, delayed, effective_n_jobs

    jobs = None if workers == 1 else workers
    tasks = [delayed(_numbered)(function, index, item) for index, item in waiting.items()]
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
def _told(folder: Folder | None) -> Iterator[None]:
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
    from tqdm.auto import tqdm

    with tqdm(total=total, initial=done, file=sys.stderr) as bar:
        yield bar.update
