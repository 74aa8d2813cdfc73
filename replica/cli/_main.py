"""The entry point: the table of verbs, sentences for what went wrong, exit codes. No verb lives here."""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from replica._installed import load_members
from replica._version import __version__

#: verb -> module and name of its command; a module is imported when its verb is called
VERBS = {
    "solve": "replica.cli.solve:command",
    "capacity": "replica.cli.thresholds:capacity",
    "max-margin": "replica.cli.thresholds:max_margin",
    "at-line": "replica.cli.thresholds:at_line",
    "spinodal": "replica.cli.thresholds:spinodal",
    "specialization": "replica.cli.thresholds:specialization",
    "transition": "replica.cli.thresholds:transition",
    "freezing": "replica.cli.thresholds:freezing",
    "dynamic-transition": "replica.cli.glass:dynamic",
    "static-transition": "replica.cli.glass:static",
    "gardner-line": "replica.cli.glass:gardner",
    "complexity": "replica.cli.glass:states",
    "optimal-penalty": "replica.cli.optimal_penalty:command",
    "threshold": "replica.cli.threshold:command",
    "local-entropy-threshold": "replica.cli.local_thresholds:threshold",
    "isolation": "replica.cli.local_thresholds:isolated",
    "flatness": "replica.cli.flatness:command",
    "franz-parisi": "replica.cli.franz_parisi:command",
    "local-entropy": "replica.cli.local_entropy:command",
    "overlap-gap": "replica.cli.local_entropy:gap",
    "path": "replica.cli.star_shape:path",
    "kernel-margin": "replica.cli.star_shape:kernel",
    "convex-margin": "replica.cli.star_shape:convex",
    "sweep": "replica.cli.sweep:command",
    "diagram": "replica.cli.diagram:command",
    "special-points": "replica.cli.special_points:command",
    "simulate": "replica.cli.simulate:command",
    "compare": "replica.cli.compare:command",
    "success-threshold": "replica.cli.success:command",
    "kernel": "replica.cli.wide:kernel",
    "kernel-regression": "replica.cli.wide:regression",
    "critical-points": "replica.cli.wide:critical",
    "descent": "replica.cli.descent:command",
    "learn": "replica.cli.learn:command",
    "certify": "replica.cli.certify:command",
    "enclose": "replica.cli.enclose:command",
    "list": "replica.cli.listing:command",
    "cite": "replica.cli.cite:command",
    "demo": "replica.cli.demo:command",
    "explore": "replica.cli.explore:command",
    "warm": "replica.cli.warm:command",
}

ANSWERED, NOT_SOLVED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130


class Verbs(click.Group):
    """The commands of `VERBS`, imported on demand."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, context: click.Context, name: str) -> click.Command:
        if name not in VERBS:
            from replica._checks import suggest

            raise ValueError(f"unknown verb {name!r}; {suggest(name, VERBS)}")
        load_members()
        module, attribute = VERBS[name].split(":")
        return getattr(importlib.import_module(module), attribute)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """The first sentences of the verbs, read from their sources: to import all that computes takes long."""
        wide = formatter.width - max(map(len, VERBS)) - 6
        verbs = [click.Command(name, help=docstring(where)) for name, where in VERBS.items()]
        with formatter.section("Commands"):
            formatter.write_dl([(str(verb.name), verb.get_short_help_str(wide)) for verb in verbs])

    def invoke(self, context: click.Context) -> Any:
        try:
            with interrupts():
                return super().invoke(context)
        except KeyboardInterrupt:
            return _complain("interrupted", INTERRUPTED)


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="replica", message="%(prog)s %(version)s")
def application() -> None:
    """Replica theory of learning: saddle points, thresholds and phase diagrams of perceptrons.

    Usage is `replica VERB MODEL [options]`, as in `replica capacity perceptron --weights binary`; `replica
    VERB MODEL --help` shows the options of a verb for a model and `replica list` all names.
    """


def docstring(where: str) -> str:
    """The docstring of ``module:function``, without importing the module."""
    module, name = where.split(":")
    source = importlib.util.find_spec(module)
    assert source is not None and source.origin is not None
    tree = ast.parse(Path(source.origin).read_text(encoding="utf-8"))
    return next(
        ast.get_docstring(node) or "" for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        The words after ``replica``; those of the process by default.

    Returns
    -------
    int
        0 answered, 1 not solved, 2 wrong usage (one sentence on stderr), 130 interrupted.

    Examples
    --------
    >>> from replica.cli import main
    >>> main(["--version"])  # doctest: +ELLIPSIS
    replica ...
    0
    """
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        try:
            words = None if arguments is None else list(arguments)
            result = application.main(args=words, prog_name="replica", standalone_mode=False)
        except click.exceptions.NoArgsIsHelpError as empty:
            click.echo(empty.format_message(), err=True)
            return WRONG_USAGE
        except click.ClickException as wrong:
            return _complain(_sentence(wrong), WRONG_USAGE)
        except ValueError as wrong:
            from replica.cli._words import in_the_shell  # knows all members

            return _complain(in_the_shell(str(wrong), VERBS), WRONG_USAGE)
        except RuntimeError as stopped:
            from saddlepoint import SweepFailed

            if not isinstance(stopped, SweepFailed):
                raise
            return _complain(str(stopped), NOT_SOLVED)
        except MemoryError:
            return _complain("there is not enough memory for this; ask for fewer points or a smaller n", NOT_SOLVED)
        except click.Abort:
            return _complain("interrupted", INTERRUPTED)
        except BrokenPipeError:
            # the reader of a pipe has gone: the interpreter must not try to flush to it at exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return NOT_SOLVED
    return int(result or ANSWERED)


@contextlib.contextmanager
def interrupts() -> Iterator[None]:
    """Let an interrupt be one: when it comes as compiled code returns, Python hides it in an error."""
    try:
        yield
    except SystemError as error:
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, KeyboardInterrupt):
            cause = cause.__cause__ or cause.__context__
        if cause is None:
            raise
        raise KeyboardInterrupt from error


def _complain(sentence: str, code: int) -> int:
    click.echo(f"replica: {sentence}", err=True)
    return code


def _sentence(wrong: click.ClickException) -> str:
    """One sentence for a complaint of the parser, with the nearest valid name."""
    context = getattr(wrong, "ctx", None)
    if isinstance(wrong, click.NoSuchOption) and context is not None:
        from replica._checks import nearest, suggest
        from replica.cli._models import models_with

        flags = [flag for parameter in context.command.get_params(context) for flag in parameter.opts]
        names = [flag for flag in flags if flag[0] == "-"]
        if nearest(wrong.option_name, names, 0.7) is None and (others := models_with(wrong.option_name)):
            return f"{wrong.option_name} is an option of {', '.join(others)}, not of {context.command.name}"
        return f"unknown option {wrong.option_name!r}; {suggest(wrong.option_name, names)}"
    if isinstance(wrong, click.MissingParameter) and wrong.param is not None and context is not None:
        what = f"option {wrong.param.opts[0]}" if isinstance(wrong.param, click.Option) else wrong.param.metavar
        return f"missing {what} (see {context.command_path} --help)"
    return " ".join(wrong.format_message().split())


def _show_warning(
    message: Any, category: Any, filename: str, lineno: int, file: Any = None, line: Any = None
) -> None:
    click.echo(f"replica: warning: {message}", err=True)
