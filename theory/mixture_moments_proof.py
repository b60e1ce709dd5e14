"""Moments of the mixture's test risk and signed gap under NLL, derived from the moments of the noise.

One coordinate, in units of sigma and as deviations from mu. Class c of S has n_c examples with mean deviation
a_c ~ N(0, 1/n_c); the scatter within both classes is Q, a chi-square with m_S - 2 degrees of freedom, and the learned
variance is s^2 = Q/(m_S - 2). Class c of S_G has g_c examples with mean deviation a_c + s f_c/g_c, f_c ~ N(0, g_c), and
the scatter within both is s^2 R, R a chi-square with m_G degrees of freedom less one for each class that is not empty.
All of it is independent (Cochran), and test risk and gap are polynomials in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import sympy as sp

from theory.arises import Value
from theory.derivation import CONCLUSION, Derivation, Step
from theory.gaussian_forms import Law, chi_square, expectation, normal, root_mean_square
from theory.gaussian_mixture import mu_k, pooled_denominator
from theory.mixture_moments import WEIGHTS, Moments, at_balance, at_counts, balanced_moments, stated_moments
from theory.mixture_risk import (
    expected_gap,
    expected_squared_error,
    expected_test_risk,
    expected_train_risk,
    nll_risk,
    size_G,
    size_S,
    size_T,
)
from theory.symbols import d, g_minus, g_plus, m_G, m_S, n_minus, n_plus, sigma, squared_distance

a_plus, a_minus = sp.symbols("a_plus a_minus", real=True)
"""Deviation from mu of the mean of each class of S."""
f_plus, f_minus = sp.symbols("f_plus f_minus", real=True)
"""Total of the fresh standard normals of each class of S_G."""
N_S, N_G, MEANS, FRESH = (n_plus, n_minus), (g_plus, g_minus), (a_plus, a_minus), (f_plus, f_minus)
"""Class +1 and class -1: examples in S and in S_G, and the noise of both."""
s = sp.Symbol("s", positive=True)
"""Learned standard deviation, in units of sigma."""
R = sp.Symbol("R", nonnegative=True)
"""Scatter within the classes of S_G, in units of the learned variance."""

total = sp.Symbol("total", positive=True)
"""Size of the augmented set, as a letter."""
degrees = sp.Symbol("degrees", positive=True)
"""Degrees of freedom of the scatter within the classes of S, ``m_S - 2``, as a letter."""


@dataclass(frozen=True)
class Coordinate:
    """One coordinate of the augmented set, from its class means and scatters.

    Attributes:
        empty: Which generated classes have no example, of "+" and "-".
    """

    empty: str = ""

    @property
    def counts(self) -> Mapping[sp.Symbol, sp.Expr]:
        """What the empty classes' counts are: 0."""
        return {g: sp.Integer(0) for sign, g in zip("+-", N_G, strict=True) if sign in self.empty}

    @property
    def laws(self) -> Mapping[sp.Symbol, Law]:
        """The law of each noise symbol, all independent."""
        return {
            a_plus: normal(1 / n_plus),
            a_minus: normal(1 / n_minus),
            **{f: normal(g) for sign, g, f in zip("+-", N_G, FRESH, strict=True) if sign not in self.empty},
            R: chi_square(size_G.subs(self.counts) - 2 + len(self.empty)),
            s: root_mean_square(degrees),
        }

    def means(self) -> tuple[tuple[sp.Expr, sp.Expr], ...]:
        """Size and mean of each class of S and of each generated class that is not empty, in the data's units."""
        found = []
        for sign, n, g, a, f in zip("+-", N_S, N_G, MEANS, FRESH, strict=True):
            found.append((n, mu_k + sigma * a))
            if sign not in self.empty:
                found.append((g, mu_k + sigma * (a + s * f / g)))
        return tuple(found)

    @property
    def error(self) -> sp.Expr:
        """Error of the learner, the mean of the augmented set less mu."""
        return sp.expand(sp.Add(*(size * (mean - mu_k) for size, mean in self.means())) / total)

    @property
    def test_risk(self) -> sp.Expr:
        """Test risk of the learner."""
        return sp.expand(nll_risk.subs({squared_distance: self.error**2, d: 1}))

    @property
    def train_risk(self) -> sp.Expr:
        """Train risk of the learner: scatters, and squares of the class means around it."""
        scatter = sigma**2 * s**2 * (degrees + R)
        theta = mu_k + self.error
        between = sp.Add(*(size * (mean - theta) ** 2 for size, mean in self.means()))
        return sp.expand((scatter + between) / (2 * sigma**2 * total))


