"""Every option of every verb acts, is refused, or is told to change nothing: none is passed over in silence."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest

import replica
from replica.cli._main import VERBS
from replica.cli._models import ModelVerb
from replica.cli._verb import HOW

#: verbs that ask nothing of a model, and that have no options but how they answer
OTHERS = ("list", "cite", "demo", "explore", "warm")
#: by promise nothing depends on these where work is shared out; where it is not they are told (`ALONE`)
SHARED = ("workers", "scheduler", "checkpoint", "progress")
ALONE = ("complexity", "flatness", "path", "descent")
SLOW = (
    "max-margin",
    "gardner-line",
    "complexity",
    "threshold",
    "local-entropy-threshold",
    "overlap-gap",
    "learn",
    "certify",
)
PROOFS = ("certify", "enclose")  # whose digits are computed
FILES, NAMES = ("DATA", "TABLE", "RUNS", "THEORY"), ("data.npz", "table.csv", "runs.nc", "theory.nc")
AT = "perceptron --alpha 0.4"
ONE = "there is one crossing"
MET = "what is found at once is more accurate than that"
#: lines and options that act without another answer, and why
ALIKE: dict[tuple[str, str], str] = {
    ("mixture --alpha 2", "tolerance"): MET,
    ("mixture --alpha 2,3", "tolerance"): MET,
    (f"{AT} --distance 0.1", "tolerance"): MET,
    (f"{AT} --distance 0.3 --reference logistic", "tolerance"): MET,
    (AT, "tolerance"): MET,
    (f"{AT} --perturbation 0.1", "tolerance"): MET,
    (f"{AT} --labels teacher --distance 0.1 --reference planted", "tolerance"): MET,
    ("perceptron --labels teacher --alpha 1.6", "start"): "the frozen teacher is the state of equilibrium",
    ("perceptron --observable entropy --level 0.3", "crossing"): ONE,
    ("perceptron --observable entropy --level 0.3 --along margin --alpha 0.4 --between -0.5,0.7", "crossing"): ONE,
    ("perceptron --weights spherical --algorithm max-margin --instance DATA", "seed"): "nothing is drawn",
}
LINES: dict[str, tuple[str, ...]] = {
    "solve": (
        AT,
        f"{AT} --ansatz annealed",
        "parity --alpha 0.4",
        "mixture --alpha 2",
        "perceptron --alpha 0",
        "perceptron --labels teacher --alpha 1.6",
        "perceptron --loss error-count --alpha 1.2",
    ),
    "capacity": ("perceptron", "mixture --loss hinge"),
    "max-margin": ("perceptron --alpha 0.5", "perceptron --weights spherical --alpha 0.5"),
    "at-line": ("perceptron --weights spherical --margin -1",),
    "spinodal": ("perceptron --labels teacher",),
    "specialization": ("committee --units 2 --connectivity full --labels teacher --weights gaussian",),
    "transition": ("perceptron --labels teacher",),
    "freezing": ("perceptron --loss error-count --alpha 1.5",),
    "dynamic-transition": ("perceptron --weights spherical --margin -2.5",),
    "static-transition": ("perceptron --weights spherical --margin -2.5",),
    "gardner-line": ("perceptron --weights spherical --margin -2.5",),
    "complexity": ("perceptron --weights spherical --margin -1 --alpha 11 --parisi 0.1",),
    "optimal-penalty": ("mixture --alpha 2",),
    "threshold": (
        "perceptron --observable entropy --level 0.3",
        "perceptron --observable entropy --level 0.3 --along margin --alpha 0.4 --between -0.5,0.7",
    ),
    "local-entropy-threshold": ("perceptron --reference max",),
    "isolation": (AT,),
    "flatness": (f"{AT} --perturbation 0.1",),
    "franz-parisi": (
        f"{AT} --distance 0.1",
        f"{AT} --distance 0.1 --ansatz annealed",
        f"{AT} --distance 0.3 --reference logistic",
        f"{AT} --labels teacher --distance 0.1 --reference planted",
    ),
    "local-entropy": (f"{AT} --distance 0.1", f"{AT} --distance 0.1 --centre none --replicas 3"),
    "overlap-gap": ("perceptron --clones 2",),
    "path": (
        "perceptron --weights spherical --margin -0.5 --alpha 1 --position 0.4",
        f"{AT} --margin -0.5 --position 0.5",
    ),
    "kernel-margin": ("perceptron --weights spherical --margin -0.5 --alpha 1",),
    "convex-margin": ("perceptron --weights spherical --margin -0.5 --alpha 1",),
    "sweep": ("perceptron --alpha 0.3,0.4", "parity --alpha 0.3,0.4", "mixture --alpha 2,3"),
    "diagram": ("perceptron -x margin=0,0.1 --lines capacity",),
    "special-points": ("perceptron --loss outside-band -x margin=0.7,1 --lines capacity,at",),
    "simulate": (
        "perceptron --algorithm enumeration --n 9 --alpha 0.4",
        "perceptron --algorithm enumeration --instance DATA",
        "perceptron --weights spherical --algorithm max-margin --instance DATA",
    ),
    "compare": ("--theory THEORY --simulation RUNS",),
    "success-threshold": ("--simulation RUNS",),
    "kernel": ("relu --cos 0.3", "relu --kind nngp --cos 0.3", "relu --dimension 5 --degrees 0,1"),
    "kernel-regression": ("relu --dimension 5 --coefficients 1,1 --samples 3",),
    "critical-points": ("--layers 2 --singular-values 2,1",),
    "descent": ("mixture --bias False --alpha 2 --time 1", "mixture --bias False --alpha 2 --steps 3 --step-size 0.1"),
    "learn": (
        "TABLE --samples 20 --loss square",
        "TABLE --samples 20 --loss square --covariance general",
        "TABLE --samples 20 --loss square --model covariates",
    ),
    "certify": (AT,),
    "enclose": ("perceptron --alpha 0.4", "perceptron --quantity capacity"),
}

#: a value for each option, by verb where it is not that of all, each unlike the one in `LINES`
VALUES: dict[str, Any] = {
    "alpha": 0.45,
    "ansatz": "1rsb",
    "start": "equilibrium",
    "tolerance": 1e-3,
    "parisi": 0.2,
    "observable": "q",
    "level": 0.25,
    "along": "margin",
    "between": "0.1,0.6",
    "crossing": "last",
    "reference": 0.2,
    "perturbation": 0.2,
    "error_margin": 0.1,
    "distance": 0.15,
    "reference_weights": "gaussian",
    "reference_gain": 2,
    "reference_margin": 0.3,
    "reference_penalty": 0.5,
    "tilt": 0.9,
    "clipped": None,
    "replicas": 4,
    "centre": "solution",
    "clones": 3,
    "margins": "-0.4,-0.5",
    "position": 0.45,
    "observables": "q",
    "lines": "at",
    "x": "beta=1,2",
    "y": "temperature",
    "algorithm": "belief-propagation",
    "n": 7,
    "samples": 2,
    "seed": 4,
    "inputs": "sign",
    "instance": "DATA",
    "held_out": 0.4,
    "settings": "tolerance=1e-3",
    "readouts": "margins",
    "power": 0.66,
    "layers": 3,
    "weight_variance": 2,
    "bias_variance": 0.1,
    "kind": "nngp",
    "trained": "first",
    "cos": 0.4,
    "dimension": 6,
    "degrees": "1,2",
    "coefficients": "1,2",
    "ridge": 0.1,
    "noise": 0.1,
    "singular_values": "3,1",
    "width": 1,
    "time": 2,
    "steps": 4,
    "step_size": 0.05,
    "label": "first",
    "loss": "logistic",
    "penalty": 3,
    "bias": "--no-bias",
    "picture": "covariates",
    "covariance": "general",
    "standardise": "--no-standardise",
    "shrinkage": 0.3,
    "share": 0.6,
    "fits": 2,
    "quantity": "max-margin",
    "activation": "erf",
    "theory": "RUNS",
    "simulation": "THEORY",
    "workers": 2,
    "scheduler": "tcp://127.0.0.1:1",
    "checkpoint": "FOLDER",
    "progress": None,
    "learn dimension": "features",
    "learn samples": 30,
    "learn held_out": 0.3,
    "compare observables": "q",
    "special-points ansatz": "annealed",
    "special-points alpha": 0.4,
    "diagram ansatz": "annealed",
    "threshold ansatz": "annealed",
    "diagram alpha": 0.4,
    "simulate alpha": 0.7,
    "isolation reference": 0.1,
    "digits": 12,
    "kernel-regression samples": 4,
}


WALK = [
    pytest.param(verb, line, marks=[pytest.mark.bench] if verb in SLOW else [])
    for verb, lines in LINES.items()
    for line in lines
]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Words of `LINES` that stand for files."""
    folder: Path = tmp_path_factory.mktemp("files")
    paths = {word: str(folder / name) for word, name in zip(FILES, NAMES, strict=True)}
    X, y = replica.instance(replica.perceptron(), n=9, alpha=0.5, seed=1)
    np.savez(paths["DATA"], X=X, y=y)
    X, y = replica.instance(replica.mixture(noise=0.3), n=6, alpha=40.0, seed=1)
    Path(paths["TABLE"]).write_text("\n".join(",".join(map(repr, row)) for row in np.column_stack([y, X, y]).tolist()))
    loads: dict[str, Any] = {"n": 10, "alpha": [0.3, 0.6, 0.9, 1.2], "samples": 9, "seed": 2}
    replica.save(replica.simulate(replica.perceptron(), algorithm="enumeration", **loads), paths["RUNS"])
    curve = replica.sweep(replica.perceptron(), alpha=loads["alpha"], observables=["entropy"])
    replica.save(curve, paths["THEORY"])
    return paths


