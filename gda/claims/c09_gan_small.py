"""Claim C9: with a GAN and few real examples the dimension dominates, and augmentation brings a constant factor."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import get_args

import sympy as sp

from gda.claims.c01_general_bound import derivation_check
from gda.context import Context
from gda.evidence import Check, Claim, Evidence, Table
from gda.images import with_experiment
from numerics.compile import compile_expression
from theory.adversarial import LIANG, Growing, growth
from theory.gain import W, gain
from theory.network import B_equal, L, equal_network, network_constants, network_smoothness
from theory.order import Order, is_o, is_omega, is_Theta
from theory.sgd_stability_proof import nonconvex_derivation
from theory.stability import explicit_form, order_form
from theory.symbols import D_TV, M, T, beta, m_G, m_S

COMMAND = "gda verify --claim C9"
LETTERS: Mapping[Growing, str] = {
    "d": "the dimension d",
    "L_G": "the generator's depth L_G",
    "L": "the classifier's depth L, at norms 1",
    "B": "the layers' norm B",
}
ONE = Order(sp.Integer(0))
STABILITY_CELLS = (
    ("order form", order_form(), 100, 50, 3, Fraction(1, 100)),
    ("explicit form", explicit_form(), 10**6, 10**6, 5, Fraction(1, 200)),
)
"""Form, m_S, m_G, b with beta = b M/m_T, D_TV: cells in which a gain needs neither m_G > m_S nor a large W."""


def growth_check(letter: Growing, found: Mapping[str, Order]) -> Check:
    """Ask whether the bound grows in a letter, at fixed m_S and m_G."""
    return Check(
        f"grows in {letter}",
        f"At fixed m_S and m_G, does the bound grow with {LETTERS[letter]}?",
        "identity",
        f"order {found['total'].as_expr(sp.Symbol(letter))}",
        "grows",
        is_omega(found["total"], ONE) is True,
        COMMAND,
        axioms=axioms(),
    )


def axioms() -> tuple[str, ...]:
    """Keys of what is not derived here."""
    return (LIANG.key, *(lemma.key for lemma in nonconvex_derivation().axioms))


def factor_check(found: Mapping[Growing, Mapping[str, Order]]) -> Check:
    """Ask whether the bound's order is the same with and without augmentation."""
    same = {letter: is_Theta(orders["total"], orders["without"]) is True for letter, orders in found.items()}
    return Check(
        "constant factor",
        "At fixed m_S and m_G, is the bound's order with augmentation that without, in each letter?",
        "identity",
        ", ".join(f"{letter}: {'same' if truth else 'another'}" for letter, truth in same.items()),
        "the same in each",
        all(same.values()),
        COMMAND,
        axioms=axioms(),
    )


def gain_check() -> Check:
    """Ask whether the factor can be below 1 where the bound says anything."""
    border = gain().conclusion
    # D_TV = 1 is below the border: W (1 - sqrt(m_S/m_G)) > M, and the bracket is below 1.
    bracket = sp.simplify(border * M / W)
    vacuous = (1 - bracket).is_positive
    return Check(
        "gain",
        "As d grows the bound on D_TV reaches 1. Can augmentation then lower the bound where the bound without it, W, "
        "is below M, so says anything (beta, of smaller order than M as d grows, and T left aside)?",
        "identity",
        f"only if M/W < {bracket}" + (", which is below 1" if vacuous else ""),
        "yes",
        None if vacuous is None else not vacuous,
        COMMAND,
    )


def cap_check(letter: Growing) -> Check:
    """Ask whether the GAN's divergence reaches its cap as a letter grows."""
    order = growth(letter, capped=False)["D_TV"]
    return Check(
        f"cap in {letter}",
        f"Does the bound on D_TV grow without end in {LETTERS[letter]}, but for the cap at 1?",
        "identity",
        f"order {order.as_expr(sp.Symbol(letter))}",
        "grows",
        is_omega(order, ONE) is True,
        COMMAND,
        axioms=axioms(),
    )


def aside_check(found: Mapping[str, Order]) -> Check:
    """Ask whether the stability may be left aside as d grows."""
    return Check(
        "stability left aside",
        "Is the stability of non-convex SGD of smaller order than M as d grows, so that beta may be left aside?",
        "identity",
        f"beta {found['beta'].as_expr(sp.Symbol('d'))}, M {found['M'].as_expr(sp.Symbol('d'))}",
        "smaller",
        is_o(found["beta"], found["M"]) is True,
        COMMAND,
        axioms=axioms(),
    )


def depth_check() -> Check:
    """Ask whether the classifier's loss grows exponentially with its depth where the norms are above 1."""
    logit = equal_network().logit_bound
    ratio = sp.simplify(logit.subs(L, L + 1) / logit)
    return Check(
        "grows in L at norms above 1",
        "With layers of equal norm B: by what factor does the largest logit, between M - log 2 and M, grow with one "
        "more layer?",
        "identity",
        f"{ratio}",
        "B, so exponentially in L where B > 1",
        sp.simplify(ratio - B_equal) == 0,
        COMMAND,
    )


