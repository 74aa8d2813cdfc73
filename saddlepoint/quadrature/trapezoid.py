r"""Nodes of the trapezoidal rule for Gaussian averages with one or two features; no integrands, no error estimates.

Near a feature (place p, width w) nodes lie in ``z = p + w sinh t``; between two they are equidistant in

.. math:: t = \mathrm{arsinh}\frac{z - p_1}{w_1} + \mathrm{arsinh}\frac{z - p_2}{w_2},

which is solved for z in closed form: with ``a = e^A``, A the first term and ``d = p_2 - p_1``,
``a (w_1 + w_2 e^{-t}) = d + sqrt(d^2 + w_1^2 + w_2^2 + 2 w_1 w_2 cosh t)``. The error falls like ``exp(-c/step)``
where the integrand is analytic within about w of real fields around p; the Gaussian counts as a feature at 0 of width
`WIDE`. Steps are those of `saddlepoint.quadrature.levels`; what one level leaves is seen by the next, whose step is
shorter and which shares no node with it.
"""

from __future__ import annotations

import math

import numpy as np

from saddlepoint._jit import inner_kernel, patient_kernel
from saddlepoint.special._tail import density

#: width of the Gaussian as a feature; wider features need no nodes of their own
WIDE = 2.0
_STRIDE = 8  # rows have multiples of so many nodes, whose exponentials follow by products from those before
FEW = 256  # rows that are laid before laying them is compiled: some ten milliseconds of interpreted arithmetic


@patient_kernel(FEW)
def lay_trapezoid(
    row: int,
    position: np.ndarray,
    width: np.ndarray,
    left: float,
    right: float,
    spacing: np.ndarray,
    edges: np.ndarray,
) -> int:
    """How many nodes the rule has between two ends, 0 where it does not serve; a numerical kernel.

    It serves up to two features that are narrower than the Gaussian and no farther out than ``far``: ``spacing`` is
    (step, shift, far). The first t, the step, places and widths go into ``edges`` (6 or more, B).
    """
    step, shift, far = spacing[0], spacing[1], spacing[2]
    count, crowd = 0, 0.0
    p, w, q, v = 0.0, WIDE, 0.0, math.inf
    for f in range(position.shape[1]):
        place, narrow = position[row, f], width[row, f]
        if not (narrow < WIDE and abs(place) < math.inf):
            continue
        if count == 2 or abs(place) > far:
            return 0
        least = 1e-15 * (1.0 + abs(place))
        narrow = narrow if narrow > least else least
        crowd += 1.0 / math.sqrt(narrow * narrow + place * place)
        if count == 0:
            p, w = place, narrow
        else:
            q, v = place, narrow
        count += 1
    if count and crowd * WIDE < 1.0:  # the Gaussian would be resolved badly
        if count == 1:
            v = WIDE
        else:
            step *= crowd * WIDE
        count = 2
    if q < p and count == 2:
        p, w, q, v = q, v, p, w
    step = 2.0 * step if count == 2 else step
    first = last = 0.0
    for side in range(2):
        end, t = right if side else left, 0.0
        for f in range(count if count else 1):
            x = (end - q) / v if f else (end - p) / w
            t += math.copysign(math.log(abs(x) + math.sqrt(x * x + 1.0)), x)
        if side:
            last = math.floor(t / step - shift)
        else:
            first = math.ceil(t / step - shift)
    count = int(last - first) + 1
    beyond = -count % _STRIDE  # whole strides, for loops over the nodes
    edges[0, row], edges[1, row] = (first - beyond // 2 + shift) * step, step
    edges[2, row], edges[3, row], edges[4, row], edges[5, row] = p, w, q, v
    return count + beyond


@inner_kernel
def trapezoid_nodes(row: int, edges: np.ndarray, count: int, z: np.ndarray, weight: np.ndarray) -> None:
    """Fill the first nodes and weights of a row as `lay_trapezoid` has laid them."""
    first, step, p, w, q, v = edges[0, row], edges[1, row], edges[2, row], edges[3, row], edges[4, row], edges[5, row]
    weight[0], ratio = math.exp(first), math.exp(step)
    for k in range(1, _STRIDE):
        weight[k] = weight[k - 1] * ratio
    jump = math.exp(_STRIDE * step)
    for k in range(_STRIDE, count):
        weight[k] = weight[k - _STRIDE] * jump
    if v < np.inf:
        apart = q - p
        fixed = apart * apart + w * w + v * v
        for k in range(count):
            up = weight[k]
            down = 1.0 / up
            root = math.sqrt(fixed + w * v * (up + down))
            # e^A and e^B with A + B = t and z = p + w sinh A = q + v sinh B
            one = (apart + root) / (w + v * down)
            two = up / one
            less, lost = 1.0 / one, 1.0 / two
            near, far = 0.5 * w * (one - less), 0.5 * v * (two - lost)
            z[k] = p + near if abs(near) < abs(far) else q + far
            weight[k] = step * (0.25 * w * v * (one + less) * (two + lost) / root) * density(abs(z[k]))
    else:
        for k in range(count):
            up = weight[k]
            down = 1.0 / up
            z[k] = p + 0.5 * w * (up - down)
            weight[k] = step * (0.5 * w * (up + down)) * density(abs(z[k]))
