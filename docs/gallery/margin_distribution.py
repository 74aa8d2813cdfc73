r"""
The distribution of stabilities
===============================

Stabilities of the patterns in typical solutions of the spherical perceptron at margin 0.5: as the load grows
more of them sit just above the margin; at capacity a share of them, H(-0.5) = 0.691, lies exactly on it (an
atom, the arrow) and the rest is a Gaussian, cut.

T. B. Kepler and L. F. Abbott, J. Phys. France 49, 1657 (1988); E. Gardner, J. Phys. A 22, 1969 (1989).
"""

import numpy as np

import replica
from replica.plots import house_style, page

model, field = replica.perceptron("spherical", margin=0.5), np.linspace(0.5, 3.5, 121)
threshold = replica.capacity(model)
looks = {0.2: ("#56B4E9", ":"), 0.6: ("#0072B2", "-."), 0.9: ("#D55E00", "--")}
limit = replica.margin_distribution(threshold.solution, field=field)

figure, panels = page(size=(4.4, 3.2))
ax = panels[0, 0]
with house_style():
    for load, (colour, dash) in looks.items():
        density = replica.margin_distribution(replica.solve(model, alpha=load), field=field)["density"]
        ax.plot(field, density, dash, color=colour, label=rf"$\alpha = {load}$")
    ax.plot(field, limit["density"], color="black", label=rf"$\alpha_c = {threshold.value:.4f}$")
    (place, share), = limit.attrs["atoms"]
    ax.plot([place, place], [0.0, 1.9], "-^", color="black", markevery=[1], label=f"its atom, {share:.3f}")
    ax.set(xlabel=r"stability $\Delta$", ylabel="density", xlim=(0.4, 3.5), ylim=(0.0, 2.0))
    ax.legend()
figure.savefig("margin_distribution.png")
