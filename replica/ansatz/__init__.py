"""The ansatz: importing a file here is all that makes one known everywhere."""

from replica.ansatz.annealed import Annealed
from replica.ansatz.base import Ansatz
from replica.ansatz.rs import RS, ansatz_or_rs
from replica.ansatz.rsb import RSB

__all__ = ["RS", "RSB", "Annealed", "Ansatz", "ansatz_or_rs"]
