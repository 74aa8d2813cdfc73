"""Which of the meetings of members wait for ``make bench``."""

from __future__ import annotations

import pytest

FIVE_LETTERS = "-2.0,-1.0,0.0,1.0,2.0"
LONG = ("test_combinations", "test_replicon")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those of five letters in the long files: three and four, even and not, are met in every run."""
    for item in items:
        if item.path.stem in LONG and FIVE_LETTERS in item.nodeid:
            item.add_marker(pytest.mark.bench)
