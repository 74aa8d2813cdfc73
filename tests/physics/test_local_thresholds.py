"""Where local-entropy curves stop growing, and how far typical solutions are from others."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import multivariate_normal, norm

import replica
from replica.cli import main
from replica.thresholds.tangency import Curve, first_tangency


def wavy(depth: float, load: float, d: np.ndarray) -> np.ndarray:
    """A slope with a dip of known value ``depth(1 - load) - ...`` at ln d = -4, below a maximum at d = 0.3."""
    return (1 - d / 0.3) * (1 + depth - (depth + load) * np.exp(-((np.log(d) + 4.0) ** 2)))


def toy(depth: float) -> tuple[list[float], object]:
    asked: list[float] = []

    def curve(alpha: float, d: np.ndarray) -> Curve:
        asked.append(alpha)
        slope = wavy(depth, alpha, d)
        entropy = d * (1 - d / 0.6)  # only its maximum matters
        return Curve(entropy, slope, np.full(d.size, 1e-13))

    return asked, curve


def test_search_finds_a_known_tangency() -> None:
    """The lowest slope is 0 at a load just above 1, wherever the factor moves its place to."""
    asked, curve = toy(0.5)
    found = first_tangency(curve, 1.6, "toy")
    place = found.order_parameters["distance"]
    assert found.converged
    assert abs(wavy(0.5, found.value, np.array([place]))[0]) < 1e-11
    near = place * np.exp(np.array([-1e-3, 1e-3]))
    assert np.all(wavy(0.5, found.value, near) > 0)
    assert found.value == pytest.approx(1.0, abs=1e-10)
    assert found.bracket[0] <= found.value + found.error and found.value - found.error <= found.bracket[1]
    assert len(asked) < 25


def test_search_says_when_there_is_none() -> None:
    _, curve = toy(0.5)
    assert first_tangency(curve, 0.9, "toy").status.startswith("not converged: the curve grows up to its maximum")
    assert "at any load" in first_tangency(curve, 60.0, "toy").status
    nowhere = first_tangency(lambda a, d: Curve(*(np.full(d.size, np.nan),) * 3), 1.0, "toy")
    assert not nowhere.converged and np.isnan(nowhere.value)


@pytest.mark.parametrize("margin", [0.0, 0.3])
def test_largest_margin_threshold_is_flat_in_first_and_second_order(margin: float) -> None:
    """From the curves of the public verb: slope and curvature vanish there; it grows below, falls somewhere above."""
    model, around = replica.perceptron("binary", margin=margin), replica.Reference(margin="max")
    found = replica.local_entropy_threshold(model, reference=around)
    assert found.converged and "largest margin" in found.status
    assert found.error < 1e-10
    place = found.order_parameters["distance"]
    d = place * np.exp(np.array([-0.02, 0.0, 0.02]))
    curve = replica.franz_parisi(model, alpha=found.value, distance=d, reference=around)
    assert abs(curve["slope"].values[1]) < 1e-9
    assert np.all(curve["slope"].values[[0, 2]] > 1e-5)
    assert (curve["entropy"].values[2] - curve["entropy"].values[0]) / (d[2] - d[0]) == pytest.approx(0, abs=1e-3)
    below, above = (
        replica.franz_parisi(model, alpha=found.value + shift, distance=[place], reference=around)["slope"].item()
        for shift in (-1e-6, 1e-6)
    )
    assert above < 0 < below


def test_optimal_centres() -> None:
    model = replica.perceptron("binary")
    found = replica.local_entropy_threshold(model)
    assert found.converged and "optimal centres" in found.status
    place = found.order_parameters["distance"]
    d = place * np.exp(np.array([-0.02, 0.0, 0.02]))
    curve = replica.local_entropy(model, alpha=found.value, distance=d)
    assert abs(curve["slope"].values[1]) < 1e-9
    assert np.all(curve["slope"].values[[0, 2]] > 1e-6)
    # references of largest margin are no better than optimal centres
    assert found.value > replica.local_entropy_threshold(model, reference=replica.Reference(margin="max")).value


def test_thresholds_that_do_not_exist_say_why() -> None:
    sphere = replica.local_entropy_threshold(replica.perceptron("spherical"))
    assert sphere.status.startswith("not converged: the curve grows")
    typical = replica.local_entropy_threshold(replica.perceptron("binary"), reference=replica.Reference())
    assert "isolated" in typical.status and np.isnan(typical.value)
    with pytest.raises(ValueError, match="reference must be a Reference"):
        replica.local_entropy_threshold(replica.perceptron("binary"), reference="max")
    with pytest.raises(ValueError, match="random labels"):
        replica.local_entropy_threshold(replica.perceptron("binary", labels="teacher"))


@pytest.mark.parametrize("alpha", [0.1, 0.5, 0.8])
def test_typical_solutions_are_isolated_up_to_the_zero_of_their_curve(alpha: float) -> None:
    model = replica.perceptron("binary")
    found = replica.isolation(model, alpha=alpha)
    assert found.converged and found.error < 1e-11
    d = found.value * np.array([0.5, 0.99, 1.0, 1.01])
    curve = replica.franz_parisi(model, alpha=alpha, distance=d)
    assert np.all(curve["entropy"].values[:2] < 0) and curve["entropy"].values[3] > 0
    assert abs(curve["entropy"].values[2]) < 1e-10
    assert found.order_parameters["q"] == pytest.approx(curve["q"].values[2], rel=1e-6)


def test_pairs_of_the_band_in_closed_form() -> None:
    """``h2(d) + alpha ln(P2(1-2d)/P1) = 0`` with the bivariate Gaussian probability; a lower bound."""
    alpha, kappa = 0.8, 0.8
    single = norm.cdf(kappa) - norm.cdf(-kappa)

    def entropy(d: float) -> float:
        t = 1 - 2 * d
        both = multivariate_normal([0, 0], [[1, t], [t, 1]]).cdf([kappa, kappa], lower_limit=[-kappa, -kappa])
        return -d * np.log(d) - (1 - d) * np.log1p(-d) + alpha * np.log(both / single)

    model = replica.perceptron("binary", loss=replica.Band(kappa))
    found = replica.isolation(model, alpha=alpha, ansatz=replica.Annealed())
    assert found.value == pytest.approx(brentq(entropy, 1e-3, 0.1, xtol=1e-9), rel=1e-5)
    assert replica.isolation(model, alpha=alpha).value > found.value


def test_neighbourhoods_that_are_not_empty_or_not_there() -> None:
    model = replica.perceptron("binary")
    dense = replica.isolation(model, alpha=0.5, reference=replica.Reference(margin=0.3))
    assert "positive down to" in dense.status and np.isnan(dense.value)
    assert "positive at no distance" in replica.isolation(model, alpha=0.86).status
    with pytest.raises(ValueError, match="counted weights"):
        replica.isolation(replica.perceptron("spherical"), alpha=0.5)


def test_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["isolation", "perceptron", "--alpha", "0.5"]) == 0
    assert "0.0070028" in capsys.readouterr().out
    assert main(["local-entropy-threshold", "perceptron", "--weights", "spherical"]) == 1
    assert "grows up to its maximum" in capsys.readouterr().err
