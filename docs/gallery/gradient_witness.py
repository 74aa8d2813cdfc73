r"""
Do entropic walks find flatter solutions?
=========================================

Training error of solutions of the spherical perceptron (N = 201, load 1) after their weights are perturbed:
found by gradient descent, by entropic gradient descent and with the largest margin, beside the theory of
typical and of largest-margin solutions. On this model the inner walks of the entropic rule gain nothing over
plain descent. The largest margin is more robust against small perturbations, what descent finds against large
ones.

P. Chaudhari et al., ICLR (2017), for the algorithm; C. Baldassi, F. Pittorino and R. Zecchina, PNAS 117, 161
(2020), for wide minima and losses.
"""

import numpy as np

import replica
from replica.plots import house_style, page

model, smooth = replica.perceptron("spherical"), np.linspace(1e-4, 0.1, 41)
solved = {"typical": replica.solve(model, alpha=1.0), "largest margin": replica.max_margin(model, alpha=1.0).solution}
setting = {"n": 201, "alpha": 1.0, "samples": 5, "seed": 1, "readouts": ["flatness"]}
looks = {"gradient-descent": ("o", "#D55E00"), "entropic-sgd": ("s", "#0072B2"), "max-margin": ("^", "#009E73")}

figure, panels = page(size=(4.4, 3.2))
ax = panels[0, 0]
with house_style():
    for (name, solution), colour, dash in zip(solved.items(), ("black", "#009E73"), ("-", "--"), strict=True):
        theory = replica.flatness(solution, noise=smooth, margin=0.0)
        ax.plot(smooth, theory["training_error"], dash, color=colour, label=f"theory: {name}")
    for name, (mark, colour) in looks.items():
        runs = replica.simulate(model, algorithm=name, **setting)
        errors = runs["perturbed_training_error"]
        bar = errors.std("sample", ddof=1) / np.sqrt(setting["samples"])
        ax.errorbar(runs["noise"], errors.mean("sample"), bar, fmt=mark, color=colour, markersize=4, label=name)
    ax.set(xlabel="distance of the perturbed weights $d$", ylabel="training error", xlim=(0.0, 0.1), ylim=(0.0, None))
    ax.legend()
figure.savefig("gradient_witness.png")
