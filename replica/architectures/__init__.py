"""The architectures: importing a file here is all that makes one known to the command line, the tests and the tables."""

from replica.architectures.base import Architecture, PatternAverage
from replica.architectures.perceptron import Perceptron

__all__ = ["Architecture", "PatternAverage", "Perceptron"]
