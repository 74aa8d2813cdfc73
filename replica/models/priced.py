"""The loss that shorthands of models mean by a loss and a margin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from replica._checks import known_options
from replica.losses import Loss, Margin


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
