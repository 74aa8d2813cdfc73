"""The single solution a user holds: numbers, errors, status; no equations."""

from __future__ import annotations

import dataclasses
import html
from typing import TYPE_CHECKING, Any

import numpy as np

import saddlepoint
from replica.files.dataset import curve
from replica.solution.batch import Solutions
from replica.solution.names import ORDER_PARAMETERS, REPORTED, of_level, ordered
from replica.solution.notation import latex_name, latex_number
from replica.solution.proofs import Provable
from replica.solution.quantity import Quantity

if TYPE_CHECKING:
    from replica.models.model import Model


class SolveFailed(saddlepoint.SolveFailed):
    """No solution was found, and ``on_failure="raise"`` was asked of `solve`.

    Attributes
    ----------
    solution : Solution
        Not converged: its ``status`` is the message, ``last_iterate`` the last point.

    See Also
    --------
    solve : Returns the unsolved solution with ``on_failure="keep"``.

    Examples
    --------
    >>> import replica
    >>> try:
    ...     replica.solve(replica.perceptron("binary"), alpha=3.0)
    ... except replica.SolveFailed as failed:
    ...     print(failed.solution.status[:13])
    not converged
    """

    solution: Solution

    def __init__(self, solution: Solution) -> None:
        Exception.__init__(self, solution.status)
        self.solution = solution


