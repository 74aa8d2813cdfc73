"""Gaussian averages of functions with known features: rules, panels, averages, power means, references."""

from __future__ import annotations

from saddlepoint.quadrature.gaussian import Integral, gaussian_average, gaussian_average_2d
from saddlepoint.quadrature.nested import nested_power_mean, power_mean, power_mean_slope
from saddlepoint.quadrature.panels import gaussian_nodes
from saddlepoint.quadrature.reference import gaussian_average_reference
from saddlepoint.quadrature.rules import gauss_legendre

__all__ = [
    "Integral",
    "gauss_legendre",
    "gaussian_average",
    "gaussian_average_2d",
    "gaussian_average_reference",
    "gaussian_nodes",
    "nested_power_mean",
    "power_mean",
    "power_mean_slope",
]
