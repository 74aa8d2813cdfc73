"""Pages to click on: sliders, and what theory says as they move (extra ``explore``: bokeh). No physics lives here."""

from __future__ import annotations

from replica.explore.server import serve

__all__ = ["serve"]
