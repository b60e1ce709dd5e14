"""The stability of SGD, and of the minimiser of a regularised empirical risk, derived step by step.

Two runs on samples that differ in one example are followed: a gradient step expands or contracts their distance
(lemmas H1 to H3), and the replaced example adds to it. The conclusions are the expressions of `theory.sgd_stability`.

Source: Hardt, Recht, Singer (2016); Bousquet, Elisseeff (2002) for the minimiser.
"""

from __future__ import annotations

import sympy as sp

from theory.arises import Inequality, Solves, Total, Value, added, times
from theory.derivation import CONCLUSION, Derivation, Step
from theory.lemmas import Hypothesis, Lemma
from theory.setting import m
from theory.sgd_stability import (
    HRS,
    K,
    alpha,
    c_step,
    convex_stability,
    eta,
    loss_range,
    n_steps,
    nonconvex_stability,
    strong,
    strongly_convex_stability,
)

t_0 = sp.Symbol("t_0", positive=True)
distance = sp.Symbol("distance", nonnegative=True)

EXPANSIVE = Lemma(
    key="H1",
    title="expansion of a gradient step, smooth loss",
    left="||G(w) - G(w')||",
    bound=(1 + alpha * eta) * distance,
    hypotheses=(Hypothesis("smooth", "the gradient is alpha-Lipschitz"),),
    source=f"{HRS}, Lemma 3.7 (arXiv); triangle inequality",
    sureness="seen",
)
NONEXPANSIVE = Lemma(
    key="H2",
    title="expansion of a gradient step, smooth convex loss",
    left="||G(w) - G(w')||",
    bound=distance,
    hypotheses=(
        Hypothesis("convex", "the loss is convex in the parameters"),
        Hypothesis("step", "the step is at most 2/alpha", 2 / alpha),
    ),
    source=f"{HRS}, Lemma 3.7 (arXiv); co-coercivity of the gradient",
    sureness="seen",
)
CONTRACTIVE = Lemma(
    key="H3",
    title="contraction of a gradient step, smooth strongly convex loss",
    left="||G(w) - G(w')||",
    bound=(1 - strong * eta) * distance,
    hypotheses=(
        Hypothesis("strongly convex", "the loss is lambda-strongly convex"),
        Hypothesis("step", "the step is at most 1/alpha", 1 / alpha),
    ),
    source=f"{HRS}, Lemma 3.7 (arXiv), with step at most 1/alpha",
    sureness="seen",
)


def mean_step(rate: sp.Expr) -> sp.Expr:
    """Bound the mean distance after one step of SGD on two samples that differ in one example.

    The replaced example is drawn with probability 1/m. Else both take the same step, which expands by `rate`; at the
    replaced one the steps differ by two gradients of norm at most K, and expand by no more than `rate` and 1 allow.

    Args:
        rate: the factor by which one and the same step changes a distance.
    """
    return step_of(rate, sp.Min(rate, 1))


def step_of(rate: sp.Expr, replaced: sp.Expr) -> sp.Expr:
    """Write the mean distance after one step with the factors of a common step and of a replaced one."""
    return (1 - 1 / m) * rate * distance + (replaced * distance + 2 * eta * K) / m


_RATE, _REPLACED = sp.symbols("rate replaced", nonnegative=True)


def _grown(rate: sp.Expr) -> Value:
    return Value(step_of(_RATE, _REPLACED), {_RATE: rate, _REPLACED: sp.Min(rate, 1)})


def _lipschitz_step(parameters: sp.Expr, stated: sp.Expr, uses: tuple[str, ...]) -> Step:
    return Step(
        name="loss",
        says="Parameters this far apart have losses K times as far apart, at every example.",
        rule="calculus",
        computed={CONCLUSION: K * parameters},
        stated={CONCLUSION: stated},
        uses=uses,
        arises={CONCLUSION: times(K, parameters)},
    )


