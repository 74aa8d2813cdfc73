"""The shape of the house: which way imports go, who may name whom, and that a new member of a family is one file."""

from __future__ import annotations

import ast
import functools
import importlib.util
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import replica
from replica.ansatz import Ansatz
from replica.architectures import Activation, Architecture
from replica.cli import main
from replica.cli._main import VERBS
from replica.data import Data
from replica.losses import Loss
from replica.simulate.algorithms import Algorithm
from replica.thresholds import LINES
from replica.weights import Weights
from tests.contracts import toys

ROOT = Path(__file__).parents[1]
FAMILIES = {
    "weights": Weights, "losses": Loss, "architectures": Architecture, "data": Data, "ansatz": Ansatz,
    "activations": Activation,
}
#: names of shorthands, of an option of simulations and of a data type, which members share
SHORTHANDS = {"perceptron", "committee", "parity", "mixture", "clusters", "covariates", "random-features", "sign",
              "linear"}  # fmt: skip
#: the folder of a family that is not called like it
FOLDERS = {"activations": "architectures"}
FAMILIES["simulate/algorithms"] = Algorithm

#: rooms of `replica` from the ground up: a room may import itself and what stands before it. A file or folder of
#: `replica/` is a room, and so is one of `ansatz/`
ORDER = [
    {"_version", "_checks", "_installed"}, {"_registry", "exact"}, {"files"}, {"weights", "losses"}, {"data"},
    {"architectures"}, {"models"}, {"solution"},
    {"ansatz.base", "ansatz.coverage", "ansatz.cavity", "ansatz.differences"},
    {"ansatz.zero_temperature_certified", "ansatz.annealed"}, {"ansatz.zero_temperature"},
    {"ansatz.erm", "ansatz.pair"}, {"ansatz.rs"}, {"ansatz.franz_parisi"}, {"ansatz.replicated"}, {"ansatz.rsb"},
    {"ansatz"}, {"verbs"}, {"observables"}, {"thresholds"}, {"landscape"}, {"simulate"}, {"wide"}, {"sweeps"},
    {"real_data"}, {"plots"}, {"demo"}, {"explore"}, {"cli"},
]
RANK = {room: rank for rank, rooms in enumerate(ORDER) for room in rooms}
#: where members may be named outside their family: the public face, defaults and shorthands, a user of the public face
MAY_NAME = {"__init__.py", "models/model.py", "models/priced.py", "models/committees.py", "models/mixtures.py",
            "models/structured.py", "models/directions.py", "demo.py", "exact.py",
            *(f"explore/pages/{page}.py" for page in ("landscape", "clusters", "covariates", "negative"))}  # fmt: skip
#: and the one ansatz that is the default of every verb
#: and the algorithm that is the default of the verb
DEFAULT_ALGORITHM = {"simulate/run.py", "cli/simulate.py"}
DEFAULT_ANSATZ = {
    "verbs.py", "sweeps/sweep.py", "sweeps/diagram.py", "thresholds/__init__.py", "thresholds/penalty.py",
    "cli/_verb.py",
}


