"""Many copies of the weights of one instance under Metropolis moves of one or two weights; protocols are elsewhere."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from replica.simulate.algorithms._walks import count_moves
from replica.simulate.instances import Instance, hidden_units, seen_by_units
from replica.weights.base import Average

AIM = 0.5  # share of accepted moves that the reach of continuous weights is tuned to


class Walkers:
    r"""Copies of weights (copy, N) moved at a temperature; without a cost every move keeps their measure.

    Letters are exchanged for others, on the sphere two weights of a unit turn in their plane, penalised weights are
    mixed with fresh ones. With a ``reference`` the overlap with it is held at ``1 - 2 distance``: signs flip in pairs,
    one that agrees with it and one that does not; on the sphere the frame is turned so that its first axis, which no
    move touches, is the reference.
    """

    def __init__(
        self, instance: Instance, rng: np.random.Generator, count: int, reference: np.ndarray | None = None,
        distance: float = 0.0,
    ) -> None:  # fmt: skip
        self.rng, self.rows, self.held = rng, np.arange(count), reference is not None
        self.sphere = isinstance(instance.model.weights.norm, Average)
        self.letters = instance.model.weights.letters
        self.units = hidden_units(instance.model, instance.n)
        self.size = instance.n // self.units
        self.spread, self.reach = 1.0, 1.0
        self.mirror: Any = None
        self.order: Any = None
        if instance.model.weights.penalised:
            self.spread = float(1.0 / np.sqrt(instance.model.beta * instance.model.parameter("penalty")))
        if reference is None:
            self.weights = self._free(instance, count)
        elif self.sphere:
            instance = self._turned(instance, count, reference, distance)
        else:
            self._shell(count, reference, distance)
        self.step = self._step(instance)
        if self.step is not None:  # the compiled moves take patterns with their labels
            instance = dataclasses.replace(instance, X=instance.y[:, None] * instance.X, y=np.ones(instance.patterns))
        self.instance = instance
        blocks = seen_by_units(instance.model, instance.X).transpose(0, 2, 1)
        self.columns = np.ascontiguousarray(blocks).reshape(instance.n, instance.patterns) / np.sqrt(self.size)
        self.refresh()

    def _free(self, instance: Instance, count: int) -> np.ndarray:
        draw = instance.model.weights.sample
        weights = np.array([draw(self.rng, self.size) for _ in range(count * self.units)])
        return weights.reshape(count, instance.n) * (1.0 if self.sphere or self.letters else self._scale(instance))

    @staticmethod
    def _scale(instance: Instance) -> float:
        return float(1.0 / np.sqrt(instance.model.beta))  # `sample` draws from the measure at beta = 1

    def _shell(self, count: int, reference: np.ndarray, distance: float) -> None:
        flips = round(distance * reference.size)
        self.order = np.array([self.rng.permutation(reference.size) for _ in range(count)])  # first those that differ
        self.weights = np.tile(reference, (count, 1))
        self.weights[self.rows[:, None], self.order[:, :flips]] *= -1.0
        self.flips = flips

    def _turned(self, instance: Instance, count: int, reference: np.ndarray, distance: float) -> Instance:
        n, overlap = reference.size, 1.0 - 2.0 * distance
        axis = reference / np.linalg.norm(reference)
        mirror = axis + np.copysign(1.0, axis[0]) * np.eye(n)[0]  # Householder: takes the axis to the first one
        self.mirror, sign = mirror / np.linalg.norm(mirror), -np.copysign(1.0, axis[0])
        around = self.rng.standard_normal((count, n - 1))
        around *= np.sqrt((1.0 - overlap**2) * n) / np.linalg.norm(around, axis=1, keepdims=True)
        self.weights = np.concatenate([np.full((count, 1), sign * overlap * np.sqrt(n)), around], axis=1)
        return dataclasses.replace(instance, X=self._mirrored(instance.X))

    def _mirrored(self, rows: np.ndarray) -> np.ndarray:
        return rows if self.mirror is None else rows - 2.0 * np.outer(rows @ self.mirror, self.mirror)

    def positions(self) -> np.ndarray:
        """The weights in the frame of the instance."""
        return self._mirrored(self.weights)

    def refresh(self) -> None:
        """Fields and costs from the weights alone, so that rounding does not add up."""
        blocks = self.weights.reshape(len(self.rows), self.units, self.size)
        inputs = self.columns.reshape(self.units, self.size, self.columns.shape[1])
        self.hidden = np.stack([blocks[:, k] @ inputs[k] for k in range(self.units)], axis=1)  # (copy, K, P)
        self.cost = self._cost(self.hidden)

    def _cost(self, hidden: np.ndarray) -> np.ndarray:
        """Sum of the costs; of hard constraints the number of patterns that violate them."""
        loss = self.instance.model.loss
        cost = loss.cost(self.instance.stabilities_of(np.moveaxis(hidden, 1, -1)))
        return np.sum(cost > 0 if loss.hard else cost, axis=1, dtype=float)

    def _step(self, instance: Instance) -> float | None:
        """The margin of hidden fields below which a pattern counts, where the compiled moves cover the model."""
        model, kinks = instance.model, instance.model.loss.kinks()
        covered = self.sphere or (self.letters == (-1.0, 1.0))
        counts = (model.loss.hard or model.loss.ground_jumps) and len(kinks) == 1
        if not (covered and counts and self.units == 1 and instance.bias == 0):
            return None
        cost = np.asarray(model.loss.cost(kinks[0] + np.array([-1e6, -1.0, 0.0, 1e6])), dtype=float)
        one = np.inf if model.loss.hard else 1.0
        return float(kinks[0]) / instance.gain if np.array_equal(cost, [one, one, 0.0, 0.0]) else None

    def take(self, chosen: np.ndarray) -> None:
        """Copies of chosen copies."""
        self.weights, self.hidden, self.cost = self.weights[chosen], self.hidden[chosen], self.cost[chosen]
        self.order = self.order if self.order is None else self.order[chosen]

    def sweep(self, beta: float) -> None:
        """As many moves of each copy as there are weights; tunes how far continuous weights reach."""
        moves = self.weights.shape[1]
        if self.step is None or (self.sphere and moves - self.held < 2):
            share = sum(self._move(beta) for _ in range(moves)) / moves
        elif self.order is not None and self.flips in (0, moves):
            share = 0.0
        else:
            order = np.zeros((1, 1), dtype=np.int64) if self.order is None else self.order
            flips = 0 if self.order is None else self.flips
            share = count_moves(
                self.columns, self.step, beta, self.reach if self.sphere else 0.0, int(self.held),
                self.weights, self.hidden[:, 0], self.cost, order, flips, moves, self.rng,
            )  # fmt: skip
        if self.letters is None:
            self.reach = float(np.clip(self.reach * np.exp(share - AIM), 1e-4, np.pi))

    def _move(self, beta: float) -> float:
        sites, changes = self._pairs() if self.held or self.sphere else self._singles()
        fresh = self.hidden.copy()
        for site, change in zip(sites, changes, strict=True):
            fresh[self.rows, site // self.size] += change[:, None] * self.columns[site]
        cost = self._cost(fresh)
        with np.errstate(over="ignore"):
            passed = self.rng.random(self.rows.size) < np.exp(-beta * (cost - self.cost))
        self.hidden[passed], self.cost[passed] = fresh[passed], cost[passed]
        rows = self.rows[passed]
        for site, change in zip(sites, changes, strict=True):
            self.weights[rows, site[passed]] += change[passed]
        if self.order is not None and len(sites):
            (a, b), (one, other) = self.swap, sites
            self.order[rows, a[passed]], self.order[rows, b[passed]] = other[passed], one[passed]
        return float(passed.mean())

    def _singles(self) -> tuple[list[Any], list[Any]]:
        """A weight of each copy, and its change."""
        count, n = self.weights.shape
        site = self.rng.integers(n, size=count)
        old = self.weights[self.rows, site]
        if self.letters is None:
            new = np.cos(self.reach) * old + np.sin(self.reach) * self.spread * self.rng.standard_normal(count)
        elif len(self.letters) == 2:
            new = sum(self.letters) - old
        else:
            new = np.asarray(self.letters, dtype=float)[self.rng.integers(len(self.letters), size=count)]
        return [site], [new - old]

    def _pairs(self) -> tuple[list[Any], list[Any]]:
        """Two weights of each copy, and their changes."""
        count, n = self.weights.shape
        if self.order is not None:
            if self.flips in (0, n):
                return [], []
            self.swap: Any = self.rng.integers(self.flips, size=count), self.rng.integers(self.flips, n, size=count)
            sites = [self.order[self.rows, at] for at in self.swap]
            return sites, [-2.0 * self.weights[self.rows, site] for site in sites]
        first = int(self.held)
        size = n - 1 if self.held else self.size  # weights among which a pair is chosen
        if size < 1:
            return [], []
        one = self.rng.integers(first, n, size=count)
        if size < 2:
            return [one], [-2.0 * self.weights[self.rows, one]]
        within = (one - first) % size
        other = one - within + (within + self.rng.integers(1, size, size=count)) % size
        x, y = self.weights[self.rows, one], self.weights[self.rows, other]
        angle = self.rng.uniform(-self.reach, self.reach, size=count)
        cosine, sine = np.cos(angle), np.sin(angle)
        return [one, other], [cosine * x - sine * y - x, sine * x + cosine * y - y]
