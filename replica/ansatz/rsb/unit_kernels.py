"""Compiled ``ln Z`` of a parity machine of K units at given fields, where signs are right and where they are wrong."""

# kernel file
from __future__ import annotations

import math

import numpy as np

from saddlepoint._jit import array_kernel
from saddlepoint.special import tail_pair


@array_kernel
def sector_terms(fields, spread, words, value, push, bend):  # type: ignore[no-untyped-def]
    """``ln Z``, ``sum_i (d_i ln Z)^2`` and ``sum_il (d_i d_l ln Z)^2`` (sectors, points) of ``fields`` (K, points).

    ``words`` (sectors, words, K): the signs (0 positive, 1 negative) whose probabilities Z is the sum of.
    """
    units, points = fields.shape
    sectors, count = words.shape[0], words.shape[1]
    logs, hazards = np.empty((2, units)), np.empty((2, units))
    shares, slopes = np.empty(count), np.empty(units)
    for n in range(points):
        for i in range(units):
            u = fields[i, n] / spread
            logs[0, i], high = tail_pair(-u)
            logs[1, i], low = tail_pair(u)
            hazards[0, i], hazards[1, i] = high / spread, -low / spread
        for sector in range(sectors):
            largest = -np.inf
            for w in range(count):
                total = 0.0
                for i in range(units):
                    total += logs[words[sector, w, i], i]
                shares[w] = total
                largest = max(largest, total)
            norm = 0.0
            for w in range(count):
                shares[w] = math.exp(shares[w] - largest)
                norm += shares[w]
            value[sector, n] = largest + math.log(norm)
            square, curved = 0.0, 0.0
            for i in range(units):
                mean = 0.0
                for w in range(count):
                    mean += shares[w] * hazards[words[sector, w, i], i]
                slopes[i] = mean / norm
                square += slopes[i] * slopes[i]
                curved += (slopes[i] * (fields[i, n] / (spread * spread) + slopes[i])) ** 2
            for i in range(units):
                for k in range(i):
                    pair = 0.0
                    for w in range(count):
                        pair += shares[w] * hazards[words[sector, w, i], i] * hazards[words[sector, w, k], k]
                    curved += 2.0 * (pair / norm - slopes[i] * slopes[k]) ** 2
            push[sector, n], bend[sector, n] = square, curved
