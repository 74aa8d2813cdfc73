"""The architectures: importing a file here is all that makes one known everywhere."""

from replica.architectures.base import Architecture, PatternAverage, Slopes
from replica.architectures.perceptron import Perceptron

__all__ = ["Architecture", "PatternAverage", "Perceptron", "Slopes"]
