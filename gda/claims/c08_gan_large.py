"""Claim C8: with a GAN and many real examples augmentation hardly helps, and can hurt. Orders; experiment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import sympy as sp
from sympy.logic.boolalg import Boolean

from gda.context import Context
from gda.evidence import Check, Claim, Evidence, Table
from gda.images import with_experiment
from theory.adversarial import LIANG
from theory.augmentation import Case, m, rate, verdict
from theory.derivation import Derivation
from theory.generators import find_generator, settings
from theory.learners import find_learner
from theory.order import Order, is_o
from theory.sgd_stability import a
from theory.sgd_stability_proof import convex_derivation, nonconvex_derivation, strongly_convex_derivation

COMMAND = "gda verify --claim C8"
LEARNERS: Mapping[str, Callable[[], Derivation]] = {
    "sgd-convex": convex_derivation,
    "sgd-strongly-convex": strongly_convex_derivation,
    "sgd-nonconvex": nonconvex_derivation,
}
"""Learners of the table, with the derivation of their stability."""
GENERATORS = ("gan", "gan-independent")
"""The GAN with T at both extremes: its true dependence, which is not known, lies between."""

power = sp.Symbol("p", positive=True)
"""``m_G = m_S^p``."""


def axioms_of(learner: str) -> tuple[str, ...]:
    """Keys of what is not derived here: the GAN's divergence, and what the learner's stability rests on."""
    return (LIANG.key, *(lemma.key for lemma in LEARNERS[learner]().axioms))


def faster_powers(learner: str, generator: str) -> bool | Boolean:
    """Where the bound at m_G = m_S^p is of smaller order than without augmentation, in p and the learner's symbols."""
    setting = settings(find_learner(learner), find_generator(generator))
    assumed = sp.And(setting.assumptions, power > 0)
    with_power = rate(replace(setting, assumptions=assumed), Order(power))
    return is_o(with_power, rate(setting, None), assumed)


def where(cases: tuple[Case, ...], word: str) -> sp.Set:
    """The set of ``a = alpha c`` where the verdict at m*_G is some word."""
    conditions = [case.condition for case in cases if case.verdict == word]
    positive = sp.Interval.open(0, sp.oo)
    if not conditions:
        return sp.S.EmptySet
    x = sp.Symbol("x", real=True)
    return sp.Or(*conditions).subs(a, x).as_set().intersect(positive) if sp.Or(*conditions) != sp.true else positive


def at_optimum_check(learner: str, generator: str, cases: tuple[Case, ...]) -> Check:
    """Ask whether augmentation at m*_G is nowhere faster."""
    words = {word: where(cases, word) for word in ("faster", "no faster", "slower")}
    found = "; ".join(f"{word} for alpha c in {region}" for word, region in words.items() if region)
    return Check(
        f"{learner} with {generator}",
        f"{learner} with an MLP GAN, {find_generator(generator).assumed_of_T}: is the rate at m*_G no faster "
        "than without augmentation?",
        "identity",
        found if learner == "sgd-nonconvex" else " and ".join(word for word, region in words.items() if region),
        "no faster or slower, everywhere",
        not words["faster"],
        f"gda order --learner {learner} --generator {generator}",
        axioms=axioms_of(learner),
    )


def border_check(generator: str, cases: tuple[Case, ...]) -> Check:
    """Ask whether non-convex SGD is slower exactly below alpha c = 3, and faster from there on."""
    slower, faster = where(cases, "slower"), where(cases, "faster")
    return Check(
        f"border with {generator}",
        f"sgd-nonconvex with an MLP GAN, {find_generator(generator).assumed_of_T}: slower exactly for "
        "alpha c < 3, faster from there on?",
        "identity",
        f"slower on {slower}, faster on {faster}",
        "slower on (0, 3), faster on [3, oo)",
        bool(slower == sp.Interval.open(0, 3) and faster == sp.Interval(3, sp.oo)),
        f"gda order --learner sgd-nonconvex --generator {generator}",
        axioms=axioms_of("sgd-nonconvex"),
    )


def every_amount_check(learner: str, generator: str) -> Check:
    """Ask whether a convex learner gains from no power of m_S, most efficient or not."""
    found = faster_powers(learner, generator)
    return Check(
        f"every amount, {learner} with {generator}",
        f"{learner} with an MLP GAN, {find_generator(generator).assumed_of_T}: is the rate faster at no "
        "m_G = m_S^p, p > 0?",
        "identity",
        "at none" if found is False else f"faster where {found}",
        "at none",
        found is False,
        COMMAND,
        axioms=axioms_of(learner),
    )


