"""What surrounds the answers: tables of names, the demo, help, the version, warnings, bugs that are shown."""

from __future__ import annotations

import json
import sys
import types
from pathlib import Path

import pytest

import replica
from replica.cli._main import VERBS
from replica.cli._models import explanations


def test_list_names_the_registries(run):
    found = run("list --json").json
    tables = {name: [row["name"] for row in rows] for name, rows in found.items() if name != "version"}
    assert {"binary", "spherical", "ternary", "gaussian"} <= set(tables["weights"])
    assert {"margin", "band", "error-count"} <= set(tables["losses"])
    assert {"capacity", "at", "spinodal", "transition", "freezing"} <= set(tables["lines"])
    assert {"entropy", "stability"} <= set(tables["observables"])
    assert tables["models"][0] == "perceptron"
    assert {"perceptron", "tree-committee", "parity"} <= set(tables["architectures"])
    assert {"rs", "annealed"} <= set(tables["ansatz"])
    assert {"random", "teacher"} <= set(tables["data"])
    assert all(row["summary"] for rows in found.values() if isinstance(rows, list) for row in rows)
    one = run("list weights")
    assert one.out.startswith("weights:\n  binary ")
    assert "losses" not in one.out


def test_demo_says_where_its_files_are(run, monkeypatch, tmp_path):
    def compute(directory):
        paths = [Path(directory) / "capacity.png", Path(directory) / "capacity.nc"]
        for path in paths:
            path.touch()
        return {path.name: path for path in paths}

    monkeypatch.setitem(sys.modules, "replica.demo", types.SimpleNamespace(run=compute))
    result = run("demo --output", tmp_path / "new" / "place")
    assert result.code == 0
    files = result.out.split()
    assert [Path(file).name for file in files] == ["capacity.png", "capacity.nc"]
    assert all(Path(file).exists() for file in files)
    assert json.loads(run("demo --json --output", tmp_path).out)["files"][0].endswith("capacity.png")


def test_version_and_help(run):
    assert run("--version").out == f"replica {replica.__version__}\n"
    overview = run("--help")
    assert overview.code == 0
    assert all(f"\n  {verb} " in overview.out for verb in VERBS)
    assert "perceptron" in run("capacity --help").out
    options = run("solve perceptron --help").out
    words = ("weights", "margin", "loss", "beta", "temperature", "labels", "alpha", "start", "json", "output")
    assert all(f"--{word}" in options for word in words)
    assert "Inverse temperature; multiplies the loss." in " ".join(options.split())
    empty = run("")
    assert (empty.code, empty.out) == (2, "")
    assert "Usage: replica" in empty.err


def test_explanations_come_from_the_docstring():
    def function(first, second, third):
        """Add.

        Parameters
        ----------
        first, second : float
            Numbers, with ``code`` and
            a second line.
        third : str

        Returns
        -------
        float
            Not a parameter.
        """

    text = "Numbers, with code and a second line."
    assert explanations(function) == {"first": text, "second": text, "third": ""}
    assert explanations(lambda x: x) == {}


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(run, verb):
    result = run(verb, "--help")
    assert result.code == 0
    assert result.out.startswith(f"Usage: replica {verb}")


def test_warnings_go_to_stderr_as_sentences(run, monkeypatch):
    import warnings

    def warn(*args, **keywords):
        warnings.warn("the quadrature was coarse", RuntimeWarning, stacklevel=1)
        return original(*args, **keywords)

    original = replica.solve
    monkeypatch.setattr(replica, "solve", warn)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        result = run("solve perceptron --alpha 0.5 --json")
    assert result.json["status"] == "converged"
    assert result.err == "replica: warning: the quadrature was coarse\n"


def test_other_exceptions_are_not_swallowed(run, monkeypatch):
    def broken(*args, **keywords):
        raise KeyError("a bug")

    monkeypatch.setattr(replica, "solve", broken)
    with pytest.raises(KeyError, match="a bug"):
        run("solve perceptron --alpha 0.5")
