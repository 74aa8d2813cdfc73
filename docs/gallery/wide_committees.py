r"""
Two layers: capacity of infinitely wide committees
==================================================

Tree committees with infinitely many units see the perceptron's equations with the covariance :math:`k(q)` of
their outputs in the place of the overlap. (a) Entropy of binary weights; its zero is the capacity. (b) Overlap
of two solutions. First moments forbid capacities above 1 at margin 0, for any activation.

E. Barkai, D. Hansel and H. Sompolinsky, Phys. Rev. A 45, 4146 (1992); C. Baldassi, E. M. Malatesta and R.
Zecchina, Phys. Rev. Lett. 123, 170602 (2019).
"""

import numpy as np

import replica
from replica.plots import house_style, page

loads = np.linspace(0.02, 1.0, 40)
looks = {"sign": ("black", "-"), "relu": ("#D55E00", "--"), "erf": ("#0072B2", "-."), "quadratic": ("#009E73", ":")}
names = ["entropy", "q"]
curves = {one: replica.sweep(replica.committee(activation=one), alpha=loads, observables=names) for one in looks}

figure, panels = page(1, 2, size=(7.0, 2.9))
with house_style():
    for name, curve in curves.items():
        found = replica.capacity(replica.committee(activation=name))
        colour, dash = looks[name]
        solved = curve.where(curve["alpha"] < found.value)
        style = {"color": colour, "linestyle": dash, "label": rf"{name}, $\alpha_c = {found.value:.5f}$"}
        panels[0, 0].plot(curve["alpha"], solved["entropy"], **style)
        panels[0, 1].plot(curve["alpha"], solved["q"], **style)
    panels[0, 0].set(xlabel=r"load $\alpha$", ylabel="entropy $s$ (nats per weight)", ylim=(0.0, 0.7), xlim=(0, 1))
    panels[0, 1].set(xlabel=r"load $\alpha$", ylabel="overlap $q$", ylim=(0.0, 1.0), xlim=(0, 1))
    panels[0, 0].legend()
figure.savefig("wide_committees.png")
