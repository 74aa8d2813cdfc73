"""One line with its standing: gaps where unsolved, dashes where doubtful, a band of visible errors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D

from replica.plots.style import DOUBTFUL_DASH, GREY, geometric
from replica.solution.said import kinds, which_converged

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROUNDING = 1e-9  # a stability above minus this is zero: on the AT line itself
VISIBLE = 0.004  # of the height of a panel: an error bar smaller than that is thinner than the line
MARKED = 6  # markers along a curve of a fan
SPARSE = 24  # computed points are dots on a curve of at most so many: between them it is only guessed
LEAP = 4.0  # a step so many times those beside it, where the status changes, is a jump
SHORT = 0.02  # of the width of a panel: no dashes are seen in a part that is shorter
CIRCLES = 40  # at most, along an axis, for points that are not solved

UNTRUSTED = "not to be trusted"  # the words of a status
UNTRUSTED_LABEL = "pale: RS not to be trusted"


Looks = dict[str, Any]  # colour and dash of a line


@dataclass(frozen=True)
class Trace:
    """A line as it is in a dataset: places, values, and which points are solved and of good standing."""

    x: np.ndarray
    y: np.ndarray
    error: np.ndarray
    solved: np.ndarray
    doubtful: np.ndarray
    cut: np.ndarray  # between a point and the next: the solution jumps to another branch

    @classmethod
    def of(
        cls,
        x: Any,
        y: Any,
        error: Any,
        status: Any,
        stability: Any,
        doubts: tuple[str, ...] = (UNTRUSTED,),
        branch: Any = None,
    ) -> Trace:
        """From arrays (None where there is none); ``doubts``: words in a status that cast doubt; a line ends where
        ``branch`` changes.
        """
        y = np.asarray(y, dtype=float)
        table, said = kinds(np.full(y.shape, "converged") if status is None else status)
        solved = np.isfinite(y) & which_converged(table)[said]
        doubtful = np.zeros(y.shape, dtype=bool)
        for words in doubts:
            doubtful |= (np.char.find(table, words) >= 0)[said]
        if stability is not None:
            with np.errstate(invalid="ignore"):
                doubtful |= np.asarray(stability, dtype=float) < -ROUNDING
        error = np.zeros(y.shape) if error is None else np.nan_to_num(np.asarray(error, dtype=float))
        y = np.where(solved, y, np.nan)
        cut = jumps(y, said)
        if branch is not None:
            cut = cut | (np.asarray(branch)[..., 1:] != np.asarray(branch)[..., :-1])
        return cls(np.asarray(x, dtype=float), y, error, solved, doubtful & solved, cut)

    @property
    def doubtful_throughout(self) -> bool:
        """Whether no solved point is of good standing."""
        return bool(self.solved.any()) and bool(self.doubtful[self.solved].all())

    @property
    def seen_doubtful(self) -> bool:
        """Whether a doubtful part is long enough to be seen as one."""
        if not self.doubtful.any():
            return False
        places = np.log(self.x) if geometric(self.x) else self.x
        return self.x.size <= SPARSE or bool(np.ptp(places[self.doubtful]) > SHORT * np.ptp(places))


def jumps(y: np.ndarray, said: np.ndarray) -> np.ndarray:
    """Where a status changes and the value leaps (`LEAP` times the steps beside it), along the last axis."""
    step = np.abs(np.diff(y, axis=-1))
    none = np.zeros((*step.shape[:-1], 1))
    beside = np.fmax(np.concatenate([none, step[..., :-1]], -1), np.concatenate([step[..., 1:], none], -1))
    return (said[..., 1:] != said[..., :-1]) & (step > LEAP * beside) & (step > 0)


def runs(mask: np.ndarray) -> Iterator[slice]:
    """Slices over which a mask is true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(int), [0]])))
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        yield slice(start, stop)


def faded(colour: Any, share: float = 0.45) -> tuple[float, ...]:
    """A colour mixed with white."""
    return tuple((1.0 - share) * c + share for c in to_rgb(colour))


