"""The proof of the amended theorem for the Gaussian mixture: what each clip and each constant is.

In three parts: the events on which the clipped mixture is the mixture; the premises of the general bound, for all data
of the clipped one; the price of clipping, and the sum of all probabilities.
"""

from __future__ import annotations

from functools import lru_cache

import sympy as sp

from theory.arises import Inequality, added
from theory.derivation import CONCLUSION, Derivation, Step
from theory.gaussian_forms import expectation, standard_normal
from theory.lemmas import CHI_SQUARE_TAIL, KL, PINSKER, x
from theory.mixture_dependence import dependence_step, divergence_step, scatter_steps
from theory.mixture_theorem import (
    LETTERS,
    Clips,
    clipped_constants,
    clips,
    constants_in_clips,
    main,
    mixture_theorem,
    share,
)
from theory.quadratic_tails import CHI_SQUARE_LOWER, NORMAL_TAIL
from theory.stability_proof import AUGMENTED
from theory.symbols import D_TV, T_1, M, T, beta, d, delta, m_G, m_S
from theory.tight_bound import SHARES, best_bound
from theory.tight_half_proof import half_centred_bound, trivial_bound, variance_bound
from theory.tight_moments_proof import best_choice, coupled_bound, split_bound
from theory.tight_ordered_proof import ordered_bound
from theory.tight_proof import martingale_bound

_price = sp.Symbol("price", nonnegative=True)


def _failure(count: sp.Expr, level: sp.Expr) -> sp.Expr:
    """Probability that one of `count` events fails, each with exp(-level)."""
    return sp.simplify(count * sp.exp(-level))


def event_steps(at: Clips, size: sp.Expr) -> tuple[Step, ...]:
    """State the events and what they cost; computed from the tails' lemmas, stated as the clips are."""
    total = m_S + size
    every, once = sp.log(total / share), sp.log(1 / share)
    length = d + CHI_SQUARE_TAIL.bound
    lengths = Step(
        name="lengths",
        says="The squared length of each of m_T standard normal vectors is chi-square with d degrees of freedom.",
        rule="lemma",
        computed={"rho^2": length.subs(x, every), "failure": _failure(total, every)},
        stated={"rho^2": sp.expand(at.rho**2), "failure": share},
        axioms=(CHI_SQUARE_TAIL,),
    )
    if size == 0:
        mean = Step(
            name="classifier",
            says="theta_hat is a mean of m_S standard normal vectors.",
            rule="lemma",
            computed={"r_theta^2": _variance_of_mean(m_S) * length.subs(x, once), "failure": _failure(1, once)},
            stated={"r_theta^2": at.r_theta**2, "failure": share},
            axioms=(CHI_SQUARE_TAIL,),
        )
        return lengths, mean
    return lengths, *_generator_events(at, size, every, once)


def _variance_of_mean(count: sp.Expr) -> sp.Expr:
    """Variance of a mean of `count` standard normals, by adding up."""
    z, i = sp.Symbol("z", real=True), sp.Symbol("i", integer=True, positive=True)
    number = sp.Symbol("count", integer=True, positive=True)
    one = expectation(z**2, {z: standard_normal})
    return (sp.summation(one, (i, 1, number)) / number**2).subs(number, count)


