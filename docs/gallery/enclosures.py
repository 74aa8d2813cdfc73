r"""
Proved digits
=============

Intervals that provably contain the capacity of the binary perceptron, against the number of digits asked for;
what floating-point arithmetic reports, and the interval that Huang's upper and Ding and Sun's lower bound
leave, are beside them. What is proved is the number as the equations define it, not the replica formula.

J. Ding and N. Sun, STOC (2019); B. Huang, arXiv:2404.18902 (2024), for the bounds.
"""

import replica
from replica.plots import house_style, logarithmic, page

threshold, digits = replica.capacity(replica.perceptron("binary")), [6, 10, 15, 20, 25, 30, 40]
proofs = [threshold.enclose(digits=count) for count in digits]
widths = [float(proof.interval[1] - proof.interval[0]) for proof in proofs]

figure, panels = page(size=(4.4, 3.2))
ax = panels[0, 0]
with house_style():
    ax.plot(digits, widths, "o-", color="black", label="proved interval")
    ax.axhline(1e-9, color="#0072B2", linestyle="-.", label="bounds of the literature")
    ax.axhline(2 * threshold.error, color="#D55E00", linestyle="--", label="float with its error")
    logarithmic(ax)
    ax.set(xlabel="digits asked for", ylabel=r"width of the interval of $\alpha_c$")
    ax.set_title(rf"$\alpha_c \in {proofs[3].lower[:22]}\ldots$", loc="left")
    ax.legend()
figure.savefig("enclosures.png")
