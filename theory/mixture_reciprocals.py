"""The mean of 1/n and 1/n^2 over a class count n of S: exactly, and expanded for m_S -> oo.

n is the number of heads among m_S fair coins, given that there are two of each side at least. With
``(n+1)_j = (n + 1) ... (n + j)``, 1/n and 1/n^2 are sums of c_j/(n+1)_j, j = 1 .. J, and a remainder of order n^-(J+1);
and C(m, n)/(n+1)_j = C(m+j, n+j)/(m+1)_j, so each term's mean is ``c_j 2^j/(m+1)_j`` but for a few coins' edges, which
fall as 2^-m.

Source: derived here; the inverse factorial series are standard.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from math import comb, lcm

import sympy as sp

from theory.arises import Inequality, Value
from theory.derivation import CONCLUSION, Derivation, Step

LEAST = 2
"""Examples of each class in S, at the least."""
ORDER = 5
"""Largest power of 1/m_S in the expansions."""

epsilon = sp.Symbol("epsilon", positive=True)
"""``1/m_S``, the variable of the expansions."""
rho_1, rho_2 = sp.symbols("rho_1 rho_2", positive=True)
"""Means of 1/n and of 1/n^2."""
_n = sp.Symbol("n", positive=True)
_m = sp.Symbol("m", positive=True)


@cache
def reciprocal_mean(m_S: int, power: int) -> Fraction:
    """Return the mean of n^-power exactly, as a finite sum.

    Args:
        m_S: size of S, at least 4.
        power: a non-negative integer.

    Raises:
        ValueError: S is too small for two examples in each class.
    """
    if m_S < 2 * LEAST:
        raise ValueError(f"m_S must be >= {2 * LEAST} with {LEAST} examples in each class. Found {m_S}.")
    counts = range(LEAST, m_S - LEAST + 1)
    common = lcm(*counts) ** power
    weighted = sum(comb(m_S, n) * (common // n**power) for n in counts)
    return Fraction(weighted, common * sum(comb(m_S, n) for n in counts))


def rising(base: sp.Expr, terms: int) -> sp.Expr:
    """``(base + 1) ... (base + terms)``."""
    return sp.Mul(*(base + i for i in range(1, terms + 1)))


def coefficient(term: int, power: int) -> sp.Expr:
    """``c_j``: (j - 1)! for 1/n, and times 1 + 1/2 + ... + 1/(j - 1) for 1/n^2."""
    return sp.factorial(term - 1) * (1 if power == 1 else sp.harmonic(term - 1))


def remainder(power: int) -> sp.Expr:
    """What the terms up to `ORDER` leave of n^-power, computed."""
    terms = (coefficient(j, power) / rising(_n, j) for j in range(1, ORDER + 1))
    return sp.factor(_n ** (-power) - sp.Add(*terms))


def excluded(term: int) -> sp.Expr:
    """Coin tosses out of ``2^(m + j)`` that C(m + j, n + j) leaves out for 2 <= n <= m - 2, as a polynomial in m."""
    size = _m + term
    heads = sp.Add(*(sp.ff(size, i) / sp.factorial(i) for i in range(LEAST + term)))
    tails = sp.Add(*(sp.ff(size, i) / sp.factorial(i) for i in range(LEAST)))
    return sp.expand(sp.expand_func(heads + tails))


def expansion(power: int) -> sp.Expr:
    """The mean of n^-power up to ``epsilon^ORDER``, computed from the terms' means."""
    terms = (coefficient(j, power) * 2**j / rising(1 / epsilon, j) for j in range(1, ORDER + 1))
    return taylor(sp.Add(*terms), ORDER)


def taylor(expression: sp.Expr, order: int) -> sp.Expr:
    """Expand a rational function of epsilon that is finite at 0, up to ``epsilon^order``."""
    top, bottom = sp.fraction(sp.cancel(sp.together(expression)))
    polys = (sp.Poly(part, epsilon) for part in (top, bottom))
    above, below = ([poly.coeff_monomial(epsilon**i) for i in range(order + 1)] for poly in polys)
    found: list[sp.Expr] = []
    for i in range(order + 1):
        known = sp.Add(*(found[k] * below[i - k] for k in range(i)))
        found.append(sp.factor((above[i] - known) / below[0]))
    return sp.Add(*(value * epsilon**i for i, value in enumerate(found)))


