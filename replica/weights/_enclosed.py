r"""One weight from a finite alphabet in a ring with proved strip and bounds, for enclosures; no weights live here.

``h = b + s z``, ``p_i = exp(h l_i + c l_i^2)/z(h)`` the probability of the letter ``l_i``, ``F = ln z``.

**Lemma W.** With gap the distance of the extreme letters, on ``|Im h| <= pi/(2 gap)``: z has no zero, ``sum |p_i| <=
sqrt 2``, and
``|F| <= ln n + l |Re h| + l^2 |c| + sqrt(2) l |Im h|``, l the largest modulus of a letter. Proof: divided by the
phase of the middle letter,
the terms of z have arguments within pi/4 of 0, so ``|z| >= sum |terms|/sqrt 2``; F on the real line, and ``F' = sum
l_i p_i`` along the vertical.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

from replica.weights.base import SingleWeight
from replica.weights.law import Law
from saddlepoint.enclosures import Kernel, Majorant, NotEnclosed, Polynomial, ball, flint, gaussian_averages, generator

Z, F = generator("z"), generator("F")


class _Numbers(NamedTuple):
    """What is exact of letters, as balls: quarters of the gaps, largest moduli."""

    letters: list[Any]
    squares: list[Any]
    gap: Any
    square_gap: Any
    most: Any
    most_square: Any


@lru_cache(maxsize=64)
def _numbers(kernel: Letters, precision: int) -> _Numbers:
    squares = [x * x for x in kernel.exact]
    gaps = kernel.gap / 4, kernel.square_gap / 4
    some = (ball(x) for x in (*gaps, kernel.most, kernel.most**2))
    return _Numbers([ball(x) for x in kernel.exact], [ball(x) for x in squares], *some)


class Letters(Kernel):
    """``p_i' = p_i sum_j (l_i - l_j) p_j``, ``F' = sum l_j p_j`` in h, and the same with squares of letters in c
    (lemma W).
    """

    def __init__(self, letters: tuple[float, ...]) -> None:
        self.exact = [Fraction(x) for x in letters]
        self.names = [f"p{i}" for i in range(len(letters))]
        self.p = [generator(name) for name in self.names]
        in_field = self._images(self.exact)
        self.derivations = {"b": in_field, "s": {name: Z * image for name, image in in_field.items()}}
        squares = [x * x for x in self.exact]
        self.gap, self.most = max(self.exact) - min(self.exact), max(map(abs, self.exact))
        self.square_gap = max(squares) - min(squares)
        if len(set(squares)) > 1:
            self.derivations["c"] = self._images(squares)
        self.mean = self._mean(self.exact)
        self.square = self._mean(squares)
        self.spread = sum(
            (a * b * _scalar((x - y) ** 2) for a, x, i in self._each() for b, y, j in self._each() if i < j),
            Polynomial(()),
        )

    def _each(self) -> list[tuple[Polynomial, Fraction, int]]:
        return [(p, x, i) for i, (p, x) in enumerate(zip(self.p, self.exact, strict=True))]

    def _mean(self, values: list[Fraction]) -> Polynomial:
        return sum((p * _scalar(x) for p, x in zip(self.p, values, strict=True)), Polynomial(()))

    def _images(self, values: list[Fraction]) -> dict[str, Polynomial]:
        images = {}
        for i, name in enumerate(self.names):
            other = sum((p * _scalar(values[i] - values[j]) for j, p in enumerate(self.p) if j != i), Polynomial(()))
            images[name] = self.p[i] * other
        return images | {"F": self._mean(values)}

    def values(self, z: Any, at: Mapping[str, Any]) -> dict[str, Any]:
        """On a ball by the mean-value theorem: ``|dp_i/dh| <= gap/4``, ``|F'| <= l``, and so for the squares in c."""
        arb, known = flint().arb, _numbers(self, flint().ctx.prec)
        h, c = at["b"] + at["s"] * z, at.get("c")
        middle = h.mid()
        powers = [x * middle for x in known.letters]
        loose, other = h.rad() * known.gap, h.rad() * known.most
        if c is not None:
            bend = c.mid()
            powers = [p + x * bend for p, x in zip(powers, known.squares, strict=True)]
            loose, other = loose + c.rad() * known.square_gap, other + c.rad() * known.most_square
        top = max(float(x) for x in powers)
        terms = [(x - top).exp() for x in powers]
        total = sum(terms, arb(0))
        spread = arb(0, loose.abs_upper())
        found = {name: t / total + spread for name, t in zip(self.names, terms, strict=True)}
        return found | {"z": z, "F": total.log() + top + arb(0, other.abs_upper())}

    def strip(self, at: Mapping[str, Any]) -> Any:
        arb = flint().arb
        return (arb.pi() / (2 * ball(self.gap) * at["s"].abs_upper())).lower()

    def majorants(self, width: Any, at: Mapping[str, Any]) -> dict[str, Majorant]:
        arb, most, slope = flint().arb, ball(self.most).upper(), at["s"].abs_upper()
        constant = arb(len(self.exact)).log() + most * at["b"].abs_upper() + 2 * most * slope * width
        constant += most * most * at.get("c", arb(0)).abs_upper()
        bounds = {name: Majorant(arb(2).sqrt()) for name in self.names}
        return bounds | {"z": Majorant(1, width, 1, 1), "F": Majorant(1, constant, most * slope, 1)}


