"""Plain words and units beside the symbols that datasets carry; a name without an entry is its own words."""

from __future__ import annotations

import json
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
    "norm": ("squared norm", ""),
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

ALIASES = {"kappa": "margin"}  # field of a member -> the axis that sets it


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
    said = data[name].attrs.get("long_name") or words(name)
    return " ".join(part for part in (said, symbol(data, name), f"({unit})" if unit else "") if part)


def value(data: Any, name: str, number: float) -> str:
    """One value of a coordinate, as a legend names it."""
    return f"{symbol(data, name) or words(name)} = {number:.4g}".replace("-", "\N{MINUS SIGN}")


def caption(data: Any) -> str:
    """The model of a dataset in one line, as its settings name it; what runs along an axis is left out."""
    settings = json.loads(data.attrs.get("settings", "{}"))
    model = settings.get("model")
    if not isinstance(model, dict):
        return ""
    hidden = {str(name) for name in data.coords if data[name].size > 1}
    parts = [_member(model[part], hidden) for part in ("weights", "architecture", "loss", "data") if part in model]
    alpha = settings.get("alpha")
    held = [f"alpha = {alpha:g}"] if isinstance(alpha, (int, float)) and "alpha" not in hidden else []
    beta = model.get("beta", "inf")
    held += [f"beta = {beta:g}"] if isinstance(beta, (int, float)) and not {"beta", "temperature"} & hidden else []
    return ", ".join(part for part in [*parts, *held] if part)


def _member(settings: Any, hidden: set[str]) -> str:
    """``name(parameter=value, ...)``."""
    if not isinstance(settings, dict):
        return str(settings)
    shown = {
        key: _member(entry, hidden)
        for key, entry in settings.items()
        if key != "name" and key not in hidden and ALIASES.get(key) not in hidden and entry is not None
    }
    inside = ", ".join(f"{key}={entry}" for key, entry in shown.items())
    return f"{settings.get('name', '')}({inside})" if inside else str(settings.get("name", ""))
