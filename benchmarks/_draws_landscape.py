"""Random questions of `fuzz` about what surrounds solutions, with the judges of each; no solving here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

import replica
from benchmarks import _draws, _second, _second_erm, _second_shaken
from benchmarks._draws import _log
from benchmarks._draws_lines import FAMILIES as LINES
from benchmarks._questions import Question, start_of
from benchmarks._second_around import Count, Planted, Typical, pairs
from benchmarks._second_clones import Clones, Many
from benchmarks._second_lines import row


def _noise(rng: np.random.Generator) -> float:
    return float(rng.choice([_log(rng, 1e-14, 0.5), rng.uniform(0.0, 0.5), _log(rng, 1e-4, 0.5)]))


def _blur(margin: float, noise: float, square: float) -> float:
    """What rounding of the judge's stabilities is, in units of a layer."""
    return 2e-15 * abs(margin) / float(np.sqrt(4.0 * noise * square))


def shaken(rng: np.random.Generator) -> Question:
    """Perturbed weights and the density of stabilities, at a temperature or of hard constraints."""
    task = _draws.temperature(rng)
    while "Own" in task.words and rng.random() < 0.9:  # each of these takes many seconds
        task = _draws.temperature(rng)
    noise, at = _noise(rng), float(rng.normal() + rng.normal())
    size = float(np.sqrt(np.mean(np.square(task.judge.letters)))) if task.judge.letters else 1.0
    margin, field = at * size, float(rng.normal()) * size + at * size
    if rng.random() < 0.3:
        margin = task.judge.cost.breaks[0] if task.judge.cost.breaks else 0.0

    def ask() -> Any:
        solution = replica.solve(task.model(), alpha=task.alpha)
        curve = replica.flatness(solution, noise=[noise], margin=margin)
        return solution, curve, replica.margin_distribution(solution, field=[field])

    def rows(answer: Any) -> list[dict[str, Any]]:
        solution, curve, stabilities = answer
        start = start_of(task.judge, solution)
        if start["q_hat"] <= 0:
            return []
        rates, densities = [], []
        for fine in (1, 2):
            s = _second.solve(task.judge, start, fine=fine)
            rates.append(_second_shaken.error_rate(task.judge, s, margin, noise, fine))
            densities.append(_second_shaken.density(task.judge, s, field, fine))
        found = row("training_error", curve["training_error"][0], (rates[0], rates[1]), curve["error"][0])
        found["doubt"] += rates[1] * _blur(margin, noise, s["Q"])
        return [found, row("density", stabilities["density"][0], (densities[0], densities[1]), stabilities["error"][0])]

    return Question("shaken", f"{task.words}, noise {noise!r}, margin {margin!r}, field {field!r}", ask, rows)


def shaken_fit(rng: np.random.Generator) -> Question:
    """Perturbed minimisers, the density of their stabilities and its atoms."""
    task = _draws.minimiser(rng)
    noise, margin, field = _noise(rng), float(rng.normal()), float(rng.normal() * 2)
    if task.judge.cost.kinks and rng.random() < 0.5:
        margin = task.judge.cost.kinks[0]

    def ask() -> Any:
        solution = replica.solve(task.model(), alpha=task.alpha)
        curve = replica.flatness(solution, noise=[noise], margin=margin)
        return solution, curve, replica.margin_distribution(solution, field=[field])

    def rows(answer: Any) -> list[dict[str, Any]]:
        solution, curve, stabilities = answer
        start = start_of(task.judge, solution)
        rates, densities, atoms = [], [], []
        for fine in (1, 2):
            found = _second_erm.minimise(task.judge, start, fine=fine)
            o = {name: found[name] for name in ("q", "V", "m")}
            o["bias"] = found.get("bias", task.judge.bias or 0.0)
            rates.append(_second_shaken.fit_error_rate(task.judge, o, margin, noise, fine))
            densities.append(_second_shaken.fit_density(task.judge, o, field))
            atoms.append([_second_shaken.fit_atom(task.judge, o, k) for k in task.judge.cost.kinks])
        slack = stabilities.attrs["atom_errors"]
        given = {place: (mass, e) for (place, mass), e in zip(stabilities.attrs["atoms"], slack, strict=True)}
        out = [
            row("training_error", curve["training_error"][0], (rates[0], rates[1]), curve["error"][0]),
            row("density", stabilities["density"][0], (densities[0], densities[1]), stabilities["error"][0]),
        ]
        width = task.judge.noise if task.judge.data == "mixture" else 1.0
        out[0]["doubt"] += rates[1] * _blur(margin, noise, o["q"] * width)
        for i, place in enumerate(task.judge.cost.kinks):
            mass, error = given.get(place, (0.0, 1e-14))
            out.append(row(f"atom at {place:.6g}", mass, (atoms[0][i], atoms[1][i]), error))
        return out

    return Question("shaken fit", f"{task.words}, noise {noise!r}, margin {margin!r}, field {field!r}", ask, rows)


