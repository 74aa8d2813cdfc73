"""The ansatz: importing a file here is all that makes one known everywhere."""

from replica.ansatz.annealed import Annealed
from replica.ansatz.base import Ansatz
from replica.ansatz.given import ansatz_or_rs
from replica.ansatz.rs.ansatz import RS
from replica.ansatz.rsb.ansatz import RSB

__all__ = ["RS", "RSB", "Annealed", "Ansatz", "ansatz_or_rs"]
