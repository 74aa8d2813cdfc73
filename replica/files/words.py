"""What names say: the words and units that variables and axes of datasets carry, in figures and files alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import xarray

#: name -> (words, unit)
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
    "q_cross": ("overlap of different units", ""),
    "q_hat": ("conjugate overlap", ""),
    "Q": ("self-overlap", ""),
    "m": ("overlap with the teacher", ""),
    "V": ("response", ""),
    "stability": ("replicon stability", ""),
    "generalization_error": ("generalisation error", ""),
    "samples": ("samples", ""),
    "degree": ("degree", ""),
    "eigenvalue": ("eigenvalue", ""),
    "kernel": ("kernel", ""),
    "cos": ("cosine of the angle", ""),
    "step": ("steps", ""),
    "at": ("AT line", ""),
    "local-entropy": ("optimal centres", ""),
    "local-entropy-max": ("largest margins", ""),
    "max-margin": ("largest margin", ""),
}


def words(name: str) -> str:
    """What a name says in a figure; a line with an ansatz of its own (``capacity:1rsb``) says which."""
    name, _, ansatz = name.partition(":")
    said = _WORDS.get(name, (name.replace("_", " ").replace("-", " "), ""))[0]
    return f"{said}, {'full RSB' if ansatz == 'full' else ansatz.replace('rsb', 'RSB')}" if ansatz else said


def unit(name: str) -> str:
    """The unit of a name; ``"1"`` of what has none."""
    return _WORDS.get(name.partition(":")[0], ("", ""))[1] or "1"


def described(data: xarray.Dataset, main: str = "") -> xarray.Dataset:
    """The dataset, whose numbers say what they are in the attributes ``long_name`` and ``units``, as other programs
    expect it; ``error`` is that of the variable ``main``.
    """
    from replica.files.accessor import with_verbs

    for key, entry in data.variables.items():
        name = str(key)
        of = main if name == "error" else name.removesuffix("_error") if name.removesuffix("_error") in data else ""
        said = f"error of the {words(of)}" if of and of != name else words(name)
        entry.attrs.setdefault("long_name", said)
        if entry.dtype.kind in "fiu":
            entry.attrs.setdefault("units", unit(of or name))
    return with_verbs(data)


def names(attribute: Any) -> list[str]:
    """The names in an attribute: words of a text, as all files hold it, or a list of them."""
    return attribute.split() if isinstance(attribute, str) else [str(name) for name in attribute]
