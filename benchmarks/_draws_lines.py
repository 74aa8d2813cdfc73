"""Random questions of `fuzz` about thresholds other than the capacity, with the judges of each; no solving here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

import replica
from benchmarks import _draws, _second_lines
from benchmarks._draws import _log
from benchmarks._questions import Question, start_of
from benchmarks._second import Setting
from benchmarks._second_erm import Fit
from benchmarks._second_lines import constraint, counted, row


def margin(rng: np.random.Generator) -> Question:
    """The largest margin of counted weights of any size, of the sphere, and of two clusters."""
    kind = str(rng.choice(["letters", "sphere", "clusters"]))
    if kind == "clusters":
        return _cluster_margin(rng)
    words, weights, known, _ = _draws._weights(rng)
    while weights is None or ("letters" in known) != (kind == "letters"):
        words, weights, known, _ = _draws._weights(rng)
    alpha = _log(rng, 1e-3, 30.0) if kind == "letters" else _log(rng, 1e-2, 1.999)

    def ask() -> Any:
        return replica.max_margin(replica.perceptron(weights), alpha=alpha)

    def rows(found: Any) -> list[dict[str, Any]]:
        if kind == "sphere":
            right = _second_lines.sphere_margin(alpha, found.value)
            return [row("margin", found.value, (right, right), found.error)]
        setting = Setting(alpha, np.inf, constraint(0.0), **known)
        start = start_of(setting, found.solution)
        both = [_second_lines.largest_margin(setting, found.value, start, fine) for fine in (1, 2)]
        return [row("margin", found.value, (both[0], both[1]), found.error)]

    return Question("largest margin", f"{words}, alpha {alpha!r}", ask, rows)


def _cluster_margin(rng: np.random.Generator) -> Question:
    noise, balance = _log(rng, 0.05, 20.0), float(rng.choice([0.5, rng.uniform(0.1, 0.9)]))
    bias = [True, False][int(rng.integers(2))]
    model = replica.mixture("margin", weights="spherical", noise=noise, balance=balance, bias=bias)
    alpha = _log(rng, 0.05, 5.0)

    def rows(found: Any) -> list[dict[str, Any]]:
        start = (found.solution["m"], found.order_parameters.get("bias", 0.0), found.value)
        right = _second_lines.cluster_margin(alpha, noise, balance, start, bias)
        return [row("margin", found.value, (right, right), found.error)]

    words = f"clusters, noise {noise!r}, balance {balance!r}, bias {bias}, alpha {alpha!r}"
    return Question("largest margin", words, lambda: replica.max_margin(model, alpha=alpha), rows)


def _count(rng: np.random.Generator, labels: str) -> tuple[str, Any, Setting]:
    """A constraint or errors at a temperature, on binary weights, letters or the sphere."""
    words, weights, known, size = _draws._weights(rng)
    while weights is None:
        words, weights, known, size = _draws._weights(rng)
    place = float(rng.normal()) * size
    if rng.random() < 0.4:
        model = replica.perceptron(weights, margin=place, labels=labels)
        return f"{words}, margin {place!r}", model, Setting(1.0, np.inf, constraint(place), **known)
    beta = _log(rng, 0.3, 30.0)
    model = replica.perceptron(weights, loss=replica.ErrorCount(place), beta=beta, labels=labels)
    return f"{words}, errors below {place!r}, beta {beta!r}", model, Setting(1.0, beta, counted(place), **known)


def stability(rng: np.random.Generator) -> Question:
    """Where typical solutions on random labels become unstable."""
    words, model, setting = _count(rng, "random")

    def rows(found: Any) -> list[dict[str, Any]]:
        start = start_of(setting, found.solution)
        both = [_second_lines.unstable_load(setting, found.value, start, fine) for fine in (1, 2)]
        return [row("alpha", found.value, (both[0], both[1]), found.error)]

    return Question("instability", words, lambda: replica.at_line(model), rows)


def freezing(rng: np.random.Generator) -> Question:
    """Where the entropy of counted weights vanishes in temperature."""
    words, weights, known, size = _draws._weights(rng)
    while "letters" not in known:
        words, weights, known, size = _draws._weights(rng)
    place, alpha = float(rng.normal()) * size, _log(rng, 0.3, 20.0)
    model = replica.perceptron(weights, loss=replica.ErrorCount(place))

    def rows(found: Any) -> list[dict[str, Any]]:
        setting = Setting(alpha, float(found.order_parameters["beta"]), counted(place), **known)
        start = start_of(setting, found.solution)
        both = [1.0 / _second_lines.frozen_beta(setting, setting.beta, start, fine) for fine in (1, 2)]
        return [row("temperature", found.value, (both[0], both[1]), found.error)]

    return Question(
        "freezing",
        f"{words}, errors below {place!r}, alpha {alpha!r}",
        lambda: replica.freezing(model, alpha=alpha),
        rows,
    )


def teacher(rng: np.random.Generator) -> Question:
    """Where binary students of a teacher stop being wrong: the fold of the branch, and the first-order transition."""
    place, fold = float(rng.choice([0.0, rng.normal() * 0.3])), rng.random() < 0.5
    beta = float(rng.choice([np.inf, _log(rng, 0.5, 20.0)]))
    loss: Any = replica.Margin(place) if np.isinf(beta) else replica.ErrorCount(place)
    model = replica.perceptron("binary", loss=loss, beta=beta, labels="teacher")
    cost = constraint(place) if np.isinf(beta) else counted(place)
    setting = Setting(1.0, beta, cost, (-1.0, 1.0), teacher=True)

    def ask() -> Any:
        return replica.spinodal(model) if fold else replica.transition(model)

    def rows(found: Any) -> list[dict[str, Any]]:
        start = start_of(setting, found.solution)
        here = replace(setting, alpha=float(found.value))
        if fold:
            both = [_second_lines.turning_load(setting, found.value, start, fine) for fine in (1, 2)]
        else:
            both = [_second_lines.equal_load(here, start, fine) for fine in (1, 2)]
        return [row("alpha", found.value, (both[0], both[1]), found.error)]

    return Question("spinodal" if fold else "transition", f"binary, teacher, {loss}, beta {beta!r}", ask, rows)


def penalty(rng: np.random.Generator) -> Question:
    """The penalty of the fewest errors on new patterns."""
    task = _draws.minimiser(rng)
    while task.judge.data == "random":
        task = _draws.minimiser(rng)
    fit: Fit = task.judge

    def rows(found: Any) -> list[dict[str, Any]]:
        if not 0.0 < found.value < np.inf:
            return []
        base = task.model()

        def start(lam: float) -> dict[str, float]:
            return start_of(
                replace(fit, penalty=lam), replica.solve(base.with_parameters(penalty=lam), alpha=task.alpha)
            )

        both = [_second_lines.best_penalty(fit, found.value, start, fine) for fine in (1, 2)]
        least = [error for _, error in both]
        solution = found.solution
        return [
            row("least error", solution["generalization_error"], (least[0], least[1]), 1e-7 * least[1]),
            row("log penalty", 0.0, (both[0][0], both[1][0]), 3e-3 + found.error / found.value),
        ]

    return Question("best penalty", task.words, lambda: replica.optimal_penalty(task.model(), alpha=task.alpha), rows)


FAMILIES = (margin, stability, freezing, teacher, penalty)