def _distance(rng: np.random.Generator, low: float = 1e-10) -> float:
    return float(rng.choice([_log(rng, low, 0.4), rng.uniform(0.01, 0.5), _log(rng, 1e-3, 0.1)]))


def _weights(rng: np.random.Generator) -> str:
    return str(rng.choice(["binary", "spherical"]))


def _probe(rng: np.random.Generator) -> tuple[Count, Any, float]:
    """A constraint at a margin, or errors at a temperature."""
    margin = float(rng.choice([0.0, rng.normal(), 0.3 * rng.normal()]))
    if rng.random() < 0.7:
        return Count(margin), replica.Margin(margin), np.inf
    beta = _log(rng, 0.1, 20.0)
    return Count(margin, beta), replica.ErrorCount(margin), beta


def _compared(curve: Any, judge: Callable[[dict[str, float], int], dict[str, float]]) -> list[dict[str, Any]]:
    """Rows of a curve of one point."""
    start = {str(name): float(curve[name].values.ravel()[0]) for name in curve if curve[name].dtype.kind == "f"}
    if not np.isfinite(start[curve.attrs["main"]]) or start.get("q_hat", start.get("q0_hat", 1.0)) < 1e-200:
        return []
    coarse, fine = judge(start, 1), judge(start, 2)
    return [
        row(name, start[name], (float(coarse[name]), float(fine[name])), start[f"{name}_error"])
        for name in fine
        if name in start
    ]


def around_typical(rng: np.random.Generator) -> Question:
    """Copies about a typical solution of the same weights at another margin, or of the same model."""
    weights, d, (probe, loss, beta) = _weights(rng), _distance(rng), _probe(rng)
    other = None if rng.random() < 0.3 else float(probe.margin + rng.choice([0.5, 0.1, 1.0]) * rng.normal())
    limit = float(replica.capacity(replica.perceptron(weights, margin=max(probe.margin, other or -9.0))).value)
    alpha = limit * float(rng.choice([rng.uniform(0.05, 0.98), _log(rng, 1e-3, 0.9)]))
    reference = replace(probe, margin=probe.margin if other is None else other)
    model = replica.perceptron(weights, loss=loss, beta=beta)

    def ask() -> Any:
        return replica.franz_parisi(model, alpha=alpha, distance=[d], reference=other)

    def judge(start: dict[str, float], fine: int) -> dict[str, float]:
        cost = _draws.Cost(lambda u: np.where(u < reference.margin, 1.0, 0.0), (reference.margin,), np.isinf(beta))
        letters = (-1.0, 1.0) if weights == "binary" else None
        setting = _second.Setting(alpha, beta, cost, letters)
        typical = replica.perceptron(weights, loss=type(loss)(reference.margin), beta=beta)
        there = _second.solve(setting, start_of(setting, replica.solve(typical, alpha=alpha)), fine=fine)
        around = Typical(alpha, probe, reference, there["q"], there["q_hat"])
        return (around.binary if letters else around.sphere)(d, start, fine)

    words = f"{weights}, {loss}, beta {beta:.6g}, alpha {alpha!r}, distance {d!r}, reference {other!r}"
    return Question("around typical", words, ask, lambda curve: _compared(curve, judge))


def around_teacher(rng: np.random.Generator) -> Question:
    """Copies about the teacher, or about an optimal student, which is as good as the teacher."""
    weights, d, (probe, loss, beta) = _weights(rng), _distance(rng), _probe(rng)
    alpha = _log(rng, 0.05, 5.0)
    typical = bool(np.isinf(beta) and rng.random() < 0.4)
    model = replica.perceptron(weights, loss=loss, beta=beta, labels="teacher")

    def ask() -> Any:
        return replica.franz_parisi(
            model, alpha=alpha, distance=[d], reference=replica.Reference(margin=0.0) if typical else "planted"
        )

    def judge(start: dict[str, float], fine: int) -> dict[str, float]:
        around = Planted(alpha, probe)
        return (around.binary if weights == "binary" else around.sphere)(d, start, fine)

    words = f"{weights}, {loss}, beta {beta:.6g}, teacher, alpha {alpha!r}, distance {d!r}, typical {typical}"
    return Question("around teacher", words, ask, lambda curve: _compared(curve, judge))


