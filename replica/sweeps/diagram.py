"""Phase diagrams: threshold lines in a plane, as labelled datasets; nothing is drawn here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

import replica.landscape.threshold as _local_thresholds
from replica._checks import grid, known_options, number, shown
from replica.ansatz import Ansatz, ansatz_or_rs
from replica.files.dataset import Words, joined, text
from replica.files.words import described
from replica.models.model import Model, require_model
from replica.observables import measure, symbol_of
from replica.thresholds import Line, LineDefinition, find_line, invert

if TYPE_CHECKING:
    import xarray

LEARNED = "generalization_error"  # reported along lines of models with something to be learned
CHUNK = 32  # points of a line located together; fixed, so that results do not depend on the number of workers

_FILES = (_local_thresholds,)  # importing it makes its lines known

#: where a line is looked for when the vertical axis is not alpha
SEARCH = {
    "temperature": np.geomspace(0.02, 20.0, 40),
    "margin": np.linspace(-6.0, 6.0, 49),
    "noise": np.geomspace(0.02, 20.0, 40),
    "penalty": np.geomspace(1e-3, 1e3, 40),
    "balance": np.linspace(0.02, 0.98, 33),
    "ratio": np.geomspace(0.02, 50.0, 40),
}


@dataclass(frozen=True)
class LineChunk:
    """Points of one line that are located in one batch; ``name`` is that of the line, with that of an ansatz of its own
    behind a colon. ``loads`` are values of ``load``: alpha, or a load of the data.
    """

    name: str
    model: Model
    ansatz: Ansatz
    y: str
    loads: np.ndarray
    load: str = "alpha"
    lone: bool = False
    places: Any = ()  # on the horizontal axis

    @property
    def points(self) -> list[str]:
        """What tells each point from the others."""
        return [f"{self.name} {place!r}" for place in self.places.tolist()]

    def part(self, rows: np.ndarray) -> LineChunk:
        """Some of the points."""
        return replace(self, model=self.model.take(rows), loads=self.loads[rows], places=self.places[rows])


def locate_chunk(chunk: LineChunk) -> dict[str, np.ndarray]:
    """Values, errors, stability and status of one line at a few points."""
    definition = find_line(chunk.name.partition(":")[0])
    if chunk.lone:  # one structure of several may have no such line: the others are still drawn
        try:
            return _located(chunk, definition)
        except ValueError as refusal:
            nothing = np.full(chunk.loads.size, np.nan)
            status = np.array([f"not converged: {refusal}"] * nothing.size)
            return {"value": nothing, "error": nothing, "stability": nothing, "status": status}
    return _located(chunk, definition)


def _located(chunk: LineChunk, definition: LineDefinition) -> dict[str, np.ndarray]:
    size = chunk.loads.size

    def in_load(model: Model, count: int) -> Line:
        found: Line = definition.line(model, count, chunk.ansatz)
        return found if chunk.load == "alpha" else found.over(model.data.load(chunk.load, np.ones(count)))

    if chunk.y == chunk.load and definition.axis == "alpha":
        line = in_load(chunk.model, size)
    elif chunk.y == definition.axis:
        alpha = chunk.loads if chunk.load == "alpha" else chunk.model.data.load(chunk.load, chunk.loads)
        line = definition.line(chunk.model, alpha, chunk.ansatz)
    else:
        line = invert(in_load, chunk.model, chunk.y, chunk.loads, SEARCH[chunk.y], load=chunk.load)
    found = {"value": line.value, "error": line.error, "status": np.array(line.status)}
    nothing = np.full(size, np.nan)
    solved = line.solutions if line.solutions is not None and line.solutions.size == size else None
    found["stability"] = nothing if solved is None else solved.value("stability")
    if chunk.model.data.overlaps:
        known = (nothing, nothing) if solved is None else measure(solved, LEARNED)
        found[LEARNED], found[f"{LEARNED}_error"] = (np.where(line.converged, column, np.nan) for column in known)
    return found


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
) -> xarray.Dataset:
    """Threshold lines of a model in a plane.

    When not to use it: for one point of one line; call the threshold itself.

    Parameters
    ----------
    model : Model
    x : (name, grid)
        Horizontal axis: a model parameter (``margin``, ``temperature``, ``penalty``, ``units``, ...) or the load:
        ``alpha``, of `random_features` also ``patterns_per_input``.
    y : str
        Vertical axis: the load, or a parameter of the model such as ``margin`` or ``temperature`` (the lines are then
        inverted at each point, which those that are slow to find refuse).
    lines : sequence of str
        Names from the table of thresholds: ``capacity at max-margin local-entropy spinodal transition freezing ...``
        (see ``replica list``); with ``y="penalty"`` also ``optimal-penalty``. Behind a colon an ansatz of its own:
        ``capacity:1rsb``, ``capacity:full``.
    alpha : float, optional
        The load, where neither axis is one.
    ansatz, workers, checkpoint, progress
        As in `sweep`.

    Returns
    -------
    xarray.Dataset
        Each line over x with ``NAME_error``, ``NAME_status`` and ``NAME_stability`` (below 0: RS is not to be trusted
        there), with something to be learned also ``NAME_generalization_error``; and ``region`` over (x, y): which lines
        lie below each point of a grid in y, and which are not known at that x (unsolved, or not there).

    Raises
    ------
    ValueError
        Unknown axes or lines; a line that the model does not have.

    See Also
    --------
    sweep : Observables over grids.
    capacity, at_line, spinodal, transition, freezing : One point of a line.
    plot : A figure of the result.

    Examples
    --------
    >>> import replica
    >>> found = replica.diagram(replica.perceptron("spherical"), x=("margin", [-0.5, 0.0, 0.5]), lines=["capacity"])
    >>> [f"{a:.4f}" for a in found["capacity"].values]
    ['4.7701', '2.0000', '0.9612']
    """
    import xarray

    from replica.files.records import record
    from saddlepoint import sweep as run

    require_model(model)
    chosen = ansatz_or_rs(ansatz)
    x_name, places, names = _asked(x, lines)
    drawn = _drawn(model, names, x_name, y, chosen)
    load = next((name for name in model.data.loads if name in (x_name, y)), "alpha")
    loads, shapes = _loads(load, x_name, places, y, alpha), x_name in model.structure_names
    chunks = [
        LineChunk(name, _moved(model, x_name, places[part]), own, y, loads[part], load, shapes, places[part])
        for name, (definition, own) in drawn.items()
        for part in _parts(places.size, 1 if definition.slow or shapes else CHUNK)
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
    how: dict[str, Any] = {"workers": workers, "checkpoint": checkpoint, "progress": progress, "received": Words()}
    results = run(locate_chunk, chunks, settings=settings, grows=["x", "lines"], **how)
    variables = _variables({name: one.symbol for name, (one, _) in drawn.items()}, chunks, results, x_name)
    heights, labels = _regions(names, variables)
    variables["region"] = ((x_name, y), labels)
    attributes = record(settings) | {"kind": "diagram", "lines": " ".join(names), "y": y}
    data = xarray.Dataset(variables, coords={x_name: places, y: heights}, attrs=attributes)
    for axis in (x_name, y):
        data[axis].attrs["symbol"] = symbol_of(axis)
    return described(data)


def _asked(x: Any, lines: Any) -> tuple[str, np.ndarray, tuple[str, ...]]:
    """The parameter and its grid, and the lines by name."""
    if not isinstance(x, (tuple, list)) or len(x) != 2 or not isinstance(x[0], str):
        raise ValueError(f"x must be a parameter and its grid, as in x=('margin', [0.0, 0.5]), got {shown(x)}")
    if not isinstance(lines, str) and not np.iterable(lines):
        raise ValueError(f"lines must be names of threshold lines, as in ['capacity', 'at'], got {shown(lines)}")
    return x[0], grid(x[0], x[1]), (lines,) if isinstance(lines, str) else tuple(lines)


def _drawn(
    model: Model, names: tuple[str, ...], x: str, y: str, ansatz: Ansatz
) -> dict[str, tuple[LineDefinition, Ansatz]]:
    """The lines, each with its ansatz, once the axes and the model have been checked."""
    if not names:
        raise ValueError("diagram needs at least one line")
    found = {name: _line_and_ansatz(name, ansatz) for name in names}
    loads = ("alpha", *model.data.loads)
    known_options("diagram axis", [x], (*loads, *model.parameter_names, *model.structure_names))
    known_options("diagram axis", [y], (*loads, *(name for name in SEARCH if name in model.parameter_names)))
    if x == y:
        raise ValueError(f"the two axes of a diagram must differ, got {shown(x)} twice")
    if x in loads and y in loads:
        raise ValueError(f"{x} and {y} are two names of the load: give one of them as an axis")
    for definition, own in found.values():
        if definition.axis not in ("alpha", y):
            axis = definition.axis
            raise ValueError(f"the line {definition.name!r} is a {axis}: give y={axis!r}, got {shown(y)}")
        if definition.slow and y not in loads:
            raise ValueError(f"the line {definition.name!r} is found in alpha only: give y='alpha', got {shown(y)}")
        own.check(definition.asked(model))
    return found


def _line_and_ansatz(name: Any, ansatz: Ansatz) -> tuple[LineDefinition, Ansatz]:
    """``capacity`` in the ansatz of the diagram, ``capacity:2rsb`` in another."""
    line, colon, own = name.partition(":") if isinstance(name, str) else (name, "", "")
    return find_line(line), ansatz_or_rs(own) if colon else ansatz


def _parts(size: int, chunk: int) -> list[slice]:
    return [slice(i, i + chunk) for i in range(0, size, chunk)]


def _variables(
    symbols: dict[str, str], chunks: list[LineChunk], results: list[dict[str, np.ndarray]], x: str
) -> dict[str, Any]:
    """Columns of every line from its chunks."""
    variables: dict[str, Any] = {}
    for name, symbol in symbols.items():
        columns = joined([result for chunk, result in zip(chunks, results, strict=True) if chunk.name == name])
        variables[name] = (x, columns.pop("value"), {"symbol": symbol})
        variables |= {f"{name}_{key}": (x, column) for key, column in columns.items()}
    return variables


def _moved(model: Model, name: str, places: np.ndarray) -> Model:
    if name in model.structure_names:
        return model.with_structure(**{name: float(places[0])})
    load = name in ("alpha", *model.data.loads)
    return model if load else model.with_parameters(**{name: np.ascontiguousarray(places)})


def _loads(load: str, x_name: str, places: np.ndarray, y: str, alpha: float | None) -> np.ndarray:
    """The load at each point of the horizontal axis (unused where it is the vertical one)."""
    if load in (x_name, y) and alpha is not None:
        raise ValueError(f"{load} is an axis of the diagram: leave alpha out, got {shown(alpha)}")
    if x_name == load:
        return number(load, places, low=0.0, open_low=True)
    if y != load and alpha is None:
        raise ValueError(f"neither axis is alpha: give alpha=... for the plane ({x_name}, {y})")
    return np.full(places.size, np.nan if alpha is None else number("alpha", alpha, low=0.0, open_low=True))


def _regions(names: tuple[str, ...], variables: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """A grid in y and, at each of its points, the lines that lie below and those that are not known there."""
    values = np.stack([variables[name][1] for name in names])
    known, finite = ~np.isnan(values), np.isfinite(values)
    top = values[finite].max() if finite.any() else 1.0
    bottom = min(0.0, float(values[finite].min())) if finite.any() else 0.0
    heights = np.linspace(bottom, 1.1 * top, 61)
    bits = 1 << np.arange(2 * len(names))  # a kind of region: which lines lie below, and which are known
    labels = np.empty((values.shape[1], heights.size), dtype=object)
    words: dict[int, str] = {}
    for part in _parts(values.shape[1], 1024):
        passed = heights > values[:, part, None]
        kinds = np.tensordot(bits[: len(names)], passed, 1) + (bits[len(names) :] @ known[:, part])[:, None]
        table, codes = np.unique(kinds, return_inverse=True)
        for kind in set(table.tolist()) - words.keys():
            standing = (kind & bits) > 0
            words[kind] = _label(names, standing[: len(names)], standing[len(names) :])
        labels[part] = np.array([words[kind] for kind in table.tolist()], dtype=object)[codes.reshape(kinds.shape)]
    return heights, text(labels)


def _label(names: tuple[str, ...], passed: np.ndarray, known: np.ndarray) -> str:
    """Words for one point of the plane; a line that is not known is neither below nor above it."""
    beyond = [name for name, p, k in zip(names, passed, known, strict=True) if p and k]
    unknown = [name for name, k in zip(names, known, strict=True) if not k]
    if len(unknown) == len(names):
        return "no line known"
    text = "beyond " + ", ".join(beyond) if beyond else "below all lines"
    return f"{text} (not known: {', '.join(unknown)})" if unknown else text
