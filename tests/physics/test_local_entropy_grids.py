"""Local entropies over loads and numbers of replicas: axes, numbers of single calls, checkpoints, figures, words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import replica
from replica.cli import main

BINARY = replica.perceptron("binary")
LOADS, NUMBERS, PLACES = [0.5, 0.8], [4.0, np.inf], [0.06, 0.12]


def test_lists_are_axes_of_single_calls(tmp_path: Path) -> None:
    grid = {"alpha": LOADS, "replicas": NUMBERS, "distance": PLACES}
    found = replica.local_entropy(BINARY, **grid, workers=2, checkpoint=tmp_path / "kept")
    assert found["local_entropy"].dims == ("alpha", "replicas", "distance")
    for i, alpha in enumerate(LOADS):
        for j, replicas in enumerate(NUMBERS):
            one = replica.local_entropy(BINARY, alpha=alpha, replicas=replicas, distance=PLACES)
            for name in one.data_vars:
                assert one[name].values.tolist() == found[name].values[i, j].tolist() or np.array_equal(
                    one[name].values, found[name].values[i, j], equal_nan=True
                )
    assert found.identical(replica.local_entropy(BINARY, **grid, checkpoint=tmp_path / "kept"))
    path = tmp_path / "grid.nc"
    replica.save(found, path)
    assert replica.load(path).identical(found)


def test_fan_with_pale_lines_where_no_centres_exist() -> None:
    found = replica.local_entropy(BINARY, alpha=LOADS, distance=np.linspace(0.05, 0.3, 6))
    ax = replica.plot(found)
    words = [text.get_text() for text in ax.get_legend().get_texts()]
    assert any("0.5" in word for word in words) and any("0.8" in word for word in words)
    assert any("complexity below 0" in word for word in words)
    assert not any("not to be trusted" in word for word in words)


def test_command_line_takes_grids(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["local-entropy", "perceptron", "--weights", "binary", "--alpha", "0.5,0.6", "--distance", "0.1"]
    assert main([*words, "--replicas", "3,inf", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    expected = replica.local_entropy(BINARY, alpha=[0.5, 0.6], replicas=[3.0, np.inf], distance=0.1)
    assert answer["local_entropy"] == expected["local_entropy"].values.tolist()
    assert main([*words, "--replicas", "manny"]) == 2
    assert "zero-complexity" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("keywords", "sentence"),
    [
        ({"alpha": [0.6, 0.5]}, "alpha must increase"),
        ({"alpha": "much"}, "alpha must be a number"),
        ({"replicas": [2.0, "many"]}, "replicas must be an increasing grid"),
        ({"replicas": [0.5, 2.0]}, "replicas must be at least 1"),
    ],
)
def test_wrong_lists(keywords: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        replica.local_entropy(BINARY, **({"alpha": 0.5, "distance": 0.1} | keywords))


def test_lists_where_one_number_is_allowed() -> None:
    with pytest.raises(ValueError, match="alpha must be one number"):
        replica.isolation(BINARY, alpha=[0.5, 0.6])
    with pytest.raises(ValueError, match="clones must be one number"):
        replica.overlap_gap(BINARY, clones=[2, 3])


@pytest.mark.parametrize(("alpha", "replicas"), [(1.8950512, 20.898), (1.5, 8.0), (1.2, 50.0), (0.5, 3.0)])
def test_spherical_groups_at_any_distance(alpha: float, replicas: float) -> None:
    """``1 - q1`` keeps its digits: the slope is that of the free entropy, whose logarithm of d is left in the end."""
    middle = np.array([1e-7, 3e-6, 5.5e-5, 1e-3])
    grid = np.sort(np.concatenate([middle * (1 - 1e-4), middle, middle * (1 + 1e-4)]))
    found = replica.local_entropy(replica.perceptron("spherical"), alpha=alpha, distance=grid, replicas=replicas)
    assert all(str(text).startswith("converged") for text in found["status"].values)
    assert found["error"].values.max() < 1e-11
    phi = found["free_entropy"].values.reshape(-1, 3)
    slope = found["slope"].values.reshape(-1, 3)[:, 1]
    np.testing.assert_allclose((phi[:, 2] - phi[:, 0]) / (2e-4 * middle), slope, rtol=3e-7)
    assert slope[0] * middle[0] == pytest.approx(0.5, abs=2e-3)
