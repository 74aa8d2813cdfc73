"""Local entropy round optimal centres: stored figures, limits, a plain quadrature, the dataset."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import special

import replica

FIGURES = json.loads((Path(__file__).parents[1] / "oracles" / "local_entropy.json").read_text(encoding="utf-8"))
CENTRED = [f for f in FIGURES if f["id"].startswith("le_")]
BINARY = replica.perceptron("binary")


def entropy_of(distance: Any) -> Any:
    return -distance * np.log(distance) - (1 - distance) * np.log1p(-distance)


def curve_of(figure: dict[str, Any]) -> Any:
    """The curve of one point that a figure is about."""
    params = figure["params"]
    weights = "spherical" if "spherical" in figure["id"] else "binary"
    model = replica.perceptron(weights, margin=params["kappa"])
    replicas = "zero-complexity" if "ystar" in figure["id"] else params.get("y", np.inf)
    real = "real" in figure["id"]
    distance = (1.0 - params["q1"]) / 2 if real else params["d"]
    return replica.local_entropy(
        model, alpha=params["alpha"], distance=distance, replicas=replicas, centre=None if real else "free"
    )


@pytest.mark.parametrize("figure", CENTRED, ids=[f["id"] for f in CENTRED])
def test_agrees_with_figure(figure: dict[str, Any]) -> None:
    curve = curve_of(figure)
    words = figure["id"].split("_")
    name = "complexity" if "SE" in words else "local_entropy" if "ystar" in words else "free_entropy"
    found = float(curve[name][0])
    assert abs(found - figure["value"]) <= max(5 * figure["abs_err"], 1e-9 * max(abs(figure["value"]), 0.1))
    assert float(curve[f"{name}_error"][0]) < 1e-10


def test_spherical_centre_is_the_barycentre() -> None:
    model = replica.perceptron("spherical", margin=-0.5)
    distance = (1.0 - np.sqrt(0.8)) / 2.0
    centre = replica.local_entropy(model, alpha=1.5, distance=distance)
    real = replica.local_entropy(model, alpha=1.5, distance=0.1, centre=None)
    assert abs(float(centre["local_entropy"][0] - real["local_entropy"][0])) < 1e-11
    assert float(centre["complexity"][0]) == -np.inf


@pytest.mark.parametrize(("weights", "alpha"), [("binary", 0.3), ("spherical", 0.5)])
def test_one_replica_decouples_from_its_centre(weights: str, alpha: float) -> None:
    model, distance = replica.perceptron(weights), np.array([0.1, 0.2, 0.35])
    flat = replica.solve(model, alpha=alpha)
    curve = replica.local_entropy(model, alpha=alpha, distance=distance, replicas=1)
    own = entropy_of(distance) if weights == "binary" else 0.5 * np.log(1 - (1 - 2 * distance) ** 2)
    assert np.abs(curve["free_entropy"] - flat.free_entropy - own).max() < 1e-10
    assert np.abs(curve["q0"] - flat["q"]).max() < 1e-9


def test_without_constraints_all_neighbours_are_solutions() -> None:
    distance = np.array([0.05, 0.2])
    model = replica.perceptron("binary", margin=-6.0)
    found = replica.local_entropy(model, alpha=0.5, distance=distance, replicas=3.0)
    assert np.abs(found["local_entropy"] - entropy_of(distance)).max() < 1e-7
    assert np.abs(found["complexity"] - np.log(2.0)).max() < 1e-6


def test_fewer_and_fewer_good_centres() -> None:
    powers = [2.0, 3.0, 5.0, 8.0, 12.0, 20.0]
    curves = [replica.local_entropy(BINARY, alpha=0.7, distance=0.05, replicas=y) for y in powers]
    phi = np.array([float(c["free_entropy"][0]) for c in curves])
    inner = np.array([float(c["local_entropy"][0]) for c in curves])
    external = np.array([float(c["complexity"][0]) for c in curves])
    assert np.all(np.sign(np.diff(phi)) == [-1, -1, -1, -1, 1])  # the complexity vanishes at 13.16
    assert np.all(np.diff(inner) > 0)
    assert np.all(np.diff(external) < 0)
    star = replica.local_entropy(BINARY, alpha=0.7, distance=0.05, replicas="zero-complexity")
    assert 12.0 < float(star["parisi"][0]) < 20.0
    assert abs(float(star["complexity"][0])) < 1e-11
    assert float(star["free_entropy"][0]) < phi.min()


def test_local_entropy_is_the_derivative_with_the_number() -> None:
    step = 1e-2

    def total(y: float) -> float:
        return y * float(replica.local_entropy(BINARY, alpha=0.6, distance=0.08, replicas=y)["free_entropy"][0])

    slope = (8 * (total(6 + step) - total(6 - step)) - (total(6 + 2 * step) - total(6 - 2 * step))) / (12 * step)
    curve = replica.local_entropy(BINARY, alpha=0.6, distance=0.08, replicas=6)
    assert abs(slope - float(curve["local_entropy"][0])) < 1e-9


def test_many_replicas_approach_the_limit() -> None:
    limit = replica.local_entropy(BINARY, alpha=0.7, distance=0.05)
    curves = [replica.local_entropy(BINARY, alpha=0.7, distance=0.05, replicas=y) for y in (100, 200, 400)]
    many = [float(curve["free_entropy"][0]) for curve in curves]
    once = [2 * many[1] - many[0], 2 * many[2] - many[1]]
    assert abs((4 * once[1] - once[0]) / 3 - float(limit["free_entropy"][0])) < 1e-7
    assert abs(400 * (many[2] - float(limit["free_entropy"][0])) - float(limit["complexity"][0])) < 2e-3


@pytest.mark.parametrize("replicas", [4.0, np.inf])
def test_slope_along_the_curve(replicas: float) -> None:
    distance = 0.08 + 1e-3 * np.arange(-2, 3)
    curve = replica.local_entropy(BINARY, alpha=0.7, distance=distance, replicas=replicas)
    phi = curve["free_entropy"].values
    slope = (8 * (phi[3] - phi[1]) - (phi[4] - phi[0])) / 12e-3
    assert abs(slope - float(curve["slope"][2])) < 1e-7


def test_beyond_the_typical_distance_all_solutions_count() -> None:
    flat = replica.solve(BINARY, alpha=0.5)
    curve = replica.local_entropy(BINARY, alpha=0.5, distance=[0.25, 0.2525, 0.253, 0.3, 0.45])
    assert np.abs(curve["local_entropy"][2:] - flat.entropy).max() < 1e-12
    assert 0 < flat.entropy - float(curve["local_entropy"][1]) < 1e-6
    assert np.all(np.diff(curve["complexity"]) > 0)
    assert "that of them all" in str(curve["status"].values[3])


@pytest.mark.parametrize("alpha", [0.1, 0.5, 0.8])
@pytest.mark.parametrize("weights", ["binary", "spherical"])
def test_optimal_centres_have_no_gap(weights: str, alpha: float) -> None:
    """Every distance is solved; the curve is what its slope says, also where the gap is beyond the range of doubles."""
    model, distance = replica.perceptron(weights), np.geomspace(0.001, 0.499, 25)
    curve = replica.local_entropy(model, alpha=alpha, distance=distance)
    assert all(str(text).startswith("converged") for text in curve["status"].values)
    assert curve["error"].max() < 1e-10
    nodes, masses = np.polynomial.legendre.leggauss(8)
    for low, high in ((0.001, 0.0015), (0.01, 0.013)):
        inner = replica.local_entropy(model, alpha=alpha, distance=low + 0.5 * (high - low) * (1 + nodes))
        ends = replica.local_entropy(model, alpha=alpha, distance=[low, high])["local_entropy"].values
        assert abs(ends[1] - ends[0] - 0.5 * (high - low) * masses @ inner["slope"].values) < 1e-9
    flat = replica.solve(model, alpha=alpha)
    assert abs(float(curve["local_entropy"][-1]) - flat.free_entropy) < 1e-11
    assert float(curve["slope"][-1]) == 0.0


def test_steep_limit_under_a_plain_maximiser() -> None:
    """Spherical weights where the gap is e^57: the maximum over z by brute force, stationary in the gap."""
    alpha, distance = 0.3, 0.005
    model = replica.perceptron("spherical")
    found = replica.ansatz.local_entropy.LocalEntropy().curve(model, np.array([alpha]), np.array([distance]))
    log_gap, q1 = float(found.value("log_gap")[0]), (1 - 2 * distance) ** 2
    z = np.linspace(-9.0, 9.0, 1201)
    weight = np.exp(-0.5 * z**2) * (z[1] - z[0]) / np.sqrt(2 * np.pi)

    def squared_shift(log_gap: float) -> float:
        low, high = np.full(z.size, -60.0), np.full(z.size, 3.0)
        for _ in range(200):  # of ln r: ln r = ln gap + ln f(omega)
            middle = 0.5 * (low + high)
            place = (np.sqrt(q1) * z + np.exp(middle)) / np.sqrt(1 - q1)
            log_slope = -0.5 * place**2 - 0.5 * np.log(2 * np.pi * (1 - q1)) - special.log_ndtr(place)
            above = middle > log_gap + log_slope
            low, high = np.where(above, low, middle), np.where(above, middle, high)
        return float(weight @ np.exp(2 * low))

    share = 1 / (1 + (1 - q1) * np.exp(-log_gap))
    assert 50 < log_gap < 65
    assert abs(alpha * squared_shift(log_gap) / (q1 * share**2) - 1) < 1e-8
    assert abs(float(found.value("entropy")[0]) - 0.5 * np.log(1 - q1)) < 1e-12


def test_the_branch_of_few_replicas_ends_in_a_fold() -> None:
    """Two saddle points merge there: the overlap has a square-root end, and closer there is none."""
    distance = [0.0199, 0.01999, 0.02, 0.0202, 0.0206]
    curve = replica.local_entropy(BINARY, alpha=0.7, distance=distance, replicas=3)
    status = [str(text) for text in curve["status"].values]
    assert "the branch ends at 0.019987" in status[0]
    assert all(text.startswith("converged") for text in status[2:])
    end = float(status[0].split("ends at ")[1].split(",")[0])
    q1 = curve["q1"].values
    rates = [(q1[i] - q1[j]) / (np.sqrt(distance[j] - end) - np.sqrt(distance[i] - end)) for i, j in ((2, 3), (3, 4))]
    assert abs(rates[0] / rates[1] - 1) < 0.15


def test_very_many_physical_replicas_are_the_limit() -> None:
    distance = [0.001, 0.004]
    star = replica.local_entropy(BINARY, alpha=0.5, distance=distance, replicas="zero-complexity")
    limit = replica.local_entropy(BINARY, alpha=0.5, distance=distance)
    assert "is large" in str(star["status"].values[0]) and str(star["status"].values[1]) == "converged"
    assert abs(float(star["local_entropy"][0] - limit["local_entropy"][0])) <= float(star["error"][0]) < 1e-6
    assert 3000 < float(star["parisi"][1]) < 4000
    assert 0 < float(limit["local_entropy"][1] - star["local_entropy"][1]) < 2e-5


@pytest.mark.parametrize(
    "model",
    [
        replica.perceptron("binary", loss="error-count", beta=2.0),
        replica.perceptron("binary", loss="band", margin=1.0),
        replica.perceptron("spherical", loss="error-count", beta=2.0),
    ],
    ids=["binary", "band", "sphere"],
)
def test_any_loss_round_a_centre(model: replica.Model) -> None:
    distance, step = np.array([0.1, 0.2]), 1e-2
    flat = replica.solve(model, alpha=0.8)
    once = replica.local_entropy(model, alpha=0.8, distance=distance, replicas=1)
    own = entropy_of(distance) if model.weights.discrete else 0.5 * np.log(1 - (1 - 2 * distance) ** 2)
    assert np.abs(once["free_entropy"] - flat.free_entropy - own).max() < 1e-11
    total = [
        y * replica.local_entropy(model, alpha=0.8, distance=distance, replicas=y)["free_entropy"].values
        for y in (3 - 2 * step, 3 - step, 3 + step, 3 + 2 * step)
    ]
    slope = (8 * (total[2] - total[1]) - (total[3] - total[0])) / (12 * step)
    found = replica.local_entropy(model, alpha=0.8, distance=distance, replicas=3)
    assert np.abs(slope - found["local_entropy"]).max() < 1e-8


def test_no_saddle_point_says_so() -> None:
    curve = replica.local_entropy(BINARY, alpha=0.83, distance=0.05)
    assert np.isnan(curve["local_entropy"][0])
    assert str(curve["status"].values[0]).startswith("not converged: no saddle point")


def plain_potential(x: list[float], y: float, t: float, alpha: float) -> float:
    """F of binary weights round a free centre by the trapezoidal rule, sharing no code with the library."""
    q0, q1, qh0, qh1, pull = x
    z = np.linspace(-11.0, 11.0, 1101)
    log_weight = -0.5 * z**2 + np.log((z[1] - z[0]) / np.sqrt(2 * np.pi))
    terms = []
    for w in (1, -1):
        field = np.sqrt(qh0) * z[:, None] + np.sqrt(qh1 - qh0) * z + w * pull
        terms.append(special.logsumexp(y * np.logaddexp(field, -field) + log_weight, axis=1))
    hidden = -(np.sqrt(q0) * z[:, None] + np.sqrt(q1 - q0) * z) / np.sqrt(1 - q1)
    pattern = special.logsumexp(y * special.log_ndtr(-hidden) + log_weight, axis=1)
    outer = np.exp(log_weight)
    potential = -0.5 * y * qh1 * (1 - q1) + 0.5 * y**2 * (q0 * qh0 - q1 * qh1) - y * pull * t
    return float(potential + outer @ np.logaddexp(*terms) + alpha * outer @ pattern)


def test_stationary_under_a_plain_quadrature() -> None:
    curve = replica.local_entropy(BINARY, alpha=0.5, distance=0.1, replicas=3.0)
    pull = float(curve["slope"][0]) / 2.0
    point = [*(float(curve[name][0]) for name in ("q0", "q1", "q0_hat", "q1_hat")), pull]
    assert abs(plain_potential(point, 3.0, 0.8, 0.5) / 3.0 - float(curve["free_entropy"][0])) < 1e-10
    for i in range(5):
        up, down = list(point), list(point)
        up[i], down[i] = point[i] + 1e-4, point[i] - 1e-4
        assert abs(plain_potential(up, 3.0, 0.8, 0.5) - plain_potential(down, 3.0, 0.8, 0.5)) / 2e-4 < 2e-7


def test_dataset(tmp_path: Path) -> None:
    distance = np.linspace(0.03, 0.2, 40)
    curve = replica.local_entropy(BINARY, alpha=0.6, distance=distance, checkpoint=tmp_path / "there")
    assert curve["local_entropy"].dims == ("distance",)
    assert np.all(curve["error"] == curve["local_entropy_error"])
    assert {"free_entropy", "complexity", "q0", "q1", "parisi", "status"} <= set(curve)
    assert all(str(s).startswith("converged") for s in curve["status"].values)
    assert curve.identical(replica.local_entropy(BINARY, alpha=0.6, distance=distance, checkpoint=tmp_path / "there"))
    assert curve.identical(replica.local_entropy(BINARY, alpha=0.6, distance=distance, workers=2))


@pytest.mark.parametrize(
    ("keywords", "sentence"),
    [
        ({"centre": "middle"}, "centre must be"),
        ({"replicas": "many"}, "replicas must be a number"),
        ({"replicas": 0.5}, "replicas must be at least 1"),
        ({"replicas": "zero-complexity", "centre": None}, "needs centre='free'"),
        ({"distance": [0.1, 0.6]}, "distance must be in"),
        ({"model": replica.perceptron("spherical"), "replicas": "zero-complexity"}, "can be counted"),
        ({"model": replica.perceptron("binary", loss="band", margin=1.0)}, "not even in the field"),
        ({"model": replica.perceptron("spherical", loss="band", margin=1.0), "replicas": 2}, "not even"),
        ({"model": replica.perceptron("binary", loss="error-count", beta=2.0)}, "log-concave"),
    ],
)
def test_wrong_arguments(keywords: dict[str, Any], sentence: str) -> None:
    settings = {"model": BINARY, "alpha": 0.5, "distance": 0.1} | keywords
    with pytest.raises(ValueError, match=sentence):
        replica.local_entropy(settings.pop("model"), **settings)
