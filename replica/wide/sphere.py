"""Eigenvalues of a kernel of the angle on the sphere, degree by degree (Funk and Hecke). No networks here."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from math import comb
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from replica._checks import number, shown, whole

if TYPE_CHECKING:
    import xarray

HIGHEST = 20_000  # degree
TURNS = 6.0  # phase that may turn on a panel
NODES = np.polynomial.legendre.leggauss(16)  # of a panel
NEAREST = 24  # halvings of panels towards the angles 0 and pi, where kernels of kinked units are not smooth
KEPT = 200_000  # values of polynomials at nodes that are kept for the next kernel
NEGLIGIBLE = 1e-290  # density of the measure, beside its largest: polynomials of high degree grow where it falls


class OfAngle(Protocol):
    """A kernel on the sphere."""

    def of_angles(self, angle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Values and errors."""
        ...

    def settings(self) -> dict[str, Any]:
        """For records."""
        ...


class Spectrum(NamedTuple):
    """Eigenvalues of the degrees 0, 1, ..., their errors and multiplicities, and the trace ``k(1)`` of all degrees."""

    value: np.ndarray
    error: np.ndarray
    multiplicity: np.ndarray
    trace: float


def multiplicities(dimension: int, highest: int) -> np.ndarray:
    """``N(d, k)`` of the degrees up to ``highest``."""
    k = np.arange(1.0, highest)
    d = float(dimension)
    growth = (2.0 * k + d) * (k + d - 2.0) / ((2.0 * k + d - 2.0) * (k + 1.0))
    with np.errstate(over="ignore"):
        return np.concatenate([[1.0], d * np.cumprod(np.concatenate([[1.0], growth]))])[: highest + 1]


def exact_multiplicity(dimension: int, degree: int) -> float:
    """One of them, from whole numbers."""
    first = comb(dimension + degree - 1, degree)
    count = first - (comb(dimension + degree - 3, degree - 2) if degree > 1 else 0)
    return float(count) if count < 1 << 1000 else np.inf


def spectrum(kernel: OfAngle, dimension: int, highest: int) -> Spectrum:
    r"""``lambda_k = E[k(t) P_k(t)]`` for t the cosine of two points at random.

    Integrated over the angle on panels that halve towards 0 and pi. The error is that of another choice of panels, and
    what the error of the kernel makes.
    """
    fine, coarse = (_integrals(kernel, dimension, highest, shift) for shift in (0, 1))
    value, error = fine[0], np.abs(fine[0] - coarse[0]) + fine[1]
    blind = value <= error
    error = np.where(blind, error + np.abs(value), error)
    trace = float(kernel.of_angles(np.zeros(1))[0][0])
    return Spectrum(np.where(blind, 0.0, value), error, multiplicities(dimension, highest), trace)


def _integrals(kernel: OfAngle, dimension: int, highest: int, shift: int) -> tuple[np.ndarray, np.ndarray]:
    angle, share = _rule(dimension, highest, shift)
    values, errors = kernel.of_angles(angle)
    weighted, doubt = share * values, share * errors
    if angle.size * highest <= KEPT:
        table, size = _table(dimension, highest, shift)
        return table @ weighted, size @ doubt
    found = [(weighted @ p, doubt @ np.abs(p)) for p in _polynomials(np.cos(angle), dimension, highest)]
    value, slack = np.array(found).T
    return value, slack


def _polynomials(t: np.ndarray, dimension: int, highest: int) -> Iterator[np.ndarray]:
    """Those of Gegenbauer with ``P_k(1) = 1``, one degree after the other."""
    before, now = np.zeros_like(t), np.ones_like(t)
    for k in range(highest + 1):
        yield now
        ahead = t if k == 0 else ((2 * k + dimension - 2) * t * now - k * before) / (k + dimension - 2)
        before, now = now, ahead


