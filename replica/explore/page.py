"""What a page of the explorer is made of: sliders, panels, curves in words and numbers. Nothing is drawn here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from replica.solution.said import beside

#: where the sliders stand
Values = Mapping[str, float]


@dataclass(frozen=True)
class Slider:
    """A number to move, in ``[low, high]``; ``logarithmic`` ones move their decimal logarithm."""

    name: str
    title: str
    low: float
    high: float
    value: float
    step: float
    logarithmic: bool = False

    def __post_init__(self) -> None:
        if not self.low <= self.value <= self.high or not self.step > 0:
            raise ValueError(f"the slider {self.name} must stand in [{self.low}, {self.high}] and have a step above 0")
        if self.logarithmic and not self.low > 0:
            raise ValueError(f"the slider {self.name} is logarithmic and must begin above 0")


@dataclass(frozen=True)
class Curve:
    """One line of a panel: values (NaN where there is none), their errors, what each point says of itself."""

    name: str
    x: np.ndarray
    y: np.ndarray
    error: np.ndarray
    status: tuple[str, ...]

    def __post_init__(self) -> None:
        if not len(self.x) == len(self.y) == len(self.error) == len(self.status):
            raise ValueError(f"the curve {self.name} needs as many values, errors and statuses as places")

    @classmethod
    def of(cls, name: str, dataset: Any, coordinate: str, variable: str) -> Curve:
        """A variable of a dataset over one of its coordinates."""
        values = np.asarray(dataset[variable].values, dtype=float)
        said = dataset["status"].values if "status" in dataset else np.full(values.shape, "")
        error = dataset[f"{variable}_error"] if f"{variable}_error" in dataset else dataset[variable] * np.nan
        return cls(
            name,
            np.asarray(dataset[coordinate].values, dtype=float),
            values,
            np.asarray(error.values, dtype=float),
            tuple(map(str, said)),
        )


def remarks(curves: Iterable[Curve]) -> list[str]:
    """What points say beside that they converged: each sentence once, after the names of its curves."""
    said: dict[str, list[str]] = {}
    for curve in curves:
        for text in dict.fromkeys(curve.status):
            rest = beside(text)
            if rest:
                said.setdefault(rest, []).append(curve.name)
    return [f"{', '.join(names)}: {text}" for text, names in said.items()]


@dataclass(frozen=True)
class Panel:
    """A picture: ``draw(values, points)`` gives its curves one after the other, on as many points.

    ``sets`` names the sliders that a click into the panel moves, (horizontal, vertical); the place of the sliders is
    marked there. ``depends`` names those that change the curves (default: all).
    """

    title: str
    x: str
    y: str
    draw: Callable[[Values, int], Iterator[Curve]]
    sets: tuple[str, str] | None = None
    depends: tuple[str, ...] | None = None
    logarithmic: bool = False
    legend: str = "top_right"

    def changed_by(self, names: set[str]) -> bool:
        return bool(names if self.depends is None else names & set(self.depends))


@dataclass(frozen=True)
class Page:
    """A tab of the explorer."""

    name: str
    title: str
    text: str
    sliders: tuple[Slider, ...]
    panels: tuple[Panel, ...]
    #: points of a curve: while a slider moves, and at rest
    points: tuple[int, int] = field(default=(7, 25))

    def __post_init__(self) -> None:
        names = {slider.name for slider in self.sliders}
        for panel in self.panels:
            unknown = {*(panel.sets or ()), *(panel.depends or ())} - names
            if unknown:
                raise ValueError(f"the panel {panel.title!r} names sliders that the page lacks: {sorted(unknown)}")

    @property
    def start(self) -> dict[str, float]:
        return {slider.name: slider.value for slider in self.sliders}
