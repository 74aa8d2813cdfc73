r"""
Message passing against theory
==============================

Entropy of the solutions of the binary perceptron: replica theory, belief propagation on single systems of 1,001
weights, and exact enumeration of 21 weights. Bars are standard errors over samples; the theory has no free
parameter.

A. Braunstein and R. Zecchina, Phys. Rev. Lett. 96, 030201 (2006), for messages in this problem.
"""

import numpy as np

import replica
from replica.plots import house_style, page

model, loads = replica.perceptron("binary"), [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]
theory = replica.sweep(model, alpha=np.linspace(0.02, 0.83, 41), observables=["entropy"])
messages = replica.simulate(model, algorithm="belief-propagation", n=1001, alpha=loads, samples=4, seed=1)
counted = replica.simulate(model, algorithm="enumeration", n=21, alpha=loads[:5], samples=40, seed=1)

figure, panels = page(size=(4.4, 3.2))
ax = panels[0, 0]
with house_style():
    ax.plot(theory["alpha"], theory["entropy"], color="black", label="theory")
    for runs, mark, colour, name in (
        (messages, "o", "#D55E00", "belief propagation, $N = 1001$"),
        (counted, "s", "#0072B2", "enumeration, $N = 21$"),
    ):
        found = runs["entropy"].where(np.isfinite(runs["entropy"]))
        error = found.std("sample", ddof=1) / np.sqrt(found.count("sample"))
        ax.errorbar(runs["alpha"], found.mean("sample"), error, fmt=mark, color=colour, markersize=4, label=name)
    ax.set(xlabel=r"load $\alpha$", ylabel="entropy $s$ (nats per weight)", xlim=(0.0, 0.85), ylim=(0.0, 0.7))
    ax.legend()
figure.savefig("messages.png")
