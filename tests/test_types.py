"""What signatures and editors tell of the package: names complete, and public functions say what they return."""

import inspect
from collections.abc import Callable

import jedi
import pytest

import replica

FUNCTIONS = [name for name in replica.__all__ if inspect.isfunction(getattr(replica, name))]


def completed(*lines: str) -> list[str]:
    """The names that an editor offers at the end of a text, from the sources alone."""
    return [found.name for found in jedi.Script("\n".join(lines)).complete(len(lines), len(lines[-1]))]


def test_every_public_name_completes_also_those_that_load_on_first_use():
    assert completed("import replica", "replica.fra") == ["franz_parisi"]
    assert set(replica.__all__) - {"__version__"} <= set(completed("import replica", "replica."))


@pytest.mark.parametrize(
    ("call", "name"),
    [
        ("solve(replica.perceptron(), alpha=0.5)", "order_parameters"),
        ("capacity(replica.perceptron())", "bracket"),
        ("perceptron('binary')", "with_parameters"),
        ("stability(found)", "converged"),
    ],
)
def test_what_a_verb_returns_completes(call: str, name: str):
    assert completed("import replica", f"answer = replica.{call}", f"answer.{name[:5]}").count(name) == 1


@pytest.mark.parametrize("name", FUNCTIONS)
def test_public_functions_annotate_all_they_take_and_what_they_return(name: str):
    function: Callable[..., object] = getattr(replica, name)
    told = inspect.signature(function)
    assert told.return_annotation not in (inspect.Signature.empty, "Any", "object")
    assert [p.name for p in told.parameters.values() if p.annotation is inspect.Parameter.empty] == []
