"""``replica warm``: kernels compiled ahead of the first question; they are kept on disk."""

from __future__ import annotations

import contextlib
import io

import click

from replica.cli._main import main

#: one small question for each family of kernels that the common verbs need
FIRST = (
    "solve perceptron --alpha 0.5",
    "capacity perceptron --weights spherical",
    "solve perceptron --weights ternary --alpha 0.3",
    "solve perceptron --loss error-count --beta 2 --alpha 0.5",
    "sweep mixture --loss logistic --alpha 1,2 --observables generalization_error",
    "sweep mixture --loss hinge --alpha 1,2 --observables generalization_error",
    "franz-parisi perceptron --alpha 0.5 --distance 0.1 --reference 0.2",
    "local-entropy perceptron --alpha 0.5 --distance 0.1",
)


@click.command("warm")
def command() -> int:
    """Compile the kernels of the common verbs now.

    So that the first answer comes at once.

    Example: replica warm
    """
    for question in FIRST:
        with contextlib.redirect_stdout(io.StringIO()):
            main(question.split())
        click.echo(f"compiled what this needs: replica {question}", err=True)
    return 0
