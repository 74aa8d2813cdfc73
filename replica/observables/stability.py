"""Stability against replica symmetry breaking."""

from __future__ import annotations

from replica.observables.registry import Measured, measure, observable
from replica.solution.batch import Solutions
from replica.solution.quantity import Quantity
from replica.solution.single import Solution


@observable("stability", r"1-\Lambda_{\mathrm{AT}}")
def at_stability(solutions: Solutions) -> Measured:
    """Replicon 1 - alpha E f'^2 E(var w)^2: above 0 stable, 0 on the AT line."""
    return solutions.value("stability"), solutions.error("stability")


def stability(solution: Solution) -> Quantity:
    r"""De Almeida-Thouless stability of a solution, ``1 - alpha E f'^2 E(<w^2> - <w>^2)^2``.

    For the hard margin ``f' = -G(G-x)/(1-q)``: ``1 - alpha int Dz [G(G-x)]^2`` on the sphere and
    ``1 - alpha/(1-q)^2 int Dz [G(G-x)]^2 int Dz sech^4`` for binary weights. ``-inf`` where the zero-temperature map
    jumps.

    When not to use it: to tell which of several solutions holds: metastable ones may be stable too.

    Parameters
    ----------
    solution : Solution
        As `solve` returns it.

    Returns
    -------
    Quantity
        A float with ``.value .error .status``; above 0: stable.

    Raises
    ------
    TypeError
        Anything but a solution.

    See Also
    --------
    at_line : Where it vanishes.

    References
    ----------
    J. de Almeida and D. Thouless, J. Phys. A 11, 983 (1978); E. Gardner, J. Phys. A 21, 257 (1988).

    Examples
    --------
    >>> import replica
    >>> solution = replica.solve(replica.perceptron("spherical", margin=-1.0), alpha=5.0)
    >>> float(replica.stability(solution)) > 0
    True
    """
    values, errors = measure(Solution.of(solution, "stability").batch, "stability")
    return Quantity(values[0], errors[0], solution.status)
