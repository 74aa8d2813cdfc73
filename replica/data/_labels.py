"""How a label follows from the teacher's field, of variance rho: its sign, itself, or by chance. No inputs here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from replica._registry import exact
from replica.data._chances import Chance
from replica.data.base import Channel, Overlaps
from replica.data.teacher import Teacher
from saddlepoint.quadrature.panels import gaussian_nodes
from saddlepoint.special import tail

Density = tuple[np.ndarray, dict[str, np.ndarray]]


class Labels:
    """Labels given the teacher's field; overlaps are with the field in units of its deviation, ``m/sqrt(rho)``.

    ``residual``: labels are real, and a cost acts on ``1 - (y - h)``; ``even``: -y at the field -nu is as likely as y.
    """

    residual = False
    even = True
    rho: Any
    noise: Any

    def channels(self, at: Overlaps) -> list[Channel]:
        """The classes of patterns."""
        raise TypeError(f"{type(self).__name__} must define it")

    def errors(self, at: Overlaps) -> tuple[Any, Any]:
        """Of a student on new labels, and against the teacher's field without noise."""
        raise TypeError(f"{type(self).__name__} must define it")

    def drawn(self, rng: np.random.Generator, field: np.ndarray) -> np.ndarray:
        """Labels at given fields."""
        raise TypeError(f"{type(self).__name__} must define it")

    def line(self) -> tuple[float, float]:
        """``E[y nu]/rho`` and ``E y^2``: all that least squares sees of labels."""
        raise TypeError(f"{type(self).__name__} must define it")

    def told(self, q: np.ndarray, level: int) -> np.ndarray:
        """What a pattern tells Bayes' rule at its overlap q, ``q_hat/alpha``."""
        raise TypeError(f"{type(self).__name__} must define it")

    def best(self, q: np.ndarray, level: int) -> np.ndarray:
        """The error of that rule."""
        raise TypeError(f"{type(self).__name__} must define it")


@dataclass(frozen=True)
class Signs(Labels):
    """``sign(nu + sqrt(noise) z)``, of which a share ``flips`` is turned: a `Teacher` in units of its deviation."""

    rho: Any
    noise: Any = 0.0
    flips: Any = 0.0

    @property
    def teacher(self) -> Teacher:
        return Teacher(noise=self.noise / self.rho)

    def channels(self, at: Overlaps) -> list[Channel]:
        plain, turned = self.teacher.channels(at)[0], np.asarray(self.flips)[..., None]
        seen = plain.density
        assert seen is not None

        def density(z: np.ndarray) -> Density:
            weight, scores = seen(z)
            left = 1.0 - 2.0 * turned
            return 2.0 * turned + left * weight, {name: left * score for name, score in scores.items()}

        return [plain if np.all(turned == 0) else plain._replace(density=density)]

    def reference_channels(self, at: Overlaps, mp: Any) -> list[Channel]:
        plain, turned = self.teacher.reference_channels(at, mp)[0], exact(self.flips, mp)
        seen = plain.density
        assert seen is not None

        def density(z: Any) -> Any:
            weight, scores = seen(z)
            return 2 * turned + (1 - 2 * turned) * weight, {n: (1 - 2 * turned) * s for n, s in scores.items()}

        return [plain._replace(density=density)]

    def errors(self, at: Overlaps) -> tuple[Any, Any]:
        found = self.teacher.generalization(at)["generalization_error"]
        clean = Teacher().generalization(at)["generalization_error"]
        return self.flips + (1.0 - 2.0 * self.flips) * found, clean

    def reference_errors(self, at: Overlaps, mp: Any) -> Any:
        found, turned = self.teacher.reference_generalization(at, mp)["generalization_error"], exact(self.flips, mp)
        return turned + (1 - 2 * turned) * found

    def line(self) -> tuple[float, float]:
        left = 1.0 - 2.0 * float(self.flips)
        return left * float(np.sqrt(2.0 / (np.pi * (self.rho + self.noise)))), 1.0

    def drawn(self, rng: np.random.Generator, field: np.ndarray) -> np.ndarray:
        seen = np.where(field + np.sqrt(self.noise) * rng.standard_normal(field.size) >= 0, 1.0, -1.0)
        return np.where(rng.random(field.size) < self.flips, -seen, seen)

    def told(self, q: np.ndarray, level: int) -> np.ndarray:
        """``E (dZ/d omega)^2 / Z`` over both labels, ``Z = eps + (1-2 eps) Phi(omega/s)``, omega of variance q."""
        left, blur = 1.0 - 2.0 * np.asarray(self.flips), np.sqrt(self.rho + self.noise - q)
        lean = np.sqrt(q) / blur
        zero = np.zeros((q.size, 1))
        z, weight = gaussian_nodes(zero, 1.0 / np.maximum(lean, 1e-300)[:, None], np.zeros((q.size, 0)), level)
        u = lean[:, None] * z
        chance = self._chance(u)
        slope = np.asarray(left)[..., None] * np.exp(-0.5 * u * u) / np.sqrt(2.0 * np.pi)
        return np.asarray(2.0 * (weight * slope**2 / chance).sum(axis=1) / blur**2)

    def best(self, q: np.ndarray, level: int) -> np.ndarray:
        angle = np.arctan2(np.sqrt(self.rho + self.noise - q), np.sqrt(q)) / np.pi
        return np.asarray(self.flips + (1.0 - 2.0 * np.asarray(self.flips)) * angle)

    def _chance(self, u: np.ndarray) -> np.ndarray:
        turned = np.asarray(self.flips)[..., None]
        return turned + (1.0 - 2.0 * turned) * np.exp(tail(-u)[0])


