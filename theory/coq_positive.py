"""Scripts that prove the sign of a rational function over a box, by writing its factors so that it can be seen.

A factor is written in the distances of its letters from the ends of the box: in powers of ``x - low`` where x has no
upper end, and in products of powers of ``x - low`` and ``high - x``, Bernstein's, where it has one. Where all
coefficients have one sign, that is the factor's. That both ways of writing it are equal is checked by `ring`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp

from theory.coq import Names, NoCoqError, Printer

_ELEVATE = 6
_LEAST = sp.Rational(1, 2**24)


@dataclass(frozen=True)
class Ends:
    """The ends of a letter's interval; `high` is None where there is none; `open_low` leaves `low` out."""

    low: sp.Expr
    high: sp.Expr | None = None
    open_low: bool = False


Box = Mapping[sp.Symbol, Ends]


def negative_script(expression: sp.Expr, box: Box, names: Names, *, strict: bool) -> str:
    """Write tactics that prove a rational function <= 0, or < 0, over a box whose ends are hypotheses.

    Raises:
        NoCoqError: the sign cannot be seen this way.
    """
    above, below = sp.fraction(sp.factor(sp.together(-expression)))
    lines: list[str] = []
    texts: list[tuple[str, str]] = []
    sign = 1
    printer = Printer(names)
    for part, kind in ((above, "*"), (below, "/")):
        constant, factors = sp.factor_list(part)
        if constant < 0:
            sign, constant = -sign, -constant
        texts.append((kind, printer.text(constant)))
        for factor, power in factors:
            square = power % 2 == 0 and not strict and kind == "*"
            shown = None if square else _shown(factor, box, strict or kind == "/")
            if square:
                texts.append((kind, printer.text(factor**power)))
                continue
            if shown is None:
                raise NoCoqError(f"the sign of {factor} cannot be seen")
            positive, form = shown
            value = factor if positive else -factor
            sign = sign if positive or power % 2 == 0 else -sign
            lines.append(_factor_line(value, form, printer, strict or kind == "/", len(lines)))
            texts.append((kind, f"({printer.text(value)} ^ {power})"))
    if sign < 0:
        raise NoCoqError("the sign is the other one")
    top = " * ".join(text for kind, text in texts if kind == "*")
    bottom = " * ".join(text for kind, text in texts if kind == "/")
    relation = "<" if strict else "<="
    lines.append(f"assert (whole : {printer.text(expression)} = - (({top}) / ({bottom}))) by (field; sign).")
    lines.append(f"assert (0 {relation} ({top}) / ({bottom})) by sign.")
    return "\n".join([*lines, "lra."])


def _factor_line(value: sp.Expr, form: str, printer: Printer, strict: bool, index: int) -> str:
    relation, tactic = ("<", "strictly") if strict else ("<=", "weakly")
    text = printer.text(value)
    form = form.format(*(printer.names.of(s) for s in sorted(value.free_symbols, key=str)))
    return (
        f"assert (F{index} : 0 {relation} {text}) by (replace {text} with {form} by (first [ring | field]); {tactic})."
    )


def _shown(factor: sp.Expr, box: Box, strict: bool) -> tuple[bool, str] | None:
    # Whether it is positive (or negative), and the form that shows it; {0}, {1}, ... stand for the letters.
    letters = sorted(factor.free_symbols, key=str)
    for elevate in range(_ELEVATE):
        terms = _terms(factor, letters, box, elevate)
        values = [value for value in terms.values() if value != 0]
        if all(value > 0 for value in values) or all(value < 0 for value in values):
            positive = bool(values[0] > 0)
            return (
                _strict(factor if positive else -factor, letters, box, elevate, positive)
                if strict
                else (positive, _form({key: abs(value) for key, value in terms.items() if value != 0}, letters, box))
            )
        if not any(box[letter].high is not None for letter in letters):
            return None
    return None


def _terms(
    factor: sp.Expr, letters: list[sp.Symbol], box: Box, elevate: int
) -> dict[tuple[tuple[int, int], ...], sp.Expr]:
    # Coefficients by, for each letter, the powers of its distance from the low and from the high end.
    distances = [sp.Dummy() for _ in letters]
    polynomial = factor
    degrees = []
    for letter, distance in zip(letters, distances, strict=True):
        ends, degree = box[letter], sp.degree(factor, letter)
        degrees.append(degree + elevate)
        if ends.high is None:
            polynomial = polynomial.subs(letter, ends.low + distance)
        else:
            # x = (low + high r)/(1 + r), times (1 + r)^degree, with r the ratio of the two distances.
            ratio = (ends.low + ends.high * distance) / (1 + distance)
            polynomial = sp.cancel(polynomial.subs(letter, ratio) * (1 + distance) ** (degree + elevate))
    found = sp.Poly(sp.expand(polynomial), *distances) if letters else sp.Poly(polynomial, sp.Dummy())
    terms = {}
    for powers, value in found.terms():
        key, scale = [], sp.Integer(1)
        for power, letter, degree in zip(powers, letters, degrees, strict=False):
            high = box[letter].high
            key.append((power, 0 if high is None else degree - power))
            scale *= 1 if high is None else (high - box[letter].low) ** degree
        terms[tuple(key)] = value / scale
    return terms


def _strict(
    factor: sp.Expr, letters: list[sp.Symbol], box: Box, elevate: int, positive: bool
) -> tuple[bool, str] | None:
    # A positive factor is a positive number and terms that are no less than 0; a letter itself may be open at 0.
    if factor in letters and box[factor].open_low and box[factor].low == 0:
        return positive, "{0}"
    rest = sp.Integer(1)
    while rest > _LEAST:
        terms = _terms(factor - rest, letters, box, elevate)
        if all(value >= 0 for value in terms.values()):
            form = _form({key: value for key, value in terms.items() if value != 0}, letters, box)
            return positive, f"({Printer().text(rest)} + {form})"
        rest /= 2
    return None


def _form(terms: Mapping[tuple[tuple[int, int], ...], sp.Expr], letters: list[sp.Symbol], box: Box) -> str:
    printer, texts = Printer(), []
    for key, value in sorted(terms.items()):
        factors = [printer.text(value)]
        for index, ((low, high), letter) in enumerate(zip(key, letters, strict=True)):
            ends = box[letter]
            start = f"{{{index}}}" if ends.low == 0 else f"({{{index}}} - {printer.text(ends.low)})"
            factors += [f"{start} ^ {low}"] if low else []
            factors += [f"({printer.text(ends.high)} - {{{index}}}) ^ {high}"] if high and ends.high is not None else []
        texts.append("(" + " * ".join(factors) + ")")
    return "(" + " + ".join(texts or ["0"]) + ")"
