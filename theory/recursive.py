"""Recursive training: each generation of the generator learns from real data and from the generation before it.

Generation i is trained on a mixture with a share of real data; its law differs from the mixture's by at most d_TV, what
one training costs. With TV_i its distance from the data's law, and TV_0 = 0 where the first sees real data only,

    TV_i <= d_TV + (1 - share) TV_(i-1)   =>   TV_i <= d_TV (1 - (1 - share)^i)/share,

``i d_TV`` without real data, and at most ``d_TV/share`` in every generation with a constant share. These are upper
bounds: that one is unbounded is no proof that the generator collapses.

Source: the shift term of Fu et al., ICLR 2025 (arXiv 2502.18865), derived; their bound's other terms are from memory.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import sympy as sp

from theory.arises import Inequality, Outside, Value, added, times
from theory.augmentation import Case, verdict
from theory.derivation import CONCLUSION, Derivation, Step
from theory.setting import Setting, m
from theory.stability import Bound
from theory.symbols import M, beta

share = sp.Symbol("share", positive=True)
"""Share of real data in each generation's training set, in (0, 1]; 0 in the limit."""
generation = sp.Symbol("i", integer=True, positive=True)
d_TV = sp.Symbol("d_TV", positive=True)
"""Divergence that one training adds, whatever mixture it is trained on."""
before = sp.Symbol("TV_before", nonnegative=True)
size = sp.Symbol("n", positive=True)
"""Examples that each generation is trained on."""
recursive_stability = sp.Symbol("gamma_i", nonnegative=True)
"""Recursive stability: the change of generation i's law with one real example."""
r = sp.Symbol("r", positive=True)
"""Exponent of a share of real data that falls as ``m^-r``."""
k = sp.Symbol("k", positive=True)
"""Exponent of a number of generations that grows as ``m^k``."""


def closed_form(generations: sp.Expr = generation, real: sp.Expr = share) -> sp.Expr:
    """``d_TV (1 - (1 - share)^i)/share``, the bound on TV_i; ``i d_TV`` where the share is 0."""
    if real == 0:
        return generations * d_TV
    return d_TV * (1 - (1 - real) ** generations) / real


def recursion() -> Derivation:
    """Derive the bound on TV_i, its limits, and that it grows with i.

    Returns:
        The derivation; its conclusion is the closed form.
    """
    mixture = (1 - share) * before + share * sp.Integer(0)
    one = d_TV + mixture
    law, i = sp.Function("TV"), sp.Symbol("i", integer=True, nonnegative=True)
    solved = sp.rsolve(law(i + 1) - one.subs(before, law(i)), law(i), {law(0): 0}).subs(i, generation)
    following = one.subs(before, solved)
    growth = sp.simplify(following - solved)
    # A share below 1, so that its powers fall.
    kept = sp.Symbol("kept", positive=True)
    falling = sp.Symbol("odds", positive=True)
    powers = (solved.subs(share, 1 - kept)).subs(kept, 1 / (1 + falling))
    steps = (
        Step(
            name="mixture",
            says="Real data is at distance 0 from itself, so the mixture is as far from it as its other part's share.",
            rule="calculus",
            computed={"distance": sp.expand(mixture)},
            stated={"distance": (1 - share) * before},
        ),
        Step(
            name="one generation",
            says="Triangle: training adds d_TV to the mixture's distance.",
            rule="calculus",
            computed={"TV": one, "first": one.subs(before, 0)},
            stated={"TV": d_TV + (1 - share) * before, "first": d_TV},
            uses=("mixture",),
            arises={
                "TV": added([d_TV, added([(1 - share) * before, times(share, sp.S.Zero)])]),
                "first": Value(one, {before: sp.S.Zero}),
            },
        ),
        Step(
            name="induction",
            says="The closed form at i = 1 is d_TV, and one more generation makes it that of i + 1.",
            rule="identity",
            computed={"first": sp.simplify(solved.subs(generation, 1)), "next": following},
            stated={"first": d_TV, "next": closed_form(generation + 1)},
            uses=("one generation",),
        ),
        Step(
            name="limits",
            says="Without real data i d_TV; for i -> oo at a share in (0, 1), d_TV/share.",
            rule="calculus",
            computed={
                "share -> 0": sp.limit(solved, share, 0),
                "i -> oo": sp.limit(powers, generation, sp.oo).subs(falling, 1 / kept - 1).subs(kept, 1 - share),
            },
            stated={"share -> 0": closed_form(real=sp.S.Zero), "i -> oo": d_TV / share},
            uses=("induction",),
            arises=dict.fromkeys(("share -> 0", "i -> oo"), Outside("a limit")),
        ),
        Step(
            name="bound",
            says="It grows with i, by d_TV (1 - share)^i.",
            rule="calculus",
            computed={"growth": growth, CONCLUSION: solved},
            stated={"growth": d_TV * (1 - share) ** generation, CONCLUSION: closed_form()},
            uses=("induction",),
            arises={"growth": added([closed_form(generation + 1), -closed_form()])},
        ),
    )
    return Derivation(
        name="divergence of recursive training",
        assumes=(
            "every training, on whatever mixture, leaves a divergence of at most d_TV from that mixture",
            "0 <= share <= 1, the same in each generation; TV_0 = 0: the first generation sees real data only",
        ),
        steps=steps,
        notes=("a total variation is at most 1: the bound says nothing once it is above",),
    )


