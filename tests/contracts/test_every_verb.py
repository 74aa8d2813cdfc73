"""A member nobody thought of goes through every verb: what it answers is that of a known twin, or it is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest

import replica
from replica.solution.single import SolveFailed
from tests.contracts import toys

Numbers = dict[str, float]


class Twin(NamedTuple):
    """A model with a member of one's own, a known one with the same numbers, and what is subtracted from those."""

    model: replica.Model
    known: replica.Model
    offset: Numbers | None = None


def outside(shift: float) -> Any:
    """The count of fields u with ``|u + shift| < 1/2``."""
    return replica.losses.from_function(lambda u: 1.0 * (np.abs(u + shift) < 0.5), kinks=(-0.5 - shift, 0.5 - shift))


def scope(text: str) -> dict[str, Any]:
    """What a file of one's own defines; registries forget it when the test ends."""
    found: dict[str, Any] = {"__name__": "own_member"}
    exec(compile(text, "own_member.py", "exec", dont_inherit=True), found)
    return found


@pytest.fixture(scope="module")
def twins() -> Iterator[dict[str, Twin]]:
    families = [replica.weights.Weights, replica.losses.Loss, replica.architectures.Architecture, replica.data.Data]
    before = [dict(family.registry) for family in families]
    files = ("weights", "loss", "architecture", "data", "signs", "half")
    own = {name: scope(getattr(toys, f"{name.upper()}_FILE")) for name in files}
    yield {
        "weights": Twin(
            replica.perceptron(own["weights"]["Sparse"](2 / 3), margin=0.4),
            replica.perceptron("ternary", margin=0.4),
            {"free_entropy": np.log(3), "entropy": np.log(3)},
        ),
        "signs": Twin(
            replica.perceptron(own["signs"]["Signs"](), margin=0.4), replica.perceptron("binary", margin=0.4)
        ),
        "loss": Twin(
            replica.perceptron("spherical", loss=own["loss"]["Slope"](0.4, 1.0)),
            replica.perceptron("spherical", loss=replica.Hinge(0.4)),
        ),
        "warm loss": Twin(
            replica.perceptron("binary", loss=own["loss"]["Slope"](0.2, 0.0), beta=1.5),
            replica.perceptron("binary", loss=replica.ErrorCount(0.2), beta=1.5),
        ),
        "architecture": Twin(
            replica.Model(weights="binary", loss=replica.Margin(0.8), architecture="toy-stretched", data="random"),
            replica.perceptron("binary", margin=0.4),
        ),
        "even loss": Twin(  # patterns with a mean do not see it as even
            replica.perceptron("binary", loss=outside(0.0), beta=1.5, labels=own["data"]["Helped"](0.3)),
            replica.perceptron("binary", loss=outside(0.3), beta=1.5),
        ),
        "even loss, weights of one sign": Twin(
            replica.perceptron(own["half"]["Half"](), loss=replica.OutsideBand(0.5)),
            replica.perceptron(replica.Discrete((0.0, 1.0)), loss=replica.OutsideBand(0.5)),
        ),
        "data": Twin(
            replica.perceptron("binary", margin=0.7, labels=own["data"]["Helped"](0.3)),
            replica.perceptron("binary", margin=0.4),
        ),
    }
    for family, known in zip(families, before, strict=True):
        family.registry.clear()
        family.registry.update(known)


def threshold(verb: Callable[..., Any], **options: Any) -> Callable[[replica.Model], Numbers]:
    def ask(model: replica.Model) -> Numbers:
        found = verb(model, **options)
        return {"value": float(found.value)} if found.converged else {}

    return ask


def curve(verb: Callable[..., Any], *names: str, **options: Any) -> Callable[[replica.Model], Numbers]:
    def ask(model: replica.Model) -> Numbers:
        found = verb(model, **options)
        values = {name: float(found[name].values.ravel()[0]) for name in names if name in found}
        return {name: value for name, value in values.items() if np.isfinite(value)}

    return ask


def solved(ansatz: Any = None) -> Callable[[replica.Model], Numbers]:
    def ask(model: replica.Model) -> Numbers:
        found = replica.solve(model, alpha=0.4, ansatz=ansatz or replica.RS())
        names = ("q", "q0", "free_entropy", "stability")
        return {name: float(found[name]) for name in names if name in found.batch.names}

    return ask


def certified(model: replica.Model) -> Numbers:
    return {"free_entropy": float(replica.solve(model, alpha=0.4).certify(20).potential)}


def density(model: replica.Model) -> Numbers:
    shift, stretch = getattr(model.data, "shift", 0.0), 2.0 if model.architecture.name == "toy-stretched" else 1.0
    found = replica.margin_distribution(replica.solve(model, alpha=0.4), field=[stretch * 0.9 + shift])
    return {"density": stretch * float(found["density"][0])}


def flat(model: replica.Model) -> Numbers:
    return {"flatness": float(replica.flatness(replica.solve(model, alpha=0.4), noise=[0.3])["training_error"][0])}


