"""What the sentence of a status says: whether it converged, and what else; the one place that reads it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

GOOD, BAD = "converged", "not converged"


def converged(status: Any) -> bool:
    """Whether a sentence says so.

    Examples
    --------
    >>> converged("converged; the vector of least cost"), converged("not converged: no minimum")
    (True, False)
    """
    return str(status).startswith(GOOD)


def joint(*clauses: str) -> str:
    """Clauses as one text, without those that are empty.

    Examples
    --------
    >>> joint("the vector of least cost", "", "metastable")
    'the vector of least cost; metastable'
    """
    return "; ".join(filter(None, clauses))


def which_converged(status: Iterable[Any]) -> np.ndarray:
    """The same of an array of sentences, in its shape."""
    table, codes = kinds(status)
    return np.char.startswith(table, GOOD)[codes]


def kinds(status: Any) -> tuple[np.ndarray, np.ndarray]:
    """The different sentences of an array, and which of them each is: there are few, and they are long.

    Examples
    --------
    >>> table, codes = kinds(["converged", "not converged: no minimum", "converged"])
    >>> table.tolist(), codes.tolist()
    (['converged', 'not converged: no minimum'], [0, 1, 0])
    """
    said = np.asarray(status)
    place: dict[Any, int] = {}
    codes = np.fromiter((place.setdefault(one, len(place)) for one in said.flat), dtype=np.int64, count=said.size)
    return np.array([*map(str, place)] or [""]), codes.reshape(said.shape)


def beside(status: Any) -> str:
    """What a sentence says besides: the facts about a solution, or why there is none.

    Examples
    --------
    >>> beside("converged"), beside("converged; metastable"), beside("not converged: no minimum")
    ('', 'metastable', 'no minimum')
    """
    text = str(status)
    return text.removeprefix(f"{BAD}: ").removeprefix(BAD).removeprefix(GOOD).removeprefix("; ")
