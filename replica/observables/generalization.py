"""Generalisation error of students of a teacher, by estimator."""

from __future__ import annotations

import numpy as np

from replica._checks import number, one_of
from replica.batch import Solutions
from replica.model import bayes_student
from replica.observables.registry import Measured, observable
from replica.solution import Quantity, Solution

ESTIMATORS = ("typical", "centre", "bayes", "oracle")


@observable("generalization_error", r"\epsilon_{\mathrm{g}}")
def typical_error(solutions: Solutions) -> Measured:
    """Probability that a typical student errs on a new pattern, arccos(m/sqrt Q)/pi."""
    return solutions.value("generalization_error"), solutions.error("generalization_error")


@observable("generalization_error_centre", r"\epsilon_{\mathrm{g}}^{\mathrm{centre}}")
def centre_error(solutions: Solutions) -> Measured:
    """Error of the barycentre of the students, arccos(m/sqrt q)/pi (on the Nishimori line the Bayes error)."""
    return solutions.value("generalization_error_centre"), solutions.error("generalization_error_centre")


def generalization_error(solution: Solution, *, estimator: str = "typical", labelled: float = 1.0) -> Quantity:
    r"""Generalisation error of a model with something to be learned (a teacher, two clusters).

    Parameters
    ----------
    solution : Solution
    estimator : {"typical", "centre", "bayes", "oracle"}
        A typical student, ``arccos(m/sqrt Q)/pi``; the barycentre of the students, ``arccos(m/sqrt q)/pi``; the optimal
        rule given the data (the barycentre of the Bayes-optimal student, solved here when the model is another one);
        the rule that knows the teacher, 0 for noise-free labels. For two clusters the first two follow from
        ``rho H((m+b)/sqrt(noise Q)) + (1-rho) H((m-b)/sqrt(noise Q))``, the others from their optimal linear rules.
    labelled : float
        For ``"bayes"`` on two clusters: the share of patterns whose label is known (0: unsupervised, up to the sign).

    Returns
    -------
    Quantity
        A float with ``.value .error .status``.

    Raises
    ------
    ValueError
        Without a teacher; unknown estimators.

    References
    ----------
    M. Opper and D. Haussler, Phys. Rev. Lett. 66, 2677 (1991).

    Examples
    --------
    >>> import replica
    >>> solution = replica.solve(replica.perceptron("spherical", labels="teacher"), alpha=2.0)
    >>> print(f"{replica.generalization_error(solution, estimator='bayes'):.10f}")
    0.1745341856
    """
    one_of("estimator", estimator, ESTIMATORS)
    if not solution.model.data.overlaps:
        raise ValueError(f"generalisation needs a teacher; {solution.model.data} has none")
    if estimator == "oracle":
        return Quantity(solution.model.data.oracle_error, 1e-15, "converged")
    share = number("labelled", labelled, low=0.0, high=1.0)
    known = solution.model.data.bayes_error(solution.alpha, share) if estimator == "bayes" else None
    if known is not None:
        return Quantity(*known)
    if share != 1.0:
        where = f"{estimator!r} on {solution.model.data}"
        raise ValueError(f"labelled={labelled} is for estimator='bayes' on two clusters, got {where}")
    if estimator == "bayes":
        optimal = bayes_student(solution.model)
        if optimal.settings() != solution.model.settings():
            from replica.verbs import solve

            solution = solve(optimal, alpha=solution.alpha, on_failure="keep")
        if solution.model.architecture.few is not None:
            return _few_bayes(solution)
    name = "generalization_error" if estimator == "typical" else "generalization_error_centre"
    values, errors = solution.batch.value(name), solution.batch.error(name)
    if not np.isfinite(values[0]) and solution.converged:
        raise ValueError(f"{solution.ansatz} does not define the generalisation error of {solution.model}")
    return Quantity(values[0], errors[0], solution.status)


def _few_bayes(solution: Solution) -> Quantity:
    """Of a few units, from the overlap of the optimal students; no single network gives the optimal rule."""
    if not solution.model.data.realizable:
        raise ValueError(f"the optimal rule of {solution.model.architecture} is here for a noise-free teacher only")
    few, q = solution.model.architecture.few, solution["q"]
    if not solution.converged:
        return Quantity(np.nan, np.nan, solution.status)
    value, error = few.bayes_error(q)
    slack = solution.errors["q"] + 1e-15
    moved, _ = few.bayes_error(min(max(q - 1e-6, 0.0), 1.0))
    return Quantity(value, error + abs(moved - value) / 1e-6 * slack, solution.status)
