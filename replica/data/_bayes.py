"""The best of all rules on structured inputs, the teacher's weights Gaussian: one equation. No spectrum lives here."""

from __future__ import annotations

from typing import Any

import numpy as np

from replica.data._labels import Labels

STEPS = 200
EPS = float(np.finfo(float).eps)


def bayes(rule: Labels, modes: Any, alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[str]]:
    r"""Errors of the best rule with their errors and status.

    ``q = explained - <p/(1 + k P)>`` with P the prior variance ``omega S`` per direction and ``k = alpha told(q)``: a
    root in ``ln k``, bracketed by what is told at ``q = 0`` and at ``q = explained``.
    """
    value, error = np.empty((2, alpha.size))
    explained = modes.explained * np.ones(alpha.size)
    places = []
    for level in (1, 2):
        low = np.log(alpha) + np.log(np.maximum(rule.told(1e-300 + 0.0 * alpha, level), 1e-300)) - 1e-9
        high = np.log(alpha) + np.log(np.maximum(rule.told(explained * (1 - 1e-15), level), 1e-300)) + 1e-9
        high = np.maximum(high, low)
        for _ in range(STEPS):
            middle = 0.5 * (low + high)
            q = np.clip(explained - modes.unlearned(np.exp(middle)), 1e-300, None)
            more = np.log(alpha) + np.log(np.maximum(rule.told(q, level), 1e-300)) > middle
            low, high = np.where(more, middle, low), np.where(more, high, middle)
            if np.all(high - low <= 4 * EPS * np.maximum(1.0, np.abs(middle))):
                break
        q = np.clip(explained - modes.unlearned(np.exp(0.5 * (low + high))), 0.0, None)
        places.append(rule.best(np.maximum(q, 1e-300), level))
    value = places[1] * np.ones(alpha.size)
    error = np.abs(places[1] - places[0]) + 64 * EPS * (np.abs(value) + explained * rule.residual)
    return value, error, ["converged; Bayes-optimal"] * alpha.size