def first_moment(rng: np.random.Generator) -> Question:
    """First moments of pairs, of margins and of bands."""
    weights, d, band = _weights(rng), float(rng.choice([_distance(rng), rng.uniform(0.5, 1.0)])), rng.random() < 0.5
    alpha, place = _log(rng, 1e-3, 2.0), float(abs(rng.normal()) + 0.05 if band else rng.normal())
    other = float(abs(rng.normal()) + 0.05 if band else rng.normal())
    model = replica.perceptron(weights, loss=replica.Band(place) if band else replica.Margin(place))

    def ask() -> Any:
        return replica.franz_parisi(model, alpha=alpha, distance=[d], reference=other, ansatz="annealed")

    def rows(curve: Any) -> list[dict[str, Any]]:
        allowed = [(-x, x) if band else (x, np.inf) for x in (place, other)]
        right = [pairs(alpha, d, *allowed, weights == "binary", fine) for fine in (1, 2)]
        if not np.isfinite(float(curve["entropy"][0])):
            return []
        return [row("entropy", curve["entropy"][0], (right[0], right[1]), curve["entropy_error"][0])]

    words = f"{weights}, {model.loss}, alpha {alpha!r}, distance {d!r}, first moment about {other!r}"
    return Question("first moment", words, ask, rows)


def clones(rng: np.random.Generator) -> Question:
    """Optimal centres and real replicas at finite numbers."""
    weights, d, (probe, loss, beta) = _weights(rng), _distance(rng, 1e-6), _probe(rng)
    y = float(rng.choice([_log(rng, 1.05, 300.0), rng.uniform(1.2, 6.0)]))
    centre = "free" if rng.random() < 0.6 else None
    limit = float(replica.capacity(replica.perceptron(weights, margin=probe.margin)).value)
    alpha = limit * float(rng.choice([rng.uniform(0.05, 0.98), _log(rng, 1e-3, 0.9)]))
    model = replica.perceptron(weights, loss=loss, beta=beta)

    def ask() -> Any:
        return replica.local_entropy(model, alpha=alpha, distance=[d], replicas=y, centre=centre)

    def rows(curve: Any) -> list[dict[str, Any]]:
        if "single" in str(curve["status"].values[0]):
            return []
        around = Clones(alpha, probe, y, centre == "free")
        return _compared(
            curve, lambda start, fine: getattr(around, "binary" if weights == "binary" else "sphere")(d, start, fine)
        )

    words = f"{weights}, {loss}, beta {beta:.6g}, alpha {alpha!r}, distance {d!r}, replicas {y!r}, centre {centre}"
    return Question("clones", words, ask, rows)


def many_clones(rng: np.random.Generator) -> Question:
    """The limit of many replicas, whose entropy cannot fall with the distance."""
    weights, d = _weights(rng), _distance(rng, 1e-6)
    margin = float(rng.choice([0.0, 0.5 * rng.normal()]))
    limit = float(replica.capacity(replica.perceptron(weights, margin=margin)).value)
    alpha = limit * float(rng.choice([rng.uniform(0.05, 0.98), rng.uniform(0.85, 0.99)]))
    model = replica.perceptron(weights, margin=margin)
    further = d + (0.5 - d) * float(rng.choice([0.01, 0.1, 0.5]))

    def ask() -> Any:
        return replica.local_entropy(model, alpha=alpha, distance=[d, further])

    def rows(curve: Any) -> list[dict[str, Any]]:
        both = curve["local_entropy"].values
        found = (
            _compared(
                curve.isel(distance=[0]),
                lambda start, fine: getattr(Many(alpha, margin), "binary" if weights == "binary" else "sphere")(
                    d, start, fine
                ),
            )
            if float(curve["slope"][0]) > 0
            else []
        )
        if np.all(np.isfinite(both)) and weights == "binary":
            found.append(row("fall", max(0.0, both[0] - both[1]), (0.0, 0.0), float(curve["error"].values.sum())))
        return found

    words = f"{weights}, margin {margin!r}, alpha {alpha!r}, distances {d!r}, {further!r}, many replicas"
    return Question("many clones", words, ask, rows)


FAMILIES = (shaken, shaken_fit, around_typical, around_teacher, first_moment, clones, many_clones)


def draw(seed: int, index: int) -> Question:
    """The question of a seed and an index, of the families in turn."""
    families = FAMILIES + LINES
    return families[index % len(families)](np.random.default_rng([seed, index]))
