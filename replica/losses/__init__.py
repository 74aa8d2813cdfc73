"""The losses: importing a file here is all that makes a loss known everywhere."""

from replica.losses.band import Band
from replica.losses.base import Loss
from replica.losses.custom import Custom, from_function
from replica.losses.error_count import ErrorCount
from replica.losses.hinge import Hinge
from replica.losses.huber import Huber
from replica.losses.logistic import Logistic
from replica.losses.margin import Margin
from replica.losses.outside_band import OutsideBand
from replica.losses.square import Square

__all__ = [
    "Band",
    "Custom",
    "ErrorCount",
    "Hinge",
    "Huber",
    "Logistic",
    "Loss",
    "Margin",
    "OutsideBand",
    "Square",
    "from_function",
]