def _remainder_step(power: int, stated: sp.Expr) -> Step:
    # n^-power less its terms, over 1/(n+1)_{J+1}: a polynomial in 1/n with nonnegative coefficients falls in n.
    inverse = sp.Symbol("1/n", positive=True)
    whole = sp.cancel(remainder(power) * rising(_n, ORDER + 1))
    ratio = sp.Poly(sp.expand(whole.subs(_n, 1 / inverse)), inverse)
    return Step(
        name=f"remainder of 1/n^{power}",
        says=f"What is left is positive and at most this multiple of 1/(n+1)_{ORDER + 1}, whose mean is of that order.",
        rule="elementary inequality",
        computed={"multiple": ratio.as_expr().subs(inverse, sp.Rational(1, LEAST))},
        stated={"multiple": stated},
        conditions={"it falls in n": all(c.is_nonnegative for c in ratio.all_coeffs())},
        arises={"multiple": Value(sp.factor(whole), {_n: sp.Integer(LEAST)})},
        claims={
            "it is positive": Inequality(sp.S.Zero, whole, strict=True, given=(_n - LEAST,)),
            "it is at most this multiple": Inequality(whole, stated, given=(_n - LEAST,)),
        },
    )


def reciprocal_expansion() -> Derivation:
    """Derive the expansions of the means of 1/n and 1/n^2 for m_S -> oo, up to ``m_S^-ORDER``.

    Returns:
        The derivation; its conclusion is the expansion of the mean of 1/n in epsilon = 1/m_S.
    """
    count = sp.Symbol("n", integer=True, positive=True)
    size, term = (sp.Symbol(name, integer=True, positive=True) for name in ("m", "j"))
    shifted = sp.binomial(size + term, count + term) / (sp.gamma(size + term + 1) / sp.gamma(size + 1))
    direct = sp.binomial(size, count) / (sp.gamma(count + term + 1) / sp.gamma(count + 1))
    edges = {j: excluded(j) for j in range(ORDER + 2)}
    vanish = [sp.limit(edge * _m**ORDER * sp.exp(-_m * sp.log(2)), _m, sp.oo) for edge in edges.values()]
    steps = (
        _remainder_step(1, sp.Integer(480)),
        _remainder_step(2, sp.Integer(1336)),
        Step(
            name="terms",
            says="C(m, n)/(n+1)_j is C(m+j, n+j)/(m+1)_j: ratio of both.",
            rule="identity",
            computed={"ratio": sp.gammasimp(direct.rewrite(sp.gamma) / shifted.rewrite(sp.gamma))},
            stated={"ratio": sp.Integer(1)},
        ),
        Step(
            name="edges",
            says="Tosses left out by two examples in each class, of 2^(m+j): polynomials, so their share vanishes.",
            rule="calculus",
            computed={
                "of 2^m": edges[0],
                "of 2^(m+1)": edges[1],
                "limit": sp.Max(*vanish),
            },
            stated={"of 2^m": 2 * _m + 2, "of 2^(m+1)": _m * (_m + 1) / 2 + 2 * (_m + 1) + 2, "limit": sp.Integer(0)},
            uses=("terms",),
        ),
        Step(
            name="expansions",
            says="So the means are the sums of c_j 2^j/(m+1)_j up to this order, in epsilon = 1/m.",
            rule="assembly",
            computed={"1/n^2": expansion(2), CONCLUSION: expansion(1)},
            stated={
                "1/n^2": 4 * epsilon**2 + 12 * epsilon**3 + 60 * epsilon**4 + 380 * epsilon**5,
                CONCLUSION: 2 * epsilon + 2 * epsilon**2 + 6 * epsilon**3 + 26 * epsilon**4 + 150 * epsilon**5,
            },
            uses=("remainder of 1/n^1", "remainder of 1/n^2", "terms", "edges"),
        ),
    )
    return Derivation(
        name="reciprocals of a class count",
        assumes=("n is the number of heads of m fair coins, given 2 <= n <= m - 2",),
        steps=steps,
        notes=("the remainder is of the next order, with the multiples above",),
    )
