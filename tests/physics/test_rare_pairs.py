"""First moments of pairs whose constraints exclude each other, where their chance is below the smallest double."""

import numpy as np
import pytest
from mpmath import mp

import replica


def _log_chance(margin, reference, distance):
    """``ln P(x > reference, y > margin)/P(x > reference)`` at correlation ``1 - 2 distance``, from its steepest end."""
    t = 1 - 2 * mp.mpf(distance)
    spread, low = mp.sqrt((1 - t) * (1 + t)), mp.mpf(reference)

    def log(x):
        return mp.log(mp.erfc((margin - t * x) / spread / mp.sqrt(2)) / 2) - x * x / 2

    scale = 1 / abs(mp.diff(log, low))
    ends = [0, 0.5, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 100]
    whole = mp.quad(lambda y: mp.exp(log(low + scale * y) - log(low)), ends) * scale / mp.sqrt(2 * mp.pi)
    return mp.log(whole) + log(low) - mp.log(mp.erfc(low / mp.sqrt(2)) / 2)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("margin", "reference", "distance"), [(0.0, 0.1, 1 - 1e-7), (2.0, 2.0, 0.999), (0.3, 0.2, 0.8)]
)
def test_the_first_moment_of_rare_pairs_has_digits(margin, reference, distance):
    curve = replica.franz_parisi(
        replica.perceptron(margin=margin), alpha=0.3, distance=[distance], ansatz="annealed", reference=reference
    )
    with mp.workdps(40):
        d = mp.mpf(distance)
        right = 0.3 * _log_chance(margin, reference, distance) - d * mp.log(d) - (1 - d) * mp.log(1 - d)
        off = float(abs(curve["entropy"].values[0] - right))
    assert off <= curve["entropy_error"].values[0] < 1e-13 * max(1.0, -float(right))


@pytest.mark.filterwarnings("error")
def test_no_first_moment_is_infinite_at_the_other_end():
    """Nearly opposite copies: half way between the constraints, ``-(margin + reference)^2/(8 d (1 - d))``."""
    curve = replica.franz_parisi(
        replica.perceptron("spherical"), alpha=0.3, distance=[1 - 1e-14], ansatz="annealed", reference=0.1
    )
    rest = 1.0 - curve["distance"].values[0]
    assert curve["entropy"].values[0] == pytest.approx(-0.3 * 0.01 / (8.0 * rest), rel=1e-8)
    assert np.isfinite(curve["entropy_error"].values[0])
