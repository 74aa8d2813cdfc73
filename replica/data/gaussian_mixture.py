"""Two Gaussian clusters, one for each label."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from replica._checks import number, one_of, shown, sized
from replica._registry import exact, per_row
from replica.data._centroid import EPS, centroid_overlap, clipped_overlap, strength_of
from replica.data._enclosed import EnclosedClass
from replica.data._pairs import PairChannel, PairOverlaps
from replica.data.base import (
    Channel,
    Classes,
    Data,
    Overlaps,
    Patterns,
    by_label,
    nudged_balance,
)
from replica.losses._enclosed_fields import GaussianField
from replica.weights.base import Weights
from replica.weights.law import Law
from saddlepoint.enclosures import Functions
from saddlepoint.special import tail

OPTIMAL = "optimal"


@dataclass(frozen=True)
class GaussianMixture(Data):
    r"""Inputs ``x = label v/sqrt(N) + sqrt(noise) z`` around a centroid v, ``|v|^2 = N``, ``P(label=+1) = balance``.

    The stability ``h = label (w.x/sqrt(N) + b)`` has mean ``m + label b`` and variance ``noise q``, with ``m = w.v/N``,
    ``q = |w|^2/N``. Weights w with bias b err on a new pattern with probability
    ``rho H((m+b)/sqrt(noise q)) + (1-rho) H((m-b)/sqrt(noise q))``, rho the balance.

    When not to use it: clusters of different or not isotropic covariances; take `Clusters`, and for a data set
    `from_data`.

    Parameters
    ----------
    noise : float
        Variance of every component around its cluster, above 0.
    balance : float
        Share of the label +1, in (0, 1).
    bias : bool, float or "optimal"
        ``True``: learned with the weights, without a penalty; ``False``: 0; a number: held; ``"optimal"``: the number
        that, held while the weights are learned, makes the fewest errors on new patterns.
    centroid : str, Weights or None
        What the components of v are drawn from, scaled to ``|v|^2 = N``: a difference for weights from an alphabet.
        None: N(0, 1).

    See Also
    --------
    Clusters : Means and covariances of their own.
    mixture : A model of it.
    from_data : Clusters like those of a data set.

    References
    ----------
    F. Mignacco, F. Krzakala, Y. Lu, P. Urbani and L. Zdeborova, ICML (2020), eqs. (1)-(2); M. Lelarge and L. Miolane,
    IEEE CAMSAP (2019).

    Examples
    --------
    >>> import replica
    >>> data = replica.GaussianMixture(noise=0.5, balance=0.3)
    >>> solution = replica.solve(replica.Model(weights="gaussian", loss="logistic", data=data), alpha=2.0)
    >>> print(f"{solution['bias']:.10f} {solution['generalization_error']:.10f} {solution.errors['bias'] < 1e-12}")
    -0.7328868321 0.2114455907 True
    """

    noise: float = 1.0
    balance: float = 0.5
    bias: Any = True
    centroid: Any = None
    name: ClassVar[str] = "mixture"
    parameters: ClassVar[dict[str, str]] = {"noise": "noise", "balance": "balance", "bias": "bias"}
    overlaps: ClassVar[tuple[str, ...]] = ("m",)
    separable: ClassVar[bool] = True
    classes: ClassVar[Classes] = Classes.GAUSSIAN

    def __post_init__(self) -> None:
        object.__setattr__(self, "noise", sized("noise", self.noise, low=0.0, open_low=True))
        balance = number("balance", self.balance, low=0.0, high=1.0, open_low=True, open_high=True)
        object.__setattr__(self, "balance", balance)
        if isinstance(self.centroid, str):
            one_of("centroid", self.centroid, Weights.registry)
            object.__setattr__(self, "centroid", Weights.registry[self.centroid]())
        if self.centroid is not None and not isinstance(self.centroid, Weights):
            raise ValueError(f"centroid must be None, a name or Weights, got {shown(self.centroid)}")
        if isinstance(self.bias, str):
            if self.bias != OPTIMAL:
                raise ValueError(f"bias must be True, False, a number or {OPTIMAL!r}, got {shown(self.bias)}")
        elif isinstance(self.bias, (bool, np.bool_)):
            object.__setattr__(self, "bias", bool(self.bias))
        else:
            if self.bias is None:
                raise ValueError(f"bias must be True, False, a number or {OPTIMAL!r}, got None")
            object.__setattr__(self, "bias", sized("bias", self.bias))

    @property
    def trained(self) -> tuple[str, ...]:
        return ("bias",) if self.bias is True else ()

    @property
    def tuned(self) -> tuple[str, ...]:
        return ("bias",) if isinstance(self.bias, str) else ()

    def reported(self, size: int) -> dict[str, np.ndarray]:
        return {"bias": self.held * np.ones(size)}

    def symmetric(self, size: int) -> np.ndarray:
        return per_row(self.balance, size) == 0.5

    def nudged(self, share: float) -> GaussianMixture:
        found = self.learned({"bias": self.bias})
        object.__setattr__(found, "balance", nudged_balance(self.balance, share))
        return found

    def towards(self, share: np.ndarray) -> GaussianMixture:
        """From clusters as wide as they are apart, of sizes that hardly differ."""
        odds = np.log(self.balance) - np.log1p(-np.asarray(self.balance))
        near = np.clip(odds, -1.0, 1.0)
        found = self.learned({"bias": self.bias})
        object.__setattr__(found, "noise", np.asarray(self.noise) ** share)
        object.__setattr__(found, "balance", 1.0 / (1.0 + np.exp(-(near + share * (odds - near)))))
        return found

    def width(self, size: int) -> np.ndarray:
        return per_row(self.noise, size)

    def best_bias(self, q: np.ndarray, m: np.ndarray) -> np.ndarray:
        """``noise q ln(rho/(1-rho))/(2m)`` of given weights, which need not have learned at it."""
        return self.noise * q * np.log(self.balance / (1.0 - self.balance)) / (2.0 * m)

    def first_guess(self, q: np.ndarray, m: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.best_bias(q, m), np.sqrt(self.noise * q)

    def learned(self, values: Mapping[str, Any]) -> GaussianMixture:
        copy = object.__new__(GaussianMixture)  # of what has been checked
        for name, value in vars(self).items():
            object.__setattr__(copy, name, value)
        object.__setattr__(copy, "bias", values["bias"])
        return copy

    @property
    def held(self) -> Any:
        """The bias that is imposed; 0 where it is not a number."""
        return 0.0 if isinstance(self.bias, (bool, str)) else self.bias

    @property
    def oracle_error(self) -> Any:  # type: ignore[override]
        return self.oracle_errors()["generalization_error"]

    def oracle_errors(self) -> dict[str, Any]:
        """Of the rule that knows the centroid: ``m = q = 1`` at its best bias."""
        size = np.size(self.noise * self.balance)
        one = np.ones(size)
        bias = 0.5 * self.noise * np.log(self.balance / (1.0 - self.balance)) * one
        at = Overlaps(one, 0.0 * one, one, 0.0 * one)
        found = self.learned({"bias": bias}).generalization(at)
        return found if np.ndim(self.noise * self.balance) else {name: float(x[0]) for name, x in found.items()}

    @property
    def held_bias(self) -> float:  # type: ignore[override]
        return float(self.held)

    def pinned(self, weights: Weights) -> GaussianMixture:
        gaussian = self.centroid is not None and self.centroid.law().values is None  # as without one
        return replace(self, bias=False, centroid=None if gaussian else self.centroid)

    def follow(self, bias: float) -> GaussianMixture:
        return replace(self, bias=bias) if self.bias is True or isinstance(self.bias, str) else self

    def rule_errors(
        self, rule: str, alpha: np.ndarray, labelled: float, name: str = "generalization_error"
    ) -> tuple[np.ndarray, np.ndarray, list[str]]:
        """``sign(w.x/sqrt(N) + b)`` at the best bias ``b = noise Q ln(rho/(1-rho))/(2m)``, ``Q = |w|^2/N``.

        Posterior mean: ``m = Q``; Hebb vector of the labelled: ``m^2/Q = 1/(1 + noise/(labelled alpha))``; signs:
        ``Q = 1``.
        """
        own, hebb, signs = labelled * alpha / self.noise, rule.endswith("hebb"), rule.startswith("clipped")
        q, slack, found = own / (1.0 + own), 4 * EPS * np.ones(alpha.size), np.ones(alpha.size, dtype=bool)
        if not hebb:
            q, slack, found = centroid_overlap(self, alpha, labelled)
        values = []
        for at in (q, q + slack):
            seen = clipped_overlap(self.centroid, own if hebb else strength_of(self, alpha, labelled, at))
            values.append(self._best_error(seen if signs else np.sqrt(at), name))
        weights = f"{'the signs of ' if signs else ''}{'the Hebb vector' if hebb else 'the posterior mean'}"
        said = f"converged; {'Bayes-optimal' if rule == 'bayes' else f'the best rule with {weights}'}"
        sentences = [said if good else "not converged: the overlap with the centroid was not found" for good in found]
        error = np.abs(values[1] - values[0]) + 1e-15 * (q > 0)  # nothing known is known exactly
        return np.where(found, values[0], np.nan), np.where(found, error, np.nan), sentences

    def _best_error(self, cosine: np.ndarray, name: str) -> np.ndarray:
        """Error of weights of norm 1 with that overlap with the centroid, at their best bias."""
        m, zero = np.maximum(cosine, 1e-140), np.zeros(cosine.size)
        bias = 0.5 * self.noise * np.log(self.balance / (1.0 - self.balance)) / m
        at = Overlaps(np.ones(cosine.size), zero, m, zero)
        return self.learned({"bias": bias}).generalization(at)[name]

    def law(self, weights: Weights) -> Law:
        return Law() if self.centroid is None else self.centroid.law().seen_by(weights)

    def generalization(self, overlaps: Overlaps) -> dict[str, np.ndarray]:
        """For one classifier, of norm ``Q = q + variance``, and for the barycentre, of norm q; of either label
        ``H((m +- b)/sqrt(noise Q))``.
        """
        found: dict[str, Any] = {}
        bias = self.held
        for name, norm in (("", overlaps.q + overlaps.variance), ("_centre", overlaps.q)):
            scale = np.sqrt(self.noise * norm)
            with np.errstate(divide="ignore", invalid="ignore"):  # weights of 0: the bias alone decides
                positive, negative = (np.exp(tail((overlaps.m + sign * bias) / scale)[0]) for sign in (1, -1))
            found |= by_label(positive, negative, self.balance, name)
        return found

    def log_error(self, overlaps: Overlaps) -> np.ndarray:
        scale = np.sqrt(self.noise * (overlaps.q + overlaps.variance))
        positive, negative = (tail((overlaps.m + sign * self.held) / scale)[0] for sign in (1, -1))
        return np.logaddexp(np.log(self.balance) + positive, np.log1p(-np.asarray(self.balance)) + negative)

    def channels(self, overlaps: Overlaps) -> list[Channel]:
        deviation, variance = np.sqrt(self.noise * overlaps.q), self.noise * overlaps.variance
        rows, bias = np.ones_like(deviation), self.held
        found = []
        for sign, chance in ((1.0, self.balance), (-1.0, 1.0 - self.balance)):
            mean = (overlaps.m + sign * bias) * rows
            levers = {"m": 1.0, "bias": sign}
            found.append(Channel(chance, mean, deviation, variance * rows, gain=self.noise, levers=levers))
        return found

    def pair_channels(self, m: float, bias: float, at: PairOverlaps) -> list[PairChannel]:
        scale, own = float(np.sqrt(self.noise)), self.held_bias / at.root
        classes: tuple[tuple[float, float], ...] = ((1.0, self.balance), (-1.0, 1.0 - self.balance))
        if bias == 0.0 and own == 0.0:  # both clusters are alike
            classes = ((1.0, 1.0),)
        return [PairChannel(chance, m + sign * bias, at.m + sign * own, scale) for sign, chance in classes]

    def draw(
        self, rng: np.random.Generator, inputs: np.ndarray, weights: Weights, output: Callable[..., np.ndarray]
    ) -> Patterns:
        """Labels by chance; the inputs are the noise, moved to their clusters."""
        size = inputs.shape[1]
        draw = rng.standard_normal(size) if self.centroid is None else self.centroid.sample(rng, size)
        centroid = draw * np.sqrt(size / np.sum(draw**2))
        labels = np.where(rng.random(len(inputs)) < self.balance, 1.0, -1.0)
        return Patterns(labels[:, None] * centroid / np.sqrt(size) + np.sqrt(self.noise) * inputs, labels, centroid)

    def reference_generalization(self, overlaps: Overlaps, mp: Any) -> dict[str, Any]:
        noise, balance, bias = (exact(x, mp) for x in (self.noise, self.balance, self.held))
        scale = mp.sqrt(2 * noise * (overlaps.q + overlaps.variance))
        wrong = [mp.erfc((overlaps.m + sign * bias) / scale) / 2 for sign in (1, -1)]
        return {"generalization_error": balance * wrong[0] + (1 - balance) * wrong[1]}

    def enclosed_classes(self, overlaps: Overlaps) -> list[EnclosedClass]:
        found = []
        for channel in self.reference_channels(overlaps, Functions):
            law = GaussianField(channel.mean, channel.deviation)
            scores = {name: (lever, law) for name, lever in (channel.levers or {}).items()}
            found.append(EnclosedClass(channel.probability, law, channel.gain, scores))
        return found

    def reference_channels(self, overlaps: Overlaps, mp: Any) -> list[Channel]:
        noise, balance = exact(self.noise, mp), exact(self.balance, mp)
        deviation, variance = mp.sqrt(noise * overlaps.q), noise * overlaps.variance
        found = []
        for sign, chance in ((1, balance), (-1, 1 - balance)):
            mean = overlaps.m + sign * exact(self.held, mp)
            levers = {"m": 1.0, "bias": float(sign)}
            found.append(Channel(chance, mean, deviation, variance, gain=noise, levers=levers))
        return found
