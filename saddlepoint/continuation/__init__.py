"""Following a solution along a parameter: an iterator of points, two ways to step, events, and the table of a branch."""

from saddlepoint.continuation.arclength import Arclength
from saddlepoint.continuation.branch import Branch, Event, Point
from saddlepoint.continuation.events import Fold, ZeroOf
from saddlepoint.continuation.follow import Follow, collect, follow
from saddlepoint.continuation.natural import Natural

__all__ = [
    "Arclength",
    "Branch",
    "Event",
    "Fold",
    "Follow",
    "Natural",
    "Point",
    "ZeroOf",
    "collect",
    "follow",
]
