"""What shorthands of models mean by a loss and a margin, and by weights and a penalty."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from replica._checks import known_options
from replica.losses import Loss, Margin
from replica.weights import Gaussian, Weights

PENALTY = 1.0  # where none is given


def priced(loss: str | Loss | Callable[..., Any] | None, margin: Any) -> Any:
    """The loss of a shorthand, with its margin; one that has none may be given the margin 0."""
    if loss is None:
        return Margin(0.0 if margin is None else margin)
    if margin is None:
        return loss
    named = Loss.find(loss) if isinstance(loss, str) else None
    if named is not None and "margin" in named.parameters:
        return named(**{named.parameters["margin"]: margin})
    if np.any(np.asarray(margin) != 0.0):
        if named is None:
            raise ValueError(f"margin={margin} and loss={loss} both given: put the margin into the loss")
        known_options(f"the loss {loss!r}", ["margin"], named.parameters)
    return loss


def with_penalty(weights: Any, penalty: Any) -> Any:
    """Weights by name, class or as they are; the Gaussian ones with the penalty."""
    chosen: Any = Weights.find(weights) if isinstance(weights, str) else weights
    if isinstance(chosen, type):
        return chosen(penalty) if chosen is Gaussian else chosen()
    own = chosen.parameters.get("penalty") if isinstance(chosen, Weights) else None
    if own and not np.array_equal(penalty, PENALTY) and not np.array_equal(penalty, getattr(chosen, own)):
        raise ValueError(f"penalty={penalty} and weights={chosen} are two penalties: give one of them")
    return chosen
