"""Two classes of real data as two isotropic clusters: estimates, predicted learning curves, fits beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from replica._checks import number, one_of
from replica.models.mixtures import mixture
from replica.models.model import Model
from replica.real_data.classes import (
    GROUPS,
    NO_CENTROIDS,
    estimates,
    features,
    groups,
    half,
    jackknife,
    left_out,
    two_classes,
)
from replica.real_data.learning import Described
from replica.real_data.shaped import ShapedClusters, shaped_clusters

DIMENSIONS = ("effective", "features")
COVARIANCES = ("isotropic", "general")
ROUNDING = 1e-9  # of the anisotropy, which is 1 of one feature


@dataclass(frozen=True)
class TwoClusters(Described):
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

    See Also
    --------
    from_data : Makes it.
    ShapedClusters : With covariances of their own.
    mixture : The model.

    Examples
    --------
    >>> import replica
    >>> X, y = replica.instance(replica.mixture(noise=0.5), n=50, alpha=8.0, seed=1)
    >>> found = replica.from_data(X, y, standardise=False)
    >>> bool(abs(found.noise - 0.5) < 3 * found.errors["noise"]), found.status[:9]
    (True, 'converged')
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

    def _shape(self) -> tuple[np.ndarray]:
        return (np.array([self.noise, self.scale, self.dimension]),)

    def _model(self, loss: Any, penalty: float, bias: Any, *shape: Any) -> Model:
        noise, scale, dimension = (float(x) for x in shape[0])
        penalty = number("penalty", penalty, low=0.0, infinite=True) / (dimension * scale**2)
        return mixture(loss, penalty=penalty, noise=noise, balance=self.balance, bias=bias)

    def replicated(self, loss: Any, penalty: float, bias: Any) -> Iterator[tuple[Model, float]]:
        for at in self.replicates.T:
            yield self._model(loss, penalty, bias, at), float(at[2])


def from_data(
    X: Any,
    y: Any = None,
    *,
    covariance: str = "isotropic",
    standardise: bool = True,
    dimension: str = "effective",
    shrinkage: float | None = None,
    share: float = 1.0,
) -> TwoClusters | ShapedClusters:
    r"""Two clusters like those of a data set: what theory predicts for classifiers trained on it.

    ``covariance="isotropic"``: with centroids ``+-c`` from the middle and the pooled covariance S within classes,
    ``4 |c|^2 = |difference of means|^2 - tr S (1/P_+ + 1/P_-)``; the second term is what chance adds. ``s2`` and N are
    those of the isotropic covariance that has the same ``tr S = N s2`` and ``tr S^2 = N s2^2`` (unbiased for Gaussian
    clusters), so that the error of the Hebb rule keeps its term ``tr S^2/P``.

    ``"general"``: each class has its own covariance, that of its patterns shrunk towards a multiple of the identity,
    and its own mean, their difference shortened to the same unbiased length; N is the number of features.

    Parameters
    ----------
    X : array, shape (P, n), or path
        Patterns, real and finite; or a file: ``.npz`` with X and y, ``.npy``, or ``.csv`` (separated by commas,
        semicolons, tabs or blanks, a first row of names may be there) with the label in the last column.
    y : array, shape (P,)
        Labels of two kinds, numbers, truth values or words, as numpy, lists or pandas hold them; the later one in
        sorted order (alphabetical, of ordered categories too) stands for +1, see ``classes``. At least 20 of each.
    covariance : {"isotropic", "general"}
        Round clusters of one size, or two shapes.
    standardise : bool
        Divide each feature by its standard deviation, as ``StandardScaler`` does. Constant features are dropped, and
        the origin is moved midway between the centroids (which a learned bias makes up for) in any case. Without it
        the largest modulus must be between 1e-100 and 1e100.
    dimension : {"effective", "features"}
        Isotropic clusters: N as above, or the number of features, with ``s2 = tr S/N``.
    shrinkage : float, optional
        General covariances: a number in [0, 1]; None: the one that is best on average over Gaussian samples.
    share : float
        Share of the patterns that the estimates are made from, the others being what ``compare`` learns from and is
        tested on; 1: both see all of them.

    Returns
    -------
    TwoClusters or ShapedClusters
        ``.model()``, ``.alpha()``, ``.learning_curve()``, ``.compare()``, with standard errors.

    Raises
    ------
    ValueError
        Arrays that do not fit, are complex, or lack a value or a label (its row is named); other than two classes;
        centroids no further apart than chance would put them; features that do not vary inside the classes.

    Warns
    -----
    UserWarning
        A column that counts the patterns: an index, no feature.

    See Also
    --------
    mixture, clusters : The models.
    TwoClusters, ShapedClusters : What one does with the answer.

    Notes
    -----
    When not to trust it: isotropic clusters where ``anisotropy`` is far from 1 (the status says so): real features are
    correlated, and they then mistake the errors at large numbers of samples. General covariances with few
    patterns per feature, or classes that are not Gaussian: `compare` shows it. A prediction with 21 replicates of N x N
    matrices takes a second for a hundred features and minutes for a thousand.

    References
    ----------
    F. Mignacco, F. Krzakala, Y. Lu, P. Urbani and L. Zdeborova, ICML (2020), and B. Loureiro, G. Sicuro, C. Gerbelot,
    A. Pacco, F. Krzakala and L. Zdeborova, NeurIPS (2021) for the theory of the clusters; Z. Bai and H. Saranadasa,
    Statistica Sinica 6, 311 (1996) for the unbiased estimates; O. Ledoit and M. Wolf, J. Multivar. Anal. 88, 365 (2004)
    for the shrinkage.

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
    one_of("covariance", covariance, COVARIANCES)
    one_of("dimension", dimension, DIMENSIONS)
    number("share", share, low=0.0, high=1.0, open_low=True)
    if shrinkage is not None:
        shrinkage = number("shrinkage", shrinkage, low=0.0, high=1.0)
        if covariance != COVARIANCES[1]:
            raise ValueError(f"shrinkage is of covariance={COVARIANCES[1]!r}: leave it out, or ask for that")
    if covariance == COVARIANCES[1] and dimension != DIMENSIONS[0]:
        raise ValueError(
            f"dimension={dimension!r} is of covariance={COVARIANCES[0]!r}: with a covariance for each class it is the "
            "number of features in any case; leave it out"
        )
    X, label, classes = two_classes(X, y)
    given, X = X.shape[1], features(X, label, standardise)
    chosen = half(label, share)
    seen = X[chosen], label[chosen]
    if min(np.sum(seen[1] == 1), np.sum(seen[1] == -1)) < GROUPS:
        raise ValueError(f"share must leave at least {GROUPS} patterns of each class to the estimates, got {share}")
    used = (X, label) if chosen.all() else (X[~chosen], label[~chosen])
    found: TwoClusters | ShapedClusters
    if covariance == "general":
        found = shaped_clusters(seen, used, classes, shrinkage)
    else:
        found = _two_clusters(seen, used, classes, dimension == DIMENSIONS[0])
    return replace(found, status=found.status + left_out(given, X.shape[1]))


def _two_clusters(
    seen: tuple[np.ndarray, np.ndarray], used: tuple[np.ndarray, np.ndarray], classes: Any, effective: bool
) -> TwoClusters:
    X, label = seen
    group = groups(label)
    best = estimates(X, label, effective)
    replicates = np.array([estimates(X[group != k], label[group != k], effective) for k in range(GROUPS)]).T
    if not (np.all(np.isfinite(best)) and np.all(np.isfinite(replicates))):
        raise ValueError(NO_CENTROIDS)
    balance, error = float(np.mean(label == 1)), jackknife(replicates.T)
    errors = dict(zip(("noise", "scale", "dimension", "anisotropy"), error.tolist(), strict=True))
    errors["balance"] = float(np.sqrt(balance * (1.0 - balance) / len(label)))
    noise, scale, size, anisotropy = best.tolist()
    status = f"converged; {size:.3g} dimensions of {X.shape[1]}"
    if abs(anisotropy - 1.0) > 3.0 * errors["anisotropy"] + ROUNDING:
        status += f"; not isotropic: {anisotropy:.3g} times the variance along the difference of the centroids"
    return TwoClusters(noise, balance, scale, size, anisotropy, errors, classes, status, *used, replicates[:3])
