"""Kernels of infinitely wide networks, as the user holds them: values, matrices, spectra, gradient descent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from replica._checks import grid, number, one_number, one_of, whole
from replica.architectures.activations import Activation
from replica.architectures.activations._dual import Pair
from replica.solution.quantity import Quantity
from replica.wide.inputs import at_angle, between, rows
from replica.wide.layers import Layers, through

if TYPE_CHECKING:
    import xarray

KINDS = ("ntk", "nngp")
TRAINED = ("all", "first")


@dataclass(frozen=True)
class WideKernel:
    r"""The kernel of an infinitely wide, fully connected network; `kernel` makes it.

    With ``C = weight_variance x.x'/D + bias_variance`` in the first layer, ``F(C) = E g(u) g(v)`` over Gaussians of
    that covariance, and ``T = C`` there,

    .. math:: C' = w_w F(C) + b, \qquad T' = C' + w_w T\,F'(C)

    from layer to layer: ``"nngp"`` is C of the output, the covariance of networks at random, ``"ntk"`` is T, the Gram
    matrix of the gradients.

    Attributes
    ----------
    activation : Activation
        Of the hidden units.
    layers : int
        Matrices of weights.
    weight_variance, bias_variance : float
        ``w_w`` and b.
    kind : {"ntk", "nngp"}
        Tangent kernel or covariance.
    trained : {"all", "first"}
        Whose gradients the tangent kernel counts.

    See Also
    --------
    kernel : Makes it.
    kernel_regression : What it learns.

    Examples
    --------
    >>> import replica
    >>> tangent = replica.kernel("relu", layers=3, weight_variance=2.0)
    >>> print(f"{tangent(1.0):.6f} {tangent(0.0):.6f}")
    6.000000 1.371417
    """

    activation: Activation
    layers: int = 2
    weight_variance: float = 1.0
    bias_variance: float = 0.0
    kind: str = "ntk"
    trained: str = "all"

    def __post_init__(self) -> None:
        whole("layers", self.layers, low=1)
        one_number("weight_variance", self.weight_variance, low=0.0, open_low=True)
        one_number("bias_variance", self.bias_variance, low=0.0)
        one_of("kind", self.kind, KINDS)
        one_of("trained", self.trained, TRAINED)
        if self.kind == KINDS[0] and self.layers > 1 and not self.activation.tangent:
            raise ValueError(
                f"kind: {self.activation} has no tangent kernel, since E g'^2 is infinite; use kind='nngp' or a smooth "
                "activation"
            )
        if self.kind == KINDS[1] and self.trained != TRAINED[0]:
            raise ValueError("trained: kind='nngp' is the covariance of networks that are not trained; leave it out")

    def __call__(self, cos: float) -> Quantity:
        """The kernel of two inputs of squared norm D at an angle of this cosine, with its error."""
        cosine = one_number("cos", cos, low=-1.0, high=1.0, grids=".matrix(X) takes many inputs")
        found = self.of_pairs(self._first(1.0 - np.array([cosine]), 1.0 + np.array([cosine])))
        return Quantity(float(self._chosen(found)[0]), float(found.error[0]), "converged")

    def curve(self, *, cos: Any) -> xarray.Dataset:
        """``kernel`` over ``cos``, an increasing grid from -1 to 1, with its error and status."""
        from replica.files.dataset import curve

        points = number("cos", grid("cos", cos), low=-1.0, high=1.0)
        found = self.of_pairs(self._first(1.0 - points, 1.0 + points))
        columns = {"kernel": self._chosen(found), "kernel_error": found.error}
        columns["status"] = np.full(points.size, "converged")
        settings, symbols = {"verb": "kernel", "kernel": self.settings()}, {"cos": r"\cos\theta"}
        return curve(columns, {"cos": points}, settings, main="kernel", symbols=symbols)

    def matrix(self, X: Any) -> np.ndarray:
        """The kernel between the rows of X (P, D), of any norm: a symmetric matrix (P, P)."""
        return self.matrix_with_error(X)[0]

    def matrix_with_error(self, X: Any) -> tuple[np.ndarray, float]:
        """`matrix`, and the largest error of an entry."""
        X = rows(X)
        pairs, upper = between(X, self.weight_variance, self.bias_variance)
        found = self.of_pairs(pairs)
        table = np.empty((len(X), len(X)))
        table[upper] = table.T[upper] = self._chosen(found)
        return table, float(np.max(found.error))

    def rate(self, X: Any) -> Quantity:
        r"""Least eigenvalue of `matrix`: the Polyak-Lojasiewicz constant mu, ``|grad L|^2 >= 2 mu L``.

        Gradient flow of ``L = sum (f - y)^2/2`` falls at least like ``exp(-2 mu t)``.
        """
        from scipy.linalg import eigvalsh

        table, error = self.matrix_with_error(X)
        values = eigvalsh(table)
        # entries are off by at most the error, a symmetric matrix of such entries by that times its size
        slack = len(table) * error + 4e-16 * np.sqrt(len(table)) * float(np.max(np.abs(values)))
        status = "converged"
        if values[0] < slack:
            status += "; not told from 0: such kernels are blind to part of the data, or rows of X coincide"
        return Quantity(float(values[0]), float(slack), status)

    def descent(self, X: Any, y: Any, *, step_size: Any = None, steps: Any = None, time: Any = None) -> xarray.Dataset:
        r"""Gradient descent of the wide network on ``L = sum_mu (f_mu - y_mu)^2/2``, from the zero function.

        Parameters
        ----------
        X, y : array, shapes (P, D) and (P,)
            Patterns and targets.
        step_size : float
            eta, with ``steps``; above ``2/lambda_max`` they diverge, and the status says so.
        steps : increasing grid of whole numbers
            Steps after which the loss is told: ``sum_i (v_i.y)^2 (1 - eta lambda_i)^(2k)/2``.
        time : increasing grid
            Instead, times of gradient flow: ``sum_i (v_i.y)^2 exp(-2 lambda_i t)/2``.

        Returns
        -------
        xarray.Dataset
            ``loss`` over ``step`` or ``time`` with its error and status; ``attrs["rate"]`` is the least eigenvalue.
        """
        from replica.wide.fixed_kernel import descent

        return descent(self, X, y, step_size, steps, time)

    def eigenvalues(self, *, dimension: Any, degrees: Any = None) -> xarray.Dataset:
        r"""Eigenvalues for inputs uniform on the sphere ``|x|^2 = D``, by the degree of the polynomials.

        Parameters
        ----------
        dimension : int
            D, at least 2.
        degrees : sequence of int
            Default: 0 to 20.

        Returns
        -------
        xarray.Dataset
            ``eigenvalue`` and ``multiplicity`` over ``degree``; ``attrs["trace"]`` is the sum of their products.
        """
        from replica.wide.sphere import dataset

        return dataset(self, dimension, degrees)

    def least_eigenvalue(self, *, samples: Any, dimension: Any) -> Quantity:
        """Lower edge of the spectrum of `matrix` for many inputs uniform on the sphere.

        The mean least eigenvalue of ``samples`` inputs lies above it by ``O(samples^(-2/3))``.
        """
        from replica.wide.edge import least_eigenvalue

        return least_eigenvalue(self, samples, dimension)

    def finite_width(self, X: Any, *, width: int, samples: int = 20, seed: int = 0) -> xarray.Dataset:
        """Networks of finite width at random, an independent simulation: ``theory``, ``simulation``,
        ``standard_error`` and ``z`` over pairs of rows of X. Unbiased for two layers, else ``O(1/width)`` off.
        """
        from replica.wide.witness import at_random

        return at_random(self, X, width, samples, seed)

    def finite_descent(
        self, X: Any, y: Any, *, width: int, step_size: float, steps: Any, samples: int = 4, seed: int = 0
    ) -> xarray.Dataset:
        """Networks of finite width that learn: their losses beside `descent` (off by ``O(1/sqrt(width))``), and
        ``least_ratio``, the least ``|gradient|^2/(2 loss)`` that each of them passes, beside ``attrs["rate"]``.
        """
        from replica.wide.witness import trained

        return trained(self, X, y, width, step_size, steps, samples, seed)

    def of_angles(self, angle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Values and errors at angles between inputs of squared norm D."""
        found = self.of_pairs(self._first(*at_angle(angle)))
        return self._chosen(found), found.error

    def of_pairs(self, pair: Pair) -> Layers:
        """Both kernels of pairs of first fields."""
        return through(
            self.activation, pair, self.layers, self.weight_variance, self.bias_variance,
            self.trained == TRAINED[1], self.kind == KINDS[0],
        )

    def settings(self) -> dict[str, Any]:
        """All that defines it, for records."""
        names = "layers", "weight_variance", "bias_variance", "kind", "trained"
        return {"activation": self.activation.settings()} | {name: getattr(self, name) for name in names}

    def _chosen(self, found: Layers) -> np.ndarray:
        return found.tangent if self.kind == KINDS[0] else found.covariance

    def _first(self, near: np.ndarray, far: np.ndarray) -> Pair:
        """First fields of inputs of squared norm D: ``near = 1 - cos``, ``far = 1 + cos``."""
        norm = np.full_like(near, self.weight_variance + self.bias_variance)
        return Pair(norm, norm, self.weight_variance * near, self.weight_variance * far + 2.0 * self.bias_variance)

    def __str__(self) -> str:
        trained = ", first layer trained" if self.trained == TRAINED[1] else ""
        return f"{self.kind} of {self.layers} layers of {self.activation}{trained}"


