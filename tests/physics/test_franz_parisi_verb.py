"""The verb franz_parisi: what it refuses, points without a reference, workers and checkpoints."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import replica
from replica.cli import main


def test_wrong_input_is_refused_in_a_sentence() -> None:
    model = replica.perceptron("binary")
    with pytest.raises(ValueError, match="distance must be in"):
        replica.franz_parisi(model, alpha=0.5, distance=[0.0, 0.1])
    with pytest.raises(ValueError, match="continuous weights"):
        replica.franz_parisi(model, alpha=0.5, distance=[0.1], reference=replica.Reference(model=model))
    with pytest.raises(ValueError, match="'max' or None"):
        replica.Reference(margin="largest")
    with pytest.raises(ValueError, match="finite cost at beta = inf"):
        around = replica.Reference(model=replica.perceptron("spherical"))
        replica.franz_parisi(model, alpha=0.5, distance=[0.1], reference=around)
    with pytest.raises(ValueError, match="same data"):
        around = replica.Reference(model=replica.perceptron("spherical", labels="teacher"), margin="max")
        replica.franz_parisi(model, alpha=0.5, distance=[0.1], reference=around)
    with pytest.raises(ValueError, match="references that are one vector"):
        replica.franz_parisi(model, alpha=0.5, distance=[0.1], reference=replica.Reference(margin=0.1, tilt=0.5))
    with pytest.raises(ValueError, match="Bayes-optimal"):
        replica.franz_parisi(replica.perceptron("binary", margin=0.2, labels="teacher"), alpha=0.5, distance=[0.1])
    with pytest.raises(ValueError, match="here for the weights"):
        replica.franz_parisi(replica.perceptron("ternary"), alpha=0.5, distance=[0.1], ansatz=replica.Annealed())
    with pytest.raises(ValueError, match="here for the weights"):
        replica.franz_parisi(replica.perceptron("gaussian", loss="hinge", beta=1.0), alpha=0.5, distance=[0.1])


def test_without_a_reference_every_point_says_so() -> None:
    curve = replica.franz_parisi(replica.perceptron("spherical"), alpha=2.5, distance=[0.1, 0.2])
    assert np.all(np.isnan(curve["entropy"].values))
    assert all(text.startswith("not converged: no typical reference") for text in curve["status"].values)


def test_workers_and_checkpoints_change_no_bit(tmp_path: Path) -> None:
    d = np.linspace(0.02, 0.4, 30)
    model, reference = replica.perceptron("spherical"), replica.Reference(margin=0.3)
    plain = replica.franz_parisi(model, alpha=0.6, distance=d, reference=reference)
    kept = replica.franz_parisi(model, alpha=0.6, distance=d, reference=reference, workers=2, checkpoint=tmp_path / "c")
    again = replica.franz_parisi(model, alpha=0.6, distance=d, reference=reference, checkpoint=tmp_path / "c")
    assert plain.identical(kept)
    assert plain.identical(again)


def test_command_line_gives_the_numbers_of_the_verb(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = ["franz-parisi", "perceptron", "--alpha", "0.5", "--distance", "0.05,0.1", "--reference", "0.3"]
    assert main([*words, "--json", "-o", str(tmp_path / "curve.png")]) == 0
    found = json.loads(capsys.readouterr().out)
    curve = replica.franz_parisi(
        replica.perceptron("binary"), alpha=0.5, distance=[0.05, 0.1], reference=replica.Reference(margin=0.3)
    )
    assert found["entropy"] == curve["entropy"].values.tolist()
    assert (tmp_path / "curve.png").stat().st_size > 1000
    assert main([*words[:-1], "big"]) == 2
    assert "--reference must be a number" in capsys.readouterr().err
    assert main([*words, "--margin", "0:0.1:3"]) == 2
    assert "not a grid" in capsys.readouterr().err


def test_minimisers_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["franz-parisi", "perceptron", "--alpha", "0.3", "--distance", "0.1,0.2", "--json", "--reference"]
    assert main([*words, "logistic", "--reference-gain", "2", "--clipped"]) == 0
    found = json.loads(capsys.readouterr().out)
    soft = replica.perceptron("spherical", loss=replica.Logistic(2.0))
    curve = replica.franz_parisi(
        replica.perceptron("binary"),
        alpha=0.3,
        distance=[0.1, 0.2],
        reference=replica.Reference(model=soft, clipped=True),
    )
    assert found["entropy"] == curve["entropy"].values.tolist()
    assert main([*words, "hinge", "--reference-penalty", "0.5", "--tilt", "0.9"]) == 0
    found = json.loads(capsys.readouterr().out)
    ridge = replica.perceptron(replica.Gaussian(0.5), loss="hinge")
    curve = replica.franz_parisi(
        replica.perceptron("binary"), alpha=0.3, distance=[0.1, 0.2], reference=replica.Reference(model=ridge, tilt=0.9)
    )
    assert found["u"] == [None if np.isnan(u) else u for u in curve["u"].values]
    for wrong, sentence in (
        (["hinge", "--reference-gain", "2"], "no option 'gain'"),
        (["0.3", "--tilt", "0.5"], "references that are one vector"),
        (["0.3", "--reference-gain", "2"], "belong to the minimiser of a loss"),
        (["logstic"], "did you mean logistic"),
        (["logistic", "--tilt", "1.5"], "tilt must be in (0, 1]"),
    ):
        assert main([*words, *wrong]) == 2
        assert sentence in capsys.readouterr().err


def test_minimisers_that_do_not_exist_say_so() -> None:
    """Below capacity the hinge loss vanishes on many vectors of the sphere."""
    hinge = replica.perceptron("spherical", loss=replica.Hinge(0.0))
    curve = replica.franz_parisi(
        replica.perceptron("binary"), alpha=0.5, distance=[0.1], reference=replica.Reference(model=hinge)
    )
    assert str(curve["status"].values[0]).startswith("not converged: no single minimiser")
    assert np.isnan(curve["entropy"].values[0])