def _scalar(x: Fraction) -> Any:
    return int(x) if x.denominator == 1 else x


letters_ring = lru_cache(maxsize=32)(Letters)


def letters_single(
    letters: tuple[float, ...], pinned: bool, q_hat: Any, m_hat: Any, curvature: Any, law: Law | None
) -> SingleWeight:
    """Averages of one letter over the field ``m_hat u + sqrt(q_hat) z`` with proof; u is absent, Gaussian or a letter
    of the teacher over the root of their mean square.
    """
    kernel = letters_ring(letters)
    gaussian = law is not None and law.values is None
    scale = (q_hat + m_hat * m_hat if gaussian else q_hat).sqrt()
    own = {"s": scale} | ({} if pinned else {"c": -curvature / 2})
    wanted = [F, kernel.spread, kernel.spread * kernel.spread, *([] if pinned else [kernel.mean * kernel.mean])]
    if law is None or gaussian:
        found = gaussian_averages(kernel, wanted, own | {"b": flint().arb(0)})
        m: Any = 0 if law is None else m_hat * found[1]
    else:
        *found, m = _over_atoms(kernel, [*wanted, kernel.mean], own, m_hat, _atoms(law, kernel))
    log_z, variance, susceptibility = found[:3]
    q = 1 - variance if pinned else found[3]
    norm = 1 if pinned else q + variance
    return SingleWeight(log_z, q, variance, norm, m, q - m * m, susceptibility)


def _over_atoms(
    kernel: Letters, wanted: list[Polynomial], own: dict[str, Any], m_hat: Any, atoms: list[tuple[Fraction, Any]]
) -> list[Any]:
    """Averages over the components u of a teacher too, the last one times u."""
    totals: list[Any] = [0] * len(wanted)
    for chance, atom in atoms:
        found = gaussian_averages(kernel, wanted, own | {"b": m_hat * atom})
        found[-1] = found[-1] * atom
        totals = [total + one * ball(chance) for total, one in zip(totals, found, strict=True)]
    return totals


def _atoms(law: Law, kernel: Letters) -> list[tuple[Fraction, Any]]:
    """Chances and balls of the components of a teacher of letters; u stands for -u too where students see no sign."""
    if law.letters is None:
        raise NotEnclosed("not enclosed: teachers are covered whose weights are Gaussian or letters")
    letters = [Fraction(x) for x in law.letters]
    size = ball(sum(x * x for x in letters) / len(letters)).sqrt()
    if all(set(group) == {-x for x in group} for group in (letters, kernel.exact)):
        letters = [abs(x) for x in letters]
    return [(Fraction(letters.count(x), len(letters)), ball(x) / size) for x in sorted(set(letters))]