def steps_or_epochs_checks() -> tuple[Check, Check]:
    """Ask what the amended statement says of n_steps and epochs: which of the two is fixed decides."""
    convex, nonconvex = find_learner("sgd-convex-epochs"), find_learner("sgd-nonconvex")
    made = settings(convex, find_generator("gan"))
    fixed_steps = replace(nonconvex, beta=1 / m)  # the order that its own notes state
    both = [verdict(settings(fixed_steps, find_generator(generator))) for generator in GENERATORS]
    words = sorted({case.verdict for cases in both for case in cases})
    none = [case.reason for case in verdict(made) if case.most_efficient is None]
    return (
        Check(
            "convex, epochs fixed",
            "sgd-convex-epochs with an MLP GAN: is there an m*_G nowhere?",
            "identity",
            f"in {len(verdict(made)) - len(none)} of {len(verdict(made))} cases; {'; '.join(none)}",
            "nowhere",
            len(none) == len(verdict(made)),
            "gda order --learner sgd-convex-epochs --generator gan",
            axioms=(LIANG.key, *(lemma.key for lemma in convex_derivation().axioms)),
        ),
        Check(
            "non-convex, n_steps fixed",
            "sgd-nonconvex with n_steps fixed, so beta of order 1/m, and an MLP GAN, T = 0 and T = 1: is the rate at "
            "m*_G slower?",
            "identity",
            " and ".join(words),
            "slower",
            words == ["slower"],
            COMMAND,
            axioms=axioms_of("sgd-nonconvex"),
        ),
    )


def smaller_amounts() -> str:
    """Say what the unrestricted reading gives at T = 0, where it differs."""
    told = []
    for learner in LEARNERS:
        cases = verdict(settings(find_learner(learner), find_generator(GENERATORS[1])), "unrestricted")
        for word in ("no faster", "slower", "faster"):
            conditions = [str(case.condition) for case in cases if case.verdict == word]
            if conditions:
                where_it_is = "" if conditions == ["True"] else f" where {' or '.join(conditions)}"
                told.append(f"{learner} {word}{where_it_is}")
    return f"at T = 0 a smaller m*_G gives {'; '.join(told)} (a = alpha c)"


def case_table(found: Mapping[tuple[str, str], tuple[Case, ...]]) -> Table:
    """Rates without, at m*_G and at m_G = m_S."""
    rows = [
        [
            learner,
            find_generator(generator).assumed_of_T,
            "-" if case.condition == sp.true else str(case.condition),
            str(case.no_augmentation),
            str(case.most_efficient),
            str(case.with_most_efficient),
            str(case.at_equal_size),
            case.verdict,
        ]
        for (learner, generator), cases in found.items()
        for case in cases
    ]
    header = ["learner", "assumed of T", "where (a = alpha c)", "without", "m*_G", "at m*_G", "at m_G = m_S", "verdict"]
    return Table("MLP GAN: orders of the bound in m = m_S, d and L_G fixed", header, rows)


def gather(context: Context) -> Evidence:
    """Solve for the orders with an MLP GAN, at both extremes of its dependence on the data."""
    found = {
        (learner, generator): verdict(settings(find_learner(learner), find_generator(generator)))
        for learner in LEARNERS
        for generator in GENERATORS
    }
    at_optimum = {key: at_optimum_check(*key, cases) for key, cases in found.items()}
    borders = tuple(border_check(g, found["sgd-nonconvex", g]) for g in GENERATORS)
    convex = [key for key in found if key[0] != "sgd-nonconvex"]
    amounts = tuple(every_amount_check(*key) for key in convex)
    nonconvex = faster_powers("sgd-nonconvex", "gan")
    orders = Evidence(
        stated=tuple(at_optimum.values()),
        amendment=(
            "With an MLP GAN (d, L_G fixed), many real examples and m_G of order at least m_S, the bound's rate gets "
            "slower at m*_G, and faster at no amount, for convex SGD with n_steps fixed and strongly convex SGD; for "
            "smooth non-convex SGD with steps c/t and a fixed number of epochs it gets slower for alpha c < 3 and "
            "faster for alpha c >= 3, where beta log m of the learner is above the GAN's divergence. Convex SGD with "
            "constant steps and a fixed number of epochs has no m*_G; non-convex SGD with n_steps fixed gets slower."
        ),
        amended=(*(at_optimum[key] for key in convex), *amounts, *borders, *steps_or_epochs_checks()),
        findings=(
            f"Non-convex SGD: m_G = m_S^p is faster than no augmentation where {nonconvex}, and nowhere else; at "
            "alpha c = 3 by the logarithm of the proof alone.",
            "These are orders of upper bounds, in the mean over the GAN's training and SGD's randomness; among m_G of "
            "order at least m_S both extremes of T give the same verdict, so what is not known of a GAN's T does not "
            "matter to it.",
            f"Read for every m_G: {smaller_amounts()}.",
            "Faster at no amount, a power of m_S or not: up to m_G = m_S the fluctuation over the real examples stays "
            "of order m_S^(-1/2), the rate without; beyond, the divergence is at least M D_TV/2.",
        ),
        tables=(case_table(found),),
        derivations=tuple(derive() for derive in LEARNERS.values()),
    )
    return with_experiment("C8", orders, context)


CLAIM = Claim(
    id="C8",
    statement="GAN: with m_S large, augmentation hardly helps, and can hurt.",
    wanted="orders; experiment",
    gather=gather,
)
