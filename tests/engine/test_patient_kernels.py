"""Kernels that are interpreted at first: compiled in time, and to the same bits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from saddlepoint import _kernels
from saddlepoint._jit import PatientKernel
from saddlepoint.quadrature import fields, levels, panels
from saddlepoint.solvers import anderson, bracket
from tests.engine.test_kernel_cache import answer

HALVED = """
from saddlepoint._jit import array_kernel, patient_kernel

@patient_kernel(5)
def halved(x, out):
    for i in range(x.size):
        out[i] = x[i] / x[0]
"""
TWICE = """
import numpy as np
from inner import halved
from saddlepoint._jit import array_kernel

@array_kernel
def twice(x, out):
    halved(x, out)
    halved(out, out)

out = np.empty(2)
twice(np.array([2.0, 3.0]), out)
print(out)
"""


def test_compiled_when_asked_for_enough_and_silent_on_what_numpy_warns_of(tmp_path: Path) -> None:
    (tmp_path / "inner.py").write_text(HALVED)
    (tmp_path / "outer.py").write_text(
        "import numpy as np\nfrom inner import halved\nx, out = np.array([0.0, 3.0]), np.empty(2)\n"
        "for _ in range(3):\n    halved(x, out)\n    print(out, len(halved.compiled.signatures))\n"
    )
    run = answer(tmp_path)
    assert run.stdout.splitlines() == ["[nan inf] 0", "[nan inf] 0", "[nan inf] 1"]
    assert run.stderr == ""


def test_a_change_is_seen_by_compiled_kernels_that_call_it(tmp_path: Path) -> None:
    (tmp_path / "inner.py").write_text(HALVED)
    (tmp_path / "outer.py").write_text(TWICE)
    assert answer(tmp_path).stdout.strip() == "[1.  1.5]"
    (tmp_path / "inner.py").write_text(HALVED.replace("x[i] / x[0]", "x[i] + x[0]"))
    assert answer(tmp_path).stdout.strip() == "[ 8. 13.]"


def inputs(rng: np.random.Generator, k: int) -> dict[str, tuple[PatientKernel, tuple[Any, ...]]]:
    """Arguments of every kernel for a batch of k unknowns, some of them without a finite value."""
    size = 40
    free, residual, before, after, moved, step = rng.normal(size=(6, size, k)) * 10.0 ** rng.integers(-9, 9, (size, 1))
    matrix, inverse, jacobian = rng.normal(size=(3, size, k, k))
    matrix[::7, 0] = 0.0
    for holed in (free, residual, matrix):
        holed[3], holed[11] = np.nan, np.inf
    low, high, bounded = np.full(k, -1e3), np.full(k, 1e3), np.arange(k) % 2 == 0
    norm, best, mark, damping = rng.uniform(size=(4, size))
    best[5], since, code = np.inf, np.arange(size), np.full(size, _kernels.RUNNING, np.int8)
    none, every = np.empty((0, 0)), np.abs(rng.normal(size=(size, k)))
    points, histories = rng.normal(size=((k + 1) * size, k)), rng.normal(size=(2, size, 3, k))
    column = rng.normal(size=(8, size))
    column[0, 4] = column[1, 6] = column[3, 8] = np.inf
    trial, value = rng.normal(size=(2, size, 1))
    scan = rng.normal(size=(9, size)) + 1.5
    scan[:3, 2], scan[4, 4] = np.nan, 0.0
    ends = np.zeros((2, size), dtype=np.int64)
    return {
        "shifted_points": (_kernels.shifted_points, (free, points)),
        "differences": (_kernels.differences, (rng.normal(size=points.shape), points, jacobian)),
        "invert": (_kernels.invert, (matrix, inverse, norm)),
        "newton_direction": (_kernels.newton_direction, (inverse, residual, free, bounded, 2.0, step, moved)),
        "row_norms": (_kernels.row_norms, (residual, norm)),
        "judge": (
            _kernels.judge,
            (free, residual, none, low, high, bounded, 1e-8, 1e-8, 15, norm, best, mark, since, moved, code),
        ),
        "judge with noise": (
            _kernels.judge,
            (free, residual, every, low, high, bounded, 1e-8, 1e-8, 15, norm, best, mark, since, moved, code),
        ),
        "correction": (_kernels.correction, (free, residual, inverse, 1e-3, 1e-9, moved, code)),
        "remaining": (
            _kernels.remaining,
            (free, before, moved, after, none, inverse, 1e-12, 1e-12, norm, step, np.zeros_like(code)),
        ),
        "mix": (anderson._mix, (free, residual, *histories, since % 5, damping, 1e-8, moved)),
        "digest": (
            anderson._digest,
            (moved, residual, free, before, *histories, since % 5, damping, best, step, after),
        ),
        "chandrupatla": (bracket._chandrupatla, (*column[:6], trial, value, code)),
        "better_end": (bracket._better_end, (*column[:4], trial, value)),
        "scan": (bracket._scan, (scan, *ends, code)),
    }


def places(rng: np.random.Generator, k: int) -> Iterator[tuple[PatientKernel, tuple[Any, ...]]]:
    """Features of widths from 1e-17 to 1e3, some of them nowhere; the same with breaks."""
    size, grading = 30, levels.rule_and_grading(1)[1]
    position, width = rng.normal(size=(size, k)) * 5.0, 10.0 ** rng.uniform(-17, 3, (size, k))
    position[2], width[5], position[7] = np.nan, np.inf, np.inf
    moved, scaled = np.empty((2, size, k))
    yield fields._standard_features, (position, width, rng.normal(size=size), np.arange(size) / 9.0, moved, scaled)
    stray = np.where(rng.uniform(size=(size, 4)) < 0.3, np.nan, rng.normal(size=(size, 4)))
    for breaks in (np.empty((size, 0)), stray):
        room = panels.edge_room(breaks.shape[1], k, grading)
        edges, counts = np.zeros((room, size)), np.zeros(size, dtype=np.int64)
        stops = np.zeros(breaks.shape[1] + 1)
        yield panels.lay_panels, (position, width, breaks, grading, stops, edges, counts)


def assert_same_bits(kernel: PatientKernel, given: tuple[Any, ...]) -> None:
    both = [[np.array(each) if isinstance(each, np.ndarray) else each for each in given] for _ in range(2)]
    with np.errstate(all="ignore"):
        found = kernel.py_func(*both[0]), kernel.compiled(*both[1])
    assert found[0] == found[1]
    for interpreted, compiled in zip(*both, strict=True):
        np.testing.assert_array_equal(interpreted, compiled)
    assert any(
        isinstance(old, np.ndarray) and not np.array_equal(old, new, equal_nan=True)
        for old, new in zip(given, both[0], strict=True)
    ), "the kernel must have done something"


@pytest.mark.parametrize("k", [1, 2, 3])
def test_interpreted_and_compiled_give_the_same_bits(k: int) -> None:
    rng = np.random.default_rng(k)
    for kernel, given in inputs(rng, k).values():
        assert_same_bits(kernel, given)
    for kernel, given in places(rng, k):
        assert_same_bits(kernel, given)
