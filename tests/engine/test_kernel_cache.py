"""Compiled kernels on disk: keyed by all that is compiled into them, and not needed where nothing can be written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from numba.core.errors import TypingError

from saddlepoint import _compiler, _jit
from saddlepoint.special import _cosh, _tail

ROOT = Path(__file__).parents[2]
OUTER = """
import numpy as np
from saddlepoint._jit import array_kernel
from inner import WEIGHTS, shifted

@array_kernel
def total(x):
    found = 0.0
    for i in range(x.size):
        found += WEIGHTS[i] * shifted(x[i])
    return found

print(total(np.array([1.0, 2.0])))
"""
INNER = """
import numpy as np
from saddlepoint._jit import scalar_kernel

STEP = 0.25
WEIGHTS = np.array([1.0, 1.0])

@scalar_kernel
def shifted(x):
    return x + STEP
"""


def answer(place: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    plain = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    environment = plain | {"PYTHONPATH": f"{place}:{ROOT}", "PYTHONDONTWRITEBYTECODE": "1"} | settings
    run = subprocess.run([sys.executable, "outer.py"], env=environment, cwd=place, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run


@pytest.mark.parametrize(
    ("old", "new", "right"),
    [("x + STEP", "x - STEP", "2.5"), ("STEP = 0.25", "STEP = 0.75", "4.5"), ("[1.0, 1.0]", "[1.0, 3.0]", "8.0")],
    ids=["callee", "constant", "array"],
)
def test_a_change_in_another_file_is_seen(tmp_path: Path, old: str, new: str, right: str) -> None:
    (tmp_path / "outer.py").write_text(OUTER)
    (tmp_path / "inner.py").write_text(INNER)
    assert answer(tmp_path).stdout.strip() == "3.5"
    assert list((tmp_path / "__pycache__").glob("*.nbc"))
    (tmp_path / "inner.py").write_text(INNER.replace(old, new))
    assert answer(tmp_path).stdout.strip() == right


def test_damaged_kernels_are_compiled_again(tmp_path: Path) -> None:
    (tmp_path / "outer.py").write_text(OUTER)
    (tmp_path / "inner.py").write_text(INNER)
    answer(tmp_path)
    for file in [*(tmp_path / "__pycache__").glob("*.nbc"), *(tmp_path / "__pycache__").glob("*.nbi")]:
        file.write_bytes(file.read_bytes()[:40])
    assert answer(tmp_path).stdout.strip() == "3.5"


def test_without_a_folder_to_write_in_kernels_are_compiled_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "outer.py").write_text("import saddlepoint._compiler as j\nj._PATIENCE = 0.0\n" + OUTER)
    (tmp_path / "inner.py").write_text(INNER)
    (tmp_path / "__pycache__").write_text("")  # as good as a read-only folder, also for the superuser
    run = answer(tmp_path, HOME="/dev/null", XDG_CACHE_HOME="/dev/null", NUMBA_CACHE_DIR="/dev/null/kernels")
    assert run.stdout.strip() == "3.5"
    (line,) = run.stderr.strip().splitlines()
    assert line.startswith("compiling numerical kernels, as in every new process: no folder can be written")


def test_a_word_when_compiling_takes_long_and_none_afterwards(tmp_path: Path) -> None:
    (tmp_path / "outer.py").write_text("import saddlepoint._compiler as j\nj._PATIENCE = 0.0\n" + OUTER)
    (tmp_path / "inner.py").write_text(INNER)
    assert answer(tmp_path).stderr.strip().startswith("compiling numerical kernels, once")
    assert answer(tmp_path).stderr == ""


def test_the_composition_of_a_kernel_does_not_depend_on_the_process() -> None:
    code = "from saddlepoint import _compiler; from saddlepoint.special import tail_terms as kernel;"
    code += "print(_compiler._composition(kernel.py_func))"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    found = {
        subprocess.run(
            [sys.executable, "-c", code], env=environment | {"PYTHONHASHSEED": seed}, capture_output=True, text=True
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert found == {_compiler._composition(_tail.tail_terms.py_func)}
    assert _compiler._composition(_cosh.cosh_terms.py_func) not in found


def test_a_compilation_that_fails_leaves_the_word_ready_for_the_next_one() -> None:
    @_jit.array_kernel
    def impossible(x):  # type: ignore[no-untyped-def]
        return x + "a"

    before = _compiler._word.spent
    with pytest.raises(TypingError):
        impossible(1.0)
    assert _compiler._word.depth == 0
    assert _compiler._word.spent > before


def test_kernels_that_two_processes_wrote_over_each_other_are_compiled_again(tmp_path: Path) -> None:
    print_both = "\nprint(total(np.array([2, 3])))\n"
    (tmp_path / "outer.py").write_text(OUTER + print_both)
    (tmp_path / "inner.py").write_text(INNER)
    assert answer(tmp_path).stdout.split() == ["3.5", "5.5"]
    one, two = sorted((tmp_path / "__pycache__").glob("outer.total*.nbc"))
    one_bytes, two_bytes = one.read_bytes(), two.read_bytes()
    one.write_bytes(two_bytes)
    two.write_bytes(one_bytes)
    assert answer(tmp_path).stdout.split() == ["3.5", "5.5"]
