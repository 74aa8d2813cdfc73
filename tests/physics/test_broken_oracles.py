"""Stored figures of broken replica symmetry against the public API, read generically; how each was made is in the file.

Figures that take more than a fraction of a second are left to ``make bench``.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import replica

FIGURES = json.loads((Path(__file__).parents[1] / "oracles" / "rsb.json").read_text(encoding="utf-8"))
STEPS = re.compile(r"\.(?:k(\d+)|(full))(?:\.|$)")
NAME = re.compile(r"\.(m|chi|c\d*|q\d|energy)$")
NAMES = {"m": "parisi", "c": "parisi", "c1": "parisi1", "c2": "parisi2", "chi": "V"}
SETTINGS = {"free": "free_entropy", "finiteT": "free_entropy", "groundstate": "energy"}


def harmonic(kappa: float) -> Any:
    return replica.losses.from_function(lambda u: np.maximum(0.0, kappa - u) ** 2 / 2, kinks=(kappa,))


LOSSES = {"error": replica.ErrorCount, "hinge": replica.Hinge, "sqhinge": harmonic}


def model_of(figure: dict[str, Any]) -> replica.Model:
    words, params = figure["id"].split("."), figure["params"]
    kappa, beta = params["kappa"], float(params.get("beta", np.inf))
    if words[1] == "committee":
        base = replica.committee(np.inf, activation=params["activation"], weights="spherical", margin=kappa)
        loss = replica.ErrorCount(kappa) if words[3] == "groundstate" else replica.Margin(kappa)
        return replica.Model(weights="spherical", loss=loss, architecture=base.architecture)
    loss = {"finiteT": replica.ErrorCount, "groundstate": LOSSES.get(words[3])}.get(words[2]) or replica.Margin
    return replica.perceptron("spherical", loss=loss(kappa), beta=beta)


def answer(figure: dict[str, Any]) -> replica.Quantity:
    """The figure's number from the public API."""
    model, params = model_of(figure), figure["params"]
    found = STEPS.search(figure["id"])
    assert found is not None
    steps, full = found.groups()
    read = NAME.search(figure["id"])
    name = "" if read is None else NAMES.get(read[1], read[1])
    k = np.inf if full else int(steps)
    ansatz = replica.RSB(steps=k) if k else replica.RS()
    words = figure["id"].split(".")
    if "capacity" in words:
        threshold = replica.capacity(model, ansatz=ansatz)
        if not name:
            return replica.Quantity(threshold.value, threshold.error, threshold.status)
        assert threshold.solution is not None
        return threshold.solution.quantity(name)
    solution = replica.solve(model, alpha=params["alpha"], ansatz=ansatz)
    setting = next(SETTINGS[word] for word in words if word in SETTINGS)
    return solution.quantity(name or setting)


def complexity(figure: dict[str, Any]) -> replica.Quantity:
    """At a held Parisi parameter."""
    params, name = figure["params"], figure["id"].split(".")[-1]
    loss = replica.ErrorCount if "ErrorCount" in params["loss"] else replica.Margin
    model = replica.perceptron("spherical", loss=loss(params["kappa"]), beta=float(params.get("beta", np.inf)))
    found = replica.solve(model, alpha=params["alpha"], ansatz=replica.RSB(m=params.get("m", params.get("c"))))
    return found.quantity({"phi": "free_entropy"}.get(name, name))


def outside(figure: dict[str, Any]) -> replica.Quantity:
    """Capacities of weights +-1 outside a band, on the symmetric saddle point."""
    found = STEPS.search(figure["id"])
    assert found is not None
    model = replica.perceptron("binary", loss=replica.OutsideBand(figure["params"]["kappa"]))
    threshold = replica.capacity(model, ansatz=replica.RSB(steps=int(found[1]), q0=0.0))
    name = figure["id"].split(".")[-1]
    if name not in ("m", "q1"):
        return replica.Quantity(threshold.value, threshold.error, threshold.status)
    assert threshold.solution is not None
    return threshold.solution.quantity(NAMES.get(name, name))


LINES = {
    "at": replica.at_line,
    "dynamic": replica.dynamic_transition,
    "static": replica.static_transition,
    "gardner": replica.gardner_line,
}


