"""Training error of solutions perturbed a little: layers beside pinned stabilities and edges, distances to 1e-14."""

from __future__ import annotations

from collections.abc import Callable

import mpmath
import numpy as np
import pytest

import replica

SMALL = np.array([1e-14, 1e-11, 1e-8, 1e-7, 1e-6, 1e-4, 1e-2, 0.2, 0.5])


def piece(low: float, high: float, moved: Callable, variance: float, edge: float, d: float) -> float:
    """A piece of a Gaussian field moved by a map of slope 1, or to one place: mpmath, broken where the layer is."""
    with mpmath.workdps(20):
        t, spread = 1 - 2 * mpmath.mpf(d), mpmath.sqrt(4 * mpmath.mpf(d) * (1 - mpmath.mpf(d)) * variance)

        def error(h: mpmath.mpf) -> mpmath.mpf:
            return mpmath.npdf(h, 0, mpmath.sqrt(variance)) * mpmath.ncdf((edge - t * moved(h)) / spread)

        if moved(mpmath.mpf(0)) == moved(mpmath.mpf(1)):
            mass = mpmath.ncdf(high / mpmath.sqrt(variance)) - mpmath.ncdf(low / mpmath.sqrt(variance))
            return float(mass * mpmath.ncdf((edge - t * moved(0)) / spread))
        far, crossing = 12 * variance**0.5, edge - moved(mpmath.mpf(0))
        breaks = {x + k * spread for x in (low, high, crossing) for k in (-40, -9, -3, 0, 3, 9, 40)} | {-1, 0, 1}
        inside = sorted({max(min(b, high, far), low, -far) for b in breaks})
        return float(mpmath.quad(error, inside))


def pieces(solution: replica.Solution) -> list[tuple[float, float, Callable]]:
    """The proximal map of a hard margin, an error count and a hinge, from their definitions."""
    loss, kappa, v = solution.model.loss, solution.model.margin, solution.order_parameters.get("V", np.inf)
    above, pinned = (kappa, np.inf, lambda h: h), lambda h: kappa
    if isinstance(loss, replica.ErrorCount):
        reach = np.sqrt(2 * v)
        return [(-np.inf, kappa - reach, lambda h: h), (kappa - reach, kappa, pinned), above]
    if isinstance(loss, replica.Hinge):
        return [(-np.inf, kappa - v, lambda h: h + v), (kappa - v, kappa, pinned), above]
    return [(-np.inf, kappa, pinned), above]


@pytest.mark.parametrize(
    ("name", "edge"),
    [("capacity", -1.0), ("capacity", 0.3), ("count", 0.0), ("count", 0.4), ("hinge", 1.0), ("hinge", 0.2)],
)
def test_pinned_stabilities(name: str, edge: float) -> None:
    """Atoms counted at their own place, pieces that end there, and edges elsewhere."""
    if name == "capacity":
        solution = replica.capacity(replica.perceptron("spherical", margin=edge)).solution
    elif name == "count":
        solution = replica.solve(replica.perceptron("spherical", loss=replica.ErrorCount(edge)), alpha=3.0)
    else:
        solution = replica.solve(replica.perceptron(replica.Gaussian(0.5), loss="hinge"), alpha=2.5)
    assert solution is not None
    noise = [1e-14, 1e-8, 1e-6, 1e-3, 0.4]
    found = replica.flatness(solution, noise=noise, margin=edge)
    for d, rate, error in zip(noise, found["training_error"].values, found["error"].values, strict=True):
        exact = sum(piece(*part, solution["q"], edge, d) for part in pieces(solution))
        assert abs(rate - exact) < 1e-13
        assert error < 2e-14


def test_margin_0_at_capacity_in_closed_form() -> None:
    solution = replica.capacity(replica.perceptron("spherical")).solution
    rate = replica.flatness(solution, noise=SMALL)["training_error"].values
    exact = 0.25 + np.arctan2(2 * np.sqrt(SMALL * (1 - SMALL)), 1 - 2 * SMALL) / (2 * np.pi)
    assert np.abs(rate - exact).max() < 1e-15