def _generator_events(at: Clips, size: sp.Expr, every: sp.Expr, once: sp.Expr) -> tuple[Step, ...]:
    total, degrees = m_S + size, m_S - 2
    of_both, of_each = sp.log(2 / share), sp.log(2 * d / share)
    length = d + CHI_SQUARE_TAIL.bound
    upper, lower = (
        lemma.bound.subs({d: degrees, x: of_each}, simultaneous=True) for lemma in (CHI_SQUARE_TAIL, CHI_SQUARE_LOWER)
    )
    coordinates = Step(
        name="coordinates",
        says="d coordinates of each of m_T vectors.",
        rule="lemma",
        computed={
            "c_0": NORMAL_TAIL.bound.subs(x, every + sp.log(d)),
            "failure": _failure(d * total, every + sp.log(d)),
        },
        stated={"c_0": at.c_0, "failure": share},
        axioms=(NORMAL_TAIL,),
    )
    means = Step(
        name="class means",
        says="Either class mean is a mean of m_S/2 standard normal vectors.",
        rule="lemma",
        computed={
            "r_0^2": _variance_of_mean(m_S / 2) * length.subs(x, of_both),
            "failure": _failure(sp.Integer(2), of_both),
        },
        stated={"r_0^2": at.r_0**2, "failure": share},
        axioms=(CHI_SQUARE_TAIL,),
    )
    variances = Step(
        name="variances",
        says="m_S - 2 times a learned variance is chi-square with m_S - 2 degrees of freedom; d of them, both tails.",
        rule="lemma",
        computed={
            "v_hi": 1 + upper / degrees,
            "v_lo": 1 - lower / degrees,
            "failure": _failure(2 * d, of_each),
        },
        stated={"v_hi": at.v_hi, "v_lo": at.v_lo, "failure": share},
        axioms=(CHI_SQUARE_TAIL, CHI_SQUARE_LOWER),
    )
    noise = Step(
        name="noise",
        says="The sum of m_G standard normal vectors, over the root of m_G, is standard normal.",
        rule="lemma",
        computed={
            "variance": size * _variance_of_mean(size),
            "q^2": length.subs(x, once),
            "failure": _failure(1, once),
        },
        stated={"variance": sp.S.One, "q^2": _noise_length(at, size) ** 2, "failure": share},
        axioms=(CHI_SQUARE_TAIL,),
    )
    return coordinates, means, variances, noise


def _noise_length(at: Clips, size: sp.Expr) -> sp.Expr:
    return (at.r_theta - at.r_0) * (m_S + size) / (sp.sqrt(at.v_hi) * sp.sqrt(size))


def _tail_of_variances() -> sp.Expr:
    return CHI_SQUARE_TAIL.bound.subs({d: m_S - 2, x: sp.log(2 * d / share)}, simultaneous=True)


def reach_step(size: sp.Expr) -> Step:
    """On the events, how far generated examples and theta_hat reach: that the clips do nothing there."""
    at = Clips(**LETTERS)
    n_1, n_2, g_1, g_2 = sp.symbols("n_1 n_2 g_1 g_2", positive=True)
    total = n_1 + n_2 + g_1 + g_2
    q = sp.Symbol("q", positive=True)
    means = sp.simplify(((n_1 + g_1) / total + (n_2 + g_2) / total) * at.r_0)
    noise = sp.sqrt(at.v_hi) * sp.sqrt(size) * q / (m_S + size)
    exact = clips(size)
    values = {at.r_0: exact.r_0, at.v_hi: exact.v_hi, q: _noise_length(exact, size)}
    return Step(
        name="reach",
        says="A generated example is its class mean and its noise, stretched by the learned deviation; theta_hat is a "
        "convex combination of the class means and the stretched mean of the noise.",
        rule="assembly",
        computed={
            "class means in theta_hat": means,
            "r_theta": (means + noise).subs(values),
            "r": (at.r_0 + sp.sqrt(at.v_hi) * at.rho).subs({**values, at.rho: exact.rho}),
            "c": (at.r_0 + sp.sqrt(at.v_hi) * at.c_0).subs({**values, at.c_0: exact.c_0}),
            "r over rho": sp.expand(at.r_0 + sp.sqrt(at.v_hi) * at.rho - at.rho),
            "v_hi": exact.v_hi,
        },
        stated={
            "class means in theta_hat": at.r_0,
            "r_theta": exact.r_theta,
            "r": exact.r,
            "c": exact.c,
            "r over rho": at.r_0 + (sp.sqrt(at.v_hi) - 1) * at.rho,
            "v_hi": 1 + _tail_of_variances() / (m_S - 2),
        },
        conditions={"v_hi is at least 1, real examples in K": CHI_SQUARE_TAIL.bound.is_nonnegative},
        uses=("lengths", "coordinates", "class means", "variances", "noise"),
    )


