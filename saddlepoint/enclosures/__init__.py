"""Enclosures: intervals that provably contain averages, zeros of equations and functions of these. No physics.

Needs python-flint (the extra ``enclosures``), which is imported on first use. `gaussian_averages` holds the lemmas of
the quadrature, `plane_averages` those of the quadrature in two dimensions, `enclosed_root` that of existence and
uniqueness.
"""

from saddlepoint.enclosures.dual import Dual, Functions, combined, plain
from saddlepoint.enclosures.enclosure import Enclosure
from saddlepoint.enclosures.gaussian import gaussian_averages
from saddlepoint.enclosures.krawczyk import Root, enclosed_root
from saddlepoint.enclosures.numbers import NotEnclosed, NotInstalled, ball, flint
from saddlepoint.enclosures.plane import Base, Plane, plane_averages
from saddlepoint.enclosures.ring import Kernel, Majorant, Polynomial, generator

__all__ = [
    "Base",
    "Dual",
    "Enclosure",
    "Functions",
    "Kernel",
    "Majorant",
    "NotEnclosed",
    "NotInstalled",
    "Plane",
    "Polynomial",
    "Root",
    "ball",
    "combined",
    "enclosed_root",
    "flint",
    "gaussian_averages",
    "generator",
    "plain",
    "plane_averages",
]
