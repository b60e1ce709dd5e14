"""Claim C9: with a GAN and few real examples the dimension dominates, and augmentation brings a constant factor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

import sympy as sp

from gda.claims.c01_general_bound import derivation_check
from gda.context import Context
from gda.evidence import Check, Claim, Evidence, Table
from gda.images import with_experiment
from theory.adversarial import LIANG, Growing, growth
from theory.gain import W, gain
from theory.network import network_constants, network_smoothness
from theory.order import Order, is_o, is_omega, is_Theta
from theory.sgd_stability_proof import nonconvex_derivation
from theory.symbols import D_TV, M, m_S

COMMAND = "gda verify --claim C9"
LETTERS: Mapping[Growing, str] = {
    "d": "the dimension d",
    "L_G": "the generator's depth L_G",
    "L": "the classifier's depth L, at norms 1",
    "B": "the layers' norm B",
}
ONE = Order(sp.Integer(0))


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
        "is below M, so says anything (beta and T left aside, in its favour)?",
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
            "At fixed sizes the bound with an MLP GAN grows as sqrt(d) and as B^L, with and without augmentation, and "
            "not with the depth of the generator (D_TV is at most 1) nor with that of a classifier of norms 1: "
            "augmentation changes a constant factor, where D_TV has reached 1 that factor is a gain only if the bound "
            f"without augmentation is above M, and says nothing; in general only if m_G > m_S and {D_TV} < W/M, W the "
            "bound without augmentation."
        ),
        amended=(*derived, grows["d"], grows["B"], same, cap_check("d"), cap_check("L_G"), aside_check(found["d"])),
        findings=(
            f"A gain at fixed {m_S} needs M D_TV < (1 - sqrt(m_S/m_G)) W. As W is below M for large samples only "
            "(table of C1), the bound cannot show the gain that small samples are said to have.",
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