@cache
def computed_moments(empty: str = "") -> Moments:
    """Compute the four moments by the moments of the noise, one coordinate times d.

    Args:
        empty: as in `Coordinate`.
    """
    one = Coordinate(empty)
    sizes = {total: size_T.subs(one.counts), degrees: pooled_denominator.subs(m_S, size_S)}
    found = []
    for value in (one.test_risk, one.test_risk - one.train_risk):
        top, bottom = sp.fraction(sp.together(value))  # no denominators: polynomials are faster
        mean, square = (expectation(top**power, one.laws) / bottom**power for power in (1, 2))
        found += [mean, square - mean**2]
    return Moments(*(d * sp.factor(value).subs(sizes) for value in found))


def _coordinate_steps() -> tuple[Step, ...]:
    """Steps from the examples to the gap of one coordinate, a polynomial in the noise."""
    N, squares, centre, theta = sp.symbols("N squares centre theta", real=True)
    one = Coordinate()
    at = {total: size_T}
    error, test, train = (value.subs(at) for value in (one.error, one.test_risk, one.train_risk))
    square = sp.Symbol("e", real=True) ** 2
    mean_squares = sp.Add(
        *(n * a**2 + g * (a + s * f / g) ** 2 for n, g, a, f in zip(N_S, N_G, MEANS, FRESH, strict=True))
    )
    spread = s**2 * (degrees + R) + mean_squares
    stated_error = sp.Add(*((n + g) * a + s * f for n, g, a, f in zip(N_S, N_G, MEANS, FRESH, strict=True))) / size_T
    stated_train = (spread / size_T - square) / 2
    free = {mu_k, sigma}
    return (
        Step(
            name="squares",
            says="Squares of N examples around theta: those around their centre, and N times the centre's.",
            rule="identity",
            computed={"around theta": squares - 2 * theta * N * centre + N * theta**2},
            stated={"around theta": (squares - N * centre**2) + N * (centre - theta) ** 2},
        ),
        Step(
            name="coordinate",
            says="Error over sigma, test risk, train risk, with Q = (m_S - 2) s^2: sigma and mu cancel.",
            rule="calculus",
            computed={"error": error / sigma, "test risk": test, "train risk": train},
            stated={
                "error": stated_error,
                "test risk": (1 + stated_error**2) / 2,
                "train risk": stated_train.subs(square, stated_error**2),
            },
            conditions={
                "neither sigma nor mu occurs": not (sp.cancel(error / sigma).free_symbols & free)
                and not ((test.free_symbols | train.free_symbols) & free),
            },
            uses=("squares",),
        ),
        Step(
            name="gap",
            says="Test less train risk.",
            rule="assembly",
            computed={"gap": test - train},
            stated={"gap": sp.Rational(1, 2) + stated_error**2 - spread / (2 * size_T)},
            uses=("coordinate",),
        ),
    )


