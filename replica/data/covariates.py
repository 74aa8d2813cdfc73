"""Gaussian inputs of any covariance, labelled by a teacher that sees them in part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Any, ClassVar

import numpy as np

from replica._checks import real, sized
from replica.data._chances import Chance
from replica.data._spectra import EMPTY, Listed, listed
from replica.data._structured import Structured, checked_labels
from replica.data.base import Overlaps, Patterns
from replica.weights.base import Weights

ROUNDING = 1e-9  # of the teacher's variance: what is explained may exceed it by so much


@dataclass(frozen=True, eq=False)
class Covariates(Structured):
    r"""Inputs v of covariance Omega, labels from a field nu of variance rho with ``E[v nu] = c``.

    Theory needs the eigenvalues ``omega_i`` of Omega, the projections ``t_i = N (u_i.c)^2`` on its eigenvectors, and
    rho. A student ``w.v/sqrt(N)`` has ``q = w.Omega w/N``, ``m = cov(nu, w.v/sqrt(N))``; the share
    ``explained = <t/omega>`` of rho is linear in the inputs, the rest acts as noise.

    When not to use it: anything but penalised (Gaussian) weights at ``beta = inf`` with `RS`; isotropic inputs have
    more verbs with `Teacher`; real inputs whose higher moments matter.

    Parameters
    ----------
    spectrum, projections : array, shape (N,)
        At least 0; a direction without inputs has no projection.
    rho : float
        Variance of the teacher's field, at least what is explained.
    teacher : {"sign", "linear"} or callable
        Labels ``sign(nu + sqrt(noise) z)``, ``nu + sqrt(noise) z``, or +1 with probability ``p(nu)``.
    noise : float
        Variance, at least 0.
    flips : float
        Share of the labels of ``"sign"`` that are turned, in [0, 1/2].

    Raises
    ------
    ValueError
        Arrays that do not fit, negative eigenvalues, a projection on an empty direction, ``explained > rho``.

    See Also
    --------
    covariates : A model of it.
    Teacher : Isotropic inputs.

    References
    ----------
    B. Loureiro, C. Gerbelot, H. Cui, S. Goldt, F. Krzakala, M. Mezard and L. Zdeborova, NeurIPS (2021).

    Examples
    --------
    >>> import replica
    >>> data = replica.Covariates(spectrum=[3.0, 1.0], projections=[2.0, 1.0])
    >>> print(f"{data.explained:.6f}")
    0.833333
    """

    spectrum: Any = (1.0,)
    projections: Any = (1.0,)
    rho: Any = 1.0
    teacher: Any = "sign"
    noise: Any = 0.0
    flips: Any = 0.0
    found: Listed | None = field(default=None, repr=False)
    name: ClassVar[str] = "covariates"
    parameters: ClassVar[dict[str, str]] = {"noise": "noise", "flips": "flips", "rho": "rho"}

    def __post_init__(self) -> None:
        omega, t = _column("spectrum", self.spectrum), _column("projections", self.projections)
        if omega.shape != t.shape:
            raise ValueError(f"projections must be as many as eigenvalues, {omega.size}, got {t.size}")
        made = self.found
        if made is None or made.omega is not self.spectrum:
            made = _listed(omega[0], t[0])
        rho = sized("rho", self.rho, low=0.0, open_low=True)
        most = float(made.explained[0])
        if np.any(np.asarray(rho) < most * (1.0 - ROUNDING)):
            raise ValueError(
                f"rho must be at least all that is explained, {most:.6g}, got {np.min(rho):.6g}: no covariance "
                "of inputs and teacher has such projections"
            )
        deviation = float(np.sqrt(np.max(rho)))
        teacher, noise, flips = checked_labels(self.teacher, self.noise, self.flips, deviation)
        new = {"spectrum": made.omega, "projections": t, "rho": rho, "teacher": teacher, "noise": noise}
        for name, value in (new | {"flips": flips, "found": made}).items():
            object.__setattr__(self, name, value)

    @property
    def modes(self) -> Any:
        return self.found

    @cached_property
    def power(self) -> Any:
        return np.maximum(self.rho, self.found.explained[0])  # type: ignore[union-attr]

    def draw(
        self, rng: np.random.Generator, inputs: np.ndarray, weights: Weights, output: Callable[..., np.ndarray]
    ) -> Patterns:
        """Inputs in the basis of the eigenvectors; the teacher's signs on them are drawn."""
        size = self.spectrum.size
        if inputs.shape[1] != size:
            raise ValueError(f"n must be {size}, the number of eigenvalues, got {inputs.shape[1]}")
        direction = np.sqrt(self.projections[0]) * np.where(rng.random(size) < 0.5, -1.0, 1.0)
        seen = np.divide(direction, self.spectrum[0], out=np.zeros(size), where=self.spectrum[0] > 0)
        X = inputs * np.sqrt(self.spectrum[0])
        rest = np.sqrt(float(np.ravel(self.unexplained)[0]))
        nu = X @ seen / np.sqrt(size) + rest * rng.standard_normal(len(X))
        return Patterns(X, self.rule.drawn(rng, nu), direction)

    def error_of(self, weights: np.ndarray, direction: np.ndarray | None) -> dict[str, float]:
        if direction is None:
            return {}
        size, unit = weights.size, float(np.sqrt(self.power))
        m, q = float(weights @ direction) / size / unit, float(weights @ (self.spectrum[0] * weights)) / size
        rest = q + unit**2 - 2 * m * unit if self.residual else q - m * m
        at = Overlaps(*(np.array([x]) for x in (q, 0.0, m, max(rest, 0.0))))
        return {"generalization_error": float(self.generalization(at)["generalization_error"][0])}

    def settings(self) -> dict[str, Any]:
        """Name and numbers; arrays by their size and a digest."""
        found: dict[str, Any] = {"name": self.name, "size": int(self.spectrum.size)}
        for name in ("spectrum", "projections"):
            found[name] = sha256(np.ascontiguousarray(getattr(self, name)).tobytes()).hexdigest()[:16]
        teacher = self.teacher.described() if isinstance(self.teacher, Chance) else self.teacher
        numbers = {name: np.asarray(getattr(self, name)).tolist() for name in ("rho", "noise", "flips")}
        return found | numbers | {"teacher": teacher}

    def __str__(self) -> str:
        teacher = self.teacher if isinstance(self.teacher, str) else "p(u)"
        return f"Covariates({self.spectrum.size} eigenvalues, explained={self.explained:.6g}, teacher={teacher})"


