"""Small problems with known solutions for the tests of the engine; no tests live here."""

from __future__ import annotations

import numpy as np

from saddlepoint import POSITIVE, REAL, UNIT, Problem, Variable, Variables


class Rows(Problem):
    """Base: keyword arguments are parameters per row, kept as arrays."""

    def __init__(self, **parameters):
        names = list(parameters)
        arrays = np.broadcast_arrays(*(np.atleast_1d(np.asarray(parameters[n], dtype=float)) for n in names))
        self.parameters = dict(zip(names, (np.array(a) for a in arrays), strict=True))
        self.__dict__.update(self.parameters)
        self.size = len(arrays[0])

    def take(self, index):
        return type(self)(**{name: value[index] for name, value in self.parameters.items()})


class Linear(Rows):
    """x <- rate x + shift; solution shift / (1 - rate)."""

    variables = Variables(Variable("x"))

    def update(self, free):
        return self.rate[:, None] * free + self.shift[:, None]

    def solution(self):
        return {"x": self.shift / (1 - self.rate)}


class CurieWeiss(Rows):
    """m = tanh(beta m + h) with m > 0, in the logarithm of m."""

    variables = Variables(Variable("m", POSITIVE))

    def update(self, free):
        return np.log(np.tanh(self.beta[:, None] * np.exp(free) + self.h[:, None]))

    def potential(self, free):
        m = self.variables.values(free)["m"]
        return self.beta * m**2 / 2 - np.log(np.cosh(self.beta * m + self.h))

    def gradient(self, free):
        m = self.variables.values(free)["m"]
        return (self.beta * (m - np.tanh(self.beta * m + self.h)))[:, None]

    def reference_update(self, values, mp, digits):
        return {"m": mp.tanh(mp.mpf(float(self.beta[0])) * values["m"] + mp.mpf(float(self.h[0])))}

    def reference_potential(self, values, mp, digits):
        beta, h, m = mp.mpf(float(self.beta[0])), mp.mpf(float(self.h[0])), values["m"]
        return beta * m**2 / 2 - mp.log(mp.cosh(beta * m + h))


class Magnet(Rows):
    """m = tanh(beta m + h), both signs of m."""

    variables = Variables(Variable("m", REAL))

    def update(self, free):
        return np.tanh(self.beta[:, None] * free + self.h[:, None])

    def jacobian(self, free):
        m = self.update(free)
        return (self.beta[:, None] * (1 - m**2) - 1)[:, :, None]


class Pair(Rows):
    """q = a V / (1 + V), V = 1 / (1 + q): two unknowns of different charts, a quadratic for V."""

    variables = Variables(Variable("q", POSITIVE), Variable("V", UNIT))

    def update(self, free):
        v = self.variables.values(free)
        q, response = self.a * v["V"] / (1 + v["V"]), 1 / (1 + v["q"])
        return np.stack([np.log(q), np.log(response / (1 - response))], axis=1)

    def reference_update(self, values, mp, digits):
        a, v = mp.mpf(float(self.a[0])), values["V"]
        return {"q": a * v / (1 + v), "V": 1 / (1 + values["q"])}

    def solution(self):
        # V (1 + q) = 1 with q = a V / (1 + V):  (1 + a) V^2 = 1
        response = 1 / np.sqrt(1 + self.a)
        return {"q": self.a * response / (1 + response), "V": response}


class Triple(Rows):
    """A weakly coupled map of three real unknowns, made to have its solution at (s, 2 s, -s)."""

    variables = Variables(Variable("x"), Variable("y"), Variable("z"))
    coupling = 0.3 * np.array([[0.2, 0.5, -0.1], [-0.4, 0.1, 0.3], [0.3, 0.2, -0.5]])

    def goal(self):
        return self.s[:, None] * np.array([1.0, 2.0, -1.0])

    def update(self, free):
        return self.goal() + np.sin(free - self.goal()) @ self.coupling.T

    def solution(self):
        return dict(zip("xyz", self.goal().T, strict=True))


class Cubic(Rows):
    """x^3 - x = p: one, two or three solutions; folds at p = +-2/(3 sqrt 3)."""

    variables = Variables(Variable("x"))

    def residual(self, free):
        return free - free**3 + self.p[:, None]

    def jacobian(self, free):
        return (1 - 3 * free**2)[:, :, None]


class Runaway(Rows):
    """x <- x + push in the logarithm: flows to the edge of the domain."""

    variables = Variables(Variable("x", POSITIVE))

    def update(self, free):
        return free + self.push[:, None]


class Explode(Rows):
    """x <- 3 x: the plain map runs away from its solution 0."""

    variables = Variables(Variable("x"))

    def update(self, free):
        return self.rate[:, None] * free

    def start(self):
        return np.ones((self.size, 1))


class Cliff(Rows):
    """sqrt(edge - x) - 1: not a number beyond the edge; solution edge - 1."""

    variables = Variables(Variable("x"))

    def residual(self, free):
        with np.errstate(invalid="ignore"):
            return np.sqrt(self.edge[:, None] - free) - 1.0


class Nowhere(Rows):
    """1 + x^2 > 0: no solution."""

    variables = Variables(Variable("x"))

    def residual(self, free):
        return self.gap[:, None] + free**2

    def start(self):
        return np.full((self.size, 1), 0.7)


class Blurred(Rows):
    """x = target, with an integral whose error is multiplied by ``ratio`` at every refinement."""

    variables = Variables(Variable("x"))

    def residual(self, free):
        return (self.target + self.blur)[:, None] - free

    def refined(self):
        return Blurred(target=self.target, blur=self.blur * self.ratio, ratio=self.ratio)


class Mixed(Rows):
    """One row for every way to end, named by ``kind``; a real and a positive unknown, not coupled."""

    variables = Variables(Variable("x", REAL), Variable("y", POSITIVE))
    kinds = ("regular", "slow", "kink", "runaway", "edge", "nan", "flat", "blurred")

    def residual(self, free):
        x, y = free.T
        first = {
            "regular": 2.0 - x,
            "slow": -1e6 * x**101,
            "kink": 1.0 + np.abs(x),
            "runaway": 1.0 + 1.0 / (1.0 + x**2) ** 0.25,
            "edge": 2.0 - x,
            "nan": np.nan * x,
            "flat": 10.0 + 0.0 * x,
            "blurred": 2.0 + self.blur - x,
        }
        regular = 0.5 - y
        second = {name: regular for name in self.kinds} | {"edge": 1.0 / np.sqrt(1.0 + np.abs(y))}
        which = self.kind.astype(int)
        return np.stack(
            [np.choose(which, [part[name] for name in self.kinds]) for part in (first, second)], axis=1
        )

    def refined(self):
        return Mixed(kind=self.kind, blur=-0.5 * self.blur)

    def start(self):
        return np.full((self.size, 2), 1.0)
