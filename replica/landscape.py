"""Verbs about what surrounds a solution: the Franz-Parisi entropy. The equations are in `replica.ansatz`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from replica._checks import grid, number
from replica.ansatz import Ansatz
from replica.ansatz._fp_annealed import annealed_curve
from replica.ansatz._fp_patterns import Side
from replica.ansatz._fp_problem import Reference as Typical
from replica.ansatz._fp_teacher import student_curve, taught_curve
from replica.ansatz.franz_parisi import NAMES, check, method, random_curve, typical_overlap
from replica.model import Model, bayes_student
from replica.verbs import solve

CHUNK = 25  # distances solved together; fixed, so that results do not depend on the number of workers
PLANTED = "planted"  # the teacher itself as the reference


@dataclass(frozen=True)
class Reference:
    """What a Franz-Parisi curve is drawn around.

    Parameters
    ----------
    margin : float, "max" or None
        A typical solution of the same model at that margin (bands: that half-width); ``"max"`` the largest margin at
        that load (counted weights; bands: the smallest half-width); None the model's own margin.
    model : Model, optional
        The zero-temperature minimiser of another model on the same data; not available.
    tilt : float
        Overlap with that reference of the vector the distance is measured from; only 1 is available.

    Examples
    --------
    >>> import replica
    >>> replica.Reference(margin=0.3)
    Reference(margin=0.3, model=None, tilt=1.0)
    """

    margin: Any = None
    model: Any = None
    tilt: float = 1.0

    def __post_init__(self) -> None:
        if self.model is not None:
            raise ValueError(
                "Reference(model=...): minimisers of another loss cannot be references yet; give margin=NUMBER or 'max'"
            )
        if self.margin is not None and self.margin != "max":
            if isinstance(self.margin, str):
                raise ValueError(f"Reference(margin=...) must be a number, 'max' or None, got {self.margin!r}")
            object.__setattr__(self, "margin", number("margin of the reference", self.margin))
        if self.tilt != 1.0:
            raise ValueError(f"Reference(tilt=...) must be 1: tilted references are not available, got {self.tilt!r}")

    def settings(self) -> dict[str, Any]:
        """For records."""
        return {"margin": self.margin, "tilt": self.tilt}


def franz_parisi(
    model: Model,
    *,
    alpha: float,
    distance: Any,
    reference: Reference | str | None = None,
    ansatz: Ansatz | None = None,
    workers: int = 1,
    checkpoint: Any = None,
    progress: bool = False,
) -> Any:
    r"""Entropy of the solutions at a distance from a typical solution (the reference), over a grid of distances.

    .. math:: S_{FP}(d) = \frac1N E \ln \#\{w: w\cdot\tilde w = (1-2d) N,\ w \text{ solves}\}

    with ``w~`` drawn from the solutions of the reference model, replica-symmetric for references and copies.

    Parameters
    ----------
    model : Model
        What is counted: binary or spherical weights with any loss; at finite beta ``free_entropy`` is ln Z.
    alpha : float
        Load of both, above 0.
    distance : increasing grid
        Distances ``d = (1 - t)/2`` in (0, 1).
    reference : Reference, "planted" or None
        None: a typical solution of the model itself. With a teacher: a typical Bayes-optimal student (margin 0) or the
        teacher itself.
    ansatz : Ansatz, optional
        `RS` (default), or `Annealed`: ``ln E[pairs] - ln E[references]``, an upper bound of the typical curve.
    workers, checkpoint, progress
        As in `sweep`.

    Returns
    -------
    xarray.Dataset
        Over ``distance``: ``entropy`` (with ``error``), ``free_entropy``, ``training_error``, ``slope`` (dS/dd), the
        order parameters ``q`` (two copies), ``s`` (copy and another reference; with a teacher its overlap with the
        teacher), ``q_hat``, ``s_hat``, ``t_hat``, each with ``NAME_error``, and ``status``. With a teacher
        ``generalization_error``. ``attrs``: ``typical_distance`` (maximum of the curve) with its error,
        ``reference_margin``.

    Raises
    ------
    ValueError
        Weights, references or ansatz that are not covered; values outside their domain.

    Notes
    -----
    Errors: change from one quadrature level to the next plus what the error of the reference carries over. Symmetry
    breaking of the copies is not tested. Unsolved points are NaN; their status says at which load the equations end.

    References
    ----------
    S. Franz and G. Parisi, J. Phys. I France 5, 1401 (1995); H. Huang and Y. Kabashima, Phys. Rev. E 90, 052813 (2014).

    Examples
    --------
    >>> import replica
    >>> curve = replica.franz_parisi(replica.perceptron("binary"), alpha=0.5, distance=[0.005, 0.01])
    >>> [f"{s:.6f}" for s in curve["entropy"].values]
    ['-0.003838', '0.006197']
    """
    import xarray

    from replica.records import record
    from saddlepoint import sweep as run

    alpha = number("alpha", alpha, low=0.0, open_low=True)
    points = grid("distance", distance)
    number("distance", points, low=0.0, high=1.0, open_low=True, open_high=True)
    chosen, first_moment = method(ansatz)
    setup = _setup(model, alpha, reference, first_moment)
    settings = {
        "verb": "franz_parisi",
        "model": model.settings(),
        "ansatz": chosen.settings(),
        "alpha": alpha,
        "reference": reference.settings() if isinstance(reference, Reference) else reference,
        "distance": points.tolist(),
    }
    main = "entropy" if model.loss.hard else "free_entropy"
    attrs: dict[str, Any] = {"kind": "curve", "main": main, "reference_status": setup.sentence}
    if setup.kind == "none":
        columns = _unsolved(setup, points.size, main)
    else:
        chunks = [Chunk(setup, points[i : i + CHUNK]) for i in range(0, points.size, CHUNK)]
        results = run(solve_chunk, chunks, workers=workers, checkpoint=checkpoint, settings=settings, progress=progress)
        columns = {name: np.concatenate([r[name] for r in results]) for name in results[0]}
        attrs |= {"reference_margin": float(setup.margin)} if setup.margin is not None else {}
        attrs |= _typical_distance(setup)
    columns = {main: columns.pop(main)} | columns | {"error": columns[f"{main}_error"]}
    variables = {name: (("distance",), column) for name, column in columns.items()}
    data = xarray.Dataset(variables, coords={"distance": points}, attrs=record(settings) | attrs)
    data[main].attrs["symbol"] = r"S_{\mathrm{FP}}"
    data["distance"].attrs["symbol"] = "d"
    return data


@dataclass(frozen=True)
class Setup:
    """What the points of one curve share.

    ``kind``: ``quenched`` (random labels), around a typical ``student``, ``planted`` (around the teacher), ``pairs``
    (first moment), or ``none`` (no reference).
    """

    kind: str
    model: Model
    alpha: float
    typical: Typical | None
    margin: float | None
    sentence: str

    @property
    def probe(self) -> Side:
        return Side(self.model.loss, float(self.model.beta))


@dataclass(frozen=True)
class Chunk:
    """Distances that are solved in one batch."""

    setup: Setup
    distance: np.ndarray


def solve_chunk(chunk: Chunk) -> dict[str, np.ndarray]:
    """Columns of one chunk."""
    setup, d = chunk.setup, chunk.distance
    model, alpha = setup.model, setup.alpha
    if setup.kind == "pairs":
        columns = annealed_curve(model.weights, alpha, setup.typical.side, setup.probe, d)
    elif setup.kind == "planted":
        columns = taught_curve(model, alpha, d)
        columns.values["s"], columns.errors["s"] = 1.0 - 2.0 * d, np.zeros(d.size)
    elif setup.kind == "student":
        columns = student_curve(model, alpha, setup.typical, d)
    else:
        columns = random_curve(model, alpha, setup.typical, 1.0 - 2.0 * d)
    if model.loss.hard:
        for store in (columns.values, columns.errors):
            store["entropy"] = store["free_entropy"].copy()
    if model.data.overlaps and "s" in columns.values:
        s = columns.values["s"]
        columns.values["generalization_error"] = np.arccos(s) / np.pi
        columns.errors["generalization_error"] = columns.errors["s"] / (np.pi * np.sqrt(1.0 - s * s))
    return columns.flat()


def _setup(model: Model, alpha: float, given: Any, first_moment: bool) -> Setup:
    """Check what is asked for and solve the reference."""
    taught = bool(model.data.overlaps)
    if given is not None and not isinstance(given, Reference) and not (taught and given == PLANTED):
        allowed = "a Reference, 'planted' or None" if taught else "a Reference or None"
        raise ValueError(f"reference must be {allowed}, got {given!r}")
    check(model)
    if first_moment and taught:
        raise ValueError("the first moment of pairs is here for random labels; use ansatz=RS() with a teacher")
    if given == PLANTED:
        return Setup("planted", model, alpha, None, None, "converged; the teacher")
    base, sentence = _reference_model(model, alpha, given or Reference())
    if base is None:
        return Setup("none", model, alpha, None, None, sentence)
    side, margin = Side(base.loss, float(base.beta)), float(base.margin)
    if first_moment:
        return Setup("pairs", model, alpha, Typical(side, 0.0, 0.0), margin, "converged; first moment")
    if taught:
        _check_bayes(base)
    solution = solve(base, alpha=alpha, on_failure="keep")
    if not solution.converged or "q_hat" not in solution.batch.names:
        return Setup("none", model, alpha, None, margin, f"not converged: no typical reference ({solution.status})")
    names = ("q", "q_hat")
    found = Typical(side, *(solution[name] for name in names), *(solution.errors[name] for name in names))
    return Setup("student" if taught else "quenched", model, alpha, found, margin, solution.status)


def _reference_model(model: Model, alpha: float, given: Reference) -> tuple[Model | None, str]:
    """The model whose typical solutions are references, or why there is none."""
    if given.margin is None:
        return model, ""
    if given.margin != "max":
        return model.with_parameters(margin=given.margin), ""
    if not model.weights.discrete:
        raise ValueError(
            "Reference(margin='max'): at the largest margin the references of spherical weights are a single vector; "
            "give a number below it"
        )
    from replica.thresholds import max_margin

    found = max_margin(model, alpha=alpha)
    if not found.converged:
        return None, f"not converged: no largest margin ({found.status})"
    return model.with_parameters(margin=found.value), ""


def _check_bayes(base: Model) -> None:
    """References with a teacher must be typical as the teacher is: only then its overlap with the probe is known."""
    if bayes_student(base) != base or not base.weights.discrete:
        raise ValueError(
            "with a teacher, references must be Bayes-optimal binary students (the teacher's weights, margin 0, "
            "beta = inf): "
            f"give reference=Reference(margin=0.0) or 'planted', got {base}"
        )


def _unsolved(setup: Setup, size: int, main: str) -> dict[str, np.ndarray]:
    """Columns of a curve without a reference."""
    names = dict.fromkeys((main, *NAMES))
    blank = {key: np.full(size, np.nan) for name in names for key in (name, f"{name}_error")}
    return blank | {"status": np.array([setup.sentence] * size)}


def _typical_distance(setup: Setup) -> dict[str, float]:
    """Where the curve has its maximum: there the probe is a typical solution of its own model."""
    if setup.kind == "pairs":
        return {}
    alone = solve(setup.model, alpha=setup.alpha, on_failure="keep")
    if not alone.converged or "q_hat" not in alone.batch.names:
        return {}
    if setup.kind in ("planted", "student"):
        t, error = alone["m"], alone.errors["m"]
    else:
        t, error = typical_overlap(setup.model, setup.alpha, setup.typical, alone["q"])
    return {"typical_distance": (1.0 - t) / 2.0, "typical_distance_error": error / 2.0} if np.isfinite(t) else {}
