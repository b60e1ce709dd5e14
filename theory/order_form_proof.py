"""The order form follows from the explicit form, and with which constant.

Term by term, the explicit form is at most a constant times the order form. The constant is computed: every
logarithm of the explicit form is at most a multiple of ``log(e/delta)``, every ``n ceil(log2 n)`` at most a multiple of
``n log(e n)``, and what is left of the ratio falls in the quantities that are at least 1.
"""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from theory.arises import Inequality, added, times
from theory.derivation import CONCLUSION, Derivation, Step
from theory.functions import n_ceil_log2, n_log_en
from theory.lemmas import c_chaos, c_iid
from theory.stability import explicit_form, order_form
from theory.stability_proof import AUGMENTED
from theory.symbols import delta, m_G, m_S

LOG_INVERSE = sp.Symbol("x", nonnegative=True)
_LOG = sp.Symbol("L", positive=True)  # log(e/delta) = 1 + x >= 1
_GROWTH = {m_S: sp.Symbol("lambda_S", positive=True), AUGMENTED: sp.Symbol("lambda_G", positive=True)}  # log(e n) >= 1


def log_multiple(numerator: sp.Expr) -> sp.Expr:
    """Least K with ``log(numerator/delta) <= K log(e/delta)`` for all delta in (0, 1): ``max(1, log numerator)``."""
    return sp.Max(1, sp.log(numerator))


def log_step(numerator: sp.Expr, stated: sp.Expr) -> Step:
    """Show ``log(numerator/delta) <= K log(e/delta)``: the margin is linear in x with coefficients >= 0."""
    x, multiple = LOG_INVERSE, log_multiple(numerator)
    margin = sp.Poly(sp.expand(multiple * (1 + x) - (sp.expand_log(sp.log(numerator)) + x)), x)
    return Step(
        name=f"log({numerator}/delta)",
        says="It is at most this multiple of log(e/delta).",
        rule="elementary inequality",
        computed={"multiple": sp.expand_log(multiple)},
        stated={"multiple": stated},
        conditions={"the margin is nonnegative for x >= 0": all(c.is_nonnegative for c in margin.all_coeffs())},
        claims={
            "the margin is nonnegative for x >= 0": Inequality(
                sp.log(times(numerator, sp.exp(x)), evaluate=False), times(stated, 1 + x)
            )
        },
    )


def levels_step() -> Step:
    """Show ``n ceil(log2 n) <= n log(e n)/log 2``, by ceil(y) <= y + 1."""
    y = sp.Symbol("log n", nonnegative=True)
    margin = sp.simplify((1 + y) / sp.log(2) - (y / sp.log(2) + 1))
    return Step(
        name="levels",
        says="ceil(log2 n) <= log2(n) + 1 <= log(e n)/log 2.",
        rule="elementary inequality",
        computed={"margin": margin},
        stated={"margin": 1 / sp.log(2) - 1},
        conditions={"the margin is positive": margin.is_positive},
        arises={"margin": added([(1 + y) / sp.log(2), -(y / sp.log(2) + 1)])},
        claims={"the margin is positive": Inequality(sp.S.Zero, margin, strict=True)},
    )


def ratio_bound(explicit: sp.Expr, order: sp.Expr) -> sp.Expr:
    """Bound explicit/order for one term, with the two facts above; infinite when the order term does not cover it."""
    log_tail = sp.log(sp.E / delta)
    replaced = explicit
    for logarithm in explicit.atoms(sp.log):
        if logarithm.has(delta):
            numerator = sp.simplify(logarithm.args[0] * delta)
            replaced = replaced.subs(logarithm, sp.expand_log(log_multiple(numerator)) * _LOG)
    for size, growth in _GROWTH.items():
        replaced = replaced.subs(n_ceil_log2(size), size * growth / sp.log(2))
        order = order.subs(n_log_en(size), size * growth)
    reciprocals = {symbol: sp.Symbol(f"1/{symbol}", positive=True) for symbol in (_LOG, *_GROWTH.values())}
    ratio = sp.expand(sp.powdenest(sp.expand(replaced / order.subs(log_tail, _LOG)), force=True))
    ratio = sp.expand(ratio.subs({symbol: 1 / r for symbol, r in reciprocals.items()}))
    if ratio.free_symbols - set(reciprocals.values()) - {c_chaos, c_iid}:
        return sp.oo
    # With nonnegative coefficients the ratio rises in each reciprocal, so it is largest where each is 1.
    if not all(c.is_nonnegative for c in sp.Poly(ratio, *reciprocals.values()).coeffs()):
        return sp.oo
    return ratio.subs(dict.fromkeys(reciprocals.values(), 1))


def stated_constants() -> Mapping[str, sp.Expr]:
    """The constant hidden in each term of the order form."""
    tail = 1 + sp.log(3)
    sampling = sp.E * c_iid * sp.sqrt(tail)
    stability = 2 + 2 * sp.E * c_chaos * tail / sp.log(2)
    return {
        "divergence": sp.Integer(1),
        "sampling_S": sampling,
        "sampling_S_G": sampling,
        "stability_S": stability,
        "stability_S_G": stability,
        "coupling": sp.sqrt(2 * sp.log(6)),
        "dependence": stability,
    }


def order_form_dominates() -> Derivation:
    """Derive, for m_G >= 1, that each explicit term is at most a constant times its order term."""
    explicit = explicit_form(None).subs({m_G: AUGMENTED}).terms
    order = order_form().subs({m_G: AUGMENTED}).terms
    facts = (
        log_step(3 * sp.E, 1 + sp.log(3)),
        log_step(sp.Integer(6), sp.log(2) + sp.log(3)),
        levels_step(),
    )
    stated = stated_constants()
    steps = [
        Step(
            name=key,
            says="The explicit term is at most this multiple of the order term.",
            rule="elementary inequality",
            computed={"constant": ratio_bound(term, order[key])},
            stated={"constant": stated[key]},
            uses=tuple(fact.name for fact in facts),
        )
        for key, term in explicit.items()
    ]
    largest = Step(
        name="largest",
        says="The largest of them serves all terms.",
        rule="assembly",
        computed={CONCLUSION: sp.Max(*(step.computed["constant"] for step in steps))},
        stated={CONCLUSION: sp.Max(*stated.values())},
        uses=tuple(step.name for step in steps),
    )
    return Derivation(
        name="order form from explicit form",
        assumes=("0 < delta < 1, x = log(1/delta)", "m_S >= 1, m_G >= 1"),
        steps=(*facts, *steps, largest),
    )