def class_count_moments() -> Derivation:
    """Derive the four moments for any class counts, with two classes in S and with or without empty ones in S_G.

    Returns:
        The derivation; its conclusion is the mean gap, and its last step has the variance beside it.
    """
    found, stated = computed_moments(), at_counts(stated_moments())
    squared = expected_squared_error().computed / sigma**2
    known_risk = nll_risk.subs(squared_distance, sigma**2 * squared)
    empties = {"class -1": "-", "class +1": "+", "both classes": "+-"}
    steps = (
        *_coordinate_steps(),
        Step(
            name="test risk",
            says="Mean and variance, by the moments of normals and of chi-squares; d independent coordinates.",
            rule="calculus",
            computed={"mean": found.mean_test_risk, "variance": found.test_risk_variance},
            stated={"mean": stated.mean_test_risk, "variance": stated.test_risk_variance},
            uses=("coordinate",),
        ),
        Step(
            name="known means",
            says="The mean test risk and the mean gap are those derived from second moments alone.",
            rule="identity",
            computed={"test risk": known_risk, "gap": known_risk - expected_train_risk().computed},
            stated={"test risk": stated.mean_test_risk, "gap": stated.mean_gap},
        ),
        *(
            Step(
                name=f"{name} of S_G empty",
                says="A normal less and a degree of freedom more for each empty class: the same formula at g_c = 0.",
                rule="calculus",
                computed=computed_moments(empty).named(),
                stated=stated.subs(Coordinate(empty).counts).named(),
                uses=("coordinate",),
            )
            for name, empty in empties.items()
        ),
        Step(
            name="gap moments",
            says="Mean and variance of the gap.",
            rule="calculus",
            computed={"variance": found.gap_variance, CONCLUSION: sp.factor(found.mean_gap)},
            stated={"variance": stated.gap_variance, CONCLUSION: stated.mean_gap},
            uses=("gap",),
        ),
    )
    return Derivation(
        name="moments of the mixture's gap",
        assumes=(
            "two classes with at least one example in each and m_S >= 3; the pooled variance, denominator m_S - 2",
            "the means of S, the scatter within its classes and all fresh noise are independent (Cochran)",
        ),
        steps=steps,
        notes=("the law of test risk and gap depends on the class counts and on d alone: sigma and mu cancel",),
    )


def balanced_gap_moments() -> Derivation:
    """Derive the four moments for balanced labels and even sizes.

    Returns:
        The derivation; its conclusion is the variance of the gap, in m_S, m_G and d.
    """
    halves = {n_plus: m_S / 2, n_minus: m_S / 2, g_plus: m_G / 2, g_minus: m_G / 2}
    sums = {str(w): (g_plus**i / n_plus**j + g_minus**i / n_minus**j).subs(halves) for w, (i, j) in WEIGHTS.items()}
    found, stated = at_balance(stated_moments()), balanced_moments()
    steps = (
        Step(
            name="weights",
            says="The sums over classes at half of S and half of S_G in each.",
            rule="identity",
            computed=sums,
            stated={
                "w_11": 2 * m_G / m_S,
                "w_21": m_G**2 / m_S,
                "w_22": 2 * m_G**2 / m_S**2,
                "w_32": m_G**3 / m_S**2,
            },
            arises={
                str(w): Value(g_plus**i / n_plus**j + g_minus**i / n_minus**j, halves) for w, (i, j) in WEIGHTS.items()
            },
        ),
        Step(
            name="test risk",
            says="Mean and variance.",
            rule="identity",
            computed={"mean": found.mean_test_risk, "variance": found.test_risk_variance},
            stated={"mean": stated.mean_test_risk, "variance": stated.test_risk_variance},
            uses=("weights",),
        ),
        Step(
            name="known means",
            says="The means are those derived from second moments alone.",
            rule="identity",
            computed={"test risk": expected_test_risk().computed, "gap": expected_gap().computed},
            stated={"test risk": stated.mean_test_risk, "gap": stated.mean_gap},
        ),
        Step(
            name="without augmentation",
            says="At m_G = 0.",
            rule="identity",
            computed=found.subs({m_G: sp.Integer(0)}).named(),
            stated=Moments(d / 2 * (1 + 1 / m_S), d / (2 * m_S**2), d / m_S, d / (2 * m_S)).named(),
            uses=("weights",),
        ),
        Step(
            name="gap",
            says="Mean and variance.",
            rule="identity",
            computed={"mean": found.mean_gap, CONCLUSION: found.gap_variance},
            stated={"mean": stated.mean_gap, CONCLUSION: stated.gap_variance},
            uses=("weights",),
        ),
    )
    return Derivation(
        name="moments of the mixture's gap, balanced labels",
        assumes=("balanced labels, m_S and m_G even, m_S >= 4; the pooled variance",),
        steps=steps,
    )
