"""What the argument ``ansatz`` of a verb stands for."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from replica._checks import shown
from replica.ansatz.base import Ansatz
from replica.ansatz.rs.ansatz import RS
from replica.ansatz.rsb.ansatz import RSB

_STEPS = re.compile(r"([0-9]+)rsb")


def ansatz_or_rs(given: Any) -> Ansatz:
    """The ansatz asked for, also by name, replica symmetry where none is; a sentence for anything else."""
    if isinstance(given, str):
        name, steps = with_steps(given)
        member: Any = Ansatz.find(name)
        found: Ansatz = member(**steps)
        return found
    if given is not None and not isinstance(given, Ansatz):
        raise ValueError(f"ansatz must be an Ansatz such as replica.RS(), got {shown(given)}")
    return RS() if given is None else given


def with_steps(name: str) -> tuple[str, dict[str, Any]]:
    """The name of an ansatz and the steps in it: ``2rsb``, ``3rsb``, ..., and ``full`` for all of them."""
    bare = name.lower().replace("-", "").replace("_", "")
    if bare == "full":
        return RSB.name, {"steps": np.inf}
    found = _STEPS.fullmatch(bare)
    return (name, {}) if found is None or bare == RSB.name else (RSB.name, {"steps": int(found[1])})


def ansatz_or_one_step(given: Any) -> Any:
    """The ansatz asked for, with one step of symmetry breaking where none is; a sentence for one without steps."""
    chosen = RSB() if given is None else ansatz_or_rs(given)
    if not isinstance(chosen, RSB) or chosen.steps != 1 or chosen.m is not None or chosen.q1 is not None:
        raise ValueError(f"ansatz must be RSB(), or RSB(q0=0.0), for what one step says, got {chosen}")
    return chosen


def held_step(m: float) -> Ansatz:
    """One step at a held Parisi parameter."""
    return RSB(m=m)
