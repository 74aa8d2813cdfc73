"""Two classes of real data as two isotropic clusters: estimates, predicted learning curves, fits beside them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from replica._checks import grid, number, one_of
from replica._two_classes import GROUPS, estimates, features, groups, jackknife, trained, two_classes
from replica.curves import sweep
from replica.mixtures import mixture
from replica.model import Model
from replica.simulate.instances import whole

DIMENSIONS = ("effective", "features")
#: where a number is known, but not its error
UNSURE = "not converged: unsolved within the errors of the estimates; bring more data or take another penalty"
PREDICTED = ("generalization_error", "training_error")


@dataclass(frozen=True)
class TwoClusters:
    r"""Two classes described as ``x = label c + sqrt(s2) z`` in N dimensions; `from_data` makes it.

    Lengths are in units of the features that `from_data` learns from. A model lives in units where ``|c| = 1``: noise
    ``s2/|c|^2``, and a penalty of scikit-learn becomes ``penalty/(N |c|^2)``.

    Attributes
    ----------
    noise : float
        ``s2/|c|^2``, the parameter of `replica.mixture`.
    balance : float
        Share of the label +1.
    scale : float
        ``|c|``, half the distance between the centroids.
    dimension : float
        N, so that P samples are the load ``alpha = P/N``.
    anisotropy : float
        Variance along the difference of the centroids, divided by s2; 1 for isotropic clusters.
    errors : dict
        Standard error of each of these (binomial for the balance, else from leaving out groups of patterns, which is
        cautious about the dimension).
    X, y : ndarray
        The features that are learned from, and labels +-1.
    classes : tuple
        The user's labels that stand for -1 and +1.
    status : str
        What the data say about the assumption.
    """

    noise: float
    balance: float
    scale: float
    dimension: float
    anisotropy: float
    errors: dict[str, float]
    classes: tuple[Any, Any]
    status: str
    X: np.ndarray = field(repr=False)
    y: np.ndarray = field(repr=False)
    replicates: np.ndarray = field(repr=False)  # noise, scale, dimension without each group of patterns, (3, GROUPS)

    def alpha(self, samples: Any) -> Any:
        """The load ``samples/dimension`` of a number of samples."""
        return number("samples", samples, low=0.0, open_low=True) / self.dimension

    def model(self, loss: Any, penalty: float = 1.0, bias: Any = True) -> Model:
        """The model whose weights are learned from such clusters.

        Parameters
        ----------
        loss, bias
            As in `replica.mixture`. The origin lies midway between the centroids.
        penalty : float
            As scikit-learn counts it on these features: ``alpha`` of ``Ridge``, ``1/C`` of ``LogisticRegression`` and
            of ``SVC(kernel="linear")``; 0 and inf are the limits.

        Returns
        -------
        Model
        """
        return self._model(loss, penalty, bias, self.balance, np.array([self.noise, self.scale, self.dimension]))

    def _model(self, loss: Any, penalty: float, bias: Any, balance: float, at: np.ndarray) -> Model:
        noise, scale, dimension = (float(x) for x in at)
        penalty = number("penalty", penalty, low=0.0, infinite=True) / (dimension * scale**2)
        return mixture(loss, penalty=penalty, noise=noise, balance=balance, bias=bias)

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
            ``generalization_error`` and ``training_error`` over ``samples`` (with ``alpha`` beside it), ``error`` and
            ``NAME_error``, ``status``. Errors hold those of the solution and of the estimates, not that of the
            assumption of isotropic clusters: `compare` shows it.
        """
        import xarray

        from replica.records import record

        places = grid("samples", samples)
        number("samples", places, low=0.0, open_low=True)
        best = np.array([self.noise, self.scale, self.dimension])
        known = {"loss": loss, "penalty": penalty, "bias": bias}
        found = self._solved(places, known, self.balance, best)
        around = [self._solved(places, known, self.balance, at) for at in self.replicates.T]
        step = min(self.errors["balance"], 0.5 * min(self.balance, 1.0 - self.balance))
        sides = [self._solved(places, known, self.balance + sign * step, best) for sign in (1, -1)]
        variables: dict[str, Any] = {}
        for name in PREDICTED:
            spread = jackknife(np.array([one[name].values for one in around]))
            tilt = 0.5 * (sides[0][name].values - sides[1][name].values) * self.errors["balance"] / step
            error = np.sqrt(found[f"{name}_error"].values ** 2 + spread**2 + tilt**2)
            value = np.where(np.isfinite(error), found[name].values, np.nan)
            variables |= {name: ("samples", value), f"{name}_error": ("samples", error)}
        main = variables[f"{PREDICTED[0]}_error"]
        known_alone = np.isfinite(found[PREDICTED[0]].values) & ~np.isfinite(main[1])
        status = np.where(known_alone, UNSURE, found["status"].values.astype(object)).astype(str)
        variables |= {"status": ("samples", status), "error": main}
        model = self.model(loss, penalty, bias)
        settings = {"verb": "learning_curve", "model": model.settings(), "penalty": penalty, "samples": places.tolist()}
        attrs = record(settings) | {"kind": "curve", "main": PREDICTED[0], "observables": list(PREDICTED)}
        loads = {"samples": places, "alpha": ("samples", places / self.dimension)}
        data = xarray.Dataset(variables, coords=loads, attrs=attrs)
        for name in PREDICTED:
            data[name].attrs["symbol"] = found[name].attrs["symbol"]
        data["samples"].attrs["symbol"] = "P"
        return data

    def _solved(self, samples: np.ndarray, known: dict[str, Any], balance: float, at: np.ndarray) -> Any:
        return sweep(self._model(balance=balance, at=at, **known), alpha=samples / at[2], observables=PREDICTED)

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

        from replica.records import record
        from replica.simulate.compare import compare

        sizes = self._sizes(samples)
        repeats, seed = whole("repeats", repeats, 2), whole("seed", seed, 0)
        penalty = number("penalty", penalty, low=0.0)
        if not isinstance(bias, (bool, np.bool_)):
            raise ValueError(f"bias must be True or False in compare, got {bias!r}")
        model = self.model(loss, penalty, bias)
        if importlib.util.find_spec("sklearn") is None:
            raise ValueError("compare needs scikit-learn: pip install 'replica-theory[learn]'")
        estimator, _ = model.loss.learner(penalty, bool(bias))
        theory = self.learning_curve(sizes, loss=loss, penalty=penalty, bias=bias)
        mean, error = trained(estimator, self.X, self.y, sizes=sizes.astype(int), repeats=repeats, seed=seed)
        found = {name: ("samples", mean[:, i]) for i, name in enumerate(PREDICTED)}
        found |= {f"{name}_error": ("samples", error[:, i]) for i, name in enumerate(PREDICTED)}
        found["error"] = found[f"{PREDICTED[0]}_error"]
        settings = {"repeats": repeats, "seed": seed, "samples": sizes.tolist(), "patterns": len(self.y)}
        fits = xarray.Dataset(found, coords={"samples": sizes}, attrs=record(settings))
        return compare(theory, fits)

    def _sizes(self, samples: Any) -> np.ndarray:
        sizes = grid("samples", samples)
        if np.any(sizes != np.round(sizes)) or sizes[0] < 2 or sizes[-1] > len(self.y) - 10:
            raise ValueError(f"samples must be whole numbers from 2 to {len(self.y) - 10}, got {sizes.tolist()}")
        return sizes


