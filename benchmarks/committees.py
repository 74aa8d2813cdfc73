"""Networks with hidden units: the table of capacities, its figure, and times beside a plain scipy solution.

    python -m benchmarks.committees [--figure FILE] [--times]

Writes ``benchmarks/results/committees.md``: capacities over activations, widths, weights and ansatz, each with what
must be known of it (the AT load beside it); with ``--times`` also what one solution costs.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from scipy import integrate, optimize, special

import replica
from benchmarks._clock import least
from replica.architectures import Activation

RESULTS = Path(__file__).parent / "results"
ACTIVATIONS = list(Activation.registry)
FINITE = [("sign", units) for units in (3, 5, 7, 9)] + [("relu", 2), ("parity", 2), ("parity", 3), ("parity", 4)]


def model_of(name: str, units: float, weights: str, margin: float = 0.0) -> replica.Model:
    if name == "parity":
        return replica.parity(int(units), weights=weights)
    return replica.committee(units, activation=name, weights=weights, margin=margin)


def cell(find: Callable[[], replica.Threshold]) -> str:
    """A capacity with its error; ``!`` where replica symmetry is unstable there; or why there is none."""
    try:
        found = find()
    except ValueError as refusal:
        return f"({str(refusal).split(':')[0].split(',')[0]})"
    if not found.converged:
        return "infinite" if "no finite capacity" in found.status else "-"
    return f"{found.value:.9f}" + (" !" if "unstable" in found.status else "")


def rows() -> Iterator[list[str]]:
    """Activation, units, and the capacities."""
    for name, units in [(name, np.inf) for name in ACTIVATIONS] + FINITE:
        line = [name, "inf" if units == np.inf else str(units)]
        for weights in ("spherical", "binary"):
            model = model_of(name, units, weights)
            line.append(cell(lambda model=model: replica.capacity(model)))
            wide = units == np.inf  # the line of a few units takes long to follow
            line.append(cell(lambda model=model: replica.at_line(model)) if wide else "")
        model = model_of(name, units, "binary")
        line.append(cell(lambda model=model: replica.capacity(model, ansatz=replica.Annealed())))
        yield line


def table() -> str:
    head = ["activation", "units", "spherical RS", "AT", "binary RS", "AT ", "binary first moment"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(line) + " |" for line in rows()]
    return "\n".join(lines)


def figure(path: str) -> None:
    """Capacity against margin (infinite width) and against the number of units (sphere: RS, unstable)."""
    from replica.plots import house_style, page, write

    whole, panels = page(1, 2, size=(7.0, 2.9))
    left, right = panels.flat
    margins, units = np.linspace(0.0, 1.0, 21), np.arange(3, 32, 2)
    looks = (("black", "-"), ("#D55E00", "--"), ("#0072B2", "-."), ("#009E73", ":"))
    with house_style():
        for name, (colour, style) in zip(("sign", "relu", "erf", "tanh"), looks, strict=True):
            line = replica.diagram(model_of(name, np.inf, "binary"), x=("margin", margins), lines=["capacity"])
            left.plot(margins, line["capacity"], style, color=colour, label=name)
        left.set(xlabel=r"margin $\kappa$", ylabel=r"capacity $\alpha_c$ (zero entropy)", xlim=(0, 1), ylim=(0, 1))
        left.set_title(r"(a) binary weights, $K = \infty$", loc="left")
        for name, grid, shape in (("sign", units, "o-"), ("parity", np.arange(2, 9), "s--")):
            loads = [replica.capacity(model_of(name, int(k), "spherical")).value for k in grid]
            right.plot(grid, loads, shape, color="black", markersize=3, markerfacecolor="white", label=name)
        right.set(xlabel="hidden units $K$", ylabel=r"capacity $\alpha_c$ (RS, unstable)", xlim=(1, 32), ylim=(0, 60))
        right.set_title("(b) spherical weights", loc="left")
        for ax in (left, right):
            ax.legend()
    write(whole, path)


# -- plain scipy, as a user would write the same equations -------------------------------------------------------------


def plain_wide(alpha: float) -> float:
    """Overlap of the infinitely wide binary sign committee by `quad` and `brentq`."""

    def overlap(strength: float) -> float:
        root = np.sqrt(strength)
        return integrate.quad(lambda z: np.tanh(root * z) ** 2 * np.exp(-z * z / 2) / np.sqrt(2 * np.pi), -9, 9)[0]

    def excess(strength: float) -> float:
        q = overlap(strength)
        kernel, slope = 2 / np.pi * np.arcsin(q), 2 / np.pi / np.sqrt(1 - q * q)
        ratio = np.sqrt(kernel / (1 - kernel))

        def square(z: float) -> float:
            log_tail = special.log_ndtr(-ratio * z)
            hazard = np.exp(-((ratio * z) ** 2) / 2 - log_tail) / np.sqrt(2 * np.pi)
            return hazard**2 * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)

        return alpha * slope * integrate.quad(square, -9, 9)[0] / (1 - kernel) - strength

    return overlap(optimize.brentq(excess, 1e-6, 50, xtol=1e-12))


def plain_three(alpha: float, nodes: int = 70) -> float:
    """Overlap of the binary sign committee with three units: a Gauss-Hermite product and `brentq`."""
    z, weight = np.polynomial.hermite_e.hermegauss(nodes)
    weight = weight / weight.sum()
    mesh, mass = np.meshgrid(z, z, z, indexing="ij"), weight[:, None, None] * weight[:, None] * weight

    def excess(strength: float) -> float:
        q = float(weight @ np.tanh(np.sqrt(strength) * z) ** 2)
        u = [np.sqrt(q / (1 - q)) * axis for axis in mesh]
        p = [special.ndtr(x) for x in u]
        right = p[0] * p[1] + p[0] * p[2] + p[1] * p[2] - 2 * p[0] * p[1] * p[2]
        slope = np.exp(-(u[0] ** 2) / 2) / np.sqrt(2 * np.pi) * (p[1] + p[2] - 2 * p[1] * p[2])
        return 3 * alpha / (1 - q) * float((mass * (slope / right) ** 2).sum()) - strength

    root = optimize.brentq(excess, 1e-6, 2.0, xtol=1e-12)
    return float(weight @ np.tanh(np.sqrt(root) * z) ** 2)


def times() -> str:
    """Seconds for one solution, the aim, and the factor to plain scipy in the same run."""
    single = least(lambda: replica.solve(replica.perceptron(), alpha=0.5), 20, clock=time.process_time)
    wide = {
        name: least(
            lambda name=name: replica.solve(model_of(name, np.inf, "binary"), alpha=0.5), 20, clock=time.process_time
        )
        for name in ("sign", "relu", "tanh")
    }
    few = {
        "sign, 3 units, binary, alpha 0.5": (model_of("sign", 3, "binary"), 0.5, 0.020),
        "sign, 3 units, spherical, alpha 2": (model_of("sign", 3, "spherical"), 2.0, 0.020),
        "sign, 5 units, binary, alpha 0.5": (model_of("sign", 5, "binary"), 0.5, 2.0),
        "sign, 5 units, spherical, alpha 2": (model_of("sign", 5, "spherical"), 2.0, 2.0),
        "ReLU, 4 units, binary, alpha 0.5": (model_of("relu", 4, "binary"), 0.5, 2.0),
        "parity, 2 units, spherical, alpha 2": (replica.parity(2, weights="spherical"), 2.0, None),
    }
    lines = ["| one RS solution | seconds | aim | plain scipy |", "|---|---|---|---|"]
    other = least(lambda: plain_wide(0.5), 3, clock=time.process_time)
    for name, seconds in wide.items():
        beside = f"{other / seconds:.0f} times longer" if name == "sign" else ""
        lines.append(f"| {name}, infinite width | {seconds:.5f} | 2 x perceptron ({2 * single:.5f}) | {beside} |")
    other = least(lambda: plain_three(0.5), 2, clock=time.process_time)
    for name, (model, alpha, aim) in few.items():
        seconds = least(lambda model=model, alpha=alpha: replica.solve(model, alpha=alpha), 5, clock=time.process_time)
        beside = f"{other / seconds:.0f} times longer (70 nodes)" if name.startswith("sign, 3 units, bin") else ""
        lines.append(f"| {name} | {seconds:.4f} | {'' if aim is None else aim} | {beside} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--figure", help="also draw capacities against margin and against the number of units")
    parser.add_argument("--times", action="store_true", help="also measure")
    chosen = parser.parse_args()
    text = "# Capacities of networks with hidden units\n\nMargin 0; `!`: replica symmetry is unstable there, the load "
    text += "is an upper bound at best; in brackets why there is none.\n\n" + table() + "\n"
    if chosen.times:
        text += f"\n# Times (processor time, minima)\n\n{times()}\n"
    print(text)
    (RESULTS / "committees.md").write_text(text, encoding="utf-8")
    if chosen.figure:
        figure(chosen.figure)


if __name__ == "__main__":
    main()
