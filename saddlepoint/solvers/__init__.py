"""The family of solvers, one file each; the loop that runs them is `saddlepoint._iterate`."""

from saddlepoint.solvers.anderson import Anderson
from saddlepoint.solvers.bracket import Bracket
from saddlepoint.solvers.ladder import Ladder
from saddlepoint.solvers.newton import Newton
from saddlepoint.solvers.picard import Picard

__all__ = ["Anderson", "Bracket", "Ladder", "Newton", "Picard"]
