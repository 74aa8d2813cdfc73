"""Costs whose least is taken by no weights at all, or has no limit in the penalty: said before anything is solved."""

from __future__ import annotations

import numpy as np

from replica._registry import per_row
from replica.losses import Loss
from replica.losses._cost_table import single_rows
from replica.losses._tabulated import resting
from replica.models.model import Model

EPS = 4.0 * np.finfo(float).eps
NOTHING = "weights of 0 cost nothing and the penalty pulls the weights to 0: give a larger margin, or hold the norm"
HARD = "a hard constraint is kept or not, whatever the penalty: give a finite one"
BENT = "the limit penalty -> inf is that of a convex cost (square, logistic, hinge): give a finite penalty"
UNKEPT = "no vector was found that keeps the hard constraint at this load: take a smaller one, or a hinge"


def least_by_none(model: Model, size: int) -> np.ndarray:
    """Whether no vector costs less than ``w = 0`` at the bias that is held, or 0 where it is learned: with a penalty,
    that is the vector of least cost.
    """
    found = np.full(size, model.weights.penalised and not model.data.residual)
    if found.any():
        data = model.data.learned({"bias": np.zeros(size)}) if model.data.trained else model.data
        for channel in data.resting(size):
            found &= _least(model.loss, (channel.mean * np.ones(size))[:, None])
    return found


def _least(loss: Loss, at: np.ndarray) -> np.ndarray:
    """Whether a stability (batch, 1) is one of least cost."""
    if loss.exact:
        places = [resting(single)[0] for single in single_rows(loss, len(at))]
        return np.abs(at[:, 0] - np.array(places)) <= EPS * np.abs(at[:, 0])
    if loss.satisfiable:
        return np.asarray(loss.cost(at) == 0)[:, 0]
    if not loss.log_concave or loss.hard:
        return np.zeros(len(at), dtype=bool)
    return (loss.slope_beside(at, -1)[:, 0] <= 0) & (loss.slope_beside(at, 1)[:, 0] >= 0)


def no_vector(model: Model, size: int) -> list[str]:
    """Why there is no vector of least cost to be found, row by row; nothing where there may be one."""
    reasons = np.where(least_by_none(model, size), NOTHING, "")
    if model.weights.penalised and (model.loss.hard or not model.loss.log_concave):
        weak = np.isinf(per_row(model.weights.penalty, size)) & (reasons == "")
        reasons = np.where(weak, HARD if model.loss.hard else BENT, reasons)
    return [str(reason) for reason in reasons]
