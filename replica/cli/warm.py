"""``replica warm``: kernels compiled ahead of the first question; they are kept on disk."""

from __future__ import annotations

import contextlib
import io

import click

from replica.cli._main import NOT_SOLVED, main
from saddlepoint import sweep

#: what all need: so many loads that also the kernels are compiled which few rows leave interpreted
FIRST = "sweep perceptron --alpha 0.1:0.8:1100 --observables entropy"
#: one small question for each family of kernels that the common verbs need
THEN = (
    "local-entropy perceptron --alpha 0.5 --distance 0.1",
    "franz-parisi perceptron --alpha 0.5 --distance 0.1 --reference 0.2",
    "solve perceptron --loss error-count --beta 2 --alpha 0.5",
    "capacity perceptron",
    "capacity perceptron --weights spherical",
    "sweep mixture --loss logistic --alpha 1,2 --observables generalization_error",
    "sweep mixture --loss hinge --alpha 1,2 --observables generalization_error",
    "solve perceptron --weights ternary --alpha 0.3",
)


@click.command("warm")
def command() -> int:
    """Compile the common kernels on all cores.

    So that the first answer comes at once. Exit code 1 where a question is not answered, or nothing can be kept.

    Example: replica warm
    """
    from saddlepoint._compiler import kept_in  # brings numba, which `replica --help` has no need of

    if kept_in() is None:
        nowhere = "compiled kernels cannot be kept: no folder can be written (NUMBA_CACHE_DIR may name one)"
        click.echo(f"replica: {nowhere}", err=True)
        return NOT_SOLVED
    click.echo("compiling kernels for the common verbs, on all cores: up to a minute", err=True)
    said = [answer(FIRST), *sweep(answer, THEN, workers=-1, progress=False)]
    missing = [f"replica: {reason}" for reason in said if reason]
    click.echo("\n".join(missing or [f"compiled what {len(said)} questions to the common verbs need"]), err=True)
    return NOT_SOLVED if missing else 0


def answer(question: str) -> str:
    """Ask in this process; why there is no answer, or nothing."""
    words = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(words):
        code = main(question.split())
    if code == 0:
        return ""
    reason = (words.getvalue().strip().splitlines() or ["it said nothing"])[-1].removeprefix("replica: ")
    return f"not compiled what 'replica {question}' needs: exit code {code}, {reason}"
