"""Exact enumeration of networks of a few signs on blocks of their own: 64 patterns at a time in the bits of a word."""

from __future__ import annotations

import numpy as np

from replica.simulate.instances import Instance, seen_by_units
from saddlepoint._jit import array_kernel


def counts_signs(instance: Instance) -> bool:
    """Whether all that matters of a configuration is which hidden fields are positive, and none is shared or 0."""
    network = instance.model.architecture
    few = None if network.units == 1 or network.shared_inputs else network.few
    return bool(few is not None and few.levels is not None and instance.model.loss.hard and instance.patterns)


@array_kernel
def _fill(signs, accepted, out):  # type: ignore[no-untyped-def]
    """Into ``out`` (configurations of all units but the last, of the last) whether every pattern is accepted.

    ``signs`` (unit, configuration, word): patterns with a positive field; ``accepted`` (number positive, word).
    """
    units, count, words = signs.shape
    last = units - 1
    met = np.zeros((units + 1, words), np.uint64)
    up, down = np.zeros(words, np.uint64), np.zeros(words, np.uint64)
    every = ~np.uint64(0)
    for high in range(out.shape[0]):
        met[:] = np.uint64(0)
        met[0, :] = every
        rest = high
        for k in range(last - 1, -1, -1):
            at, rest = rest % count, rest // count
            for n in range(last, 0, -1):
                for w in range(words):
                    word = signs[k, at, w]
                    met[n, w] = (met[n, w] & ~word) | (met[n - 1, w] & word)
            for w in range(words):
                met[0, w] &= ~signs[k, at, w]
        for w in range(words):
            up[w], down[w] = np.uint64(0), np.uint64(0)
            for n in range(units):
                up[w] |= met[n, w] & accepted[n + 1, w]
                down[w] |= met[n, w] & accepted[n, w]
        for low in range(count):
            good = every
            for w in range(words):
                word = signs[last, low, w]
                good &= (word & up[w]) | (~word & down[w])
            out[high, low] = good == every


def _packed(bits: np.ndarray, fill: int) -> np.ndarray:
    """Bits (..., P) as words (..., ceil(P/64)), what is left over set to ``fill``."""
    missing = -bits.shape[-1] % 64
    padded = np.concatenate([bits, np.full((*bits.shape[:-1], missing), bool(fill))], axis=-1)
    return np.ascontiguousarray(np.packbits(padded, axis=-1, bitorder="little")).view(np.uint64)


def satisfied_of(instance: Instance, block: np.ndarray) -> np.ndarray | None:
    """Whether each network satisfies every pattern, (configurations of all units but the last, of the last).

    ``block``: all configurations of one unit. None where a hidden field vanishes, which is neither sign.
    """
    units = int(instance.model.architecture.units)
    hidden = np.einsum("cn,kpn->kcp", block, seen_by_units(instance.model, instance.X))
    if np.any(hidden == 0):
        return None
    steps = np.where(np.arange(units) < np.arange(units + 1)[:, None], 1.0, -1.0)  # n of the units positive
    stability = instance.stabilities_of(np.broadcast_to(steps[:, None, :], (units + 1, instance.patterns, units)))
    accepted = instance.model.loss.cost(stability) == 0
    out = np.zeros((len(block) ** (units - 1), len(block)), dtype=np.bool_)
    _fill(_packed(hidden > 0, 0), _packed(accepted, 1), out)
    return out