def _column(argument: str, given: Any) -> np.ndarray:
    """Numbers (1, N), finite and at least 0."""
    try:
        found = np.atleast_1d(real(given))
    except (TypeError, ValueError):
        found = np.array([np.nan])
    if found.ndim == 2 and len(found) == 1:
        return found
    if found.ndim != 1 or not found.size or not np.all(np.isfinite(found)):
        raise ValueError(f"{argument} must be a list of finite real numbers, got {_told(given)}")
    top = np.abs(found).max()
    if np.any(found < -EMPTY * top):
        raise ValueError(f"{argument} must be at least 0, got {found.min():.6g}")
    return np.ascontiguousarray(np.maximum(found, 0.0))[None, :]


def _told(given: Any) -> str:
    shape = np.shape(given) if not isinstance(given, str) else ()
    return repr(given) if shape == () else f"an array of shape {shape}" if len(shape) != 1 else "numbers that are not"


def _listed(omega: np.ndarray, t: np.ndarray) -> Listed:
    if not np.any(omega > 0):
        raise ValueError("spectrum must have an eigenvalue above 0")
    empty = (omega == 0) & (t > EMPTY * t.max())
    if np.any(empty):
        raise ValueError(
            f"projections must be 0 on directions without inputs, got {t[empty].max():.6g} at the eigenvalue 0"
        )
    return listed(omega, t)