def minimised(model: replica.Model) -> Numbers:
    vector = replica.Model(weights="spherical", loss="logistic", architecture="perceptron", data=model.data)
    return curve(replica.franz_parisi, "free_entropy", reference=replica.Reference(model=vector), **AT)(model)


AT: dict[str, Any] = {"alpha": 0.4, "distance": [0.1]}
VERBS: dict[str, Callable[[replica.Model], Numbers]] = {
    "solve": solved(),
    "annealed": solved(replica.Annealed()),
    "rsb": solved(replica.RSB(m=2.0, q1=0.9)),
    "rsb limit": solved(replica.RSB(m=np.inf, q1=0.9)),
    "capacity": threshold(replica.capacity),
    "at-line": threshold(replica.at_line),
    "freezing": threshold(replica.freezing, alpha=0.4),
    "spinodal": threshold(replica.spinodal),
    "franz-parisi": curve(replica.franz_parisi, "free_entropy", **AT),
    "franz-parisi annealed": curve(replica.franz_parisi, "free_entropy", ansatz=replica.Annealed(), **AT),
    "franz-parisi max": curve(replica.franz_parisi, "free_entropy", reference=replica.Reference(margin="max"), **AT),
    "franz-parisi minimiser": minimised,
    "local-entropy": curve(replica.local_entropy, "local_entropy", **AT),
    "local-entropy y=3": curve(replica.local_entropy, "local_entropy", replicas=3, **AT),
    "local-entropy physical": curve(replica.local_entropy, "local_entropy", replicas="zero-complexity", **AT),
    "local-entropy solution": curve(replica.local_entropy, "local_entropy", replicas=2, centre="solution", **AT),
    "local-entropy replicas": curve(
        replica.local_entropy, "local_entropy", replicas=3, centre=None, alpha=0.4, distance=[0.05]
    ),
    "local-entropy-threshold": threshold(replica.local_entropy_threshold),
    "overlap-gap": threshold(replica.overlap_gap, clones=2),
    "isolation": threshold(replica.isolation, alpha=0.4),
    "path": curve(replica.path, "training_error", alpha=0.4, position=[0.5]),
    "kernel-margin": threshold(replica.kernel_margin, alpha=0.4),
    "convex-margin": threshold(replica.convex_margin, alpha=0.4),
    "flatness": flat,
    "margin-distribution": density,
    "certify": certified,
    "sweep": curve(replica.sweep, "free_entropy", alpha=[0.4], observables=["free_entropy"]),
    "diagram": curve(replica.diagram, "capacity", x=("beta", [1.5]), y="alpha", lines=["capacity"]),
    "simulate": curve(
        replica.simulate, "training_error", "entropy", algorithm="enumeration", n=11, alpha=0.4, samples=1, seed=3
    ),
}
FAMILIES = ["weights", "signs", "loss", "architecture", "data"]
#: of a cost at a temperature, whose inner averages are numerical: verbs that need few of them
FEW = ("solve", "annealed", "rsb", "margin-distribution", "sweep", "diagram", "isolation")
PAIRS = [(family, verb) for family in FAMILIES for verb in VERBS] + [("warm loss", verb) for verb in FEW]
EVEN = ("solve", "annealed", "capacity", "at-line", "sweep")
PAIRS += [(f"even loss{weights}", verb) for weights in ("", ", weights of one sign") for verb in EVEN]


@pytest.mark.parametrize(("family", "verb"), PAIRS)
def test_the_answer_is_that_of_the_twin_or_a_refusal(twins: dict[str, Twin], family: str, verb: str) -> None:
    twin = twins[family]
    try:
        found = VERBS[verb](twin.model)
    except (ValueError, SolveFailed) as refusal:
        assert len(str(refusal)) > 20
        assert "\n" not in str(refusal)
        return
    known = VERBS[verb](twin.known) if found else {}  # nothing solved, and said so
    for name, value in found.items():
        right = known[name] - (twin.offset or {}).get(name, 0.0)
        assert value == pytest.approx(right, rel=1e-7, abs=1e-9), name


SIGNS = {
    "signs": replica.perceptron("non-negative", margin=-0.2),
    "coding": replica.perceptron("binary", margin=-0.2, labels=replica.RandomLabels(coding=0.3)),
    "signs and coding": replica.perceptron("non-negative", labels=replica.RandomLabels(coding=0.3)),
    "mean inputs": replica.perceptron("sign-constrained", margin=0.2, labels=replica.RandomLabels(inputs=0.3)),
}


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb != "certify"])
@pytest.mark.parametrize("model", SIGNS.values(), ids=SIGNS.keys())
def test_signs_and_codings_are_answered_or_refused_in_a_sentence(model: replica.Model, verb: str) -> None:
    try:
        found = VERBS[verb](model)
    except (ValueError, SolveFailed) as refusal:
        assert len(str(refusal)) > 20 and "\n" not in str(refusal) and "variable" not in str(refusal)
        return
    assert all(np.isfinite(value) for value in found.values()), found
