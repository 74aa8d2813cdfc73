"""The weights: importing a file here is all that makes a set of weights known everywhere."""

from replica.weights.base import Average, Free, Pinned, Weights
from replica.weights.binary import Binary
from replica.weights.discrete import Discrete
from replica.weights.gaussian import Gaussian
from replica.weights.law import Law
from replica.weights.non_negative import NonNegative
from replica.weights.sign_constrained import SignConstrained
from replica.weights.spherical import Spherical
from replica.weights.ternary import Ternary

__all__ = [
    "Average",
    "Binary",
    "Discrete",
    "Free",
    "Gaussian",
    "Law",
    "NonNegative",
    "Pinned",
    "SignConstrained",
    "Spherical",
    "Ternary",
    "Weights",
]
