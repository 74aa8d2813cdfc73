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
BENEATH = [f for f in CENTRED if f["id"] == "le_centre_yinf_binary_a0.76_d0.02"]  # a saddle point below a maximum
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


@pytest.mark.parametrize("figure", BENEATH, ids=[f["id"] for f in BENEATH])
def test_saddle_point_below_a_maximum_agrees_with_figure(figure: dict[str, Any]) -> None:
    place = figure["params"]
    ansatz = replica.ansatz.replicated.ansatz.LocalEntropy()
    found = ansatz.saddle_points(BINARY, np.array([place["alpha"]]), np.array([place["d"]]))
    assert abs(found.value("free_entropy")[0] - figure["value"]) <= 5 * figure["abs_err"]
    assert found.value("slope")[0] < 0
    assert float(curve_of(figure)["free_entropy"][0]) > figure["value"] + 1e-4


OTHERS = [f for f in CENTRED if f not in BENEATH]


@pytest.mark.parametrize("figure", OTHERS, ids=[f["id"] for f in OTHERS])
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
    powers = [4.0, 5.0, 8.0, 12.0, 20.0]
    curves = [replica.local_entropy(BINARY, alpha=0.7, distance=0.05, replicas=y) for y in powers]
    phi = np.array([float(c["free_entropy"][0]) for c in curves])
    inner = np.array([float(c["local_entropy"][0]) for c in curves])
    external = np.array([float(c["complexity"][0]) for c in curves])
    assert np.all(np.sign(np.diff(phi)) == [-1, -1, -1, 1])  # the complexity vanishes at 13.16
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
    found = replica.ansatz.replicated.ansatz.LocalEntropy().curve(model, np.array([alpha]), np.array([distance]))
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


def test_single_solutions_dominate_few_replicas_near_their_centre() -> None:
    """``F >= phi + h(d)``, as ``n^y >= n``: below the place where the saddle point has as much, its branch does not
    count (and ends in a fold), above it it does; F is continuous there and does not fall anywhere."""
    distance = np.array([0.005, 0.0199, 0.03, 0.049, 0.0515, 0.06, 0.1])
    curve = replica.local_entropy(BINARY, alpha=0.7, distance=distance, replicas=3)
    bound = replica.solve(BINARY, alpha=0.7).entropy + entropy_of(distance)
    total, alone = 3 * curve["free_entropy"].values, curve["q1"].values == 1.0
    assert alone.tolist() == [True] * 4 + [False] * 3
    assert np.abs(total - bound)[alone].max() < 1e-14 and np.all(curve["local_entropy"].values[alone] == 0)
    assert np.all(total[~alone] > bound[~alone]) and np.all(np.diff(total) > 0)
    assert ["single solutions" in str(text) for text in curve["status"].values] == alone.tolist()
    assert np.abs(curve["complexity"].values - bound)[alone].max() < 1e-14


@pytest.mark.parametrize(("model", "alpha"), [(BINARY, 0.6), (replica.perceptron("binary", margin=0.4), 0.25)])
def test_one_replica_is_solved_at_every_distance(model: replica.Model, alpha: float) -> None:
    distance = np.array([0.004, 0.02, 0.1])
    curve = replica.local_entropy(model, alpha=alpha, distance=distance, replicas=1)
    flat = replica.solve(model, alpha=alpha)
    assert np.abs(curve["free_entropy"] - flat.entropy - entropy_of(distance)).max() < 1e-10
    assert np.all(curve["local_entropy"] >= 0)


def maximum(alpha: float) -> tuple[float, float]:
    """Place and height of the maximum of the curve of saddle points, from a fine grid of its own and a parabola."""
    ansatz = replica.ansatz.replicated.ansatz.LocalEntropy()
    distance = np.linspace(0.004, 0.02, 81)
    found = ansatz.saddle_points(BINARY, np.full(81, alpha), distance).value("entropy")
    near = int(np.argmax(found))
    x, y = distance[near - 1 : near + 2], found[near - 1 : near + 2]
    a, b, c = np.polyfit(x - x[1], y, 2)
    return x[1] - b / (2 * a), c - b * b / (4 * a)