def loss_steps(size: sp.Expr) -> tuple[Step, Step]:
    """Bound the loss |u - e|^2/2 and its change with e, for |u| <= r and |e| <= r_theta; e is theta's error."""
    at, stated = Clips(**LETTERS), constants_in_clips(size)
    u, e_1, e_2 = sp.symbols("u e_1 e_2", real=True)
    one, two = ((u - e) ** 2 / 2 for e in (e_1, e_2))
    farthest = one.subs({u: at.r, e_1: -at.r_theta})
    loss = Step(
        name="loss",
        says="An example and the classifier are no farther apart than r + r_theta.",
        rule="elementary inequality",
        computed={"M": farthest},
        stated={"M": stated.M},
    )
    moved = 2 * at.r / (m_S + size)
    stability = Step(
        name="stability",
        says="theta_hat moves by 2 r/m_T at most; the loss by its inner product with the mean of two distances.",
        rule="elementary inequality",
        computed={
            "one coordinate": sp.factor(one - two),
            "beta": moved * ((at.r + at.r_theta) + (at.r + at.r_theta)) / 2,
        },
        stated={"one coordinate": (e_2 - e_1) * ((u - e_1) + (u - e_2)) / 2, "beta": stated.beta},
        uses=(loss.name,),
    )
    return loss, stability


def divergence_of_laws_step(size: sp.Expr) -> Step:
    """Bound D_TV between the data's law and the generator's; putting examples outside K to 0 does not raise it."""
    at, stated = Clips(**LETTERS), constants_in_clips(size)
    deviation = at.v_hi - 1
    kl = d * deviation**2 / (4 * at.v_lo) + at.r_0**2 / 2
    exact = clips(size)
    return Step(
        name="divergence",
        says="Against variance 1 KL is at most (v - 1)^2/(4 min(1, v)) a coordinate, and half the squared mean; "
        "neither averaging over labels nor putting examples outside K to 0 raises TV.",
        rule="lemma",
        computed={"D_TV": PINSKER.bound.subs(KL, kl), "v_hi - 1 over 1 - v_lo": exact.v_hi - 1 - (1 - exact.v_lo)},
        stated={
            "D_TV": stated.D_TV.args[1],
            "v_hi - 1 over 1 - v_lo": 2 * sp.log(2 * d / share) / (m_S - 2),
        },
        application=PINSKER.apply({KL: kl}, {"divergence": True}),
        conditions={"cut at 1": stated.D_TV.args[0] == 1, "2 d/share is above 1": bool((2 / share).subs(delta, 1) > 1)},
        uses=("two normals", "variances", "class means"),
        axioms=(PINSKER,),
    )


def price_step(size: sp.Expr) -> Step:
    """Bound the risk outside K, by which the two mixtures' test risks differ, whatever theta is."""
    at, stated = Clips(**LETTERS), constants_in_clips(size)
    total = m_S + size
    level = sp.Symbol("x_1", positive=True)
    slope = sp.diff(d + CHI_SQUARE_TAIL.bound, x)
    # The slope falls with x: at its first value it is at most sqrt(d)/sqrt(x_1) + 2.
    tail = sp.integrate(sp.exp(-x) * slope.subs(sp.sqrt(x), sp.sqrt(level)), (x, level, sp.oo))
    outside = sp.exp(-level)
    lengths = at.rho**2 * outside + tail
    coordinates = at.rho**2 * outside if size != 0 else sp.S.Zero
    e, u, second, clipped = sp.symbols("e u second clipped", real=True)
    # E u = 0 in either mixture; only the second moment differs.
    risk = expectation(sp.expand((u - e) ** 2 / 2), {u: [sp.S.One, sp.S.Zero, second].__getitem__})
    found = ((lengths + coordinates) / 2).subs(sp.exp(-level), share / total).subs(level, sp.log(total / share))
    return Step(
        name="price",
        says="Both laws are symmetric about mu, so that the risks differ by E[|u|^2/2; u outside K], free of theta: "
        "lengths beyond rho by their tail, lengths up to rho by the probability of a coordinate beyond c_0.",
        rule="calculus",
        computed={
            "difference of risks": sp.expand(risk - risk.subs(second, clipped)),
            "slope": slope,
            "price": sp.expand(found),
        },
        stated={
            "difference of risks": (second - clipped) / 2,
            "slope": sp.sqrt(d) / sp.sqrt(x) + 2,
            "price": sp.expand(stated.price.subs(LETTERS["rho"], at.rho)),
        },
        uses=("lengths",) + (("coordinates",) if size != 0 else ()),
        axioms=(CHI_SQUARE_TAIL,),
    )


