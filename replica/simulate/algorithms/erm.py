"""Empirical risk minimisation through scikit-learn."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from replica.models.model import Model
from replica.simulate.algorithms.base import Algorithm, Outcome, require_single_unit
from replica.simulate.instances import Instance

LOOSER = 100.0  # how much looser the second fit is, from which errors are estimated


@dataclass(frozen=True)
class ERM(Algorithm):
    r"""Empirical risk minimisation by scikit-learn: ``sum_mu l(h_mu) + (penalty/2)|w|^2`` with features ``X/sqrt(N)``.

    For Gaussian weights at ``beta = inf`` with a square (Ridge), logistic (LogisticRegression) or hinge loss (SVC;
    LinearSVC without bias); the bias is learned without a penalty where the data say so. ``q = |w|^2/N``, ``m``,
    ``bias``, ``energy`` (loss per weight, without the penalty), training and generalisation error.

    When not to use it: finite temperatures (`Langevin`), weights of held norm, costs that scikit-learn does not have, a
    bias that is held.

    See Also
    --------
    Langevin : The Gibbs measure of the same cost.
    MaxMargin : The largest margin.

    Notes
    -----
    Errors: the change against a fit at a hundred times looser tolerance. Install scikit-learn, or
    ``replica-theory[learn]``.

    References
    ----------
    F. Pedregosa et al., J. Mach. Learn. Res. 12, 2825 (2011).

    Examples
    --------
    >>> import replica
    >>> from replica.simulate.algorithms import ERM
    >>> model = replica.mixture("logistic")
    >>> runs = replica.simulate(model, algorithm=ERM(), n=100, alpha=2.0, samples=5, seed=1)
    >>> report = replica.compare(replica.solve(model, alpha=2.0), runs)
    >>> bool(abs(report["z"].sel(observable="q")) < 4)
    True
    """

    name: ClassVar[str] = "erm"
    biased: ClassVar[bool] = True

    def check(self, model: Model) -> None:
        require_single_unit(self, model)
        if "penalty" not in model.weights.parameters or not np.isinf(model.beta):
            raise ValueError(f"algorithm 'erm' is for Gaussian weights at beta = inf, got {model}")
        if not np.isfinite(model.parameter("penalty")):
            raise ValueError("algorithm 'erm' needs a finite penalty: its limit inf has weights 0")
        if importlib.util.find_spec("sklearn") is None:
            raise ValueError("algorithm 'erm' needs scikit-learn: pip install 'replica-theory[learn]'")
        model.loss.learner(model.parameter("penalty"), bool(model.data.trained))

    def run(self, instance: Instance, rng: np.random.Generator) -> Outcome:
        model = instance.model
        if instance.bias:
            raise ValueError("algorithm 'erm' learns the bias or has none (True or False); it cannot hold a number")
        if not instance.patterns:
            return Outcome("not converged: there are no patterns; raise alpha", None, _blank(instance))
        estimator, scale = model.loss.learner(model.parameter("penalty"), bool(model.data.trained))
        if model.data.trained and np.ptp(instance.y) == 0 and hasattr(estimator, "decision_function"):
            text = "not converged: all labels are equal: the loss says nothing of how large the bias is; raise alpha"
            return Outcome(text, None, _blank(instance))
        close, ended = _fit(estimator, scale, instance)
        numbers = dict.fromkeys(close, (np.nan, np.nan))
        if not ended:
            return Outcome("not converged: scikit-learn has spent its iterations", None, numbers)
        loose, _ = _fit(estimator.set_params(tol=LOOSER * estimator.get_params()["tol"]), scale, instance)
        numbers = {name: (close[name], abs(close[name] - loose[name]) + 1e-12) for name in numbers if name != "weights"}
        return Outcome("converged", close["weights"], numbers, bias=close.get("bias", 0.0))


def _blank(instance: Instance) -> dict[str, tuple[float, float]]:
    names = ["q", "energy", *(["m"] if instance.direction is not None else ())]
    names += ["bias"] if instance.model.data.trained else []
    return dict.fromkeys(names, (np.nan, np.nan))


def _of_both_labels(X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Patterns, labels and weights of the same sum of losses: without a bias a pattern is one of either label.

    Classifiers refuse a single label, so that the patterns of one come as halves of both.
    """
    if np.ptp(y) > 0:
        return X, y, np.ones(len(y))
    return np.concatenate([X, -X]), np.concatenate([y, -y]), np.full(2 * len(y), 0.5)


def _fit(estimator: Any, scale: float, instance: Instance) -> tuple[dict[str, Any], bool]:
    """Numbers of the fitted weights, and whether the iterations sufficed."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning

    n = instance.n
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        patterns = instance.X / np.sqrt(n), instance.y
        estimator.fit(*(patterns if instance.model.data.trained else _of_both_labels(*patterns)))
    ended = not any(issubclass(one.category, ConvergenceWarning) for one in caught)
    weights = scale * np.ravel(estimator.coef_) / instance.gain
    bias = scale * float(np.ravel(estimator.intercept_)[0]) if instance.model.data.trained else 0.0
    stability = instance.stabilities(weights) + instance.y * bias
    found = {"weights": weights, "q": float(weights @ weights) / n}
    found["energy"] = float(np.sum(instance.model.loss.cost(stability))) / n
    if instance.direction is not None:
        found["m"] = float(weights @ instance.direction) / n
    if instance.model.data.trained:
        found["bias"] = bias
    return found, ended
