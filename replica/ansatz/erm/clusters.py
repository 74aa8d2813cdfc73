"""The vector of least cost on two clusters with covariances of their own: its equations, over their resolvent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from replica._registry import per_row
from replica.ansatz.differences import EPS
from replica.ansatz.erm.base import LeastCost
from replica.ansatz.erm.beyond import Beyond
from replica.ansatz.erm.cluster_steps import settled
from replica.ansatz.erm.corners import corners
from replica.ansatz.zero_temperature import floors_of
from replica.data import Channel
from replica.data._shapes import Forms
from replica.data.base import by_label
from replica.losses import Loss
from replica.losses._corner import Corner
from replica.models.model import Model
from saddlepoint import POSITIVE, REAL, Variable, Variables

NAMES = ("stiff_up", "stiff_down", "force_up", "force_down", "lean_up", "lean_down")
CHARTS = (POSITIVE, POSITIVE, POSITIVE, POSITIVE, REAL, REAL)
LEARNED = Variables(*(Variable(name, chart) for name, chart in zip(NAMES, CHARTS, strict=True)))
BIASED = Variables(*LEARNED, Variable("bias", REAL))
FLAT = 1e-9  # share of patterns that change their slope with the bias, below which none is told
LEAST = 1e-18  # of the penalty: a stiffness that is not seen beside it
STIFFEST = 30.0  # logarithm: beyond it nothing is left of the stiffness 1 of a vector that pays nothing


class Fields(NamedTuple):
    """Cavity fields of both clusters, arrays (batch, 2): ``mean = a``, variance, response, push; the resolvent."""

    mean: np.ndarray
    variance: np.ndarray
    response: np.ndarray
    push: np.ndarray
    force: np.ndarray
    forms: Forms


class ShapedCavity(NamedTuple):
    """A solution seen by one pattern, as `Cavity`: the fields of both labels, each with its own response."""

    model: Model
    fields: list[Channel]
    response: np.ndarray
    level: int
    corners: Sequence[Corner] = ()
    unit: float = 1.0
    vanishing: bool = False
    still: bool = False

    def channels(self) -> list[Channel]:
        return self.fields

    def loss(self, k: int) -> Loss:
        return self.corners[k] if self.corners else self.model.loss

    def place(self, k: int) -> float:
        return float(np.ravel(self.corners[k].place)[0]) if self.corners else 0.0


class ClusterProblem(LeastCost):
    r"""Minimise ``sum l(h) + (penalty/2)|w|^2``: conjugates of the fields of both labels s.

    With ``R = (lambda + sum_s k_s S_s)^{-1}`` and forces ``f = (u-h)/V_s`` of the cavity fields
    ``h = s (a_s + b) + sqrt(q_s) z`` moved to ``u = argmin l(u) + (u-h)^2/(2 V_s)``

    .. math:: V_s = \mathrm{tr} S_s R/N, \quad a_s = \sum_t p_t\, \mu_t R \mu_s, \quad
              q_s = \sum_{tu} p_t p_u\, \mu_t R S_s R \mu_u + \sum_t g_t\, \mathrm{tr} R S_s R S_t/N

    ``k_s = alpha rho_s E (1-u')/V_s`` (stiff), ``g_s = alpha rho_s E f^2`` (force), ``p_s = s alpha rho_s E f``, of
    which ``p_s/sqrt(g_s)`` is the variable (lean). A bias that is learned obeys ``sum_s p_s = 0``. With
    ``interpolates`` the limit ``lambda -> 0`` of vectors that pay nothing: the same in units of lambda, V infinite.
    """

    def __init__(self, model: Model, alpha: np.ndarray, level: int = 1, interpolates: bool = False) -> None:
        super().__init__(model, alpha, level, interpolates)
        self.variables = BIASED if model.data.trained else LEARNED

    @property
    def penalty(self) -> np.ndarray:
        unit = self.model.data.shapes.scale.mean()  # of lambda where it tends to 0
        return per_row(unit if self.interpolates else self.model.weights.penalty, self.size)

    def shares(self) -> np.ndarray:
        """Patterns of both labels per weight, (batch, 2)."""
        return np.stack([self.alpha * per_row(chance, self.size) for _, chance in self.model.data.labels], axis=1)

    def stiffness(self, free: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What the resolvent is made of: the penalty, and k of both labels."""
        return self.penalty, np.exp(free[:, :2])

    def loss(self, label: int) -> Loss:
        """The cost of a pattern of the first or second label."""
        return self.model.loss

    def fields(self, free: np.ndarray) -> Fields:
        force = np.exp(free[:, 2:4])
        push = free[:, 4:6] * np.sqrt(force)
        forms = self.model.data.shapes.forms(*self.stiffness(free))
        mean = np.einsum("bs,bst->bt", push, forms.push)
        variance = np.einsum("bs,bt,bust->bu", push, push, forms.across)
        variance = variance + np.einsum("bs,bst->bt", force, forms.pairs)
        return Fields(mean, variance, forms.traces, push, force, forms)

    def cavity(self, free: np.ndarray, fields: Fields | None = None) -> ShapedCavity:
        """What one pattern sees."""
        fields = self.fields(free) if fields is None else fields
        model, found = self.model.learned(self.variables.values(free)), []
        response = np.full_like(fields.response, np.inf) if self.interpolates else fields.response
        for k, (sign, chance) in enumerate(model.data.labels):
            mean, deviation = sign * (fields.mean[:, k] + model.data.held), np.sqrt(fields.variance[:, k])
            found.append(Channel(chance, mean, deviation, np.ascontiguousarray(response[:, k])))
        return ShapedCavity(model, found, response, self.level)

    def averages(self, free: np.ndarray, fields: Fields, whole: bool) -> np.ndarray:
        """`Loss.ground_sums` of both labels, (6, batch, 2)."""
        cavity = self.cavity(free, fields)
        parts = [(c.mean, c.deviation, c.variance, self.level, whole) for c in cavity.fields]
        return np.stack([self.loss(k).ground_sums(*part) for k, part in enumerate(parts)], axis=2)

    def residual(self, free: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            fields, share = self.fields(free), self.shares()
            move, square, pull, *_ = self.averages(free, fields, whole=False)
            signs = np.array([sign for sign, _ in self.model.data.labels])
            least = LEAST * self.penalty[:, None] / self.model.data.shapes.scale  # few patterns may hold a corner
            stiff = np.log(share * pull / fields.response + least) - free[:, :2]
            force = np.log(share * square / fields.response**2) - free[:, 2:4]
            lean = signs * share * move / fields.response / np.sqrt(fields.force) - free[:, 4:6]
            rows = [stiff, force, lean]
            if self.model.data.trained:
                push = (signs * share * move / fields.response).sum(axis=1)
                size = np.sqrt((share * square / fields.response**2).sum(axis=1) * self.alpha)
                rows.append((push / size)[:, None])
        return np.concatenate(rows, axis=1)

    def settled(self, steps: int) -> np.ndarray:
        """A point near the solution."""
        return settled(self, steps)

    def flat(self, free: np.ndarray) -> np.ndarray:
        """Rows in which a bias that is learned meets no curvature of the cost: every pattern pays, or none does."""
        with np.errstate(all="ignore"):
            fields, share = self.fields(free), self.shares()
            slope = self.averages(free, fields, whole=False)[2]
            return bool(self.model.data.trained) & ((share * np.abs(slope)).sum(1) < FLAT * share.sum(1))

    def interpolated(self, free: np.ndarray) -> np.ndarray:
        """Whether a point of the limit ``penalty -> 0`` pays nothing: with a finite stiffness it does."""
        return np.all(free[:, :2] < STIFFEST, axis=1)

    def noise(self, free: np.ndarray) -> np.ndarray:
        """Fields are known to their rounding, which weighs more the narrower their distribution is."""
        with np.errstate(all="ignore"):
            fields = self.fields(free)
            terms = np.einsum("bs,bst->bt", np.abs(fields.push), np.abs(fields.forms.push))  # which may cancel
            sharp = (1.0 + (1.0 + terms) / np.sqrt(fields.variance)).max(axis=1)
            rounding = np.maximum(8 * EPS * sharp, 8 * fields.forms.rounding)
        return rounding[:, None] * np.maximum(1.0, np.abs(free))

    def start(self) -> np.ndarray:
        """Close to the square loss on round clusters of the same traces, at half the margin."""
        share, scale = self.shares(), self.model.data.shapes.scale
        mean, penalty = scale.mean(), np.clip(self.penalty, 1e-12, 1e12)
        linear = penalty + (self.alpha - 1.0) * mean
        root = np.hypot(linear, 2.0 * np.sqrt(penalty * mean))
        response = np.where(linear > 0, 2.0 / (linear + root), (root - linear) / (2.0 * penalty * mean))[:, None]
        held = 1.0 / (1.0 + response * scale)
        free = np.zeros((self.size, len(self.variables)))
        free[:, :2] = np.log(share * held)
        free[:, 2:4] = np.log(0.5 * share * held**2)
        free[:, 4:6] = 0.5 * np.sqrt(share) * np.array([sign for sign, _ in self.model.data.labels])
        return free

    def observe(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        fields, share = self.fields(free), self.shares()
        sums, forms = self.averages(free, fields, whole=True), fields.forms
        q = np.einsum("bs,bt,bst->b", fields.push, fields.push, forms.norm) + (fields.force * forms.spread).sum(axis=1)
        energy = (share * sums[4]).sum(axis=1)
        data = self.model.learned(self.variables.values(free)).data
        penalty = np.zeros(self.size) if self.interpolates else self.penalty
        rigidity = _radius((share * sums[3] / fields.response**2)[:, :, None] * forms.pairs)
        seen: dict[str, Any] = {
            "q": q,
            "m": 0.5 * (fields.mean[:, 0] - fields.mean[:, 1]),
            "V": np.full(self.size, np.inf) if self.interpolates else forms.response,
            "free_entropy": 0.0 - (energy + 0.5 * penalty * q),
            "energy": energy,
            "training_error": (share * sums[5]).sum(axis=1) / self.alpha,
            "stability": np.full(self.size, -np.inf) if self.model.loss.ground_jumps else 1.0 - rigidity,
        } | data.reported(self.size)
        for suffix in ("", "_centre"):  # one vector
            seen |= data.errors(fields.mean, fields.variance, suffix)
        floors = floors_of(seen)
        floors = {name: floor * (1.0 + forms.rounding / (4 * EPS)) for name, floor in floors.items()}
        floors["stability"] = floors["stability"] + 32 * EPS
        return seen, floors


class RestingProblem(ClusterProblem):
    """Whether weights vanish at every penalty: the larger class rests on the kink of the loss, the smaller pulls.

    Weights on the point of vanishing have no penalty left beside the stiffness of the kink, whose scale is free: 1.
    Beyond the load at which ``alpha rho_s E (1-u')`` reaches its response, ``tr S_s R/N = 1``, they are gone.
    """

    def __init__(self, model: Model, alpha: np.ndarray, level: int = 1) -> None:
        super().__init__(model, alpha, level)
        self.bias, self.corners, _ = corners(model, self.size)
        self.held = np.stack([corner.strong > corner.weak for corner in self.corners], axis=1).astype(float)

    def stiffness(self, free: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.zeros(self.size), self.held

    def loss(self, label: int) -> Loss:
        return self.corners[label]

    def residual(self, free: np.ndarray) -> np.ndarray:
        found = super().residual(free)
        found[:, :2] = -free[:, :2]
        return found

    def gone(self, free: np.ndarray) -> np.ndarray:
        """Rows whose weights vanish: one class is held by its kink, by more patterns than there are weights."""
        with np.errstate(all="ignore"):
            fields = self.fields(free)
            pull = self.held * self.shares() * self.averages(free, fields, whole=False)[2] / fields.response
            return (self.held.sum(axis=1) == 1) & (pull.sum(axis=1) >= 1)


class RestingState(Beyond):
    """Weights that vanish at any penalty, on clusters of given shapes."""

    def cavity(self, free: np.ndarray) -> ShapedCavity:
        return self.found.cavity(free)._replace(corners=self.found.corners, unit=0.0, vanishing=True, still=True)

    def observe(self, free: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        found, zero = self.found, np.zeros(self.size)
        share = found.shares()
        energy = sum((share[:, k] * corner.level for k, corner in enumerate(found.corners)), zero)
        positive, negative = ((corner.place < 0) * np.ones(self.size) for corner in found.corners)
        seen = {"q": zero, "m": zero, "V": zero, "free_entropy": 0.0 - energy, "energy": energy, "bias": found.bias}
        for suffix in ("", "_centre"):
            seen |= by_label(positive, negative, share[:, 0] / found.alpha, suffix)
        seen["training_error"] = seen["generalization_error"]
        return seen, floors_of(seen)


def _radius(matrix: np.ndarray) -> np.ndarray:
    """Largest eigenvalue of matrices (batch, 2, 2) without negative entries."""
    half = 0.5 * (matrix[:, 0, 0] + matrix[:, 1, 1])
    apart = 0.5 * (matrix[:, 0, 0] - matrix[:, 1, 1])
    return half + np.sqrt(apart**2 + matrix[:, 0, 1] * matrix[:, 1, 0])