def from_data(X: Any, y: Any = None, *, standardise: bool = True, dimension: str = "effective") -> TwoClusters:
    r"""Two clusters like those of a data set: what theory predicts for classifiers trained on it.

    With centroids ``+-c`` from the middle and the pooled covariance S within classes,
    ``4 |c|^2 = |difference of means|^2 - tr S (1/P_+ + 1/P_-)``; the second term is what chance adds. ``s2`` and N are
    those of the isotropic covariance that has the same ``tr S = N s2`` and ``tr S^2 = N s2^2`` (unbiased for Gaussian
    clusters), so that the error of the Hebb rule keeps its term ``tr S^2/P``.

    Parameters
    ----------
    X : array, shape (P, n), or path
        Patterns; or a file ``.npz`` with X and y, ``.npy`` or ``.csv`` with the label in the last column.
    y : array, shape (P,)
        Labels of two kinds; the later one in sorted order stands for +1. At least 20 patterns of each.
    standardise : bool
        Divide each feature by its standard deviation, as ``StandardScaler`` does. Constant features are dropped, and
        the origin is moved midway between the centroids (which a learned bias makes up for) in any case.
    dimension : {"effective", "features"}
        N as above, or the number of features, with ``s2 = tr S/N``.

    Returns
    -------
    TwoClusters
        Estimates with standard errors; ``.model()``, ``.alpha()``, ``.learning_curve()``, ``.compare()``.

    Raises
    ------
    ValueError
        Arrays that do not fit; other than two classes; centroids no further apart than chance would put them.

    Notes
    -----
    When not to trust it: classes of different covariances, or an ``anisotropy`` far from 1 (the status says so): real
    features are correlated, and isotropic clusters then mistake the errors at large numbers of samples.

    References
    ----------
    F. Mignacco, F. Krzakala, Y. Lu, P. Urbani and L. Zdeborova, ICML (2020) for the theory of the clusters; Z. Bai and
    H. Saranadasa, Statistica Sinica 6, 311 (1996) for the unbiased estimates.

    Examples
    --------
    >>> import replica
    >>> X, y = replica.instance(replica.mixture(noise=0.5), n=50, alpha=8.0, seed=1)
    >>> found = replica.mixture.from_data(X, y, standardise=False)
    >>> bool(abs(found.noise - 0.5) < 3 * found.errors["noise"]), bool(45 < found.dimension < 55)
    (True, True)
    >>> curve = found.learning_curve([50, 100, 200], loss="square", penalty=5.0)
    >>> bool(curve["generalization_error"][0] > curve["generalization_error"][2])
    True
    """
    one_of("dimension", dimension, DIMENSIONS)
    X, label, classes = two_classes(X, y)
    X = features(X, label, standardise)
    group = groups(label)
    effective = dimension == DIMENSIONS[0]
    best = estimates(X, label, effective)
    replicates = np.array([estimates(X[group != k], label[group != k], effective) for k in range(GROUPS)]).T
    if not (np.all(np.isfinite(best)) and np.all(np.isfinite(replicates))):
        raise ValueError("the centroids of the two classes are no further apart than chance puts them: bring more data")
    balance, error = float(np.mean(label == 1)), jackknife(replicates.T)
    errors = dict(zip(("noise", "scale", "dimension", "anisotropy"), error.tolist(), strict=True))
    errors["balance"] = float(np.sqrt(balance * (1.0 - balance) / len(label)))
    noise, scale, size, anisotropy = best.tolist()
    status = f"converged; {size:.3g} dimensions of {X.shape[1]}"
    if abs(anisotropy - 1.0) > 3.0 * errors["anisotropy"]:
        status += f"; not isotropic: {anisotropy:.3g} times the variance along the difference of the centroids"
    return TwoClusters(noise, balance, scale, size, anisotropy, errors, classes, status, X, label, replicates[:3])