def sources(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


@functools.cache
def imports(path: Path) -> frozenset[str]:
    """Modules that a file imports anywhere, type checking included, functions included."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(found)


def importing(package: str, pattern: Callable[[str], bool]) -> set[str]:
    """Files of a package with an import that matches."""
    return {str(path.relative_to(ROOT)) for path in sources(package) if any(map(pattern, imports(path)))}


def within(name: str) -> Callable[[str], bool]:
    return lambda module: module == name or module.startswith(f"{name}.")


def test_the_engine_knows_no_physics() -> None:
    assert importing("saddlepoint", within("replica")) == set()


def test_plots_alone_import_matplotlib() -> None:
    everywhere = importing("replica", within("matplotlib")) | importing("saddlepoint", within("matplotlib"))
    assert everywhere
    assert {path for path in everywhere if not path.startswith("replica/plots/")} == set()


def test_nothing_imports_the_closed_forms() -> None:
    assert importing("replica", within("replica.exact")) == set()


def test_simulations_know_no_ansatz() -> None:
    """The independent witness: finite N shares no theory with what it checks."""
    theory = [f"replica.{room}" for room in ("ansatz", "solution", "verbs", "observables", "thresholds")]
    theory += [f"replica.{room}" for room in ("sweeps", "landscape", "exact")]
    files = {path for name in theory for path in importing("replica", within(name))}
    witness = {path for path in files if path.startswith("replica/simulate/")}
    assert witness <= {"replica/simulate/compare.py"}


def test_numba_has_one_doorway() -> None:
    assert importing("saddlepoint", within("numba")) == {"saddlepoint/_compiler.py"}
    assert importing("replica", within("numba")) == set()


def room_of(module: str) -> str:
    """The room of a module of replica; of the package itself its own name."""
    parts = module.split(".")[1:3]
    room = ".".join(parts)
    return room if room in RANK else (parts or [module])[0]


def test_imports_point_downwards() -> None:
    """One direction, never back: members, model, solution, ansatz, verbs, what reads them, drawing, command line."""
    back = set()
    for path in sources("replica"):
        here = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        if here in {"replica", "replica.__main__"}:
            continue
        room = room_of(here)
        assert room in RANK, f"{path}: give the room {room!r} its place in ORDER"
        for module in filter(within("replica"), imports(path)):
            target = room_of(module)
            if target in RANK and RANK[target] >= RANK[room] and target != room:
                back.add(f"{room} -> {target} ({path.relative_to(ROOT)})")
    assert back == set()


@pytest.mark.parametrize("folder", ["weights", "losses", "data", "architectures", "simulate/algorithms"])
def test_the_files_of_a_family_import_in_no_circle(folder: str) -> None:
    """Not for types either: what the helpers of a base need of it stands in a file of its own."""
    paths = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in sources(f"replica/{folder}")}
    below = {name: imports(path) & set(paths) for name, path in paths.items()}
    while free := [name for name, found in below.items() if not found]:
        below = {name: found - set(free) for name, found in below.items() if name not in free}
    assert sorted(below) == []


def test_one_file_reads_the_sentences_of_statuses() -> None:
    words = re.compile(r'(startswith|removeprefix)\([^()]*(\([^()]*\))?[^()]*["\'](not )?converged')
    reading = {str(path.relative_to(ROOT)) for path in sources("replica") if words.search(path.read_text("utf-8"))}
    assert reading == set()


def named_in(path: Path, classes: set[str], names: set[str]) -> Iterator[tuple[int, str]]:
    """Lines on which a file uses one of the classes, or has one of the names as a string that is no docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in classes:
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and node.attr in classes:
            yield node.lineno, node.attr
        elif isinstance(node, ast.Constant) and id(node) not in docstrings and node.value in names:
            yield node.lineno, str(node.value)


@pytest.mark.parametrize("family", FAMILIES)
def test_no_file_outside_a_family_names_its_members(family: str) -> None:
    """Whoever must tell members apart asks for a declared trait. Names of parameters and of shorthands are free."""
    members = FAMILIES[family].registry
    everything = [member for root in FAMILIES.values() for member in root.registry.values()]
    free = {name for member in everything for name in getattr(member, "parameters", {})} | SHORTHANDS
    free |= {*LINES, *VERBS}
    found = []
    for path in sources("replica"):
        place = path.relative_to(ROOT / "replica").as_posix()
        if place.startswith(f"{FOLDERS.get(family, family)}/") or place in MAY_NAME:
            continue
        default = {"RS", "rs"} if place in DEFAULT_ANSATZ else set()
        default |= {"enumeration"} if place in DEFAULT_ALGORITHM else set()
        classes = {member.__name__ for member in members.values()} - default
        found += [f"{place}:{line}: {name}" for line, name in named_in(path, classes, set(members) - free - default)]
    assert found == []


def asked_for(path: Path) -> Iterator[tuple[int, str]]:
    """Lines on which ``isinstance`` or a comparison of ``type(...)`` asks for a class, with the name of that class."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        asked: list[ast.expr] = []
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance":
            asked = node.args[1:]
        elif isinstance(node, ast.Compare) and ast.unparse(node.left).startswith("type("):
            asked = node.comparators
        for part in (part for one in asked for part in ast.walk(one)):
            if isinstance(part, ast.Name | ast.Attribute):
                yield node.lineno, part.id if isinstance(part, ast.Name) else part.attr


def test_no_file_outside_a_family_asks_for_the_class_of_a_member() -> None:
    """Not even the files that may name members: what a class of members has in common is a trait."""
    found = []
    for family, root in FAMILIES.items():
        classes = {member.__name__ for member in root.registry.values()}
        for path in sources("replica"):
            place = path.relative_to(ROOT / "replica").as_posix()
            if not place.startswith(f"{FOLDERS.get(family, family)}/"):
                found += [f"{place}:{line}: {name}" for line, name in asked_for(path) if name in classes]
    assert found == []


@pytest.fixture
def add(tmp_path: Path) -> Iterator[Callable[[str], ModuleType]]:
    """Write a file, import it as a stranger would; registries and modules are as before afterwards."""
    before = {family: dict(root.registry) for family, root in FAMILIES.items()}
    loaded: list[str] = []

    def load(text: str) -> ModuleType:
        path = tmp_path / f"toy_member_{len(loaded)}.py"
        path.write_text(text, encoding="utf-8")
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[path.stem] = module
        loaded.append(path.stem)
        spec.loader.exec_module(module)
        return module

    yield load
    for name in loaded:
        del sys.modules[name]
    for family, root in FAMILIES.items():
        root.registry.clear()
        root.registry.update(before[family])


def listed(capsys: pytest.CaptureFixture[str], table: str) -> dict[str, str]:
    """Names and summaries of one table of ``replica list``."""
    assert main(["list", "--json"]) == 0
    return {row["name"]: row["summary"] for row in json.loads(capsys.readouterr().out)[table]}


def test_new_weights(add: Callable[[str], ModuleType], capsys: pytest.CaptureFixture[str]) -> None:
    """Density 2/3 is ternary up to the normalisation ln 3 of the measure."""
    sparse = add(toys.WEIGHTS_FILE).Sparse
    model, known = replica.perceptron(sparse(2 / 3), margin=0.4), replica.perceptron("ternary", margin=0.4)
    solution, expected = replica.solve(model, alpha=0.5), replica.solve(known, alpha=0.5)
    assert solution["q"] == pytest.approx(expected["q"], rel=1e-11)
    assert solution.free_entropy == pytest.approx(expected.free_entropy - np.log(3), rel=1e-11)
    assert replica.stability(solution) == pytest.approx(replica.stability(expected), rel=1e-10)
    curve = replica.sweep(replica.perceptron("toy-sparse"), alpha=[0.2, 0.4], observables=["entropy", "Q"])
    assert np.all(np.diff(curve["entropy"]) < 0)
    threshold = replica.at_line(replica.perceptron(sparse(2 / 3)))
    assert threshold.value == pytest.approx(replica.at_line(replica.perceptron("ternary")).value, rel=1e-9)
    assert listed(capsys, "weights")["toy-sparse"] == "A toy: sparse signs."
    assert main(["solve", "perceptron", "--weights", "toy-sparse", "--alpha", "0.3", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["order_parameters"]["Q"] > 0


def test_new_loss(add: Callable[[str], ModuleType], capsys: pytest.CaptureFixture[str]) -> None:
    """Power 0 is the count of errors; power 1 is new and obeys thermodynamics."""
    slope = add(toys.LOSS_FILE).Slope
    flat = replica.solve(replica.perceptron("binary", loss=slope(0.2, 0.0), beta=1.5), alpha=0.5)
    known = replica.solve(replica.perceptron("binary", loss=replica.ErrorCount(0.2), beta=1.5), alpha=0.5)
    for name in ("q", "free_entropy", "energy", "training_error", "stability"):
        assert flat[name] == pytest.approx(known[name], rel=1e-8), name
    model = replica.perceptron("spherical", loss="toy-slope", margin=0.5, beta=1.5)
    curve = replica.sweep(model, alpha=0.7, beta=[1.49, 1.5, 1.51], observables=["free_entropy", "energy"])
    phi = curve["free_entropy"].values
    assert curve["energy"].values[1] == pytest.approx((phi[0] - phi[2]) / 0.02, rel=1e-4)
    cold = replica.solve(model.with_parameters(beta=np.inf), alpha=3.0)
    hinge = replica.solve(replica.perceptron("spherical", loss=replica.Hinge(0.5)), alpha=3.0)
    assert cold.energy == pytest.approx(hinge.energy, rel=1e-10)
    concave = replica.perceptron("spherical", loss=slope(0.2, 0.5))
    with pytest.raises(ValueError, match="not convex.*Slope"):
        replica.solve(concave, alpha=0.7)
    with pytest.raises(ValueError, match="Slope"):
        replica.capacity(concave)
    assert listed(capsys, "losses")["toy-slope"] == "A toy: the violation to some power."
    line = "sweep perceptron --loss toy-slope --margin 0.1,0.4 --beta 2 --alpha 0.3 --json"
    assert main(line.split()) == 0
    assert np.shape(json.loads(capsys.readouterr().out)["entropy"]) == (2,)


@pytest.mark.parametrize("labels", ["random", "teacher"])
@pytest.mark.parametrize("weights", ["binary", "spherical", "ternary"])
def test_new_architecture(
    add: Callable[[str], ModuleType], capsys: pytest.CaptureFixture[str], weights: str, labels: str
) -> None:
    """Twice the field at twice the margin is the perceptron."""
    add(toys.ARCHITECTURE_FILE)
    known = replica.perceptron(weights, margin=0.3, labels=labels)
    model = replica.Model(weights=weights, loss=replica.Margin(0.6), architecture="toy-stretched", data=known.data)
    solution, expected = replica.solve(model, alpha=0.4), replica.solve(known, alpha=0.4)
    for name in expected.batch.names:
        assert solution[name] == pytest.approx(expected[name], rel=1e-9, abs=1e-11), name
    assert replica.capacity(model).value == pytest.approx(replica.capacity(known).value, rel=1e-10)
    assert "toy-stretched" in listed(capsys, "architectures")


def test_new_data(add: Callable[[str], ModuleType], capsys: pytest.CaptureFixture[str]) -> None:
    """All patterns shifted is a smaller margin; half of them lies between."""
    helped = add(toys.DATA_FILE).Helped
    model = replica.perceptron("binary", margin=0.5, labels=helped(0.3))
    solution = replica.solve(model, alpha=0.4)
    expected = replica.solve(replica.perceptron("binary", margin=0.2), alpha=0.4)
    for name in ("q", "q_hat", "free_entropy", "stability"):
        assert solution[name] == pytest.approx(expected[name], rel=1e-12), name
    half = replica.solve(replica.perceptron("binary", margin=0.5, labels=helped(0.3, 0.5)), alpha=0.4)
    none = replica.solve(replica.perceptron("binary", margin=0.5), alpha=0.4)
    assert none.free_entropy < half.free_entropy < solution.free_entropy
    curve = replica.sweep(model, alpha=0.4, shift=[0.0, 0.3], observables=["free_entropy"])
    assert np.allclose(curve["free_entropy"], [none.free_entropy, solution.free_entropy], rtol=1e-12)
    threshold = replica.capacity(model)
    assert threshold.value == pytest.approx(replica.capacity(replica.perceptron("binary", margin=0.2)).value, rel=1e-11)
    assert listed(capsys, "data")["toy-helped"] == "A toy: shifted patterns."
    assert main(["solve", "perceptron", "--labels", "toy-helped", "--alpha", "0.3", "--json"]) == 0


@pytest.mark.parametrize(("share", "weights"), [(1.0, "binary"), (0.4, "spherical"), (1.0, "ternary")])
def test_new_data_and_weights_are_not_taken_for_known_ones(
    add: Callable[[str], ModuleType], share: float, weights: str
) -> None:
    helped = add(toys.DATA_FILE).Helped(shift=0.3, share=share)
    model = replica.perceptron(weights, margin=0.5, labels=helped)
    vector = replica.Reference(model=replica.perceptron("spherical", loss="logistic", labels=helped))
    for options in ({}, {"reference": vector}, {"reference": "max"}, {"ansatz": "annealed"}):
        with pytest.raises(ValueError, match="Helped"):
            replica.franz_parisi(model, alpha=0.3, distance=[0.1], **options)
    with pytest.raises(ValueError, match="Helped"):
        replica.isolation(replica.perceptron("binary", margin=0.5, labels=helped), alpha=0.3)
    sparse = add(toys.WEIGHTS_FILE).Sparse()
    with pytest.raises(ValueError, match="Sparse"):
        replica.franz_parisi(replica.perceptron(sparse), alpha=0.3, distance=[0.1])


def test_new_ansatz(add: Callable[[str], ModuleType], capsys: pytest.CaptureFixture[str]) -> None:
    """Solved and swept as the file says; a threshold that the ansatz does not give is refused, not borrowed."""
    half = add(toys.ANSATZ_FILE).Half()
    model = replica.perceptron("binary")
    expected = replica.solve(model, alpha=0.3)
    assert replica.solve(model, alpha=0.6, ansatz=half).free_entropy == expected.free_entropy
    curve = replica.sweep(model, alpha=[0.2, 0.6], ansatz=half, observables=["q"])
    assert float(curve["q"][1]) == expected["q"]
    for threshold in (replica.capacity, replica.at_line, replica.spinodal):
        with pytest.raises(ValueError, match=r"Half|toy-half"):
            threshold(model, ansatz=half)
    assert listed(capsys, "ansatz")["toy-half"] == "A toy: the RS solution at half the load."
    assert main(["solve", "perceptron", "--alpha", "0.6", "--ansatz", "toy-half", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["value"] == pytest.approx(expected.free_entropy, rel=1e-14)


def test_new_algorithm(add: Callable[[str], ModuleType], capsys: pytest.CaptureFixture[str]) -> None:
    add(toys.ALGORITHM_FILE)
    runs = replica.simulate(replica.perceptron("binary"), algorithm="toy-guess", n=9, alpha=0.2, samples=3, seed=1)
    assert runs["weights"].shape == (3, 9)
    assert np.all(runs["solved"].values == (runs["training_error"].values == 0))
    assert listed(capsys, "algorithms")["toy-guess"] == "A toy: weights drawn at random."
    line = "simulate perceptron --algorithm toy-guess --n 9 --alpha 0.2 --samples 3 --seed 1 --set tries=1 --json"
    assert main(line.split()) == 0
    assert np.array_equal(json.loads(capsys.readouterr().out)["weights"], runs["weights"].values)


def test_the_first_moment_gives_its_own_thresholds_only() -> None:
    """An ansatz without a replicon must not answer with that of another."""
    with pytest.raises(ValueError, match="Annealed"):
        replica.at_line(replica.perceptron("binary"), ansatz=replica.Annealed())


def test_two_members_of_one_name_are_refused(add: Callable[[str], ModuleType]) -> None:
    add(toys.LOSS_FILE)
    with pytest.raises(TypeError, match="two members of the family loss are called 'toy-slope'"):
        add(toys.LOSS_FILE.replace("class Slope", "class Other"))