def stability_check() -> Check:
    """Ask whether a learner's stability can make a gain where neither condition on m_G and D_TV holds."""
    told, gains = [], []
    for name, form, real, made, size, divergence in STABILITY_CELLS:
        total = compile_expression(form.subs({beta: size * M / (m_S + m_G), T: 0}).total)
        known = {"M": 1, "D_TV": divergence, "delta": Fraction(1, 20), "m_S": real}
        without, augmented = (total.at_ball(**known, m_G=generated) for generated in (0, made))
        told.append(
            f"{name}, m_S = {real}, m_G = {made}, beta = {size} M/m_T, D_TV = {float(divergence):g}: "
            f"{float(without.mid()):.4f} M to {float(augmented.mid()):.4f} M"
        )
        alone = compile_expression(form.subs({beta: 0, T: 0}).total).at_ball(**known, m_G=0)
        mostly = bool(2 * alone < without)
        gains.append(mostly and made <= real and bool(augmented < without) and bool(without < 1))
    return Check(
        "gain by stability",
        "Where the bound without augmentation is mostly stability and below M, can it fall at m_G <= m_S, too "
        "(T = 0, delta = 0.05)?",
        "certificate",
        "; ".join(told),
        "falls in each",
        all(gains),
        COMMAND,
    )


def growth_table(found: Mapping[Growing, Mapping[str, Order]]) -> Table:
    """Orders at fixed sizes, one row a letter."""
    columns = ("M", "K", "alpha", "beta", "D_TV", "total", "without")
    rows = [
        [LETTERS[letter], *(str(orders[name].as_expr(sp.Symbol(letter))) for name in columns),
         str(growth(letter, capped=False)["total"].as_expr(sp.Symbol(letter)))]
        for letter, orders in found.items()
    ]  # fmt: skip
    header = ["what grows", "M", "K", "alpha", "beta", "D_TV", "bound", "bound at m_G = 0", "bound, D_TV not capped"]
    return Table(
        "Orders at fixed m_S, m_G and n_steps: MLP GAN, inputs in [-1, 1]^d, L layers of norm B, SGD with steps c/t, "
        "a = alpha c",
        header,
        rows,
    )


def gather(context: Context) -> Evidence:
    """Read off the orders at fixed sizes; derive when augmentation lowers the bound there."""
    found: dict[Growing, Mapping[str, Order]] = {letter: growth(letter) for letter in get_args(Growing)}
    grows = {letter: growth_check(letter, found[letter]) for letter in found}
    same = factor_check(found)
    chains = (gain(), network_constants(), network_smoothness())
    derived = tuple(derivation_check(chain, COMMAND) for chain in chains)
    orders = Evidence(
        stated=(*grows.values(), same, gain_check()),
        amendment=(
            "At fixed sizes the bound with an MLP GAN (inputs in [-1, 1]^d, alpha c fixed) grows as sqrt(d) and as "
            "B^L, so exponentially in the classifier's depth at norms B > 1, with and without augmentation; not with "
            "the depth of the generator (D_TV is at most 1) nor with that of a classifier of norms 1. Augmentation "
            "changes a constant factor. As d grows D_TV's bound reaches 1, and that factor is a gain only if the bound "
            "W without augmentation is above M, and says nothing. With the learner's stability left aside a gain needs "
            f"m_G > m_S and M {D_TV} < (1 - sqrt(m_S/m_G)) W at any d."
        ),
        amended=(
            *derived,
            grows["d"],
            grows["B"],
            depth_check(),
            same,
            cap_check("d"),
            cap_check("L_G"),
            aside_check(found["d"]),
        ),
        context=(stability_check(),),
        findings=(
            "These are orders of an upper bound, not of the error.",
            "Where W is mostly the learner's stability, which augmentation lowers, a gain needs neither m_G > m_S nor "
            "a W that is above M; as d grows the stability is o(M).",
            "That the orders agree with and without augmentation is so for every generator and learner whose D_TV, T "
            "and beta/M stay bounded: at fixed sizes every term is then at most a constant times M.",
            f"W, the bound at m_G = 0, is below M for large {m_S} only (table of C1): with a divergence that has "
            "reached its cap the bound cannot show the gain that small samples are said to have.",
        ),
        tables=(growth_table(found),),
        derivations=chains,
    )
    return with_experiment("C9", orders, context)


CLAIM = Claim(
    id="C9",
    statement=(
        "GAN: with m_S small, the dimension and the like dominate; augmentation brings a constant-factor "
        "gain, valuable under overfitting."
    ),
    wanted="orders; experiment",
    gather=gather,
)
