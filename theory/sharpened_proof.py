"""The proof of L1 with smaller constants than in print, from bounded differences (moments) and Rio's inequality.

The variables are cut in halves again and again, and each g_i is averaged over ever larger blocks of the others: a
balanced tree, no padding to a power of two. What it needs is derived in `theory.moment_proofs` from McDiarmid's and
Hölder's inequalities; every constant in print is above the one found here.
"""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from theory.arises import Inequality
from theory.averages import OWN, averaged
from theory.derivation import CONCLUSION, Derivation, Step
from theory.functions import n_ceil_log2
from theory.lemmas import BKZ_MOMENT, RIO, SHARPENED, a, b, c, c_chaos, c_iid, n
from theory.moment_proofs import nonnegative_from_two
from theory.sharpened_lemmas import SHARP_MOMENT_MCDIARMID, TREE_MOMENT
from theory.symbols import M, p

_A, _B = sp.symbols("n_A n_B", integer=True, positive=True)
"""Sizes of a block and of its sibling."""


def _adds_up(levels: int) -> bool:
    """Whether the differences of all levels and the mean over every block add up to the function itself."""
    blocks = [f"block {level}" for level in range(levels)]
    whole = averaged(*blocks)
    for level in range(levels):
        whole = whole + (averaged(*blocks[:level]) - averaged(*blocks[: level + 1]))
    return whole == averaged()


def _difference_step() -> Step:
    """Bound the norm of g_i averaged over its block less the same averaged over the sibling besides."""
    term = averaged("mates") - averaged("mates", "sibling")
    change = term.difference("sibling", b)
    application = SHARP_MOMENT_MCDIARMID.apply({n: _B, c: b}, {"independent": True, "difference": change})
    return Step(
        name="one difference",
        says="Given all but the sibling, the difference is a function of the sibling's variables minus its mean.",
        rule="lemma",
        computed={"difference": change, "norm": application.conclusion},
        stated={"difference": b, "norm": b * sp.sqrt(_B * p / 2)},
        application=application,
        conditions={
            "it averages to zero over the sibling": term.average("sibling").is_zero,
            "the differences and the last mean add up to g_i": all(map(_adds_up, range(1, 7))),
        },
        axioms=(SHARP_MOMENT_MCDIARMID,),
    )


def _node_steps(difference: Step) -> tuple[Step, Step]:
    """Add up the differences over a block by L6, and both blocks of a node by the triangle inequality."""
    term = averaged("mates") - averaged("mates", "sibling")
    martingale = term.average(OWN).is_zero and not term.depends_on("mates")
    application = RIO.apply({n: _A, a: difference.computed["norm"]}, {"moments": martingale})
    block = Step(
        name="one block",
        says="Given all outside the block, its differences are functions of one variable each, centred: L6.",
        rule="lemma",
        computed={"norm": sp.sqrt(application.conclusion)},
        stated={"norm": b * sp.sqrt(_A * _B * p * (p - 1) / 2)},
        application=application,
        conditions={"each is centred and free of its mates": martingale},
        uses=(difference.name,),
        axioms=(RIO,),
    )
    one = block.computed["norm"]
    both = one + one.subs({_A: _B, _B: _A}, simultaneous=True)
    unit = sp.simplify(both / (2 * sp.sqrt(_A * _B)))
    margin = sp.expand((_A + _B) - sp.simplify(both / unit))
    node = Step(
        name="one node",
        says="Block and sibling together: per variable of theirs no more than this, by (x - y)^2 >= 0.",
        rule="elementary inequality",
        computed={"per variable": unit, "margin": margin},
        stated={"per variable": b * sp.sqrt(p * (p - 1) / 2), "margin": (sp.sqrt(_A) - sp.sqrt(_B)) ** 2},
        conditions={"the margin is nonnegative": ((sp.sqrt(_A) - sp.sqrt(_B)) ** 2).is_nonnegative},
        uses=(block.name,),
    )
    return block, node


_SMALL = tuple(map(sp.Integer, range(1, 65)))


