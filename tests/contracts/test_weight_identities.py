"""Identities that every registered set of weights must obey: derivatives, normalisation, averages over the
field, mpmath.
"""

from __future__ import annotations

from dataclasses import replace

import mpmath
import numpy as np
import pytest
from scipy import special

from replica.weights import Law, Weights
from replica.weights.base import Average, Free, Pinned
from tests.contracts.members import (
    FAR,
    WEIGHTS,
    held_norm,
    letters_of,
    name_of,
    plain_entropic,
    plain_multiplier,
    teacher_atoms,
)

FIELD = np.array([[-6.0, -2.2, -0.7, -0.05, 0.0, 0.4, 1.3, 3.1, 8.0]])
BETA = 1.3
#: conjugates (q_hat, m_hat, A); a multiplier of the sphere must be positive
STATES = [(0.02, 0.0, 0.7), (0.6, 0.3, 1.1), (3.0, 2.0, 2.5), (40.0, 15.0, 30.0)]
#: the law of the weights themselves, a Gaussian teacher, one on two values
LAWS = [Law(), Law((1.0,), (1.0,)), Law((0.5, 1.5), (0.625, 0.375))]


def curvatures(weights: Weights) -> np.ndarray:
    """Values of A at which the weights have a partition function; free norms also at the negative ones of a
    soft loss.
    """
    negative = [-0.4] if weights.discrete else []
    return np.array([*negative, 0.3, 1.0, 4.0])


def repeated(weights: Weights) -> tuple[np.ndarray, np.ndarray]:
    a = curvatures(weights)
    return np.repeat(FIELD, a.size, axis=0), a


@pytest.mark.parametrize("weights", WEIGHTS, ids=name_of)
def test_mean_and_variance_are_derivatives_of_log_z(weights: Weights) -> None:
    field, a = repeated(weights)
    _, mean, variance = weights.log_z(field, a, BETA)

    def difference(index: int, step: float) -> np.ndarray:
        above, below = (weights.log_z(field + sign * step, a, BETA)[index] for sign in (1, -1))
        return (above - below) / (2 * step)

    for index, declared in ((0, mean), (1, variance)):
        measured = (4 * difference(index, 1e-3) - difference(index, 2e-3)) / 3
        assert np.max(np.abs(measured - declared)) < 1e-9
    assert np.all(variance > 0)


@pytest.mark.parametrize("weights", [w for w in WEIGHTS if w.discrete], ids=name_of)
def test_partition_function_is_a_sum_over_the_letters(weights: Weights) -> None:
    field, a = repeated(weights)
    w = letters_of(weights)
    pinned = isinstance(weights.norm, Pinned)  # its multiplier is a gauge and left out
    exponent = field[..., None] * w - (0.0 if pinned else 0.5) * a[:, None, None] * w**2
    log_z, mean, variance = weights.log_z(field, a, BETA)
    mass = special.softmax(exponent, axis=-1)
    first = (mass * w).sum(axis=-1)
    assert np.allclose(log_z, special.logsumexp(exponent, axis=-1), rtol=1e-14, atol=1e-14)
    assert np.allclose(mean, first, rtol=1e-13, atol=1e-15)
    assert np.allclose(variance, (mass * (w - first[..., None]) ** 2).sum(axis=-1), rtol=1e-11, atol=1e-300)
    nothing = weights.log_z(np.zeros((1, 1)), np.zeros(1), BETA)[0]
    assert float(nothing[0, 0]) == pytest.approx(np.log(w.size), rel=1e-15)