@pytest.mark.parametrize("alpha", [0.765, 0.8])
def test_the_limit_does_not_fall_with_the_distance(alpha: float) -> None:
    """Displaced centres: beyond the maximum of the saddle points the limit is that maximum, as for many replicas."""
    place, height = maximum(alpha)
    distance = np.array([0.5 * place, 1.5 * place, 0.025, 0.06, 0.3])
    curve = replica.local_entropy(BINARY, alpha=alpha, distance=distance)
    inner = curve["local_entropy"].values
    assert np.all(np.diff(inner) >= 0)
    assert np.abs(inner[1:3] - height).max() < 1e-6 and inner[1] == pytest.approx(inner[2], abs=1e-14)
    assert inner[4] == pytest.approx(replica.solve(BINARY, alpha=alpha).entropy, abs=1e-12)
    assert all("with the centre displaced" in str(text) for text in curve["status"].values[1:3])
    assert "complexity is negative" in str(curve["status"].values[1])
    alone = replica.local_entropy(BINARY, alpha=alpha, distance=0.025)
    assert float(alone["local_entropy"][0]) == pytest.approx(inner[2], abs=1e-14)
    many = replica.local_entropy(BINARY, alpha=alpha, distance=distance[1:3], replicas=2e3)
    correction = curve["complexity"].values[1:3] / 2e3
    assert np.abs(many["free_entropy"] - inner[1:3] - correction).max() < 2e-6
    assert np.abs(many["local_entropy"] - inner[1:3]).max() < 2e-6


def test_finite_numbers_take_the_branch_of_largest_free_entropy() -> None:
    distance = np.array([0.01, 0.02, 0.05, 0.1, 0.15, 0.3])
    curve = replica.local_entropy(BINARY, alpha=0.8, distance=distance, replicas=200)
    assert np.all(np.diff(curve["free_entropy"]) > 0)
    assert np.all(curve["q1"].values[:4] > 0.95) and np.all(curve["q1"].values[4:] < 0.6)
    assert curve["error"].max() < 1e-10
    two = replica.local_entropy(BINARY, alpha=0.8, distance=[0.0075, 0.02], replicas=1e6)
    limit = replica.local_entropy(BINARY, alpha=0.8, distance=[0.0075, 0.02])
    assert np.abs(two["free_entropy"] - limit["free_entropy"] - limit["complexity"] / 1e6).max() < 1e-9


@pytest.mark.parametrize(
    ("keywords", "names"),
    [
        ({"alpha": 0.8}, ("local_entropy", "complexity")),
        ({"alpha": 0.78, "replicas": 60.0}, ("local_entropy", "free_entropy")),
        ({"alpha": 0.6, "replicas": 1.5}, ("local_entropy", "free_entropy")),
        ({"alpha": 0.7, "replicas": "zero-complexity"}, ("local_entropy", "parisi")),
        ({"alpha": 0.5, "replicas": 0.7, "centre": "solution"}, ("local_entropy",)),
        ({"alpha": 0.5, "replicas": 4.0, "centre": None}, ("local_entropy",)),
    ],
)
def test_a_point_does_not_depend_on_the_others(keywords: dict[str, Any], names: tuple[str, ...]) -> None:
    distance = np.array([0.03, 0.06, 0.2])
    whole = replica.local_entropy(BINARY, distance=distance, **keywords)
    for part in ([0], [1, 2]):
        some = replica.local_entropy(BINARY, distance=distance[part], **keywords)
        for name in names:
            assert some[name].values == pytest.approx(whole[name].values[part], rel=1e-10, abs=1e-11, nan_ok=True)
        first = [[str(text).split(";")[0] for text in x["status"].values] for x in (some, whole)]
        assert first[0] == [first[1][i] for i in part]


@pytest.mark.parametrize("weights", ["binary", "spherical"])
@pytest.mark.parametrize("margin", [-9.0, -30.0])
@pytest.mark.parametrize(("replicas", "centre"), [(np.inf, "free"), (3.0, "free"), (0.5, "solution"), (np.inf, None)])
def test_constraints_that_do_not_act(weights: str, margin: float, replicas: float, centre: str | None) -> None:
    distance = np.array([1e-4, 0.2])
    model = replica.perceptron(weights, margin=margin)
    found = replica.local_entropy(model, alpha=1.0, distance=distance, replicas=replicas, centre=centre)
    assert all(str(text).startswith("converged") for text in found["status"].values)
    away = distance if centre else 0.5 * (1 - np.sqrt(1 - 2 * distance))  # from the barycentre
    room = entropy_of(away) if weights == "binary" else 0.5 * np.log(4 * away * (1 - away))
    assert found["local_entropy"].values == pytest.approx(room, rel=1e-11)


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


def test_where_saddle_points_have_ended_the_maximum_before_them_holds() -> None:
    """alpha = 0.83: at d = 0.05 the saddle point would have a centre that repels, and there is none."""
    ansatz = replica.ansatz.replicated.ansatz.LocalEntropy()
    assert np.isnan(ansatz.saddle_points(BINARY, np.array([0.83]), np.array([0.05])).value("entropy")[0])
    curve = replica.local_entropy(BINARY, alpha=0.83, distance=[0.02, 0.05])
    assert float(curve["local_entropy"][0]) == pytest.approx(float(curve["local_entropy"][1]), abs=1e-14)
    assert "more than the entropy of all solutions" in str(curve["status"].values[1])
    beyond = replica.local_entropy(BINARY, alpha=0.84, distance=[0.003, 0.3])
    assert all("there are none at this load" in str(text) for text in beyond["status"].values)


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
