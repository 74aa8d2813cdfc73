"""Focusing belief propagation here and in ReplicatedFocusingBeliefPropagation (C++ with Python bindings, PyPI 1.0.4).

The source distribution does not build on Python 3.11 as it is: its pre-generated C++ includes a header that Python
moved. What works, in an environment of its own:

    pip install "setuptools<60" wheel "cython<3" "numpy<2" scikit-learn
    pip download ReplicatedFocusingBeliefPropagation==1.0.4 --no-deps --no-build-isolation    # and unpack it
    rm ReplicatedFocusingBeliefPropagation/source/*.cpp && python setup.py build_ext --inplace
    pip install --no-build-isolation --no-deps .

Its import downloads a table that the magnetisations used here do not read; an empty file of that name in
``site-packages/data`` (``atanherf_interp.max_16.step_0.0001.first_1.dat``) keeps it from that.

Then ``python -m benchmarks.simulations --parts peer --peer THAT/bin/python``. Both sides get the same files, one
thread, and are judged here from their weights; times are core seconds of learning, without loading.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import replica

MODEL = replica.perceptron("binary")
SIZES = ((201, 0.5), (501, 0.5), (501, 0.6), (1001, 0.5), (1001, 0.6))
SAMPLES = 3
#: what the other interpreter runs: reads X and y, learns, writes weights and seconds
SCRIPT = """
import json, sys, time
import numpy as np
from ReplicatedFocusingBeliefPropagation import ReplicatedFocusingBeliefPropagation as Peer
stored = np.load(sys.argv[1])
X, y = stored["X"].astype(int), stored["y"].astype(int)
learner = Peer(hidden=1, accuracy=("accurate", "exact"), nth=1, seed=int(sys.argv[2]))
begin = time.process_time()
learner.fit(X, y)
seconds = time.process_time() - begin
json.dump({"seconds": seconds, "weights": np.asarray(learner.weights_).ravel().tolist()}, open(sys.argv[3], "w"))
"""


def table(interpreter: Path | None) -> Iterator[str]:
    """A row per size: samples solved and core seconds on both sides, and their ratio."""
    if interpreter is None:
        raise ValueError("the peer needs --peer PYTHON, an interpreter that has ReplicatedFocusingBeliefPropagation")
    replica.simulate(MODEL, algorithm="focusing-bp", n=101, alpha=0.3, seed=1, inputs="sign")  # loads compiled code
    yield "| N | alpha | here: solved | s each | there: solved | s each | there / here |"
    yield "|---|---|---|---|---|---|---|"
    for n, alpha in SIZES:
        ours, theirs = np.array([measure(interpreter, n, alpha, k) for k in range(SAMPLES)]).transpose(1, 2, 0)
        cells = (f"{int(side[0].sum())} of {SAMPLES} | {side[1].mean():.3f}" for side in (ours, theirs))
        yield f"| {n} | {alpha:g} | {' | '.join(cells)} | {theirs[1].mean() / ours[1].mean():.1f} |"


def measure(interpreter: Path, n: int, alpha: float, sample: int) -> tuple[tuple[float, float], tuple[float, float]]:
    """(solved, core seconds) here and there on one instance."""
    X, y = replica.instance(MODEL, n=n, alpha=alpha, seed=5, sample=sample, inputs="sign")
    begin = time.process_time()
    runs = replica.simulate(MODEL, algorithm="focusing-bp", instance=(X, y), seed=sample)
    here = (float(runs["solved"][0]), time.process_time() - begin)
    with tempfile.TemporaryDirectory() as place:
        given, answer = Path(place) / "given.npz", Path(place) / "answer.json"
        np.savez(given, X=X, y=y)
        subprocess.run(
            [interpreter, "-c", SCRIPT, given, str(sample), answer],
            check=True, stdout=subprocess.DEVNULL, env=os.environ | {"OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        there = json.loads(answer.read_text())
    right = np.all(y * (X @ np.sign(there["weights"])) > 0)
    return here, (float(right), there["seconds"])
