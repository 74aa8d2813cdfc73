"""Balls, rings, proved averages and zeros, without physics: against mpmath, at several precisions, and made to fail."""

from __future__ import annotations

from fractions import Fraction

import flint
import mpmath
import pytest

from replica.losses._enclosed import MIXED, TAIL, D, G, L, R
from replica.losses._enclosed_fields import owen
from replica.weights._enclosed import letters_ring
from saddlepoint.enclosures import (
    Dual,
    Enclosure,
    NotEnclosed,
    ball,
    enclosed_root,
    gaussian,
    gaussian_averages,
    numbers,
)

arb, acb = flint.arb, flint.acb


def mean(f: object, digits: int = 30) -> mpmath.mpf:
    with mpmath.workdps(digits + 10):
        return mpmath.quad(lambda z: f(z) * mpmath.npdf(z), mpmath.linspace(-13, 13, 14))


def as_ball(x: mpmath.mpf, slack: str = "1e-28") -> object:
    with flint.ctx.workprec(200):
        return arb(mpmath.nstr(x, 40)) + arb(0, arb(slack))


@pytest.mark.parametrize(("b", "s"), [("0.3", "0.7"), ("-1.2", "2.5")])
def test_averages_of_the_tail_contain_those_of_mpmath(b: str, s: str) -> None:
    def tail(z: mpmath.mpf) -> mpmath.mpf:
        return mpmath.ncdf(-(mpmath.mpf(b) + mpmath.mpf(s) * z))

    def hazard(z: mpmath.mpf) -> mpmath.mpf:
        return mpmath.npdf(mpmath.mpf(b) + mpmath.mpf(s) * z) / tail(z)

    with flint.ctx.workprec(110):
        log, square = gaussian_averages(TAIL, [L, G * G], {"b": ball(b), "s": ball(s)})
    assert log.overlaps(as_ball(mean(lambda z: mpmath.log(tail(z))))) and log.rad() < 1e-28
    assert square.overlaps(as_ball(mean(lambda z: hazard(z) ** 2)))


@pytest.mark.parametrize("kernel", ["tail", "mixed", "letters"])
def test_coarse_and_fine_averages_overlap(kernel: str) -> None:
    """Also far below the digits that the bound would suggest: a bound that lies is caught where it is loose."""
    letters = letters_ring((-1.0, 0.0, 1.0))
    ring, wanted, at = {
        "tail": (TAIL, [L, G, (G * D) ** 2], {"b": "0.4", "s": "3.1"}),
        "mixed": (MIXED, [L, R * G, R], {"b": "-0.4", "s": "1.7", "tau": "0.02"}),
        "letters": (letters, [letters.spread, letters.mean**2, letters.derivative(letters.spread, "c")],
                    {"b": "0.2", "s": "1.9", "c": "-0.6"}),
    }[kernel]
    found = []
    for bits in (14, 20, 33, 60, 120, 240):
        with flint.ctx.workprec(bits):
            found.append(gaussian_averages(ring, wanted, {name: ball(x) for name, x in at.items()}))
    for rough in found[:-1]:
        assert all(x.overlaps(y) for x, y in zip(rough, found[-1], strict=True))


@pytest.mark.parametrize("parameter", ["b", "s", "tau"])
def test_derivatives_of_the_ring_are_those_of_the_averages(parameter: str) -> None:
    at = {"b": "0.4", "s": "1.1", "tau": "0.3"}
    with flint.ctx.workprec(200):
        fixed = {name: ball(x) for name, x in at.items()}
        moved = fixed | {parameter: Dual(Dual(fixed[parameter], [1]), [1], level=2)}
        value, hazard = gaussian_averages(MIXED, [L, G], moved)
        step = arb(2) ** -40
        sides = [gaussian_averages(MIXED, [L, G], fixed | {parameter: fixed[parameter] + k * step}) for k in (-1, 0, 1)]
        for i, found in enumerate((value, hazard)):
            low, middle, high = (side[i] for side in sides)
            assert abs(float(found.slopes[0].value - (high - low) / (2 * step))) < 1e-18
            assert abs(float(found.slopes[0].slopes[0] - (high - 2 * middle + low) / step**2)) < 1e-18


def test_lemma_g_between_the_lines_0_and_1() -> None:
    """``|G| <= 2.5`` and H without zero on 0 <= Re u <= 1, |Im u| <= 1, by a covering with complex balls."""
    cells = 20
    for i in range(cells):
        for j in range(-cells, cells):
            half = arb(0, 0.5 / cells + 1e-9)
            u = acb((i + 0.5) / cells, (j + 0.5) / cells) + acb(half, half)
            tail = (u / acb(2).sqrt()).erfc() / 2
            assert not tail.contains(0)
            assert abs((-u * u / 2).exp() / (2 * acb.pi()).sqrt() / tail) < 2.5


@pytest.mark.parametrize("lost", [0.5, 0.05, 1e-3, 1e-8])
def test_lemma_m_on_a_grid_of_its_strip(lost: float) -> None:
    """No proof, which stands in the module: a witness."""
    reach = (2 - 2 * mpmath.log(lost)) ** 0.5
    for x in mpmath.linspace(-6, float(reach) + 3, 40):
        for y in mpmath.linspace(-1 / reach, 1 / reach, 7):
            total = lost + (1 - lost) * mpmath.erfc((x + 1j * y) / mpmath.sqrt(2)) / 2
            assert abs(1 / total) <= 2 / lost + 6