def beside_a_band(kappa: float, d: float) -> float:
    """Outside a band whose edges hold an atom of mass H(kappa) each and whose inner fields are unmoved: mpmath."""
    with mpmath.workdps(30):
        t, s = 1 - 2 * mpmath.mpf(d), mpmath.sqrt(4 * mpmath.mpf(d) * (1 - mpmath.mpf(d)))
        atom = 2 * mpmath.ncdf(-kappa) * mpmath.ncdf(-(1 - t) * kappa / s)
        breaks = [0, *(kappa - k * s for k in (40, 9, 3, 1)), kappa]
        return float(atom + 2 * mpmath.quad(lambda u: mpmath.npdf(u) * mpmath.ncdf((t * u - kappa) / s), breaks))


def test_half_of_an_atom_at_the_edge_of_a_band() -> None:
    solution = replica.capacity(replica.perceptron("spherical", loss=replica.Band(0.7))).solution
    found = replica.flatness(solution, noise=[1e-10, 1e-8])["training_error"].values
    assert found == pytest.approx([beside_a_band(0.7, d) for d in (1e-10, 1e-8)], abs=1e-13)


def layer(q: float, kappa: float, d: float) -> float:
    """Chance that a stability above kappa comes to lie below it, in units of the layer: two Gaussian integrals."""
    node, weight = np.polynomial.legendre.leggauss(20)
    edges = np.linspace(-12, 12, 241)
    z = (edges[:-1, None] + 0.05 * (1 + node)).ravel()
    dz = np.tile(0.05 * weight, 240) * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    x = (np.arange(48)[:, None] + 0.5 * (1 + node)).ravel()
    dx, s, v = np.tile(0.5 * weight, 48), 2 * np.sqrt(d * (1 - d)), 1 - q
    h = np.sqrt(q) * z[:, None]
    tail = np.vectorize(lambda y: float(mpmath.ncdf(-y)))
    density = np.exp(-((kappa - h + s * x) ** 2) / (2 * v)) / np.sqrt(2 * np.pi * v)
    allowed = tail((kappa - h[:, 0]) / np.sqrt(v))
    chance = tail((1 - 2 * d) * x - 2 * d * kappa / s)
    return float(s * (dz / allowed) @ density @ (dx * chance))


@pytest.mark.parametrize(("weights", "margin", "alpha"), [("binary", 0.0, 0.5), ("spherical", 0.3, 0.8)])
def test_solutions_of_a_constraint_keep_their_digits(weights: str, margin: float, alpha: float) -> None:
    """Without perturbation there is no error, so that what a small one makes is all there is: relative digits."""
    solution = replica.solve(replica.perceptron(weights, margin=margin), alpha=alpha)
    noise = [1e-14, 1e-10, 1e-7]
    found = replica.flatness(solution, noise=noise, margin=margin)
    for d, rate, error in zip(noise, found["training_error"].values, found["error"].values, strict=True):
        assert rate == pytest.approx(layer(solution["q"], margin, d), rel=1e-12, abs=0.0)
        assert error < 1e-12 * rate


@pytest.mark.parametrize(("activation", "powers"), [("sign", (0.25, 0.75, 1.0)), ("erf", (0.5, 1.0, 1.5))])
def test_wide_committees_expand_in_their_kernel(activation: str, powers: tuple[float, ...]) -> None:
    """An angle of sign units is the root of the distance: three terms found at larger distances tell the smallest."""
    model = replica.committee(units=np.inf, activation=activation, weights="binary", margin=0.2)
    solution = replica.solve(model, alpha=0.5)
    d = np.array([1e-14, 1e-12, 1e-10, 1e-8])
    rate = replica.flatness(solution, noise=d, margin=0.2)["training_error"].values
    terms = d[:, None] ** np.array(powers)
    known = np.linalg.solve(terms[1:] / rate[1:, None], np.ones(3))
    assert terms[0] @ known == pytest.approx(rate[0], rel=1e-11, abs=0.0)


def test_far_side_is_the_mirror() -> None:
    """Weights turned round, but for a little: every stability is on the other side."""
    solution = replica.capacity(replica.perceptron("spherical", margin=0.4)).solution
    near, far = (replica.flatness(solution, noise=[d], margin=0.0)["training_error"].item() for d in (0.002, 0.998))
    assert near + far == pytest.approx(1.0, abs=1e-14)
    count = replica.solve(replica.perceptron("spherical", loss=replica.ErrorCount(0.0)), alpha=3.0)
    near, far = (replica.flatness(count, noise=[d])["training_error"].item() for d in (1e-8, 1 - 1e-8))
    assert near + far == pytest.approx(1.0, abs=1e-12)
