"""The architectures: importing a file here is all that makes one known everywhere."""

from replica.architectures.activations import Activation
from replica.architectures.base import Architecture, PatternAverage, Slopes
from replica.architectures.full_committee import FullCommittee
from replica.architectures.parity import Parity
from replica.architectures.perceptron import Perceptron
from replica.architectures.tree_committee import TreeCommittee

__all__ = [
    "Activation",
    "Architecture",
    "FullCommittee",
    "Parity",
    "PatternAverage",
    "Perceptron",
    "Slopes",
    "TreeCommittee",
]
