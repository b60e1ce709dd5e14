"""Claim C8: with a GAN and many real examples augmentation hardly helps, and can hurt. Orders; experiment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import sympy as sp

from gda.context import Context
from gda.evidence import Check, Claim, Evidence, Table
from gda.images import with_experiment
from theory.adversarial import LIANG
from theory.augmentation import Case, faster_powers, m, verdict
from theory.derivation import Derivation
from theory.generators import find_generator, settings
from theory.learners import find_learner
from theory.sgd_stability import a, nonconvex_stability
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


def axioms_of(learner: str) -> tuple[str, ...]:
    """Keys of what is not derived here: the GAN's divergence, and what the learner's stability rests on."""
    return (LIANG.key, *(lemma.key for lemma in LEARNERS[learner]().axioms))


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
    found = faster_powers(settings(find_learner(learner), find_generator(generator)))
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
    nonconvex = find_learner("sgd-nonconvex")
    stability = replace(nonconvex, explicit=nonconvex_stability()).order_of_explicit().order  # n_steps not put
    fixed_steps = replace(nonconvex, beta=stability.as_expr(m))
    convex, falling = (
        [case for g in GENERATORS for case in verdict(settings(learner, find_generator(g)))]
        for learner in (find_learner("sgd-convex-epochs"), fixed_steps)
    )
    words = sorted({case.verdict for case in falling})
    none = [case.reason for case in convex if case.most_efficient is None]
    return (
        Check(
            "convex, epochs fixed",
            "sgd-convex-epochs with an MLP GAN, T = 0 and T = 1: is there an m*_G nowhere?",
            "identity",
            f"in {len(convex) - len(none)} of {len(convex)} cases; {'; '.join(dict.fromkeys(none))}",
            "nowhere",
            len(none) == len(convex) > 0,
            "gda order --learner sgd-convex-epochs --generator gan",
            axioms=(LIANG.key, *(lemma.key for lemma in convex_derivation().axioms)),
        ),
        Check(
            "non-convex, n_steps fixed",
            "sgd-nonconvex with n_steps fixed and an MLP GAN, T = 0 and T = 1: is the rate at m*_G slower?",
            "identity",
            f"beta of order {stability}: {' and '.join(words)}",
            "slower",
            words == ["slower"],
            COMMAND,
            axioms=axioms_of("sgd-nonconvex"),
        ),
    )


def smaller_amounts() -> str:
    """Say what the unrestricted reading gives at T = 0."""
    told = []
    for learner in LEARNERS:
        cases = verdict(settings(find_learner(learner), find_generator("gan-independent")), "unrestricted")
        regions = {word: where(cases, word) for word in ("no faster", "slower", "faster")}
        whole = sp.Interval.open(0, sp.oo)
        told += [
            f"{learner} {word}" + ("" if region == whole else f" for alpha c in {region}")
            for word, region in regions.items()
            if region
        ]
    return "; ".join(told)


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
    nonconvex = faster_powers(settings(find_learner("sgd-nonconvex"), find_generator("gan")))
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
            f"If m_G may be of smaller order than m_S, too, the rate at m*_G is, for T = 0: {smaller_amounts()}.",
            "Convex SGD with n_steps fixed and strongly convex SGD gain at no amount, a power of m_S or not: up to m_G "
            "= m_S the fluctuation over the real examples stays of order m_S^(-1/2), the rate without; beyond, the "
            "divergence is at least M D_TV/2.",
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
