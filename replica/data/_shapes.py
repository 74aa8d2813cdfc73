"""Two covariances and two means in N dimensions: traces and forms of their resolvent, all that theory needs of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

TOGETHER = 1e-12  # covariances that commute up to this share of their norms are diagonal together
EPS = float(np.finfo(float).eps)
KEPT = 4096  # resolvents that are remembered, a few numbers each
SIZES = (), (2,), (2, 2), (2,), (2, 2), (2, 2), (2, 2, 2), ()  # of what is remembered
MIX = 0.5 * (np.sqrt(5.0) - 1.0)  # of the two, so that directions which one of them cannot tell apart are told apart


class Forms(NamedTuple):
    r"""``R = (stiffness + k_+ S_+ + k_- S_-)^{-1}`` between covariances S and means mu; the batch axis comes first.

    ``response = tr R/N``, ``traces[s] = tr(S_s R)/N``, ``pairs[s, t] = tr(R S_s R S_t)/N``, ``spread[s] =
    tr(R S_s R)/N``; ``push[s, t] = mu_s R mu_t``, ``norm[s, t] = mu_s R R mu_t``,
    ``across[u, s, t] = mu_s R S_u R mu_t``. Index 0 is the label +1. ``rounding`` is relative.
    """

    response: np.ndarray
    traces: np.ndarray
    pairs: np.ndarray
    spread: np.ndarray
    push: np.ndarray
    norm: np.ndarray
    across: np.ndarray
    rounding: np.ndarray


class Shapes:
    """Checked means (2, N) and covariances (2, N, N); covariances that commute are kept by their joint spectrum.

    Parameters
    ----------
    means : ndarray, shape (2, N)
        Of the labels +1 and -1.
    covariances : ndarray, shape (2, N, N)
        Symmetric.
    """

    def __init__(self, means: np.ndarray, covariances: np.ndarray) -> None:
        self.means, self.covariances, self.dimension = means, covariances, means.shape[1]
        self.roots: np.ndarray | None = None
        self.known: dict[tuple[float, ...], tuple[np.ndarray, ...]] = {}
        self.basis, self.spectra = _together(covariances)
        #: means in the basis in which both covariances are diagonal
        self.seen = None if self.spectra is None else means @ self.basis
        lowest = [np.linalg.eigvalsh(one)[0] for one in covariances] if self.spectra is None else self.spectra.min(1)
        largest = np.trace(covariances, axis1=1, axis2=2)
        if np.any(lowest < -1e-10 * largest) or not np.all(largest > 0):
            raise ValueError("covariances must be positive semidefinite and not 0, got an eigenvalue "
                             f"{np.min(lowest):.3g}")  # fmt: skip

    @property
    def scale(self) -> np.ndarray:
        """``tr S/N`` of both."""
        return np.trace(self.covariances, axis1=1, axis2=2) / self.dimension

    def root(self, which: int) -> np.ndarray:
        """The symmetric root of a covariance, by which finite samples are drawn."""
        if self.roots is None:
            pairs = [np.linalg.eigh(one) for one in self.covariances]
            self.roots = np.array([(v * np.sqrt(np.maximum(w, 0.0))) @ v.T for w, v in pairs])
        return self.roots[which]

    def forms(self, stiffness: np.ndarray, k: np.ndarray) -> Forms:
        """At stiffness (B,) and k (B, 2)."""
        if self.spectra is not None and self.seen is not None:
            return self._diagonal(self.spectra, self.seen, stiffness, k)
        points, where = np.unique(np.column_stack([stiffness, k]), axis=0, return_inverse=True)
        found = [self._remembered(tuple(point)) for point in points.tolist()]  # many points share their resolvent
        return Forms(*(np.array(column)[where.reshape(-1)] for column in zip(*found, strict=True)))

    def _diagonal(self, s: np.ndarray, mean: np.ndarray, stiffness: np.ndarray, k: np.ndarray) -> Forms:
        n = self.dimension
        r = 1.0 / (stiffness[:, None] + k @ s)
        square = r**2
        pairs = np.einsum("bi,si,ti->bst", square, s, s) / n
        across = np.einsum("bi,ui,si,ti->bust", square, s, mean, mean, optimize=True)
        push, norm = (np.einsum("bi,si,ti->bst", x, mean, mean, optimize=True) for x in (r, square))
        rounding = np.full(len(r), 4 * EPS)
        return Forms(r.mean(axis=1), r @ s.T / n, pairs, square @ s.T / n, push, norm, across, rounding)

    def _remembered(self, point: tuple[float, ...]) -> tuple[np.ndarray, ...]:
        if point not in self.known:
            if len(self.known) >= KEPT:
                self.known.clear()
            self.known[point] = self._dense(*point)
        return self.known[point]

    def _dense(self, stiffness: float, up: float, down: float) -> tuple[np.ndarray, ...]:
        s, mean, n = self.covariances, self.means, self.dimension
        matrix = up * s[0] + down * s[1]
        matrix.flat[:: n + 1] += stiffness
        if not np.all(np.isfinite(matrix)):
            return tuple(np.full(shape, np.nan) for shape in SIZES)
        value, vector = np.linalg.eigh(matrix)
        r = 1.0 / np.maximum(value, 1e-300)
        turned = [vector.T @ one @ vector for one in s]
        inner = mean @ vector
        pairs = np.array([[r @ (a * b) @ r for b in turned] for a in turned]) / n
        diagonal = np.array([np.diagonal(one) for one in turned])
        pulled = inner * r
        across = np.array([pulled @ one @ pulled.T for one in turned])
        rounding = np.array(EPS * np.sqrt(n) * value[-1] * r[0])
        traces, spread = diagonal @ r / n, diagonal @ r**2 / n
        return r.mean(), traces, pairs, spread, pulled @ inner.T, pulled @ pulled.T, across, rounding


def _together(covariances: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """A basis in which both are diagonal and their spectra (2, N); None where there is none."""
    scale = np.maximum(np.trace(covariances, axis1=1, axis2=2), 1e-300)[:, None, None]
    up, down = covariances / scale
    basis = np.eye(covariances.shape[1])
    if not all(np.array_equal(one, np.diag(np.diagonal(one))) for one in (up, down)):
        _, basis = np.linalg.eigh(up + MIX * down)
    spectra = np.array([np.einsum("ij,ik,kj->j", basis, one, basis, optimize=True) for one in covariances])
    for one, spectrum in zip(covariances, spectra, strict=True):
        if np.linalg.norm(one - (basis * spectrum) @ basis.T) > TOGETHER * np.linalg.norm(one):
            return basis, None
    return basis, np.maximum(spectra, 0.0) if np.all(spectra > -1e-12 * scale[:, 0]) else spectra
