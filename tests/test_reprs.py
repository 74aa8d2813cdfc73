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


def test_numbers_are_written_with_their_error_in_brackets() -> None:
    found = replica.capacity(replica.perceptron("binary"))
    digits, bracket = f"{found:S}".rstrip(")").split("(")
    error = float(bracket) * 10.0 ** -len(digits[2:])
    assert digits.startswith("0.833078599739") and abs(float(digits) - found.value) + found.error <= error * (1 + 1e-9)
    assert error <= 4.0 * found.error
    assert f"{found:>30S}".endswith(f"{found:S}") and f"{found:.3f}" == "0.833"
    written = {
        (1.0, 0.0): "1.0(0)", (0.0, 1e-3): "0.000(1)", (-2.5, 9.6): "-0(20)", (1234.0, 99.0): "1200(200)",
        (6.02e23, 1e21): "6.02(1)e23", (1e-9, 3e-9): "1(3)e-9", (2.0, np.inf): "2(?)", (9.9996, 0.0096): "10.00(1)",
    }
    assert {pair: f"{replica.Quantity(*pair, 'converged'):S}" for pair in written} == written


def test_latex_of_models_solutions_and_numbers() -> None:
    model = replica.perceptron("spherical", loss="error-count", beta=2.0)
    assert r"\text{weights} &: \text{Spherical()}" in model._repr_latex_()
    assert r"\text{beta} &: \text{2}" in model._repr_latex_()
    assert r"SignConstrained(excitatory=1)" in replica.Model(weights=replica.SignConstrained())._repr_latex_()
    solution = replica.solve(model, alpha=1.0)
    shown = solution._repr_latex_()
    assert shown.startswith(r"$$\begin{aligned} \alpha &= 1") and r"\hat q &= " in shown and r"\phi &= " in shown
    assert replica.Quantity(6.02e23, 1e21, "converged")._repr_latex_() == r"$6.02(1)\times10^{23}$"
    assert replica.Quantity(np.nan, 1.0, "not converged")._repr_latex_() == r"$\mathrm{unknown}$"
