"""Plain words and units beside the symbols that datasets carry; a name without an entry is its own words."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from replica.architectures import Architecture
from replica.data import Data
from replica.losses import Loss
from replica.weights import Weights

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
    "reference": ("reference", ""),
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

FAMILIES: dict[str, Any] = {"weights": Weights, "architecture": Architecture, "loss": Loss, "data": Data}
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


def value(data: Any, name: str, number: float | str) -> str:
    """One value of a coordinate, as a legend names it."""
    if isinstance(number, str):
        return f"{words(name)}: {number}"
    return f"{symbol(data, name) or words(name)} = {number:.4g}".replace("-", "\N{MINUS SIGN}")


def caption(data: Any) -> str:
    """The model of a dataset in a few words; what runs along an axis, and what is at its default, is left out."""
    settings = json.loads(data.attrs.get("settings", "{}"))
    model = settings.get("model")
    if not isinstance(model, dict):
        return ""
    hidden = {str(name) for name in data.coords if data[name].size > 1}
    parts = [_member(model[part], hidden, FAMILIES[part]) for part in FAMILIES if part in model]
    alpha = settings.get("alpha")
    held = [f"alpha = {alpha:.4g}"] if isinstance(alpha, (int, float)) and "alpha" not in hidden else []
    beta = model.get("beta", "inf")
    held += [f"beta = {beta:.4g}"] if isinstance(beta, (int, float)) and not {"beta", "temperature"} & hidden else []
    return ", ".join(part for part in [*parts, *held] if part)


def _member(settings: Any, hidden: set[str], family: Any = None) -> str:
    """``name(parameter=value, ...)`` of what is not at its default."""
    if not isinstance(settings, dict):
        return f"{settings:.4g}" if isinstance(settings, float) else str(settings)
    usual = _defaults(family, str(settings.get("name", "")))
    shown = {
        key: _member(entry, hidden, Weights)  # members within members are weights: a teacher's, a centroid's
        for key, entry in settings.items()
        if key != "name" and key not in hidden and ALIASES.get(key) not in hidden and entry is not None
        and (key not in usual or entry != usual[key])
    }
    inside = ", ".join(f"{key}={entry}" for key, entry in shown.items())
    return f"{settings.get('name', '')}({inside})" if inside else str(settings.get("name", ""))


def _defaults(family: Any, name: str) -> dict[str, Any]:
    """The defaults of a member's fields; none where the dataset names a member that is not here."""
    member = getattr(family, "registry", {}).get(name)
    return {field.name: field.default for field in dataclasses.fields(member)} if member else {}
