"""The proof of the amended theorem for the Gaussian mixture: what each clip and each constant is.

In three parts: the events on which the clipped mixture is the mixture (`theory.mixture_events`); the premises of the
general bound, for all data of the clipped one; the price of clipping, and the sum of all probabilities.
"""

from __future__ import annotations

from functools import lru_cache

import sympy as sp

from theory.arises import Inequality, added
from theory.derivation import CONCLUSION, Derivation, Step
from theory.gaussian_forms import expectation
from theory.lemmas import CHI_SQUARE_TAIL, KL, PINSKER, x
from theory.mixture_dependence import dependence_step, divergence_step, scatter_steps
from theory.mixture_events import event_steps, reach_step
from theory.mixture_theorem import (
    LETTERS,
    Clips,
    clipped_constants,
    clips,
    constants_in_clips,
    general_at,
    main,
    mixture_theorem,
    share,
)
from theory.stability_proof import AUGMENTED
from theory.symbols import D_TV, T_1, M, T, beta, d, delta, m_S
from theory.tight_bound import SHARES
from theory.tight_half_proof import half_centred_bound, trivial_bound, variance_bound
from theory.tight_moments_proof import best_choice, coupled_bound, split_bound
from theory.tight_ordered_proof import ordered_bound
from theory.tight_proof import martingale_bound

_price = sp.Symbol("price", nonnegative=True)


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
    found, general = clipped_constants(size), general_at(size)
    theorem = mixture_theorem("best", size)
    letters = {found.M: M, found.beta: beta, found.price: _price}
    letters |= {value: s for s, value in ((T, found.T), (T_1, found.T_1), (D_TV, found.D_TV)) if value != 0}
    with sp.evaluate(False):
        stated = {key: term.xreplace(letters) for key, term in theorem.terms.items()}
        computed = {key: term.xreplace({delta: main}) for key, term in general.terms.items()}
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
