"""The examples of the README run as they stand: Python blocks in order in one namespace, command lines one by one."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from replica.cli import main

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)[^\n]*\n(?P<body>.*?)^(?P=indent)```", re.DOTALL | re.MULTILINE)
SHELLS = {"sh", "bash", "console", "shell"}


def blocks(*languages: str) -> list[tuple[int, str]]:
    """Line number of the first line, and text, of each fenced block in one of the languages."""
    text = README.read_text(encoding="utf-8")
    found = []
    for match in FENCE.finditer(text):
        if match["language"] in languages:
            lines = [line.removeprefix(match["indent"]) for line in match["body"].splitlines()]
            found.append((text.count("\n", 0, match.start("body")) + 1, "\n".join(lines) + "\n"))
    return found


def commands() -> list[str]:
    """Command lines that call ``replica``, continuation lines joined; with placeholders in capitals they are none."""
    found = []
    for _, text in blocks(*SHELLS):
        for line in text.replace("\\\n", " ").splitlines():
            words = line.strip().removeprefix("$ ").split("#")[0].strip()
            if words.startswith("replica ") and not re.search(r"\b(VERB|MODEL|FILE|DIR)\b|\[|\.\.\.", words):
                found.append(words)
    return found


def test_the_readme_has_examples() -> None:
    assert README.exists(), "setup.cfg takes the long description from README.md"
    assert blocks("python")
    assert commands()


def promises(text: str) -> list[str]:
    """Numbers that a block says it prints: ``print(...)  # 0.8330``, a comment that begins with a decimal number."""
    return re.findall(r"^ *print\(.*\) +# (-?\d+\.\d+)", text, re.MULTILINE)


def shows(printed: str, promised: str) -> bool:
    """Whether a printed number agrees with the promised one in all the digits that are promised."""
    last_digit = 10.0 ** -len(promised.partition(".")[2])
    numbers = map(float, re.findall(r"-?\d+\.\d+(?:e[-+]?\d+)?", printed))
    return any(abs(number - float(promised)) <= 0.51 * last_digit for number in numbers)


@pytest.mark.usefixtures("own_members")
def test_python_blocks_run_in_order_and_print_what_they_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One namespace for all of them; an exception points at the line of the README."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    namespace = {"__name__": "__main__"}
    for line, text in blocks("python"):
        exec(compile("\n" * (line - 1) + text, str(README), "exec"), namespace)
        printed = capsys.readouterr().out
        for promised in promises(text):
            assert shows(printed, promised), f"line {line}: {promised} not in {printed}"


def test_command_lines_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each ends with exit status 0, in one folder, in order: a later one may read what an earlier one wrote.

    In this process: what processes do of their own is tested in `tests/cli/test_process.py`.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    for words in commands():
        assert main(shlex.split(words)[1:]) == 0, f"{words}\n{capsys.readouterr().err}"
