r"""
Entropy and capacity of binary weights
======================================

The entropy of the solutions with :math:`w_i = \pm 1` vanishes at the capacity, :math:`\alpha_c = 0.83307859974`
at margin 0. The replica-symmetric solution is stable up to there; beyond, the entropy is negative and the curve
(pale) means nothing.

W. Krauth and M. Mézard, J. Phys. France 50, 3057 (1989). That :math:`0.833078599 < \alpha_c < 0.833078600` is a
theorem under a numerical condition: J. Ding and N. Sun (2019), B. Huang (2024).
"""

import numpy as np

import replica
from replica.plots import page

model = replica.perceptron("binary")
entropy = replica.sweep(model, margin=[0.0, 0.25, 0.5, 1.0], alpha=np.linspace(0.005, 0.9, 60), observables=["entropy"])
capacity = replica.diagram(model, x=("margin", np.linspace(-0.5, 2.0, 51)), lines=["capacity"])

figure, panels = page(1, 2, size=(7.0, 2.8))
left, right = panels[0]
replica.plot(entropy, left)
left.axhline(0.0, color="0.6", linewidth=0.6, zorder=0)
left.set_title("(a) entropy of the solutions", loc="left")
replica.plot(capacity, right)
right.set_title("(b) capacity", loc="left")
figure.savefig("krauth_mezard.png")
