r"""
Synapses that keep their sign
=============================

Weights that must not be negative store half as many patterns, at any margin and share of labels. At capacity
half of the synapses are silent. (b) The law of a weight at :math:`\alpha = 0.5`, for solutions of growing
margin: the larger the margin, the more synapses are almost silent; at the largest margin, 0.4707, half of them
are.

D. J. Amit, K. Y. M. Wong and C. Campbell, J. Phys. A 22, 2039 (1989); N. Brunel, V. Hakim, P. Isope, J.-P.
Nadal and B. Barbour, Neuron 43, 745 (2004).
"""

import numpy as np

import replica
from replica.plots import house_style, page

margins = np.linspace(0.0, 1.5, 31)
free = replica.diagram(replica.perceptron("spherical"), x=("margin", margins), lines=["capacity"])
signed = replica.diagram(replica.perceptron("non-negative"), x=("margin", margins), lines=["capacity"])
weight = np.linspace(0.0, 4.0, 81)
looks = {0.0: ("black", "-"), 0.2: ("#D55E00", "--"), 0.4: ("#0072B2", "-.")}

figure, panels = page(1, 2, size=(7.0, 2.9))
left, right = panels[0]
with house_style():
    left.plot(margins, free["capacity"], "--", color="0.5", label="any sign")
    left.plot(margins, signed["capacity"], color="black", label=r"$w_i \geq 0$")
    left.set(xlabel=r"margin $\kappa$", ylabel=r"capacity $\alpha_c$", ylim=(0.0, 2.0), xlim=(0.0, 1.5))
    left.legend()
    for margin, (colour, dash) in looks.items():
        solution = replica.solve(replica.perceptron("non-negative", margin=margin), alpha=0.5)
        law = replica.weight_distribution(solution, weight=weight)
        right.plot(law["weight"], law["density"], dash, color=colour, label=rf"$\kappa = {margin}$")
    right.set(xlabel="weight $w$", ylabel="density", xlim=(0.0, 4.0), ylim=(0.0, 2.0))
    right.legend()
figure.savefig("synapses.png")
