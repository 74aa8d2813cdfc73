"""How a notebook, and a paper made of it, show a model: a table of its parts."""

from __future__ import annotations

import html
import re
from typing import Any

import numpy as np


def parts_of(model: Any) -> dict[str, str]:
    """Name and text of each part, and of beta."""
    beta = "<batch>" if isinstance(model.beta, np.ndarray) else f"{model.beta:g}"
    return {name: str(part) for name, part in model.parts.items()} | {"beta": beta}


def html_table(model: Any) -> str:
    """A table for browsers."""
    cells = (f"<tr><td>{name}</td><td>{html.escape(text)}</td></tr>" for name, text in parts_of(model).items())
    return f"<table>{''.join(cells)}</table>"


def latex_table(model: Any) -> str:
    """The same for LaTeX."""
    rows = (rf"\text{{{name}}} &: \text{{{escaped(text)}}}" for name, text in parts_of(model).items())
    return r"$$\begin{aligned} " + r" \\ ".join(rows) + r" \end{aligned}$$"


def escaped(text: str) -> str:
    """Text that LaTeX prints as it stands."""
    return re.sub(r"([_#%&${}])", r"\\\1", text).replace("<", r"\textless{}").replace(">", r"\textgreater{}")
