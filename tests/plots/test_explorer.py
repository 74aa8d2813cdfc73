"""The explorer: pages drawn without a server, and one server asked as a browser does."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

import numpy as np
import pytest
from bokeh.client import pull_session
from bokeh.document import Document
from bokeh.events import Tap
from bokeh.models import ColumnDataSource

import replica
from replica.cli import main
from replica.explore import serve
from replica.explore.drawing import Drawing
from replica.explore.page import Curve, Page, Panel, Slider, Values, remarks
from replica.explore.pages import PAGES


def parabola(values: Values, points: int) -> Iterator[Curve]:
    if values["height"] > 4.0:
        raise ValueError("too high")
    x = np.linspace(0.0, 1.0, points)
    y = values["height"] * x**2
    yield Curve("parabola", x, y, 0.1 * y, ("converged",) * (points - 1) + ("converged; the last",))


PAGE = Page(
    name="toy",
    title="A parabola",
    text="<b>not bold</b>",
    sliders=(Slider("height", "height", 0.0, 5.0, 1.0, 0.1), Slider("width", "width", 0.1, 10.0, 1.0, 0.1, True)),
    panels=(
        Panel("still", "x", "y", parabola, sets=("width", "height"), depends=()),
        Panel("moving", "x", "y", parabola, depends=("height",)),
    ),
    points=(3, 5),
)


@pytest.fixture
def drawing() -> Drawing:
    made = Drawing(PAGE, Document(), None)
    made.refresh()
    return made


def test_a_moved_slider_draws_what_depends_on_it(drawing: Drawing) -> None:
    drawing.sliders["height"].value = 2.0
    assert drawing.curves[1][0].data["y"].tolist() == [0.0, 0.125, 0.5, 1.125, 2.0]
    assert drawing.curves[1][0].data["high"][-1] == pytest.approx(2.2)
    assert drawing.curves[0][0].data["y"][-1] == 1.0
    assert drawing.places[0].data == {"x": [1.0], "y": [2.0]}
    assert "the last" in drawing.words.text
    before = drawing.curves[1][0].data
    drawing.sliders["width"].value = 0.5
    assert drawing.curves[1][0].data is before


def test_logarithmic_sliders_move_the_exponent(drawing: Drawing) -> None:
    drawing.sliders["width"].value = -1.0
    assert drawing.values["width"] == pytest.approx(0.1)


def test_a_click_moves_both_sliders_and_stays_within_them(drawing: Drawing) -> None:
    drawing._clicked(("width", "height"), Tap(drawing.figures[0], x=100.0, y=3.0))
    assert drawing.values == {"height": 3.0, "width": pytest.approx(10.0)}
    assert drawing.curves[1][0].data["y"][-1] == 3.0


def test_a_refusal_is_said_and_leaves_no_old_curve(drawing: Drawing) -> None:
    drawing.sliders["height"].value = 4.5
    assert "too high" in drawing.words.text
    assert len(drawing.curves[1][0].data["x"]) == 0


def test_the_newest_movement_wins(drawing: Drawing) -> None:
    """What was computed for an older one is not shown."""
    late = Curve("parabola", np.array([0.0]), np.array([9.0]), np.array([0.0]), ("converged",))
    drawing._show(drawing.turn - 1, 1, [late], [])
    assert 9.0 not in drawing.curves[1][0].data["y"]


def test_words_of_a_page_are_no_markup(drawing: Drawing) -> None:
    heading = drawing.layout.children[0]
    assert "&lt;b&gt;" in heading.text


def test_a_sentence_is_said_once_for_all_its_curves() -> None:
    one = Curve("one", np.zeros(2), np.zeros(2), np.zeros(2), ("converged", "converged; far"))
    assert remarks([one, dataclasses.replace(one, name="two")]) == ["one, two: far"]


def test_pages_that_contradict_themselves_are_refused() -> None:
    with pytest.raises(ValueError, match="must stand in"):
        Slider("x", "x", 0.0, 1.0, 2.0, 0.1)
    with pytest.raises(ValueError, match="logarithmic"):
        Slider("x", "x", 0.0, 1.0, 0.5, 0.1, logarithmic=True)
    with pytest.raises(ValueError, match="sliders that the page lacks"):
        dataclasses.replace(PAGE, panels=(Panel("a", "x", "y", parabola, depends=("depth",)),))
    with pytest.raises(ValueError, match="as many"):
        Curve("a", np.zeros(2), np.zeros(3), np.zeros(2), ("", ""))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_page_has_numbers_where_it_starts(page: Page) -> None:
    for panel in page.panels:
        curves = list(panel.draw(page.start, 4))
        assert curves
        assert len({curve.name for curve in curves}) == len(curves)
        for curve in curves:
            assert np.isfinite(curve.y).any(), curve.name
            assert not np.any(np.isfinite(curve.y) & ~np.isfinite(curve.error)), curve.name


def test_curves_are_those_of_the_verbs() -> None:
    page = next(page for page in PAGES if page.name == "clusters")
    values = page.start | {"noise": 0.5, "penalty": 2.0}
    square = next(iter(page.panels[0].draw(values, 3)))
    model = replica.mixture("square", noise=0.5, penalty=2.0)
    one = replica.solve(model, alpha=float(square.x[1]))
    assert square.y[1] == pytest.approx(float(replica.generalization_error(one)), abs=1e-12)


def test_a_taken_port_and_a_missing_library_are_sentences(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explore", "--port", "-3"]) == 2
    assert "port must be at least 0" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "bokeh.server.server", None)
    with pytest.raises(ValueError, match=r"pip install 'replica-theory\[explore\]'"):
        serve(0, show=False)


def test_a_browser_moves_sliders_and_reads_curves() -> None:
    """Over the wire, as a browser does; the page asks for nothing from elsewhere."""
    script = """if True:
        from replica.explore import serve
        from replica.explore.pages import PAGES

        serve(0, pages=[page for page in PAGES if page.name == "clusters"], show=False)
        """
    with subprocess.Popen([sys.executable, "-uc", script], stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            address = server.stdout.readline().strip()
            page = urllib.request.urlopen(address).read().decode()
            assert "cdn." not in page and "fonts.googleapis" not in page
            link = pull_session(url=address.rstrip("/"))
            noise = link.document.select_one({"name": "noise"})
            noise.value = 0.5
            expected = replica.solve(replica.mixture("square", noise=0.5, penalty=0.1), alpha=0.1)
            right = float(replica.generalization_error(expected))
            link.force_roundtrip()
            begin, found = time.monotonic(), []
            while time.monotonic() - begin < 60.0 and not any(abs(y - right) < 1e-9 for y in found):
                time.sleep(0.2)
                other = pull_session(url=address.rstrip("/"), session_id=link.id)
                sources = other.document.select({"type": ColumnDataSource})
                found = [float(s.data["y"][0]) for s in sources if len(s.data.get("y", ()))]
                other.close()
            assert any(abs(y - right) < 1e-9 for y in found)
            link.close()
        finally:
            server.terminate()
