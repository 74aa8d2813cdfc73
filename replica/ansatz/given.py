"""What the argument ``ansatz`` of a verb stands for."""

from __future__ import annotations

from typing import Any

from replica.ansatz.base import Ansatz
from replica.ansatz.rs.ansatz import RS


def ansatz_or_rs(given: Any) -> Ansatz:
    """The ansatz asked for, also by name, replica symmetry where none is; a sentence for anything else."""
    if isinstance(given, str):
        return Ansatz.find(given)()
    if given is not None and not isinstance(given, Ansatz):
        raise ValueError(f"ansatz must be an Ansatz such as replica.RS(), got {given!r}")
    return RS() if given is None else given
