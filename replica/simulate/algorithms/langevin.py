"""Langevin sampling of real weights at a temperature, corrected by a Metropolis test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from replica._checks import number
from replica.models.model import Model
from replica.simulate.algorithms.base import Algorithm, Outcome, require_single_unit
from replica.simulate.instances import Instance, whole
from replica.weights.base import Average

BLOCKS = 10  # of a chain, for errors
STUDENT = 1.364  # makes three errors from so few blocks as rare as for a Gaussian (quantiles of t with 9 degrees)
MANY = 3.0  # errors by which halves of a chain, or chains, may differ
SHORTEST = 0.5  # of the step, that a move may leave out
AIM = 0.7  # share of accepted moves that the step is tuned to


@dataclass(frozen=True)
class Langevin(Algorithm):
    r"""Langevin dynamics at inverse temperature beta with a Metropolis test: Gaussian or spherical weights of one unit.

    A move draws momenta and follows ``leaps`` leapfrog steps of ``beta [sum l(h) + (penalty/2)|w|^2]``, on the sphere
    along great circles. One leap with fresh momenta is the overdamped Langevin equation; with ``persistence`` momenta
    are kept, ``p <- c p + sqrt(1-c^2) z``: the underdamped one. With ``curl`` (penalised weights) pairs of momenta turn
    at that rate, ``dp/dt = -grad + G p``: a drift without detailed balance. All are exact samplers: the test accepts
    the move, or refuses it and reverses momenta and turns. Two chains from independent starts.

    Numbers are means over the second half of both chains: ``energy``, ``training_error``, ``q`` (overlap of the
    chains), ``m`` (with the direction to be learned), and ``acceptance``.

    When not to use it: hard constraints and costs that are not convex (`PopulationAnnealing`), the minimum itself
    (`ERM`), a learned bias.

    Parameters
    ----------
    moves : int
        Of each chain; the first half is left out, and tunes the step.
    leaps : int
        Steps of a move, at least 1.
    persistence : float
        c in [0, 1): share of the momenta that the next move keeps (0: all fresh).
    curl : float
        Angular velocity of the momenta, at least 0.

    See Also
    --------
    PopulationAnnealing : Any cost, and free entropies.
    ERM : beta = inf.

    Notes
    -----
    Every move takes a step of its own, between half of the tuned one and all of it: with equal steps some modes of the
    weights return to where they were. Errors: spread of block means (with the tails of Student's t), and the difference
    between the chains. ``not converged`` where the energy drifts or differs between the chains by several times its
    error from blocks. Costs with jumps (counted errors) have no force.

    References
    ----------
    S. Byrne and M. Girolami, Scand. J. Stat. 40, 825 (2013) (geodesic steps on the sphere); A. Horowitz, Phys. Lett. B
    268, 247 (1991) (kept momenta); N. Tripuraneni et al., ICML (2017) (turning momenta).

    Examples
    --------
    >>> import replica
    >>> from replica.simulate.algorithms import Langevin
    >>> model = replica.mixture("logistic", beta=2.0, bias=False)
    >>> runs = replica.simulate(model, algorithm=Langevin(moves=200), n=10, alpha=2.0, samples=1, seed=1)
    >>> bool(runs["energy_error"][0] < 0.2), str(runs["status"].values[0])
    (True, 'converged in 200 moves')
    """

    moves: int = 3000
    leaps: int = 5
    persistence: float = 0.0
    curl: float = 0.0
    name: ClassVar[str] = "langevin"

    def __post_init__(self) -> None:
        whole("moves", self.moves, 4 * BLOCKS)
        whole("leaps", self.leaps, 1)
        number("persistence", self.persistence, low=0.0, high=1.0, open_high=True)
        number("curl", self.curl, low=0.0)

    def check(self, model: Model) -> None:
        require_single_unit(self, model)
        penalised = model.weights.penalised
        if not (penalised or isinstance(model.weights.norm, Average)):
            raise ValueError(f"algorithm 'langevin' is for Gaussian or spherical weights, got {model.weights}")
        if np.isinf(model.beta) or not model.loss.log_concave or model.loss.hard:
            raise ValueError(f"algorithm 'langevin' is for convex losses at finite beta, got {model}")
        if self.curl and not penalised:
            raise ValueError(f"curl is for penalised weights, got {model.weights}")

    def run(self, instance: Instance, rng: np.random.Generator) -> Outcome:
        chains = [_Chain(instance, rng, self.leaps, self.persistence, self.curl) for _ in range(2)]
        half = self.moves // 2
        for _ in range(half):
            for chain in chains:
                chain.move(tune=True)
        series: dict[str, list[list[float]]] = {}
        for _ in range(self.moves - half):
            for chain in chains:
                chain.move(tune=False)
            for name, pair in _observe(instance, *chains).items():
                series.setdefault(name, []).append(pair)
        numbers = {name: _mean(np.array(values)) for name, values in series.items()}
        trouble = _trouble(np.array(series["energy"]), numbers)
        if trouble:
            status = f"not converged: {trouble}; raise moves"
            return Outcome(status, chains[0].weights, dict.fromkeys(numbers, (np.nan, np.nan)))
        return Outcome(f"converged in {self.moves} moves", chains[0].weights, numbers)


class _Chain:
    """One chain: weights, their energy and force."""

    def __init__(
        self, instance: Instance, rng: np.random.Generator, leaps: int, persistence: float = 0.0, curl: float = 0.0
    ) -> None:
        self.persistence, self.curl = persistence, curl
        model, n = instance.model, instance.n
        self.instance, self.rng, self.leaps = instance, rng, leaps
        self.sphere = isinstance(model.weights.norm, Average)
        self.penalty = 0.0 if self.sphere else float(model.parameter("penalty"))
        self.F = instance.y[:, None] * instance.X * (instance.gain / np.sqrt(n))
        self.weights = model.weights.sample(rng, n) / (1.0 if self.sphere else np.sqrt(model.beta))
        self.step, self.accepted = 0.1, False
        self.energy, self.force = self._evaluate(self.weights)
        self.momentum = self._fresh()

    def _evaluate(self, weights: np.ndarray) -> tuple[float, np.ndarray]:
        model = self.instance.model
        h = self.F @ weights
        energy = model.beta * (float(np.sum(model.loss.cost(h))) + 0.5 * self.penalty * float(weights @ weights))
        force = -model.beta * (self.F.T @ model.loss.slope(h[None])[0] + self.penalty * weights)
        return energy, self._tangent(force, weights)

    def _tangent(self, vector: np.ndarray, weights: np.ndarray) -> np.ndarray:
        return vector - weights * (float(vector @ weights) / weights.size) if self.sphere else vector

    def _drift(self, weights: np.ndarray, momentum: np.ndarray, step: float) -> tuple[np.ndarray, np.ndarray]:
        """Free flight for one step: a straight line, or a great circle."""
        if self.curl:
            return self._turn(weights, momentum, step)
        if not self.sphere:
            return weights + step * momentum, momentum
        speed, radius = float(np.linalg.norm(momentum)), np.sqrt(weights.size)
        if speed == 0.0:  # a sphere of one dimension leaves nowhere to go
            return weights, momentum
        angle = step * speed / radius
        ahead = np.cos(angle) * weights + np.sin(angle) * (radius / speed) * momentum
        return ahead, np.cos(angle) * momentum - np.sin(angle) * (speed / radius) * weights

    def _turn(self, weights: np.ndarray, momentum: np.ndarray, step: float) -> tuple[np.ndarray, np.ndarray]:
        """Free flight while pairs of momenta turn: arcs of circles (a weight without a partner flies straight)."""
        angle, pairs = step * self.curl, weights.size - weights.size % 2
        p = momentum[:pairs].reshape(-1, 2) @ np.array([1.0, 1j])
        along = np.exp(1j * angle)
        path = p * (np.expm1(1j * angle) / (1j * self.curl))
        ahead, moved = momentum.copy(), weights + step * momentum
        ahead[:pairs] = np.column_stack([(along * p).real, (along * p).imag]).reshape(-1)
        moved[:pairs] = weights[:pairs] + np.column_stack([path.real, path.imag]).reshape(-1)
        return moved, ahead

    def _fresh(self) -> np.ndarray:
        return self._tangent(self.rng.standard_normal(self.weights.size), self.weights)

    def move(self, tune: bool) -> None:
        """Leapfrog steps from fresh momenta, then the Metropolis test."""
        keep = self.persistence
        momentum = keep * self.momentum + np.sqrt(1.0 - keep**2) * self._fresh()
        start = momentum
        weights, energy, force = self.weights, self.energy, self.force
        before = energy + 0.5 * float(momentum @ momentum)
        step = self.step * (1.0 - SHORTEST * self.rng.random())  # no mode swings by whole periods in every move
        for _ in range(self.leaps):
            momentum = momentum + 0.5 * step * force
            weights, momentum = self._drift(weights, momentum, step)
            energy, force = self._evaluate(weights)
            momentum = momentum + 0.5 * step * force
        gain = before - energy - 0.5 * float(momentum @ momentum)
        self.accepted = bool(gain >= 0 or self.rng.random() < np.exp(gain))
        if self.accepted:
            self.weights, self.energy, self.force, self.momentum = weights, energy, force, momentum
        else:
            self.momentum, self.curl = -start, -self.curl
        if tune:
            self.step *= np.exp(0.02 * ((1.0 if self.accepted else 0.0) - AIM) / AIM)


def _observe(instance: Instance, first: _Chain, second: _Chain) -> dict[str, list[float]]:
    """Observables of both chains (the overlap between them twice)."""
    n, loss = instance.n, instance.model.loss
    pair = [first.weights, second.weights]
    fields = [chain.F @ chain.weights for chain in (first, second)]
    found = {
        "energy": [float(np.sum(loss.cost(h))) / n for h in fields],
        "training_error": [float(np.sum(loss.violated(h))) / max(h.size, 1) for h in fields],
        "q": [float(pair[0] @ pair[1]) / n] * 2,
        "acceptance": [float(first.accepted), float(second.accepted)],
    }
    if instance.direction is not None:
        found["m"] = [float(w @ instance.direction) / n for w in pair]
    return found


def _trouble(energy: np.ndarray, numbers: dict[str, tuple[float, float]]) -> str:
    """Why the chains are not in equilibrium, judged by their energies (time, 2); empty when nothing says so."""
    halves = np.array_split(energy, 2)
    limit = MANY * _mean(np.concatenate([half - half.mean(axis=0) for half in halves]))[1]  # blocks alone, no drift
    early, late = (half.mean() for half in halves)
    if numbers["acceptance"][0] < 0.1:
        return "moves are hardly ever accepted"
    if abs(early - late) > 2 * limit:  # as for chains: the difference of two halves of what was measured
        return "the energy still drifts"
    return "the chains have different energies" if np.ptp(energy.mean(axis=0)) > 2 * limit else ""


def _mean(values: np.ndarray) -> tuple[float, float]:
    """Mean over time and chains (time, 2), and its error from block means and the chains' difference."""
    blocks = np.array([part.mean() for part in np.array_split(values, BLOCKS)])
    spread = STUDENT * float(blocks.std(ddof=1)) / np.sqrt(BLOCKS)
    apart = abs(float(values[:, 0].mean() - values[:, 1].mean())) / 2.0
    return float(values.mean()), float(np.hypot(spread, apart))
