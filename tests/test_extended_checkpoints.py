"""Checkpoints that grow: more points, samples or lines; what was there is not computed again, and nothing differs."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import replica
from replica.landscape import franz_parisi, local_entropy
from replica.simulate import run
from replica.sweeps import diagram, sweep

ROOT = Path(__file__).parents[1]
BINARY = replica.perceptron("binary")
FAULTY = replica.perceptron("binary", loss="error-count", labels="teacher")
LINES = ["capacity", "at"]


def some(grid: Any) -> np.ndarray:
    """Every second entry, so that the new ones stand between the old."""
    return np.asarray(grid)[::2]


LOADS, MARGINS, HEATS = np.linspace(0.05, 0.85, 9), np.linspace(-0.5, 0.5, 5), np.linspace(0.3, 1.1, 5)
DISTANCES, FARTHER = np.linspace(0.01, 0.3, 9), np.linspace(0.004, 0.4, 30)
CASES: dict[str, tuple[Any, Callable[..., Any], dict[str, Any], dict[str, Any]]] = {
    "sweep": (
        sweep, lambda **more: replica.sweep(BINARY, margin=MARGINS, **more), {"alpha": some(LOADS)}, {"alpha": LOADS},
    ),
    "both axes": (
        sweep,
        lambda **more: replica.sweep(FAULTY, **more),
        {"alpha": some(LOADS), "temperature": some(HEATS)},
        {"alpha": LOADS, "temperature": HEATS},
    ),
    "structure": (
        sweep,
        lambda **more: replica.sweep(replica.committee(3, weights="binary"), alpha=[0.3, 0.5], **more),
        {"units": [5]},
        {"units": [3, 5]},
    ),
    "diagram": (
        diagram,
        lambda **more: replica.diagram(replica.perceptron("spherical"), lines=LINES, **more),
        {"x": ("margin", some(MARGINS))},
        {"x": ("margin", MARGINS)},
    ),
    "lines": (
        diagram,
        lambda **more: replica.diagram(replica.perceptron("spherical"), x=("margin", MARGINS), **more),
        {"lines": ["capacity"]},
        {"lines": LINES},
    ),
    "franz_parisi": (
        franz_parisi,
        lambda **more: replica.franz_parisi(BINARY, distance=[0.05, 0.1], **more),
        {"reference": [0.0, 0.2], "alpha": [0.3]},
        {"reference": [0.0, 0.1, 0.2], "alpha": [0.2, 0.3]},
    ),
    "distances": (
        franz_parisi,
        lambda **more: replica.franz_parisi(BINARY, alpha=0.5, **more),
        {"reference": [0.0, 0.3], "distance": some(FARTHER)},
        {"reference": [0.0, 0.3, "max"], "distance": FARTHER},
    ),
    "local_entropy": (
        local_entropy,
        lambda **more: replica.local_entropy(BINARY, **more),
        {"distance": some(DISTANCES), "alpha": [0.8]},
        {"distance": DISTANCES, "alpha": [0.6, 0.8]},
    ),
    "samples": (
        run,
        lambda **more: replica.simulate(BINARY, n=11, alpha=[0.4, 0.6], seed=3, **more),
        {"samples": 5},
        {"samples": 12},
    ),
    "loads": (
        run,
        lambda **more: replica.simulate(BINARY, n=11, samples=3, **more),
        {"alpha": [0.4, 0.8]},
        {"alpha": [0.4, 0.6, 0.8]},
    ),
}  # fmt: skip
WORKS = {sweep: "solve_chunk", diagram: "locate_chunk", run: "work"}
WORKS |= {franz_parisi: "solve_chunk", local_entropy: "solve_chunk"}


@pytest.mark.parametrize("case", CASES)
def test_what_has_grown_equals_what_is_made_at_once(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, verb, less, more = CASES[case]
    verb(checkpoint=tmp_path, **less)
    work, computed = getattr(module, WORKS[module]), []

    def counted(item: Any) -> Any:
        computed.extend(item.points)
        return work(item)

    counted.__module__ = work.__module__
    at_once = verb(**more)
    monkeypatch.setattr(module, WORKS[module], counted)
    assert verb(checkpoint=tmp_path, **more).identical(at_once)
    assert 0 < len(computed) == len(set(computed))
    first, points = len(computed), computed.copy()
    assert verb(checkpoint=tmp_path, **more).identical(at_once)
    assert len(computed) == first, "the same call again has all it needs"
    computed.clear()
    verb(checkpoint=tmp_path / "at once", **more)
    assert set(points) < set(computed), "what was there is not computed again"


def test_a_grid_without_the_points_of_the_old_one_is_refused(tmp_path: Path) -> None:
    replica.sweep(BINARY, alpha=[0.2, 0.4], checkpoint=tmp_path)
    for alpha in ([0.2, 0.3], [0.2], 0.4):
        with pytest.raises(ValueError, match="made with other settings: axes"):
            replica.sweep(BINARY, alpha=alpha, checkpoint=tmp_path)
    replica.franz_parisi(BINARY, alpha=0.4, distance=[0.1, 0.2], checkpoint=tmp_path / "curve")
    with pytest.raises(ValueError, match="made with other settings: distance"):
        replica.franz_parisi(BINARY, alpha=0.4, distance=[0.1, 0.3], checkpoint=tmp_path / "curve")
    replica.simulate(BINARY, n=9, alpha=0.4, samples=4, checkpoint=tmp_path / "runs")
    with pytest.raises(ValueError, match="made with other settings: samples was 4, now it is 2"):
        replica.simulate(BINARY, n=9, alpha=0.4, samples=2, checkpoint=tmp_path / "runs")


def test_damage_costs_its_points_once(tmp_path: Path) -> None:
    whole = replica.sweep(BINARY, alpha=LOADS, checkpoint=tmp_path)
    (tmp_path / "chunk-00000.npz").write_bytes(b"no archive")
    with pytest.warns(RuntimeWarning, match="chunk-00000.npz is damaged; its points are computed again"):
        assert replica.sweep(BINARY, alpha=LOADS, checkpoint=tmp_path).identical(whole)
    assert replica.sweep(BINARY, alpha=LOADS, checkpoint=tmp_path).identical(whole)


KILLED = """
import os, signal, sys
import numpy as np
import replica
from replica.landscape import franz_parisi, local_entropy

