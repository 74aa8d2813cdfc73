"""A learning curve of the Gaussian covariate model here and in GCMProject (Loureiro et al. 2021), a public Python code.

It needs a copy of github.com/IdePHICS/GCMProject (its folder ``state_evolution``; numpy and scipy are enough, and the
large files of its data sets are not read):

    python -m benchmarks.peer_covariates --peer GCMProject [--loads 20]

Both sides get the same 400 eigenvalues and projections, one thread and labels without noise; the peer its own
settings, those of its notebook (iteration with damping 0.5 until 1e-7). Times are processor seconds of the curve,
without imports. The table is written into ``results/peer_covariates.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import replica
from benchmarks._clock import least

TARGET = Path(__file__).parent / "results" / "peer_covariates.md"
SIZE, PENALTY = 400, 0.1
#: the loss, the teacher, and what the peer calls both
TASKS = (("square", "linear", "RidgeRegression", "ridge_regression"),
         ("logistic", "sign", "LogisticRegression", "logistic_regression"))  # fmt: skip
#: what runs beside the copy: reads the spectrum, iterates, writes overlaps, errors and seconds
SCRIPT = """
import importlib, json, sys, time
import numpy as np
from state_evolution.algorithms.state_evolution import StateEvolution
from state_evolution.data_models.custom import CustomSpectra
given = json.load(open(sys.argv[1]))
task = getattr(importlib.import_module("state_evolution.models." + given["module"]), given["task"])
omega, t = np.array(given["omega"]), np.array(given["t"])
data = CustomSpectra(rho=given["rho"], spec_Omega=omega, diagonal_term=t, gamma=1.0)
rows, begin = [], time.process_time()
for alpha in given["alpha"]:
    found = StateEvolution(
        initialisation="uninformed", tolerance=1e-7, damping=0.5, max_steps=1000,
        model=task(sample_complexity=alpha, regularisation=given["penalty"], data_model=data),
    )
    found.iterate()
    rows.append([float(found.overlaps[name][-1]) for name in ("variance", "self_overlap", "teacher_student")])
json.dump({"seconds": time.process_time() - begin, "rows": rows}, open(sys.argv[2], "w"))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", type=Path, required=True, help="a copy of github.com/IdePHICS/GCMProject")
    parser.add_argument("--loads", type=int, default=20)
    asked = parser.parse_args()
    if not (asked.peer / "state_evolution").is_dir():
        raise SystemExit(f"{asked.peer} has no folder state_evolution: give a copy of github.com/IdePHICS/GCMProject")
    text = "\n".join(table(asked.peer.resolve(), np.linspace(0.5, 4.0, asked.loads)))
    TARGET.write_text(f"# A curve of the covariate model beside GCMProject\n\n{text}\n", encoding="utf-8")
    print(text)


def table(peer: Path, loads: np.ndarray) -> Iterator[str]:
    """A row per task: seconds of the curve on both sides, their ratio, and how far the numbers are apart."""
    yield f"{loads.size} loads from {loads[0]:g} to {loads[-1]:g}, {SIZE} eigenvalues, penalty {PENALTY:g}.\n"
    yield "| loss | here, s | there, s | there / here | largest difference of V, q, m | error reported here |"
    yield "|---|---|---|---|---|---|"
    omega = np.geomspace(0.05, 5.0, SIZE)
    t = omega**1.5
    rho = float(np.mean(t / omega)) + 0.1
    for loss, teacher, task, module in TASKS:
        model = replica.covariates(
            loss, spectrum=omega, projections=t, rho=rho, teacher=teacher, penalty=PENALTY
        )
        curve: list[Any] = []

        def ours(model: Any = model, curve: list[Any] = curve) -> None:
            curve[:] = [replica.sweep(model, alpha=loads, observables=["V", "q", "m"])]

        here = least(ours, 5, clock=time.process_time)
        given = {"omega": omega.tolist(), "t": t.tolist(), "rho": rho, "alpha": loads.tolist(), "penalty": PENALTY}
        there = answered(peer, given | {"task": task, "module": module})
        found = np.stack([curve[0][name].values for name in ("V", "q", "m")], axis=1)
        error = max(float(curve[0][f"{name}_error"].max()) for name in ("q", "m"))
        apart = float(np.abs(found - np.array(there["rows"])).max())
        ratio = there["seconds"] / here
        yield f"| {loss} | {here:.4f} | {there['seconds']:.2f} | {ratio:.0f} | {apart:.1e} | {error:.1e} |"


def answered(peer: Path, given: dict[str, Any]) -> dict[str, Any]:
    """What the peer says, in a process of its own."""
    with tempfile.TemporaryDirectory() as place:
        question, answer = Path(place) / "question.json", Path(place) / "answer.json"
        question.write_text(json.dumps(given), encoding="utf-8")
        environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(peer)}
        subprocess.run([sys.executable, "-c", SCRIPT, question, answer], check=True, cwd=place, env=environment)
        found: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
    return found


if __name__ == "__main__":
    main()
