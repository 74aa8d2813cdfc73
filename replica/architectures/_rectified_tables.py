"""Distributions of one or two rectified Gaussians on a grid of outer fields, for a few ReLU units."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np

from saddlepoint.quadrature.rules import gauss_legendre
from saddlepoint.special import tail


def below(x: np.ndarray) -> np.ndarray:
    """The Gaussian distribution function, relatively accurate in its lower tail."""
    return np.exp(tail(-x)[0])


def gauss(x: np.ndarray) -> np.ndarray:
    return np.exp(-0.5 * x * x) / np.sqrt(2.0 * np.pi)


def _between(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Gaussian probability of an interval, taken on the side on which the difference keeps its digits."""
    return np.where(low + high > 0, below(-low) - below(-high), below(high) - below(low))


@cache
def running_rule(order: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gauss-Legendre nodes, weights, and the matrix of integrals from each node to the right end of a panel."""
    x, w = gauss_legendre(order)
    legendre = np.polynomial.legendre
    vander = legendre.legvander(x, order - 1)
    primitive = np.stack([legendre.legval(x, legendre.legint(np.eye(order)[n], lbnd=1)) for n in range(order)], axis=1)
    return x, w, -primitive @ np.linalg.inv(vander)


@dataclass(frozen=True)
class Grid:
    """Panels in the sum y of a group, with weights: nodes (panels, order)."""

    y: np.ndarray
    weight: np.ndarray
    half: np.ndarray

    @classmethod
    def of(cls, start: float, stop: float, longest: float, order: int) -> Grid:
        x, w, _ = running_rule(order)
        ends = np.linspace(start, stop, int(np.ceil((stop - start) / longest)) + 1)
        half, middle = np.diff(ends)[:, None] / 2, (ends[1:] + ends[:-1])[:, None] / 2
        return cls(middle + half * x, half * w, half)

    @property
    def stop(self) -> float:
        return float(self.y[-1].mean() + self.half[-1, 0])

    def above(self, density: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Integrals of densities (rows, panels, order) from each node upwards, and over the whole grid."""
        _, w, running = running_rule(density.shape[-1])
        panels = density @ w * self.half[:, 0]
        later = np.cumsum(panels[:, ::-1], axis=1)[:, ::-1]
        return (later - panels)[:, :, None] + density @ running.T * self.half, later[:, 0]

    def beneath(self, density: np.ndarray) -> np.ndarray:
        """Integrals from the start of the grid up to each node."""
        _, w, running = running_rule(density.shape[-1])
        panels = density @ w * self.half[:, 0]
        earlier = np.cumsum(panels, axis=1) - panels
        return earlier[:, :, None] + density @ running[::-1, ::-1].T * self.half


@dataclass(frozen=True)
class Group:
    """The sum S of rectified units with means ``a`` (rows, 1 or 2) and deviation s."""

    a: np.ndarray
    s: float

    @property
    def size(self) -> int:
        return self.a.shape[1]

    def atom(self) -> np.ndarray:
        """Probability that all units are off."""
        return np.prod(below(-self.a / self.s), axis=1)

    def active(self, x: np.ndarray) -> list[np.ndarray]:
        """For each unit the density of S at x > 0 with that unit on, (rows, *x.shape): ``dP(S > x)/da_k``."""
        alone = self._alone(x)
        both = self._both(x)[0] if self.size == 2 else 0.0
        return [density + both for density in alone]

    def density(self, x: np.ndarray) -> np.ndarray:
        """Density of S at x > 0."""
        both = self._both(x)[0] if self.size == 2 else 0.0
        return np.asarray(sum(self._alone(x)) + both)

    def survival(self, grid: Grid, shift: float) -> tuple[np.ndarray, np.ndarray]:
        """P(S > x) at the nodes ``x`` of a grid moved by ``shift``, and at its start."""
        column, x, start = self._column, grid.y + shift, np.array([[shift]])
        far, edge = ([below((column(self.a[:, k]) - at) / self.s) for k in range(self.size)] for at in (x, start))
        if self.size == 1:
            return far[0], edge[0][:, 0, 0]
        off = below(-self.a / self.s)
        both, whole = grid.above(self._both(x)[0])
        found = [column(off[:, 1]) * one + column(off[:, 0]) * two for one, two in (far, edge)]
        return found[0] + both, found[1][:, 0, 0] + whole

    def distribution(self, grid: Grid, early: Grid, shift: float) -> tuple[np.ndarray, np.ndarray]:
        """P(S <= x) at the nodes of a grid moved by ``shift`` and at its start; ``early`` goes up to there."""
        column, start = self._column, np.array([[shift]])
        found = []
        both = 0.0
        if self.size == 2:
            first = np.sum(self._both(early.y)[0] * early.weight, axis=(1, 2))
            both = column(first) + grid.beneath(self._both(grid.y + shift)[0])
        for at, rest in ((grid.y + shift, both), (start, column(first) if self.size == 2 else 0.0)):
            total = below((at - column(self.a[:, 0])) / self.s)
            if self.size == 2:
                off = below(-self.a / self.s)
                waking = _between(column(-self.a[:, 1] / self.s), (at - column(self.a[:, 1])) / self.s)
                total = column(off[:, 1]) * total + column(off[:, 0]) * waking + rest
            found.append(total)
        return found[0], found[1][:, 0, 0]

    def bends(self, x: np.ndarray) -> tuple[list[list[np.ndarray]], list[np.ndarray]]:
        """``d active_k/da_l`` and ``d density/da_l``."""
        column, s = self._column, self.s
        moved = [(x - column(self.a[:, k])) / s**2 for k in range(self.size)]
        alone = self._alone(x)
        if self.size == 1:
            own = alone[0] * moved[0]
            return [[own]], [own]
        both, mean = self._both(x)
        shifts = [(mean - column(self.a[:, 0]) * both) / s**2, (x * both - mean - column(self.a[:, 1]) * both) / s**2]
        edge = [column(gauss(self.a[:, k] / s) / s) for k in range(2)]
        bare = [gauss((x - column(self.a[:, k])) / s) / s for k in range(2)]
        turned = [-edge[1] * bare[0], -edge[0] * bare[1]]  # the lone unit k when the other one wakes
        active = [
            [alone[k] * moved[k] + shifts[k] if k == m else turned[k] + shifts[m] for m in range(2)] for k in range(2)
        ]
        density = [alone[k] * moved[k] + turned[1 - k] + shifts[k] for k in range(2)]
        return active, density

    def atom_slopes(self) -> list[np.ndarray]:
        """``d atom/da_k``."""
        off, edge = below(-self.a / self.s), gauss(self.a / self.s) / self.s
        return [-edge[:, k] * (off[:, 1 - k] if self.size == 2 else 1.0) for k in range(self.size)]

    def _column(self, values: np.ndarray) -> np.ndarray:
        return values.reshape(-1, 1, 1)

    def _alone(self, x: np.ndarray) -> list[np.ndarray]:
        """Density of S at x with unit k on and the other one off."""
        column = self._column
        found = [gauss((x - column(self.a[:, k])) / self.s) / self.s for k in range(self.size)]
        if self.size == 2:
            off = below(-self.a / self.s)
            found = [found[k] * column(off[:, 1 - k]) for k in range(2)]
        return found

    def _both(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Density of S at x with two units on, and times the mean of the first one there."""
        column, wide, narrow = self._column, self.s * np.sqrt(2.0), self.s / np.sqrt(2.0)
        first, second = column(self.a[:, 0]), column(self.a[:, 1])
        total = gauss((x - first - second) / wide) / wide
        middle = 0.5 * (x + first - second)
        low, high = -middle / narrow, (x - middle) / narrow
        share = _between(low, high)
        return total * share, total * (middle * share + narrow * (gauss(low) - gauss(high)))


@dataclass(frozen=True)
class Contest:
    r"""``P(S_+ - S_- >= t)`` for all pairs of groups, as products of tables on one grid.

    For ``t >= 0`` it is ``E[P(S_+ >= S_- + t)]``, for ``t < 0`` ``E[P(S_- <= S_+ - t)]``: one group is the ``row``
    whose distribution function is needed, the other the ``column`` that is averaged over. ``sign`` is +1 and -1 for
    the two cases, ``tied`` 1 where two groups that are all off count (t = 0).
    """

    group: Group
    grid: Grid
    shift: float
    sign: float
    tied: float

    @classmethod
    def of(cls, group: Group, t: float, strict: bool, top: float, panel: tuple[int, float]) -> Contest:
        grid = Grid.of(0.0, top, panel[1] * group.s, panel[0])
        return cls(group, grid, abs(t), -1.0 if t < 0 else 1.0, 1.0 if t == 0 and not strict else 0.0)

    def _flat(self, values: np.ndarray) -> np.ndarray:
        return values.reshape(len(values), -1)

    @cached_property
    def atom(self) -> np.ndarray:
        return self.group.atom()

    @cached_property
    def reached(self) -> tuple[np.ndarray, np.ndarray]:
        """The row's distribution function on the grid, and against a column that is all off."""
        if self.sign < 0:
            end = min(self.shift, self.grid.stop)  # beyond it nothing is left
            early = Grid.of(0.0, end, 2.0 * self.group.s, self.grid.y.shape[1])
            inside, edge = self.group.distribution(self.grid, early, self.shift)
        else:
            inside, edge = self.group.survival(self.grid, self.shift)
        return self._flat(inside), np.ones_like(edge) if self.tied else edge

    @cached_property
    def row(self) -> tuple[np.ndarray, list[np.ndarray], list[np.ndarray]]:
        """Density and densities with one unit on of the row, moved by the shift; the latter at the edge."""
        x, edge = self.grid.y + self.shift, np.array([[self.shift]])
        at_edge = [(1.0 - self.tied) * v[:, 0, 0] for v in self.group.active(edge)]
        return self._flat(self.group.density(x)), [self._flat(v) for v in self.group.active(x)], at_edge

    @cached_property
    def column(self) -> tuple[np.ndarray, list[np.ndarray], list[np.ndarray]]:
        """The same of the column, times the weights of the grid; the latter at 0 where ties count."""
        y, weight = self.grid.y, self.grid.weight
        at_zero = [self.tied * v[:, 0, 0] for v in self.group.active(np.zeros((1, 1)))]
        return (
            self._flat(self.group.density(y) * weight),
            [self._flat(v * weight) for v in self.group.active(y)],
            at_zero,
        )

    def chance(self, block: slice) -> np.ndarray:
        """Probabilities for rows of the block against all columns."""
        inside, edge = self.reached
        return np.outer(edge[block], self.atom) + inside[block] @ self.column[0].T

    def slopes(self, block: slice) -> list[np.ndarray]:
        """Derivatives with the means of the row's units, then of the column's."""
        (density, active, at_edge), (own, own_active, at_zero) = self.row, self.column
        size = self.group.size
        rows = [np.outer(at_edge[k][block], self.atom) + active[k][block] @ own.T for k in range(size)]
        columns = [np.outer(self.atom[block], at_zero[k]) + density[block] @ own_active[k].T for k in range(size)]
        return [self.sign * d for d in rows] + [-self.sign * d for d in columns]

    def lift(self, block: slice) -> np.ndarray:
        """Derivative with t (t != 0)."""
        edge = self.group.density(np.array([[self.shift]]))[:, 0, 0]
        return -np.outer(edge[block], self.atom) - self.row[0][block] @ self.column[0].T

    @cached_property
    def bends(self) -> tuple[Any, ...]:
        """Slopes of the densities: of the row inside and at the edge, of the column inside and at 0."""
        x, edge, zero = self.grid.y + self.shift, np.array([[self.shift]]), np.zeros((1, 1))
        active, density = self.group.bends(x)
        own, _ = self.group.bends(self.grid.y)
        return (
            [[self._flat(v) for v in line] for line in active],
            [self._flat(v) for v in density],
            [[(1.0 - self.tied) * v[:, 0, 0] for v in line] for line in self.group.bends(edge)[0]],
            [[self._flat(v * self.grid.weight) for v in line] for line in own],
            [[self.tied * v[:, 0, 0] for v in line] for line in self.group.bends(zero)[0]],
        )

    def curves(self, block: slice) -> Iterator[tuple[int, int, np.ndarray]]:
        """Second derivatives (k, l, values), k <= l, in the order of `slopes`."""
        active, density, at_edge, own_bend, at_zero = self.bends
        row_density, (own, own_active, own_zero) = self.row[0], self.column
        size, atom, falls = self.group.size, self.atom, self.group.atom_slopes()
        for k in range(size):
            for m in range(k, size):
                rows = np.outer(at_edge[k][m][block], atom) + active[k][m][block] @ own.T
                columns = np.outer(atom[block], at_zero[k][m]) + row_density[block] @ own_bend[k][m].T
                yield k, m, self.sign * rows
                yield size + k, size + m, -self.sign * columns
            for m in range(size):
                mixed = np.outer(falls[k][block], own_zero[m]) + density[k][block] @ own_active[m].T
                yield k, size + m, -self.sign * mixed
