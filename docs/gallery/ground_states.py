r"""
Beyond capacity: the fewest errors
==================================

Share of patterns that must be violated above the capacity of the spherical perceptron. Replica symmetry is
unstable there and promises too few errors, by 13 % at load 2.5 and 21 % at load 5; one step of breaking gives
nearly all of the correction, as the second, which is on top of it, shows.

E. Gardner and B. Derrida, J. Phys. A 21, 271 (1988); P. Majer, A. Engel and A. Zippelius, J. Phys. A 26, 7405
(1993), for one step.
"""

import numpy as np

import replica
from replica.plots import house_style, page

model, loads = replica.perceptron("spherical", loss="error-count"), np.linspace(2.2, 5.0, 8)
looks = {"replica symmetric": ("0.5", "--"), "one step": ("black", "-"), "two steps": ("#D55E00", ":")}
ways = dict(zip(looks, (replica.RS(), replica.RSB(steps=1), replica.RSB(steps=2)), strict=True))

figure, panels = page(size=(4.4, 3.2))
ax = panels[0, 0]
with house_style():
    for name, ansatz in ways.items():
        found = replica.sweep(model, alpha=loads, ansatz=ansatz, observables=["energy"])
        colour, dash = looks[name]
        ax.plot(np.append(2.0, loads), np.append(0.0, found["energy"] / loads), dash, color=colour, label=name)
    ax.set(xlabel=r"load $\alpha$", ylabel="fewest errors per pattern", xlim=(2.0, 5.0), ylim=(0.0, None))
    ax.legend()
figure.savefig("ground_states.png")
