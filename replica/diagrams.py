"""Phase diagrams: threshold lines in a plane, as labelled datasets; nothing is drawn here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from replica._checks import grid, known_options, number
from replica.ansatz import RS, Ansatz
from replica.model import Model
from replica.observables import symbol_of
from replica.thresholds import Line, find_line, invert

CHUNK = 32  # points of a line located together; fixed, so that results do not depend on the number of workers

#: where a line is looked for when the vertical axis is not alpha
SEARCH = {"temperature": np.exp(np.linspace(np.log(0.02), np.log(20.0), 40)), "margin": np.linspace(-6.0, 6.0, 49)}


@dataclass(frozen=True)
class LineChunk:
    """Points of one line that are located in one batch."""

    name: str
    model: Model
    ansatz: Ansatz
    y: str
    alpha: np.ndarray


def locate_chunk(chunk: LineChunk) -> dict[str, np.ndarray]:
    """Values, errors, stability and status of one line at a few points."""
    compute = find_line(chunk.name).line
    size = chunk.alpha.size
    if chunk.y == "alpha":
        line: Line = compute(chunk.model, size, chunk.ansatz)
    else:
        line = invert(lambda m, n: compute(m, n, chunk.ansatz), chunk.model, chunk.y, chunk.alpha, SEARCH[chunk.y])
    stability = np.full(size, np.nan)
    if line.solutions is not None and line.solutions.size == size:
        stability = line.solutions.value("stability")
    return {"value": line.value, "error": line.error, "stability": stability, "status": np.array(line.status)}


def diagram(
    model: Model,
    *,
    x: tuple[str, Any],
    y: str = "alpha",
    lines: Any = ("capacity", "at"),
    alpha: float | None = None,
    ansatz: Ansatz | None = None,
    workers: int = 1,
    checkpoint: Any = None,
    progress: bool = False,
) -> Any:
    """Threshold lines of a model in a plane.

    Parameters
    ----------
    model : Model
    x : (name, grid)
        Horizontal axis: a model parameter (``margin``, ``temperature``, ...) or ``alpha``.
    y : str
        Vertical axis: ``alpha``, or ``margin`` or ``temperature`` (the lines are then inverted at each point).
    lines : sequence of str
        Names from the table of thresholds: ``capacity at spinodal transition freezing`` (see ``replica list``).
    alpha : float, optional
        The load, where neither axis is alpha.
    ansatz, workers, checkpoint, progress
        As in `sweep`.

    Returns
    -------
    xarray.Dataset
        Each line over x with ``NAME_error``, ``NAME_status`` and ``NAME_stability`` (below 0: RS is not to be trusted
        there), and ``region`` over (x, y): which lines lie below each point of a grid in y.

    Raises
    ------
    ValueError
        Unknown axes or lines; a line that the model does not have.

    Examples
    --------
    >>> import replica
    >>> found = replica.diagram(replica.perceptron("spherical"), x=("margin", [-0.5, 0.0, 0.5]), lines=["capacity"])
    >>> [f"{a:.4f}" for a in found["capacity"].values]
    ['4.7701', '2.0000', '0.9612']
    """
    import xarray

    from replica.records import record
    from saddlepoint import sweep as run

    model.require_single()
    chosen = ansatz or RS()
    names = (lines,) if isinstance(lines, str) else tuple(lines)
    definitions = [find_line(name) for name in names]
    if not names:
        raise ValueError("diagram needs at least one line")
    x_name, places = x[0], grid(x[0], x[1])
    known_options("diagram axis", [x_name], ("alpha", *model.parameter_names))
    known_options("diagram axis", [y], ("alpha", *SEARCH))
    if x_name == y:
        raise ValueError(f"the two axes of a diagram must differ, got {x_name!r} twice")
    for definition in definitions:
        chosen.check(definition.model(model))
    loads = _loads(x_name, places, y, alpha)
    chunks = [
        LineChunk(name, _moved(model, x_name, places[part]), chosen, y, loads[part])
        for name in names
        for part in (slice(i, i + CHUNK) for i in range(0, places.size, CHUNK))
    ]
    settings = {
        "verb": "diagram",
        "model": model.settings(),
        "ansatz": chosen.settings(),
        "x": [x_name, places.tolist()],
        "y": y,
        "lines": list(names),
        "alpha": alpha,
    }
    results = run(locate_chunk, chunks, workers=workers, checkpoint=checkpoint, settings=settings, progress=progress)
    per_line = len(results) // len(names)
    variables = {}
    for i, definition in enumerate(definitions):
        mine = results[i * per_line : (i + 1) * per_line]
        joined = {key: np.concatenate([r[key] for r in mine]) for key in mine[0]}
        variables[definition.name] = (x_name, joined["value"], {"symbol": definition.symbol})
        for key in ("error", "stability", "status"):
            variables[f"{definition.name}_{key}"] = (x_name, joined[key])
    heights, labels = _regions(names, variables)
    variables["region"] = ((x_name, y), labels)
    attributes = record(settings) | {"kind": "diagram", "lines": list(names), "y": y}
    data = xarray.Dataset(variables, coords={x_name: places, y: heights}, attrs=attributes)
    for axis in (x_name, y):
        data[axis].attrs["symbol"] = symbol_of(axis)
    return data


def _moved(model: Model, name: str, places: np.ndarray) -> Model:
    return model if name == "alpha" else model.with_parameters(**{name: np.ascontiguousarray(places)})


def _loads(x_name: str, places: np.ndarray, y: str, alpha: float | None) -> np.ndarray:
    """alpha at each point of the horizontal axis (unused where y is alpha)."""
    if x_name == "alpha":
        return number("alpha", places, low=0.0, open_low=True)
    if y != "alpha" and alpha is None:
        raise ValueError(f"neither axis is alpha: give alpha=... for the plane ({x_name}, {y})")
    return np.full(places.size, np.nan if alpha is None else number("alpha", alpha, low=0.0, open_low=True))


def _regions(names: tuple[str, ...], variables: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """A grid in y and, at each of its points, the lines that lie below."""
    values = np.stack([variables[name][1] for name in names])
    top = np.nanmax(values) if np.any(np.isfinite(values)) else 1.0
    bottom = min(0.0, float(np.nanmin(values))) if np.any(np.isfinite(values)) else 0.0
    heights = np.linspace(bottom, 1.1 * top, 61)
    passed = heights[None, None, :] > values[:, :, None]
    labels = np.full(passed.shape[1:], "below all lines", dtype=f"U{16 + sum(len(n) + 2 for n in names)}")
    for index in np.ndindex(labels.shape):
        beyond = [name for name, row in zip(names, passed[(slice(None), *index)], strict=True) if row]
        if beyond:
            labels[index] = "beyond " + ", ".join(beyond)
    return heights, labels
