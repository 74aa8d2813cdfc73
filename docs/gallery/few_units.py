r"""
Few hidden units
================

Capacity of committees of few sign units with real weights. Replica symmetry overestimates them (4.03 for three
units; with one step of breaking 3.146). With binary weights it holds up to the zero of the entropy. Parity
machines store more; with binary weights exactly one pattern per weight.

E. Barkai, D. Hansel and I. Kanter, Phys. Rev. Lett. 65, 2312 (1990); E. Barkai, D. Hansel and H. Sompolinsky,
Phys. Rev. A 45, 4146 (1992); A. Engel, H. M. Köhler, F. Tschepke, H. Vollmayr and A. Zippelius, Phys. Rev. A
45, 7590 (1992).
"""

import replica
from replica.plots import house_style, page


def committee(units, weights):
    return replica.committee(units, weights=weights) if units > 1 else replica.perceptron(weights)


units = [1, 3, 5, 7, 9, 11]
spherical = [float(replica.capacity(committee(k, "spherical"))) for k in units]
parity = [float(replica.capacity(replica.parity(k, weights="spherical"))) for k in (2, 3, 4, 5)]
few = [1, 3, 5]
binary = [float(replica.capacity(committee(k, "binary"))) for k in few]
even = [float(replica.capacity(replica.parity(k))) for k in (2, 3)]

figure, panels = page(1, 2, size=(7.0, 2.9))
left, right = panels[0]
with house_style():
    left.plot(units, spherical, "o-", color="black", label="committee (sign)")
    left.plot([2, 3, 4, 5], parity, "s--", color="#D55E00", label="parity")
    left.set(xlabel="units $K$", ylabel=r"RS capacity $\alpha_c$", title="(a) spherical weights: upper bounds")
    left.legend()
    right.plot(few, binary, "o-", color="black", label="committee (sign)")
    right.axhline(0.946952426874, color="0.6", linewidth=0.8, label=r"$K = \infty$")
    right.plot([2, 3], even, "s--", color="#D55E00", label="parity")
    right.set(xlabel="units $K$", ylabel=r"capacity $\alpha_c$", title="(b) binary weights", ylim=(0.8, 1.05))
    right.legend()
figure.savefig("few_units.png")