def amplification() -> Derivation:
    """Derive the order of ``(1 - (1 - share)^i)/share``: that of ``min(i, 1/share)``, within a factor 1 - 1/e.

    Returns:
        The derivation; its conclusion is the factor.
    """
    x, i = sp.Symbol("x", nonnegative=True), generation
    # (1 - share)^i lies between 1 - share i (Bernoulli) and exp(-share i); x = share i below.
    bernoulli = sp.expand((1 - share * i) * (1 - share) - (1 - share * (i + 1)))
    tangent = sp.exp(-x) - (1 - x)
    chord = 1 - sp.exp(-x) - (1 - sp.exp(-1)) * x
    steps = (
        Step(
            name="upper",
            says="(1 - share)^i is at least 1 - share i, which one more generation keeps: the factor is at most i.",
            rule="elementary inequality",
            computed={"margin": bernoulli},
            stated={"margin": i * share**2},
            conditions={"the margin is positive": bernoulli.is_positive},
            arises={"margin": added([times(1 - share * i, 1 - share), -(1 - share * (i + 1))])},
            claims={"the margin is positive": Inequality(sp.S.Zero, bernoulli, strict=True)},
        ),
        Step(
            name="exponential",
            says="1 - x is at most exp(-x), as that is convex with 1 - x for its tangent at 0.",
            rule="elementary inequality",
            computed={"margin at 0": tangent.subs(x, 0), "slope at 0": sp.diff(tangent, x).subs(x, 0)},
            stated={"margin at 0": sp.Integer(0), "slope at 0": sp.Integer(0)},
            conditions={"it is convex": sp.diff(tangent, x, 2).is_positive},
            arises={
                "margin at 0": Value(tangent, {x: sp.S.Zero}),
                "slope at 0": Value(sp.diff(tangent, x), {x: sp.S.Zero}),
            },
            claims={"it is convex": Inequality(sp.S.Zero, sp.diff(tangent, x, 2), strict=True)},
        ),
        Step(
            name="lower",
            says="1 - exp(-x) is at least (1 - 1/e) min(1, x): concave, equal at 0 and 1, growing beyond.",
            rule="elementary inequality",
            computed={
                "at 0": chord.subs(x, 0),
                "at 1": sp.simplify(chord.subs(x, 1)),
                CONCLUSION: (1 - sp.exp(-x)).subs(x, 1),
            },
            stated={"at 0": sp.Integer(0), "at 1": sp.Integer(0), CONCLUSION: 1 - sp.exp(-1)},
            conditions={"it is concave": sp.diff(chord, x, 2).is_negative},
            arises={
                "at 0": Value(chord, {x: sp.S.Zero}),
                "at 1": Value(chord, {x: sp.S.One}),
                CONCLUSION: Value(1 - sp.exp(-x), {x: sp.S.One}),
            },
            claims={"it is concave": Inequality(sp.diff(chord, x, 2), sp.S.Zero, strict=True)},
            uses=("exponential",),
        ),
    )
    return Derivation("order of the recursion's factor", ("0 < share <= 1, i >= 1",), steps)


