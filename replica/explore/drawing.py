"""One page as a bokeh document: the newest movement of a slider wins, few points first and many at rest."""

from __future__ import annotations

import html
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from typing import Any

import numpy as np
from bokeh.document import Document
from bokeh.events import Tap
from bokeh.layouts import column, row
from bokeh.models.annotations import Whisker
from bokeh.models.sources import ColumnDataSource
from bokeh.models.tools import HoverTool
from bokeh.models.widgets import Div, Slider
from bokeh.plotting import figure

from replica.explore.page import Curve, Page, Panel, remarks
from replica.explore.page import Slider as Setting

#: colours that the colour-blind tell apart (Okabe and Ito), in the order of the curves
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9")
_EMPTY: dict[str, Any] = {name: [] for name in ("x", "y", "low", "high", "said")}


class Drawing:
    """The widgets of a page and what moves them.

    ``compute`` runs curves beside the server (None: at once, in the order asked for).
    """

    def __init__(self, page: Page, document: Document, compute: Executor | None) -> None:
        self.page, self.document, self.compute = page, document, compute
        self.turn = 0
        self.sliders = {setting.name: _slider(setting) for setting in page.sliders}
        self.words = Div(text="", css_classes=["words"], width=900)
        self.figures = [self._figure(panel) for panel in page.panels]
        self.curves: list[list[ColumnDataSource]] = [[] for _ in page.panels]
        self.places = [self._place(drawn) for drawn in self.figures]
        self.remarks: list[list[str]] = [[] for _ in page.panels]
        for name, slider in self.sliders.items():
            slider.on_change("value", partial(self._moved, name))
        heading = Div(text=f"<h2>{html.escape(page.title)}</h2><p>{html.escape(page.text)}</p>", width=900)
        self.layout = column(heading, row(*self.sliders.values()), row(*self.figures), self.words)

    @property
    def values(self) -> dict[str, float]:
        """What the sliders say, in the units of the page."""
        return {setting.name: _read(setting, self.sliders[setting.name].value) for setting in self.page.sliders}

    def refresh(self, changed: set[str] | None = None) -> None:
        """Draw what the change of some sliders (None: everything) concerns, coarsely and then finely."""
        self.turn += 1
        self._mark()
        chosen = [i for i, panel in enumerate(self.page.panels) if changed is None or panel.changed_by(changed)]
        for points in self.page.points:
            job = partial(self._draw, self.turn, self.values, chosen, points)
            if self.compute is None:
                job()
            else:
                self.compute.submit(job).add_done_callback(self._reported)

    def rest(self) -> None:
        """Give up what is under way: nobody looks."""
        self.turn += 1

    def _moved(self, name: str, _attribute: str, _old: float, _new: float) -> None:
        self.refresh({name})

    def _draw(self, turn: int, values: dict[str, float], chosen: list[int], points: int) -> None:
        """Curves of one turn, given up between any two of them when a newer one has begun."""
        for i in chosen:
            found: list[Curve] = []
            try:
                for curve in self.page.panels[i].draw(values, points):
                    if turn != self.turn:
                        return
                    found.append(curve)
            except ValueError as refusal:
                self._later(partial(self._show, turn, i, found, [str(refusal)]))
                continue
            self._later(partial(self._show, turn, i, found, []))

    def _reported(self, job: Future[None]) -> None:
        """A fault beside the server is raised in it, which logs it."""
        if not job.cancelled() and job.exception() is not None:
            self.document.add_next_tick_callback(job.result)

    def _later(self, update: Callable[[], None]) -> None:
        """On the thread of the document."""
        if self.compute is None:
            update()
        else:
            self.document.add_next_tick_callback(update)

    def _show(self, turn: int, i: int, curves: list[Curve], refusals: list[str]) -> None:
        if turn != self.turn:
            return
        for k, curve in enumerate(curves):
            if k == len(self.curves[i]):
                self.curves[i].append(self._line(i, k, curve.name))
            self.curves[i][k].data = _data(curve)
            self.figures[i].legend[0].items[k].label = {"value": curve.name}
        for source in self.curves[i][len(curves) :]:
            source.data = dict(_EMPTY)
        self.remarks[i] = [*refusals, *remarks(curves)]
        said = [text for texts in self.remarks for text in texts] or ["every point converged"]
        self.words.text = "<ul>" + "".join(f"<li>{html.escape(text)}</li>" for text in said) + "</ul>"

    def _figure(self, panel: Panel) -> Any:
        drawn = figure(
            width=520,
            height=400,
            title=panel.title,
            x_axis_label=panel.x,
            y_axis_label=panel.y,
            x_axis_type="log" if panel.logarithmic else "linear",
            tools="pan,wheel_zoom,box_zoom,reset,save",
            sizing_mode="inherit",
        )
        drawn.toolbar.logo = None
        drawn.add_tools(HoverTool(tooltips=[("", "@said"), (panel.x, "@x"), (panel.y, "@y{0.0000000000}")]))
        if panel.sets is not None:
            drawn.on_event(Tap, partial(self._clicked, panel.sets))
        return drawn

    def _line(self, i: int, k: int, name: str) -> ColumnDataSource:
        source, colour = ColumnDataSource(dict(_EMPTY)), COLOURS[k % len(COLOURS)]
        dash = ("solid", "dashed", "dotted", "dotdash")[k % 4]
        self.figures[i].line("x", "y", source=source, color=colour, line_dash=dash, line_width=2, legend_label=name)
        bars = Whisker(base="x", lower="low", upper="high", source=source, line_color=colour)
        bars.upper_head = bars.lower_head = None  # most errors are far below a line's width
        self.figures[i].add_layout(bars)
        self.figures[i].legend.location = self.page.panels[i].legend
        return source

    def _place(self, drawn: Any) -> ColumnDataSource:
        """Where the sliders stand in a panel that sets them."""
        source = ColumnDataSource({"x": [], "y": []})
        drawn.scatter("x", "y", source=source, size=12, marker="cross", color="black", line_width=2)
        return source

    def _mark(self) -> None:
        for panel, source in zip(self.page.panels, self.places, strict=True):
            if panel.sets is not None:
                source.data = {"x": [self.values[panel.sets[0]]], "y": [self.values[panel.sets[1]]]}

    def _clicked(self, sets: tuple[str, str], event: Tap) -> None:
        """Both sliders move at once: one turn."""
        settings = {setting.name: setting for setting in self.page.sliders}
        if event.x is None or event.y is None:
            return
        for name, place in zip(sets, (event.x, event.y), strict=True):
            setting, slider = settings[name], self.sliders[name]
            slider.value = float(np.clip(_written(setting, place), slider.start, slider.end))


def _slider(setting: Setting) -> Slider:
    low, high, value = (_written(setting, x) for x in (setting.low, setting.high, setting.value))
    title = f"log10 of {setting.title}" if setting.logarithmic else setting.title
    return Slider(name=setting.name, title=title, start=low, end=high, value=value, step=setting.step, width=280)


def _written(setting: Setting, value: float) -> float:
    """What the widget shows of a number."""
    return float(np.log10(max(value, setting.low))) if setting.logarithmic else value


def _read(setting: Setting, shown: float) -> float:
    return float(np.clip(10.0**shown if setting.logarithmic else shown, setting.low, setting.high))


def _data(curve: Curve) -> dict[str, Any]:
    """A point without an error keeps no bar; one without a value leaves a gap."""
    error = np.where(np.isfinite(curve.error), curve.error, 0.0)
    return {"x": curve.x, "y": curve.y, "low": curve.y - error, "high": curve.y + error, "said": list(curve.status)}
