"""The package as a whole: public names, docstrings, light imports, version, house rules; no numbers here."""

from __future__ import annotations

import ast
import configparser
import importlib
import importlib.metadata
import inspect
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("saddlepoint", "replica")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
HEAVY = ("joblib", "matplotlib", "mpmath", "numba", "pandas", "scipy", "xarray")
MAX_LINES = 300

# One letter of each word stands in brackets, so that this file passes its own test.
FORBIDDEN_WORDS = [
    r"\bTO[D]O\b",
    r"\bFIX[M]E\b",
    r"\bX[X]X\b",
    r"\bA[I]\b",
    r"(?i)\bag[e]nts?\b",
    r"(?i)\biss[u]es?\b",
    r"(?i)(?<!scope=\")\bsess[i]ons?\b",
    r"(?<![\w.])/(wor[k]|tm[p]|roo[t]|hom[e])\b",
]
FORBIDDEN_CODE = [
    r"# no[q]a",
    r"\bNotImplemented[E]rror\b",
    r"\bexcept\s*[:]",
    r"\bexcept \(?(Base)?[E]xception\b",
    r"\bimport [*]",
    r"\bpytest\.(mark\.)?([s]kip|[x]fail|[i]mportorskip)",
]
TEXT_SUFFIXES = {".cff", ".cfg", ".in", ".ipynb", ".json", ".md", ".py", ".toml", ".txt", ".yaml", ".yml", ""}
CACHES = {".git", ".ipynb_checkpoints", ".mypy_cache", ".pytest_cache", ".ruff_cache", "__pycache__"}
GENERATED = CACHES | {"build", "demo", "dist", "generated", "htmlcov", "replica-demo"}


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def modules() -> list[ModuleType]:
    return [importlib.import_module(module_name(path)) for path in SOURCES if path.name != "__main__.py"]


def is_generated(folder: Path) -> bool:
    environment = (folder / "pyvenv.cfg").exists()
    return environment or folder.name in GENERATED or folder.suffix == ".egg-info"


def tree(folder: Path = ROOT) -> Iterator[Path]:
    """The text files of the project, without what is generated."""
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            if not is_generated(path):
                yield from tree(path)
        elif path.suffix in TEXT_SUFFIXES and not path.name.startswith(".coverage") and path.name not in CACHES:
            yield path


def text_of(path: Path) -> str:
    """The text a person wrote: of a notebook the cells, not the stored figures."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        return "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
    return text


def matches(path: Path, patterns: list[str]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for number, line in enumerate(text_of(path).splitlines(), start=1)
        if any(re.search(pattern, line) for pattern in patterns)
    ]


def test_public_names_exist_and_are_not_shadowed_by_modules() -> None:
    loaded = modules()
    listed = [(module, name) for module in loaded for name in getattr(module, "__all__", ())]
    assert {module.__name__ for module, _ in listed} >= set(PACKAGES)
    assert [f"{module.__name__}.{name}" for module, name in listed if not hasattr(module, name)] == []
    public = [(module, name) for module, name in listed if module.__name__ in PACKAGES]
    assert [f"{m.__name__}.{name}" for m, name in public if isinstance(getattr(m, name), ModuleType)] == []


def test_every_folder_of_modules_is_a_package() -> None:
    folders = {path.parent for path in SOURCES}
    bare = [folder for folder in folders if not (folder / "__init__.py").exists()]
    assert [str(folder.relative_to(ROOT)) for folder in bare] == []


def test_every_module_begins_with_a_docstring() -> None:
    def begins_well(path: Path) -> bool:
        parsed = ast.parse(path.read_text(encoding="utf-8"))
        return bool((ast.get_docstring(parsed) or "").strip()) and parsed.body[0].lineno == 1

    assert [str(path.relative_to(ROOT)) for path in SOURCES if not begins_well(path)] == []


def test_files_are_short() -> None:
    """Under 300 lines, unless a line reads ``# kernel file``."""
    lines = {path: path.read_text(encoding="utf-8").splitlines() for path in SOURCES}
    long = [path for path, text in lines.items() if len(text) >= MAX_LINES and "# kernel file" not in text]
    assert [str(path.relative_to(ROOT)) for path in long] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_import_is_light(package: str) -> None:
    code = f"import sys, {package}; print(*(name for name in {HEAVY} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


