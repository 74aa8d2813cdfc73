r"""
Sudden learning: the binary student of a binary teacher
=======================================================

Generalisation error of typical students against the load: the state of poor generalisation, which exists up to
the spinodal at 1.4926 but is metastable (pale) from 1.2447 on, where the teacher itself takes over. The best
rule is the barycentre of the students.

G. Györgyi, Phys. Rev. A 41, 7097 (1990); H. Sompolinsky, N. Tishby and H. S. Seung, Phys. Rev. Lett. 65, 1683
(1990).
"""

import numpy as np

import replica
from replica.plots import house_style, page

model = replica.perceptron("binary", labels="teacher")
transition, spinodal = (float(find(model)) for find in (replica.transition, replica.spinodal))
loads = np.concatenate([np.linspace(0.02, 1.48, 60), np.linspace(1.482, spinodal - 1e-4, 12)])
curve = replica.sweep(model, alpha=loads, observables=["generalization_error", "bayes_error"])
stable = curve["alpha"] <= transition

figure, panels = page(size=(4.4, 3.2))
ax = panels[0, 0]
with house_style():
    rules = {"generalization_error": ("black", "typical student"), "bayes_error": ("#0072B2", "best rule")}
    for name, (colour, label) in rules.items():
        ax.plot(loads, curve[name].where(stable), color=colour, label=label)
        ax.plot(loads, curve[name].where(~stable), "--", color=colour, alpha=0.5)
    ax.plot([transition, 1.8], [0.0, 0.0], color="#D55E00", label="the teacher", clip_on=False, linewidth=2)
    for place, name in ((transition, "transition"), (spinodal, "spinodal")):
        ax.axvline(place, color="0.7", linewidth=0.6, zorder=0)
        ax.text(place + 0.01, 0.49, f"{name}\n{place:.4f}", va="top", fontsize=8, color="0.4")
    ax.set(xlabel=r"load $\alpha$", ylabel=r"generalisation error $\epsilon_g$", xlim=(0.0, 1.8), ylim=(0.0, 0.5))
    ax.legend(loc="lower left")
figure.savefig("first_order_learning.png")