def convex_derivation() -> Derivation:
    """Derive the stability of convex SGD: distances add up."""
    step = sp.Function("delta_t")
    t = sp.Symbol("t", integer=True, nonnegative=True)
    application = NONEXPANSIVE.apply({eta: eta}, {"convex": True, "step": 2 / alpha})
    grown = sp.expand(mean_step(application.conclusion / distance))
    total = sp.rsolve(step(t + 1) - grown.subs(distance, step(t)), step(t), {step(0): 0}).subs(t, n_steps)
    one = Step(
        name="one step",
        says="The mean distance grows by 2 eta K/m in each step.",
        rule="lemma",
        computed={"distance": grown},
        stated={"distance": distance + 2 * eta * K / m},
        application=application,
        axioms=(NONEXPANSIVE,),
        arises={"distance": _grown(application.conclusion / distance)},
    )
    recursion = Step(
        name="recursion",
        says="Both start at the same point.",
        rule="calculus",
        computed={"distance": total},
        stated={"distance": 2 * eta * K * n_steps / m},
        uses=("one step",),
        arises={"distance": Total(grown - distance, t, n_steps)},
    )
    return Derivation(
        name="stability of convex SGD",
        assumes=("convex, K-Lipschitz, alpha-smooth loss", "steps of at most 2/alpha, examples drawn uniformly"),
        steps=(one, recursion, _lipschitz_step(total, convex_stability(), ("recursion",))),
        notes=("a projection onto a convex set brings no two points further apart",),
    )


def strongly_convex_derivation() -> Derivation:
    """Derive the stability of strongly convex SGD with a constant step: distances stay below a fixed point."""
    application = CONTRACTIVE.apply({eta: eta}, {"strongly convex": True, "step": 1 / alpha})
    # lambda <= alpha, so lambda eta <= 1: a share, written so that SymPy knows it.
    share = sp.Symbol("share", nonnegative=True)
    rate = sp.simplify(application.conclusion / distance).subs(eta, share / strong)
    grown = sp.expand(mean_step(rate)).subs(share, strong * eta)
    (fixed,) = sp.solve(sp.expand(grown) - distance, distance)
    one = Step(
        name="one step",
        says="The mean distance contracts, and grows by 2 eta K/m.",
        rule="lemma",
        computed={"distance": grown},
        stated={"distance": (1 - strong * eta) * distance + 2 * eta * K / m},
        application=application,
        axioms=(CONTRACTIVE,),
        arises={"distance": _grown(1 - strong * eta)},
    )
    fixed_point = Step(
        name="fixed point",
        says="From 0 the distance never passes the fixed point of the recursion.",
        rule="calculus",
        computed={"distance": fixed},
        stated={"distance": 2 * K / (strong * m)},
        conditions={"the fixed point is positive": fixed.is_positive},
        uses=("one step",),
        arises={"distance": Solves(sp.expand(grown) - distance, distance)},
        claims={"the fixed point is positive": Inequality(sp.S.Zero, fixed, strict=True)},
    )
    return Derivation(
        name="stability of strongly convex SGD",
        assumes=("lambda-strongly convex, K-Lipschitz, alpha-smooth loss", "constant step of at most 1/alpha"),
        steps=(one, fixed_point, _lipschitz_step(fixed, strongly_convex_stability(), ("fixed point",))),
        notes=(
            "no loss is strongly convex and Lipschitz everywhere: K is meant on a compact convex set, projected on",
        ),
    )


def minimiser_derivation() -> Derivation:
    """Derive the stability of the minimiser of a lambda-strongly convex empirical risk."""
    gap = sp.Symbol("gap", positive=True)
    # Each of the two minimisers is better on its own sample by at least lambda/2 gap^2.
    curvature = 2 * (strong / 2) * gap**2
    slack = 2 * K * gap / m
    (found,) = sp.solve(curvature - slack, gap)
    steps = (
        Step(
            name="curvature",
            says="The two excess risks, each on its own sample, add up to this at least.",
            rule="calculus",
            computed={"excess": curvature},
            stated={"excess": strong * gap**2},
            arises={"excess": added([strong / 2 * gap**2, strong / 2 * gap**2])},
        ),
        Step(
            name="exchange",
            says="All but the replaced example cancel: two losses in each excess, K-Lipschitz, of weight 1/m.",
            rule="calculus",
            computed={"distance": found},
            stated={"distance": 2 * K / (strong * m)},
            uses=("curvature",),
            arises={"distance": Solves(curvature - slack, gap)},
        ),
        _lipschitz_step(found, strongly_convex_stability(), ("exchange",)),
    )
    return Derivation(
        name="stability of regularised empirical risk minimisation",
        assumes=("K-Lipschitz convex loss", "lambda-strongly convex regularised risk, minimised exactly"),
        steps=steps,
    )