@lru_cache(maxsize=8)
def _table(dimension: int, highest: int, shift: int) -> tuple[np.ndarray, np.ndarray]:
    """All of them at the nodes, and their moduli."""
    found = np.array(list(_polynomials(np.cos(_rule(dimension, highest, shift)[0]), dimension, highest)))
    return found, np.abs(found)


@lru_cache(maxsize=32)
def _rule(dimension: int, highest: int, shift: int) -> tuple[np.ndarray, np.ndarray]:
    """Angles, and shares of the measure ``sin^(d-2)``, which the rule itself sums to 1."""
    graded = 0.5 * np.pi * 2.0 ** -np.arange(NEAREST + 1.0)
    marks = np.unique(np.concatenate([[0.0], graded, np.pi - graded, [np.pi]]))
    turns = np.sqrt(highest * (highest + dimension)) + np.sqrt(dimension) + 2.0  # of the steepest polynomial
    widest = TURNS / (turns * (1.0 + 0.3 * shift))
    counts = np.ceil(np.diff(marks) / widest).astype(int) + shift
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    edges = np.append(np.repeat(marks[:-1], counts) + within * np.repeat(np.diff(marks) / counts, counts), np.pi)
    x, w = NODES
    width = np.diff(edges)[:, None]
    angle = (edges[:-1, None] + 0.5 * width * (1.0 + x)).ravel()
    with np.errstate(divide="ignore"):
        exponent = (0.5 * dimension - 1.0) * np.log1p(-np.cos(angle) ** 2) if dimension > 2 else np.zeros_like(angle)
    near = np.minimum(angle, np.pi - angle) < 0.1  # where 1 - cos^2 has lost its digits
    exponent[near] = (dimension - 2.0) * np.log(np.sin(angle[near]))
    share = (0.5 * width * w).ravel() * np.exp(exponent)
    kept = share > NEGLIGIBLE * share.max()
    angle, share = angle[kept], share[kept] / share[kept].sum()
    angle.flags.writeable = share.flags.writeable = False
    return angle, share


def checked_dimension(dimension: Any) -> int:
    """A whole number of at least 2, where a sphere begins."""
    return whole("dimension", dimension, low=2)


def checked_degrees(degrees: Any) -> list[int]:
    """Whole numbers from 0, increasing."""
    if degrees is None:
        return list(range(21))
    if np.ndim(degrees) != 1 or np.size(degrees) == 0:
        raise ValueError(f"degrees must be a non-empty list of whole numbers, got {shown(degrees)}")
    found = [one if type(one) is int and one >= 0 else whole("degrees", one, low=0) for one in degrees]
    number("degrees", np.array(found, dtype=float), low=0.0, high=HIGHEST)
    if any(b <= a for a, b in zip(found, found[1:], strict=False)):
        raise ValueError(f"degrees must increase, got {found}")
    return found


def dataset(kernel: OfAngle, dimension: Any, degrees: Any) -> xarray.Dataset:
    """Eigenvalues over the degrees that were asked for."""
    from replica.files.dataset import curve

    dimension, asked = checked_dimension(dimension), checked_degrees(degrees)
    found = spectrum(kernel, dimension, asked[-1])
    columns = {
        "eigenvalue": found.value[asked],
        "eigenvalue_error": found.error[asked],
        "multiplicity": np.array([exact_multiplicity(dimension, k) for k in asked]),
        "status": np.array([_said(found.value[k], found.error[k]) for k in asked]),
    }
    settings = {"verb": "eigenvalues", "kernel": kernel.settings(), "dimension": dimension, "degrees": asked}
    symbols = {"degree": "k", "eigenvalue": r"\lambda_k", "multiplicity": "N(d,k)"}
    return curve(
        columns, {"degree": np.array(asked)}, settings, main="eigenvalue", symbols=symbols, trace=found.trace,
        scale="log",
    )


def _said(value: float, error: float) -> str:
    return "converged" if value > error else "converged; not told from 0"


