"""Work of a verb on a Dask cluster: ``--scheduler ADDRESS``."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

PATIENCE = "10s"  # for a scheduler to answer


@contextlib.contextmanager
def cluster(address: str | None) -> Iterator[None]:
    """Send chunks of work to the scheduler at an address; None: do them here."""
    if address is None:
        yield
        return
    try:
        from dask.distributed import Client
    except ImportError:
        raise ValueError("--scheduler needs Dask: pip install 'replica-theory[cluster]'") from None
    import joblib

    try:
        client = Client(address, timeout=PATIENCE)
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"--scheduler {address}: no Dask scheduler answers there ({reason})") from error
    with client, joblib.parallel_config(backend="dask"):
        yield
