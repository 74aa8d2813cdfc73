"""A margin that is given is the margin of the loss, whatever the loss's own default."""

from __future__ import annotations

import pytest

import replica
from replica.cli import main


@pytest.mark.parametrize("margin", [0.0, 0, -0.4, 1.3])
def test_a_given_margin_replaces_the_default_of_a_loss(margin: float) -> None:
    assert replica.perceptron("spherical", loss="hinge", margin=margin).margin == margin
    assert replica.committee(activation="relu", weights="binary", loss="hinge", margin=margin).margin == margin


def test_without_one_the_loss_keeps_its_own() -> None:
    assert replica.perceptron("spherical", loss="hinge").loss == replica.Hinge()
    assert replica.perceptron("spherical", loss=replica.Band(0.7)).margin == 0.7
    assert replica.perceptron("spherical", loss="logistic", margin=0.0).loss == replica.Logistic()


def test_a_band_of_no_width_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for loss in ("band", "outside-band"):
        with pytest.raises(ValueError, match="above 0"):
            replica.perceptron("binary", loss=loss, margin=0.0)
        assert main(["capacity", "perceptron", "--loss", loss, "--margin", "0"]) == 2
        assert "above 0" in capsys.readouterr().err
