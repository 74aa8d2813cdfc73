r"""
Where two clusters can be separated
===================================

Load up to which two Gaussian clusters are linearly separable, against their noise, for balanced and unbalanced
classes: with much noise Cover's 2 (balanced; more with unequal classes, whose bias helps). Below the line
logistic regression without a penalty has no minimiser.

F. Mignacco, F. Krzakala, Y. M. Lu, P. Urbani and L. Zdeborová, ICML (2020); T. M. Cover, IEEE Trans. Electron.
Comput. EC-14, 326 (1965); E. J. Candès and P. Sur, Ann. Statist. 48, 27 (2020).
"""

import numpy as np

import replica
from replica.plots import house_style, logarithmic, page

noise = np.geomspace(0.2, 30.0, 41)

figure, panels = page(size=(4.4, 3.2))
ax = panels[0, 0]
with house_style():
    for balance, colour, dash in ((0.5, "black", "-"), (0.2, "#D55E00", "--"), (0.05, "#0072B2", "-.")):
        model = replica.mixture("logistic", penalty=0.0, balance=balance)
        line = replica.diagram(model, x=("noise", noise), lines=["capacity"])
        ax.plot(noise, line["capacity"], dash, color=colour, label=rf"$\rho = {balance:g}$")
    ax.axhline(2.0, color="0.7", linewidth=0.6, zorder=0)
    logarithmic(ax, "x")
    logarithmic(ax)
    ax.set(xlabel=r"noise $\Delta$", ylabel=r"load of separability $\alpha^*$", xlim=(0.2, 30.0))
    ax.legend()
figure.savefig("separability.png")