class Solution(Provable):
    """One solved saddle point.

    Attributes
    ----------
    order_parameters : dict of float
        ``q``, ``q_hat``, ``m`` ... (see the conventions in the README).
    free_entropy, entropy, energy, complexity, training_error : float
        Per weight, natural logarithms; NaN where the ansatz does not define it.
    stability : float
        1 minus the largest replicon; NaN where it is not known.
    error : float
        Estimated error of the free entropy.
    errors : dict of float
        That of any order parameter or observable by name.
    residual : float
        Undamped residual of the equations, in logarithmic coordinates.
    status : str
        Begins with ``converged`` or ``not converged``; facts about the solution follow.
    converged : bool
        The equations are solved to the asked accuracy (instability or negative entropy do not make it false).
    model, alpha, ansatz
        What was solved.
    doubts : list of str
        What its status says against it.
    last_iterate : dict of float
        Where a failed iteration stood.
    profile
        The Parisi function of broken replica symmetry, a dataset.
    problem, point
        The equations (`saddlepoint.Problem`) and the place, for those who go on from it.

    See Also
    --------
    solve : Makes it.
    stability, margin_distribution, flatness, generalization_error : What is read from it.

    Examples
    --------
    >>> import replica
    >>> solution = replica.solve(replica.perceptron("binary"), alpha=0.5)
    >>> print(f"{solution['q']:.10f} {solution.errors['q'] < 1e-12} {solution.entropy:.10f}, {solution.status}")
    0.3223853632 True 0.3143900669, converged
    """

    def __init__(self, batch: Solutions) -> None:
        #: the one row, its model with numbers for parameters, wherever it was solved for
        self.batch = dataclasses.replace(batch, model=batch.model.row(0))
        self.load: float = float(batch.alpha[0])  # as it was given: `alpha` may be its rounding

    @property
    def model(self) -> Model:
        """The model, with numbers for parameters."""
        return self.batch.model

    @property
    def ansatz(self) -> Any:
        """The ansatz it was solved with."""
        return self.batch.ansatz

    @property
    def alpha(self) -> float:
        """Patterns per weight."""
        return float(self.batch.alpha[0])

    def __getitem__(self, name: str) -> float:
        if not self.converged and (name in (*ORDER_PARAMETERS, *REPORTED) or of_level(name)):
            return float("nan")
        if name not in self.batch.names:
            from replica._checks import one_of

            one_of("order parameter or observable", name, self.batch.names or (*ORDER_PARAMETERS, *REPORTED))
        return float(self.batch.value(name)[0])

    @property
    def order_parameters(self) -> dict[str, float]:
        """Order parameters by name; see the conventions in the README."""
        return {name: self[name] for name in ordered(self.batch.names)}

    @property
    def last_iterate(self) -> dict[str, float]:
        """Order parameters of the last point of a solution that is not converged: to see how it failed, no result.

        Empty where it is converged, and where nothing was iterated.
        """
        if self.converged or not self.batch.last:
            return {}
        part = self.batch.last[0]
        with np.errstate(all="ignore"):
            seen, _ = part.problem.observe(part.point)
        return {name: float(seen[name][0]) for name in ordered(tuple(seen))}

    @property
    def errors(self) -> dict[str, float]:
        """The error of every order parameter and observable by name."""
        return {name: float(self.batch.error(name)[0]) for name in self.batch.names}

    @property
    def free_entropy(self) -> float:
        """``phi`` per weight; at beta = inf of a cost that is paid the limit of ``phi/beta``."""
        return float(self.batch.value("free_entropy")[0])

    @property
    def entropy(self) -> float:
        """``s = phi + beta energy`` per weight; of groups of replicas that inside a group, ``d(m phi)/dm``."""
        return float(self.batch.value("entropy")[0])

    @property
    def energy(self) -> float:
        """Mean loss per weight, alpha times that per pattern, without the penalty."""
        return float(self.batch.value("energy")[0])

    @property
    def complexity(self) -> float:
        """``m (phi - s)`` per weight; NaN where the ansatz has no groups of replicas."""
        return float(self.batch.value("complexity")[0])

    @property
    def stability(self) -> float:
        """1 minus the replicon, of more steps the largest over the levels; below 0 unstable to more of them."""
        return float(self.batch.value("stability")[0])

    @property
    def training_error(self) -> float:
        """Fraction of patterns on the wrong side."""
        return float(self.batch.value("training_error")[0])

    @property
    def error(self) -> float:
        """Error of the free entropy."""
        return float(self.batch.error("free_entropy")[0])

    @property
    def residual(self) -> float:
        """Undamped residual of the equations, in logarithmic coordinates."""
        return float(self.batch.residual[0])

    @property
    def status(self) -> str:
        """A sentence that begins with ``converged`` or ``not converged``; facts about the solution follow."""
        return self.batch.sentence(0)

    @property
    def converged(self) -> bool:
        """Whether the equations are solved to the asked accuracy."""
        return bool(self.batch.converged[0])

    @property
    def doubts(self) -> list[str]:
        """What is to be said against the solution, clauses of its status (unstable, metastable, ...)."""
        return self.ansatz.doubts(self.batch, 0) if self.converged else []

    @property
    def problem(self) -> Any:
        """The saddle-point problem of this solution (see `saddlepoint.Problem`)."""
        return self.batch.parts[0].problem

    @property
    def point(self) -> np.ndarray:
        """The solution in the problem's free coordinates, shape (k,)."""
        return self.batch.parts[0].point[0]

    @property
    def profile(self) -> Any:
        """The Parisi function of broken replica symmetry: a dataset of ``x`` over the overlap ``q``.

        Of k steps its values at the ends of each (so that q is repeated); of the limit of many steps its values in the
        middle of each, with ``x_error``. At a capacity and in ground states x is rescaled as the Parisi parameters are.
        """
        if not self.batch.parts or not hasattr(self.problem, "profile"):
            raise ValueError(f"a Parisi function is of converged solutions of RSB(), got {self.ansatz}: {self.status}")
        q, x, error = self.problem.profile(self.point)
        if error is None:  # of steps, those of the Parisi parameters
            steps = [self.errors[f"parisi{j + 1}"] for j in range(x.size // 2)]
            error = np.repeat(steps, 2) if steps else np.zeros(x.size)
        columns = {"x": x, "x_error": error, "status": np.full(q.size, self.status, dtype=object)}
        settings = {"model": self.model.settings(), "alpha": self.alpha, "ansatz": str(self.ansatz)}
        return curve(columns, {"q": q}, settings, main="x", symbols={"x": "x", "q": "q"})

    def quantity(self, name: str) -> Quantity:
        """An order parameter or observable with error and status."""
        return Quantity(self[name], float(self.batch.error(name)[0]), self.status)

    @classmethod
    def of(cls, given: Any, verb: str) -> Solution:
        """What a verb on solutions was given; a sentence for anything else."""
        if isinstance(given, cls):
            return given
        hint = ""
        if isinstance(getattr(given, "solution", None), cls):
            hint = "; give its .solution"
        elif hasattr(given, "with_parameters"):
            hint = "; solve it first, replica.solve(model, alpha=...)"
        elif hasattr(given, "data_vars"):
            hint = ", which holds numbers alone; solve its model at one point"
        raise TypeError(f"{verb} takes a Solution, as replica.solve() returns, got a {type(given).__name__}{hint}")

    def _repr_html_(self) -> str:
        names = [*self.order_parameters, "free_entropy", "entropy", "energy"]
        rows = "".join(
            f"<tr><td>{name}</td><td>{self[name]:.12g}</td><td>&plusmn; {self.errors[name]:.1e}</td></tr>"
            for name in dict.fromkeys(names)
            if name in self.batch.names
        )
        return f"<p>alpha = {self.alpha:.12g}: {html.escape(self.status)}</p><table>{rows}</table>"

    def _repr_latex_(self) -> str:
        names = [name for name in (*self.order_parameters, "free_entropy") if name in self.batch.names]
        lines = [rf"{latex_name(name)} &= {latex_number(self[name], self.errors[name])}" for name in names]
        return "$$\\begin{aligned} " + r" \\ ".join([rf"\alpha &= {self.alpha:.12g}", *lines]) + r" \end{aligned}$$"

    def __repr__(self) -> str:
        inner = ", ".join(f"{k}={v:.12g}" for k, v in self.order_parameters.items())
        phi = f"free_entropy={self.free_entropy:.12g} +- {self.error:.1e}"
        return f"<Solution alpha={self.alpha:.12g} {inner} {phi}: {self.status}>"
