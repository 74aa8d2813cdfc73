"""``replica certify``: a saddle point recomputed in mpmath arithmetic."""

from __future__ import annotations

from typing import Any

from replica.cli._answers import NAN, Point
from replica.cli._values import Number
from replica.cli._verb import ALPHA, ANSATZ, START, TOLERANCE, Request, model_verb, option
from replica.cli.solve import solve_request
from replica.solution.said import beside, joint
from replica.solution.single import Solution

MOST_DIGITS = 200  # some minutes of processor time

DIGITS = option(
    "--digits", type=Number(whole=True), default=30, show_default=True, help=f"Decimal digits, 10 to {MOST_DIGITS}."
)


@model_verb("certify", ALPHA, DIGITS, ANSATZ, START, TOLERANCE)
def command(request: Request) -> Point:
    """Recompute a solution to many digits (mpmath).

    The same equations are solved in mpmath arithmetic, starting from the double solution.

    Example: replica certify perceptron --weights binary --alpha 0.5 --digits 40
    """
    from saddlepoint import CertificationFailed

    if request.options["digits"] > MOST_DIGITS:
        raise ValueError(
            f"--digits must be at most {MOST_DIGITS}, for the time grows like their cube, got "
            f"{request.options['digits']}; in Python solution.certify(digits=...) takes any number"
        )
    solution = solve_request(request)
    if not solution.converged:
        return _failed(request, solution, solution.status)
    try:
        return _certified(request, solution, solution.certify(digits=request.options["digits"]))
    except CertificationFailed as failure:
        return _failed(request, solution, f"not converged: not certified, {failure}")


def _failed(request: Request, solution: Solution, status: str) -> Point:
    return Point(
        "free_entropy", NAN, NAN, status, {}, request.settings, more={"certified": {}, "difference": {}}
    )


def _certified(request: Request, solution: Solution, certificate: Any) -> Point:
    """``certified`` holds all digits, ``difference`` the distances of the double-precision numbers."""
    import mpmath

    exact = dict(certificate.values)
    if certificate.potential is not None:
        exact = {"free_entropy": certificate.potential} | exact
    digits = {name: mpmath.nstr(value, request.options["digits"]) for name, value in exact.items()}
    known = solution.errors
    difference = {name: abs(solution[name] - float(value)) for name, value in exact.items() if name in known}
    value = float(exact.get("free_entropy", solution.free_entropy))
    return Point(
        name="free_entropy",
        value=value,
        # value is a float: its rounding is the larger error
        error=float(certificate.residual) + 2.0**-53 * abs(value),
        status=joint(f"converged; certified to {request.options['digits']} digits", beside(solution.status)),
        order_parameters={name: float(value) for name, value in certificate.values.items()},
        settings=request.settings,
        more={"certified": digits, "difference": difference, "residual": float(certificate.residual)},
        notes={f"certified {name}": text for name, text in digits.items()},
    )
