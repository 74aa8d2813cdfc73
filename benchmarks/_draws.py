"""Random members, parameters and verbs of `fuzz`, with what its judge must know of them; no solving here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.special import expit

import replica
from benchmarks._second import Setting
from benchmarks._second_erm import Convex, Fit
from benchmarks._second_local import Cost
from replica.losses import Loss


@dataclass(frozen=True)
class Own(Loss):
    """A cost of one's own: a shape by name with numbers, known to the package by its values and kinks alone."""

    name: ClassVar[str] = "own"
    shape: str = "ramp"
    a: float = 1.0
    b: float = 1.0

    def cost(self, u: np.ndarray) -> np.ndarray:
        return SHAPES[self.shape](u, self.a, self.b)

    def kinks(self) -> tuple[float, ...]:
        return KINKS.get(self.shape, lambda a, b: ())(self.a, self.b)


#: cost of u with two numbers; all finite
SHAPES: dict[str, Callable[[Any, float, float], Any]] = {
    "squared hinge": lambda u, a, b: 0.5 * b * np.maximum(0.0, a - u) ** 2,
    "hinge": lambda u, a, b: b * np.maximum(0.0, a - u),
    "ramp": lambda u, a, b: np.clip(b * (a - u), 0.0, 1.0),
    "sigmoid": lambda u, a, b: expit(-b * (u - a)),
    "quartic": lambda u, a, b: 0.25 * b * (a - u) ** 4,
    "log cosh": lambda u, a, b: np.logaddexp(b * (u - a), -b * (u - a)) / b,
    "step": lambda u, a, b: np.where(u < a, b, 0.0),
    "huber": lambda u, a, b: np.where(u > a, 0.0, np.where(u > a - b, 0.5 * (a - u) ** 2, b * (a - u) - 0.5 * b * b)),
    "well": lambda u, a, b: np.clip(1.0 - u, 0.0, 1.0) - 0.5 * np.exp(-(((u - a) / b) ** 2)),
    "two kinks": lambda u, a, b: np.maximum(0.0, a - u) + np.maximum(0.0, a - b - u),
}
KINKS: dict[str, Callable[[float, float], tuple[float, ...]]] = {
    "squared hinge": lambda a, b: (a,),
    "hinge": lambda a, b: (a,),
    "ramp": lambda a, b: (a - 1.0 / b, a),
    "step": lambda a, b: (a,),
    "huber": lambda a, b: (a - b, a),
    # a dip narrower than what costs are looked at, 1e-5 within 8 and 1/8192 of a place beyond, is to be declared
    "well": lambda a, b: (0.0, 1.0, a) if b < (1e-5 if abs(a) < 8.0 else abs(a) / 8192.0) else (0.0, 1.0),
    "two kinks": lambda a, b: (a - b, a),
}
CONVEX = ("squared hinge", "hinge", "quartic", "log cosh", "huber", "two kinks")


def _known(shape: str, a: float, b: float) -> Cost:
    """The same cost for the judge, with places about which it varies."""
    breaks = KINKS.get(shape, lambda a, b: ())(a, b)
    if shape in ("sigmoid", "log cosh"):
        breaks = tuple(a + s / b for s in (-8.0, -4.0, -2.0, -1.0, 0.0, 1.0, 2.0, 4.0, 8.0))
    if shape == "well":
        breaks = (*breaks, *(a + s * b for s in (-6.0, -3.0, -1.5, 0.0, 1.5, 3.0, 6.0)))
    return Cost(lambda u: SHAPES[shape](u, a, b), tuple(sorted(breaks)), signed=shape == "well")


def _convex(shape: str, a: float, b: float) -> Convex:
    def side(u: Any, place: float, s: int) -> Any:
        return (u < place) | ((u == place) & (s < 0))

    slopes: dict[str, Callable[[Any, int], Any]] = {
        "squared hinge": lambda u, s: -b * np.maximum(0.0, a - u),
        "hinge": lambda u, s: np.where(side(u, a, s), -b, 0.0),
        "quartic": lambda u, s: -b * (a - u) ** 3,
        "log cosh": lambda u, s: np.tanh(b * (u - a)),
        "huber": lambda u, s: -np.clip(a - u, 0.0, b),
        "two kinks": lambda u, s: np.where(side(u, a, s), -1.0, 0.0) + np.where(side(u, a - b, s), -1.0, 0.0),
    }
    bends: dict[str, Callable[[Any], Any]] = {
        "squared hinge": lambda u: np.where(u < a, b, 0.0),
        "quartic": lambda u: 3.0 * b * (a - u) ** 2,
        "log cosh": lambda u: b / np.cosh(np.clip(b * (u - a), -300.0, 300.0)) ** 2,
        "huber": lambda u: np.where((u < a) & (u > a - b), 1.0, 0.0),
    }
    soft, widths = ((a,), (1.0 / b,)) if shape == "log cosh" else ((), ())
    kinks = KINKS.get(shape, lambda a, b: ())(a, b)
    return Convex(lambda u: SHAPES[shape](u, a, b), slopes[shape], bends.get(shape, np.zeros_like), kinks, soft, widths)


