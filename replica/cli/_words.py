"""Sentences of the library in words of the shell: options instead of arguments, names instead of classes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from replica.ansatz import Ansatz
from replica.architectures import Activation, Architecture
from replica.data import Data
from replica.losses import Loss
from replica.weights import Weights

FAMILIES: tuple[Any, ...] = (Ansatz, Activation, Architecture, Data, Loss, Weights)


def in_the_shell(sentence: str, verbs: Iterable[str]) -> str:
    """``RSB(m=2.0)`` is ``1rsb:m=2.0``, ``labels='teacher'`` is ``--labels teacher``, ``replica.sweep`` a verb.

    Examples
    --------
    >>> in_the_shell("transition needs a teacher: labels='teacher'", ())
    'transition needs a teacher: --labels teacher'
    """
    names = {member.__name__: name for family in FAMILIES for name, member in family.registry.items()}
    held = {member.__name__ for member in Ansatz.registry.values()}
    verbs = tuple(verbs)

    def member(found: re.Match[str]) -> str:
        name, inside = names[found[1]], found[2]
        if found[1] in held:
            return name + (":" + inside.replace(" ", "") if inside else "")
        return f"{name}({inside})" if inside else name

    def verb(found: re.Match[str]) -> str:
        name = found[1].replace("_", "-")
        return f"replica {name}" if name in verbs else found[0]

    classes = "|".join(map(re.escape, names))
    sentence = re.sub(rf"\b({classes})\(([^()]*)\)", member, sentence)
    sentence = re.sub(r"\breplica\.(\w+)(?:\(\))?", verb, sentence)
    sentence = re.sub(r"(?<![\w(-])(\w+)='([\w-]+)'", lambda f: f"--{f[1].replace('_', '-')} {f[2]}", sentence)
    return re.sub(r"(?<![\w(-])(\w+)=\.\.\.", lambda f: f"--{f[1].replace('_', '-')} ...", sentence)
