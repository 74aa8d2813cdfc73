"""Proved loads of the limit q -> 1, first moments of bands, and weights of other norms, beside plain quadrature."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import mpmath
import pytest

import replica
from replica.architectures import Perceptron

#: of the wide committees: variance of the field and slope of its covariance at overlap 1, as expectations
UNITS = {
    "relu": (lambda x: max(x, 0), lambda x: mpmath.mpf(x > 0)),
    "erf": (mpmath.erf, lambda x: 2 / mpmath.sqrt(mpmath.pi) * mpmath.exp(-x * x)),
    "linear": (lambda x: x, lambda x: mpmath.mpf(1)),
    "quadratic": (lambda x: x * x, lambda x: 2 * x),
}
SHORT = {
    replica.Margin: lambda w, k: max(k - w, 0),
    replica.Band: lambda w, k: max(abs(w) - k, 0),
    replica.OutsideBand: lambda w, k: max(k - abs(w), 0),
}


def mean(of: Any, *breaks: Any) -> Any:
    places = sorted({-14, -5, 0, 5, 14, *breaks})
    return mpmath.quad(lambda x: mpmath.npdf(x) * of(x), places)


def moments(unit: str) -> tuple[Any, Any]:
    value, slope = UNITS[unit]
    return mean(lambda x: value(x) ** 2) - mean(value) ** 2, mean(lambda x: slope(x) ** 2)


def of_norm(model: replica.Model, norm: Any) -> replica.Model:
    return replace(model, architecture=Perceptron(norm=norm))


@pytest.mark.parametrize("loss", SHORT)
@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("kappa", [0.25, 1.5])
def test_capacities_on_the_sphere(loss: type[replica.losses.Loss], unit: str, kappa: float) -> None:
    proved = replica.capacity(replica.committee(activation=unit, weights="spherical", loss=loss(kappa))).enclose(20)
    with mpmath.workdps(30):
        norm, slope = moments(unit)
        t = kappa / mpmath.sqrt(norm)
        load = slope / (norm * mean(lambda w: SHORT[loss](w, t) ** 2, t, -t))
        assert abs(load - mpmath.mpf(proved.lower)) < 1e-18 * load


@pytest.mark.parametrize("unit", UNITS)
def test_largest_margins_on_the_sphere(unit: str) -> None:
    asked = replica.max_margin(replica.committee(activation=unit, weights="spherical"), alpha=1.3)
    proved = asked.enclose(20)
    with mpmath.workdps(30):
        norm, slope = moments(unit)
        t = mpmath.mpf(proved.lower) / mpmath.sqrt(norm)
        assert abs(1.3 * norm * mean(lambda w: max(t - w, 0) ** 2, t) - slope) < 1e-18
    assert abs(float(proved) - asked.value) <= asked.error


@pytest.mark.parametrize(("loss", "alpha"), [(replica.Band, 3.0), (replica.OutsideBand, 1.3)])
def test_half_widths_of_bands(loss: type[replica.losses.Loss], alpha: float) -> None:
    proved = replica.max_margin(replica.perceptron("binary", loss=loss(1.0)), alpha=alpha).enclose(20)
    with mpmath.workdps(30):
        inside = mpmath.erf(mpmath.mpf(proved.lower) / mpmath.sqrt(2))
        mass = inside if loss is replica.Band else 1 - inside
        assert abs(alpha * mpmath.log(mass) + mpmath.log(2)) < 1e-18


def test_an_unstable_half_width_is_refused() -> None:
    found = replica.max_margin(replica.perceptron("binary", loss=replica.OutsideBand(1.0)), alpha=0.3)
    with pytest.raises(replica.NotEnclosed, match="not enclosed"):
        found.enclose(20)


def test_first_moments_of_other_norms_and_units() -> None:
    wide = replica.capacity(of_norm(replica.perceptron("binary", loss=replica.Band(2.0)), 4.0)).enclose(25)
    assert wide.interval == replica.capacity(replica.perceptron("binary", loss=replica.Band(1.0))).enclose(25).interval
    signs = replica.capacity(replica.committee(activation="sign", weights="binary", loss=replica.Band(1.0)))
    assert signs.enclose(25).overlaps(*wide.interval)


@pytest.mark.parametrize("labels", ["random", "teacher"])
def test_another_norm_is_another_margin(labels: str) -> None:
    one = replica.solve(replica.perceptron("spherical", labels=labels, margin=0.25), alpha=0.7).enclose(25)
    four = replica.solve(of_norm(replica.perceptron("spherical", labels=labels, margin=0.5), 4), alpha=0.7)
    found = four.enclose(25)
    assert found.overlaps(*one.interval)
    assert found.values["q"].overlaps(*(4 * x for x in one.values["q"].interval))
    assert found.values["q_hat"].overlaps(*(x / 4 for x in one.values["q_hat"].interval))
    for name, x in found.values.items():
        assert name not in four.errors or abs(four[name] - float(x)) <= four.errors[name] + 1e-15, name


def test_a_norm_given_as_a_decimal_is_that_decimal() -> None:
    loads = [replica.capacity(of_norm(replica.perceptron("spherical", margin=1), norm)) for norm in ("0.1", 0.1)]
    decimal, double = (load.enclose(25) for load in loads)
    assert not decimal.overlaps(*double.interval) and abs(float(decimal) - float(double)) < 1e-15
