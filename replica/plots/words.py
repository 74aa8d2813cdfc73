"""Plain words and units beside the symbols that datasets carry; a name without an entry is its own words."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from replica.ansatz import ansatz_or_rs
from replica.architectures import Architecture
from replica.data import Data
from replica.files.words import unit, words
from replica.losses import Loss
from replica.weights import Weights

FAMILIES: dict[str, Any] = {"weights": Weights, "architecture": Architecture, "loss": Loss, "data": Data}
UNBROKEN = "\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}"
UNSEEN = ("tolerance", "seed", "samples")  # numbers of settings that are no part of what is computed
WORDS_HELD = ("replicas", "algorithm", "start")  # words of settings that are
ALIASES = {"kappa": "margin"}  # field of a member -> the axis that sets it


def symbol(data: Any, name: str) -> str:
    """The symbol of a variable or coordinate, ready for a label; empty where the dataset gives none."""
    found = data[name].attrs.get("symbol", "")
    return f"${found}$" if found and "mathrm{" + name.replace("_", " ") not in found else ""


def title(data: Any, name: str) -> str:
    """Words, symbol and unit: the label of an axis."""
    units = data[name].attrs.get("units", unit(name))
    said = data[name].attrs.get("long_name") or words(name)
    return " ".join(part for part in (said, symbol(data, name), f"({units})" if units != "1" else "") if part)


def value(data: Any, name: str, number: float | str) -> str:
    """One value of a coordinate, as a legend names it."""
    if isinstance(number, str):
        return f"{words(name)}: {number}"
    mantissa, _, power = f"{number:.4g}".partition("e")
    written = mantissa.replace("-", "\N{MINUS SIGN}")
    if power:
        ten = f"$10^{{{int(power)}}}$"
        written = {"1": ten, "-1": f"\N{MINUS SIGN}{ten}"}.get(mantissa, f"{written}\N{MULTIPLICATION SIGN}{ten}")
    return f"{symbol(data, name) or words(name)} = {written}"


def caption(data: Any) -> str:
    """The model of a dataset and all that is held, in a few words; what runs along an axis, and what is at its default,
    is left out.
    """
    settings = json.loads(data.attrs.get("settings", "{}"))
    model = settings.get("model")
    if not isinstance(model, dict):
        return ""
    axes = settings.get("axes", {})
    held = {name: entry for name, entry in (settings | axes).items() if _number(entry) is not None}
    hidden = {str(name) for name in data.coords if data[name].size > 1} | held.keys()
    parts = [_member(model[part], hidden, FAMILIES[part]) for part in FAMILIES if part in model]
    parts += [f"{name} = {_number(held[name]):.4g}" for name in held if name not in UNSEEN]
    beta = _number(model.get("beta"))
    if beta is not None and beta != float("inf") and not {"beta", "temperature"} & hidden:
        parts.append(f"beta = {beta:.4g}")
    parts += [f"{name} = {settings[name]}" for name in WORDS_HELD if isinstance(settings.get(name), str)]
    usual = ansatz_or_rs(None).settings()
    chosen = settings.get("ansatz", usual)
    said = [*parts, "" if chosen == usual else _member(chosen, hidden), *_around(settings)]
    return ", ".join(part.replace(" = ", UNBROKEN) for part in said if part)


def _number(entry: Any) -> float | None:
    """A number of the settings, as JSON holds it (``"inf"`` for infinity); None for anything else."""
    if isinstance(entry, bool) or not isinstance(entry, (int, float)) and entry not in ("inf", "-inf"):
        return None
    return float(entry)


def _around(settings: dict[str, Any]) -> list[str]:
    """The one reference of a curve."""
    reference = settings.get("reference")
    if "reference" not in settings or isinstance(reference, list):
        return []
    if not isinstance(reference, dict):
        return [f"reference = {'typical' if reference is None else reference}"]
    model, margin = reference.get("model"), reference.get("margin")
    about = "typical" if margin is None else f"margin {margin if isinstance(margin, str) else format(margin, '.4g')}"
    if isinstance(model, dict):
        about = _member(model.get("loss"), set(), Loss)
    if reference.get("clipped"):
        about = f"clipped {about}"
    if reference.get("tilt", 1.0) != 1.0:
        about = f"{about}, tilt {reference['tilt']:.4g}"
    return [f"reference = {about}"]


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
