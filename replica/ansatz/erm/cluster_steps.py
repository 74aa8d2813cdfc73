"""The way to a vector of least cost on two clusters: damped steps, between which means and bias are solved for."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

FLATTEST = 1e-4  # of the largest slope that a cost can have
NEWTON = 4  # steps of means and bias between two of the variances
HALVINGS = 12  # of a step that raises the cost


class Balance(NamedTuple):
    """Means and bias at given variances: where they are, ``(p_+, p_-[, b])``, and what a step needs to know."""

    here: np.ndarray
    cost: np.ndarray  # what they minimise
    slope: np.ndarray  # of the push in the field, (batch, 2)
    drive: np.ndarray  # the push that the fields ask for


def settled(problem: Any, steps: int) -> np.ndarray:
    """Damped steps of stiffness and force from the start; steps of the means and the bias before each."""
    free = problem.start()
    free[:, 4:] = 0.0  # a push of the means that are far apart would move the fields away from all that is curved
    with np.errstate(all="ignore"):
        for _ in range(steps):
            for _ in range(NEWTON):
                free = balanced(problem, free)
            change = 0.5 * np.clip(np.nan_to_num(problem.residual(free)[:, :4]), -3.0, 3.0)
            free[:, :4] += change
            free[:, 4:6] *= np.exp(-0.5 * change[:, 2:])  # the push stays
    return free


def balanced(problem: Any, free: np.ndarray) -> np.ndarray:
    r"""Newton's step at given variances, ``p' = p(a, b) - k (a' - a + b' - b)`` where ``a' = mu R mu p'``.

    It lowers ``p mu R mu p/2 + sum_s alpha rho_s E min_u (l(u) + (u-h)^2/(2 V_s))``, which is convex if the loss is. A
    step that leaves out k overshoots as the square of the means; for the square loss this one is exact.
    """
    fields = problem.fields(free)
    at = _balance(problem, free, fields)
    slope = np.maximum(at.slope, FLATTEST * problem.shares() / fields.response)
    size = at.here.shape[1]
    matrix, right = np.zeros((len(free), size, size)), np.zeros((len(free), size))
    matrix[:, :2, :2] = np.eye(2) + slope[:, :, None] * fields.forms.push
    matrix[:, :2, 2:], matrix[:, 2:, :2] = slope[:, :, None], 1.0
    right[:, :2] = at.drive + slope * (fields.mean + at.here[:, 2:].sum(axis=1, keepdims=True))
    known = np.all(np.isfinite(matrix), axis=(1, 2)) & np.all(np.isfinite(right), axis=1) & np.isfinite(at.cost)
    step = np.zeros_like(at.here)
    step[known] = np.linalg.solve(matrix[known], right[known][:, :, None])[:, :, 0] - at.here[known]
    length, worse = np.ones((len(free), 1)), known.copy()
    for _ in range(HALVINGS):
        there, trial = at.here + length * step, free.copy()
        push = there[:, :2]
        trial[:, 4:6], trial[:, 6:] = push / np.sqrt(fields.force), there[:, 2:]
        moved = fields._replace(push=push, mean=np.einsum("bs,bst->bt", push, fields.forms.push))
        worse &= ~(_balance(problem, trial, moved).cost <= at.cost)
        if not worse.any():
            break
        length[worse] *= 0.5
    return np.where((known & ~worse)[:, None], trial, free)


def _balance(problem: Any, free: np.ndarray, fields: Any) -> Balance:
    share, signs = problem.shares(), np.array([sign for sign, _ in problem.model.data.labels])
    move, square, pull, _, cost, *_ = problem.averages(free, fields, whole=True)
    total = (share * (cost + 0.5 * square / fields.response)).sum(axis=1)
    total = total + 0.5 * (fields.push * fields.mean).sum(axis=1)
    here = np.concatenate([fields.push, free[:, 6:]], axis=1)
    return Balance(here, total, share * pull / fields.response, signs * share * move / fields.response)