def _levels(size: int) -> int:
    return 0 if size == 1 else 1 + _levels((size + 1) // 2)


def _depth_step() -> Step:
    """Show that halving n variables, the larger part first, ends after ceil(log2 n) levels.

    ceil(log2 n) = k means 2 h < n <= 4 h with h = 2^(k - 2), k >= 2; the larger half then has h + 1 to 2 h variables.
    """
    h = sp.Symbol("h", integer=True, positive=True)
    return Step(
        name="depth",
        says="The larger half of n variables has one level less: from 2 h + 1 to 4 h they become h + 1 to 2 h.",
        rule="identity",
        computed={
            "least": sp.ceiling((2 * h + 1) / sp.Integer(2)),
            "most": sp.ceiling(4 * h / sp.Integer(2)),
            "levels of 2": n_ceil_log2(sp.Integer(2)) / 2,
            "levels of 1": n_ceil_log2(sp.Integer(1)),
        },
        conditions={
            "counted, up to 64 variables": all(_levels(size) * size == n_ceil_log2(size) for size in _SMALL),
        },
        stated={"least": h + 1, "most": 2 * h, "levels of 2": sp.Integer(1), "levels of 1": sp.Integer(0)},
    )


def tree_moment() -> Derivation:
    """Prove `TREE_MOMENT`, lemma L1 with sqrt(p (p - 1)/2) for 12 sqrt(2) p and sqrt(p - 1) for 4 sqrt(p)."""
    difference = _difference_step()
    block, node = _node_steps(difference)
    depth = _depth_step()
    chaos = node.computed["per variable"] * n_ceil_log2(n)
    levels = Step(
        name="all levels",
        says="The nodes of a level have n variables at most, and there are ceil(log2 n) levels.",
        rule="assembly",
        computed={"norm": chaos},
        stated={"norm": b * sp.sqrt(p * (p - 1) / 2) * n_ceil_log2(n)},
        uses=(node.name, depth.name),
    )
    rest = averaged("others")
    alone = rest.average(OWN).is_zero and not rest.depends_on("others")
    application = RIO.apply({n: n, a: M}, {"moments": alone})
    means = Step(
        name="means",
        says="What is left of g_i at the root is its mean given Z_i: independent, centred, at most M.",
        rule="lemma",
        computed={"norm": sp.sqrt(application.conclusion)},
        stated={"norm": M * sp.sqrt((p - 1) * n)},
        application=application,
        conditions={"it is a function of Z_i alone, centred": alone},
        axioms=(RIO,),
    )
    return Derivation(
        name="moments of sums of weakly dependent functions, by a balanced tree",
        assumes=(*(hypothesis.text for hypothesis in TREE_MOMENT.hypotheses), "p >= 2"),
        steps=(
            difference,
            block,
            node,
            depth,
            levels,
            means,
            Step(
                name="assembly",
                says="A norm of the sum is at most the sum of the norms.",
                rule="assembly",
                computed={CONCLUSION: chaos + means.computed["norm"]},
                stated={CONCLUSION: TREE_MOMENT.bound},
                uses=(levels.name, means.name),
            ),
        ),
    )


def moment_bound(constants: Mapping[sp.Symbol, sp.Expr] = SHARPENED) -> Derivation:
    """Prove lemma L1 with given constants from `TREE_MOMENT`; those in print are large enough.

    Args:
        constants: values of ``c_chaos`` and ``c_iid``; the derivation holds if they are at least those of `SHARPENED`.
    """
    every = {
        hypothesis.name: (hypothesis.at_most if hypothesis.at_most is not None else True)
        for hypothesis in BKZ_MOMENT.hypotheses
    }
    application = TREE_MOMENT.apply({}, every)
    chaos, iid = constants[c_chaos], constants[c_iid]
    margins = {
        "chaos": sp.expand((chaos * p) ** 2 - p * (p - 1) / 2),
        "iid": sp.expand(iid**2 * p - (p - 1)),
    }
    tree = Step(
        name="tree",
        says="The same sum, bounded by the balanced tree.",
        rule="lemma",
        computed={"moment": application.conclusion},
        stated={"moment": TREE_MOMENT.bound},
        application=application,
        axioms=(TREE_MOMENT,),
    )
    larger = Step(
        name="larger constants",
        says="Both constants, squared, are at least those of the tree at every p >= 2.",
        rule="elementary inequality",
        computed={f"margin of {name}": margin for name, margin in margins.items()},
        stated={
            "margin of chaos": (chaos**2 - sp.Rational(1, 2)) * p**2 + p / 2,
            "margin of iid": (iid**2 - 1) * p + 1,
        },
        conditions={
            **{f"{name} is nonnegative": nonnegative_from_two(margin) for name, margin in margins.items()},
            "the constants are positive": chaos.is_positive and iid.is_positive,
        },
        claims={f"{name} is nonnegative": Inequality(sp.S.Zero, margin) for name, margin in margins.items()},
        uses=(tree.name,),
    )
    gaps = {b: chaos * p - sp.sqrt(p * (p - 1) / 2), M: (iid * sp.sqrt(p) - sp.sqrt(p - 1))}
    whole = application.conclusion + gaps[b] * b * n_ceil_log2(n) + gaps[M] * M * sp.sqrt(n)
    return Derivation(
        name=f"moments of sums of weakly dependent functions, constants {chaos} and {iid}",
        assumes=(*(hypothesis.text for hypothesis in BKZ_MOMENT.hypotheses), "p >= 2"),
        steps=(
            tree,
            larger,
            Step(
                name="assembly",
                says="The tree's bound and what the constants leave to spare.",
                rule="assembly",
                computed={CONCLUSION: sp.expand(whole)},
                stated={CONCLUSION: sp.expand(BKZ_MOMENT.with_constants(constants))},
                uses=(tree.name, larger.name),
            ),
        ),
    )
