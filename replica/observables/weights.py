"""Distribution of a single weight over typical solutions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from replica._checks import grid
from replica.solution.errors import Named, measured
from replica.solution.single import Solution

if TYPE_CHECKING:
    import xarray

EPS = float(np.finfo(float).eps)


def weight_distribution(solution: Solution, *, weight: Any) -> xarray.Dataset:
    r"""Density of a single weight in a typical solution, with its atoms.

    .. math:: P(u) = \int Dz\, p(u)\, \frac{e^{h u - A u^2/2}}{z(h, A)}, \qquad h = \sqrt{\hat q} z

    (with a teacher also averaged over its weight, on which h depends). Letters of an alphabet are atoms. At capacity
    the weights of a part of the sphere are the projections of Gaussian fields: what is projected onto the boundary is
    silent, an atom at 0.

    When not to use it: for weights of an algorithm, which need not be typical.

    Parameters
    ----------
    solution : Solution
        Replica symmetric, or ``capacity(...).solution``, ``max_margin(...).solution``.
    weight : array
        Increasing grid of weights, in units in which ``|w|^2 = N`` where the norm is held.

    Returns
    -------
    xarray.Dataset
        ``density`` over ``weight`` with ``error``; attributes ``atoms``: list of (place, mass), ``atom_errors``: that
        of each mass, ``status``.

    Raises
    ------
    ValueError
        Solutions that do not give the field of a weight.

    See Also
    --------
    margin_distribution : The stabilities of the patterns.

    References
    ----------
    N. Brunel, V. Hakim, P. Isope, J.-P. Nadal and B. Barbour, Neuron 43, 745 (2004).

    Examples
    --------
    >>> import replica
    >>> model = replica.perceptron("non-negative")
    >>> found = replica.weight_distribution(replica.solve(model, alpha=0.5), weight=[0.0, 1.0])
    >>> [f"{x:.9f}" for x in found["density"].values]
    ['1.820055713', '0.309637655']
    >>> replica.weight_distribution(replica.capacity(model).solution, weight=[1.0]).attrs["atoms"]
    [(0.0, 0.5)]
    """
    from replica.files.dataset import curve

    Solution.of(solution, "weight_distribution")
    places = grid("weight", weight)
    weights = solution.model.weights
    letters = np.array(weights.letters or (), dtype=float)
    density, error = np.full((2, places.size), np.nan)
    atoms: list[tuple[float, float]] = []
    slack: list[float] = []
    if solution.converged and solution.batch.parts:
        part = solution.batch.parts[0]
        if not hasattr(part.problem, "site"):
            raise ValueError(f"weight_distribution is here for replica-symmetric solutions, got {solution.status}")

        def of(problem: Any, free: np.ndarray) -> tuple[Named, Named]:
            found, piled, at = problem.site(free, np.append(places, letters))
            seen = {"density": found, "piled": piled}
            atoms_at[:] = [float(x) for x in at]
            return seen, {name: 32 * EPS * (1.0 + np.abs(value)) for name, value in seen.items()}

        atoms_at: list[float] = []
        values, errors = measured(part.problem, part.point, part.error, of)
        density, error = values["density"][0][: places.size], errors["density"][0][: places.size]
        masses, sure = values["density"][0][places.size :], errors["density"][0][places.size :]
        atoms = [*zip(letters.tolist(), masses.tolist(), strict=True), *zip(atoms_at, values["piled"][0], strict=True)]
        slack = [*sure.tolist(), *errors["piled"][0].tolist()]
        if letters.size:
            density, error = np.zeros((2, places.size))
    return curve(
        {"density": density, "error": error},
        {"weight": places},
        {"model": solution.model.settings(), "alpha": solution.alpha},
        main="density",
        symbols={"density": "P", "weight": "w"},
        atoms=[(float(place), float(mass)) for place, mass in atoms],
        atom_errors=[float(x) for x in slack],
        status=solution.status,
    )
