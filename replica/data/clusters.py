"""Two Gaussian clusters with means and covariances of their own, in a given number of dimensions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, ClassVar

import numpy as np

from replica._checks import number, real, sized
from replica._registry import per_row
from replica.data._shapes import Shapes
from replica.data.base import Channel, Data, Overlaps, Patterns, by_label, nudged_balance
from replica.weights.base import Weights
from replica.weights.law import Law
from saddlepoint.special import tail

ONLY = "clusters of general covariance are solved for penalised (Gaussian) weights at beta = inf by RS"


@dataclass(frozen=True, eq=False)
class Clusters(Data):
    r"""Inputs ``x = mu_label + S_label^{1/2} z`` in N dimensions, ``P(label=+1) = balance``.

    The stability ``h = label (w.x/sqrt(N) + b)`` has mean ``label (a_label + b)`` and variance ``q_label``, with
    ``a_s = w.mu_s/sqrt(N)`` and ``q_s = w.S_s w/N``. N is that of the arrays: theory treats their spectra as those of
    a large system, with corrections of order 1/N where N is small. Reported are ``q = |w|^2/N``,
    ``m = w.(mu_+ - mu_-)/(2 sqrt(N))`` and ``V``, the mean response of the weights.

    When not to use it: anything but penalised (Gaussian) weights at ``beta = inf`` with `RS`; where both covariances
    are one multiple of the identity `GaussianMixture` is quicker and has more verbs.

    Parameters
    ----------
    means : array, shape (2, N) or (N,)
        Of the labels +1 and -1; one row stands for ``+-`` itself.
    covariances : array, shape (2, N, N), (2, N), (2,), or one of them without the leading 2
        Of the labels +1 and -1: matrices, diagonals, or multiples of the identity; one for both. With N = 2 shapes (2,)
        and (2, 2) could mean either and are refused: give (2, 2, 2).
    balance : float
        Share of the label +1, in (0, 1).
    bias : bool or float
        ``True``: learned with the weights, without a penalty; ``False``: 0; a number: held.

    Raises
    ------
    ValueError
        Arrays that do not fit or are not finite; covariances that are not symmetric and positive semidefinite.

    See Also
    --------
    GaussianMixture : Isotropic clusters.
    clusters : A model of it.
    from_data : Clusters like those of a data set.

    References
    ----------
    B. Loureiro, G. Sicuro, C. Gerbelot, A. Pacco, F. Krzakala and L. Zdeborova, NeurIPS (2021), eqs. (9)-(13).

    Examples
    --------
    >>> import numpy as np, replica
    >>> v = np.linspace(-1, 1, 40)
    >>> same = replica.clusters("logistic", means=v / np.linalg.norm(v), covariances=0.5)
    >>> known = replica.mixture("logistic", noise=0.5)
    >>> bool(abs(replica.solve(same, alpha=2.0)["q"] - replica.solve(known, alpha=2.0)["q"]) < 1e-12)
    True
    """

    means: Any = None
    covariances: Any = None
    balance: float = 0.5
    bias: Any = True
    shapes: Any = field(default=None, repr=False)
    name: ClassVar[str] = "clusters"
    parameters: ClassVar[dict[str, str]] = {"balance": "balance", "bias": "bias"}
    overlaps: ClassVar[tuple[str, ...]] = ("m",)

    def __post_init__(self) -> None:
        balance = number("balance", self.balance, low=0.0, high=1.0, open_low=True, open_high=True)
        object.__setattr__(self, "balance", balance)
        bias = bool(self.bias) if isinstance(self.bias, (bool, np.bool_)) else sized("bias", self.bias)
        object.__setattr__(self, "bias", bias)
        made = self.shapes
        if made is None or made.means is not self.means or made.covariances is not self.covariances:
            means = _means(self.means)
            made = Shapes(means, _covariances(self.covariances, means.shape[1]))
        for name in ("means", "covariances"):
            object.__setattr__(self, name, getattr(made, name))
        object.__setattr__(self, "shapes", made)

    @classmethod
    def examples(cls) -> list[Clusters]:
        """None for the contracts of all data, which are about data of any size and measures at any temperature."""
        return []

    @property
    def labels(self) -> tuple[tuple[float, Any], ...]:
        """Label and share of both clusters."""
        return (1.0, self.balance), (-1.0, 1.0 - self.balance)

    @property
    def trained(self) -> tuple[str, ...]:
        return ("bias",) if self.bias is True else ()

    @property
    def held(self) -> Any:
        """The bias that is imposed; 0 where it is not a number."""
        return 0.0 if isinstance(self.bias, bool) else self.bias

    @property
    def held_bias(self) -> float:  # type: ignore[override]
        return float(self.held)

    def reported(self, size: int) -> dict[str, np.ndarray]:
        return {"bias": per_row(self.held, size)}

    def symmetric(self, size: int) -> np.ndarray:
        mirrored = np.array_equal(self.means[0], -self.means[1])
        return (per_row(self.balance, size) == 0.5) & (mirrored and np.array_equal(*self.covariances))

    def width(self, size: int) -> np.ndarray:
        apart = 0.25 * np.sum((self.means[0] - self.means[1]) ** 2)
        return np.full(size, self.shapes.scale.mean() / max(apart, 1e-300))

    def nudged(self, share: float) -> Clusters:
        return self._with({"balance": nudged_balance(self.balance, share)})

    def learned(self, values: Mapping[str, Any]) -> Clusters:
        return self._with({"bias": values["bias"]})

    def take(self, index: np.ndarray) -> Clusters:
        rows = {name: getattr(self, name) for name in ("balance", "bias")}
        changes = {name: value[index] for name, value in rows.items() if isinstance(value, np.ndarray)}
        return self._with(changes) if changes else self

    def _with(self, changes: dict[str, Any]) -> Clusters:
        copy = object.__new__(Clusters)  # of what has been checked
        for name, value in (vars(self) | changes).items():
            object.__setattr__(copy, name, value)
        return copy

    def settings(self) -> dict[str, Any]:
        """Name and numbers; arrays by their size and a digest."""
        parts = {"name": self.name, "dimension": self.shapes.dimension}
        for name in ("means", "covariances"):
            parts[name] = sha256(np.ascontiguousarray(getattr(self, name)).tobytes()).hexdigest()[:16]
        rows = {"balance": self.balance, "bias": self.bias}
        return parts | {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in rows.items()}

    def __str__(self) -> str:
        return f"Clusters(dimension={self.shapes.dimension}, balance={self.balance}, bias={self.bias})"

    def law(self, weights: Weights) -> Law:
        return Law()

    def errors(self, mean: np.ndarray, variance: np.ndarray, suffix: str = "") -> dict[str, np.ndarray]:
        """``sum_s p_s H(s (a_s + b)/sqrt(q_s))`` of the fields of both clusters, ``mean = a`` and variance (B, 2), and
        its terms.
        """
        signs = [sign for sign, _ in self.labels]
        positive, negative = (
            np.exp(tail(s * (mean[:, k] + self.held) / np.sqrt(variance[:, k]))[0]) for k, s in enumerate(signs)
        )
        return by_label(positive, negative, self.balance, suffix)

    def error_of(self, weights: np.ndarray, direction: np.ndarray | None) -> dict[str, float]:
        root = np.sqrt(self.shapes.dimension)
        variance = [weights @ one @ weights / root**2 for one in self.covariances]
        found = self.errors((self.means @ weights / root)[None, :], np.array([variance]))
        return {name: float(value[0]) for name, value in found.items()}

    def generalization(self, overlaps: Overlaps) -> dict[str, np.ndarray]:
        raise ValueError(ONLY)

    def channels(self, overlaps: Overlaps) -> list[Channel]:
        raise ValueError(ONLY)

    def resting(self, size: int) -> list[Channel]:
        one, zero = np.ones(size), np.zeros(size)
        return [Channel(p, s * self.held * one, one, zero, levers={"bias": s}) for s, p in self.labels]

    @property
    def oracle_error(self) -> float:  # type: ignore[override]
        raise ValueError("the best rule between clusters of different covariances is quadratic: no estimator 'oracle'")

    def rule_errors(self, rule: str, alpha: np.ndarray, labelled: float, name: str = "generalization_error") -> Any:
        raise ValueError(f"the rule {rule!r} of the data is here for clusters of one variance, not {self}")

    def draw(
        self, rng: np.random.Generator, inputs: np.ndarray, weights: Weights, output: Callable[..., np.ndarray]
    ) -> Patterns:
        """Labels by chance; the inputs are the noise, shaped and moved to their clusters."""
        size = self.shapes.dimension
        if inputs.shape[1] != size:
            raise ValueError(f"n must be {size}, the dimension of these clusters, got {inputs.shape[1]}")
        labels = np.where(rng.random(len(inputs)) < self.balance, 1.0, -1.0)
        found = np.empty_like(inputs)
        for k, sign in enumerate((1.0, -1.0)):
            own = labels == sign
            found[own] = self.means[k] + inputs[own] @ self.shapes.root(k)
        return Patterns(found, labels, 0.5 * np.sqrt(size) * (self.means[0] - self.means[1]))


def _array(argument: str, given: Any) -> np.ndarray:
    try:
        found = real(given).copy()
    except (TypeError, ValueError):
        found = np.array(np.nan)
    if given is None or not np.all(np.isfinite(found)):
        raise ValueError(f"{argument} must be an array of finite real numbers, got {type(given).__name__}")
    sized(f"the largest of {argument}", float(np.abs(found).max(initial=0.0)))
    return found


def _means(given: Any) -> np.ndarray:
    found = _array("means", given)
    if found.ndim == 1:
        found = np.array([found, -found])
    if found.ndim != 2 or len(found) != 2 or found.shape[1] < 1:
        raise ValueError(f"means must have shape (2, N) or (N,), got {np.shape(given)}")
    return found


def _covariances(given: Any, n: int) -> np.ndarray:
    """Both as matrices (2, N, N)."""
    found = _array("covariances", given)
    if found.shape in ((2,), (2, 2)) and n == 2:
        raise ValueError(f"covariances must have shape (2, 2, 2) or () where {found.shape} may be of labels or axes")
    if found.ndim == 0 or found.shape in ((n,), (n, n)):
        found = np.array([found, found])
    if found.shape == (2,):
        found = found[:, None] * np.ones(n)
    if found.shape == (2, n):
        found = found[:, :, None] * np.eye(n)
    if found.shape != (2, n, n):
        raise ValueError(f"covariances must have shape (2, {n}, {n}), (2, {n}) or (2,), got {np.shape(given)}")
    if np.any(np.abs(found - np.swapaxes(found, 1, 2)) > 1e-10 * np.abs(found).max(axis=(1, 2), keepdims=True)):
        raise ValueError("covariances must be symmetric")
    return 0.5 * (found + np.swapaxes(found, 1, 2))
