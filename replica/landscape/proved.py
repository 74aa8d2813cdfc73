"""A point of a Franz-Parisi curve as an interval with a proof. The equations are in `replica.ansatz`."""

from __future__ import annotations

from typing import Any

import numpy as np

from replica._checks import one_number, whole
from replica.ansatz.rs.enclosed import same_number
from replica.landscape.references import resolve
from replica.models.model import Model, require_model
from replica.solution.said import converged
from saddlepoint.enclosures import Enclosure, NotEnclosed


def proved_franz_parisi(
    model: Model, *, alpha: Any, distance: Any, reference: Any = None, digits: int = 20
) -> Enclosure:
    r"""Interval that provably contains a point of `franz_parisi`, with what else is reported there.

    .. math:: S_{FP}(d) = \mathrm{extr}\; -\tfrac{\hat q}{2}(1-q) - \hat t (1-2d) + \hat s s + G_S + \alpha G_E

    Averages are those of `Solution.enclose`; around a typical solution they are two-dimensional, by the trapezoidal
    rule in both directions with a bound from strips in which the integrand is proved to be analytic.

    Parameters
    ----------
    model : Model
        What is counted: around the direction to be learned what `Solution.enclose` covers; around a typical solution a
        hard margin, weights of +-1 or on the sphere, random labels, the perceptron.
    alpha, distance : float, Fraction or decimal string
        Load above 0, distance ``(1-t)/2`` in (0, 1). Floats are their exact binary values.
    reference : number, "planted", Reference or None
        As in `franz_parisi`; a margin, the teacher, None for a typical solution of the model itself.
    digits : int
        Decimal digits. Around a typical solution 6 take seconds, 20 about half a minute, and more the smaller the
        distance is.

    Returns
    -------
    Enclosure
        Of the entropy; ``.values``: ``q``, ``s`` (around a typical solution), conjugates, ``slope`` (dS/dd),
        ``stability``, ``free_entropy``, with a teacher ``generalization_error``.

    Raises
    ------
    NotEnclosed
        In one sentence, where nothing is proved.
    ValueError
        Values outside their domain; what `franz_parisi` does not cover.

    See Also
    --------
    franz_parisi : The whole curve in floating point.

    Notes
    -----
    The overlap and the conjugate of the reference are enclosed first and enter as intervals. Not proved: that the
    saddle point is the relevant one, that the replica formula holds. When not to use it: for curves.

    References
    ----------
    S. Franz and G. Parisi, J. Phys. I France 5, 1401 (1995); L. N. Trefethen and J. A. C. Weideman, SIAM Review 56, 385
    (2014), theorem 5.1.

    Examples
    --------
    >>> import replica
    >>> model = replica.perceptron("binary", labels="teacher")
    >>> found = replica.proved_franz_parisi(model, alpha="0.8", distance="0.1", reference="planted")
    >>> print(found)
    0.1181805404900867981810[5745, 6516]
    """
    require_model(model)
    load = one_number("alpha", alpha, low=0.0, open_low=True)
    place = one_number("distance", distance, low=0.0, high=1.0, open_low=True, open_high=True)
    digits = whole("digits", digits, low=1)
    around = resolve(model, load, reference, False)
    columns = around.curve(np.array([float(place)]))
    if not converged(columns.status[0]):
        raise NotEnclosed(f"not enclosed: {columns.status[0]}")
    point = {name: float(value[0]) for name, value in columns.values.items()}
    found = around.proved(place, point, digits)
    for name in point.keys() & found.values.keys():
        same_number(name, point[name], float(columns.errors[name][0]), found.values[name])
    return found
