"""Generalisation error of students of a teacher, by estimator."""

from __future__ import annotations

from typing import Any

import numpy as np

from replica._checks import number, one_of, shown
from replica.models.model import Model, bayes_student
from replica.observables.registry import Measured, observable
from replica.solution.batch import Solutions
from replica.solution.quantity import Quantity
from replica.solution.single import Solution
from replica.verbs import optimal_students

#: rules that follow from the data, whatever the model does
RULES = ("bayes", "hebb", "clipped", "clipped-hebb")
#: errors on new patterns by label
NAMES = {None: "generalization_error", 1: "error_positive", -1: "error_negative", "balanced": "balanced_error"}
NEW = "error on new patterns"
#: of data that tell it: the student's error against the teacher's field without noise
CLEAN = "generalization_error_oracle"
ESTIMATORS = ("typical", "centre", "oracle", *RULES)


@observable("generalization_error", r"\epsilon_{\mathrm{g}}", kind=NEW)
def typical_error(solutions: Solutions) -> Measured:
    """Probability that a typical student errs on a new pattern, arccos(m/sqrt Q)/pi."""
    return solutions.value("generalization_error"), solutions.error("generalization_error")


@observable("generalization_error_centre", r"\epsilon_{\mathrm{g}}^{\mathrm{centre}}", kind=NEW)
def centre_error(solutions: Solutions) -> Measured:
    """Error of the barycentre of the students, arccos(m/sqrt q)/pi (on the Nishimori line the Bayes error)."""
    return solutions.value("generalization_error_centre"), solutions.error("generalization_error_centre")


@observable(CLEAN, r"\epsilon_{\mathrm{g}}^{\mathrm{clean}}", kind=NEW)
def clean_error(solutions: Solutions) -> Measured:
    """Error of a student against the teacher's field without noise, on structured inputs."""
    return solutions.value(CLEAN), solutions.error(CLEAN)


@observable("error_positive", r"\epsilon_+", kind=NEW)
def positive_error(solutions: Solutions) -> Measured:
    """Error of a typical student on new patterns of the label +1, where the labels differ (two clusters)."""
    return solutions.value("error_positive"), solutions.error("error_positive")


@observable("error_negative", r"\epsilon_-", kind=NEW)
def negative_error(solutions: Solutions) -> Measured:
    """Error of a typical student on new patterns of the label -1, where the labels differ (two clusters)."""
    return solutions.value("error_negative"), solutions.error("error_negative")


@observable("balanced_error", r"\epsilon_{\mathrm{b}}", kind=NEW)
def balanced_error(solutions: Solutions) -> Measured:
    """Mean of the errors on new patterns of either label, however many there are of each (two clusters)."""
    return solutions.value("balanced_error"), solutions.error("balanced_error")


@observable("bayes_error", r"\epsilon_{\mathrm{Bayes}}", kind=NEW)
def bayes_error(solutions: Solutions) -> Measured:
    """Error of the optimal rule given the data, whatever the students of the model do."""
    values, errors, _ = _optimal(solutions.model, solutions.alpha, 1.0)
    return values, errors


@observable("oracle_error", r"\epsilon_{\mathrm{oracle}}", kind=NEW)
def oracle_error(solutions: Solutions) -> Measured:
    """Error of the rule that knows what is to be learned, the limit of any rule for alpha -> inf."""
    data = solutions.model.data
    if not data.overlaps:
        return np.full(solutions.size, np.nan), np.full(solutions.size, np.nan)
    if data.modes is not None:  # which say the student's error, not a rule's
        return clean_error(solutions)
    return data.oracle_error * np.ones(solutions.size), np.full(solutions.size, 1e-15)


@observable("bayes_gap", r"\epsilon_{\mathrm{g}} - \epsilon_{\mathrm{Bayes}}")
def bayes_gap(solutions: Solutions) -> Measured:
    """Generalisation error of a typical student above that of the optimal rule."""
    (own, slack), (best, slack_of_best) = typical_error(solutions), bayes_error(solutions)
    return own - best, slack + slack_of_best


