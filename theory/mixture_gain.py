"""Where generated examples lower the mixture's bound: exactly where M D_TV is below the bound without them.

With beta = M/m_T, as in the mixture, both forms of the general bound satisfy at every m_G >= 1

    m_T bound(m_G) = m_G M D_TV + m_S bound(0) + M remainder,

and the remainder is >= 0 where T >= m_G/(m_S m_T). So the bound is never below the smaller of bound(0) and M D_TV; and
it tends to M D_TV as m_G -> oo. That the mixture's T is so large is for `numerics.certify` to show.

Source: derived here, from both forms of `theory.stability` and the orders of `theory.gaussian_mixture`.
"""

from __future__ import annotations

from typing import Literal

import sympy as sp

from theory.arises import Outside
from theory.derivation import CONCLUSION, Derivation, Step
from theory.functions import n_ceil_log2, n_log_en
from theory.gaussian_mixture import constants
from theory.lemmas import PUBLISHED, c_chaos, c_iid
from theory.order_form_proof import LOG_INVERSE
from theory.stability import Bound, explicit_form, order_form
from theory.stability_proof import AUGMENTED
from theory.symbols import D_TV, M, T, beta, d, delta, m_G, m_S

Form = Literal["order", "explicit"]

_SIZE = m_S + AUGMENTED
_SAVED = T - AUGMENTED / (m_S * _SIZE)
_TAIL, _SHARED, _PAIR = sp.log(sp.E / delta), sp.log(3 * sp.E / delta), sp.log(6 / delta)


def general(form: Form) -> Bound:
    """Return a form of the general bound.

    Raises:
        ValueError: a form that does not exist.
    """
    if form not in ("order", "explicit"):
        raise ValueError(f"form must be 'order' or 'explicit'. Found {form!r}.")
    return order_form() if form == "order" else explicit_form(PUBLISHED)


def remainder(form: Form) -> dict[str, sp.Expr]:
    """State the remainder as terms; T is kept as a letter.

    Args:
        form: of the general bound.

    Returns:
        Terms in m_S, m_G >= 1, delta and T. All are >= 0 but for "stability_S", what the learner gains at S.

    Raises:
        ValueError: a form that does not exist.
    """
    return {key: weight * factor for key, (weight, factor) in _terms(form, sp.Integer(1), T, _SAVED).items()}


def _terms(form: Form, one: sp.Expr, shift: sp.Expr, saved: sp.Expr) -> dict[str, tuple[sp.Expr, sp.Expr]]:
    # Each term with the one of three factors that it has: none, T, and what is left of T.
    general(form)
    if form == "order":
        return {
            "sampling_S_G": (sp.sqrt(AUGMENTED * _TAIL), one),
            "coupling": (m_S * sp.sqrt(AUGMENTED * _TAIL) / _SIZE, one),
            "stability_S_G": (n_log_en(AUGMENTED) * _TAIL / _SIZE, one),
            "stability_S": (n_log_en(m_S) * _TAIL, saved),
        }
    iid, chaos = (sp.E * PUBLISHED[c] for c in (c_iid, c_chaos))
    return {
        "sampling_S": (iid * sp.sqrt(m_S) * (sp.sqrt(_SHARED) - sp.sqrt(_TAIL)), one),
        "sampling_S_G": (iid * sp.sqrt(AUGMENTED * _SHARED), one),
        "coupling": (m_S * sp.sqrt(2 * AUGMENTED * _PAIR) / _SIZE, one),
        "stability_S_G": (2 * chaos * n_ceil_log2(AUGMENTED) * _SHARED / _SIZE, one),
        "sharing": (2 * chaos * n_ceil_log2(m_S) * sp.log(3) / _SIZE, one),
        "dependence": (2 * m_S + 2 * chaos * n_ceil_log2(m_S) * sp.log(3), shift),
        "stability_S": (2 * chaos * n_ceil_log2(m_S) * _TAIL, saved),
    }


def border(form: Form) -> sp.Expr:
    """State sqrt(m_S) bound(0)/M: augmentation lowers the bound where sqrt(m_S) D_TV is below it, and only there.

    Raises:
        ValueError: a form that does not exist.
    """
    general(form)
    if form == "order":
        return sp.sqrt(_TAIL) + sp.log(sp.E * m_S) * _TAIL / sp.sqrt(m_S)
    iid, chaos = (sp.E * PUBLISHED[c] for c in (c_iid, c_chaos))
    return iid * sp.sqrt(_TAIL) + (2 + 2 * chaos * n_ceil_log2(m_S) / m_S * _TAIL) / sp.sqrt(m_S)


def divergences() -> tuple[sp.Expr, sp.Expr]:
    """State the two values of which sqrt(m_S) D_TV is the smaller: sqrt(m_S), and where D_TV is not capped at 1."""
    return sp.sqrt(m_S), sp.sqrt(d * sp.log(d / delta))


def excess(form: Form) -> sp.Expr:
    """State ``(bound(m_G) - bound(0)) m_T sqrt(m_S)/(m_G M)`` for the mixture at m_G >= 1: its sign is the change's.

    Returns:
        The expression in d, delta, m_S and the project's m_G, which is not to be 0.

    Raises:
        ValueError: a form that does not exist.
    """
    # Each parameter as seldom as can be, for the sake of enclosures over boxes.
    shift = sp.Min(m_S / AUGMENTED, sp.sqrt(d / AUGMENTED) * sp.log(m_S * d / delta))  # T m_S/m_G
    factors = sp.sqrt(m_S) / AUGMENTED, shift / sp.sqrt(m_S), (shift - 1 / _SIZE) / sp.sqrt(m_S)
    rest = sp.Add(*(weight * factor for weight, factor in _terms(form, *factors).values()))
    return (sp.Min(*divergences()) - border(form) + rest.replace(n_log_en, _n_log_en)).subs(AUGMENTED, m_G)