module, work, done = {verb}, {verb}.solve_chunk, []


def killed(item):
    if len(done) == {after}:
        os.kill(os.getpid(), signal.SIGKILL)
    done.append(item)
    return work(item)


killed.__module__ = work.__module__
module.solve_chunk = killed
getattr(replica, "{verb}")(replica.perceptron("binary"), distance=np.array({distance}), {grids}, checkpoint=r"{folder}")
"""
GRIDS = {
    "franz_parisi": ({"alpha": 0.5, "reference": [0.0]}, {"alpha": 0.5, "reference": [0.0, 0.3]}),
    "local_entropy": ({"alpha": [0.5, 0.7]}, {"alpha": [0.5, 0.6, 0.7, 0.8]}),
}


@pytest.mark.parametrize("verb", GRIDS)
def test_what_was_killed_and_grew_and_was_killed_again_equals_what_is_made_at_once(verb: str, tmp_path: Path) -> None:
    few, many = GRIDS[verb]
    for after, grids, distance in [(1, few, some(FARTHER)), (0, few, some(FARTHER)), (2, many, FARTHER)]:
        words = ", ".join(f"{name}={value!r}" for name, value in grids.items())
        code = KILLED.format(verb=verb, after=after, distance=distance.tolist(), grids=words, folder=tmp_path)
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False)
        assert done.returncode == -signal.SIGKILL
    assert len(list(tmp_path.glob("chunk-*.npz"))) == 3
    ask = partial(getattr(replica, verb), BINARY, distance=FARTHER, **many)
    assert ask(checkpoint=tmp_path).identical(ask())
