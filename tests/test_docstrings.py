"""Docstrings of public names are whole: sections, parameters, sources, limits of use, relatives, an example."""

from __future__ import annotations

import dataclasses
import functools
import importlib
import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest

import replica
from replica._registry import Member
from replica.ansatz import Ansatz
from replica.architectures import Activation, Architecture
from replica.data import Data
from replica.losses import Loss
from replica.simulate.algorithms import Algorithm
from replica.weights import Weights

FAMILIES: tuple[type[Member], ...] = (Weights, Loss, Architecture, Activation, Data, Ansatz, Algorithm)
#: numpydoc's order
ORDER = ["Parameters", "Attributes", "Returns", "Raises", "Warns", "See Also", "Notes", "References", "Examples"]
#: what a verb or a shorthand must have
VERB = ("Parameters", "Returns", "Raises", "See Also", "Examples")
#: and what an answer, an object that a verb returns or raises
ANSWER = ("Attributes", "See Also", "Examples")
LIMITS = re.compile(r"\bWhen not to (use|trust) it: \S")
#: verbs without physics: they draw, keep and read what others found, in files and figures that have no limits of use
HOUSEKEEPING = {"plot", "save", "load"}
#: members that no paper introduced: two activations whose kernels are one line, and functions of the user's own
SELF_EVIDENT = {"Identity", "Quadratic", "Custom"}


def sections(text: str) -> dict[str, str]:
    """Title -> text of the sections of a numpydoc docstring; what stands before them is ``""``."""
    parts = re.split(r"(?m)^([A-Z][A-Za-z ]+)\n-+$", text)
    return {"": parts[0]} | dict(zip(parts[1::2], parts[2::2], strict=True))


def documented(thing: Any) -> dict[str, str]:
    own = thing.__doc__ if inspect.isclass(thing) else None
    return sections(inspect.cleandoc(own) if own else inspect.getdoc(thing) or "")


def entries(section: str) -> set[str]:
    """The names that the entries of a section of parameters are headed by."""
    heads = [line.split(" : ")[0] for line in section.splitlines() if line and not line.startswith(" ")]
    return {name.strip() for head in heads for name in head.split(",")}


def members() -> dict[str, type[Any]]:
    """Every member of a family that the package itself brings, registered or made of a user's function."""
    found: dict[str, type[Any]] = {}
    for root in FAMILIES:
        found |= {f"{root.family}:{one.__name__}": one for one in root.registry.values()}
        home = importlib.import_module(root.__module__.rpartition(".")[0])
        kinds = [one for one in map(vars(home).get, home.__all__) if inspect.isclass(one) and issubclass(one, root)]
        found |= {f"{root.family}:{one.__name__}": one for one in kinds if dataclasses.is_dataclass(one)}
    return {name: one for name, one in found.items() if one.__module__.startswith("replica.")}


MEMBERS = members()
PUBLIC = {name: getattr(replica, name) for name in replica.__all__ if name != "__version__"}
VERBS = {name: one for name, one in PUBLIC.items() if inspect.isfunction(one)}
ANSWERS = {
    name: PUBLIC[name]
    for name in (
        "Enclosure", "KernelRegression", "NotEnclosed", "Quantity", "SeenCovariates", "ShapedClusters", "Solution",
        "SolveFailed", "Threshold", "TwoClusters", "WideKernel",
    )
}


def test_every_public_name_is_of_one_kind() -> None:
    """Nothing public escapes what follows."""
    inputs = {"Model", "Reference"}
    kinds = [set(VERBS), set(ANSWERS), inputs, {name for name in PUBLIC if PUBLIC[name] in MEMBERS.values()}]
    assert set.union(*kinds) == set(PUBLIC)
    assert sum(map(len, kinds)) == len(PUBLIC)


def missing(thing: Any, wanted: tuple[str, ...]) -> list[str]:
    """Sections that are absent, empty or out of order, and a summary that is not one line of its own."""
    found = documented(thing)
    faults = [title for title in wanted if not found.get(title, "").strip()]
    titles = [title for title in found if title]
    if titles != sorted(titles, key=ORDER.index):
        faults.append(f"the order of {titles}")
    if not re.match(r"[^\n]+\.(\n\n|$)", found[""].strip()):
        faults.append("a summary of one line that ends in a full stop")
    return faults


