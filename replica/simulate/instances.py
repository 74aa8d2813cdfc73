"""Instances: patterns and labels of finite systems, drawn by seed or given by the user. Nothing is solved here."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from replica._checks import number, one_of, shown
from replica.models.model import Model, require_model
from replica.simulate.files import SUFFIXES, read
from replica.simulate.given import inputs_of, labels_of
from replica.simulate.rng import generator

INPUTS = ("normal", "sign")
SMALLEST = 1e-18  # largest modulus of inputs whose squares are numbers in single precision too


@dataclass(frozen=True)
class Instance:
    """Inputs ``X`` (P, N), labels ``y`` (P,), the direction to be learned where it is known, a bias of the output.

    X has N/K columns where K units share their inputs. It is not scaled and not multiplied by y.
    """

    model: Model
    X: np.ndarray
    y: np.ndarray
    direction: np.ndarray | None = None
    bias: float = 0.0
    classes: tuple[Any, Any] = (-1, 1)  # the user's names of the labels

    @property
    def gain(self) -> float:
        """Norm of the weights of a single unit: those of the set are multiplied by it (more units: 1)."""
        if self.model.architecture.units != 1:
            return 1.0
        return float(self.model.architecture.readout(np.ones((1, 1)))[0])

    @property
    def n(self) -> int:
        return int(self.X.shape[1]) * _copies(self.model)

    @property
    def patterns(self) -> int:
        return int(self.X.shape[0])

    def stabilities(self, weights: np.ndarray) -> np.ndarray:
        """Stabilities (label times output field with bias) of weights (..., N), shape (..., P).

        Where ties count as violated, the next number below: a tie is then just below its margin.
        """
        return self._signed(output(self.model, weights, self.X))

    def stabilities_of(self, hidden: np.ndarray) -> np.ndarray:
        """The same from the fields (..., P, K) of the hidden units."""
        return self._signed(self.model.architecture.readout(hidden))

    def _signed(self, field: np.ndarray) -> np.ndarray:
        found = self.y * (field + self.bias)
        return np.nextafter(found, -np.inf) if self.model.architecture.strict else found

    def training_error(self, weights: np.ndarray) -> float:
        """Fraction of patterns on the wrong side."""
        wrong = self._wrong(self.stabilities(weights))
        return float(np.mean(wrong)) if self.patterns else 0.0

    def violations(self, weights: np.ndarray) -> int:
        """Number of patterns that the constraint of the loss forbids or counts (other losses: on the wrong side)."""
        stability = self.stabilities(weights)
        return int(np.sum(self.model.loss.cost(stability) > 0 if self._constrained else self._wrong(stability)))

    @property
    def _constrained(self) -> bool:
        return bool(self.model.loss.hard or self.model.loss.ground_jumps)

    def _wrong(self, stability: np.ndarray) -> np.ndarray:
        """Training errors; where the loss is no constraint, a field of zero is on neither side and is one."""
        wrong = np.asarray(self.model.loss.violated(stability))
        return wrong if self._constrained else wrong | (stability == 0)


def output(model: Model, weights: np.ndarray, X: np.ndarray) -> np.ndarray:
    r"""Output field of weights (..., N) on inputs (P, .): hidden fields ``w_k.x_k/sqrt(N/K)``, read out; (..., P)."""
    blocks = seen_by_units(model, X).transpose(0, 2, 1)  # (K, n, P)
    units, size, _ = blocks.shape
    rows = weights.reshape(-1, units, size).transpose(1, 0, 2)  # (K, rows, n)
    hidden = np.moveaxis(np.matmul(rows, blocks), 0, -1).reshape(*weights.shape[:-1], len(X), units)
    return model.architecture.readout(hidden / np.sqrt(size))


def seen_by_units(model: Model, X: np.ndarray) -> np.ndarray:
    """What each unit sees of the inputs, (K, P, N/K), without a copy: its own block, or all of them."""
    units = int(model.architecture.units)
    if model.architecture.shared_inputs:
        return np.broadcast_to(X, (units, *X.shape))
    return X.reshape(len(X), units, X.shape[1] // units).transpose(1, 0, 2)


def _copies(model: Model) -> int:
    """Number of units that see each input."""
    return int(model.architecture.units) if model.architecture.shared_inputs else 1


def hidden_units(model: Model, n: int) -> int:
    """Number of hidden units, checked against the number of weights."""
    units = model.architecture.units
    if not np.isfinite(units):
        raise ValueError(f"simulations need a finite network, got {model.architecture}: give units=NUMBER")
    if model.architecture.answers != 2:
        raise ValueError(f"simulations are of networks of two answers, got {model.architecture}, whose tie is a third")
    if n % int(units):
        raise ValueError(f"n must be a multiple of the number of hidden units {int(units)}, got {n}")
    return int(units)


def whole(argument: str, value: Any, low: int) -> int:
    """A whole number of at least ``low``, else a `ValueError`."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < low:
        raise ValueError(f"{argument} must be a whole number of at least {low}, got {shown(value)}")
    return int(value)


