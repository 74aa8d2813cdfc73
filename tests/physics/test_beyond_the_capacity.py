"""Beyond the load that weights on the sphere can bear every verb says so, and where it ends."""

import numpy as np
import pytest

import replica
from replica import RSB

GROUPS = [(None, 0.5), (None, np.inf), ("free", 2.0), ("free", np.inf), ("solution", 2.0)]


@pytest.mark.parametrize(("centre", "replicas"), GROUPS)
@pytest.mark.parametrize(("margin", "alpha"), [(0.0, 2.5), (0.4, 1.9)])
def test_groups_end_with_typical_solutions(centre: str | None, replicas: float, margin: float, alpha: float) -> None:
    model = replica.perceptron("spherical", margin=margin)
    curve = replica.local_entropy(model, alpha=alpha, distance=[0.1, 0.3], replicas=replicas, centre=centre)
    end = f"which ends at alpha = {float(replica.capacity(model)):.6g}"
    assert np.isnan(curve["local_entropy"]).all()
    assert all("no typical solution" in str(s) and end in str(s) for s in curve["status"].values)


def test_groups_on_two_clusters_end_too() -> None:
    model = replica.mixture(loss=replica.Margin(0.0), weights="spherical", noise=2.0)
    curve = replica.local_entropy(model, alpha=8.0, distance=[0.1], replicas=3.0, centre=None)
    said = str(curve["status"].values[0])
    assert said.count("not converged") == 1
    assert f"ends at alpha = {float(replica.capacity(model)):.6g}" in said


@pytest.mark.parametrize(("ansatz", "steps"), [(RSB(2), 2), (RSB(np.inf), 5), (RSB(m=0.2), 1)])
def test_steps_name_the_capacity(ansatz: RSB, steps: int) -> None:
    model = replica.perceptron("spherical", margin=-0.5)
    solution = replica.solve(model, alpha=9.0, ansatz=ansatz, on_failure="keep")
    end = replica.capacity(model, ansatz=RSB(steps))
    assert f"the capacity with {steps} steps is {float(end):.6g}" in solution.status


def test_complexities_name_it_too() -> None:
    curve = replica.complexity(replica.perceptron("spherical"), alpha=2.5, parisi=[0.1, 0.5])
    assert all(str(s).endswith("the replica-symmetric capacity is 2") for s in curve["status"].values)
