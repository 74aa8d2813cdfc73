"""What ``make bench`` runs: measurements, shown and written to ``benchmarks/results``; no judgement."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.bench
@pytest.mark.parametrize(
    "command",
    [
        ["benchmarks.speed"],
        ["benchmarks.accuracy", "--points", "1000"],
        ["benchmarks.enclosures"],
        ["benchmarks.history"],
    ],
)
def test_measurements(command: list[str]) -> None:
    """In a process of its own, where threads and cores are set before numpy is imported."""
    subprocess.run([sys.executable, "-m", *command], check=True, cwd=ROOT)
