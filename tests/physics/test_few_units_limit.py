"""Infinitely many replicas of machines with a few units: maximisers, slopes, stored figures."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import log_ndtr, logsumexp

import replica
from replica.ansatz.replicated.centre import Centre
from replica.architectures import _unit_limit_kernels
from replica.architectures._unit_limit_kernels import _sorted_fields, limit_sums

ORACLES = json.loads((Path(__file__).parents[1] / "oracles" / "fewunits.json").read_text(encoding="utf-8"))
NONE = np.zeros(4)
OUTPUTS = {"parity": np.array([1.0, 0.0, 1.0]), "majority": np.array([0.0, 0.0, 1.0, 1.0])}
WARM = {"warm parity": np.array([1.0, np.exp(-0.1), 1.0]), "warm majority": np.exp([-0.1, -0.1, 0.0, 0.0])}


def best_of(h: np.ndarray, gap: float, variance: float, weights: np.ndarray) -> float:
    """The maximum of ``ln Z(w) - |w-h|^2/(2 gap)`` by a search from every corner, sums over all signs."""
    signs = [s for s in product((-1.0, 1.0), repeat=h.size) if weights[sum(x > 0 for x in s)] > 0]

    def lost(w: np.ndarray) -> float:
        log_p = [log_ndtr(np.array(s) * w / np.sqrt(variance)).sum() for s in signs]
        log_z = logsumexp(log_p, b=[weights[sum(x > 0 for x in s)] for s in signs])
        return float(np.sum((w - h) ** 2) / (2.0 * gap) - log_z)

    starts = [h, *(np.where(np.array(s) * h > 0.1, h, 0.3 * np.array(s)) for s in signs)]
    return -min(minimize(lost, start, method="BFGS", options={"gtol": 1e-9}).fun for start in starts)


@pytest.mark.parametrize(
    ("name", "gap", "variance"),
    [
        ("parity", 1.5, 0.2),
        ("parity", 0.3, 0.4),
        ("majority", 0.8, 0.3),
        ("majority", 30.0, 0.1),
        ("warm parity", 6.0, 0.1),
        ("warm majority", 9.0, 0.3),
    ],
)
def test_maxima_by_a_search(name: str, gap: float, variance: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a cost is finite it may be paid, however large the gap."""
    rng, weights = np.random.default_rng(7), (OUTPUTS | WARM)[name]
    for _ in range(8):
        h = np.sort(rng.normal(size=weights.size - 1))[::-1]
        if "parity" in name:  # two signs may be turned
            h = np.sort(np.abs(h))[::-1] * np.append(np.ones(h.size - 1), np.sign(np.prod(h)))
        node = h[None] / np.sqrt(variance), np.ones(1)
        monkeypatch.setattr(_unit_limit_kernels, "_sorted_fields", lambda *_, node=node: node)
        found = limit_sums(weights, [NONE[: weights.size]] * 2, 1.0 - variance, np.log(gap), variance, 1)
        assert found.value == pytest.approx(best_of(h, gap, variance, weights), abs=1e-7)


@pytest.mark.parametrize(("units", "paired"), [(2, True), (2, False), (3, True), (3, False)])
def test_sorted_fields_are_gaussian(units: int, paired: bool) -> None:
    h, mass = _sorted_fields(units, 1.0, 1e12, paired, 3)
    assert mass.sum() == pytest.approx(1.0, abs=2e-6)
    assert mass @ (h**2).sum(axis=1) == pytest.approx(units, abs=1e-5)


@pytest.mark.parametrize("name", sorted(OUTPUTS))
def test_slopes_of_the_mean_maximum(name: str) -> None:
    """In the gap ``E r^2/(2 gap^2)``, in the overlap ``E[r.z]/(2 gap sqrt q) + E[r.w]/(2 gap V)``."""
    weights, q, gap, step = OUTPUTS[name], 0.7, 1.4, 1e-4

    def at(q: float, gap: float) -> Any:
        return limit_sums(weights, [NONE[: weights.size]] * 2, q, np.log(gap), 1.0 - q, 2)

    here = at(q, gap)
    in_gap = (at(q, gap + step).value - at(q, gap - step).value) / (2.0 * step)
    in_q = (at(q + step, gap).value - at(q - step, gap).value) / (2.0 * step)
    tight = 1e-6 if name == "parity" else 2e-3  # a change of the maximiser lies inside the domain of three units
    assert in_gap == pytest.approx(here.moved / (2.0 * gap**2), rel=tight)
    moved = here.drawn / (2.0 * gap * np.sqrt(q)) + (np.sqrt(q) * here.drawn + here.moved) / (2.0 * gap * (1.0 - q))
    assert in_q == pytest.approx(moved, rel=tight)


def test_a_slope_of_the_local_entropy_of_many_replicas() -> None:
    near = [0.0999, 0.1, 0.1001]
    data = replica.local_entropy(replica.parity(2), alpha=0.5, distance=near, replicas=np.inf, centre=None)
    below, _, above = data["local_entropy"].values
    assert (above - below) / 2e-4 == pytest.approx(float(data["slope"].values[1]), rel=1e-5)
    assert "beyond the physical number" in data["status"].values[1]


def stored(name: str) -> list[dict[str, Any]]:
    return [figure for figure in ORACLES if name in figure["id"]]


@pytest.mark.parametrize("figure", stored("parity.K2.centre_yinf"), ids=lambda figure: figure["id"])
def test_saddle_points_of_stored_figures(figure: dict[str, Any]) -> None:
    params = figure["params"]
    centre = Centre(replica.parity(2), np.array([params["alpha"]]), np.array([params["d"]]), 1e-12)
    assert centre.stationary().observed("free_entropy")[0] == pytest.approx(figure["value"], abs=5e-10)


@pytest.mark.bench
@pytest.mark.parametrize("figure", stored("centre_yinf"), ids=lambda figure: figure["id"])
def test_stored_figures(figure: dict[str, Any]) -> None:
    params = figure["params"]
    model = replica.parity(2) if "parity" in figure["id"] else replica.committee(3)
    data = replica.local_entropy(model, alpha=params["alpha"], distance=[params["d"]], replicas=np.inf)
    gap = abs(float(data["local_entropy"].values[0]) - figure["value"])
    assert gap <= float(data["error"].values[0]) + 5.0 * figure["abs_err"]
