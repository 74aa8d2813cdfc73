"""The judge of random questions where its averages are small differences, narrow or rare."""

import numpy as np
import pytest
from mpmath import mp
from scipy.special import ndtr

from benchmarks import _second, _second_shaken
from benchmarks._halved import Unresolved, halved
from benchmarks._second_around import pairs
from benchmarks._second_local import Cost
from benchmarks._second_rows import normal, rows


def test_first_moments_of_pairs_that_hardly_lose_anything() -> None:
    """A copy 1e-6 away of a band far inside the one that is asked for is never lost: only the room is left."""
    d = 1e-6
    with mp.workdps(30):
        room = float(-mp.mpf(d) * mp.log(d) - (1 - mp.mpf(d)) * mp.log1p(-mp.mpf(d)))
    for fine in (1, 2):
        assert pairs(1e-3, d, (-0.66, 0.66), (-0.3, 0.3), True, fine) == pytest.approx(room, rel=2e-16)


def test_two_narrow_layers_are_resolved_at_the_first_fineness() -> None:
    """The variance of a chance that jumps within 3e-4, against its closed form."""
    width = 3e-4
    y, weight = rows(-9.0, 9.0, np.array([[0.3, -0.2]]), width)
    mean = float((weight * normal(y) * ndtr((y - 0.3) / width)).sum())
    assert mean == pytest.approx(float(ndtr(-0.3 / np.hypot(1.0, width))), rel=3e-15)


def test_rare_errors_have_digits() -> None:
    """Errors that cost 150 are rarer than the judge's smallest weight, and known all the same."""
    beta, kappa = 150.0, -0.6
    cost = Cost(lambda u: np.where(u < kappa, 1.0, 0.0), (kappa,))
    setting = _second.Setting(0.1, beta, cost, (-1.0, 1.0))
    s = {"q": 1e-12, "V": 1.0 - 1e-12, "m": 0.0, "Q": 1.0}
    below = ndtr(-0.6)
    right = np.exp(-beta) * below / (np.exp(-beta) * below + 1.0 - below)
    assert _second_shaken.error_rate(setting, s, kappa, 0.0) == pytest.approx(right, rel=1e-10)


def test_nothing_to_average_over_is_said() -> None:
    with pytest.raises(Unresolved, match="nothing to average"):
        halved(lambda row, u: u[None], np.zeros(0, dtype=int), np.zeros(0), np.zeros(0), 1e-9)