def options_of(verb: str) -> list[click.Option]:
    """The verb's own options, less those that say how an answer is given."""
    module, name = VERBS[verb].split(":")
    command = getattr(importlib.import_module(module), name)
    found = command.own if isinstance(command, ModelVerb) else command.params
    return [one for one in found if isinstance(one, click.Option) and (one.name not in HOW or one.name == "digits")]


def words_of(verb: str, option: click.Option) -> list[str]:
    """The option with another value, as it is spelled in a line."""
    value = VALUES.get(f"{verb} {option.name}", VALUES[str(option.name)])
    flag = option.opts[0]
    return [flag] if value is None else [value] if str(value).startswith("--no") else [flag, str(value)]


def told(found: Any) -> bool:
    return any(sign in found.out + found.err for sign in ("changed nothing", "changes nothing", "change nothing"))


def answer(found: Any) -> Any:
    """What was found, without what repeats the question or how long it took."""
    kept = json.loads(found.out) if found.out else {}
    return {name: value for name, value in kept.items() if name not in ("settings", "version", "seconds")}


def test_every_verb_and_option_is_walked() -> None:
    assert set(LINES) | set(OTHERS) == set(VERBS)
    assert not [one.name for verb in LINES for one in options_of(verb) if one.name not in VALUES]


@pytest.mark.parametrize(("verb", "line"), WALK)
def test_no_option_is_passed_over(
    run, files: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str, line: str
) -> None:
    monkeypatch.setattr("replica.cli._cluster.PATIENCE", "0.2s")

    def ask(*more: str) -> Any:
        words = [files.get(word, word) for word in [*line.split(), *more]]
        return run(verb, *words, "--json")

    plain = answer(ask())
    for option in options_of(verb):
        if option.name in SHARED and verb not in ALONE or option.name == "digits" and verb not in PROOFS:
            continue
        more = words_of(verb, option)
        if " ".join(more) in line:
            continue
        found = ask(*[str(tmp_path) if word == "FOLDER" else word for word in more])
        silent = found.code != 2 and not told(found) and answer(found) == plain
        assert not silent or (line, option.name) in ALIKE, more
