"""Members that other distributions announce, and a distribution that takes the package's name."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from replica._installed import warn_of_namesake

ROOT = Path(__file__).parents[1]
MEMBER = '''
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from replica.losses import Loss


@dataclass(frozen=True)
class Steps(Loss):
    """Half a unit below 1, one below 0."""

    name: ClassVar[str] = "two-steps"

    def cost(self, u):
        return 0.5 * (u < 1.0) + 0.5 * (u < 0.0)

    def kinks(self):
        return (0.0, 1.0)
'''


def announce(folder: Path, points: str) -> None:
    """A distribution with these entry points, as an installer leaves it."""
    about = folder / "own_losses-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: own-losses\nVersion: 1.0\n", encoding="utf-8")
    (about / "entry_points.txt").write_text(f"[replica.members]\n{points}", encoding="utf-8")


def shell(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    code = f"import sys; sys.path[:0] = [{str(ROOT)!r}, {str(folder)!r}]; from replica.cli import main; "
    code += "sys.exit(main())"
    return subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)


def test_announced_members_have_names_in_the_shell_and_in_python(tmp_path: Path) -> None:
    (tmp_path / "own_losses.py").write_text(MEMBER, encoding="utf-8")
    announce(tmp_path, "steps = own_losses\nbroken = not_there\n")
    listed = shell(tmp_path, "list", "losses")
    assert "two-steps" in listed.stdout and "Half a unit below 1" in listed.stdout
    assert "'broken' (not_there) are left out: No module named" in listed.stderr
    code = f"import sys; sys.path[:0] = [{str(ROOT)!r}, {str(tmp_path)!r}]; import replica; "
    code += "print(replica.perceptron('binary', loss='two_steps', beta=1.0).loss)"
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Steps(")


def test_a_namesake_in_the_same_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "replica_theory-0.1.0.dist-info").mkdir()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_namesake(tmp_path)
    (tmp_path / "replica-0.1.2.dist-info").mkdir()
    with pytest.warns(UserWarning, match=r"another distribution, replica-0\.1\.2, brings a package of this name"):
        warn_of_namesake(tmp_path)
