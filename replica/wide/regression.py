"""Learning curves of kernel ridge regression. No kernels here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from replica._checks import grid, number, one_number, real, shown, whole
from replica.wide.modes import ROUNDING, Modes, of_kernel
from replica.wide.ridge import Learned, learn, root
from replica.wide.series import power_series
from replica.wide.sphere import checked_dimension

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True, eq=False)
class KernelRegression:
    r"""Kernel ridge regression ``k(x) (K + ridge)^-1 y`` on many patterns; `kernel_regression` makes it.

    .. math:: n = \sum_i L_i + \mathrm{ridge}/\kappa,\qquad L_i = \eta_i/(\eta_i + \kappa),\qquad
              \epsilon = \frac{n}{n - \sum L_i^2}\Big[\sum_i (1-L_i)^2 c_i^2 + \mathrm{noise}\Big]

    Attributes
    ----------
    eigenvalues, coefficients, multiplicities : ndarray
        Of the listed modes (of a kernel: None, power per degree, None).
    ridge, noise : float
        Added to the diagonal of the kernel matrix; variance of the noise of the targets.
    rest, rest_power : float
        Trace and power of modes that are not listed.
    kernel : WideKernel or None
        With inputs uniform on the sphere in ``dimension`` dimensions.
    dimension : int or inf or None
        Of the sphere.

    See Also
    --------
    kernel_regression : Makes it.

    Examples
    --------
    Ten equal modes learn in proportion to the samples:

    >>> import replica
    >>> flat = replica.kernel_regression([1.0], [1.0], multiplicities=[10])
    >>> curve = flat.learning_curve(samples=[2, 5])
    >>> [f"{x:.6f}" for x in curve["generalization_error"].values]
    ['0.800000', '0.500000']
    """

    eigenvalues: np.ndarray | None
    coefficients: np.ndarray
    multiplicities: np.ndarray | None
    ridge: float
    noise: float
    rest: float
    rest_power: float
    kernel: Any = None
    dimension: Any = None

    def learning_curve(self, *, samples: Any, level: Any = None) -> xarray.Dataset:
        """Errors over an increasing grid of ``samples``, which need not be whole numbers.

        Parameters
        ----------
        samples : float or increasing grid
            Above 0.
        level : int, for ``dimension=inf``
            The stair, from 1: samples are then counted in multiplicities ``N(D, level)`` of that degree, and so is
            ``1/kappa``. Lower degrees are learned, higher ones act as noise.

        Returns
        -------
        xarray.Dataset
            ``generalization_error`` (with noise), ``training_error`` (mean square) and ``kappa`` over ``samples``,
            ``learnability`` over ``samples`` and ``mode``, with errors and a status per point.
        """
        points = number("samples", grid("samples", samples), low=0.0, open_low=True)
        if (level is None) == (self.dimension == np.inf):
            raise ValueError(f"level is for dimension=inf, and needed there: got {level!r} at {self.dimension!r}")
        if level is not None:
            return self._stair(points, whole("level", level, low=1))
        modes = self._modes(float(points[-1]))
        power = np.zeros(modes.value.size)
        power[: self.coefficients.size] = self.coefficients
        noise = self.noise + self.rest_power
        return self._dataset(points, modes, [learn(n, modes, power, self.ridge, noise) for n in points])

    def _stair(self, points: np.ndarray, level: int) -> xarray.Dataset:
        """In infinitely many dimensions: one mode of the eigenvalue ``a_l``, what lies above it as a tail."""
        series = power_series(self.kernel, level)
        above, doubt = series.trace - float(series.value.sum()), float(series.error.sum()) + 1e-15 * series.trace
        value, error = series.value[level:], series.error[level:]
        if above <= doubt:  # nothing is told from 0 there
            above, doubt = 0.0, doubt + max(above, 0.0)
        modes = Modes(value, error, np.ones(1), above, doubt=doubt)
        power = np.zeros(max(level + 1, self.coefficients.size))
        power[: self.coefficients.size] = self.coefficients
        noise = self.noise + float(power[level + 1 :].sum())
        found = [learn(n, modes, power[level : level + 1], self.ridge, noise) for n in points]
        return self._dataset(points, modes, found, level)

    def flow(self, *, time: Any) -> xarray.Dataset:
        """Gradient flow of the mean loss on infinitely many samples: ``residual``, the mean square error on new
        patterns without their noise, ``sum_i c_i^2 exp(-2 eta_i t)``, over ``time``.
        """
        from replica.files.dataset import curve

        if self.dimension == np.inf:
            raise ValueError("flow is for a finite dimension, got dimension=inf, where degrees learn at times N(D, k)")
        points = number("time", grid("time", time), low=0.0)
        modes = self._modes(1.0)
        power = np.zeros(modes.value.size)
        power[: self.coefficients.size] = self.coefficients
        left = power * np.exp(-2.0 * np.multiply.outer(points, modes.value))
        columns = {
            "residual": left.sum(axis=1) + self.rest_power,
            "residual_error": 2.0 * points * (left @ modes.error) + 4e-16 * power.sum(),
            "status": np.full(points.size, "converged"),
        }
        settings, symbols = {"verb": "flow"} | self.settings(), {"time": "t"}
        return curve(columns, {"time": points}, settings, main="residual", symbols=symbols, scale="log")

    def _modes(self, most: float) -> Modes:
        if self.kernel is None:
            assert self.eigenvalues is not None
            assert self.multiplicities is not None
            top = float(self.eigenvalues[self.eigenvalues > 0].min(initial=np.inf)) if self.rest else 0.0
            return Modes(
                self.eigenvalues, ROUNDING * self.eigenvalues, self.multiplicities, self.rest, min(top, self.rest),
                second_error=self.rest * min(top, self.rest),
            )

        def wrong(modes: Modes) -> float:
            kappa = root(most, modes, self.ridge)[0]
            return modes.missed(kappa) / most if kappa > 0 else 0.0

        return of_kernel(self.kernel, checked_dimension(self.dimension), self.coefficients.size - 1, wrong)

    def settings(self) -> dict[str, Any]:
        """All that defines it, for records."""
        if self.kernel is None:
            source: dict[str, Any] = {"modes": self.coefficients.size}
        else:
            source = {"kernel": self.kernel.settings(), "dimension": self.dimension}
        return source | {"ridge": self.ridge, "noise": self.noise}

    def _dataset(
        self, samples: np.ndarray, modes: Modes, found: list[Learned], level: int | None = None
    ) -> xarray.Dataset:
        from replica.files.dataset import curve

        columns = {
            "generalization_error": np.array([one.test for one in found]),
            "generalization_error_error": np.array([one.test_error for one in found]),
            "training_error": np.array([one.train for one in found]),
            "training_error_error": np.array([one.train_error for one in found]),
            "kappa": np.array([one.kappa for one in found]),
            "kappa_error": np.array([one.kappa_error for one in found]),
            "status": np.array([one.status for one in found]),
        }
        count = "n" if level is None else f"n/N(D,{level})"
        symbols = {"samples": count, "generalization_error": r"\epsilon", "kappa": r"\kappa"}
        settings = {"verb": "kernel_regression"} | self.settings() | ({} if level is None else {"level": level})
        shown = ["generalization_error", "training_error"][: 2 if np.any(columns["training_error"] > 0) else 1]
        data = curve(
            columns, {"samples": samples}, settings, main="generalization_error", symbols=symbols,
            observables=shown, scale="log",
        )
        for name in shown:
            data[name].attrs["kind"] = "mean square error"
        plane = "samples", "mode"
        first = 0 if level is None else level
        return data.assign_coords(mode=np.arange(first, first + modes.value.size)).assign(
            learnability=(plane, np.array([one.share for one in found]), {"symbol": "L"}),
            learnability_error=(plane, np.array([one.share_error for one in found])),
            multiplicity=("mode", modes.times),
        )


def kernel_regression(
    eigenvalues: Any,
    coefficients: Any,
    *,
    multiplicities: Any = None,
    ridge: float = 0.0,
    noise: float = 0.0,
    dimension: Any = None,
    rest: float = 0.0,
    rest_power: float = 0.0,
) -> KernelRegression:
    r"""Kernel ridge regression on patterns at random, known by the eigenvalues of its kernel.

    The kernel is ``sum_i eta_i phi_i phi_i`` in orthonormal functions of the inputs, the target
    ``sum_i c_i phi_i`` plus noise.

    Parameters
    ----------
    eigenvalues : array of floats, or WideKernel
        ``eta_i >= 0``; or a kernel, with inputs uniform on the sphere in ``dimension`` dimensions: a mode is then a
        degree, from 0, and all degrees count until the trace is exhausted.
    coefficients : array of floats
        Powers ``c_i^2 >= 0`` of the target, summed over the multiplicity of each mode; modes beyond have none.
    multiplicities : array of floats, optional
        Of the listed eigenvalues; default 1.
    ridge, noise : float
        Added to the diagonal of the kernel matrix (not divided by the number of samples); variance of the noise.
    dimension : int or inf
        For a kernel. In infinitely many dimensions its degrees are learned one after the other, each when the samples
        reach its multiplicity: ``.learning_curve(samples=grid, level=l)`` is one stair.
    rest, rest_power : float
        Trace of eigenvalues that are not listed (each below all listed ones) and the power of the target in them.

    Returns
    -------
    KernelRegression
        ``.learning_curve(samples=grid)``.

    Raises
    ------
    ValueError
        Negative eigenvalues or powers, shapes that do not match, a kernel without ``dimension``.

    See Also
    --------
    kernel : Kernels of wide networks.
    mixture : Learning with a finite load per weight.

    Notes
    -----
    When not to use it: few samples, or functions phi that are far from Gaussian in what they teach about each other;
    the formula is that of many modes at once. Without a ridge it needs fewer samples than modes, or has the exact
    limit of the smallest vector beyond.

    References
    ----------
    B. Bordelon, A. Canatar and C. Pehlevan, ICML (2020); A. Canatar, B. Bordelon and C. Pehlevan, Nature Commun. 12,
    2914 (2021), eq. (5); J. Simon, M. Dickens, D. Karkada and M. DeWeese, TMLR (2023).

    Examples
    --------
    >>> import replica
    >>> tangent = replica.kernel("relu", weight_variance=2.0)
    >>> learner = replica.kernel_regression(tangent, [0.0, 1.0, 0.5, 0.25], dimension=10, noise=0.1)
    >>> curve = learner.learning_curve(samples=[60, 300])
    >>> [f"{x:.6f}" for x in curve["generalization_error"].values]
    ['0.791172', '0.456220']

    The stair of degree 1, at half and at twice its multiplicity:

    >>> stairs = replica.kernel_regression(tangent, [0.0, 1.0, 0.5, 0.25], dimension=float("inf"), noise=0.1)
    >>> curve = stairs.learning_curve(samples=[0.5, 2.0], level=1)
    >>> [f"{x:.6f}" for x in curve["generalization_error"].values]
    ['1.616147', '1.234895']
    """
    power = _powers("coefficients", coefficients)
    given = {"ridge": ridge, "noise": noise, "rest": rest, "rest_power": rest_power}
    held = [one_number(name, value, low=0.0) for name, value in given.items()]
    if hasattr(eigenvalues, "of_angles"):
        if dimension is None:
            raise ValueError("dimension is missing: that of the sphere which the inputs of the kernel are uniform on")
        if multiplicities is not None or rest or rest_power:
            raise ValueError("multiplicities and rest are for lists of eigenvalues; those of a kernel are known")
        d = np.inf if dimension == np.inf else checked_dimension(dimension)
        return KernelRegression(None, power, None, held[0], held[1], 0.0, 0.0, kernel=eigenvalues, dimension=d)
    if dimension is not None:
        raise ValueError("dimension is for a kernel; a list of eigenvalues says all itself")
    values = _powers("eigenvalues", eigenvalues)
    counts = np.ones(values.size) if multiplicities is None else _powers("multiplicities", multiplicities)
    for name, array in (("coefficients", power), ("multiplicities", counts)):
        if array.size != values.size:
            raise ValueError(f"{name} must be as many as the eigenvalues, {values.size}, got {array.size}")
    if not np.any(values > 0):
        raise ValueError("eigenvalues must not all vanish")
    if np.any(counts == 0):
        raise ValueError("multiplicities must be above 0")
    return KernelRegression(values, power, counts, held[0], held[1], held[2], held[3])


def _powers(argument: str, given: Any) -> np.ndarray:
    """A one-dimensional array of numbers of at least 0."""
    try:
        array = real(given)
    except (TypeError, ValueError):
        raise ValueError(f"{argument} must be a list of numbers, got {shown(given)}") from None
    if array.ndim != 1 or not array.size:
        raise ValueError(f"{argument} must be a non-empty list of numbers, got shape {array.shape}")
    return np.atleast_1d(number(argument, array, low=0.0))
