"""Verbs of wide and deep linear networks: what they print is what the library finds; wrong usage is a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import replica


def test_kernel(run: Any, tmp_path: Path) -> None:
    tangent = replica.kernel("relu", layers=3, weight_variance=2.0)
    one = run("kernel relu --layers 3 --weight-variance 2 --cos 0.5 --json").json
    assert one["value"] == float(tangent(0.5))
    assert one["error"] == tangent(0.5).error
    many = run("kernel relu --layers 3 --weight-variance 2 --cos=-1:1:5 --json").json
    assert many["kernel"] == [float(tangent(x)) for x in np.linspace(-1.0, 1.0, 5)]
    figure = tmp_path / "spectrum.png"
    found = run(f"kernel relu --layers 3 --weight-variance 2 --dimension 10 --degrees 0,2,3 --json -o {figure}").json
    assert found["eigenvalue"] == tangent.eigenvalues(dimension=10, degrees=[0, 2, 3])["eigenvalue"].values.tolist()
    assert figure.stat().st_size > 1000


def test_learning_curves_descent_and_critical_points(run: Any, tmp_path: Path) -> None:
    line = "kernel-regression erf --dimension 10 --coefficients 0,1 --ridge 0.1 --samples 10:1000:5:log --json"
    found = run(f"{line} -o {tmp_path / 'curve.svg'}").json
    learner = replica.kernel_regression(replica.kernel("erf"), [0.0, 1.0], dimension=10, ridge=0.1)
    curve = learner.learning_curve(samples=np.geomspace(10.0, 1000.0, 5))
    assert found["generalization_error"] == curve["generalization_error"].values.tolist()
    line = "descent perceptron --weights gaussian --loss square --labels teacher --alpha 2 --json"
    assert len(run(f"{line} --time 0.1:10:3:log -o {tmp_path / 'descent.png'}").json["training_loss"]) == 3
    assert len(run(f"{line} --steps 1,5 --step-size 0.1").json["training_loss"]) == 2
    points = run("critical-points --layers 3 --singular-values 2,1 --json").json
    assert points["index"] == [0, 0, 1, 0]
    assert points["kept"][0] == [True, True]
    assert "strict saddle" in run("critical-points --layers 2 --singular-values 2,1 --json").json["kind"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("kernel relu", "needs --cos"),
        ("kernel relu --cos 0.5 --dimension 3", "not both"),
        ("kernel relu --cos 0.5 --degrees 1", "--degrees belong to --dimension"),
        ("kernel sign --cos 0.5", "no tangent kernel"),
        ("kernel rely --cos 0.5", "did you mean 'relu'"),
        ("kernel relu --cos 2", "cos must be in [-1, 1]"),
        ("kernel-regression relu --dimension 1 --coefficients 1 --samples 3", "dimension must be"),
        ("descent perceptron --weights binary --alpha 1 --time 1", "square loss"),
        ("critical-points --layers 1 --singular-values 1", "layers must be"),
    ],
)
def test_wrong_usage(run: Any, line: str, said: str) -> None:
    result = run(line)
    assert result.code == 2
    assert said in result.err
    assert result.err.count("\n") == 1
