"""A member of any kind is one new file and one line that imports it, tried on a copy of the package."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import replica
from tests.contracts import toys

ROOT = Path(__file__).parents[1]
#: kind -> its folder, its file, and the line, put below the last import of a file of that folder, or into a table
KINDS = {
    "weights": ("weights", toys.WEIGHTS_FILE, "from replica.weights.toy import Sparse"),
    "loss": ("losses", toys.LOSS_FILE, "from replica.losses.toy import Slope"),
    "activation": (
        "architectures/activations",
        toys.ACTIVATION_FILE,
        "from replica.architectures.activations.toy import Cubic",
    ),
    "data": ("data", toys.DATA_FILE, "from replica.data.toy import Helped"),
    "ansatz": ("ansatz", toys.ANSATZ_FILE, "from replica.ansatz.toy import Half"),
    "threshold": ("thresholds", toys.THRESHOLD_FILE, "from replica.thresholds import toy"),
    "algorithm": ("simulate/algorithms", toys.ALGORITHM_FILE, "from replica.simulate.algorithms.toy import Guess"),
}
VERBS, ENTRY = "replica/cli/_main.py", '    "toy": "replica.cli.toy:command",'
#: what a user does with them, through the public face
USE = """
import json
import replica
from replica.cli import main

def number(found):
    return float(found.value)

def entropy(model, **options):
    return replica.solve(model, alpha=0.3, **options).entropy

lines = replica.diagram(replica.perceptron("binary"), x=("margin", [0.0, 0.2]), lines=["capacity", "toy-double"])
runs = replica.simulate(replica.perceptron("binary"), algorithm="toy-guess", n=9, alpha=0.2, samples=2, seed=1)
assert main(["toy", "perceptron", "--alpha", "0.3", "--quiet"]) == 0
print(json.dumps({
    "weights": entropy(replica.perceptron(replica.weights.Sparse(2 / 3), margin=0.4)) + 1.0986122886681098,
    "loss": entropy(replica.perceptron("binary", loss="toy-slope", margin=0.3, beta=1.5)),
    "activation": number(replica.capacity(replica.committee(activation="toy-cubic", margin=1.0))),
    "data": entropy(replica.perceptron("binary", margin=0.5, labels="toy-helped")),
    "ansatz": entropy(replica.perceptron("binary"), ansatz="toy-half"),
    "threshold": [lines["capacity"].values.tolist(), lines["toy-double"].values.tolist()],
    "algorithm": list(runs["weights"].shape),
}))
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The package with a toy of each kind."""
    home = tmp_path_factory.mktemp("copy")
    shutil.copytree(ROOT / "replica", home / "replica")  # compiled kernels too
    for folder, text, line in KINDS.values():
        (home / "replica" / folder / "toy.py").write_text(text, encoding="utf-8")
        front = home / "replica" / folder / "__init__.py"
        front.write_text(f"{front.read_text(encoding='utf-8')}{line}\n", encoding="utf-8")
    (home / "replica" / "cli" / "toy.py").write_text(toys.VERB_FILE, encoding="utf-8")
    table = (home / VERBS).read_text(encoding="utf-8")
    (home / VERBS).write_text(table.replace("VERBS = {", f"VERBS = {{\n{ENTRY}", 1), encoding="utf-8")
    yield home
    shutil.rmtree(home)


@pytest.fixture(scope="module")
def found(copy: Path) -> dict[str, Any]:
    """What the use of the copy prints: the answer of the verb, then numbers."""
    environment = os.environ | {"PYTHONPATH": f"{copy}{os.pathsep}{ROOT}"}
    done = subprocess.run(
        [sys.executable, "-c", USE], capture_output=True, text=True, check=True, env=environment, cwd=copy
    )
    verb, numbers = done.stdout.splitlines()[-2:]
    return json.loads(numbers) | {"verb": float(verb)}


def known(kind: str) -> Any:
    """The same of a member that the package has (of weights up to ln 3), or of a function of the user's own."""
    binary = replica.perceptron("binary")
    if kind == "weights":
        return replica.solve(replica.perceptron("ternary", margin=0.4), alpha=0.3).entropy
    if kind == "loss":
        return replica.solve(replica.perceptron("binary", loss="hinge", margin=0.3, beta=1.5), alpha=0.3).entropy
    if kind == "activation":
        return replica.capacity(replica.committee(activation=lambda x: x**3, margin=1.0)).value
    if kind == "data":
        return replica.solve(replica.perceptron("binary", margin=0.2), alpha=0.3).entropy
    return replica.solve(binary, alpha=0.15).entropy


@pytest.mark.parametrize("kind", ["weights", "loss", "activation", "data", "ansatz"])
def test_members(found: dict[str, Any], kind: str) -> None:
    assert found[kind] == pytest.approx(float(known(kind)), rel=1e-8)


def test_a_threshold_an_algorithm_and_a_verb(found: dict[str, Any]) -> None:
    capacity, double = found["threshold"]
    assert double == pytest.approx([2 * value for value in capacity], rel=1e-15)
    assert found["algorithm"] == [2, 9]
    assert found["verb"] == 0.3