@pytest.mark.parametrize("name", MEMBERS)
def test_members_are_documented_whole(name: str) -> None:
    """A formula, parameters, where not to use it, relatives, the source, and a run."""
    member = MEMBERS[name]
    found = documented(member)
    fields = {field.name for field in dataclasses.fields(member) if field.init and field.repr}
    wanted = ("Parameters",) * bool(fields) + ("See Also",)
    wanted += () if member.__name__ in SELF_EVIDENT else ("References",)
    assert missing(member, (*wanted, "Examples")) == []
    assert "``" in found[""] or ".. math::" in found[""], "a formula"
    assert LIMITS.search(found[""]), "when not to use it"
    assert fields - entries(found.get("Parameters", "")) == set()
    assert ">>> " in found["Examples"]


@pytest.mark.parametrize("name", ("Model", "Reference"))
def test_inputs_are_documented_whole(name: str) -> None:
    thing = PUBLIC[name]
    assert missing(thing, ("Parameters", "Raises", "See Also", "Examples")) == []
    assert LIMITS.search(documented(thing)[""])
    assert {field.name for field in dataclasses.fields(thing)} - entries(documented(thing)["Parameters"]) == set()


@pytest.mark.parametrize("name", VERBS)
def test_verbs_are_documented_whole(name: str) -> None:
    """Every argument has its entry; the answer, the refusals, the limits, the relatives and an example are there."""
    verb = VERBS[name]
    nothing = inspect.signature(verb).return_annotation in (None, "None")
    assert missing(verb, tuple(title for title in VERB if not (nothing and title == "Returns"))) == []
    text = inspect.getdoc(verb) or ""
    assert name in HOUSEKEEPING or LIMITS.search(text), "when not to use it"
    given = {key for key, one in inspect.signature(verb).parameters.items() if one.kind is not one.VAR_KEYWORD}
    assert given - entries(documented(verb)["Parameters"]) == set()


@pytest.mark.parametrize("name", ANSWERS)
def test_answers_are_documented_whole(name: str) -> None:
    """Objects that verbs return: what they hold, attribute by attribute, and what one does with them."""
    answer = ANSWERS[name]
    assert missing(answer, ANSWER) == []
    held = {key for key, _ in attributes(answer) if not callable(getattr(answer, key, None))}
    if dataclasses.is_dataclass(answer):
        held |= {field.name for field in dataclasses.fields(answer) if field.init and field.repr}
    assert held - entries(documented(answer)["Attributes"]) == set()


def attributes(kind: type) -> Iterator[tuple[str, Any]]:
    """Public methods and properties that a class of the package defines."""
    for base in kind.__mro__:
        if base.__module__.startswith("replica.") and base is not Member:
            for name, one in vars(base).items():
                if not name.startswith("_") and isinstance(
                    one, (property, classmethod, functools.cached_property, type(attributes))
                ):
                    yield name, getattr(kind, name) if isinstance(one, classmethod) else one


@pytest.mark.parametrize("name", [*ANSWERS, "Model", "Reference"])
def test_methods_and_properties_say_what_they_are(name: str) -> None:
    assert sorted({key for key, one in attributes(PUBLIC[name]) if not (inspect.getdoc(one) or "").strip()}) == []


@pytest.mark.parametrize("name", [*MEMBERS, *VERBS, *ANSWERS, "Model", "Reference"])
def test_relatives_exist(name: str) -> None:
    """What ``See Also`` names is a public name, a member, or stands in the module of the docstring."""
    thing = MEMBERS.get(name) or PUBLIC[name]
    near = [importlib.import_module(module) for module in (thing.__module__, thing.__module__.rpartition(".")[0])]
    known = {*PUBLIC, *(one.__name__ for one in MEMBERS.values()), *(name for module in near for name in dir(module))}
    assert entries(documented(thing).get("See Also", "")) - known == set()
