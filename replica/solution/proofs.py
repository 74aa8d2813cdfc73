"""What is computed again of a solution: to many digits, and with proof; the equations are those of its problem."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from replica._checks import whole

if TYPE_CHECKING:
    from saddlepoint.enclosures import Enclosure


class Provable:
    """The part of a `Solution` that has more digits than doubles."""

    def certify(self: Any, digits: int = 30) -> Any:
        """Solve the same equations in mpmath arithmetic, starting from this point.

        Parameters
        ----------
        digits : int
            Decimal digits asked of the conjugates.

        Returns
        -------
        saddlepoint.Certificate
            ``values`` (order parameters by name), ``potential`` (the free entropy), ``residual``, as mpmath numbers.

        Raises
        ------
        saddlepoint.CertificationFailed
            When the equations are not solved to the asked digits.
        """
        from saddlepoint import CertificationFailed, Problem, certify

        if not self.batch.parts or not isinstance(self.problem, Problem):
            raise CertificationFailed(f"nothing to certify: {self.status}")
        if type(self.problem).reference_update is Problem.reference_update:
            raise CertificationFailed(f"solutions of this kind have no mpmath certificate: {self.status}")
        return certify(self.problem, self.point, digits=digits)

    def enclose(self: Any, digits: int = 20) -> Enclosure:
        """Intervals that provably contain the free entropy and, in ``.values``, what else is reported.

        Proved by interval arithmetic (see `saddlepoint.enclosures`). Floats are their exact binary values; a `Fraction`
        or a decimal string given for the load or a parameter is taken as it is.

        Parameters
        ----------
        digits : int

        Returns
        -------
        Enclosure
            ``.lower .upper .values .proved`` ...

        Raises
        ------
        NotEnclosed
            In one sentence, where nothing is proved.
        """
        return self.ansatz.enclose(self, whole("digits", digits, low=1))