@dataclass(frozen=True)
class Real(Labels):
    """``nu + sqrt(noise) z`` itself: the residual of a student is Gaussian, of variance rho + q - 2m, and noise.

    ``transverse`` is that variance without the noise: what is left of the teacher's field, with no cancellation.
    """

    rho: Any
    noise: Any = 0.0
    residual = True

    def channels(self, at: Overlaps) -> list[Channel]:
        whole, one = self.noise + at.transverse, np.ones_like(at.q)
        return [Channel(1.0, one, np.sqrt(np.maximum(whole, 1e-300)), at.variance)]

    def reference_channels(self, at: Overlaps, mp: Any) -> list[Channel]:
        whole = exact(self.noise, mp) + at.transverse
        return [Channel(mp.one, mp.one, mp.sqrt(whole), at.variance)]

    def errors(self, at: Overlaps) -> tuple[Any, Any]:
        return self.noise + at.transverse, at.transverse

    def reference_errors(self, at: Overlaps, mp: Any) -> Any:
        return exact(self.noise, mp) + at.transverse

    def line(self) -> tuple[float, float]:
        return 1.0, float(self.rho + self.noise)

    def drawn(self, rng: np.random.Generator, field: np.ndarray) -> np.ndarray:
        return field + np.sqrt(self.noise) * rng.standard_normal(field.size)

    def told(self, q: np.ndarray, level: int) -> np.ndarray:
        return np.asarray(1.0 / (self.rho + self.noise - q))

    def best(self, q: np.ndarray, level: int) -> np.ndarray:
        return np.asarray(self.rho + self.noise - q)


