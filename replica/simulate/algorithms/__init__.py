"""The simulation algorithms: importing a file here is all that makes one known everywhere."""

from replica.simulate.algorithms.base import Algorithm, Outcome
from replica.simulate.algorithms.enumeration import Enumeration

__all__ = ["Algorithm", "Enumeration", "Outcome"]
