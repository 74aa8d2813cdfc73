"""The field of infinitely many units, which is Gaussian: overlaps of weights -> overlaps of fields by a kernel."""

from __future__ import annotations

from typing import Any

import numpy as np

from replica.architectures.activations import Activation, Kernel
from replica.architectures.base import Architecture, Slopes
from replica.data.base import Overlaps


class WideCommittee(Architecture):
    """Fields overlap as ``k(q) = E[g(x)g(y)] - (E g)^2``, the covariance of two units of overlap q."""

    activation: Activation

    def field_overlaps(self, overlaps: Overlaps, level: int = 1) -> tuple[Overlaps, Slopes]:
        if self.few is not None:
            raise ValueError(f"the field of {self} is not Gaussian: what was asked is here for units=inf only")
        kernel = self._kernel(overlaps.q, overlaps.variance, level)
        slopes = Slopes(kernel.slope, kernel.norm, 1.0, kernel.bend, kernel.shift)
        if not np.any(overlaps.m != 0):
            return Overlaps(kernel.value, kernel.rest, overlaps.m, kernel.value), slopes
        return self._taught(overlaps, kernel, slopes, level)

    def _kernel(self, q: Any, variance: Any, level: int) -> Kernel:
        """The kernel of the units; `ValueError` where a certificate asks for more digits than it is written for."""
        if isinstance(q, np.ndarray):
            return self.activation.kernel(q, variance, level)
        try:
            kernel = self.activation.kernel(q, variance, level)
        except TypeError as reason:
            raise ValueError(
                f"nothing to certify with: the kernel of {self.activation} does not take mpmath numbers (take its "
                f"functions from replica.architectures.activations.base.library(q), not from numpy): {reason}"
            ) from reason
        if not (hasattr(kernel.value, "context") and hasattr(kernel.rest, "context")):
            raise ValueError(
                f"nothing to certify with: the kernel of {self.activation} rounds mpmath numbers to double precision "
                "(take its functions from replica.architectures.activations.base.library(q))"
            )
        return kernel

    def _taught(self, overlaps: Overlaps, kernel: Any, slopes: Slopes, level: int) -> tuple[Overlaps, Slopes]:
        """With a teacher of the same kind, whose field is divided by its deviation ``sqrt(k(1))``."""
        q, variance, m, transverse = overlaps
        if np.any(abs(q + variance - 1) > 1e-8):  # more than the rounding of a coarse average
            raise ValueError("a committee that learns from a teacher needs weights of held norm (binary, spherical)")
        away = (variance + transverse) / (1 + m)  # 1 - m
        taught = self._kernel(m, away, level)
        total = kernel.value + kernel.rest
        # k(q) - k(m)^2/k(1) from the small ones of its parts
        near = 2 * taught.rest - kernel.rest - taught.rest * taught.rest / total
        far = kernel.value - taught.value * taught.value / total
        if isinstance(q, np.ndarray):
            left = np.where(kernel.rest < 0.5 * total, near, far)
            root = np.sqrt(total)
        else:
            left, root = far, total.context.sqrt(total)
        return Overlaps(kernel.value, kernel.rest, taught.value / root, left), slopes._replace(m=taught.slope / root)