def mixture_gain(form: Form) -> Derivation:
    """Derive that the bound at m_G is a mean of M D_TV and bound(0), plus the remainder, and its limit.

    Returns:
        The derivation; its conclusion is the D_TV below which augmentation lowers the bound, border/sqrt(m_S).
    """
    bound = general(form).subs({beta: M / (m_S + m_G)})
    with_it, without = bound.subs({m_G: AUGMENTED}).total, bound.subs({m_G: sp.Integer(0)}).total
    left = sp.expand((_SIZE * with_it - AUGMENTED * M * D_TV - m_S * without) / M)
    stated = remainder(form)
    sizes = constants()
    x = LOG_INVERSE
    signs = {key: sp.expand_log(term.subs(delta, sp.exp(-x))) for key, term in stated.items() if key != "stability_S"}
    signs = {key: sp.expand_log(term, force=True) for key, term in signs.items()}
    factor = sp.cancel(stated["stability_S"] / _SAVED)
    steps = (
        Step(
            name="mean",
            says="m_T bound(m_G) is m_G M D_TV + m_S bound(0) plus M times this.",
            rule="identity",
            computed={"remainder": _written_out(left)},
            stated={"remainder": _written_out(sp.Add(*stated.values()))},
        ),
        Step(
            name="signs",
            says="No term is negative but for the learner's gain at S, a multiple of T - m_G/(m_S m_T) (delta = e^-x).",
            rule="elementary inequality",
            computed={"without dependence": sp.cancel(stated["stability_S"].subs(T, 0) / factor)},
            stated={"without dependence": -AUGMENTED / (m_S * _SIZE)},
            conditions={
                "the multiple is not negative": _not_negative(sp.expand_log(factor.subs(delta, sp.exp(-x)))),
                **{f"{key} is not negative": _not_negative(term) for key, term in signs.items()},
            },
            uses=("mean",),
        ),
        Step(
            name="far out",
            says="As m_G -> oo all but the divergence vanishes, and its factor m_G/m_T tends to 1.",
            rule="calculus",
            computed={"rest": _limit(bound), "factor": sp.limit(AUGMENTED / _SIZE, AUGMENTED, sp.oo)},
            stated={"rest": sp.Integer(0), "factor": sp.Integer(1)},
            arises=dict.fromkeys(("rest", "factor"), Outside("a limit")),
        ),
        Step(
            name="border",
            says="The mixture's beta is M/m_T, and bound(0) is M times this: what D_TV has to be below.",
            rule="assembly",
            computed={"beta": sizes.beta.subs(m_G, AUGMENTED) * _SIZE / sizes.M,
                      CONCLUSION: sp.expand(without.replace(n_log_en, _n_log_en) / M)},
            stated={"beta": sp.Integer(1), CONCLUSION: border(form) / sp.sqrt(m_S)},
            uses=("mean", "signs", "far out"),
        ),
    )  # fmt: skip
    return Derivation(
        name=f"where augmentation lowers the mixture's bound, {general(form).name}",
        assumes=("beta = M/m_T", "T >= m_G/(m_S m_T)", "m_G >= 1", "0 < delta < 1"),
        steps=steps,
        notes=("T of the mixture is that large for delta <= 0.606: a certificate", "order forms are up to constants"),
    )


def _written_out(expression: sp.Expr) -> sp.Expr:
    # On one footing: n log(e n) as it is for n >= 1, log(a/delta) with a letter for -log(delta).
    x = sp.Symbol("x", positive=True)
    plain = expression.replace(n_log_en, lambda n: n * (1 + sp.log(n))).subs(delta, sp.exp(-x))
    return sp.expand(sp.powdenest(sp.expand_power_base(sp.expand_log(plain, force=True), force=True), force=True))


def _n_log_en(n: sp.Expr) -> sp.Expr:
    return n * sp.log(sp.E * n)  # for n >= 1


def _not_negative(term: sp.Expr) -> bool:
    # A difference of roots is not negative where that of their arguments is not.
    if term.is_Mul and any(factor.is_Add for factor in term.args) and not term.is_nonnegative:
        roots = next(factor for factor in term.args if factor.is_Add)
        above, below = sorted(roots.args, key=lambda root: root.could_extract_minus_sign())
        gap = sp.expand(above**2 - below**2)
        return bool((term / roots).is_nonnegative and above.is_nonnegative and gap.is_nonnegative)
    return bool(term.is_nonnegative)


def _limit(bound: Bound) -> sp.Expr:
    # Levels and n log(e n) are at most n (1 + log(n)/log(2)), T at most 1; log(e/delta) = 1 + x.
    size, real, x = sp.symbols("m m_1 x", positive=True)
    letters = {T: sp.Integer(1), M: sp.Integer(1), m_S: real, delta: sp.exp(-x)}
    terms = [term.subs({m_G: AUGMENTED}) for key, term in bound.terms.items() if key != "divergence"]
    grown = [term.replace(n_ceil_log2, _grown).replace(n_log_en, _grown) for term in terms]
    return sp.Add(*(sp.limit(sp.expand_log(t.subs(letters)).subs(AUGMENTED, size), size, sp.oo) for t in grown))


def _grown(n: sp.Expr) -> sp.Expr:
    return n * (1 + sp.log(n) / sp.log(2))
