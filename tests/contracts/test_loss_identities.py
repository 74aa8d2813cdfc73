"""Identities that every registered loss must obey, against plain quadrature, differences, mpmath and brute
minimisation.
"""

from __future__ import annotations

import dataclasses

import mpmath
import numpy as np
import pytest

import replica
from replica.losses import Loss
from tests.contracts.members import LOSSES, LOSSES_AT_ANY_BETA, LOSSES_AT_BETA, name_of, plain_terms

FIELD = np.array([[-7.3, -3.0, -1.1, -0.4, -0.02, 0.0, 0.3, 0.9, 1.7, 4.2, 9.0]])
VARIANCES = [0.02, 0.4, 1.0, 3.0]


def repeated(field: np.ndarray, variances: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """The same fields for a batch of variances."""
    return np.repeat(field, len(variances), axis=0), np.array(variances)


@pytest.mark.parametrize(("loss", "beta"), LOSSES_AT_ANY_BETA, ids=name_of)
def test_slopes_are_derivatives_of_log_z(loss: Loss, beta: float) -> None:
    """Richardson differences of ``ln Z`` and of its slope, in units of the fluctuation of the field."""
    field, variance = repeated(FIELD, VARIANCES)
    _, slope, curvature = loss.terms(field, variance, beta)
    unit = np.sqrt(variance)[:, None]

    def difference(index: int, step: float) -> np.ndarray:
        above, below = (loss.terms(field + sign * step * unit, variance, beta)[index] for sign in (1, -1))
        return (above - below) / (2 * step * unit)

    for index, declared in ((0, slope), (1, curvature)):
        measured = (4 * difference(index, 5e-4) - difference(index, 1e-3)) / 3
        scale = 1.0 + np.abs(loss.terms(field, variance, beta)[index]) + np.abs(declared) * unit
        assert np.max(np.abs(measured - declared) * unit / scale) < 1e-9


@pytest.mark.parametrize(("loss", "beta"), LOSSES_AT_ANY_BETA, ids=name_of)
def test_terms_against_mpmath(loss: Loss, beta: float) -> None:
    """Relative accuracy, far tails included; in units of the fluctuation where a derivative passes through 0."""
    field, variance = repeated(FIELD, VARIANCES)
    found = loss.terms(field, variance, beta)
    with mpmath.workdps(40):
        for row, v in enumerate(VARIANCES):
            for column, h in enumerate(FIELD[0]):
                exact = loss.reference_terms(mpmath.mpf(h), mpmath.mpf(v), mpmath.mpf(beta), mpmath.mp)
                for order, (got, want) in enumerate(zip(found, exact, strict=True)):
                    floor = mpmath.mpf(10) ** -15 / mpmath.mpf(v) ** (order / 2)
                    assert abs(got[row, column] - want) <= 2e-14 * abs(want) + floor


@pytest.mark.parametrize(("loss", "beta"), LOSSES_AT_BETA, ids=name_of)
def test_terms_against_plain_quadrature_of_the_cost(loss: Loss, beta: float) -> None:
    field, variance = repeated(FIELD, VARIANCES)
    found = loss.terms(field, variance, beta)
    for row, v in enumerate(VARIANCES):
        for got, want, order in zip(found, plain_terms(loss, field[row], v, beta), (0, 1, 2), strict=False):
            unit = v ** (order / 2)
            assert np.max(np.abs(got[row] - want) * unit / (1 + np.abs(want) * unit)) < 1e-10


@pytest.mark.parametrize(("loss", "beta"), LOSSES_AT_BETA, ids=name_of)
def test_inner_quadrature_of_the_base_class_agrees_with_closed_forms(loss: Loss, beta: float) -> None:
    """A loss that gives no closed form gets the same numbers."""
    field, variance = repeated(np.clip(FIELD, -3.0, 5.0), VARIANCES[1:])
    finite = 1.0 if np.isinf(beta) else beta  # the temperature does not matter to a hard constraint
    generic = Loss.terms(loss, field, variance, finite)
    for got, want in zip(generic, loss.terms(field, variance, beta), strict=True):
        assert np.max(np.abs(got - want) / (1 + np.abs(want))) < 1e-10


@pytest.mark.parametrize(("loss", "beta"), LOSSES_AT_BETA, ids=name_of)
def test_mean_cost_is_the_derivative_in_beta(loss: Loss, beta: float) -> None:
    field, variance = repeated(FIELD, VARIANCES)
    found = loss.mean_cost(field, variance, beta)
    if loss.hard:
        assert np.all(found == 0)
        return
    step = 1e-3 * beta
    logs = [loss.terms(field, variance, beta + k * step)[0] for k in (-2, -1, 1, 2)]
    slope = (logs[0] - 8 * logs[1] + 8 * logs[2] - logs[3]) / (12 * step)
    assert np.max(np.abs(found + slope)) < 1e-10
    assert np.max(np.abs(found - plain_row(loss, field, variance, beta, 3))) < 1e-11
    assert np.max(np.abs(Loss.mean_cost(loss, field, variance, beta) - found)) < 1e-9


@pytest.mark.parametrize(("loss", "beta"), LOSSES_AT_BETA, ids=name_of)
def test_error_rate_against_plain_quadrature(loss: Loss, beta: float) -> None:
    field, variance = repeated(FIELD, VARIANCES)
    found = loss.error_rate(field, variance, beta)
    assert np.all((found >= 0) & (found <= 1))
    assert np.max(np.abs(found - plain_row(loss, field, variance, beta, 4))) < 1e-10


def plain_row(loss: Loss, field: np.ndarray, variance: np.ndarray, beta: float, index: int) -> np.ndarray:
    return np.stack([plain_terms(loss, field[row], v, beta)[index] for row, v in enumerate(variance)])


@pytest.mark.parametrize("loss", [loss for loss in LOSSES if loss.has_ground], ids=name_of)
def test_ground_minimises_cost_plus_distance(loss: Loss) -> None:
    """The proximal point and the envelope against a fine grid of stabilities (its step bounds the envelope's error)."""
    field, variance = repeated(FIELD, VARIANCES)
    best, envelope = loss.ground(field, variance)
    cost = np.where(loss.cost(best) > 1e300, np.inf, loss.cost(best))
    assert np.allclose(cost + (best - field) ** 2 / (2 * variance[:, None]), envelope, rtol=1e-14, atol=1e-15)
    grid = np.concatenate([np.linspace(-12, 12, 48001), FIELD[0], loss.kinks()])
    values = loss.cost(grid[None, :])[0] + (grid - field[:, :, None]) ** 2 / (2 * variance[:, None, None])
    lowest = values.min(axis=-1)
    assert np.all(envelope <= lowest * (1 + 1e-14) + 1e-14)
    assert np.all(lowest - envelope <= 2e-6)  # half the curvature 1/V + l'' times the square of half a step


@pytest.mark.parametrize("loss", [loss for loss in LOSSES if loss.has_ground], ids=name_of)
def test_cold_log_z_tends_to_the_envelope(loss: Loss) -> None:
    """``-ln Z(h, V/beta)/beta -> min_u l(u) + (u-h)^2/(2V)``: the sense in which `ground` is the limit of `terms`."""
    beta = 1e5
    variance = np.array([0.5, 2.0])
    field = np.repeat(FIELD, 2, axis=0)
    _, envelope = loss.ground(field, variance)
    cold = -loss.terms(field, variance / beta, beta)[0] / beta
    assert np.max(np.abs(cold - envelope)) < 30 * np.log(beta) / beta


@pytest.mark.parametrize("loss", [loss for loss in LOSSES if loss.has_ground], ids=name_of)
def test_the_proximal_map_jumps_only_at_declared_breaks(loss: Loss) -> None:
    variance = np.array([0.7])
    grid = np.linspace(-6, 6, 120001)[None, :]
    best, _ = loss.ground(grid, variance)
    step = np.diff(grid[0])[0]
    jumps = grid[0, :-1][np.abs(np.diff(best[0])) > 1e3 * step]
    assert (jumps.size > 0) == loss.ground_jumps
    breaks = loss.ground_breaks(variance)[0]
    assert all(np.min(np.abs(breaks - place)) < 2 * step for place in jumps)


@pytest.mark.parametrize("loss", LOSSES, ids=name_of)
def test_parity_is_what_it_says(loss: Loss) -> None:
    u = np.linspace(-5.05, 5.05, 400)[None, :]
    symmetric = np.array_equal(loss.cost(u), loss.cost(-u))
    assert symmetric == loss.even
    if loss.even:
        beta = 1.0
        value, slope, curvature = loss.terms(u, np.array([0.6]), beta)
        mirrored = loss.terms(-u, np.array([0.6]), beta)
        for got, want in zip(mirrored, (value, -slope, curvature), strict=True):
            assert np.allclose(got, want, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("loss", [loss for loss in LOSSES if loss.even], ids=name_of)
def test_an_odd_slope_keeps_its_relative_accuracy_at_small_fields(loss: Loss) -> None:
    """At overlap 0 the whole theory is the ratio of slope and field: it must not drown in the rounding of a
    difference.
    """
    field = np.array([[1e-7, 1e-5, 1e-3]])
    _, slope, _ = loss.terms(field, np.ones(1), 1.0)
    with mpmath.workdps(40):
        for h, got in zip(field[0], slope[0], strict=True):
            exact = loss.reference_terms(mpmath.mpf(h), mpmath.mpf(1), mpmath.mpf(1), mpmath.mp)[1]
            assert abs(got / exact - 1) < 1e-12


@pytest.mark.parametrize("loss", LOSSES, ids=name_of)
def test_traits_agree_with_the_cost(loss: Loss) -> None:
    u = np.linspace(-5.05, 5.05, 4000)[None, :]
    cost = loss.cost(u)
    assert np.all(cost >= 0)
    assert loss.hard == bool(set(np.unique(cost)) <= {0.0, np.inf})
    weight = loss.boltzmann(u, 1.3)
    assert np.allclose(weight, np.exp(-1.3 * cost), rtol=1e-15)
    assert np.array_equal(loss.boltzmann(u, np.inf), (cost == 0).astype(float))


@pytest.mark.parametrize("loss", LOSSES, ids=name_of)
def test_the_cost_has_no_kink_that_is_not_declared(loss: Loss) -> None:
    """Between declared kinks the cost is a polynomial or analytic: third differences vanish with the step."""
    edges = [-6.0, *sorted(loss.kinks()), 6.0]
    for low, high in zip(edges, edges[1:], strict=False):
        u = np.linspace(low, high, 801)[1:-1]
        cost = loss.cost(u[None, :])[0]
        assert np.all(np.isinf(cost)) or np.max(np.abs(np.diff(cost, 3))) < 1e-4


@pytest.mark.parametrize("loss", [loss for loss in LOSSES if "margin" in loss.parameters], ids=name_of)
def test_a_larger_margin_tightens_as_declared(loss: Loss) -> None:
    margin = getattr(loss, loss.parameters["margin"])
    field, variance = repeated(FIELD, [0.8])
    before = loss.terms(field, variance, 1.0)[0]
    after = loss.with_parameters(margin=margin + 0.05).terms(field, variance, 1.0)[0]
    assert np.all(loss.tightens * (after - before) <= 0)
    assert np.any(after != before)


@pytest.mark.parametrize(("loss", "beta"), LOSSES_AT_BETA, ids=name_of)
def test_rows_of_a_batch_have_parameters_of_their_own(loss: Loss, beta: float) -> None:
    field, variance = repeated(FIELD, [0.5, 1.0, 1.5])
    numbers = [f.name for f in dataclasses.fields(loss) if isinstance(getattr(loss, f.name), float)]
    shifts = np.array([0.0, 0.11, 0.37])
    many = dataclasses.replace(loss, **{name: getattr(loss, name) + shifts for name in numbers})
    together = [*many.terms(field, variance, np.full(3, beta)), many.mean_cost(field, variance, np.full(3, beta)),
                many.error_rate(field, variance, np.full(3, beta)), many.cost(field)]
    for row in range(3):
        one, at = many.take(np.array([row])), slice(row, row + 1)
        alone = dataclasses.replace(loss, **{name: float(getattr(one, name)[0]) for name in numbers})
        single = [*alone.terms(field[at], variance[at], beta), alone.mean_cost(field[at], variance[at], beta),
                  alone.error_rate(field[at], variance[at], beta), alone.cost(field[at])]
        for a, b in zip(together, single, strict=True):
            assert np.allclose(a[at], b, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("loss", LOSSES, ids=name_of)
def test_features_fit_the_batch(loss: Loss) -> None:
    variance = np.array([1e-8, 0.3, 2.0])
    for beta in (1.0, np.inf):
        places, widths = loss.features(variance, beta)
        assert places.shape == widths.shape
        assert len(places) == 3
        assert np.all(widths > 0)


def test_registry_finds_members_and_suggests() -> None:
    assert all(Loss.find(name).name == name for name in Loss.registry)
    with pytest.raises(ValueError, match=r"did you mean 'margin'"):
        Loss.find("margn")
    with pytest.raises(TypeError, match="must define cost"):
        Loss.cost(replica.Margin(), np.zeros((1, 1)))
