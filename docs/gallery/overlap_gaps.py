r"""
Overlap gaps of clones
======================

Load from which no :math:`m` solutions of the binary perceptron exist at some mutual overlap: a gap, which
algorithms that are stable cannot cross. Replica symmetry for the clones; the curve has its minimum at four and
rises again, where symmetry must be broken.

D. Gamarnik, E. C. Kızıldağ, W. Perkins and C. Xu, FOCS (2022); C. Baldassi, R. Della Vecchia, C. Lucibello and
R. Zecchina, J. Stat. Mech. 073303 (2020).
"""

import replica
from replica.plots import house_style, page

clones = [2, 3, 4, 5, 6, 8]
gaps = [replica.overlap_gap(replica.perceptron("binary"), clones=m) for m in clones]
capacity = float(replica.capacity(replica.perceptron("binary")))

figure, panels = page(1, 2, size=(7.0, 2.7))
left, right = panels[0]
with house_style():
    left.plot(clones, [gap.value for gap in gaps], "o-", color="black")
    left.axhline(capacity, color="0.6", linewidth=0.8)
    left.text(clones[-1], capacity - 0.003, r"capacity $\alpha_c$", ha="right", va="top", color="0.4")
    left.set(xlabel="clones $m$", ylabel=r"load of the gap $\alpha_m$", ylim=(0.77, 0.84))
    right.plot(clones, [gap.order_parameters["q1"] for gap in gaps], "o-", color="black")
    right.set(xlabel="clones $m$", ylabel="overlap $q_1$ there")
figure.savefig("overlap_gaps.png")