@dataclass(frozen=True)
class Task:
    """One question: a verb, the model and load for the package, and the same for the judge."""

    family: str
    words: str
    model: Callable[[], Any]  # made when asked: a refusal of the member is an answer too
    alpha: float
    judge: Setting | Fit


def _log(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _weights(rng: np.random.Generator) -> tuple[str, Any, dict[str, Any], float]:
    """Words, member, what the judge needs, and the size of a field."""
    kind = rng.choice(["binary", "sphere", "ternary", "letters", "penalty"], p=[0.3, 0.25, 0.1, 0.25, 0.1])
    if kind == "binary":
        return "binary", replica.Binary(), {"letters": (-1.0, 1.0)}, 1.0
    if kind == "sphere":
        return "spherical", replica.Spherical(), {}, 1.0
    if kind == "ternary":
        return "ternary", replica.Ternary(), {"letters": (-1.0, 0.0, 1.0)}, (2.0 / 3.0) ** 0.5
    if kind == "penalty":
        return "", None, {}, 1.0
    size = _log(rng, 1e-4, 1e4)
    count = int(rng.integers(2, 6))
    letters = np.sort(rng.normal(size=count))
    letters *= size / np.sqrt(np.mean(letters**2))
    return (
        f"letters of size {size:.3g}",
        replica.Discrete(tuple(letters.tolist())),
        {"letters": tuple(letters.tolist())},
        size,
    )


def temperature(rng: np.random.Generator) -> Task:
    """A cost at a temperature, or a hard constraint, on weights of any size."""
    words, weights, known, size = _weights(rng)
    beta = _log(rng, 1e-3, 1e4)
    if weights is None:
        penalty = _log(rng, 1e-3, 1e3)
        size = (1.0 / (beta * penalty)) ** 0.5
        words, weights, known = f"penalty {penalty:.3g}", replica.Gaussian(penalty), {"penalty": penalty}
    place = float(rng.normal()) * size
    kind = rng.choice(["margin", "error-count", "own"], p=[0.2, 0.2, 0.6])
    if kind == "margin":
        loss, cost, beta = replica.Margin(place), Cost(lambda u: np.where(u < place, 1.0, 0.0), (place,), True), np.inf
        if "penalty" in known:
            kind = "error-count"
            beta = _log(rng, 1e-2, 30.0)
            size = (1.0 / (beta * known["penalty"])) ** 0.5
    if kind == "error-count":
        beta = min(beta, 300.0)
        if "penalty" in known:
            size = (1.0 / (beta * known["penalty"])) ** 0.5
        loss, cost = replica.ErrorCount(place), Cost(lambda u: np.where(u < place, 1.0, 0.0), (place,))
    elif kind == "own":
        shape = str(rng.choice(sorted(SHAPES)))
        scale = _log(rng, 0.1, 10.0)
        b = {"well": _log(rng, 1e-3, 1.0), "two kinks": scale * size, "huber": scale * size}.get(shape, scale / size)
        if shape in ("quartic", "squared hinge"):
            b = scale / size ** (4 if shape == "quartic" else 2)
        if shape == "step":
            b = scale
        loss, cost = Own(shape, place, b), _known(shape, place, b)
    atoms, labels, extra = ((1.0, 1.0),), "random", {}
    if rng.random() < 0.25 and words in ("binary", "spherical") or ("penalty" in known and rng.random() < 0.3):
        labels, noise = replica.Teacher(noise=float(rng.choice([0.0, 0.1, 1.0]))), 0.0
        noise = labels.noise
        extra = {"teacher": True, "noise": noise, "atoms": atoms}
    alpha = _log(rng, 1e-3, 5.0)

    def model() -> Any:
        return replica.perceptron(weights, loss=loss, beta=beta, labels=labels)

    setting = Setting(alpha, beta, cost, **known, **extra)
    return Task("temperature", f"{words}, {loss}, beta {beta:.6g}, {labels}, alpha {alpha:.6g}", model, alpha, setting)


def minimiser(rng: np.random.Generator) -> Task:
    """A vector of least cost, on random labels, a teacher or two clusters."""
    shape = str(rng.choice([*CONVEX, "square", "logistic", "built-in hinge"]))
    noise, penalty, alpha = _log(rng, 1e-2, 1e2), _log(rng, 1e-4, 1e4), _log(rng, 1e-2, 1e2)
    place, b = float(rng.normal()), _log(rng, 0.1, 10.0)
    loss: Any
    if shape == "square":
        loss, cost = "square", Convex(lambda u: 0.5 * (1 - u) ** 2, lambda u, s: u - 1.0, np.ones_like)
    elif shape == "logistic":
        loss = "logistic"
        cost = Convex(
            lambda u: np.logaddexp(0.0, -u), lambda u, s: -expit(-u), lambda u: expit(u) * expit(-u), (), (0.0,), (1.0,)
        )
    elif shape == "built-in hinge":
        loss, cost = replica.Hinge(1.0), _convex("hinge", 1.0, 1.0)
    else:
        loss, cost = Own(shape, place, b), _convex(shape, place, b)
    data = str(rng.choice(["mixture", "teacher", "random"], p=[0.6, 0.25, 0.15]))
    if data == "mixture":
        balance = float(rng.choice([0.5, rng.uniform(0.05, 0.95)]))
        bias = [None, 0.0, float(rng.normal())][int(rng.integers(3))]

        def model() -> Any:
            given = True if bias is None else bias
            return replica.mixture(loss, penalty=penalty, noise=noise, balance=balance, bias=given)

        fit = Fit(alpha, penalty, cost, data, noise, balance, bias)
    else:
        noise = float(rng.choice([0.0, noise]))
        labels = replica.Teacher(noise=noise) if data == "teacher" else "random"

        def model() -> Any:
            return replica.perceptron(replica.Gaussian(penalty), loss=loss, labels=labels)

        fit = Fit(alpha, penalty, cost, data, noise)
    words = f"{loss} on {data}, penalty {penalty:.6g}, noise {noise:.6g}, balance {fit.balance:.4g}, bias {fit.bias}"
    return Task("minimiser", f"{words}, alpha {alpha:.6g}", model, alpha, fit)


def threshold(rng: np.random.Generator) -> Task:
    """The capacity of counted weights of any size."""
    words, weights, known, size = _weights(rng)
    while "letters" not in known:
        words, weights, known, size = _weights(rng)
    place = float(rng.normal()) * size
    cost = Cost(lambda u: np.where(u < place, 1.0, 0.0), (place,), True)

    def model() -> Any:
        return replica.perceptron(weights, margin=place)

    return Task("capacity", f"{words}, margin {place:.6g}", model, np.nan, Setting(1.0, np.inf, cost, **known))


def units(rng: np.random.Generator) -> Task:
    """Wide committees of one's own unit: pieces, pulses, bells and steep ramps, with kernels that the judge knows."""
    from benchmarks._unit_kernels import draw

    words, function, kernel = draw(rng)
    place = float(rng.normal()) * float(kernel[0](1.0)) ** 0.5
    weights = str(rng.choice(["binary", "spherical"]))
    cost = Cost(lambda u: np.where(u < place, 1.0, 0.0), (place,), True)
    alpha = _log(rng, 1e-2, 0.6)

    def model() -> Any:
        return replica.committee(activation=function, weights=weights, margin=place)

    known = {"letters": (-1.0, 1.0)} if weights == "binary" else {}
    setting = Setting(alpha, np.inf, cost, kernel=kernel, **known)
    return Task("units", f"{weights}, {words}, margin {place:.6g}, alpha {alpha:.6g}", model, alpha, setting)


FAMILIES = (temperature, minimiser, temperature, units, temperature, minimiser, temperature, threshold)


def draw(seed: int, index: int) -> Task:
    """The question of a seed and an index, of the families in turn."""
    return FAMILIES[index % len(FAMILIES)](np.random.default_rng([seed, index]))
