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


def which_converged(status: Iterable[Any]) -> np.ndarray:
    """The same of an array of sentences, in its shape."""
    return np.char.startswith(np.asarray(status, dtype=str), GOOD)


def beside(status: Any) -> str:
    """What a sentence says besides: the facts about a solution, or why there is none.

    Examples
    --------
    >>> beside("converged"), beside("converged; metastable"), beside("not converged: no minimum")
    ('', 'metastable', 'no minimum')
    """
    text = str(status)
    return text.removeprefix(f"{BAD}: ").removeprefix(BAD).removeprefix(GOOD).removeprefix("; ")
