r"""
Where the dense regions end
===========================

Entropy around the best centres (limit of many replicas) as the load grows: up to :math:`\alpha_{LE}` it
increases with the distance; beyond, its slope vanishes inside, and the densest regions are cut off from the
bulk. (b) The same threshold for other margins, beside the capacity. The number depends on the definition: at
margin 0 it is 0.7553 around the best centres, 0.7290 around solutions of the largest margin (Franz-Parisi), and
about 0.77 is quoted in the literature.

C. Baldassi, A. Ingrosso, C. Lucibello, L. Saglietti and R. Zecchina, Phys. Rev. Lett. 115, 128101 (2015); C.
Baldassi, C. Lauditi, E. M. Malatesta, G. Perugini and R. Zecchina, Phys. Rev. Lett. 127, 278301 (2021).
"""

import numpy as np

import replica
from replica.plots import house_style, page

model = replica.perceptron("binary")
curves = replica.local_entropy(model, alpha=[0.72, 0.75, 0.76, 0.78], distance=np.geomspace(1e-3, 0.1, 25))
margins = np.linspace(-0.4, 0.8, 6)
capacity = replica.diagram(model, x=("margin", np.linspace(-0.4, 0.8, 31)), lines=["capacity"])
best = [replica.local_entropy_threshold(replica.perceptron("binary", margin=k)).value for k in margins]

figure, panels = page(1, 2, size=(7.0, 2.9))
left, right = panels[0]
with house_style():
    replica.plot(curves, left)
    left.set_title(r"(a) around the best centres, $y \to \infty$", loc="left")
    right.plot(capacity["margin"], capacity["capacity"], color="black", label=r"$\alpha_c$  capacity")
    right.plot(margins, best, "o--", color="#0072B2", markersize=3, label=r"$\alpha_{LE}$  dense regions")
    right.set(xlabel=r"margin $\kappa$", ylabel=r"load $\alpha$", xlim=(-0.4, 0.8), ylim=(0.2, 1.6))
    right.legend()
    right.set_title("(b) thresholds", loc="left")
figure.savefig("dense_regions.png")
