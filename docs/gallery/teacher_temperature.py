r"""
Learning at a temperature
=========================

Phases of the binary student that counts errors at a temperature: where the teacher takes over, up to where poor
generalisation is metastable, and where that state freezes. (b) Error of the equilibrium state along three
loads.

H. S. Seung, H. Sompolinsky and N. Tishby, Phys. Rev. A 45, 6056 (1992); G. Györgyi, Phys. Rev. A 41, 7097
(1990).
"""

import numpy as np

import replica
from replica.plots import house_style, page

model = replica.perceptron("binary", loss="error-count", labels="teacher")
temperatures = np.linspace(0.05, 1.0, 20)
phases = replica.diagram(model, x=("temperature", temperatures), lines=["transition", "spinodal", "freezing"])
curve = replica.sweep(
    model, alpha=[1.0, 1.5, 2.0], temperature=np.linspace(0.05, 1.5, 44), start="equilibrium",
    observables=["generalization_error"],
)

figure, panels = page(1, 2, size=(7.0, 2.9))
left, right = panels[0]
with house_style():
    replica.plot(phases, left)
    left.set(xlim=(0.0, 1.0), ylim=(1.0, 3.0))
    left.set_title("(a) phases", loc="left")
    replica.plot(curve, right)
    right.set(xlim=(0.0, 1.5), ylim=(-0.02, 0.5))
    right.set_title("(b) in equilibrium", loc="left")
figure.savefig("teacher_temperature.png")
