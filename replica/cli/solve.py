"""``replica solve``: one saddle point."""

from __future__ import annotations

from replica.cli._answers import NAN, Point
from replica.cli._verb import ALPHA, ANSATZ, START, TOLERANCE, Request, model_verb
from replica.solution.single import Solution

OBSERVABLES = ("free_entropy", "entropy", "energy", "training_error", "stability")


def solve_request(request: Request) -> Solution:
    """The solution that the options of a request name, solved or not."""
    import replica

    wanted = {name: request.options[name] for name in ("alpha", "start", "tolerance")}
    return replica.solve(request.model, ansatz=request.ansatz, on_failure="keep", **wanted)


@model_verb("solve", ALPHA, ANSATZ, START, TOLERANCE)
def command(request: Request) -> Point:
    """Solve the saddle-point equations at one load.

    Free entropy, order parameters and stability, each with its error.

    Example: replica solve perceptron --weights binary --alpha 0.5
    """
    solution = solve_request(request)
    known = solution.errors
    return Point(
        name="free_entropy",
        value=solution.free_entropy,
        error=solution.error,
        status=solution.status,
        order_parameters=solution.order_parameters,
        settings=request.settings,
        errors=known,
        observables={name: solution[name] if name in known else NAN for name in OBSERVABLES},
        more={"residual": solution.residual},
    )
