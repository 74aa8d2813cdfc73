"""Vectors of least penalised cost with proof, where the averages of the proximal map are closed: no quadrature is
needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from replica._registry import vouched
from replica.ansatz.coverage import PERCEPTRON, Covers, Demand, cold
from replica.data import over_classes
from replica.data._enclosed import EnclosedClass
from replica.data.base import Overlaps
from replica.losses.base import Loss
from replica.models.model import Model
from saddlepoint.enclosures import Dual, Functions, NotEnclosed, ball

COVERS = Covers(
    "an enclosure of a minimiser",
    (
        Demand(
            "is here for losses whose averages are closed (square, hinge)",
            lambda model: vouched(model.loss, "enclosed_ground", "cost", "ground"),
            "loss",
        ),
        Demand(
            "is here for two clusters of one variance and for teachers",
            lambda model: vouched(model.data, "enclosed_classes", "channels"),
            "data",
        ),
        Demand(
            "needs a penalty between its limits 0 and inf",
            lambda model: model.weights.penalised and bool(0 < model.weights.penalty < np.inf),
            "weights",
        ),
        PERCEPTRON,
        Demand("needs a bias that is learned or held", lambda model: not model.data.tuned, "data"),
    ),
)


def minimises(model: Model) -> bool:
    """Whether the solution of a model is one vector of least cost."""
    return model.weights.penalised and cold(model)


class BallRisk:
    r"""The equations of a minimiser in balls: unknowns q, V, the overlap and what is learned beside the weights.

    With ``u - w`` the move of the proximal map, ``c = noise V``, ``D = penalty + alpha noise E(1-u')/c``:
    ``V D = 1``, ``m D = alpha E(u-w)/c``, ``q D^2 = (m D)^2 + alpha noise E(u-w)^2/c^2``, and ``E[label (u-w)] = 0``
    for a bias.
    """

    def __init__(self, solution: Any) -> None:
        self.model, self.load = solution.model, solution.load
        for demand in COVERS.lacks(self.model)[:1]:
            raise NotEnclosed(f"not enclosed: {COVERS.what} {demand.words}, got {demand.got(self.model)}")
        self.names = ("q", "V", "m", *self.model.data.trained)
        known = solution.order_parameters
        #: a bias may be 0: its unknown is shifted to lie near 1
        self.shift = {name: round(known[name]) - 1 for name in self.model.data.trained}
        self.start = [known[name] - self.shift.get(name, 0) for name in self.names]

    def __call__(self, unknowns: list[Dual]) -> tuple[list[Any], dict[str, Any]]:
        seen = {name: x + self.shift.get(name, 0) for name, x in zip(self.names, unknowns, strict=True)}
        q, response, m = seen["q"], seen["V"], seen["m"]
        model, alpha, penalty = self.model.learned(seen), ball(self.load), ball(self.model.weights.penalty)
        fields = Overlaps(q, 0, m, q - m * m)
        classes = model.data.enclosed_classes(fields)
        found = over_classes(classes, lambda one: _of_class(model.loss, one, response))
        gain = classes[0].gain
        width = gain * response
        pull = alpha * found["m"] / width
        stiff = penalty + alpha * gain * found["held"] / width
        residuals = [
            q * stiff * stiff - pull * pull - alpha * gain * found["moved square"] / (width * width),
            response * stiff - 1,
            m * stiff - pull,
            *(found[name] for name in self.model.data.trained),
        ]
        energy = alpha * found["cost"]
        values = seen | {"energy": energy, "free_entropy": -(energy + penalty * q / 2)}
        values["stability"] = 1 - alpha * found["held square"]
        return residuals, values | model.data.reference_generalization(fields, Functions)


def _of_class(loss: Loss, one: EnclosedClass, response: Any) -> Mapping[str, Any]:
    """Averages of the proximal map over one class of patterns."""
    width = one.gain * response
    move, square, held, held_square, cost = loss.enclosed_ground(one.law, width)
    pushed = {
        name: factor * (move if law is one.law else loss.enclosed_ground(law, width)[0])
        for name, (factor, law) in one.scores.items()
    }
    return {"moved square": square, "held": held, "held square": held_square, "cost": cost} | pushed
