"""Kernels of exact enumeration: 64 configurations at a time in the bits of a word; whole-number fields, no rounding.

The 6 lowest weights of a configuration are the bits of a word; a table tells for each pattern, and for each bucket of
the field of the other weights, which of the 64 may be allowed, and for which of them that depends on the field within
the bucket; only words that survive all patterns are looked at that closely. The other weights follow a Gray code, so
that one step changes the fields by one column.
"""

from __future__ import annotations

import numpy as np

from saddlepoint._jit import array_kernel, scalar_kernel

LOW = 6  # weights in a word


@scalar_kernel
def popcount(word):  # type: ignore[no-untyped-def]
    """Number of set bits of a 64-bit word."""
    x = np.uint64(word)
    x = x - ((x >> np.uint64(1)) & np.uint64(0x5555555555555555))
    x = (x & np.uint64(0x3333333333333333)) + ((x >> np.uint64(2)) & np.uint64(0x3333333333333333))
    x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((x * np.uint64(0x0101010101010101)) >> np.uint64(56))


@scalar_kernel
def trailing_zeros(word):  # type: ignore[no-untyped-def]
    """Position of the lowest set bit of a word that is not 0."""
    x = np.uint64(word)
    return popcount((x & (~x + np.uint64(1))) - np.uint64(1))


@scalar_kernel
def allowed(field, ends):  # type: ignore[no-untyped-def]
    """Whether a whole-number field lies in one of the intervals ``ends`` (interval, 2), ends included."""
    inside = False
    for i in range(ends.shape[0]):
        inside |= ends[i, 0] <= field <= ends[i, 1]
    return inside


@array_kernel
def fill_tables(low, floor, shift, ends, possible, unsure):  # type: ignore[no-untyped-def]
    """Words (mu, bucket): which configurations some, and only some, field of the bucket allows."""
    for mu in range(low.shape[0]):
        for bucket in range(possible.shape[1]):
            start = floor[mu] + (np.int64(bucket) << shift)
            last = start + (np.int64(1) << shift) - 1
            certain, perhaps = np.uint64(0), np.uint64(0)
            for c in range(low.shape[1]):
                bit = np.uint64(1) << np.uint64(c)
                for i in range(ends.shape[0]):
                    if start + low[mu, c] >= ends[i, 0] and last + low[mu, c] <= ends[i, 1]:
                        certain |= bit
                    elif last + low[mu, c] >= ends[i, 0] and start + low[mu, c] <= ends[i, 1]:
                        perhaps |= bit
            possible[mu, bucket], unsure[mu, bucket] = certain | perhaps, perhaps & ~certain


@array_kernel
def enumerate_signs(columns, low, possible, unsure, floor, shift, ends, skip, found):  # type: ignore[no-untyped-def]
    """Number of configurations whose fields are all allowed; those from rank ``skip`` on are written into ``found``.

    ``columns`` (weight, mu): twice the inputs of the weights beyond the lowest; ``low`` (mu, 2^LOW): fields of the
    lowest. A configuration is a word: bit i is set where weight i is +1, the lowest weights first.
    """
    high, patterns = columns.shape
    field = np.empty(patterns, dtype=np.int64)
    for mu in range(patterns):
        field[mu] = -floor[mu]
        for i in range(high):
            field[mu] -= columns[i, mu] >> 1
    every = ~np.uint64(0) >> np.uint64(64 - low.shape[1])
    count, code = np.int64(0), np.uint64(0)
    for step in range(np.int64(1) << high):
        word = every
        for mu in range(patterns):
            word &= possible[mu, field[mu] >> shift]
            if word == 0:
                break
        if word:
            for mu in range(patterns):
                doubtful = unsure[mu, field[mu] >> shift] & word
                while doubtful:
                    c = trailing_zeros(doubtful)
                    bit = np.uint64(1) << np.uint64(c)
                    doubtful ^= bit
                    if not allowed(field[mu] + floor[mu] + low[mu, c], ends):
                        word ^= bit
        while word:
            if count >= skip and count - skip < found.size:
                c = np.uint64(trailing_zeros(word))
                found[count - skip] = (code << np.uint64(LOW)) | c
            word &= word - np.uint64(1)
            count += 1
        if step + 1 < np.int64(1) << high:
            turned = trailing_zeros(step + 1)
            code ^= np.uint64(1) << np.uint64(turned)
            if code & (np.uint64(1) << np.uint64(turned)):
                for mu in range(patterns):
                    field[mu] += columns[turned, mu]
            else:
                for mu in range(patterns):
                    field[mu] -= columns[turned, mu]
    return count


@array_kernel
def count_distances(words, references, out):  # type: ignore[no-untyped-def]
    """``out[r, k]``: number of ``words`` that differ from ``references[r]`` in k places."""
    for r in range(references.size):
        for i in range(words.size):
            out[r, popcount(words[i] ^ references[r])] += 1
