"""Vectors of least cost beside scikit-learn: settings over losses, noise, balance, penalty, bias, labels, shapes.

    python -m benchmarks.erm_witness [--samples NUMBER] [--n NUMBER] [--settings NUMBER]

Each row is ``replica.simulate(model, algorithm="erm", n=500, alpha=..., samples=24, seed=11...)`` beside
``replica.solve(model, alpha=...)`` by `replica.compare`. What a finite system adds, of order 1/N, is measured by
systems of a quarter of the size (four times as many), ``(mean at N/4 - mean at N)/3``, and stated in standard errors.
Writes ``results/erm_witness.md``; exits with 1 when the z-scores of any observable are not those of chance.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import replica

TARGET = Path(__file__).parent / "results" / "erm_witness.md"
NAMES = ("q", "m", "bias", "energy", "training_error", "generalization_error")
RARE = 1e-3  # training errors below are too rare for a standard error
SEED = 11


class Setting(NamedTuple):
    """A model with its load, and how it is called in the table."""

    name: str
    model: replica.Model
    alpha: float


def mixtures() -> list[Setting]:
    """Isotropic clusters: every loss with strong and weak noise, one and two sizes, penalties, a bias or none."""
    found = []
    for loss, alpha, options in (
        ("square", 2.0, {"penalty": 1.0}),
        ("square", 0.7, {"penalty": 0.1, "noise": 0.5, "balance": 0.3}),
        ("square", 1.5, {"penalty": 0.01, "noise": 2.0, "balance": 0.2, "bias": False}),
        ("square", 3.0, {"penalty": 3.0, "noise": 0.3, "balance": 0.3}),
        ("logistic", 2.0, {"penalty": 1.0, "noise": 2.0}),
        ("logistic", 1.0, {"penalty": 0.1, "bias": False}),
        ("logistic", 3.0, {"penalty": 0.01, "noise": 2.0, "balance": 0.3}),
        ("logistic", 2.0, {"penalty": 0.5, "noise": 0.5, "balance": 0.1}),
        ("hinge", 2.0, {"penalty": 1.0}),
        ("hinge", 2.0, {"penalty": 1.0, "noise": 2.0, "bias": False}),
        ("hinge", 2.0, {"penalty": 0.3, "noise": 0.5, "balance": 0.3}),
        ("hinge", 3.0, {"penalty": 2.0, "balance": 0.2}),
    ):
        words = ", ".join(f"{key} {value}" for key, value in options.items())
        found.append(Setting(f"mixture {loss}, {words}", replica.mixture(loss, **options), alpha))
    return found


def labelled() -> list[Setting]:
    """Random labels, teachers without and with noise."""
    found = []
    for loss, penalty, alpha, labels in (
        ("square", 0.5, 1.5, "random"),
        ("logistic", 0.1, 2.5, "random"),
        ("hinge", 0.5, 2.0, "random"),
        ("square", 0.2, 2.0, replica.Teacher(noise=0.5)),
        ("logistic", 0.3, 1.5, "teacher"),
        ("logistic", 0.05, 3.0, replica.Teacher(noise=1.0)),
        ("hinge", 0.2, 2.0, replica.Teacher(noise=0.3)),
    ):
        model = replica.perceptron(replica.Gaussian(penalty), loss=loss, labels=labels)
        words = labels if isinstance(labels, str) else f"teacher, noise {labels.noise}"
        found.append(Setting(f"labels {words}: {loss}, penalty {penalty}", model, alpha))
    return found


def shapes(n: int) -> list[Setting]:
    """Clusters of different covariances, not diagonal together, in n dimensions: powers of the rank, one turned."""
    rng = np.random.default_rng(n)
    basis, _ = np.linalg.qr(rng.standard_normal((n, n)))
    ranks = (np.arange(n) + 0.5) / n
    spectra = 3.0 * ranks**2, 1.5 * (1.0 - ranks)
    covariances = np.array([(basis * spectra[0]) @ basis.T, np.diag(spectra[1])])
    means = np.array([[1.0], [-0.8]]) * np.sqrt(1.0 / n) * np.ones(n)
    found = []
    asked = ("square", 0.3, 2.0, 0.3), ("logistic", 0.1, 1.5, 0.5), ("hinge", 0.5, 2.0, 0.4)
    for loss, penalty, alpha, balance in asked:
        model = replica.clusters(loss, means=means, covariances=covariances, penalty=penalty, balance=balance)
        found.append(Setting(f"two shapes: {loss}, penalty {penalty}, balance {balance}", model, alpha))
    return found


def settings(n: int) -> list[Setting]:
    return [*mixtures(), *labelled(), *shapes(n)]


class Line(NamedTuple):
    """One observable of one setting; ``size_bias`` in standard errors."""

    setting: Setting
    observable: str
    theory: float
    simulation: float
    error: float
    z: float
    size_bias: float


def measure(setting: Setting, smaller: Setting, n: int, samples: int, seed: int) -> list[Line]:
    """Theory beside fits at N, and the difference to fits at N/4 of ``smaller``."""
    solution = replica.solve(setting.model, alpha=setting.alpha)
    runs = fits(setting, n, samples, seed)
    known = [name for name in NAMES if name in runs and name in solution.batch.names]
    report = replica.compare(solution, runs, observables=known)
    few = fits(smaller, n // 4, 4 * samples, seed)
    own = replica.solve(smaller.model, alpha=smaller.alpha)
    found = []
    for name in known:
        one = report.sel(observable=name)
        theory, mean, error = (float(one[key]) for key in ("theory", "simulation", "standard_error"))
        if not error > 0 or (name == "training_error" and theory < RARE):
            continue
        apart = (float(few[name].mean()) - own[name]) - (mean - theory)  # shapes have a theory for each size
        found.append(Line(setting, name, theory, mean, error, float(one["z"]), apart / 3.0 / error))
    return found


def fits(setting: Setting, n: int, samples: int, seed: int) -> Any:
    return replica.simulate(setting.model, algorithm="erm", n=n, alpha=setting.alpha, samples=samples, seed=seed)


def statistics(lines: list[Line]) -> list[str]:
    """Mean and standard deviation of z by observable, over settings, which are independent."""
    rows = ["| observable | settings | mean of z | standard deviation of z | mean 1/N bias |", "|---|---|---|---|---|"]
    for name in (*NAMES, "all"):
        own = [line for line in lines if name in (line.observable, "all")]
        if len(own) > 1:
            z, bias = np.array([line.z for line in own]), np.array([line.size_bias for line in own])
            rows.append(f"| {name} | {len(own)} | {z.mean():+.2f} | {z.std(ddof=1):.2f} | {bias.mean():+.2f} |")
    return rows


def chance(lines: list[Line]) -> bool:
    """Whether the z-scores of each observable have mean 0 and standard deviation 1 within four standard errors."""
    good = max(abs(line.z) for line in lines) < 4.5
    for name in NAMES:
        z = np.array([line.z for line in lines if line.observable == name])
        if z.size > 3:
            good &= abs(z.mean()) < 4.0 / np.sqrt(z.size) and abs(z.std(ddof=1) - 1.0) < 4.0 / np.sqrt(2 * z.size)
    return bool(good)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=24, help="systems of each setting")
    parser.add_argument("--n", type=int, default=500, help="weights, a multiple of 4")
    parser.add_argument("--settings", type=int, help="only so many of the settings; writes nothing")
    asked = parser.parse_args()
    pairs = list(zip(settings(asked.n), settings(asked.n // 4), strict=True))[: asked.settings]
    lines: list[Line] = []
    for number, (setting, smaller) in enumerate(pairs):  # a seed for each: settings must not share their systems
        found = measure(setting, smaller, asked.n, asked.samples, SEED + number)
        print(setting.name, [f"{line.observable} {line.z:+.2f}" for line in found], flush=True)
        lines += found
    table = statistics(lines)
    print("\n".join(table))
    if asked.settings is None:
        TARGET.write_text(page(lines, table, asked.n, asked.samples), encoding="utf-8")
    return 0 if chance(lines) else 1


def page(lines: list[Line], table: list[str], n: int, samples: int) -> str:
    """The table of results."""
    rows = ["| setting | alpha | observable | theory | scikit-learn | error | z | 1/N bias |", "|---" * 8 + "|"]
    for line in lines:
        numbers = " | ".join(f"{number:.6f}" for number in (line.theory, line.simulation, line.error))
        scores = f"{line.z:+.2f} | {line.size_bias:+.2f}"
        rows.append(f"| {line.setting.name} | {line.setting.alpha:g} | {line.observable} | {numbers} | {scores} |")
    head = (
        "# Minimisers of a risk beside scikit-learn\n\n"
        f"`python -m benchmarks.erm_witness --samples {samples} --n {n}`: {samples} systems of {n} weights per "
        "setting, not extrapolated. The last column is what the finite size adds, in standard errors, measured on "
        f"{4 * samples} systems of {n // 4} weights (and so known to half of one). z is in standard errors of the mean "
        f"that are estimated from {samples} systems: a standard deviation of "
        f"{np.sqrt((samples - 1) / (samples - 3)):.2f} is expected. Observables of one setting are correlated.\n"
    )
    return head + "\n" + "\n".join(table) + "\n\n" + "\n".join(rows) + "\n"


if __name__ == "__main__":
    sys.exit(main())