def doubtful_looks(colour: Any, dash: Any) -> dict[str, Any]:
    """Paler, and not solid."""
    return {"color": faded(colour), "linestyle": DOUBTFUL_DASH if dash == "-" else dash}


def draw_trace(ax: Axes, trace: Trace, *, colour: Any, dash: Any = "-", marker: str = "") -> None:
    """Draw the parts of a trace: whole, doubtful (paler, not solid), isolated points; a few markers."""
    joined = trace.solved[:-1] & trace.solved[1:] & ~trace.cut
    doubtful = joined & (trace.doubtful[:-1] | trace.doubtful[1:])
    for segments, looks in (
        (joined & ~doubtful, {"color": colour, "linestyle": dash}),
        (doubtful, doubtful_looks(colour, dash)),
    ):
        for part in runs(segments):
            points = slice(part.start, part.stop + 1)
            ax.plot(trace.x[points], trace.y[points], solid_capstyle="round", **looks)
    alone = trace.solved & ~np.append(joined, False) & ~np.insert(joined, 0, False)
    dots = trace.solved if trace.x.size <= SPARSE and not marker else alone
    for some, shade in ((dots & ~trace.doubtful, colour), (dots & trace.doubtful, faded(colour))):
        if some.any():
            ax.plot(trace.x[some], trace.y[some], linestyle="none", marker=".", color=shade)
    if marker and trace.solved.any():
        found = np.flatnonzero(trace.solved)
        # not the first point, where the curves of a fan often meet, nor the last, on the frame
        some = found[np.linspace(0, found.size - 1, MARKED + 2).astype(int)[1:-1]]
        ax.plot(
            trace.x[some], trace.y[some], linestyle="none", marker=marker, color=colour,
            markerfacecolor="white", markeredgewidth=0.8,
        )


def draw_band(ax: Axes, trace: Trace, *, colour: Any) -> None:
    """The error as a band, where it is thicker than a line."""
    if not trace.solved.any():
        return
    height = np.ptp(trace.y[trace.solved]) or np.abs(trace.y[trace.solved]).max()
    if trace.error[trace.solved].max() > VISIBLE * height:
        low, high = trace.y - trace.error, trace.y + trace.error
        ax.fill_between(trace.x, low, high, color=faded(colour, 0.7), linewidth=0)


def draw_unsolved(ax: Axes, x: np.ndarray, unsolved: np.ndarray, *, colour: Any) -> None:
    """Open circles on the lower axis at the points that were not solved."""
    places = x[unsolved]
    if not places.size:  # an empty line without clipping would upset the layout
        return
    places = places[:: -(-places.size // CIRCLES)]
    looks: dict[str, Any] = {"linestyle": "none", "marker": "o", "markersize": 3.2, "markerfacecolor": "white"}
    ax.plot(
        places, np.zeros(places.size), transform=ax.get_xaxis_transform(), clip_on=False, zorder=5,
        markeredgecolor=colour, markeredgewidth=0.7, **looks,
    )


def sample(label: str, *, colour: Any, dash: Any = "-", marker: str = "", pale: bool = False) -> Line2D:
    """An entry of a legend; ``pale`` in the looks of a doubtful line."""
    looks = doubtful_looks(colour, dash) if pale else {"color": colour, "linestyle": dash}
    return Line2D([], [], marker=marker, markerfacecolor="white", markeredgewidth=0.8, label=label, **looks)


def remarks(traces: list[Trace], looks: list[Looks], *, unsolved: bool, doubt: str) -> list[Line2D]:
    """Entries of a legend that explain pale dashes (unless ``doubt`` is empty) and circles, where needed; the first in
    the colour and dash of a line that has such a part to be seen.
    """
    entries = []
    pale = [look for trace, look in zip(traces, looks, strict=True) if trace.seen_doubtful]
    if doubt and pale:
        entries.append(sample(doubt, **pale[0], pale=True))
    if unsolved:
        entries.append(sample("not solved", colour=GREY, dash="none", marker="o"))
    return entries
