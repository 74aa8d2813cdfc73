"""Lists of solutions and sums over all configurations of one instance, for exact enumeration; no random numbers."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from replica.losses.base import Loss
from replica.simulate.algorithms._networks import counts_signs, satisfied_of
from replica.simulate.algorithms._packed import LOW, enumerate_signs, fill_tables
from replica.simulate.instances import Instance

BUCKETS = 256  # of the field of the higher weights
FAR = 1 << 62
CHUNK = 4096  # configurations of the lower weights that are computed together


class Plan(NamedTuple):
    """Arguments of the packed kernel but the last two."""

    columns: np.ndarray
    low: np.ndarray
    possible: np.ndarray
    unsure: np.ndarray
    floor: np.ndarray
    shift: int
    ends: np.ndarray

    def search(self, skip: int, room: int) -> tuple[int, np.ndarray]:
        """Number of solutions, and those of rank ``skip`` to ``skip + room``, as words."""
        found = np.empty(room, dtype=np.uint64)
        count = int(enumerate_signs(*self, skip, found))
        return count, found[: max(min(count - skip, room), 0)]


def plan(instance: Instance, loss: Loss) -> Plan:
    """Whole-number fields and tables of a hard constraint on one unit with weights +-1."""
    inputs = instance.y[:, None] * instance.X
    scale = _scale(inputs)
    rounded = np.rint(inputs * scale).astype(np.int64)
    lowest = min(LOW, instance.n)
    words = np.arange(1 << lowest)
    signs = 2 * ((words[:, None] >> np.arange(lowest)) & 1) - 1
    low = np.ascontiguousarray(rounded[:, :lowest] @ signs.T)
    reach = np.abs(rounded[:, lowest:]).sum(axis=1)
    widest = 2 * int(reach.max(initial=0))
    shift = max(widest.bit_length() - BUCKETS.bit_length() + 1, 0)
    possible, unsure = np.zeros((2, len(inputs), (widest >> shift) + 1), dtype=np.uint64)
    ends = intervals(loss, scale * np.sqrt(instance.n) / instance.gain)
    fill_tables(low, -reach, shift, ends, possible, unsure)
    columns = np.ascontiguousarray(2 * rounded[:, lowest:].T)
    return Plan(columns, low, possible, unsure, -reach, shift, ends)


def _scale(inputs: np.ndarray) -> float:
    """Factor that makes whole numbers of the inputs: 1 if they are, else a power of two (a rounding of 1e-15)."""
    if np.array_equal(inputs, np.rint(inputs)) and np.abs(inputs).sum(axis=1).max(initial=0.0) < 2.0**50:
        return 1.0
    return float(2.0 ** np.floor(51 - np.log2(np.abs(inputs).sum(axis=1).max())))


def intervals(loss: Loss, unit: float) -> np.ndarray:
    """Closed intervals (interval, 2) of whole-number fields ``unit * stability`` that a hard constraint allows."""

    def allows(field: int) -> bool:
        return bool(loss.cost(np.array([field / unit]))[0] == 0)

    edges = [int(np.rint(np.clip(kink * unit, -(2.0**61), 2.0**61))) for kink in sorted(loss.kinks())]
    places = [-FAR, *edges, FAR]
    kinks = [-np.inf, *sorted(loss.kinks()), np.inf]
    found = []
    for a, b, left, right in zip(kinks, kinks[1:], places, places[1:], strict=False):
        middle = (a + b) / 2 if np.isfinite(a) and np.isfinite(b) else (a + 1.0 if np.isfinite(a) else b - 1.0)
        if loss.cost(np.array([middle if np.isfinite(middle) else 0.0]))[0] == 0:
            lowest = left if left == -FAR else next(filter(allows, range(left - 1, left + 2)), left)
            highest = right if right == FAR else next(filter(allows, range(right + 1, right - 2, -1)), right)
            found.append((lowest, highest))
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def signs_of(words: np.ndarray, n: int) -> np.ndarray:
    """Weights +-1 (M, N) of configurations packed into words (bit set: +1)."""
    bits = (words[:, None] >> np.arange(n, dtype=np.uint64)) & np.uint64(1)
    return 2.0 * bits.astype(float) - 1.0


class Sums(NamedTuple):
    """Every configuration: cost and number of errors, arrays (high part, low part), and the parts themselves."""

    cost: np.ndarray
    wrong: np.ndarray
    high: np.ndarray
    low: np.ndarray

    def weights(self, index: int) -> np.ndarray:
        """The configuration of a flat index."""
        above, below = divmod(int(index), len(self.low))
        return np.concatenate([self.high[above], self.low[below]])


def all_configurations(letters: Any, count: int) -> np.ndarray:
    """All ``len(letters)^count`` vectors, one per row."""
    mesh = np.meshgrid(*[np.asarray(letters, dtype=float)] * count, indexing="ij")
    return np.stack(mesh, axis=-1).reshape(-1, count) if count else np.zeros((1, 0))


def sum_over_all(instance: Instance) -> Sums:
    """Cost of every configuration of a finite alphabet, for any loss and network."""
    model, n = instance.model, instance.n
    letters = model.weights.letters
    fast = _sums_of_signs(instance) if counts_signs(instance) else None
    if fast is not None:
        return fast
    below = min(n, int(np.log(CHUNK) / np.log(len(letters))))
    low, high = all_configurations(letters, below), all_configurations(letters, n - below)
    cost, wrong = np.zeros((len(high), len(low))), np.zeros((len(high), len(low)), dtype=np.int32)
    for row, part in enumerate(high):
        whole = np.concatenate([np.broadcast_to(part, (len(low), part.size)), low], axis=1)
        stability = instance.stabilities(whole)
        cost[row] = model.loss.cost(stability).sum(axis=-1)
        wrong[row] = model.loss.violated(stability).sum(axis=-1)
    return Sums(cost, wrong, high, low)


def _sums_of_signs(instance: Instance) -> Sums | None:
    """The same of a hard constraint on a few signs; errors of the configurations that satisfy it only."""
    model = instance.model
    letters, size = model.weights.letters, instance.n // int(model.architecture.units)
    satisfied = satisfied_of(instance, all_configurations(letters, size))
    if satisfied is None:
        return None
    sums = Sums(
        np.where(satisfied, 0.0, np.inf),
        np.zeros(satisfied.shape, dtype=np.int32),
        all_configurations(letters, instance.n - size),
        all_configurations(letters, size),
    )
    below = np.linspace(-10.0, 0.0, 4001)
    if np.any(model.loss.violated(below) & (model.loss.cost(below) == 0)):
        found = np.flatnonzero(satisfied)  # a margin below 0 lets patterns be wrong
        for part in np.array_split(found, max(1, found.size // CHUNK)):
            weights = np.concatenate([sums.high[part // len(sums.low)], sums.low[part % len(sums.low)]], axis=1)
            sums.wrong.flat[part] = model.loss.violated(instance.stabilities(weights)).sum(axis=-1)
    return sums
