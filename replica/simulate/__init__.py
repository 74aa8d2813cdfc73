"""Finite systems, drawn and solved without any ansatz: the independent witness of the theory."""

from replica.simulate.instances import instance
from replica.simulate.run import simulate

__all__ = ["instance", "simulate"]