@pytest.mark.parametrize("weights", [w for w in WEIGHTS if not held_norm(w) and not w.discrete], ids=name_of)
def test_partition_function_of_a_penalty_is_a_gaussian_integral(weights: Weights) -> None:
    field, a = repeated(weights)
    prior = BETA * weights.penalty
    w = np.arange(-60.0, 60.0, 0.01)
    exponent = field[..., None] * w - (prior + a)[:, None, None] * w**2 / 2
    log_z = special.logsumexp(exponent, axis=-1) + np.log(0.01) + 0.5 * np.log(prior / (2 * np.pi))
    assert np.allclose(weights.log_z(field, a, BETA)[0], log_z, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("weights", WEIGHTS, ids=name_of)
def test_traits_agree_with_the_partition_function(weights: Weights) -> None:
    field, a = repeated(weights)
    log_z, mean, variance = weights.log_z(field, a, BETA)
    mirrored = weights.log_z(-field, a, BETA)[0]
    assert np.allclose(log_z, mirrored, rtol=1e-13, atol=1e-14) == weights.symmetric
    if weights.discrete:
        assert weights.vanishing == (0.0 in letters_of(weights))
    if isinstance(weights.norm, Pinned):
        assert np.allclose(variance + mean**2, 1.0, rtol=1e-14)


@pytest.mark.parametrize("weights", WEIGHTS, ids=name_of)
def test_sample_has_the_norm_and_the_law(weights: Weights) -> None:
    """Norms exactly; the moments of the teacher's law within four standard errors of the mean over 40,000 draws."""
    n = 40_000
    drawn = weights.sample(np.random.default_rng(11), n)
    assert drawn.shape == (n,)
    if isinstance(weights.norm, Pinned):
        assert np.array_equal(drawn**2, np.ones(n))
    if isinstance(weights.norm, Average):
        assert np.sum(drawn**2) == pytest.approx(n, rel=1e-12)
    law = weights.law()
    values, chances = _law_atoms(law)
    scaled = drawn / np.sqrt(np.mean(drawn**2))
    for power in (2, 4):
        noise = 4 * np.std(np.abs(scaled) ** power) / np.sqrt(n) + 1e-12
        assert abs(np.mean(np.abs(scaled) ** power) - chances @ np.abs(values) ** power) < noise


@pytest.mark.parametrize("weights", WEIGHTS, ids=name_of)
def test_law_has_unit_norm(weights: Weights) -> None:
    values, chances = _law_atoms(weights.law())
    assert chances.sum() == pytest.approx(1.0, abs=1e-14)
    assert chances @ values**2 == pytest.approx(1.0, abs=1e-13)


def _law_atoms(law: Law) -> tuple[np.ndarray, np.ndarray]:
    return tuple(np.array(column) for column in zip(*teacher_atoms(law), strict=True))


@pytest.mark.parametrize("weights", WEIGHTS, ids=name_of)
def test_initial_norm_is_that_without_patterns(weights: Weights) -> None:
    start = np.full(1, 1.0 if isinstance(weights.norm, Average) else 0.0)
    _, mean, variance = weights.log_z(np.zeros((1, 1)), start, BETA)
    assert float(mean[0, 0] ** 2 + variance[0, 0]) == pytest.approx(float(weights.initial_norm(BETA)), rel=1e-13)


def multiplier(weights: Weights, q_hat: float, m_hat: float, a: float, law: Law | None) -> float:
    """A of a state: free, except on the sphere, where it is the one that gives Q = 1."""
    return plain_multiplier(weights, q_hat, m_hat, law) if held_norm(weights) else a


@pytest.mark.parametrize("law", [None, *LAWS], ids=str)
@pytest.mark.parametrize("weights", WEIGHTS, ids=name_of)
def test_average_over_the_field_against_the_trapezoidal_rule(weights: Weights, law: Law | None) -> None:
    for q_hat, m_hat, given in STATES:
        m_hat = 0.0 if law is None else m_hat
        a = multiplier(weights, q_hat, m_hat, given, law)
        single = weights.single(*(np.array([x]) for x in (q_hat, m_hat, a)), BETA, law, 1)
        want = _trapezoidal(weights, q_hat, m_hat, a, law)
        for name in ("q", "variance", "norm", "m", "transverse", "susceptibility"):
            got = float(np.ravel(getattr(single, name))[0])
            assert got == pytest.approx(want[name], rel=1e-11, abs=1e-12), name
        entropic = float(weights.entropic(single, np.array([q_hat]), np.array([m_hat]), np.array([a]))[0])
        arguments = (want["q"], want["norm"], want["m"], q_hat, a, m_hat)
        plain = plain_entropic(weights, BETA, *arguments, law)
        assert entropic == pytest.approx(plain, rel=1e-11, abs=1e-11)


def _trapezoidal(weights: Weights, q_hat: float, m_hat: float, a: float, law: Law | None) -> dict[str, float]:
    step = min(0.02, 0.15 / np.sqrt(q_hat))
    z = np.arange(-FAR, FAR, step)
    chance = np.exp(-(z**2) / 2)
    chance /= chance.sum()
    totals = dict.fromkeys(("q", "variance", "m", "susceptibility"), 0.0)
    for u, p in teacher_atoms(law):
        _, mean, variance = (x[0] for x in weights.log_z((m_hat * u + np.sqrt(q_hat) * z)[None], np.array([a]), BETA))
        parts = {"q": mean**2, "variance": variance, "m": u * mean, "susceptibility": variance**2}
        for name, part in parts.items():
            totals[name] += p * float(chance @ part)
    return totals | {"norm": totals["q"] + totals["variance"], "transverse": totals["q"] - totals["m"] ** 2}


@pytest.mark.parametrize("law", [None, Law((1.0,), (1.0,)), Law()], ids=str)
@pytest.mark.parametrize("weights", WEIGHTS, ids=name_of)
def test_closed_averages_agree_with_the_quadrature_of_the_base_class(weights: Weights, law: Law | None) -> None:
    for q_hat, m_hat, given in STATES:
        m_hat = 0.0 if law is None else m_hat
        arguments = [np.array([x]) for x in (q_hat, m_hat, multiplier(weights, q_hat, m_hat, given, law))]
        closed = weights.single(*arguments, BETA, law, 1)
        generic = Weights.single(weights, *arguments, BETA, law, 1)
        for name in ("q", "variance", "norm", "m", "transverse", "susceptibility"):
            got, want = (float(np.ravel(getattr(s, name))[0]) for s in (closed, generic))
            assert got == pytest.approx(want, rel=2e-13, abs=1e-15), name
        entropic = [
            float(np.ravel(w.entropic(s, *arguments))[0])
            for w, s in ((weights, closed), (_Generic(weights), generic))
        ]
        assert entropic[0] == pytest.approx(entropic[1], rel=1e-12, abs=1e-12)


class _Generic:
    """The base class's entropic part of given weights."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights

    def entropic(self, single: object, q_hat: np.ndarray, m_hat: np.ndarray, curvature: np.ndarray) -> np.ndarray:
        return Weights.entropic(self.weights, single, q_hat, m_hat, curvature)


@pytest.mark.parametrize("weights", WEIGHTS, ids=name_of)
def test_log_z_against_mpmath(weights: Weights) -> None:
    field, a = repeated(weights)
    found = weights.log_z(field, a, BETA)
    with mpmath.workdps(40):
        for row, curvature in enumerate(a):
            for column, h in enumerate(FIELD[0]):
                exact = weights.reference(mpmath.mpf(h), mpmath.mpf(curvature), mpmath.mpf(BETA), mpmath.mp)
                for got, want in zip(found, exact, strict=True):
                    assert abs(got[row, column] - want) <= 2e-14 * abs(want) + mpmath.mpf(10) ** -15


@pytest.mark.parametrize("taught", [False, True], ids=["random", "teacher"])
@pytest.mark.parametrize("weights", WEIGHTS, ids=name_of)
def test_average_over_the_field_against_mpmath(weights: Weights, taught: bool) -> None:
    law = weights.law() if taught else None
    if law is not None and len(law.probabilities) > 10:  # each value is an integral of its own
        law = LAWS[2]
    for q_hat, m_hat, given in STATES[1::2]:
        m_hat = m_hat if taught else 0.0
        state = (q_hat, m_hat, multiplier(weights, q_hat, m_hat, given, law))
        single = weights.single(*(np.array([x]) for x in state), BETA, law, 1)
        with mpmath.workdps(30):
            exact = weights.reference_single(*map(mpmath.mpf, state), mpmath.mpf(BETA), law, mpmath.mp, 20)
            for name, want in exact._asdict().items():
                if want is not None:
                    got = float(np.ravel(getattr(single, name))[0])
                    assert abs(got - want) <= 1e-13 * abs(want) + mpmath.mpf(10) ** -15, name
            arguments = [np.array([x]) for x in state]
            got = float(np.ravel(weights.entropic(single, *arguments))[0])
            want = weights.entropic(exact, mpmath.mpf(state[0]), mpmath.mpf(state[1]), mpmath.mpf(state[2]))
            assert abs(got - want) < 1e-13 * (1 + q_hat)


@pytest.mark.parametrize("weights", WEIGHTS, ids=name_of)
def test_refined_quadrature_agrees(weights: Weights) -> None:
    """Two levels share no nodes: their difference is the error that solutions report."""
    for q_hat, m_hat, given in STATES:
        state = [np.array([x]) for x in (q_hat, m_hat, multiplier(weights, q_hat, m_hat, given, weights.law()))]
        coarse, fine = (weights.single(*state, BETA, weights.law(), level) for level in (1, 2))
        for name in ("q", "variance", "m", "transverse", "susceptibility"):
            got, want = (float(np.ravel(getattr(s, name))[0]) for s in (coarse, fine))
            assert got == pytest.approx(want, rel=1e-12, abs=1e-15), name


@pytest.mark.parametrize("weights", [w for w in WEIGHTS if w.parameters], ids=name_of)
def test_rows_of_a_batch_have_parameters_of_their_own(weights: Weights) -> None:
    fields = {field: getattr(weights, field) + np.array([0.0, 0.2, 0.9]) for field in weights.parameters.values()}
    many = replace(weights, **fields)
    state = [np.full(3, x) for x in STATES[1]]
    together = many.single(*state, BETA, None, 1)
    for row in range(3):
        alone = replace(weights, **{name: float(value[row]) for name, value in fields.items()})
        single = alone.single(*(x[:1] for x in state), BETA, None, 1)
        assert float(together.q[row]) == pytest.approx(float(single.q[0]), rel=1e-14)
        assert float(together.log_z[row]) == pytest.approx(float(single.log_z[0]), rel=1e-14)
    free_norm = isinstance(weights.norm, Free)
    assert free_norm == (together.norm is not single.norm)


@pytest.mark.parametrize("weights", WEIGHTS, ids=name_of)
def test_features_fit_the_batch(weights: Weights) -> None:
    places, widths = weights.features(np.array([0.2, 5.0, 1e4]), BETA)
    assert places.shape == widths.shape
    assert len(places) == 3
    assert np.all(widths > 0)