@pytest.mark.parametrize("letters", [(-1.0, 1.0), (-1.0, 0.0, 1.0), (-2.0, -1.0, 0.5, 3.0)])
def test_lemma_w_at_the_edge_of_its_strip(letters: tuple[float, ...]) -> None:
    ring = letters_ring(letters)
    edge = mpmath.pi / (2 * (letters[-1] - letters[0]))
    for x in mpmath.linspace(-4, 4, 30):
        terms = [mpmath.exp((x + 1j * edge) * w - 0.3 * w * w) for w in letters]
        assert sum(abs(t / sum(terms)) for t in terms) <= mpmath.sqrt(2) * (1 + 1e-12)
    assert float(ring.strip({"s": ball(2)})) == pytest.approx(float(edge) / 2)


@pytest.mark.parametrize(("h", "a"), [("0.7", "0.4"), ("-2.5", "9"), ("0", "1"), ("3", "-0.2")])
def test_the_function_of_owen_with_its_slopes(h: str, a: str) -> None:
    """Lemma O: against mpmath, and a ball of parameters against its corners."""

    def known(place: mpmath.mpf, end: mpmath.mpf) -> mpmath.mpf:
        return mpmath.quad(lambda x: mpmath.exp(-place * place * (1 + x * x) / 2) / (1 + x * x), [0, end / 2, end])

    with mpmath.workdps(40), flint.ctx.workprec(100):
        at, tau = (mpmath.mpf(h), mpmath.mpf(a)), 2 * mpmath.pi
        found = owen(Dual(ball(h), [1, 0]), Dual(ball(a), [0, 1]))
        assert found.value.overlaps(as_ball(known(*at) / tau)) and found.value.rad() < 1e-28
        for i, slope in enumerate(found.slopes):
            exact = mpmath.diff(known, at, n=(1 - i, i)) / tau
            assert abs(float(slope) - float(exact)) < 1e-15
        wide = owen(ball(h) + arb(0, 0.01), ball(a) + arb(0, 0.02))
        assert all(wide.overlaps(owen(ball(h) + x, ball(a) + y)) for x in (-0.01, 0.01) for y in (-0.02, 0.02))
        assert wide.rad() < 0.006


def test_balls_as_parameters_contain_each_of_their_points() -> None:
    with flint.ctx.workprec(80):
        wide = gaussian_averages(TAIL, [L, G * G], {"b": arb(0.3, 0.01), "s": arb(1.2, 0.01)})
        for b, s in ((0.291, 1.209), (0.309, 1.191), (0.3, 1.2)):
            point = gaussian_averages(TAIL, [L, G * G], {"b": arb(b), "s": arb(s)})
            assert all(x.contains(y.mid()) for x, y in zip(wide, point, strict=True))


def test_too_many_nodes_are_refused() -> None:
    with pytest.raises(NotEnclosed, match=f"more than {gaussian.MOST_NODES}"):
        gaussian_averages(TAIL, [L], {"b": ball(0), "s": ball(10**6)})


def test_a_double_zero_and_no_zero_are_refused() -> None:
    for system in (lambda x: ([x[0] * x[0] - 2 * x[0] + 1], {}), lambda x: ([x[0] * x[0] + 1], {})):
        with pytest.raises(NotEnclosed):
            enclosed_root(system, [1.0], 20)


def test_a_system_of_two() -> None:
    def system(x: list[Dual]) -> tuple[list[Dual], dict[str, Dual]]:
        return [x[0] * x[0] + x[1] * x[1] - 4, x[0] * x[1] - 1], {"sum": x[0] + x[1]}

    root = enclosed_root(system, [1.93, 0.517], 40)
    with flint.ctx.workprec(200):
        assert root.values["sum"].overlaps(arb(6).sqrt())
    assert root.values["sum"].rad() < 1e-40 and 0 < root.radius < 1


def test_ends_are_rounded_outward() -> None:
    third = Enclosure.of(ball(Fraction(1, 3)), 10)
    assert Fraction(third.lower) <= third.interval[0] < Fraction(1, 3) < third.interval[1] <= Fraction(third.upper)
    assert third.contains(Fraction(1, 3)) and not third.contains("0.3333") and third.overlaps("0.2", "0.4")
    assert float(third) == pytest.approx(1 / 3)
    negative = Enclosure((Fraction(-1, 3), Fraction(-1, 4)), 5)
    assert Fraction(negative.lower) <= Fraction(-1, 3) and Fraction(negative.upper) >= Fraction(-1, 4)


@pytest.mark.parametrize("given", [0.1, "0.1", Fraction(1, 10), 3])
def test_numbers_are_taken_as_they_are(given: object) -> None:
    with flint.ctx.workprec(300):
        found = ball(given)
        low, high = numbers.ends(found)
    assert low <= Fraction(given) <= high and float(high - low) < 1e-80


def test_without_flint_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "flint", None)
    with pytest.raises(NotEnclosed, match=r"needs python-flint, pip install"):
        ball(1)
