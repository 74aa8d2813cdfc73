"""Averages through a kernel k(q) are the slopes of their own mean: the chain rule, term by term, by differences."""

from __future__ import annotations

import numpy as np
import pytest

import replica
from replica.ansatz.franz_parisi.network import network_sums
from replica.ansatz.franz_parisi.pair_patterns import Geometry, Side
from replica.ansatz.replicated.network import group_patterns

MODELS = [replica.committee(activation=name, weights="binary", margin=0.1) for name in ("relu", "sign", "linear")]
STEP = 1e-4


def slope(function, at: float, step: float = STEP) -> float:
    """Central difference of fourth order."""
    near, far = (function(at + k * step) - function(at - k * step) for k in (1, 2))
    return (8.0 * near - far) / (12.0 * step)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.architecture.activation.name)
@pytest.mark.parametrize("gap", [0.008, 0.2])  # either side of where differences of the kernel are integrated
def test_groups(model, gap):
    low, high, power = 0.5, 0.5 + gap, 3.0

    def averages(q0, q1):
        arrays = (np.array([x]) for x in (q0, q1 - q0, 1.0 - q1, power))
        return group_patterns(model, *arrays, 3)

    found = averages(low, high)
    common, spread = float(found.common[0]), float(found.spread[0])
    by_low = slope(lambda q: float(averages(q, high).mean[0]), low)
    by_high = slope(lambda q: float(averages(low, q).mean[0]), high)
    assert by_low == pytest.approx(-0.5 * power * common, rel=1e-8)
    assert by_high == pytest.approx(0.5 * (power - 1.0) * (common + spread), rel=1e-8)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.architecture.activation.name)
def test_pairs(model):
    side = Side(model.loss, np.inf)
    here = {"q": 0.7, "s": 0.45, "t": 0.6}

    def sums(name, value):
        place = here | {name: value}
        at = Geometry.of_rest(place["t"], place["s"], 1.0 - place["q"], 0.5)
        return network_sums(model.architecture, side, side, [at], 3)[0]

    found = sums("q", here["q"])

    def moved(field, name):
        return slope(lambda value: getattr(sums(name, value), field), here[name])

    assert moved("log_z", "q") == pytest.approx(-0.5 * found.gg, rel=1e-7)
    assert moved("log_z", "s") == pytest.approx(-found.rg, rel=1e-7)
    assert moved("log_z", "t") == pytest.approx(found.pg, rel=1e-7)
    assert moved("gg", "q") == pytest.approx(found.gg_q, rel=1e-7)
    assert moved("gg", "s") == pytest.approx(2.0 * found.rg_q, rel=1e-7)
    assert moved("rg", "q") == pytest.approx(found.rg_q, rel=1e-7)
    assert moved("rg", "s") == pytest.approx(found.rg_s, rel=1e-7)
