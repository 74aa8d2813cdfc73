"""Special points of a phase diagram: where its lines cross, where they end, where three meet. No equations here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from replica._checks import grid, shown
from replica.ansatz import Ansatz, ansatz_or_rs
from replica.models.model import Model, require_model
from replica.sweeps.diagram import LineChunk, _drawn, _loads, _moved, locate_chunk
from replica.sweeps.meeting import Special, Spot, special
from replica.thresholds import LineDefinition

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True)
class Plane:
    """Lines of a model over the axis ``x``, each located at any place."""

    model: Model
    x: str
    y: str
    alpha: float | None
    lines: dict[str, tuple[LineDefinition, Ansatz]]

    def along(self, name: str, places: np.ndarray) -> list[Spot]:
        """A line at places."""
        load = next((one for one in self.model.data.loads if one in (self.x, self.y)), "alpha")
        loads = _loads(load, self.x, places, self.y, self.alpha)
        chunk = LineChunk(name, _moved(self.model, self.x, places), self.lines[name][1], self.y, loads, load)
        found = locate_chunk(chunk)
        columns = found["value"].tolist(), found["error"].tolist(), found["status"].tolist()
        return [Spot(*row) for row in zip(*columns, strict=True)]


def special_points(
    model: Model,
    *,
    x: tuple[str, Any],
    y: str = "alpha",
    lines: Any = ("capacity", "at"),
    alpha: float | None = None,
    ansatz: Ansatz | None = None,
) -> xarray.Dataset:
    """Where the lines of a phase diagram cross, end and meet.

    When not to use it: for lines that touch without crossing, or cross twice between two points of the grid: neither is
    seen, so the grid must be fine enough to tell crossings apart.

    Parameters
    ----------
    model : Model
    x : (name, grid)
        Horizontal axis as in `diagram`, a number of the model or the load: the grid on which changes are looked for.
    y : str
        Vertical axis.
    lines : sequence of str
        Names of threshold lines, as in `diagram`.
    alpha : float, optional
        The load, where neither axis is one.
    ansatz : Ansatz, optional
        As in `sweep`.

    Returns
    -------
    xarray.Dataset
        Over ``point``, ordered along x: ``kind`` ("crossing" of two lines, "triple point" of three, "end" of a line),
        ``lines`` (their names), the place under the names of the two axes with ``NAME_error``, and ``status``. The
        place of an end is bracketed by its error: on one side the line is found, on the other it is not, for the
        reason in the status, which also names the lines on which it ends (the error then holds how far on they meet).

    Raises
    ------
    ValueError
        As `diagram`; fewer than two points; a horizontal axis that is no number that can be moved (``units``).

    See Also
    --------
    diagram : The lines themselves.
    threshold : Where an observable reaches a level.

    Notes
    -----
    A crossing is a zero of the difference of two lines, each located anew at every step; its error is what the errors
    of the lines move it by. The end is that of what is found: that a solver gives up before the line ends is not told
    apart where it ends on no other line.

    Examples
    --------
    >>> import replica
    >>> model = replica.perceptron("binary", loss=replica.OutsideBand(1.0))
    >>> found = replica.special_points(model, x=("margin", [0.6, 0.8, 1.0]), lines=["capacity", "at"])
    >>> print(found["kind"].item(), "of", found["lines"].item(), "at", f"{found['margin'].item():.9f}")
    crossing of capacity, at at 0.817099453
    """
    require_model(model)
    chosen = ansatz_or_rs(ansatz)
    if not isinstance(x, (tuple, list)) or len(x) != 2 or not isinstance(x[0], str):
        raise ValueError(f"x must be a parameter and its grid, as in x=('margin', [0.0, 0.5]), got {shown(x)}")
    if not isinstance(lines, str) and not np.iterable(lines):
        raise ValueError(f"lines must be names of threshold lines, as in ['capacity', 'at'], got {shown(lines)}")
    names, places = tuple(dict.fromkeys((lines,) if isinstance(lines, str) else lines)), grid(x[0], x[1])
    plane = Plane(model, x[0], y, alpha, _drawn(model, names, x[0], y, chosen))
    if x[0] in model.structure_names:
        raise ValueError(f"x must be a number that can be moved by little, got {x[0]!r}")
    if places.size < 2:
        raise ValueError(f"the grid of {x[0]} must have at least two points")
    settings: dict[str, Any] = {"verb": "special_points", "model": model.settings(), "ansatz": chosen.settings()}
    settings |= {"x": [x[0], places.tolist()], "y": y, "lines": list(names), "alpha": alpha}
    return _dataset(special(plane, places), x[0], y, settings)


def _dataset(found: list[Special], x: str, y: str, settings: dict[str, Any]) -> xarray.Dataset:
    import xarray

    from replica.files.records import record
    from replica.files.words import described

    columns = {
        "kind": np.array([one.kind for one in found], dtype=str),
        "lines": np.array([", ".join(one.lines) for one in found], dtype=str),
        x: np.array([one.x for one in found]),
        f"{x}_error": np.array([one.x_error for one in found]),
        y: np.array([one.y for one in found]),
        f"{y}_error": np.array([one.y_error for one in found]),
        "status": np.array([one.status for one in found], dtype=str),
    }
    variables = {name: ("point", column) for name, column in columns.items()}
    coordinates = {"point": np.arange(1, len(found) + 1)}
    return described(xarray.Dataset(variables, coordinates, record(settings) | {"kind": "special_points"}))
