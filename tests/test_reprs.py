"""What a notebook shows of models, solutions and thresholds: plain tables, escaped."""

from __future__ import annotations

import numpy as np

import replica


def test_notebooks_show_models_solutions_and_thresholds() -> None:
    model = replica.perceptron("binary", loss=lambda u: np.maximum(0.0, 1.0 - u), beta=2.0)
    shown = model._repr_html_()
    assert "<td>weights</td><td>Binary()</td>" in shown and "<td>beta</td><td>2</td>" in shown
    assert "<lambda>" not in shown
    batch = model.with_parameters(beta=np.array([1.0, 2.0]))._repr_html_()
    assert "&lt;batch&gt;" in batch
    solution = replica.solve(replica.perceptron("binary"), alpha=0.9)
    assert "<td>q</td>" in solution._repr_html_() and "negative" in solution._repr_html_()
    threshold = replica.capacity(replica.perceptron("spherical"))._repr_html_()
    assert threshold.startswith("<b>2 ") and "q -&gt; 1" in threshold
