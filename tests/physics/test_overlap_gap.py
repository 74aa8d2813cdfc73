"""The overlap gap of m clones: the pair formula of symmetric bands, tangency, the best number, the command line."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import gammaln, log_ndtr, logsumexp
from scipy.stats import multivariate_normal

import replica
from replica.cli import main
from replica.landscape.overlap_gap import _undercut

BINARY = replica.perceptron("binary")


def pairs_in_a_band(overlap: float, half: float) -> tuple[float, float]:
    """``ln 2 + h(d)`` and ``ln P2``, of which the first moment of pairs is made."""
    d = 0.5 * (1.0 - overlap)
    pair = multivariate_normal(cov=[[1.0, overlap], [overlap, 1.0]])
    both = pair.cdf([half, half]) - 2 * pair.cdf([half, -half]) + pair.cdf([-half, -half])
    return float(np.log(2.0) - d * np.log(d) - (1 - d) * np.log1p(-d)), float(np.log(both))


def test_free_entropy_of_pairs_in_a_symmetric_band() -> None:
    """There the first moment of pairs is exact."""
    model, alpha, overlap = replica.perceptron("binary", loss=replica.Band(1.0)), 1.2, 0.9
    found = replica.solve(model, alpha=alpha, ansatz=replica.RSB(m=2.0, q1=overlap))
    entropy, log_both = pairs_in_a_band(overlap, 1.0)
    assert abs(2.0 * found.free_entropy - entropy - alpha * log_both) < 1e-7  # of the normal distribution's digits


@pytest.mark.bench
def test_pairs_of_a_symmetric_band() -> None:
    """``ln 2 + h(d) + alpha ln P2 = 0`` at the lowest alpha."""

    def load(overlap: float) -> float:
        entropy, log_both = pairs_in_a_band(overlap, 1.0)
        return -entropy / log_both

    exact = minimize_scalar(load, bounds=(0.9, 0.995), method="bounded", options={"xatol": 1e-7})
    found = replica.overlap_gap(replica.perceptron("binary", loss=replica.Band(1.0)), clones=2)
    assert found.converged
    assert abs(found.value - exact.fun) < 1e-7
    assert abs(found.order_parameters["q1"] - exact.x) < 1e-4


def test_free_entropy_touches_zero() -> None:
    found = replica.overlap_gap(BINARY, clones=3)
    q1, step = found.order_parameters["q1"], 1e-3
    phi = [
        replica.solve(BINARY, alpha=found.value, ansatz=replica.RSB(m=3.0, q1=q1 + k * step)).free_entropy
        for k in (-1, 0, 1)
    ]
    assert abs(phi[1]) < 1e-12
    assert min(phi[0], phi[2]) > 0
    assert found.error < 1e-9


def test_best_number_of_clones() -> None:
    best = replica.overlap_gap(BINARY)
    number = best.order_parameters["parisi"]
    assert abs(best.order_parameters["complexity"]) < 1e-10
    near = [replica.overlap_gap(BINARY, clones=number * factor) for factor in (0.95, 1.05)]
    assert all(0 < other.value - best.value < 1e-3 for other in near)
    assert "not physical" not in near[0].status and "not physical" in near[1].status
    assert best.value < replica.capacity(BINARY).value


def test_wrong_arguments() -> None:
    with pytest.raises(ValueError, match="clones must be above 1"):
        replica.overlap_gap(BINARY, clones=1.0)
    with pytest.raises(ValueError, match="can be counted"):
        replica.overlap_gap(replica.perceptron("spherical"), clones=2)


def test_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["overlap-gap", "perceptron", "--weights", "binary", "--clones", "2", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert abs(answer["value"] - replica.overlap_gap(BINARY, clones=2).value) < 1e-12
    assert answer["order_parameters"]["parisi"] == pytest.approx(2.0)


def test_what_is_undercut_is_seen() -> None:
    """At this root of the equations of 20 clones, beyond the capacity, groups at other overlaps are fewer."""
    model, root = replica.perceptron("binary"), 0.8567379810072322
    assert _undercut(model, root, 20.0)


@pytest.mark.parametrize("clones", [20, pytest.param(50, marks=pytest.mark.bench)])
def test_many_clones_do_not_leave_the_lowest_overlap(clones: int) -> None:
    """One branch of the equations goes beyond the capacity, where no groups are: it is not taken for the gap."""
    model = replica.perceptron("binary")
    found = replica.overlap_gap(model, clones=clones)
    assert found.converged
    assert 0.80 < found.value < replica.capacity(model).value
    assert not _undercut(model, found.value, float(clones))


def summed(at: Any, m: int, alpha: float) -> float:
    """``phi`` of m clones at given order parameters: trapezoidal rule, and a binomial sum over the weights."""
    q1, q0, high, low = (at[name] for name in ("q1", "q0", "q1_hat", "q0_hat"))
    z, y = np.linspace(-8.0, 8.0, 40 * m + 1), np.linspace(-12.0, 70.0, 4101)
    outer = np.exp(-0.5 * z**2) / np.exp(-0.5 * z**2).sum()
    step = -0.5 * y**2 + np.log((y[1] - y[0]) / np.sqrt(2 * np.pi))
    up = np.arange(m + 1)
    counts, letters = gammaln(m + 1) - gammaln(up + 1) - gammaln(m - up + 1), m - 2.0 * up
    site = [logsumexp(counts + letters * np.sqrt(low) * x + 0.5 * letters**2 * (high - low)) for x in z]
    fields = np.sqrt(q1 - q0) * y / np.sqrt(1 - q1)
    pattern = [logsumexp(m * log_ndtr(np.sqrt(q0 / (1 - q1)) * x + fields) + step) for x in z]
    own = -0.5 * high * (1 - q1) - 0.5 * m * (q1 * high - q0 * low)
    return float(own + outer @ (np.array(site) + alpha * np.array(pattern)) / m)


@pytest.mark.parametrize(("clones", "close"), [(21, True), (22, False), (100, False), (1000, False)])
def test_of_two_overlaps_the_one_with_fewer_groups_counts(clones: int, close: bool) -> None:
    """By sums of another hand: no groups at the own overlap, some at the other one where they are few."""
    found = replica.overlap_gap(BINARY, clones=clones)
    assert found.converged and found.error < 1e-10 and "not physical" in found.status
    q1 = found.order_parameters["q1"]
    assert (q1 > 0.99) == close
    assert clones > 100 or abs(summed(found.order_parameters, clones, found.value)) < 1e-9
    own = [q1 + side * 0.02 * (1 - q1) for side in (-1, 1)]
    others = [*own, *np.linspace(0.75, 0.95, 5), 1 - 0.27 * clones**-2.0] if clones <= 100 else own
    for other in others:
        groups = replica.RSB(m=float(clones), q1=float(other))
        assert replica.solve(BINARY, alpha=found.value, ansatz=groups).free_entropy > 0.0


def test_more_clones_than_a_thousand_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 1000 clones, got 1001"):
        replica.overlap_gap(BINARY, clones=1001)