@lru_cache(maxsize=2)
def general_forms(size: sp.Expr) -> tuple[Derivation, ...]:
    """The derivations of every form that the general bound is the smallest of."""
    forms = (martingale_bound, ordered_bound, half_centred_bound, trivial_bound)
    found = [form(size=size) for form in forms] + [variance_bound(share=part, size=size) for part in SHARES]
    return (*found, *((coupled_bound(), split_bound()) if size != 0 else ()), best_choice())


def clipped_theorem(size: sp.Expr = AUGMENTED) -> Derivation:
    """Derive the amended theorem.

    Args:
        size: the number of generated examples, at least 1 or the number 0.

    Returns:
        The derivation; its conclusion is the bound in the letters M, beta, T, T_1, D_TV and `price`, which the steps
        give; `theory.mixture_theorem.mixture_theorem` writes them out.
    """
    events = event_steps(clips(size), size)
    premises = loss_steps(size)
    steps = [*events, *premises]
    if size != 0:
        one, lengths, coordinates = scatter_steps()
        normals = divergence_step()
        dependence = dependence_step((one.name, lengths.name, coordinates.name, normals.name))
        steps += [reach_step(size), one, lengths, coordinates, normals, dependence, divergence_of_laws_step(size)]
    steps.append(price_step(size))
    failures = [step.computed["failure"] for step in events]
    union = Step(
        name="union",
        says="The events and the general bound of the clipped mixture hold at once.",
        rule="union bound",
        computed={"failure": sum(failures, main)},
        stated={"failure": delta if size != 0 else main + 2 * share},
        conditions={"it is at most delta": (delta - sum(failures, main)).is_nonnegative},
        arises={"failure": added([*failures, main])},
        claims={"it is at most delta": Inequality(sum(failures, main), delta)},
        uses=tuple(step.name for step in events),
    )
    steps += [union, assembly_step(size, tuple(step.name for step in (*steps, union)))]
    return Derivation(
        name="Gaussian mixture, true as stated" + ("" if size != 0 else ", m_G = 0"),
        assumes=(
            "m_S is even and S balanced; y x is normal with mean mu and variance sigma^2 in each coordinate",
            "S_G is drawn with class means and pooled variances of S, labels balanced or uniform; v_lo > 0 where "
            "something is generated",
        ),
        steps=tuple(steps),
        notes=(
            "on the events the clipped mixture is the mixture, draw by draw; Gen of the mixture is then at most Gen of "
            "the clipped one and the price",
            "y x has one law whatever y is, so that with given labels S is i.i.d., and replacements keep the class",
            "balanced labels of S_G make its draws independent, not identical: each term of the general bound has the "
            "law of its own draw, D_G is their mean, and T_1 the mean over draws of what each changes",
        ),
    )


def assembly_step(size: sp.Expr, uses: tuple[str, ...]) -> Step:
    """Compare the theorem as stated, its constants put back into letters, with the general bound and the price."""
    found, general = clipped_constants(size), best_bound()
    theorem = mixture_theorem("best", size)
    letters = {found.M: M, found.beta: beta, found.price: _price}
    known: dict[sp.Expr, sp.Expr] = {delta: main, m_G: size}
    for symbol, value in ((T, found.T), (T_1, found.T_1), (D_TV, found.D_TV)):
        (known if value == 0 else letters).update({symbol: value} if value == 0 else {value: symbol})
    with sp.evaluate(False):
        stated = {key: term.xreplace(letters) for key, term in theorem.terms.items()}
        computed = {key: term.xreplace(known) for key, term in general.terms.items()}
    used = {lemma.key: lemma for form in general_forms(size) for step in form.steps for lemma in step.axioms}
    return Step(
        name="assembly",
        says="The general bound, which may fail with 3 delta/4, at the clipped mixture's constants, and the price.",
        rule="assembly",
        computed={CONCLUSION: sp.Add(*computed.values(), _price)},
        stated={CONCLUSION: sp.Add(*stated.values())},
        conditions={f"derived: {form.name}": form.holds for form in general_forms(size)},
        uses=uses,
        axioms=tuple(used.values()),
    )