def _optimal(model: Model, alpha: np.ndarray, labelled: float) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Errors of the optimal rule with their standing: given by the data, else the barycentre of the optimal student."""
    nothing = np.full(alpha.size, np.nan)
    if not model.data.overlaps:
        return nothing, nothing, ["not converged: nothing is to be learned"] * alpha.size
    if model.architecture.few is not None:
        return nothing, nothing, [f"not converged: the optimal rule of {model.architecture} is not here"] * alpha.size
    known = model.data.rule_errors("bayes", alpha, labelled)
    if known is not None:
        return known
    found = optimal_students(model, alpha)
    return (*centre_error(found), found.sentences())


def generalization_error(
    solution: Solution, *, estimator: str = "typical", labelled: float = 1.0, label: Any = None
) -> Quantity:
    r"""Generalisation error of a model with something to be learned (a teacher, two clusters).

    When not to use it: random labels, where there is nothing to be learned.

    Parameters
    ----------
    solution : Solution
    estimator : {"typical", "centre", "bayes", "oracle", "hebb", "clipped", "clipped-hebb"}
        A typical student, ``arccos(m/sqrt Q)/pi``; the barycentre of the students, ``arccos(m/sqrt q)/pi``; the optimal
        rule given the data (the barycentre of the Bayes-optimal student, solved here when the model is another one);
        the rule that knows the teacher, 0 for noise-free labels. On structured inputs (`covariates`) ``"oracle"`` is
        the student's error against the teacher's field without noise. For two clusters the first two follow from
        ``rho H((m+b)/sqrt(noise Q)) + (1-rho) H((m-b)/sqrt(noise Q))``, the others from their optimal linear rules:
        that of the posterior mean (``"bayes"``), of the Hebb vector ``sum label x`` over patterns with a label, and of
        the signs of both (``"clipped"``, ``"clipped-hebb"``), each with the bias that is best for it.
    labelled : float
        For the rules of two clusters: the share of patterns whose label is known (0: unsupervised, up to the sign).
    label : {1, -1, "balanced"}, optional
        Two clusters: the error on new patterns of one label alone (of ``P(label=+1) = balance``), or the mean of both,
        ``(eps_+ + eps_-)/2``. The rule stays what it is: rules of the data make the fewest errors in all. None: of all
        patterns. A typical student's are the observables ``error_positive``, ``error_negative``, ``balanced_error``.

    Returns
    -------
    Quantity
        A float with ``.value .error .status``.

    Raises
    ------
    ValueError
        Without a teacher; unknown estimators; a label where labels do not differ.

    See Also
    --------
    sweep : Over grids, as the observable of the same name.
    optimal_penalty : The penalty with the fewest errors.

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
    Solution.of(solution, "generalization_error")
    one_of("estimator", estimator, ESTIMATORS)
    if not solution.model.data.overlaps:
        raise ValueError(f"generalisation needs a teacher; {solution.model.data} has none")
    name = _named(label)
    if np.ndim(labelled):
        raise ValueError(f"labelled must be one number, got {shown(labelled)}")
    share = number("labelled", labelled, low=0.0, high=1.0)
    if share != 1.0 and estimator not in RULES:
        raise ValueError(f"labelled={labelled:g} is for rules of the data ({', '.join(RULES)}), not for {estimator!r}")
    if estimator == "oracle" and CLEAN in solution.batch.names:
        _of_label({NAMES[None]: None}, name, solution.model)
        values, errors = solution.batch.value(CLEAN), solution.batch.error(CLEAN)
        return Quantity(values[0], errors[0], solution.status)
    if estimator == "oracle":
        errors = solution.model.data.oracle_errors()
        return Quantity(_of_label(errors, name, solution.model), 1e-15, "converged")
    model, alpha = solution.model, solution.batch.alpha
    if estimator in RULES:
        known = model.data.rule_errors(estimator, alpha, share, name)
        if known is not None:
            return Quantity(known[0][0], known[1][0], known[2][0])
        if estimator != "bayes" or share != 1.0:
            asked = f"estimator={estimator!r} with labelled={labelled:g}"
            raise ValueError(f"{asked} is for two clusters, not for {model.data}")
        _of_label({NAMES[None]: None}, name, model)
        if bayes_student(model).settings() != model.settings():
            solution = Solution(optimal_students(model, alpha))
        if model.architecture.few is not None:
            return _few_bayes(solution)
    _of_label(solution.batch.names or (name,), name, model)
    name = name if estimator == "typical" else f"{name}_centre"
    values, errors = solution.batch.value(name), solution.batch.error(name)
    if not np.isfinite(values[0]) and solution.converged:
        raise ValueError(f"{solution.ansatz} does not define the generalisation error of {solution.model}")
    return Quantity(values[0], errors[0], solution.status)


def _named(label: Any) -> str:
    """The name of an error of one label."""
    if isinstance(label, bool) or np.ndim(label) or label not in NAMES:
        raise ValueError(f"label must be 1, -1, 'balanced' or None, got {shown(label)}")
    return NAMES[label]


def _of_label(errors: Any, name: str, model: Model) -> Any:
    """One of the errors that are known, or a sentence where the labels do not differ."""
    if name not in errors and name != NAMES[None]:
        raise ValueError(f"errors of one label are here for two clusters, not for {model.data}: give label=None")
    return errors[name] if isinstance(errors, dict) else None


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
