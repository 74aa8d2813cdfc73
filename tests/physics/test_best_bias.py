"""The bias of fewest errors where errors are smaller than any number: against a minimum over held biases."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import log_ndtr

import replica


@pytest.mark.parametrize(
    ("loss", "noise", "balance", "penalty"),
    [("square", 1e-4, 0.2, 1e-2), ("hinge", 1e-4, 0.2, 1.0), ("logistic", 3e-4, 0.01, 0.1), ("square", 1e-5, 0.7, 3.0)],
)
def test_errors_are_fewest_at_small_noise(loss: str, noise: float, balance: float, penalty: float) -> None:
    alpha, data = 0.6, {"noise": noise, "balance": balance}

    def log_errors(bias: float) -> float:
        held = replica.solve(replica.mixture(loss, penalty=penalty, bias=bias, **data), alpha=alpha)
        scale = np.sqrt(noise * held["q"])
        positive, negative = (log_ndtr(-(held["m"] + sign * bias) / scale) for sign in (1, -1))
        return float(np.logaddexp(np.log(balance) + positive, np.log1p(-balance) + negative))

    found = replica.solve(replica.mixture(loss, penalty=penalty, bias="optimal", **data), alpha=alpha)
    unit = np.sqrt(noise * found["q"])
    best = minimize_scalar(log_errors, bounds=(-6 * unit, 6 * unit), method="bounded", options={"xatol": 1e-6 * unit})
    assert found.converged and log_errors(found["bias"]) <= best.fun + 1e-11 * abs(best.fun)
    assert found["bias"] == pytest.approx(best.x, abs=1e-4 * unit)  # a minimum is known to half of the digits
    beside = replica.mixture(loss, penalty=penalty, bias=found["bias"], **data)
    assert replica.solve(beside, alpha=alpha)["q"] == pytest.approx(found["q"], rel=1e-13, abs=found.errors["q"])


def test_a_bias_of_fewest_errors_of_clusters_that_are_alike_vanishes() -> None:
    found = replica.solve(replica.mixture("hinge", noise=1e-5, penalty=0.5, bias="optimal"), alpha=1.3)
    assert found.converged and abs(found["bias"]) <= found.errors["bias"] < 1e-9
