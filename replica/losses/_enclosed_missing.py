r"""Mean squared distance of a standard Gaussian field w from the allowed ones, for balls and Duals; no loss lives here.

**Lemma Q.** On the sphere, as q -> 1, the replica-symmetric equation ``q/(1-q)^2 = alpha k'(q) E f^2`` with
``V = k(1) - k(q)`` gives ``1/alpha = E (u - w)^2/k'(1)``, u the allowed field nearest to w, of variance k(1). Proof:
``V f -> u - w`` wherever u is unique, and ``V |f| <= |u - w| + O(sqrt V (1 + |w|))`` dominates; ``V/(1-q) -> k'(1)``.

The averages, by parts: ``E (t-w)_+^2 = (1+t^2) H(-t) + t g(t)``; ``E (|w|-t)_+^2 = 2 (1+t^2) H(t) - 2 t g(t)``;
``E (t-|w|)_+^2 = (1+t^2) (1 - 2 H(t)) + 2 t g(t) - 4 t g(0)``.
"""

from __future__ import annotations

from typing import Any

from saddlepoint.enclosures import Functions, flint


def missing_above(t: Any) -> Any:
    """Of fields of at least t."""
    return (1 + t * t) * _tail(-t) + t * Functions.npdf(t)


def missing_inside(t: Any) -> Any:
    """Of fields of at most t in modulus."""
    return 2 * ((1 + t * t) * _tail(t) - t * Functions.npdf(t))


def missing_outside(t: Any) -> Any:
    """Of fields of at least t in modulus."""
    peak = 4 / (2 * flint().arb.pi()).sqrt()
    return (1 + t * t) * (1 - 2 * _tail(t)) + 2 * t * Functions.npdf(t) - t * peak


def _tail(t: Any) -> Any:
    return (t * flint().arb(0.5).sqrt()).erfc() / 2
