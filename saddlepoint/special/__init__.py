"""Compiled special functions of the integrands: Gaussian tails, ln 2cosh, mixtures; no quadrature here.

With H(x) = erfc(x/sqrt 2)/2, g the unit Gaussian density and G = g/H, three layers of the same functions:

* scalar kernels, callable from other kernels, which inline them: `log_gauss_tail`, `hazard`,
  `hazard_excess`, `log_two_cosh`, `tanh`, `log_tail_difference`, `log_mixed_tail`, `mixed_hazard`,
  `log_mixed`, `mixed_weight`, `log_add`, and the pairs and triples that give value and derivatives for the
  price of one (`tail_pair`, `tail_triple`, `cosh_triple`, `difference_triple`, `mixed_tail_pair`, `mixed_pair`);
* array kernels that fill outputs given by the caller, all float64 and C-contiguous: `tail_terms`,
  `cosh_terms`, `tail_difference_terms`, `mixed_tail_terms`, `mixed_terms`;
* array functions that return new arrays of any shape: `tail`, `two_cosh`, `tail_difference`, `mixed_tail`,
  `mixed`.
"""

from __future__ import annotations

from saddlepoint.special._arrays import mixed, mixed_tail, tail, tail_difference, two_cosh
from saddlepoint.special._cosh import cosh_terms, cosh_triple, log_two_cosh, tanh
from saddlepoint.special._difference import difference_triple, log_tail_difference, tail_difference_terms
from saddlepoint.special._elementary import log_add
from saddlepoint.special._mixed import (
    log_mixed,
    log_mixed_tail,
    mixed_hazard,
    mixed_pair,
    mixed_tail_pair,
    mixed_tail_terms,
    mixed_terms,
    mixed_weight,
)
from saddlepoint.special._tail import hazard, hazard_excess, log_gauss_tail, tail_pair, tail_terms, tail_triple

__all__ = [
    "cosh_terms",
    "cosh_triple",
    "difference_triple",
    "hazard",
    "hazard_excess",
    "log_add",
    "log_gauss_tail",
    "log_mixed",
    "log_mixed_tail",
    "log_tail_difference",
    "log_two_cosh",
    "mixed",
    "mixed_hazard",
    "mixed_pair",
    "mixed_tail",
    "mixed_tail_pair",
    "mixed_tail_terms",
    "mixed_terms",
    "mixed_weight",
    "tail",
    "tail_difference",
    "tail_difference_terms",
    "tail_pair",
    "tail_terms",
    "tail_triple",
    "tanh",
    "two_cosh",
]