TOLD = ["--version", "--help", "list", "sweep --help", "learn --help", "warm --help", "solve parity --help"]


@pytest.mark.parametrize("words", TOLD)
def test_what_the_shell_only_tells_is_light(words: str) -> None:
    code = f"import sys; from replica.cli import main; main({words.split()}); "
    code += f"print(*(name for name in {HEAVY} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == ""


def test_a_folder_does_not_hide_the_function_of_its_name_and_others_are_found_by_name() -> None:
    code = "import replica, replica.simulate.compare; "
    code += "print(replica.simulate.__name__, replica.losses.Loss.family, replica.mixture.from_data.__name__, "
    code += "hasattr(replica, 'fold'))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["simulate", "loss", "from_data", "False"]


def test_saddlepoint_does_not_import_replica() -> None:
    code = "import sys, saddlepoint; print('replica' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_no_forbidden_words() -> None:
    assert [hit for path in tree() for hit in matches(path, FORBIDDEN_WORDS)] == []


def test_no_forbidden_code() -> None:
    files = [path for path in tree() if path.suffix in {".py", ".ipynb"}]
    assert [hit for path in files for hit in matches(path, FORBIDDEN_CODE)] == []


def test_versions_agree() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    version = importlib.import_module("replica").__version__
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.dev\d+|rc\d+)?", version)
    assert importlib.metadata.version(config["metadata"]["name"]) == version
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\n## [{version}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f'\n  version: "{version}"\n' in (ROOT / "conda" / "recipe.yaml").read_text(encoding="utf-8")


def test_the_recipe_of_conda_needs_what_the_metadata_needs() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    extras = config["options.extras_require"]
    optional = [extras[name] for name in ("learn", "cluster", "netcdf", "enclosures", "explore")]
    recipe = (ROOT / "conda" / "recipe.yaml").read_text(encoding="utf-8")
    named = {"matplotlib": "matplotlib-base", "dask[distributed]": "dask-core"}

    def needed(text: str) -> set[tuple[str, str]]:
        pairs = [line.split(">=") for line in text.split()]
        return {(named.get(name, name), version) for name, version in pairs}

    def written(part: str) -> set[tuple[str, str]]:
        lines = recipe.split(f"\n  {part}:\n")[1].split("\n\n")[0].split("\n  run_constraints:")[0]
        return set(re.findall(r"- ([\w-]+) >=([\d.]+)", lines))

    assert written("run") == needed(config["options"]["install_requires"]) | {("python", "3.11")}
    assert written("run_constraints") == needed("\n".join(optional)) | {("distributed", "2024.1")}


def test_every_version_of_python_that_is_named_is_tested() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    named = re.findall(r"Python :: (3\.\d+)", config["metadata"]["classifiers"])
    tested = (ROOT / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8")
    assert f"python: {json.dumps(named)}" in tested


def test_console_script_prints_the_version() -> None:
    script = Path(sys.executable).with_name("replica")
    done = subprocess.run([script, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.split()[-1] == importlib.import_module("replica").__version__


VERBS = (
    *("solve", "capacity", "max_margin", "at_line", "spinodal", "transition", "freezing", "optimal_penalty", "sweep"),
    *("diagram", "franz_parisi", "local_entropy", "local_entropy_threshold", "isolation", "overlap_gap", "flatness"),
    *("margin_distribution", "generalization_error", "stability", "simulate", "compare", "success_threshold", "plot"),
    *("load", "threshold", "path", "kernel_margin", "convex_margin"),
)


def test_editors_see_every_name_and_the_types_of_the_answers() -> None:
    """Each name is exported to type checkers from where it is defined, and the package says that it is typed."""
    stub = ast.parse((ROOT / "replica" / "__init__.pyi").read_text(encoding="utf-8"))
    names = [(node.module, alias) for node in stub.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert [alias.name for _, alias in names if alias.asname != alias.name] == []
    replica = importlib.import_module("replica")
    assert {alias.name for module, alias in names if module != "replica"} == set(replica.__all__)
    assert all(hasattr(importlib.import_module(str(module)), alias.name) for module, alias in names)
    assert (ROOT / "replica" / "py.typed").exists() and (ROOT / "saddlepoint" / "py.typed").exists()
    assert [name for name in VERBS if inspect.signature(getattr(replica, name)).return_annotation in ("Any", "")] == []