def _late_steps() -> tuple[tuple[Step, ...], sp.Expr]:
    """Bound the distance at n_steps, if the samples' difference was not met up to step t_0."""
    t, q = sp.Symbol("t", positive=True), sp.Symbol("q", positive=True)
    rate = EXPANSIVE.bound / distance
    grown = sp.expand(sp.simplify(mean_step(rate)))
    exponent = sp.simplify(grown.coeff(distance, 1) - 1).subs(eta, c_step)
    start = grown.coeff(distance, 0).subs(eta, c_step)
    tail = sp.integrate(t ** (-q - 1), (t, t_0, sp.oo))
    summed = (start * n_steps**q * tail).subs(q, exponent)
    one = Step(
        name="one step",
        says="The mean distance expands where the same example is met; both take a gradient of norm at most K else.",
        rule="lemma",
        computed={"factor": grown.coeff(distance, 1), "addition": grown.coeff(distance, 0)},
        stated={"factor": 1 + (1 - 1 / m) * alpha * eta, "addition": 2 * eta * K / m},
        axioms=(EXPANSIVE,),
    )
    later = Step(
        name="late steps",
        says="With steps c/t, 1 + x <= exp(x) and sums below integrals: the distance, met after t_0 only.",
        rule="elementary inequality",
        computed={"exponent": exponent, "prefactor": sp.simplify(summed / (n_steps / t_0) ** exponent)},
        stated={"exponent": alpha * c_step * (1 - 1 / m), "prefactor": 2 * K / (alpha * (m - 1))},
        uses=("one step",),
    )
    prefactor = later.computed["prefactor"]
    margin = sp.expand(alpha * c_step - exponent)
    larger = Step(
        name="exponent",
        says="The exponent may be raised to alpha c, as n_steps >= t_0.",
        rule="elementary inequality",
        computed={"margin": margin},
        stated={"margin": alpha * c_step / m},
        conditions={"the margin is positive": margin.is_positive},
        uses=("late steps",),
        arises={"margin": added([alpha * c_step, -later.stated["exponent"]])},
        claims={"the margin is positive": Inequality(sp.S.Zero, margin, strict=True)},
    )
    return (one, later, larger), prefactor * (n_steps / t_0) ** (alpha * c_step)


def nonconvex_derivation() -> Derivation:
    """Derive the stability of SGD with steps at most c/t on a smooth loss in [0, M], not convex."""
    steps, late = _late_steps()
    early = loss_range * t_0 / (m - 1)
    total = early + K * late
    best = sp.solve(sp.diff(total, t_0), t_0)[0]
    early_step = Step(
        name="early steps",
        says="The replaced example is met up to step t_0 with probability at most t_0/m; the loss then changes by M.",
        rule="union bound",
        computed={"margin": sp.factor(sp.simplify(early - loss_range * t_0 / m))},
        stated={"margin": loss_range * t_0 / (m * (m - 1))},
        uses=("exponent",),
        arises={"margin": added([early, -loss_range * t_0 / m])},
    )
    curvature = sp.simplify(sp.diff(total, t_0, 2) * (m - 1))
    balance = Step(
        name="balance",
        says="The sum of both is least at this t_0.",
        rule="calculus",
        computed={"t_0": best},
        stated={"t_0": (2 * c_step * K**2 * n_steps ** (alpha * c_step) / loss_range) ** (1 / (alpha * c_step + 1))},
        conditions={"the sum is convex in t_0": curvature.is_positive},
        uses=("early steps",),
        arises={"t_0": Solves(sp.diff(total, t_0), t_0)},
    )
    assembly = Step(
        name="assembly",
        says="At the balance the sum is the bound as stated.",
        rule="assembly",
        computed={CONCLUSION: total.subs(t_0, best)},
        stated={CONCLUSION: nonconvex_stability()},
        uses=("balance",),
    )
    return Derivation(
        name="stability of smooth non-convex SGD",
        assumes=(
            "loss in [0, M], K-Lipschitz, alpha-smooth; m >= 2",
            "steps of at most c/t, non-increasing; examples drawn uniformly, with replacement",
        ),
        steps=(*steps, early_step, balance, assembly),
        notes=(
            "t_0 is no integer: rounding it up, as the source does not, adds at most M/m, of no larger order",
            "the source says the same of random permutations",
            "a projection onto a convex set brings no two points further apart",
        ),
    )
