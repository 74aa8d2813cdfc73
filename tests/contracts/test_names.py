"""Names are found however they are hyphenated, and a wrong one names the nearest."""

from __future__ import annotations

import pytest

import replica
from replica.losses.base import Loss
from replica.thresholds import find_line


@pytest.mark.parametrize("name", ["error-count", "ErrorCount", "error_count", "errorcount"])
def test_spellings(name):
    assert Loss.find(name) is replica.ErrorCount
    assert replica.perceptron("Binary", loss=name) == replica.perceptron("binary", loss=replica.ErrorCount(0.0))


def test_lines():
    assert find_line("max_margin") is find_line("max-margin")


def test_the_nearest_name():
    with pytest.raises(ValueError, match="unknown name 'error-cont'; did you mean 'error-count'"):
        Loss.find("error-cont")
