"""Fixtures that all tests share: a seeded generator and the stored oracles; no physics here."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

SEED = 20260101
ORACLES = Path(__file__).parent / "oracles"


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator in the same state at the start of each test."""
    return np.random.default_rng(SEED)


@pytest.fixture
def oracle() -> Callable[[str], Any]:
    """``oracle("capacity")`` is the content of ``oracles/capacity.json``."""

    def load(name: str) -> Any:
        return json.loads((ORACLES / f"{name}.json").read_text(encoding="utf-8"))

    return load


@pytest.fixture
def own_members() -> Iterator[None]:
    """Members that a test defines as a user would are forgotten after it."""
    from replica._registry import Member, _roots

    kept = {root: dict(root.registry) for root in _roots(Member)}
    yield
    for root, known in kept.items():
        own = [n for n, kind in root.registry.items() if n not in known and not kind.__module__.startswith("replica.")]
        for name in own:
            del root.registry[name]
