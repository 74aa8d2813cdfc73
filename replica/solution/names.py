"""Which names of numbers count as order parameters; the numbers are elsewhere."""

from __future__ import annotations

import re

#: names that count as order parameters; everything else that a problem reports is an observable
ORDER_PARAMETERS = (
    "q",
    "q_cross",
    "C",
    "p",
    "Q",
    "q0",
    "q1",
    "m",
    "V",
    "norm",
    "silent",
    "balanced",
    "bias",
    "multiplier",
    "parisi",
    "s",
    "zeta",
    "q_hat",
    "q_cross_hat",
    "Q_hat",
    "m_hat",
    "beta",
)

#: what solutions report beside them, where the model has it
REPORTED = (
    "free_entropy",
    "entropy",
    "energy",
    "complexity",
    "training_error",
    "stability",
    "generalization_error",
    "generalization_error_centre",
    "generalization_error_oracle",
    "error_positive",
    "error_negative",
    "balanced_error",
    "slope",
)


_LEVELS = re.compile(r"(q|parisi|stability)[0-9]+")


def of_level(name: str) -> bool:
    """Whether a name is that of a number of one level of broken replica symmetry (``q2``, ``parisi1``, ...)."""
    return _LEVELS.fullmatch(name) is not None


def ordered(names: tuple[str, ...]) -> list[str]:
    """The order parameters among names."""
    levels = [name for name in names if of_level(name) and not name.startswith("stability")]
    return [*(name for name in ORDER_PARAMETERS if name in names), *(n for n in levels if n not in ORDER_PARAMETERS)]
