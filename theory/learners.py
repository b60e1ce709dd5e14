"""Learners by name: the order of their uniform stability, and the explicit constant behind it.

Stability is in ``m``, the number of examples that the learner is trained on: with augmentation that is m_S + m_G. Where
the number of SGD steps grows with the sample (a fixed number of epochs) it is carried: the verdict depends on it.

Hardt, Recht, Singer bound the mean over SGD's own randomness. The general bound then holds for the loss averaged over
that randomness, ``E_A loss(A(S), z)``, which is a deterministic function of S with the same upper end M.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp
from sympy.logic.boolalg import Boolean

from theory.augmentation import m
from theory.derivation import CONCLUSION, Derivation, Step
from theory.gaussian_mixture import constants
from theory.lemmas import Hypothesis, Lemma, Sureness
from theory.order import Cases, cases_of
from theory.symbols import M, m_G, m_S

K = sp.Symbol("K", positive=True)
"""The loss is K-Lipschitz in the learner's parameters, in Euclidean norm."""
alpha = sp.Symbol("alpha", positive=True)
"""The loss is alpha-smooth in the parameters: its gradient is alpha-Lipschitz."""
strong = sp.Symbol("lambda", positive=True)
"""Strong convexity of the (regularised) loss."""
eta = sp.Symbol("eta", positive=True)
"""Constant step size; ``eta n_steps`` stands for the sum of the steps where they vary."""
c_step = sp.Symbol("c", positive=True)
"""Constant of decaying steps, at most c/t at step t."""
n_steps = sp.Symbol("n_steps", positive=True)
epochs = sp.Symbol("epochs", positive=True)
"""Passes over the data: n_steps = epochs * m."""
a = sp.Symbol("a", positive=True)
"""``alpha * c``, the product on which the exponent of smooth non-convex SGD depends."""
t_0 = sp.Symbol("t_0", positive=True)
distance = sp.Symbol("distance", nonnegative=True)
loss_range = sp.Symbol("M", positive=True)
"""`theory.symbols.M`, known to be positive: the same letter."""

HRS = "Hardt, Recht, Singer, ICML 2016 (arXiv 1509.01240)"

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


def convex_stability() -> sp.Expr:
    """``2 K^2 eta n_steps/m`` for SGD on a smooth convex loss. Source: Hardt, Recht, Singer (2016), Theorem 3.8."""
    return 2 * K**2 * eta * n_steps / m


def strongly_convex_stability() -> sp.Expr:
    """``2 K^2/(lambda m)``, for SGD with a constant step and for the minimiser of the regularised empirical risk."""
    return 2 * K**2 / (strong * m)


def nonconvex_stability() -> sp.Expr:
    """Return the bound for SGD with steps at most c/t on a smooth loss in [0, M].

    Returns:
        ``M (1 + 1/(alpha c))/(m - 1) (2 c K^2/M)^(1/(alpha c + 1)) n_steps^(alpha c/(alpha c + 1))``.

    Source: Hardt, Recht, Singer (2016), Theorem 3.12 for M = 1; `nonconvex_derivation` for any M.
    """
    product = alpha * c_step
    root = (2 * c_step * K**2 / loss_range) ** (1 / (product + 1))
    return loss_range * (1 + 1 / product) / (m - 1) * root * n_steps ** (product / (product + 1))


def per_permutation_stability() -> sp.Expr:
    """``2 K^2 eta epochs``: convex SGD with a constant step, for every order in which the examples are visited.

    Given the order, the learner is deterministic and the replaced example is visited once in each epoch. So the bound
    of `convex_stability` holds without an expectation; that is so for a constant step only.
    """
    return 2 * K**2 * eta * epochs


