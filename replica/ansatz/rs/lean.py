"""What few patterns do: the conjugates to first order in them, and towards which side of the teacher they pull."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from replica._registry import per_row
from replica.data import Overlaps
from replica.models.model import Model

if TYPE_CHECKING:
    from replica.ansatz.rs.equations import Equations


def lean_of(model: Model, norm: Any, size: int) -> np.ndarray:
    """Sign (B,) of the overlap with the teacher that few patterns lead to: that of f where nothing is known yet.

    Built-in costs fall with the stability; one of a user's own may pay for answers that are wrong.
    """
    if not (model.data.overlaps and model.loss.averaged and model.architecture.linear):
        return np.ones(size)
    with np.errstate(all="ignore"):
        force = model.loss.terms(np.zeros((size, 1)), per_row(norm, size), model.beta)[1][:, 0]
    return np.where(force < 0, -1.0, 1.0)


def first_conjugates(equations: Equations, alpha: np.ndarray) -> dict[str, np.ndarray]:
    """Conjugates to first order in the patterns: the overlaps q -> 0 put into the pattern average."""
    model = equations.model
    norm = model.weights.initial_norm(model.beta) * np.ones(equations.size)
    small = 1e-6 * norm
    m = equations.lean * np.sqrt(small) * 1e-3 if model.data.overlaps else equations.zero
    overlaps = Overlaps(small, norm - small, m, small - m * m)
    pattern = model.architecture.patterns(model.loss, model.data, overlaps, model.beta, 0)
    names = [name for name in equations.names if name not in equations.learned]
    first = {name: alpha * equations.conjugate(pattern, name) for name in names}
    scale = np.divide(1e-9, norm, out=np.zeros_like(norm), where=norm > 0)  # a penalty at beta = inf leaves no norm
    low = 0.5 * model.weights.lowest_curvature(model.beta)
    least = {name: low if equations.linear(name) else alpha * scale for name in first}
    turned = dict.fromkeys(first, 1.0) | {"m_hat": equations.lean}
    # patterns that hardly ever cost anything pull with what they pull: a larger start may lie beyond a fold
    for n, v in first.items():
        pull = turned[n] * v
        floor = least[n] if equations.linear(n) else np.where(pull > 0.0, 0.0, least[n])
        first[n] = turned[n] * np.maximum(pull, floor)
    return first | {n: np.zeros(equations.size) for n in equations.learned}
