"""Batches of saddle-point equations: solved, checked, followed, certified. It knows no physics.

>>> import saddlepoint
>>> saddlepoint.Newton().max_step
2.0
"""

from saddlepoint.certify import Certificate, CertificationFailed, certify
from saddlepoint.checks import Report, check_gradient, check_jacobian, check_residual_zero
from saddlepoint.continuation import Arclength, Branch, Event, Fold, Natural, Point, ZeroOf, collect, follow
from saddlepoint.problem import Problem
from saddlepoint.solution import Solution, SolveFailed, Status, Tolerance
from saddlepoint.solve import solve
from saddlepoint.solvers import Anderson, Bracket, Ladder, Newton, Picard
from saddlepoint.sweep import SweepFailed, sweep
from saddlepoint.variables import POSITIVE, REAL, UNIT, Chart, OneSign, RealInUnits, Variable, Variables

__all__ = [
    "POSITIVE",
    "REAL",
    "UNIT",
    "Anderson",
    "Arclength",
    "Bracket",
    "Branch",
    "Certificate",
    "CertificationFailed",
    "Chart",
    "Event",
    "Fold",
    "Ladder",
    "Natural",
    "Newton",
    "OneSign",
    "Picard",
    "Point",
    "Problem",
    "RealInUnits",
    "Report",
    "Solution",
    "SolveFailed",
    "Status",
    "SweepFailed",
    "Tolerance",
    "Variable",
    "Variables",
    "ZeroOf",
    "certify",
    "check_gradient",
    "check_jacobian",
    "check_residual_zero",
    "collect",
    "follow",
    "solve",
    "sweep",
]