def mean_step(rate: sp.Expr) -> sp.Expr:
    """Bound the mean distance after one step of SGD on two samples that differ in one example.

    The replaced example is drawn with probability 1/m. Else both take the same step, which expands by `rate`; at the
    replaced one the steps differ by two gradients of norm at most K, and expand by no more than `rate` and 1 allow.

    Args:
        rate: the factor by which one and the same step changes a distance.
    """
    replaced = sp.Min(rate, 1)
    return (1 - 1 / m) * rate * distance + (replaced * distance + 2 * eta * K) / m


def _lipschitz_step(parameters: sp.Expr, stated: sp.Expr, uses: tuple[str, ...]) -> Step:
    return Step(
        name="loss",
        says="Parameters this far apart have losses K times as far apart, at every example.",
        rule="calculus",
        computed={CONCLUSION: K * parameters},
        stated={CONCLUSION: stated},
        uses=uses,
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
    )
    recursion = Step(
        name="recursion",
        says="Both start at the same point.",
        rule="calculus",
        computed={"distance": total},
        stated={"distance": 2 * eta * K * n_steps / m},
        uses=("one step",),
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
    )
    fixed_point = Step(
        name="fixed point",
        says="From 0 the distance never passes the fixed point of the recursion.",
        rule="calculus",
        computed={"distance": fixed},
        stated={"distance": 2 * K / (strong * m)},
        conditions={"the fixed point is positive": fixed.is_positive},
        uses=("one step",),
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
        ),
        Step(
            name="exchange",
            says="All but the replaced example cancel: two losses in each excess, K-Lipschitz, of weight 1/m.",
            rule="calculus",
            computed={"distance": found},
            stated={"distance": 2 * K / (strong * m)},
            uses=("curvature",),
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


@dataclass(frozen=True)
class Learner:
    """A learner as the theory sees it: an order of stability, and what it rests on.

    Args:
        name: how it is asked for.
        title: what it is.
        beta: order of its uniform stability trained on `m` examples.
        explicit: the same with all constants; None where the source has orders only.
        loss_bound: order of the loss's upper end in `m`.
        conditions: what `beta` assumes of its symbols.
        assumes: what is assumed of loss and steps, in words.
        source: paper and theorem.
        sureness: how the explicit expression is known, or the order where there is none.
        in_expectation: whether the stability is a mean over the learner's own randomness.
        notes: what else has to be said with it.
    """

    name: str
    title: str
    beta: sp.Expr
    explicit: sp.Expr | None
    assumes: tuple[str, ...]
    source: str
    sureness: Sureness
    in_expectation: bool = False
    loss_bound: sp.Expr = sp.S.One
    conditions: Boolean = sp.true
    notes: tuple[str, ...] = ()

    def order_of_explicit(self) -> Cases:
        """Read the order off the explicit expression, ``alpha c = a``; for at least 2 examples.

        Raises:
            ValueError: the source has no explicit expression.
        """
        if self.explicit is None:
            raise ValueError(f"{self.name} has an order only, no explicit stability")
        # m - 1 is of the order of m, and positive after a shift, as the algebra asks.
        shifted = sp.expand(self.explicit.subs(c_step, a / alpha), deep=False).subs(m, m + 1)
        return cases_of(shifted, m, self.conditions)

    def __str__(self) -> str:
        lines = [f"{self.name}: {self.title}", f"  beta_m of order {self.beta}, loss up to {self.loss_bound}"]
        lines += [f"  beta_m <= {self.explicit}"] if self.explicit is not None else []
        lines += [f"  assume {text}" for text in self.assumes] + [f"  note: {text}" for text in self.notes]
        return "\n".join([*lines, f"  {self.source} ({self.sureness})"])

    def _repr_latex_(self) -> str:
        left = r"\beta_m"
        return rf"$\displaystyle {left} \asymp {sp.latex(self.beta)}$"


_CONVEX = ("convex, K-Lipschitz, alpha-smooth loss", "constant step eta of at most 2/alpha")
_IN_MEAN = "bounds the loss averaged over SGD's randomness, not each run"

LEARNERS: tuple[Learner, ...] = (
    Learner(
        name="erm",
        title="strongly convex regularised empirical risk minimisation",
        beta=1 / m,
        explicit=strongly_convex_stability(),
        assumes=("K-Lipschitz convex loss", "lambda-strongly convex regularised risk, minimised exactly"),
        source="Bousquet, Elisseeff, JMLR 2002; derived in minimiser_derivation for a replaced example",
        sureness="derived",
    ),
    Learner(
        name="sgd-convex",
        title="SGD on a convex loss, n_steps fixed",
        beta=1 / m,
        explicit=convex_stability(),
        assumes=_CONVEX,
        source=f"{HRS}, Theorem 3.8; derived in convex_derivation",
        sureness="derived",
        in_expectation=True,
        notes=(_IN_MEAN, "with n_steps fixed and m growing, most examples are never visited"),
    ),
    Learner(
        name="sgd-convex-epochs",
        title="SGD on a convex loss, epochs fixed: n_steps = epochs m",
        beta=sp.S.One,
        explicit=convex_stability().subs(n_steps, epochs * m),
        assumes=_CONVEX,
        source=f"{HRS}, Theorem 3.8; derived in convex_derivation",
        sureness="derived",
        in_expectation=True,
        notes=(
            "the stability does not decay: the sum of the steps grows with m",
            "holds for every order of visits, too, without an expectation (per_permutation_stability)",
        ),
    ),
    Learner(
        name="sgd-strongly-convex",
        title="SGD on a strongly convex loss, any number of constant steps",
        beta=1 / m,
        explicit=strongly_convex_stability(),
        assumes=(
            "lambda-strongly convex, alpha-smooth loss, K-Lipschitz on a compact convex set that SGD is projected on",
            "constant step of at most 1/alpha",
        ),
        source=f"{HRS}, Theorem 3.9; derived in strongly_convex_derivation",
        sureness="derived",
        in_expectation=True,
        notes=(_IN_MEAN,),
    ),
    Learner(
        name="sgd-nonconvex",
        title="SGD on a smooth non-convex loss, epochs fixed: n_steps = epochs m",
        beta=m ** (-1 / (a + 1)),
        explicit=nonconvex_stability().subs(n_steps, epochs * m),
        assumes=("K-Lipschitz, alpha-smooth loss in [0, M]", "steps of at most c/t, non-increasing; a = alpha c"),
        source=f"{HRS}, Theorem 3.12; derived in nonconvex_derivation",
        sureness="derived",
        in_expectation=True,
        notes=(_IN_MEAN, "with n_steps fixed the order is 1/m", "rounding t_0 of the proof to a step adds at most M/m"),
    ),
    Learner(
        name="bgmm",
        title="mean estimator of the binary Gaussian mixture, negative log-likelihood",
        beta=constants().beta.subs({m_G: 0}).subs(m_S, m),
        explicit=None,
        assumes=("examples near their mean: with high probability, not for all data", "dimension d fixed"),
        source="Zheng, Wu, Li (2023), their Gaussian mixture; orders with constant 1, reconstructed",
        sureness="recalled",
        loss_bound=constants().M.subs(m_S, m),
        notes=("the loss and the stability are bounded on a ball only",),
    ),
    Learner(
        name="unstable",
        title="a learner whose output may change altogether with one example",
        beta=sp.S.One,
        explicit=M,
        assumes=("loss in [0, M]",),
        source="definition",
        sureness="derived",
        notes=("the bound does not fall with m: nothing is claimed of what such a learner does",),
    ),
)
"""The learners of the table, the most stable first."""


def find_learner(name: str) -> Learner:
    """Find a learner by its name.

    Raises:
        ValueError: there is none; the message lists the names.
    """
    for learner in LEARNERS:
        if learner.name == name:
            return learner
    raise ValueError(f"learner must be one of {', '.join(each.name for each in LEARNERS)}. Found {name!r}.")
