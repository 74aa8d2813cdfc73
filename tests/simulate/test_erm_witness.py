"""Minimisers of a risk beside scikit-learn: the settings of the benchmark on small systems."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.erm_witness import Line, chance, measure, settings, statistics

SETTINGS = list(zip(settings(120), settings(30), strict=True))


def test_there_are_settings_of_every_kind() -> None:
    names = " ".join(setting.name for setting, _ in SETTINGS)
    assert len(SETTINGS) >= 20
    kinds = "square", "logistic", "hinge", "random", "teacher, noise", "shapes", "bias False"
    assert all(word in names for word in kinds)


@pytest.mark.parametrize("first", [0, 1, 2])
def test_every_third_setting_is_as_theory_says(first: int) -> None:
    """Few small systems: differences of a few standard errors, and not all on one side."""
    lines: list[Line] = []
    for number, (setting, smaller) in enumerate(SETTINGS[first::3]):
        lines += measure(setting, smaller, 120, 10, 40 + number)
    z = np.array([line.z for line in lines])
    assert z.size > 25
    assert np.max(np.abs(z)) < 5.5
    assert np.sqrt(np.mean(z**2)) < 1.7
    assert statistics(lines)[-1].startswith("| all |")


def test_a_wrong_theory_is_seen() -> None:
    setting = SETTINGS[0][0]
    assert not chance([Line(setting, "q", 1.0, 1.5, 0.1, 5.0, 0.0)])
    assert not chance([Line(setting, "m", 1.0, 1.2, 0.1, 2.5 + 0.1 * k, 0.0) for k in range(8)])
    assert chance([Line(setting, "m", 1.0, 1.0, 0.1, z, 0.0) for z in (-1.2, -0.6, 0.0, 0.5, 1.3)])
