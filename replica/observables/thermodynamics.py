"""Free entropy, entropy, energy and training error per weight."""

from __future__ import annotations

from replica.observables.registry import Measured, observable
from replica.solution.batch import Solutions


@observable("free_entropy", r"\phi")
def free_entropy(solutions: Solutions) -> Measured:
    """Free entropy ln(Z)/N (at beta = inf of a cost: the limit of phi/beta above capacity)."""
    return solutions.value("free_entropy"), solutions.error("free_entropy")


@observable("entropy", "s")
def entropy(solutions: Solutions) -> Measured:
    """Entropy phi + beta e; counted for alphabets, volume relative to the sphere for spherical weights."""
    return solutions.value("entropy"), solutions.error("entropy")


@observable("energy", "e")
def energy(solutions: Solutions) -> Measured:
    """Mean loss per weight (alpha times the mean per pattern)."""
    return solutions.value("energy"), solutions.error("energy")


@observable("training_error", r"\epsilon_{\mathrm{t}}")
def training_error(solutions: Solutions) -> Measured:
    """Fraction of patterns on the wrong side."""
    return solutions.value("training_error"), solutions.error("training_error")
