r"""
Counting states
===============

Number of states of the spherical perceptron at margin -2.5, where the transition is discontinuous: complexity
against the Parisi parameter, at loads between the dynamic transition (280.81), where states appear, and beyond
the static one (287.12), where the typical ones are few. Small parameters select many states of small entropy;
at parameter 1 stand those that matter below the static transition, beyond it those at the zero of the curve.

R. Monasson, Phys. Rev. Lett. 75, 2847 (1995); S. Franz, G. Parisi, M. Sevelev, P. Urbani and F. Zamponi,
SciPost Phys. 2, 019 (2017).
"""

import numpy as np

import replica
from replica.plots import house_style, page

model = replica.perceptron("spherical", margin=-2.5)
dynamic, static = replica.dynamic_transition(model), replica.static_transition(model)
loads = [283.0, 290.0, 300.0]
curves = {load: replica.complexity(model, alpha=load, parisi=np.linspace(0.8, 1.0, 17)) for load in loads}

figure, panels = page(size=(4.4, 3.2))
ax = panels[0, 0]
with house_style():
    for (load, curve), colour in zip(curves.items(), ("#0072B2", "#D55E00", "black"), strict=True):
        ax.plot(curve["parisi"], curve["complexity"], color=colour, label=rf"$\alpha = {load:g}$")
    ax.axhline(0.0, color="0.6", linewidth=0.6, zorder=0)
    ax.set(xlabel="Parisi parameter $m$", ylabel=r"complexity $\Sigma$ (nats per weight)")
    ax.set_title(rf"$\kappa = -2.5$: $\alpha_d = {dynamic.value:.2f}$, $\alpha_K = {static.value:.2f}$", loc="left")
    ax.legend()
figure.savefig("complexity.png")