@dataclass(frozen=True)
class Chances(Labels):
    """+1 with the probability ``p(nu)``, of a function of arrays; flips and noise are part of it."""

    rho: Any
    chance: Chance
    noise: Any = 0.0

    @property
    def even(self) -> bool:  # type: ignore[override]
        return self.chance.even

    def _given(self, x: np.ndarray, at: Overlaps, label: float, level: int) -> tuple[np.ndarray, np.ndarray]:
        """``Z = E p`` of a label at fields x (batch, n) of it, and its slope in the mean of the teacher's field."""
        rho = np.asarray(self.rho)
        q = np.maximum(at.q, 1e-300)
        mean = label * (np.sqrt(rho) * at.m / q)[:, None] * x
        blur = np.sqrt(np.maximum(rho * at.transverse / q, 1e-300))[:, None] * np.ones_like(x)
        value, slope = self.chance.averages(np.ravel(mean), np.ravel(blur), level)
        value, slope = value.reshape(x.shape), slope.reshape(x.shape)
        return (value, slope) if label > 0 else (1.0 - value, -slope)

    def channels(self, at: Overlaps) -> list[Channel]:
        deviation, found = np.sqrt(np.maximum(at.q, 1e-300)), []
        unit = np.sqrt(np.asarray(self.rho))
        kinks, widths = self.chance.features()
        with np.errstate(divide="ignore", invalid="ignore"):
            scale = (np.maximum(at.q, 1e-300) / (unit * np.where(at.m == 0, np.nan, at.m)))[:, None]
        for label in (1.0,) if self.even else (1.0, -1.0):

            def density(z: np.ndarray, label: float = label) -> Density:
                value, slope = self._given(deviation[:, None] * z, at, label, 1)
                return 2.0 * value, {"m": 2.0 * label * slope * np.reshape(unit, (-1, 1))}

            places = np.nan_to_num(label * scale * kinks)
            blur = unit * np.sqrt(np.maximum(at.transverse / np.maximum(at.q, 1e-300), 0.0))
            width = np.abs(scale) * np.hypot(widths, np.reshape(blur * np.ones_like(at.q), (-1, 1)))
            width = np.where(np.isfinite(width), width, np.inf)
            chance = 1.0 if self.even else 0.5
            found.append(Channel(chance, 0.0 * deviation, deviation, at.variance, density, places, width))
        return found

    def reference_channels(self, at: Overlaps, mp: Any) -> list[Channel]:
        raise ValueError("labels drawn by a function in double precision have no certificate")

    def reference_errors(self, at: Overlaps, mp: Any) -> Any:
        raise ValueError("labels drawn by a function in double precision have no certificate")

    def errors(self, at: Overlaps) -> tuple[Any, Any]:
        """``2 int_{x<0} N Z`` over both labels; and how often the sign is not that of ``p - 1/2``."""
        return self._wrong(at, self.chance.averages_at), self._wrong(at, self.chance.likelier)

    def _wrong(self, at: Overlaps, chance: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """``E_nu [p(nu) P(h<0|nu) + (1-p) P(h>0|nu)]``, h of mean ``m nu/rho`` and variance ``q - m^2/rho``."""
        size, unit = at.q.size, np.sqrt(np.asarray(self.rho)) * np.ones(at.q.size)
        kinks, widths = self.chance.features()
        rest = np.sqrt(np.maximum(at.transverse + at.variance, 1e-300))
        with np.errstate(divide="ignore"):
            blur = rest / np.abs(np.where(at.m == 0, 1e-300, at.m))
        places = np.concatenate([np.zeros((size, 1)), kinks / unit[:, None]], axis=1)
        width = np.concatenate([blur[:, None], widths / unit[:, None]], axis=1)
        z, weight = gaussian_nodes(places, width, self.chance.breaks() / unit[:, None], 2)
        u = at.m[:, None] * z / rest[:, None]
        right, wrong = np.exp(tail(-u)[0]), np.exp(tail(u)[0])
        p = chance(unit[:, None] * z)
        return np.asarray((weight * (p * wrong + (1.0 - p) * right)).sum(axis=1))

    def _turns(self, root: np.ndarray, rest: np.ndarray) -> np.ndarray:
        """Where, in z, the likelier label changes at fields ``root z`` (batch, 1) of which ``rest`` is not known."""
        grid = np.linspace(-9.0, 9.0, 361)
        rows = np.arange(root.size)

        def lead(z: np.ndarray, rows: np.ndarray) -> np.ndarray:
            return self.chance.averages(root[rows, 0] * z, rest[rows, 0], 1)[0] - 0.5

        side = np.array([lead(np.full(root.size, x), rows) for x in grid]) >= 0
        step, row = np.nonzero(side[1:] != side[:-1])
        low, high = grid[step], grid[step + 1]
        for _ in range(50 if row.size else 0):
            middle = 0.5 * (low + high)
            same = (lead(middle, row) >= 0) == side[step, row]
            low, high = np.where(same, middle, low), np.where(same, high, middle)
        found = np.full((root.size, max(np.bincount(row).max(initial=0), 1)), np.nan)
        for k in rows:
            own = 0.5 * (low + high)[row == k]
            found[k, : own.size] = own
        return found

    def line(self) -> tuple[float, float]:
        slope = self.chance.averages(np.zeros(1), np.sqrt(np.full(1, float(self.rho))), 2)[1]
        return 2.0 * float(slope[0]), 1.0

    def drawn(self, rng: np.random.Generator, field: np.ndarray) -> np.ndarray:
        return np.where(rng.random(field.size) < self.chance.averages_at(field), 1.0, -1.0)

    def told(self, q: np.ndarray, level: int) -> np.ndarray:
        weight, value, slope = self._seen(q, level)
        least = np.maximum(value * (1.0 - value), 1e-300)
        return np.asarray((weight * slope**2 / least).sum(axis=1))

    def best(self, q: np.ndarray, level: int) -> np.ndarray:
        weight, value, _ = self._seen(q, level, turned=True)
        return np.asarray((weight * np.minimum(value, 1.0 - value)).sum(axis=1))

    def _seen(self, q: np.ndarray, level: int, turned: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Weights, ``E p`` and its slope at what is known of the teacher's field; ``turned``: ends where it is 1/2."""
        rest = np.sqrt(np.maximum(np.asarray(self.rho) - q, 1e-300))[:, None]
        kinks, widths = self.chance.features()
        root = np.sqrt(np.maximum(q, 1e-300))[:, None]
        places, width = kinks / root, np.hypot(widths, rest) / root
        breaks = self._turns(root, rest) if turned else np.zeros((q.size, 0))
        z, weight = gaussian_nodes(places, width, breaks, level)
        omega = root * z
        value, slope = self.chance.averages(np.ravel(omega), np.ravel(rest * np.ones_like(omega)), level)
        return weight, value.reshape(z.shape), slope.reshape(z.shape)