def line(figure: dict[str, Any]) -> replica.Quantity:
    """A load at which something changes, or an order parameter there."""
    words, name = figure["id"].split("."), figure["id"].split(".")[-1]
    found = LINES[words[2]](replica.perceptron("spherical", margin=figure["params"]["kappa"]))
    if name in ("m", "q1", "q0", "x"):
        names = {"m": "parisi", "x": "breaking_point"}
        return replica.Quantity(found.order_parameters[names.get(name, name)], 1e-10, found.status)
    return replica.Quantity(found.value, found.error, found.status)


def frozen(figure: dict[str, Any]) -> replica.Quantity:
    """The frozen step of counted weights, and steps held."""
    params, name = figure["params"], figure["id"].split(".")[-1]
    if "m" in params:
        model = replica.perceptron("binary", margin=params["kappa"])
        found = replica.solve(model, alpha=params["alpha"], ansatz=replica.RSB(m=params["m"], q1=params["q1"]))
        return found.quantity({"phi": "free_entropy"}.get(name, name))
    model = replica.perceptron(params["weights"], loss=replica.ErrorCount(params["kappa"]))
    found = replica.solve(model, alpha=params["alpha"], ansatz=replica.RSB())
    if name == "at":
        return replica.Quantity(1.0 - found["stability"], found.errors["stability"], found.status)
    return found.quantity(name)


def tree(figure: dict[str, Any]) -> replica.Quantity:
    """Capacities of machines of a few units, of parities on the symmetric saddle point."""
    units, found, parity = figure["params"]["units"], STEPS.search(figure["id"]), "parity" in figure["id"]
    assert found is not None
    model = (replica.parity if parity else replica.committee)(units, weights="spherical")
    threshold = replica.capacity(model, ansatz=replica.RSB(steps=int(found[1]), q0=0.0 if parity else None))
    return replica.Quantity(threshold.value, threshold.error, threshold.status)


KINDS = {
    "outside": outside,
    "sigma": complexity,
    "at": line,
    "dynamic": line,
    "static": line,
    "gardner": line,
    "frozen": frozen,
    "bin": frozen,
}


def reader(figure: dict[str, Any]) -> Any:
    """What answers a figure; None where nothing does."""
    words = figure["id"].split(".")
    for word, found in KINDS.items():
        if word in words[1:4]:
            return found
    if words[1] == "tree":
        return tree
    whole = figure["id"].startswith(("rsb.sph", "rsb.committee")) and STEPS.search(figure["id"])
    return answer if whole else None


def dear(figure: dict[str, Any]) -> bool:
    if reader(figure) is tree:
        return figure["params"]["units"] > 2 and "k1" not in figure["id"].split(".")
    if reader(figure) is not answer:
        return "gardner" in figure["id"] or "dynamic" in figure["id"] or "static" in figure["id"]
    found = STEPS.search(figure["id"])
    assert found is not None
    return bool(found[2]) or int(found[1]) > (1 if "groundstate" in figure["id"] or "finiteT" in figure["id"] else 2)


QUICK = [figure for figure in FIGURES if reader(figure) and not dear(figure)]
DEAR = [figure for figure in FIGURES if reader(figure) and dear(figure)]


def agree(figure: dict[str, Any]) -> None:
    found, value = reader(figure)(figure), figure["value"]
    allowed = max(5.0 * figure["abs_err"], 1e-9 * max(abs(value), 0.1))
    assert abs(float(found) - value) <= allowed, found.status
    assert abs(float(found) - value) <= found.error + 5.0 * figure["abs_err"], found.error


def test_every_figure_has_a_reader() -> None:
    assert not [figure["id"] for figure in FIGURES if reader(figure) is None]


@pytest.mark.parametrize("figure", QUICK, ids=lambda figure: figure["id"])
def test_figures(figure: dict[str, Any]) -> None:
    agree(figure)


@pytest.mark.bench
@pytest.mark.parametrize("figure", DEAR, ids=lambda figure: figure["id"])
def test_figures_that_are_dear(figure: dict[str, Any]) -> None:
    agree(figure)
