"""Expressions and conditions as text that the parser reads back.

SymPy's own printer is not used: it writes ``5*(a + b)`` in a denominator, and ``1/4**t`` for ``(1/4)**t``, which are
read back as equals in another form.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from theory.parse_limits import HEADS
from theory.parse_read import MAX_ARGUMENTS
from theory.parse_text import is_name

SUM, PRODUCT, POWER, ATOM = 1, 2, 3, 4
"""How tightly the parts of a text hold together."""

_FUNCTIONS = {sp.exp: "exp", sp.log: "log", sp.Abs: "abs", sp.Max: "max", sp.Min: "min"}
_RELATIONS = (sp.Gt, sp.Ge, sp.Lt, sp.Le, sp.Eq, sp.Ne)


def to_text(expr: Any) -> str:
    """Write an expression or a condition so that the parser reads back an equal one.

    Args:
        expr: a number, an expression, or a condition; made of what the parser reads.

    Returns:
        The text. What SymPy holds unevaluated, as factored by hand, is read back evaluated: equal in value then.
        Evaluation may have made an expression larger than the parser's limits, most of all on irrational numbers; its
        text is then refused when it is read.

    Raises:
        ValueError: if a part of it is nothing that the parser reads: a float, another function, a symbol without a
            plain name.
    """
    expr = sp.sympify(expr, strict=True)
    return _condition(expr) if isinstance(expr, sp.logic.boolalg.Boolean) and not expr.is_Symbol else _write(expr)


def _condition(condition: Any) -> str:
    """Write a condition; the parts of a conjunction or disjunction in brackets."""
    if condition in (sp.true, sp.false):
        return str(bool(condition))
    if isinstance(condition, sp.And | sp.Or):
        sign = " & " if isinstance(condition, sp.And) else " | "
        return sign.join(f"({_condition(part)})" for part in condition.args)
    if not isinstance(condition, _RELATIONS) or not all(isinstance(side, sp.Expr) for side in condition.args):
        raise _unknown(condition)
    return f"{_write(condition.lhs)} {condition.rel_op} {_write(condition.rhs)}"


def _write(expr: sp.Expr, tightness: int = 0) -> str:
    """Write an expression, in brackets where it does not hold together as tightly as its place asks for."""
    text, own = _text(expr)
    return f"({text})" if own < tightness else text


def _text(expr: sp.Expr) -> tuple[str, int]:
    """Write an expression, and say how tightly it holds together."""
    if not isinstance(expr, HEADS) or (expr.is_Symbol and not (type(expr) is sp.Symbol and is_name(expr.name))):
        raise _unknown(expr)
    if expr.is_Rational:
        return str(expr), SUM if expr < 0 else ATOM if expr.is_Integer else PRODUCT
    if expr.is_Symbol:
        return expr.name, ATOM
    if expr == sp.E:
        return "exp(1)", ATOM
    if expr.is_Add:
        return _sum([_write(term, PRODUCT if term.is_Add else SUM) for term in expr.as_ordered_terms()]), SUM
    if expr.is_Mul:
        return _product(expr)
    if expr.is_Pow:
        return _power(expr)
    return _call(_FUNCTIONS[expr.func], list(map(_write, expr.args))), ATOM


def _call(name: str, args: list[str]) -> str:
    """Write a function; a minimum or maximum of many is nested, which is read back flat."""
    while len(args) > MAX_ARGUMENTS:
        args = [_call(name, args[:MAX_ARGUMENTS]), *args[MAX_ARGUMENTS:]]
    return f"{name}({', '.join(args)})"


def _sum(terms: list[str]) -> str:
    first, *rest = terms
    return first + "".join(f" - {term[1:]}" if term.startswith("-") else f" + {term}" for term in rest)


def _product(expr: sp.Expr) -> tuple[str, int]:
    """Write a product as a fraction, or as a number times a fraction.

    A number next to a sum would be multiplied out when it is read: in 2*(a + b)*c, and in a/(2*(b + c)).
    """
    number, rest = expr.as_coeff_Mul()
    factors = sp.Mul.make_args(rest)
    above, below = [x for x in factors if not _is_below(x)], [1 / x for x in factors if _is_below(x)]
    next_to_sum = any(x.is_Add for x in above) or (number.q != 1 and any(x.is_Add for x in below))
    if number != 1 and next_to_sum and not rest.is_Add:
        return f"{'-' if number == -1 else f'{number}*'}({_write(rest)})", SUM if number < 0 else PRODUCT
    text = _fraction(abs(number), above, below)
    return (f"-{text}", SUM) if number < 0 else (text, PRODUCT)


def _fraction(number: sp.Rational, above: list[sp.Expr], below: list[sp.Expr]) -> str:
    """Write ``number * above / below``."""
    p, q = sp.Integer(number.p), sp.Integer(number.q)
    top = [p, *above] if p != 1 or not above else above
    bottom = [q, *below] if q != 1 else below
    text = "*".join(_write(x, PRODUCT) for x in top)
    if not bottom:
        return text
    if len(bottom) == 1:
        return f"{text}/{_write(bottom[0], POWER)}"
    return f"{text}/({'*'.join(_write(x, PRODUCT) for x in bottom)})"


def _is_below(factor: sp.Expr) -> bool:
    """Tell whether a factor is written in the denominator."""
    return bool(factor.is_Pow and factor.exp.is_Rational and factor.exp < 0)


def _power(expr: sp.Expr) -> tuple[str, int]:
    base, exponent = expr.args
    if _is_below(expr):
        return _fraction(sp.S.One, [], [1 / expr]), PRODUCT
    if exponent == sp.S.Half:
        return f"sqrt({_write(base)})", ATOM
    return f"{_write(base, ATOM)}**{_write(exponent, ATOM)}", POWER


def _unknown(part: Any) -> ValueError:
    return ValueError(f"what is written must be made of what the parser reads. Found {part}.")
