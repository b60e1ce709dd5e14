"""Hypothesis strategies for property tests over orders, settings and parameter regions.

For a theorist who checks a corollary of their own: draw a setting, state what should hold, let Hypothesis look for a
counterexample and shrink it. Needs the extra ``test``; Hypothesis is imported when a strategy is made.

    from hypothesis import given
    from theory.augmentation import verdict
    from theory.testing import settings_of_powers

    @given(settings_of_powers())
    def test_my_corollary(setting):
        ...
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import sympy as sp

from theory.order import Order
from theory.setting import Setting, m, m_G

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


def exponents(
    low: Fraction | int = 0, high: Fraction | int = 2, max_denominator: int = 4
) -> SearchStrategy[sp.Rational]:
    """Draw rational exponents in [low, high]; they shrink towards simple fractions near 0.

    Args:
        low, high: ends of the range, both included.
        max_denominator: of the fractions.
    """
    from hypothesis import strategies as st

    return st.fractions(low, high, max_denominator=max_denominator).map(sp.Rational)


def log_exponents(values: Sequence[int] = (0, 1, -1, 2, -2)) -> SearchStrategy[int]:
    """Draw exponents of log m; they shrink towards the first."""
    from hypothesis import strategies as st

    return st.sampled_from(list(values))


def orders(low: Fraction | int = -2, high: Fraction | int = 2) -> SearchStrategy[Order]:
    """Draw orders ``m^a log(m)^b`` with rational a in [low, high]; they shrink towards 1."""
    from hypothesis import strategies as st

    return st.builds(Order, exponents(low, high), log_exponents())


def settings_of_powers(
    beta: tuple[Fraction | int, Fraction | int] = (Fraction(1, 4), 2),
    tv: tuple[Fraction | int, Fraction | int] = (0, 1),
    *,
    with_dependence: bool = True,
    with_growing_loss: bool = True,
) -> SearchStrategy[Setting]:
    """Draw settings with ``beta = m^-b log^q``, ``D_TV = m^-t log^u``, ``T = m_G^p log^w / m^x`` or 0.

    Args:
        beta: range of b; positive, so that a most efficient m_G exists.
        tv: range of t; where t = 0 the divergence does not grow.
        with_dependence: whether T may be positive.
        with_growing_loss: whether M may be ``1 + log m``.
    """
    from hypothesis import strategies as st

    @st.composite
    def draw_setting(draw: Any) -> Setting:
        b, t = draw(exponents(*beta)), draw(exponents(*tv))
        q, u = draw(log_exponents()), draw(log_exponents())
        u = -abs(u) if t == 0 else u
        dependence = sp.S.Zero
        if with_dependence and draw(st.booleans()):
            p, x = draw(st.sampled_from([sp.S.Zero, sp.S.Half, sp.S.One])), draw(exponents(0, 2))
            dependence = m_G**p * sp.log(m) ** draw(log_exponents()) / m**x
        scale = draw(st.sampled_from([sp.S.One, 1 + sp.log(m)])) if with_growing_loss else sp.S.One
        return Setting(m**-b * sp.log(m) ** q, m**-t * sp.log(m) ** u, dependence, scale)

    return draw_setting()


def sizes(largest: int = 10**6) -> SearchStrategy[int]:
    """Draw sizes of S from 1 to `largest`, spread over the orders of magnitude; they shrink towards 1."""
    from hypothesis import strategies as st

    top = len(str(largest)) - 1
    return st.builds(lambda k, f: min(largest, max(1, int(10**k * f))), st.integers(0, top), st.floats(1, 9.99))


def bound_points(largest: int = 10**6) -> SearchStrategy[dict[str, Any]]:
    """Draw values for the general bound: m_S, m_G (0 included), M, beta, D_TV, T and delta, by symbol name."""
    from hypothesis import strategies as st

    unit = st.fractions(0, 1, max_denominator=1000)
    return st.fixed_dictionaries(
        {
            "m_S": sizes(largest),
            "m_G": st.one_of(st.just(0), sizes(largest)),
            "M": st.fractions(0, 100, max_denominator=100),
            "beta": unit,
            "D_TV": unit,
            "T": unit,
            "delta": st.fractions(Fraction(1, 10**6), 1 - Fraction(1, 10**6), max_denominator=10**6),
        }
    )


def mixture_points(largest: int = 10**6) -> SearchStrategy[dict[str, Any]]:
    """Draw values for the Gaussian mixture's bound: m_S, m_G (0 included), d and delta, by symbol name."""
    from hypothesis import strategies as st

    return st.fixed_dictionaries(
        {
            "m_S": sizes(largest).map(lambda size: max(size, 4)),
            "m_G": st.one_of(st.just(0), sizes(largest)),
            "d": sizes(10**4),
            "delta": st.fractions(Fraction(1, 10**6), 1 - Fraction(1, 10**6), max_denominator=10**6),
        }
    )
