r"""
The densest regions
===================

Local entropy of the large-deviation measure: the largest entropy of solutions at distance :math:`d` from any
centre, with the number of replicas :math:`y` at which the number of such centres is still one (the external
entropy vanishes), and the limit :math:`y\to\infty`, an upper bound, pale where no such centres exist. Up to
:math:`\alpha \approx 0.76` the curve has no other maximum than that of the bulk.

C. Baldassi, A. Ingrosso, C. Lucibello, L. Saglietti and R. Zecchina, Phys. Rev. Lett. 115, 128101 (2015).
"""

import numpy as np

import replica
from replica.plots import page

model, loads = replica.perceptron("binary"), [0.4, 0.6, 0.7, 0.75]
distance = np.linspace(0.01, 0.3, 21)
limit = replica.local_entropy(model, alpha=loads, distance=distance)
physical = replica.local_entropy(model, alpha=loads, distance=distance, replicas="zero-complexity")

figure, panels = page(1, 2, size=(7.0, 2.8))
for ax, curves, title in zip(panels[0], (physical, limit), (r"(a) zero complexity", r"(b) $y = \infty$"), strict=True):
    replica.plot(curves, ax)
    ax.set(xlim=(0.0, 0.3), ylim=(0.0, 0.45))
    ax.set_title(title, loc="left")
panels[0, 1].get_legend().remove()
figure.savefig("local_entropy.png")
