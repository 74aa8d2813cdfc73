"""Following a solution along a parameter: an iterator of points, ways to step, events, tables of branches."""

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
