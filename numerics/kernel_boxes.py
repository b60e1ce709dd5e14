"""What a proof kernel is asked about a certificate: its inequality, over its box, by other means than ours.

A rational function by the signs of its factors (`theory.coq_positive`), on boxes with or without ends. Any other by
Coq's own interval arithmetic on boxes with ends, letters that range over several orders of magnitude replaced by their
logarithm, ``n ceil(log2 n)`` by n times a whole number between powers of two. Of a claim that is false, that it fails
at the point found.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import product as cartesian

import sympy as sp

from numerics.boxes import Span
from numerics.certify import Goal
from theory.coq import Names, NoCoqError, Printer
from theory.coq_positive import Ends, negative_script
from theory.functions import n_ceil_log2
from theory.kernel import GUARD, Refusal, StepGoals, Theorem

_DEPTHS = (12, 18, 26)
_WIDE = 4


def certificate_goals(goal: Goal, point: Mapping[sp.Symbol, Fraction] | None = None) -> StepGoals:
    """Write the theorem of a certificate, or that it fails at a point; refused with the reason where there is none."""
    try:
        theorem = _holds(goal) if point is None else _fails(goal, point)
    except NoCoqError as error:
        return StepGoals(goal.name, (), (Refusal(goal.name, (goal.name,), str(error)),))
    return StepGoals(goal.name, (theorem,), ())


def _holds(goal: Goal) -> Theorem:
    printer = Printer(Names())
    spans = dict(zip(goal.symbols, goal.box, strict=True))
    names = {symbol: printer.names.of(symbol) for symbol in goal.symbols}
    relation = "<" if goal.strict else "<="
    conclusion = f"{printer.text(goal.expression)} {relation} 0"
    hypotheses = [text for symbol, span in spans.items() for text in span_conditions(span, names[symbol])]
    binder = f"forall {' '.join(names.values())} : R, "
    statement = binder + "".join(f"{text} -> " for text in hypotheses) + conclusion
    script = "\n".join(["intros.", GUARD, _script(goal, spans, printer.names)])
    values = ", ".join(_number(inside(span)) for span in spans.values())
    joined = " /\\ ".join(f"({text})" for text in hypotheses)
    witness = (f"exists {' '.join(names.values())} : R, {joined}", f"exists {values}. repeat split; witness.")
    return Theorem(goal.name, (goal.name,), statement, script, witness)


def _fails(goal: Goal, point: Mapping[sp.Symbol, Fraction]) -> Theorem:
    at = {symbol: sp.Rational(value.numerator, value.denominator) for symbol, value in point.items()}
    printer = Printer()
    for symbol, value in at.items():
        printer.names.given[symbol] = printer.text(value)
    text = printer.text(goal.expression)
    statement = f"{'0 <=' if goal.strict else '0 <'} {text}"
    levels = sorted(goal.expression.atoms(n_ceil_log2), key=sp.default_sort_key)
    lines = [_level_at(printer.text(call.args[0]), call.args[0].subs(at)) for call in levels]
    by_size = "try rewrite ?Rmin_by_Rabs, ?Rmax_by_Rabs."
    script = "\n".join([GUARD, *lines, by_size, "first [lra | interval | interval with (i_prec 90)]."])
    return Theorem(goal.name, (goal.name, "fails"), statement, script)


def _level_at(text: str, value: sp.Expr) -> str:
    # n ceil(log2 n) at a number, written out by the powers of two that it lies between.
    if not value.is_Rational or value < 1:
        raise NoCoqError(f"n ceil(log2 n) at {value}")
    if value == 1:
        return f"replace {text} with 1 by lra. rewrite n_ceil_log2_one." if text != "1" else "rewrite n_ceil_log2_one."
    power = _ceiling_log2(Fraction(int(value.p), int(value.q))) - 1
    return f"rewrite (n_ceil_log2_dyadic {text} {power}) by (simpl pow; lra)."


def span_conditions(span: Span, name: str) -> list[str]:
    """Write the ends of a span as hypotheses about a variable."""
    found = [f"{_number(span.low)} {'<' if span.open_low else '<='} {name}"]
    if span.high is not None:
        found.append(f"{name} {'<' if span.open_high else '<='} {_number(span.high)}")
    return found


def inside(span: Span) -> Fraction:
    """Return a number of a span, none of its open ends."""
    return span.low + 1 if span.high is None else (span.low + span.high) / 2


def _number(value: Fraction) -> str:
    return Printer().text(sp.Rational(value.numerator, value.denominator))


def _script(goal: Goal, spans: Mapping[sp.Symbol, Span], names: Names) -> str:
    if goal.expression.is_rational_function(*goal.symbols) and not goal.expression.has(sp.log, sp.exp):
        box = {symbol: _ends(span) for symbol, span in spans.items()}
        return negative_script(goal.expression, box, names, strict=goal.strict)
    if any(span.high is None for span in spans.values()):
        raise NoCoqError("no rational function, and its box has no end")
    return _interval_script(goal, spans, names)


def _ends(span: Span) -> Ends:
    low = sp.Rational(span.low.numerator, span.low.denominator)
    high = None if span.high is None else sp.Rational(span.high.numerator, span.high.denominator)
    return Ends(low, high, span.open_low)


def _interval_script(goal: Goal, spans: Mapping[sp.Symbol, Span], names: Names) -> str:
    levels = sorted({call.args[0] for call in goal.expression.atoms(n_ceil_log2)}, key=str)
    split = [symbol for symbol in levels if symbol in spans]
    if len(split) < len(levels):
        raise NoCoqError("n ceil(log2 n) of an expression")
    if len(split) > 1:
        raise NoCoqError("n ceil(log2 n) of two letters")
    wide = [s for s, span in spans.items() if s not in split and span.low > 0 and _high(span) > _WIDE * span.low]
    scales, letters = [], []
    for symbol, span in spans.items():
        name = names.of(symbol)
        if span.point:
            scales.append(f"assert ({name} = {_number(span.low)}) by lra; subst {name}")
        elif symbol in wide:
            bounds = f"{_number(span.low)} {_number(_high(span))}"
            scales.append(
                f"destruct (log_scale {name} {bounds}) as [u_{name} [? ?]]; [lra | lra | lra |];"
                f" subst {name}; rewrite ?ln_exp in *"
            )
            letters.append(f"u_{name}")
        else:
            letters.append(name)
    cuts = "".join(f"i_bisect {letter}, " for letter in letters)
    close = "first [" + " | ".join(f"interval with ({cuts}i_depth {depth})" for depth in _DEPTHS) + "]"
    shown = "; ".join([*scales, "interval" if not cuts else f"interval with ({cuts}i_depth {_DEPTHS[0]})"])
    least = sorted(line for e in _extremes(goal.expression) for line in _least(e, spans, names, shown))
    ending = _dyadic(names.of(split[0]), spans[split[0]], close) if split else [f"{close}."]
    return "\n".join([*least, *(f"{line}." for line in scales), *ending])


def _extremes(expression: sp.Expr) -> list[sp.Expr]:
    return sorted(expression.atoms(sp.Min, sp.Max), key=sp.default_sort_key)


def _least(extreme: sp.Expr, spans: Mapping[sp.Symbol, Span], names: Names, shown: str) -> list[str]:
    # Where one argument is the least all over the box, it is put for the minimum; else interval arithmetic is given
    # absolute values, which it knows.
    by_size = "try rewrite ?Rmin_by_Rabs, ?Rmax_by_Rabs."
    if len(extreme.args) != 2 or isinstance(extreme, sp.Max):
        return [by_size]
    first, second = sp.ordered(extreme.args)
    values = sp.lambdify(list(spans), first - second, "math")
    signs = {values(*corner) <= 0 for corner in cartesian(*(_samples(span) for span in spans.values()))}
    if len(signs) > 1:
        return [by_size]
    printer = Printer(names)
    side = "Rmin_first" if signs == {True} else "Rmin_second"
    return [f"rewrite ({side} {printer.text(first)} {printer.text(second)}) by ({shown})."]


def _samples(span: Span) -> list[float]:
    low, high = float(span.low), float(_high(span))
    return [low, (low * high) ** 0.5 if low > 0 else (low + high) / 2, high]


def _high(span: Span) -> Fraction:
    if span.high is None:
        raise NoCoqError("no rational function, and its box has no end")
    return span.high


def _dyadic(name: str, span: Span, close: str) -> list[str]:
    # Cases of a letter between powers of two, with n ceil(log2 n) written out in each.
    if span.low <= 1 or span.high is None:
        raise NoCoqError("n ceil(log2 n) from n = 1 on, or without end")
    first, last = _ceiling_log2(span.low) - 1, _ceiling_log2(span.high) - 1
    lines = []
    for power in range(first, last + 1):
        levels = f"rewrite ?(n_ceil_log2_dyadic {name} {power}) by (simpl pow; lra); {close}"
        cut = f"destruct (Rle_or_lt {name} {2 ** (power + 1)}) as [? | ?]; [{levels} |]."
        lines.append(cut if power < last else f"{levels}.")
    return lines


def _ceiling_log2(value: Fraction) -> int:
    whole = -(-value.numerator // value.denominator)
    return (whole - 1).bit_length()
