"""The number of states over the Parisi parameter: one step of symmetry breaking at held parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from replica._checks import grid, one_number
from replica.ansatz.given import ansatz_or_one_step, held_step
from replica.ansatz.rsb.held import HeldLedger
from replica.files.dataset import curve
from replica.models.model import Model, require_model

if TYPE_CHECKING:
    import xarray

NAMES = ("complexity", "entropy", "energy", "free_entropy", "q0", "q1", "V", "stability0", "stability1")
SYMBOLS = {"complexity": r"\Sigma", "entropy": "s", "energy": "e", "free_entropy": r"\phi", "parisi": "m"}


def complexity(model: Model, *, alpha: float, parisi: Any) -> xarray.Dataset:
    r"""The logarithm of the number of states, per weight, over the Parisi parameter.

    At a held parameter m the states that dominate have the internal entropy ``s = d(m phi)/dm`` and the complexity
    ``Sigma = m (phi - s) = -m^2 d phi/dm``; ground states at ``c = lim beta m`` the energy e and
    ``Sigma = -c^2 d Phi/dc``, ``Phi = -e + Sigma/c``. The branch with ``q_1 > q_0`` is followed wherever it exists,
    also at ``parisi = 1`` between the dynamic and the static load.

    When not to use it: where ``stability1`` is negative the states break up into others, and the number is that of one
    step only.

    Parameters
    ----------
    model : Model
        Weights on the sphere with random labels, a perceptron or a wide committee.
    alpha : float
        Above 0.
    parisi : array_like
        Increasing, above 0; of ground states ``lim beta m``.

    Returns
    -------
    xarray.Dataset
        Over ``parisi``: ``complexity`` with ``error``, ``entropy`` (internal; ``energy`` of ground states),
        ``free_entropy``, ``q0``, ``q1``, the stabilities of both levels, each with ``NAME_error``, and ``status``;
        ``attrs["static_parisi"]`` is the zero of the complexity, NaN where none is known below 1.

    Raises
    ------
    ValueError
        A grid that does not increase or is not above 0; models that are not covered.

    See Also
    --------
    dynamic_transition, static_transition : Loads at which states appear, and at which few dominate.
    RSB : The ansatz.

    References
    ----------
    R. Monasson, Phys. Rev. Lett. 75, 2847 (1995).

    Examples
    --------
    >>> import replica
    >>> found = replica.complexity(replica.perceptron("spherical", margin=-1.0), alpha=11.0, parisi=[0.05, 0.3])
    >>> found["complexity"].values.round(8).tolist(), round(found.attrs["static_parisi"], 6)
    ([0.00290618, -0.01779282], 0.135353)
    """
    load = one_number("alpha", alpha, low=0.0, open_low=True, grids="one load at a time")
    shares = grid("parisi", parisi)
    if shares[0] <= 0.0:
        raise ValueError(f"parisi must be above 0, got {shares[0]:g}")
    ansatz = ansatz_or_one_step(None)
    ansatz.check(require_model(model))
    ledger = HeldLedger(model, np.full(shares.size, load), 1e-12)
    found = ledger.hold_at(shares).solutions(held_step(float(shares[0])))
    columns: dict[str, np.ndarray] = {}
    for name in NAMES:
        value = found.value(name)
        if name in ("complexity", "free_entropy", "q0", "q1") or np.any(np.isfinite(value)):
            columns |= {name: value, f"{name}_error": found.error(name)}
    columns["status"] = np.array(found.sentences())
    settings = {"model": model.settings(), "alpha": load, "ansatz": ansatz.settings()}
    best = ansatz.solve(model, np.array([load]))
    static = float(best.value("parisi")[0])
    return curve(
        columns, {"parisi": shares}, settings, main="complexity", symbols=SYMBOLS, static_parisi=static, alpha=load
    )