def kernel(
    activation: str | Activation | Callable[[np.ndarray], np.ndarray],
    *,
    layers: int = 2,
    weight_variance: float = 1.0,
    bias_variance: float = 0.0,
    kind: str = "ntk",
    trained: str = "all",
) -> WideKernel:
    r"""The kernel of an infinitely wide, fully connected network in the tangent-kernel parametrisation.

    .. math:: h^1 = \sqrt{w_w/D}\,W x + \sqrt b\,\beta,\qquad h^{l+1} = \sqrt{w_w/n_l}\,W g(h^l) + \sqrt b\,\beta

    with all W and beta standard Gaussian. Near the diagonal angles are taken from differences of inputs, so that no
    digits are lost.

    Parameters
    ----------
    activation : str, Activation or callable
        Of the hidden units: a registered name (see ``replica list``), a member, or a function of arrays.
    layers : int
        Matrices of weights, at least 1 (a linear model).
    weight_variance, bias_variance : float
        ``w_w > 0`` and ``b >= 0``. Other programs give standard deviations.
    kind : {"ntk", "nngp"}
        The tangent kernel, or the covariance of the outputs of networks at random.
    trained : {"all", "first"}
        ``"first"``: only the first matrix (and its bias), as in the convergence proofs of two-layer networks.

    Returns
    -------
    WideKernel
        ``kernel(cos)``, ``.matrix(X)``, ``.eigenvalues``, ``.least_eigenvalue``, ``.rate``, ``.descent``.

    Raises
    ------
    ValueError
        Activations whose slope has an infinite second moment (sign) for ``"ntk"``; what no name stands for; variances
        that are not positive.

    See Also
    --------
    kernel_regression : The learning curve that follows.
    committee : A network with a finite load per weight.

    Notes
    -----
    When not to use it: networks that learn features. The kernel is that of infinite width at any fixed number of
    patterns; at width n a network's own kernel differs by ``O(1/sqrt n)`` and drifts as it learns. ``erf`` is erf(x).

    References
    ----------
    A. Jacot, F. Gabriel and C. Hongler, NeurIPS 31 (2018); Y. Cho and L. Saul, NeurIPS 22 (2009), eq. (6);
    C. Williams, NeurIPS 9 (1997), eq. (11); S. Du, X. Zhai, B. Poczos and A. Singh, ICLR (2019) for the first layer.

    Examples
    --------
    The Gram matrix of a trained first layer, ``cos(theta) (pi - theta)/(2 pi)``:

    >>> import replica
    >>> hidden = replica.kernel("relu", trained="first")
    >>> print(f"{hidden(0.5):.6f}")
    0.166667
    """
    found = Activation.made_of("activation", activation)
    layers = whole("layers", layers, low=1)
    variance, bias = number("weight_variance", weight_variance), number("bias_variance", bias_variance)
    return WideKernel(found, layers, variance, bias, kind, trained)
