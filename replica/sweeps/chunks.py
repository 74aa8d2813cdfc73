"""Points of a sweep that are solved together: how grids are cut, and what is measured of each part."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from replica.ansatz import Ansatz
from replica.models.model import Model
from replica.observables import measure

CHUNK = 512  # points solved together; fixed, so that results do not depend on the number of workers


@dataclass(frozen=True)
class Chunk:
    """Points of a sweep that are solved in one batch."""

    model: Model
    ansatz: Ansatz
    alpha: np.ndarray
    observables: tuple[str, ...]
    start: Any
    tolerance: float
    rows: np.ndarray  # their places in the product of the grids
    places: dict[str, np.ndarray]  # on the axes

    @property
    def points(self) -> list[str]:
        """What tells each point from the others."""
        axes = [[f"{name}={value!r}" for value in column.tolist()] for name, column in self.places.items()]
        return [" ".join(words) for words in zip(*axes, strict=True)] or ["the point"]

    def part(self, rows: np.ndarray) -> Chunk:
        """Some of the points."""
        places = {name: column[rows] for name, column in self.places.items()}
        return replace(self, model=self.model.take(rows), alpha=self.alpha[rows], rows=self.rows[rows], places=places)


def solve_chunk(chunk: Chunk) -> dict[str, np.ndarray]:
    """Observables, errors and status sentences of one chunk."""
    solutions = chunk.ansatz.answer(chunk.model, chunk.alpha, start=chunk.start, tolerance=chunk.tolerance)
    found: dict[str, np.ndarray] = {}
    for name in chunk.observables:
        found[name], found[f"{name}_error"] = measure(solutions, name)
    found["status"] = np.array(solutions.sentences())
    found["branch"] = np.array(solutions.branches or [""] * solutions.size)
    return found


def chunks_of(
    base: Model,
    ansatz: Ansatz,
    grids: dict[str, np.ndarray],
    fixed: dict[str, float],
    names: tuple[str, ...],
    start: Any,
    tolerance: float,
) -> list[Chunk]:
    """The product of the grids, by structures and then in parts of one size."""
    mesh = np.meshgrid(*grids.values(), indexing="ij")
    columns = {name: axis.reshape(-1) for name, axis in zip(grids, mesh, strict=True)}
    load = next(name for name in ("alpha", *base.data.loads) if name in columns or name in fixed)

    def chunk(kind: Model, moved: dict[str, np.ndarray], rows: np.ndarray) -> Chunk:
        own = {name: np.ascontiguousarray(column[rows]) for name, column in moved.items()}
        given = own.pop(load) if load in own else np.full(rows.size, fixed[load])
        model = kind.with_parameters(**own) if own else kind
        alpha = given if load == "alpha" else np.ascontiguousarray(model.data.load(load, given))
        places = {name: column[rows] for name, column in columns.items()}
        return Chunk(model, ansatz, alpha, names, start, tolerance, rows, places)

    total = math.prod(g.size for g in grids.values())
    return [
        chunk(kind, moved, rows[i : i + CHUNK])
        for kind, moved, rows in _structures(base, columns, total)
        for i in range(0, rows.size, CHUNK)
    ]


def _structures(
    base: Model, columns: dict[str, np.ndarray], total: int
) -> Iterator[tuple[Model, dict[str, np.ndarray], np.ndarray]]:
    """For each structure in the grids its model, the other columns, and the rows of the product that it has."""
    shapes = [name for name in columns if name in base.structure_names]
    own = {name: column for name, column in columns.items() if name not in shapes}
    if not shapes:
        yield base, own, np.arange(total)
        return
    table = np.stack([columns[name] for name in shapes], axis=1)
    for values in np.unique(table, axis=0):
        rows = np.flatnonzero(np.all(table == values, axis=1))
        yield base.with_structure(**dict(zip(shapes, values.tolist(), strict=True))), own, rows
