"""Every symbol of the theory, once: meaning, domain, unit.

A symbol carries its domain as SymPy assumptions where SymPy has them (`positive`, `integer`) and as a
`Domain` where it does not (``D_TV ∈ [0, 1]``). `DOMAINS` is what `numerics.compile` checks arguments against.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp


@dataclass(frozen=True)
class Domain:
    """The values a symbol may take: an interval, its open ends, and whether only integers are meant."""

    meaning: str
    lower: int | None = None
    upper: int | None = None
    lower_open: bool = False
    upper_open: bool = False
    integer: bool = False
    unit: str = "1"

    def describe(self) -> str:
        """Write the domain as an interval, for messages and tables."""
        if self.integer and self.upper is None:
            return f"an integer >= {self.lower}" if self.lower is not None else "an integer"
        left = "(-oo" if self.lower is None else ("(" if self.lower_open else "[") + str(self.lower)
        right = "oo)" if self.upper is None else str(self.upper) + (")" if self.upper_open else "]")
        return f"in {left}, {right}"

    def contains(self, value: Any) -> bool:
        """Tell whether a number lies in the domain; false for nan and for infinities."""
        value = float(value) if not isinstance(value, (int, Fraction)) else value
        if value != value or value in (float("inf"), float("-inf")):
            return False
        if self.integer and value != int(value):
            return False
        if self.lower is not None and (value < self.lower or (self.lower_open and value == self.lower)):
            return False
        return not (self.upper is not None and (value > self.upper or (self.upper_open and value == self.upper)))


DOMAINS: dict[sp.Symbol, Domain] = {}


def _symbol(name: str, domain: Domain, **assumptions: bool) -> sp.Symbol:
    symbol = sp.Symbol(name, **assumptions)
    DOMAINS[symbol] = domain
    return symbol


def _count(name: str, meaning: str, lower: int) -> sp.Symbol:
    sign = {"positive": True} if lower > 0 else {"nonnegative": True}
    return _symbol(name, Domain(meaning, lower=lower, integer=True, unit="examples"), integer=True, **sign)


def _unit_interval(name: str, meaning: str) -> sp.Symbol:
    return _symbol(name, Domain(meaning, lower=0, upper=1), nonnegative=True)


# Sizes
m_S = _count("m_S", "size of the real training set S", 1)
m_G = _count("m_G", "size of the generated set S_G", 0)
n = _count("n", "number of terms of a sum, or of independent variables", 0)
d = _symbol("d", Domain("dimension of the data", lower=1, integer=True), integer=True, positive=True)
gamma = _symbol("gamma", Domain("m_G / m_S, generated examples for each real one", lower=0), nonnegative=True)

# Learner, loss, generator
M = _symbol("M", Domain("upper end of the loss, 0 <= loss <= M", lower=0, unit="loss"), nonnegative=True)
beta = _symbol(
    "beta",
    Domain("uniform stability of the learner at the size it is trained on, beta_{m_T}", lower=0, unit="loss"),
    nonnegative=True,
)
D_TV = _unit_interval("D_TV", "total variation between the data's law D and the generator's D_G(S)")
T = _unit_interval("T", "dependence of the generator, sup TV(D_G(S)^m_G, D_G(S^i)^m_G)")
T_1 = _unit_interval("T_1", "dependence of one generated example, sup TV(D_G(S), D_G(S^i))")
delta = _symbol(
    "delta",
    Domain("probability that the bound fails", lower=0, upper=1, lower_open=True, upper_open=True),
    positive=True,
)

# Gaussian mixture
sigma = _symbol(
    "sigma",
    Domain("standard deviation of each coordinate given the label", lower=0, lower_open=True),
    positive=True,
)
n_plus = _count("n_plus", "examples of class +1 in S", 1)
n_minus = _count("n_minus", "examples of class -1 in S", 1)
g_plus = _count("g_plus", "examples of class +1 in S_G", 0)
g_minus = _count("g_minus", "examples of class -1 in S_G", 0)
squared_distance = _symbol(
    "squared_distance",
    Domain("squared Euclidean distance, of theta to mu or of an example x to y theta", lower=0),
    nonnegative=True,
)
theta_norm = _symbol("theta_norm", Domain("Euclidean norm of theta", lower=0, lower_open=True), positive=True)
theta_dot_mu = _symbol("theta_dot_mu", Domain("inner product of theta and mu"), real=True)

# Moments
p = _symbol("p", Domain("order of a moment", lower=2), positive=True)

m_T: sp.Expr = m_S + m_G
"""Size of the augmented set, m_S + m_G."""
