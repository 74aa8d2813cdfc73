"""Rounding of what is observed of replica-symmetric solutions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from replica.ansatz.differences import EPS
from replica.architectures import PatternAverage
from replica.weights.base import SingleWeight

if TYPE_CHECKING:
    from replica.ansatz.rs.equations import Equations


def floors_of(
    equations: Equations,
    alpha: np.ndarray,
    values: dict[str, np.ndarray],
    single: SingleWeight,
    pattern: PatternAverage,
    seen: dict[str, Any],
    heat: np.ndarray,
) -> dict[str, Any]:
    """Of each of the order parameters and observables; ``heat`` is beta times the energy."""
    loss, beta = equations.model.loss, equations.model.beta
    floors = {name: 8 * EPS * np.abs(value) for name, value in seen.items()}
    scale = _moduli(equations, alpha, values, single, pattern)
    # of averages over units; kernels of own activations are known better than their slopes, whose rounding this is
    known = equations.rounding if equations.model.architecture.few is not None else (equations.rounding - 1.0) / 64.0
    scale = scale + known * alpha * np.abs(pattern.log_z)
    floors["free_entropy"] = 8 * EPS * scale
    floors["entropy"] = 8 * EPS * (scale + np.abs(heat))
    if equations.free_norm:
        floors["Q_hat"] = 16 * EPS * (np.abs(values["curvature"]) + np.abs(values["q_hat"]))
    for name in ("energy", "training_error"):  # a small one is an exponential
        floors[name] *= equations.coarseness + np.abs(np.log(np.maximum(seen[name], 1e-300)))
    # of the cost itself, where it is not 0: about that share of the fields
    slip = 8 * EPS * (loss.grain(beta, equations.norm) - 1.0) * np.minimum(alpha, np.abs(heat))
    floors["free_entropy"] += slip
    floors["entropy"] += 2.0 * slip
    floors["energy"] += slip / np.where(np.isfinite(beta), beta, np.inf)
    floors["stability"] = 64 * EPS * equations.coarseness * (1.0 + np.abs(1.0 - seen["stability"]))
    return floors


def _moduli(
    equations: Equations, alpha: Any, values: dict[str, Any], single: SingleWeight, pattern: PatternAverage
) -> Any:
    """Sum of the moduli of the terms of the free entropy: its rounding is relative to this."""
    own = equations.entropic(values, single) if single.log_z is None else single.log_z
    terms = [values["q_hat"] * single.variance, own, alpha * pattern.log_z]
    if equations.free_norm:
        terms.append(values["curvature"] * single.norm)
    if "m_hat" in values:
        terms.append(values["m_hat"] * single.m)
    return sum(np.abs(term) for term in terms)
