"""``--scheduler``: a Dask cluster does the work, and not a bit differs; what is no scheduler is told so."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SWEEP = ("sweep", "perceptron", "--alpha", "0.1:0.8:1100", "--observables", "entropy,q")


def test_without_dask_a_sentence_says_what_to_install(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "dask.distributed", None)
    result = run(*SWEEP, "--scheduler", "tcp://127.0.0.1:1")
    assert result.code == 2
    assert "--scheduler needs Dask: pip install 'replica-theory[cluster]'" in result.err


@pytest.mark.bench
@pytest.mark.filterwarnings("default")
def test_a_scheduler_and_two_workers_give_the_same_bits(run: Callable[..., Any], tmp_path: Path) -> None:
    """Needs the extra ``cluster``."""
    from dask.distributed import LocalCluster

    assert run(*SWEEP, "-o", tmp_path / "here.nc", "-q").code == 0
    diagram = ("diagram", "perceptron", "-x", "margin=-0.5:0.5:70", "--lines", "capacity")
    assert run(*diagram, "-o", tmp_path / "lines-here.nc").code == 0
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:  # processes of their own
        where = ("--scheduler", cluster.scheduler_address, "--checkpoint", tmp_path / "kept")
        assert run(*SWEEP, *where, "-o", tmp_path / "there.nc").code == 0
        assert run(*diagram, *where[:2], "-o", tmp_path / "lines-there.nc").code == 0
    for name in ("", "lines-"):
        assert (tmp_path / f"{name}here.nc").read_bytes() == (tmp_path / f"{name}there.nc").read_bytes()
    result = run(*SWEEP, "--scheduler", "tcp://127.0.0.1:1")
    assert result.code == 2
    assert "no Dask scheduler answers there" in result.err
