"""Plain words and units beside the symbols that datasets carry; a name without an entry is its own words."""

from __future__ import annotations

from typing import Any

#: name -> (words, unit); symbols come from the datasets
_WORDS = {
    "alpha": ("load", ""),
    "margin": ("margin", ""),
    "temperature": ("temperature", ""),
    "beta": ("inverse temperature", ""),
    "penalty": ("penalty", ""),
    "field": ("stability", ""),
    "noise": ("noise", ""),
    "balance": ("balance", ""),
    "norm": ("norm", ""),
    "bayes_error": ("Bayes error", ""),
    "oracle_error": ("error of the oracle", ""),
    "bayes_gap": ("Bayes gap", ""),
    "capacity": ("capacity", ""),
    "optimal-penalty": ("best penalty", ""),
    "training_error": ("training error", ""),
    "density": ("density", ""),
    "distance": ("distance", ""),
    "entropy": ("entropy", "nats per weight"),
    "free_entropy": ("free entropy", "nats per weight"),
    "local_entropy": ("local entropy", "nats per weight"),
    "complexity": ("complexity", "nats per weight"),
    "energy": ("energy", "per weight"),
    "q": ("overlap", ""),
    "q_hat": ("conjugate overlap", ""),
    "Q": ("self-overlap", ""),
    "m": ("overlap with the teacher", ""),
    "V": ("response", ""),
    "stability": ("replicon stability", ""),
    "generalization_error": ("generalisation error", ""),
    "at": ("AT line", ""),
    "local-entropy": ("optimal centres", ""),
    "local-entropy-max": ("largest margins", ""),
    "max-margin": ("largest margin", ""),
}


def words(name: str) -> str:
    """What a name says in a figure."""
    return _WORDS.get(name, (name.replace("_", " ").replace("-", " "), ""))[0]


def symbol(data: Any, name: str) -> str:
    """The symbol of a variable or coordinate, ready for a label; empty where the dataset gives none."""
    found = data[name].attrs.get("symbol", "")
    return f"${found}$" if found and "mathrm{" + name.replace("_", " ") not in found else ""


def title(data: Any, name: str) -> str:
    """Words, symbol and unit: the label of an axis."""
    unit = _WORDS.get(name, ("", ""))[1]
    said = data[name].attrs.get("words") or words(name)
    return " ".join(part for part in (said, symbol(data, name), f"({unit})" if unit else "") if part)


def value(data: Any, name: str, number: float) -> str:
    """One value of a coordinate, as a legend names it."""
    return f"{symbol(data, name) or words(name)} = {number:.4g}".replace("-", "\N{MINUS SIGN}")
