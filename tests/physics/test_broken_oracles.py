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
STEPS = re.compile(r"\.(?:k(\d+)|(full))(?:\.(\w+))?$")
NAMES = {"m": "parisi", "c": "parisi", "chi": "V", None: ""}
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
    steps, full, name = found.groups()
    k = np.inf if full else int(steps)
    ansatz = replica.RSB(steps=k) if k else replica.RS()
    words = figure["id"].split(".")
    if "capacity" in words:
        threshold = replica.capacity(model, ansatz=ansatz)
        if name is None:
            return replica.Quantity(threshold.value, threshold.error, threshold.status)
        assert threshold.solution is not None
        return threshold.solution.quantity(NAMES.get(name, name.replace("c", "parisi")))
    solution = replica.solve(model, alpha=params["alpha"], ansatz=ansatz)
    setting = next(SETTINGS[word] for word in words if word in SETTINGS)
    return solution.quantity(NAMES.get(name, name) or setting)


def known(figure: dict[str, Any]) -> bool:
    return figure["id"].startswith(("rsb.sph", "rsb.committee")) and "sigma" not in figure["id"] and bool(
        STEPS.search(figure["id"])
    )


def dear(figure: dict[str, Any]) -> bool:
    steps, full, _ = STEPS.search(figure["id"]).groups()
    return bool(full) or int(steps) > (1 if "groundstate" in figure["id"] or "finiteT" in figure["id"] else 2)


QUICK = [figure for figure in FIGURES if known(figure) and not dear(figure)]
DEAR = [figure for figure in FIGURES if known(figure) and dear(figure)]


def agree(figure: dict[str, Any]) -> None:
    found, value = answer(figure), figure["value"]
    allowed = max(5.0 * figure["abs_err"], 1e-9 * max(abs(value), 0.1))
    assert abs(float(found) - value) <= allowed, found.status
    assert abs(float(found) - value) <= found.error + 5.0 * figure["abs_err"], found.error


@pytest.mark.parametrize("figure", QUICK, ids=lambda figure: figure["id"])
def test_figures(figure: dict[str, Any]) -> None:
    agree(figure)


@pytest.mark.bench
@pytest.mark.parametrize("figure", DEAR, ids=lambda figure: figure["id"])
def test_figures_of_many_steps(figure: dict[str, Any]) -> None:
    agree(figure)
