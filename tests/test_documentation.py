"""The sources of the documentation: every public name has a page, every link a target, every example runs."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import replica

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.glob("*.md"), *DOCS.glob("theory/*.md"), *DOCS.glob("howto/*.md"), ROOT / "CONTRIBUTING.md"])
SCRIPTS = sorted(DOCS.glob("gallery/*.py"))
MADE = "generated/"  # what the build puts there
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)

WITH_PYTHON = [page for page in PAGES if BLOCK.search(page.read_text(encoding="utf-8"))]


def targets(page: Path) -> list[str]:
    """Where the links, cards, inclusions and tables of contents of a page point to within the documentation."""
    text = page.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#\s]+)", text) + re.findall(r"^:link: (\S+)", text, re.MULTILINE)
    links += re.findall(r"^```\{include\} (\S+)", text, re.MULTILINE)
    for body in re.findall(r"^```\{toctree\}\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        links += [line.strip() for line in body.splitlines() if line.strip() and not line.startswith(":")]
    return [link for link in links if "://" not in link]


def exists(page: Path, target: str) -> bool:
    return MADE in target or any((page.parent / (target + suffix)).is_file() for suffix in ("", ".md"))


def test_every_public_name_has_a_page() -> None:
    listed = set((DOCS / "api.md").read_text(encoding="utf-8").split())
    assert set(replica.__all__) - {"__version__"} - listed == set()


def test_links_have_targets() -> None:
    broken = [f"{page.relative_to(ROOT)}: {link}" for page in PAGES for link in targets(page) if not exists(page, link)]
    assert broken == []


def test_every_notebook_and_every_table_of_the_benchmarks_is_shown() -> None:
    pages = (DOCS / "accuracy.md", DOCS / "tutorials.md")
    shown = {(DOCS / link).resolve() for page in pages for link in targets(page)}
    tutorials = {path.name for path in shown if path.parent.name == "tutorials"}
    assert {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")} == tutorials
    assert set((ROOT / "benchmarks" / "results").glob("*.md")) <= shown


def test_every_page_is_in_a_table_of_contents() -> None:
    known = {(page.parent / link).resolve() for page in PAGES for link in targets(page)}
    lost = [page for page in PAGES if page.is_relative_to(DOCS) and page.with_suffix("") not in known]
    assert [page.name for page in lost] == ["index.md"]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_scripts_of_the_gallery_are_small_and_named_after_their_figure(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    title, underline, *_ = (ast.get_docstring(ast.parse(text)) or "").splitlines()
    assert len(text.splitlines()) <= 60
    assert underline == "=" * len(title)
    assert text.endswith(f'figure.savefig("{script.stem}.png")\n')
    assert re.search(r"\(\d{4}\)", text), "the work that introduced it, with its year"


@pytest.mark.bench
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_scripts_of_the_gallery_run(script: Path, tmp_path: Path) -> None:
    environment = os.environ | {"MPLBACKEND": "Agg", "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error::RuntimeWarning"}
    subprocess.run([sys.executable, str(script)], cwd=tmp_path, env=environment, check=True, timeout=300)
    assert (tmp_path / f"{script.stem}.png").stat().st_size > 10_000


@pytest.mark.usefixtures("own_members")
@pytest.mark.parametrize("page", WITH_PYTHON, ids=lambda page: page.stem)
def test_python_on_a_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The blocks of a page in one namespace, in order."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    space = {"__name__": "__main__"}
    for block in BLOCK.findall(page.read_text(encoding="utf-8")):
        exec(compile(block, str(page), "exec", dont_inherit=True), space)
