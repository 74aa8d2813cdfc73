"""A server on this machine that shows the pages in a browser; nothing is fetched from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from replica._checks import whole
from replica.explore.page import Page
from replica.explore.pages import PAGES

LAST = 65535  # port there is


def serve(
    port: int = 5006,
    *,
    pages: Sequence[Page] = PAGES,
    show: bool = True,
    started: Callable[[str], None] = print,
) -> None:
    """Serve the explorer until it is interrupted: a tab for each page, with sliders, phase diagrams to click on, curves
    with their errors, and in words what does not converge.

    A moved slider is drawn on few points first and on many when it rests; a newer movement gives up what is under way.

    When not to use it: for a figure of a paper (`replica.plot`), or for many settings (`replica.sweep`).

    Parameters
    ----------
    port : int
        Of this machine; 0 takes a free one.
    pages : sequence of Page
        The tabs.
    show : bool
        Open the browser.
    started : callable
        Told the address once the server answers.

    Raises
    ------
    ValueError
        Without bokeh, or where the port is taken.

    Examples
    --------
    >>> from replica.explore import serve
    >>> serve(port=-1)
    Traceback (most recent call last):
    ...
    ValueError: port must be at least 0 and finite, got -1.0
    """
    number = whole("port", port, low=0)
    if number > LAST:
        raise ValueError(f"port must be at most {LAST}, got {number}")
    try:
        from bokeh.document import Document
        from bokeh.server.server import Server

        from replica.explore.drawing import Drawing
    except ImportError as missing:
        raise ValueError(f"the explorer needs {missing.name}: pip install 'replica-theory[explore]'") from missing
    from bokeh.models import TabPanel, Tabs

    def application(document: Document) -> None:
        beside = ThreadPoolExecutor(max_workers=1)
        drawings = [Drawing(page, document, beside) for page in pages]
        tabs = Tabs(tabs=[TabPanel(child=d.layout, title=page.name) for d, page in zip(drawings, pages, strict=True)])
        document.title = "replica explore"
        document.add_root(tabs)

        def opened(_attribute: str, old: int, new: int) -> None:
            drawings[old].rest()
            drawings[new].refresh()

        tabs.on_change("active", opened)
        drawings[0].refresh()
        document.on_session_destroyed(lambda _: beside.shutdown(wait=False, cancel_futures=True))

    try:
        server = Server({"/": application}, port=number, address="localhost")
    except OSError as taken:
        raise ValueError(f"port {number} cannot be served: {taken.strerror or taken}") from taken
    address = f"http://localhost:{server.port}/"
    server.start()
    started(address)
    if show:
        server.io_loop.add_callback(server.show, "/")
    try:
        server.io_loop.start()
    finally:
        server.stop()
