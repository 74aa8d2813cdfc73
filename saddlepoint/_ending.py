"""How a process ends that has workers; what they do is unknown here."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from typing import Any


def _end(*_: Any) -> None:
    raise SystemExit(128 + signal.SIGTERM)


def _by_default() -> None:
    """In a forked worker: a handler in Python is not run by a worker that has just begun to wait for its next item."""
    if signal.getsignal(signal.SIGTERM) is _end:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_by_default)


@contextlib.contextmanager
def ended_in_order() -> Iterator[None]:
    """A request to end the process ends its workers too, unless something else handles such requests."""
    here = threading.current_thread() is threading.main_thread()
    if not here or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return

    signal.signal(signal.SIGTERM, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