def instance(
    model: Model, *, n: int, alpha: float, seed: int, sample: int = 0, inputs: str = "normal"
) -> tuple[np.ndarray, np.ndarray]:
    r"""Patterns and labels of one finite system.

    When not to use it: for patterns of your own; `simulate` takes them as ``instance=(X, y)``.

    Parameters
    ----------
    model : Model
        Its data say how labels are drawn (at random, by a teacher, ...).
    n : int
        Number of weights N (a multiple of the number K of hidden units).
    alpha : float
        Load, at least 0: ``P = floor(alpha N + 1/2)`` patterns.
    seed, sample : int
        Which system: sample k does not depend on how many are drawn, nor on the process that draws it. Systems of
        other N or P are independent of it; loads that round to one P are one system.
    inputs : {"normal", "sign"}
        Components N(0, 1), or +-1 (for the same theory).

    Returns
    -------
    X : ndarray, shape (P, N), or (P, N/K) where all units see the same inputs
        Inputs, not scaled and not multiplied by the labels: the stability is ``y * (X @ w)/sqrt(N)``.
    y : ndarray, shape (P,)
        Labels +-1.

    Raises
    ------
    ValueError
        Values outside their domain, or data that cannot be drawn.

    See Also
    --------
    simulate : Runs an algorithm on such systems.
    from_data : The model of patterns of your own.

    Examples
    --------
    >>> import replica
    >>> X, y = replica.instance(replica.perceptron("binary"), n=21, alpha=0.5, seed=1)
    >>> X.shape, y.shape
    ((11, 21), (11,))
    """
    found = draw(model, n=n, alpha=alpha, seed=seed, sample=sample, inputs=inputs)
    return found.X, found.y


def draw(model: Model, *, n: int, alpha: float, seed: int, sample: int = 0, inputs: str = "normal") -> Instance:
    """The same with the direction to be learned, which `instance` keeps to itself."""
    require_model(model)
    n, seed, sample = whole("n", n, 1), whole("seed", seed, 0), whole("sample", sample, 0)
    hidden_units(model, n)
    one_of("inputs", inputs, INPUTS)
    patterns = int(np.floor(number("alpha", alpha, low=0.0) * n + 0.5))
    rng = generator(seed, sample, n, patterns, "patterns")
    shape = (patterns, n // _copies(model))
    if model.architecture.shared_inputs and model.data.overlaps:
        raise ValueError(f"instances of {model.architecture} have random labels, got {model.data}")
    X = rng.standard_normal(shape) if inputs == "normal" else rng.choice(np.array([-1.0, 1.0]), size=shape)
    drawn = model.data.draw(rng, X, model.weights, lambda w, x: output(model, w, x))
    return Instance(model, drawn.X, drawn.y, drawn.direction, imposed_bias(model))


def imposed_bias(model: Model) -> float:
    """The bias that the data impose; 0 where there is none, or where it is learned."""
    if model.data.threshold:
        raise ValueError(f"simulations know no threshold, got {model.data}: give bias=False")
    bias = model.parameter("bias") if "bias" in model.parameter_names else 0.0
    if isinstance(bias, str):
        raise ValueError(f"simulations take a bias that is learned (True), absent (False) or a number, got {bias!r}")
    return 0.0 if bias is None or isinstance(bias, (bool, np.bool_)) else float(bias)


def given_instance(model: Model, given: Any) -> Instance:
    """An instance from a pair of arrays or a file, see `read`; of two other labels the later in sorted order is +1."""
    require_model(model)
    if isinstance(given, (str, os.PathLike)):
        given = read(Path(given))[:2]
    if not isinstance(given, (tuple, list)) or len(given) != 2:
        raise ValueError(f"instance must be a pair (X, y) or a file {' '.join(SUFFIXES)}, got {type(given).__name__}")
    X, (y, classes) = inputs_of("instance: X", given[0]), labels_of("instance: labels", given[1])
    if X.ndim != 2 or X.shape[1] < 1 or len(X) != len(y):
        raise ValueError(f"instance: X must have shape (P, N) and y (P,), got {X.shape} and {y.shape}")
    largest = float(np.abs(X).max(initial=0.0))
    if largest and not SMALLEST < largest < 1.0 / SMALLEST:
        raise ValueError(
            f"instance: X must have a largest modulus between {SMALLEST:g} and {1.0 / SMALLEST:g}, got {largest:g}: "
            "choose other units"
        )
    hidden_units(model, X.shape[1] * _copies(model))
    return Instance(model, np.ascontiguousarray(X), y, bias=imposed_bias(model), classes=classes)


def divided(given: Instance, aside: int, rng: np.random.Generator) -> tuple[Instance, Instance]:
    """All patterns of an instance but ``aside`` random ones, and these."""
    order = rng.permutation(given.patterns)
    parts = np.sort(order[aside:]), np.sort(order[:aside])
    learned, kept = (dataclasses.replace(given, X=given.X[rows], y=given.y[rows]) for rows in parts)
    return learned, kept
