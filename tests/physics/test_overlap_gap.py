"""The overlap gap of m clones: the pair formula of symmetric bands, tangency, the best number, the command line."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import multivariate_normal

import replica
from replica.cli import main
from replica.landscape.overlap_gap import _undercut

BINARY = replica.perceptron("binary")


def test_pairs_of_a_symmetric_band() -> None:
    """There the first moment of pairs is exact: ``ln 2 + h(d) + alpha ln P2 = 0`` at the lowest alpha."""
    half = 1.0

    def load(overlap: float) -> float:
        d = 0.5 * (1.0 - overlap)
        pair = multivariate_normal(cov=[[1.0, overlap], [overlap, 1.0]])
        both = pair.cdf([half, half]) - 2 * pair.cdf([half, -half]) + pair.cdf([-half, -half])
        return float((np.log(2.0) - d * np.log(d) - (1 - d) * np.log1p(-d)) / -np.log(both))

    exact = minimize_scalar(load, bounds=(0.9, 0.995), method="bounded", options={"xatol": 1e-7})
    found = replica.overlap_gap(replica.perceptron("binary", loss=replica.Band(half)), clones=2)
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
    found = replica.thresholds.base.Threshold(root, 0.0, (root, root), "converged")
    assert _undercut(model, found, 20.0)


@pytest.mark.bench
@pytest.mark.parametrize("clones", [20, 50])
def test_many_clones_do_not_leave_the_lowest_overlap(clones: int) -> None:
    """One branch of the equations goes beyond the capacity, where no groups are: it is not taken for the gap."""
    model = replica.perceptron("binary")
    found = replica.overlap_gap(model, clones=clones)
    assert found.converged
    assert 0.80 < found.value < replica.capacity(model).value
    assert not _undercut(model, found, float(clones))
