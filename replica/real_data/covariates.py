"""Patterns of a data set as Gaussian inputs of the same covariance, with a teacher that tells as much of the labels."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from replica._checks import grid, number, one_number
from replica.models.model import Model
from replica.models.structured import covariates
from replica.real_data.classes import GROUPS, jackknife, left_out, varied
from replica.real_data.projections import checked, described
from replica.simulate.instances import whole
from replica.simulate.rng import generator
from replica.sweeps.sweep import sweep

NAMES = ("generalization_error", "training_error")
SHARP = "the labels follow the features more closely than signs of a Gaussian field can: they are taken as noise-free"
FEW = "held_out must leave more patterns than features to the estimates, got {} patterns of {} features"


@dataclass(frozen=True)
class SeenCovariates:
    """A data set as the Gaussian covariate model sees it; `covariates.from_data` makes it.

    Attributes
    ----------
    spectrum, projections : ndarray, shape (N,)
        Of the features' covariance, and of the labels on its eigenvectors without what chance adds.
    rho, explained : float
        Variance of the labels, and how much of it is linear in the features.
    errors : dict
        Standard error of ``explained``.
    dimension : float
        Number of features N: P samples are the load ``alpha = P/N``.
    binary : bool
        Whether the labels are of two kinds, +-1.
    X, y : ndarray
        Features and labels that were held out: `compare` learns from them and is tested on them.
    status : str

    See Also
    --------
    covariates : The model.

    Examples
    --------
    >>> import numpy as np, replica
    >>> rng = np.random.default_rng(1)
    >>> X = rng.standard_normal((600, 20)) * np.geomspace(0.3, 2.0, 20)
    >>> found = replica.covariates.from_data(X, X @ np.ones(20) + rng.standard_normal(600))
    >>> bool(abs(found.explained / found.rho - 0.93) < 0.03)
    True
    """

    spectrum: np.ndarray = field(repr=False)
    projections: np.ndarray = field(repr=False)
    rho: float
    explained: float
    errors: dict[str, float]
    dimension: float
    binary: bool
    status: str
    X: np.ndarray = field(repr=False)
    y: np.ndarray = field(repr=False)
    replicates: tuple[Any, ...] = field(repr=False)

    def alpha(self, samples: Any) -> Any:
        """The load ``samples/dimension`` of a number of samples."""
        return number("samples", samples, low=0.0, open_low=True) / self.dimension

    def model(self, loss: Any, penalty: float = 1.0) -> Model:
        """The model whose weights are learned from such patterns.

        Costs of a residual (square, Huber) learn the labels as real numbers; others (logistic, hinge) learn them as
        signs of a Gaussian field.

        Parameters
        ----------
        loss : str or Loss
        penalty : float
            As scikit-learn counts it on these features: ``alpha`` of ``Ridge``, ``1/C`` of ``LogisticRegression``.

        Returns
        -------
        Model
        """
        return self._model(loss, penalty, self.spectrum, self.projections, self.rho, self.explained)

    def _model(self, loss: Any, penalty: float, omega: Any, t: Any, rho: float, explained: float) -> Model:
        strength = number("penalty", penalty, low=0.0, infinite=True) / self.dimension
        found = covariates(loss, spectrum=omega, projections=t, rho=rho, teacher="linear", penalty=strength)
        if found.loss.exact:
            return found
        if not self.binary:
            raise ValueError(f"labels that are real numbers are learned with a cost of the residual, got {found.loss}")
        most = min(0.5 * np.pi * explained / rho, 1.0)  # E[v y] = c sqrt(2/pi) of a field of variance 1
        scaled = t * (most / explained)
        return covariates(loss, spectrum=omega, projections=scaled, rho=1.0, penalty=strength)

    def learning_curve(self, samples: Any, *, loss: Any, penalty: float = 1.0) -> Any:
        """Predicted errors over the number of samples that are learned from.

        Parameters
        ----------
        samples : increasing grid
            Above 0.
        loss, penalty
            As in `model`.

        Returns
        -------
        xarray.Dataset
            ``generalization_error`` (costs of a residual: the mean square, else the rate) and ``training_error`` over
            ``samples``, with errors and ``status``. Errors hold those of the estimates, not that of the assumption of
            Gaussian inputs: `compare` shows it.
        """
        from replica.files.dataset import curve

        places = grid("samples", samples)
        number("samples", places, low=0.0, open_low=True)
        model, alpha = self.model(loss, penalty), places / self.dimension
        found = sweep(model, alpha=alpha, observables=NAMES)
        around = [sweep(self._model(loss, penalty, *one), alpha=alpha, observables=NAMES) for one in self.replicates]
        columns: dict[str, Any] = {}
        for name in NAMES:
            spread = jackknife(np.array([one[name].values for one in around]))
            columns |= {name: found[name].values, f"{name}_error": np.hypot(found[f"{name}_error"].values, spread)}
        columns["status"] = found["status"].values.astype(str)
        if model.loss.exact:
            columns["status"] = np.char.add(columns["status"], "; errors are mean squares of the residual, not rates")
        settings = {"verb": "learning_curve", "model": model.settings(), "samples": places.tolist()}
        symbols = {"samples": "P"} | {name: found[name].attrs["symbol"] for name in NAMES}
        axes = {"samples": places}
        data = curve(columns, axes, settings, main=NAMES[0], symbols=symbols, observables=" ".join(NAMES))
        return data.assign_coords(alpha=("samples", alpha))

    def compare(
        self, samples: Any, *, loss: Any, penalty: float = 1.0, repeats: int = 20, seed: int = 0
    ) -> Any:
        """The learning curve beside fits that learn from held-out patterns and are tested on those that are left.

        Parameters
        ----------
        samples : increasing grid
            Whole numbers, at most 10 less than there are patterns held out.
        loss, penalty
            As in `model`; square, logistic or hinge. The last two need scikit-learn.
        repeats : int
            Random subsamples of each size, at least 2, drawn by ``seed``.

        Returns
        -------
        xarray.Dataset
            As `replica.compare` gives it, over ``observable`` and ``samples``.
        """
        import xarray

        from replica.files.records import record
        from replica.simulate.compare import compare

        sizes, repeats, seed = grid("samples", samples), whole("repeats", repeats, 2), whole("seed", seed, 0)
        if np.any(sizes != np.round(sizes)) or sizes[0] < 2 or sizes[-1] > len(self.y) - 10:
            raise ValueError(f"samples must be whole numbers from 2 to {len(self.y) - 10}, got {sizes.tolist()}")
        model = self.model(loss, penalty)
        if not model.loss.exact and importlib.util.find_spec("sklearn") is None:
            raise ValueError("compare needs scikit-learn: pip install 'replica-theory[learn]'")
        theory = self.learning_curve(sizes, loss=loss, penalty=penalty)
        runs = np.array([[_fit(self, model, penalty, int(n), seed, k) for k in range(repeats)] for n in sizes])
        share = sizes[:, None] / len(self.y)
        mean, error = runs.mean(axis=1), np.sqrt(runs.var(axis=1, ddof=1) * (1.0 / repeats + share))
        found = {name: ("samples", mean[:, i]) for i, name in enumerate(NAMES)}
        found |= {f"{name}_error": ("samples", error[:, i]) for i, name in enumerate(NAMES)}
        found["error"] = found[f"{NAMES[0]}_error"]
        settings = {"repeats": repeats, "seed": seed, "samples": sizes.tolist(), "patterns": len(self.y)}
        return compare(theory, xarray.Dataset(found, coords={"samples": sizes}, attrs=record(settings)))


def from_data(X: Any, y: Any, *, held_out: float = 0.5, standardise: bool = False) -> SeenCovariates:
    r"""The Gaussian covariate model of a data set: what theory predicts for learning from it.

    Features and labels are centred. With the eigenvectors ``u_i`` of the features' covariance and their covariance c
    with the labels, ``t_i = N [(u_i.c)^2 - omega_i s^2/n]``: the second term is what n patterns add by chance, s^2 the
    variance that is not explained, so that the sum is that of the adjusted R^2.

    When not to use it: fewer patterns than features; classes with covariances of their own (`mixture.from_data`).

    Parameters
    ----------
    X : array, shape (P, n)
        Patterns, real and finite.
    y : array, shape (P,)
        Labels: of two kinds (the larger number or the later word is +1), or real numbers.
    held_out : float
        Share of the patterns that the estimates do not see, in [0, 1): `compare` learns from them; with 0 both see all.
    standardise : bool
        Divide each feature by its standard deviation.

    Returns
    -------
    SeenCovariates
        ``.model()``, ``.alpha()``, ``.learning_curve()``, ``.compare()``.

    Raises
    ------
    ValueError
        Arrays that do not fit or lack a value; fewer patterns than features; labels that nothing tells.

    See Also
    --------
    covariates : The model.
    from_data : Two classes as Gaussian clusters.

    References
    ----------
    B. Loureiro et al., NeurIPS (2021), section 3.3.

    Examples
    --------
    >>> import numpy as np, replica
    >>> X = np.random.default_rng(0).standard_normal((400, 10))
    >>> found = replica.covariates.from_data(X, np.sign(X @ np.arange(10.0)))
    >>> curve = found.learning_curve([20, 200], loss="logistic", penalty=1.0)
    >>> bool(curve["generalization_error"][0] > curve["generalization_error"][1])
    True
    """
    share = one_number("held_out", held_out, low=0.0, high=1.0, open_high=True)
    X, y, binary = checked(X, y)
    given, X = X.shape[1], varied(X)
    X = X / X.std(axis=0) if standardise else X
    X, y = X - X.mean(axis=0), y - y.mean()
    order = generator(0, 2, 1, len(y), "patterns").permutation(len(y))
    seen = np.sort(order[int(round(share * len(y))) :])
    rest = np.sort(order[: int(round(share * len(y)))]) if share > 0 else seen
    if seen.size < X.shape[1] + GROUPS + 2:
        raise ValueError(FEW.format(seen.size, X.shape[1]))
    best = described(X[seen], y[seen])
    group = np.arange(seen.size) % GROUPS
    around = tuple(described(X[seen[group != k]], y[seen[group != k]]) for k in range(GROUPS))
    error = float(jackknife(np.array([one[3] for one in around])))
    omega, t, rho, explained = best
    status = f"converged; {explained / rho:.3g} of the variance of the labels is linear in {X.shape[1]} features"
    status += left_out(given, X.shape[1])
    if binary and 0.5 * np.pi * explained > rho:
        status += f"; {SHARP} where they are learned as signs"
    known = omega, t, rho, explained, {"explained": error}, float(X.shape[1]), binary, status
    return SeenCovariates(*known, X[rest], y[rest], around)


def _fit(seen: SeenCovariates, model: Model, penalty: float, size: int, seed: int, repeat: int) -> tuple[float, float]:
    """Errors on patterns left out and on those trained on, for one subsample."""
    chosen = generator(seed, repeat, seen.X.shape[1], size, "patterns").permutation(len(seen.y))[:size]
    out = np.setdiff1d(np.arange(len(seen.y)), chosen)
    X, y = seen.X[chosen], seen.y[chosen]
    if model.data.residual and not model.loss.quadratic:
        raise ValueError(f"compare fits square, logistic and hinge losses, got {model.loss}")
    if model.data.residual:
        weights = np.linalg.lstsq(
            np.vstack([X, np.sqrt(penalty) * np.eye(X.shape[1])]), np.append(y, np.zeros(X.shape[1])), rcond=None
        )[0]
        return tuple(float(np.mean((seen.y[k] - seen.X[k] @ weights) ** 2)) for k in (out, chosen))  # type: ignore
    estimator, _ = model.loss.learner(penalty, False)
    estimator.fit(X, np.sign(y))
    weights = np.ravel(estimator.coef_)
    return tuple(float(np.mean(np.sign(seen.y[k]) * (seen.X[k] @ weights) <= 0)) for k in (out, chosen))  # type: ignore
