r"""
Around typical and around robust solutions
==========================================

Franz-Parisi entropy of the binary perceptron: how many solutions lie at distance :math:`d` from one that is
typical at margin :math:`\kappa_\mathrm{ref}`. Around typical solutions (:math:`\kappa_\mathrm{ref} = 0`) there
are none at small distances, they are isolated; around solutions of larger margin the curve starts at 0 and
rises: they lie in dense, flat regions.

H. Huang and Y. Kabashima, Phys. Rev. E 90, 052813 (2014), for typical references; C. Baldassi, C. Lauditi, E.
M. Malatesta, G. Perugini and R. Zecchina, Phys. Rev. Lett. 127, 278301 (2021), for references with a margin.
"""

import numpy as np

import replica
from replica.plots import page

model = replica.perceptron("binary")
largest = float(replica.max_margin(model, alpha=0.5))
margins = [0.0, round(largest / 3, 4), round(2 * largest / 3, 4), "max"]
distance = np.concatenate([np.geomspace(2e-4, 0.01, 8), np.linspace(0.014, 0.2, 28)])
fan = replica.franz_parisi(model, alpha=0.5, distance=distance, reference=margins)

figure, panels = page(size=(4.4, 3.2))
ax = replica.plot(fan, panels[0, 0])
ax.axhline(0.0, color="0.6", linewidth=0.6, zorder=0)
ax.set(xlim=(0.0, 0.2), ylim=(-0.01, 0.3))
figure.savefig("franz_parisi_margins.png")
