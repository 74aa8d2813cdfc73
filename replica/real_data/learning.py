"""Learning curves that a description of two classes predicts, beside scikit-learn's fits; no estimates here."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np

from replica._checks import grid, number, shown
from replica.models.model import Model
from replica.real_data.classes import jackknife, trained
from replica.simulate.instances import whole
from replica.sweeps.sweep import sweep

#: where a number is known, but not its error
UNSURE = "not converged: unsolved within the errors of the estimates; bring more data or take another penalty"
FITTED = ("generalization_error", "training_error")
PREDICTED = (*FITTED, "error_positive", "error_negative", "balanced_error")


class Described(ABC):
    """Two classes as theory sees them: a subclass says by which models, and how well it knows them."""

    balance: float
    dimension: float
    errors: dict[str, float]
    X: np.ndarray
    y: np.ndarray

    def alpha(self, samples: Any) -> Any:
        """The load ``samples/dimension`` of a number of samples."""
        return number("samples", samples, low=0.0, open_low=True) / self.dimension

    def model(self, loss: Any, penalty: float = 1.0, bias: Any = True) -> Model:
        """The model whose weights are learned from such classes.

        Parameters
        ----------
        loss, bias
            As in `replica.mixture` and `replica.clusters`. The origin lies midway between the centroids.
        penalty : float
            As scikit-learn counts it on these features: ``alpha`` of ``Ridge``, ``1/C`` of ``LogisticRegression`` and
            of ``SVC(kernel="linear")``; 0 is the limit, and so is inf of isotropic clusters.

        Returns
        -------
        Model
        """
        return self._model(loss, penalty, bias, *self._shape())

    @abstractmethod
    def _shape(self) -> tuple[Any, ...]:
        """The estimates that a model is made of."""

    @abstractmethod
    def _model(self, loss: Any, penalty: float, bias: Any, *shape: Any) -> Model:
        """The model of such estimates."""

    @abstractmethod
    def replicated(self, loss: Any, penalty: float, bias: Any) -> Iterator[tuple[Model, float]]:
        """The same without each group of patterns, and its dimension."""

    def learning_curve(self, samples: Any, *, loss: Any, penalty: float = 1.0, bias: Any = True) -> Any:
        """Predicted errors of a classifier over the number of samples it learns from.

        Parameters
        ----------
        samples : increasing grid
            Above 0.
        loss, penalty, bias
            As in `model`.

        Returns
        -------
        xarray.Dataset
            ``generalization_error``, ``training_error``, and the errors of either class, ``error_positive`` (of the
            label +1, ``classes[1]``) and ``error_negative``, and their mean ``balanced_error`` over ``samples`` (with
            ``alpha`` beside it), ``error`` and ``NAME_error``, ``status``. Errors hold those of the solution and of the
            estimates, not that of the assumption of Gaussian clusters: `compare` shows it.
        """
        from replica.files.dataset import curve

        places = grid("samples", samples)
        number("samples", places, low=0.0, open_low=True)
        model = self.model(loss, penalty, bias)
        found = _solved(model, places / self.dimension)
        around = [_solved(one, places / size) for one, size in self.replicated(loss, penalty, bias)]
        step = min(self.errors["balance"], 0.5 * min(self.balance, 1.0 - self.balance))
        tilted = [model.with_parameters(balance=self.balance + sign * step) for sign in (1, -1)]
        sides = [_solved(one, places / self.dimension) for one in tilted]
        columns: dict[str, np.ndarray] = {}
        for name in PREDICTED:
            spread = jackknife(np.array([one[name].values for one in around]))
            tilt = 0.5 * (sides[0][name].values - sides[1][name].values) * self.errors["balance"] / step
            error = np.sqrt(found[f"{name}_error"].values ** 2 + spread**2 + tilt**2)
            value = np.where(np.isfinite(error), found[name].values, np.nan)
            columns |= {name: value, f"{name}_error": error}
        known_alone = np.isfinite(found[FITTED[0]].values) & ~np.isfinite(columns[f"{FITTED[0]}_error"])
        columns["status"] = np.where(known_alone, UNSURE, found["status"].values.astype(object)).astype(str)
        settings = {"verb": "learning_curve", "model": model.settings(), "penalty": penalty, "samples": places.tolist()}
        symbols = {"samples": "P"} | {name: found[name].attrs["symbol"] for name in PREDICTED}
        axes = {"samples": places}
        data = curve(columns, axes, settings, main=FITTED[0], symbols=symbols, observables=" ".join(PREDICTED))
        return data.assign_coords(alpha=("samples", places / self.dimension))

    def compare(
        self,
        samples: Any,
        *,
        loss: Any,
        penalty: float = 1.0,
        bias: bool = True,
        repeats: int = 20,
        seed: int = 0,
    ) -> Any:
        """The learning curve beside scikit-learn's classifiers, trained on subsamples and tested on what is left.

        Parameters
        ----------
        samples : increasing grid
            Whole numbers from 2 to 10 less than there are patterns.
        loss : str or Loss
            Square, logistic or hinge.
        penalty : float
            Finite; see `model`.
        bias : bool
            Learned, or 0.
        repeats : int
            Random subsamples of each size, at least 2, drawn by ``seed``.

        Returns
        -------
        xarray.Dataset
            As `replica.compare` gives it, over ``observable`` and ``samples``. With s^2 the variance between repeats,
            n patterns in all and a mean error e (one error in n + 2 at least), a standard error is the root of
            ``s^2/repeats + s^2 P/n + e(1-e)/n``: subsamples share patterns, and the patterns are themselves a sample.

        Raises
        ------
        ValueError
            Arguments outside their domain, a loss scikit-learn does not have, or no scikit-learn.
        """
        import importlib.util

        import xarray

        from replica.files.records import record
        from replica.simulate.compare import compare

        sizes = self._sizes(samples)
        repeats, seed = whole("repeats", repeats, 2), whole("seed", seed, 0)
        penalty = number("penalty", penalty, low=0.0)
        if not isinstance(bias, (bool, np.bool_)):
            raise ValueError(f"bias must be True or False in compare, got {shown(bias)}")
        model = self.model(loss, penalty, bias)
        if importlib.util.find_spec("sklearn") is None:
            raise ValueError("compare needs scikit-learn: pip install 'replica-theory[learn]'")
        estimator, _ = model.loss.learner(penalty, bool(bias))
        theory = self.learning_curve(sizes, loss=loss, penalty=penalty, bias=bias)
        mean, error = trained(estimator, self.X, self.y, sizes=sizes.astype(int), repeats=repeats, seed=seed)
        found = {name: ("samples", mean[:, i]) for i, name in enumerate(FITTED)}
        found |= {f"{name}_error": ("samples", error[:, i]) for i, name in enumerate(FITTED)}
        found["error"] = found[f"{FITTED[0]}_error"]
        settings = {"repeats": repeats, "seed": seed, "samples": sizes.tolist(), "patterns": len(self.y)}
        fits = xarray.Dataset(found, coords={"samples": sizes}, attrs=record(settings))
        return compare(theory, fits)

    def _sizes(self, samples: Any) -> np.ndarray:
        sizes = grid("samples", samples)
        if np.any(sizes != np.round(sizes)) or sizes[0] < 2 or sizes[-1] > len(self.y) - 10:
            raise ValueError(f"samples must be whole numbers from 2 to {len(self.y) - 10}, got {sizes.tolist()}")
        return sizes


def _solved(model: Model, alpha: np.ndarray) -> Any:
    return sweep(model, alpha=alpha, observables=PREDICTED)