@dataclass(frozen=True)
class Regime:
    """How much real data each generation sees, and how many there are, as m grows.

    Args:
        name: how it is asked for.
        real: order of the share of real data in `m`; 0 without any.
        generations: order of their number in `m`; oo for any number.
        limit: the bound on TV_i after that many generations, exactly, in d_TV, share and i.
        says: what follows.
    """

    name: str
    real: sp.Expr
    generations: sp.Expr
    limit: sp.Expr
    says: str

    @property
    def factor(self) -> sp.Expr:
        """Order by which d_TV is multiplied, ``min(i, 1/share)``; infinite without real data and end."""
        return sp.Min(self.generations, sp.oo if self.real == 0 else 1 / sp.sympify(self.real))

    @property
    def bounded(self) -> bool:
        """Whether the bound stays below a multiple of d_TV, however many generations there are."""
        return self.real != 0

    def apply(self, setting: Setting) -> Setting:
        """Return the setting with the divergence of the last generation for d_TV, at most 1.

        The dependence is left as it is assumed of the last generation: that of the ones before it on S is not derived.

        Raises:
            ValueError: the regime has no finite bound.
        """
        if self.factor == sp.oo:
            raise ValueError(f"without real data and without end the bound has no limit. Found {self.name!r}.")
        return replace(setting, tv=sp.Min(1, self.factor * setting.tv))


REGIMES: tuple[Regime, ...] = (
    Regime(
        "few-generations",
        sp.S.Zero,
        sp.S.One,
        closed_form(real=sp.S.Zero),
        "a fixed number of generations, even without real data, multiplies d_TV by a constant: the verdict stays",
    ),
    Regime(
        "constant-share",
        sp.S.One,
        sp.oo,
        d_TV / share,
        "with a constant share of real data d_TV grows by 1/share at most, for ever: the verdict stays",
    ),
    Regime(
        "no-real-data",
        sp.S.Zero,
        m**k,
        closed_form(real=sp.S.Zero),
        "m^k generations without real data need i d_TV = o(max(beta_m log m, 1/sqrt m)) for a faster rate",
    ),
    Regime(
        "falling-share",
        m**-r,
        sp.oo,
        d_TV / share,
        "a share falling as m^-r needs d_TV/share = o(max(beta_m log m, 1/sqrt m)) for a faster rate",
    ),
    Regime(
        "falling-share-generations",
        m**-r,
        m**k,
        closed_form(),
        "m^k generations at a share falling as m^-r: the smaller of both factors counts",
    ),
    Regime(
        "no-real-data-for-ever",
        sp.S.Zero,
        sp.oo,
        sp.oo,
        "the bound grows without end, and is void from 1/d_TV generations on: bounded if and only if share > 0",
    ),
)
"""What recursive training does to the divergence, by regime."""


def find_regime(name: str) -> Regime:
    """Find a regime by its name.

    Raises:
        ValueError: there is none; the message lists the names.
    """
    for regime in REGIMES:
        if regime.name == name:
            return regime
    raise ValueError(f"regime must be one of {', '.join(each.name for each in REGIMES)}. Found {name!r}.")


def recursive_verdict(setting: Setting, regime: Regime) -> tuple[Case, ...]:
    """Decide whether augmentation by the last generation helps the bound.

    Args:
        setting: learner and generator; its `tv` is d_TV, what one training adds.
        regime: of real data and generations.
    """
    return verdict(regime.apply(setting))


def void_from(real: sp.Expr = share) -> sp.Expr:
    """Return the number of generations from which the bound is at least 1, for d_TV > share; below, there is none."""
    if real == 0:
        return 1 / d_TV
    i = sp.Symbol("i", positive=True)
    (found,) = sp.solve(d_TV * (1 - (1 - real) ** i) / real - 1, i)
    return found


def follow_up_bound(real: sp.Expr = share) -> Bound:
    """State the shape of the bound of Fu et al. for a learner trained on generation i's mixture, n examples.

    Only the shift term is derived here; the others are from memory, in order and in shape.
    """
    terms = {
        "shift": M * closed_form(real=real),
        "sampling": M / sp.sqrt(size),
        "stability": beta * sp.log(size),
        "recursion": recursive_stability * M * sp.log(size),
    }
    return Bound("recursive training", terms, "shape only, up to constants, not a certified bound; shift alone derived")
