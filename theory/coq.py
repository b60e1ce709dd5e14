"""Expressions as text of the Coq proof assistant, over its classical real numbers.

`printed` writes an expression as it stands, tree by tree, so that two sides that differ here differ there. Along with
the text come the conditions under which the expression has a value: Coq's division, root and logarithm are total, so a
theorem is meant only where these hold. What has no counterpart (a limit, an integral, a truth value) is refused with
the reason. Integers are taken as the reals from their lower end on.

Half and quarter powers are written with ``sqrt``, other powers that are no integers as ``Rpower``, which is
``exp(y ln x)``; both are SymPy's for a positive base.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import sympy as sp

from theory.functions import n_ceil_log2, n_log_en
from theory.symbols import DOMAINS, Domain

_RESERVED = frozenset(
    {"as", "at", "cofix", "else", "end", "exists", "fix", "for", "forall", "fun", "if", "in", "let", "match", "mod"}
    | {"return", "then", "where", "with", "using", "by", "of", "Set", "Prop", "Type", "R", "nat", "Z", "bool", "S", "O"}
    | {"exp", "ln", "sqrt", "PI", "Rmin", "Rmax", "Rabs", "Rpower", "n_ceil_log2", "n_log_en", "ceiling", "INR", "IZR"}
    | {"bounded", "lemma", "i", "N", "I"}
)


class NoCoqError(ValueError):
    """An expression that the printer has no text for; the message is the reason."""


@dataclass(frozen=True)
class Need:
    """A condition for a printed expression to have a value: one in it is *positive*, *nonnegative* or *nonzero*."""

    kind: str
    expression: sp.Expr


@dataclass
class Names:
    """The identifiers of one theorem's variables, each symbol with its own."""

    given: dict[sp.Symbol, str] = field(default_factory=dict)

    def of(self, symbol: sp.Symbol) -> str:
        """Return the symbol's identifier; one is made at the first call."""
        if symbol not in self.given:
            name = re.sub(r"[^A-Za-z0-9_]+", "_", symbol.name).strip("_") or "x"
            name = f"v_{name}" if not name[0].isalpha() else name
            while name in _RESERVED or name in self.given.values():
                name += "_"
            self.given[symbol] = name
        return self.given[symbol]


@dataclass
class Printer:
    """Writes expressions with one set of names and collects what they need to have a value."""

    names: Names = field(default_factory=Names)
    needs: list[Need] = field(default_factory=list)

    def text(self, expression: sp.Expr) -> str:
        """Write an expression.

        Raises:
            NoCoqError: an expression without a counterpart in Coq's reals.
        """
        for kind, write in _WRITERS:
            if isinstance(expression, kind):
                return write(self, expression)
        raise NoCoqError(f"{type(expression).__name__} has no counterpart")

    def need(self, kind: str, expression: sp.Expr) -> None:
        """Note a condition, unless the symbols' domains settle it."""
        known = getattr(_in_signed_logs(expression), f"is_{kind}")
        if known is False:
            raise NoCoqError(f"{expression} is not {kind}")
        if known is None and Need(kind, expression) not in self.needs:
            self.needs.append(Need(kind, expression))


def _in_signed_logs(expression: sp.Expr) -> sp.Expr:
    # SymPy does not use that the logarithm of a number in (0, 1) is negative, and of one from 1 on is not.
    open_logs = sp.expand_log(expression)
    signed = {}
    for log in open_logs.atoms(sp.log):
        if log.args[0].is_Symbol:
            domain = domain_of(log.args[0])
            size = sp.Dummy(nonnegative=True)
            if domain.upper is not None and domain.upper <= 1:
                signed[log] = -size
            elif domain.lower is not None and domain.lower >= 1:
                signed[log] = size
    return open_logs.xreplace(signed) if signed else expression


def _symbol(p: Printer, e: sp.Expr) -> str:
    if e.is_extended_real is False or e.is_commutative is False:
        raise NoCoqError(f"{e} is no real number")
    return p.names.of(e)


def _rational(_: Printer, e: sp.Expr) -> str:
    text = str(abs(e.p)) if e.q == 1 else f"({abs(e.p)} / {e.q})"
    return text if e.p >= 0 else f"(- {text})"


def _add(p: Printer, e: sp.Expr) -> str:
    return "(" + " + ".join(p.text(argument) for argument in e.args) + ")"


def _mul(p: Printer, e: sp.Expr) -> str:
    above = [p.text(argument) for argument in e.args if not _below(argument)]
    below = [p.text(sp.Pow(a.base, -a.exp, evaluate=False) if a.exp != -1 else a.base) for a in e.args if _below(a)]
    for argument in e.args:
        if _below(argument):
            p.need("nonzero", argument.base)
    top = " * ".join(above) if above else "1"
    if not below:
        return f"({top})"
    bottom = below[0] if len(below) == 1 else "(" + " * ".join(below) + ")"
    return f"({top} / {bottom})"


def _below(e: sp.Expr) -> bool:
    return isinstance(e, sp.Pow) and e.exp.is_Rational and e.exp.is_negative and e.base != sp.E


def _pow(p: Printer, e: sp.Expr) -> str:
    base, power = e.base, e.exp
    if base == sp.E:
        return f"(exp {p.text(power)})"
    if _below(e):
        p.need("nonzero", base)
        return f"(/ {p.text(sp.Pow(base, -power, evaluate=False) if power != -1 else base)})"
    if power.is_Integer:
        return f"({p.text(base)} ^ {power})" if power != 1 else p.text(base)
    if power.is_Rational and power.q in (2, 4):
        p.need("nonnegative", base)
        root = f"(sqrt {p.text(base)})"
        root = root if power.q == 2 else f"(sqrt {root})"
        return root if power.p == 1 else f"({root} ^ {power.p})"
    p.need("positive", base)
    return f"(Rpower {p.text(base)} {p.text(power)})"


def _log(p: Printer, e: sp.Expr) -> str:
    p.need("positive", e.args[0])
    return f"(ln {p.text(e.args[0])})"


def _folded(name: str) -> Callable[[Printer, sp.Expr], str]:
    def write(p: Printer, e: sp.Expr) -> str:
        *rest, last = (p.text(argument) for argument in sp.ordered(e.args))
        text = last
        for argument in reversed(rest):
            text = f"({name} {argument} {text})"
        return text

    return write


def _applied(name: str) -> Callable[[Printer, sp.Expr], str]:
    return lambda p, e: f"({name} {p.text(e.args[0])})"


_WRITERS: tuple[tuple[type, Callable[[Printer, sp.Expr], str]], ...] = (
    (sp.Symbol, _symbol),
    (sp.Rational, _rational),
    (type(sp.E), lambda _p, _e: "(exp 1)"),
    (type(sp.pi), lambda _p, _e: "PI"),
    (sp.UnevaluatedExpr, lambda p, e: p.text(e.args[0])),
    (sp.Add, _add),
    (sp.Mul, _mul),
    (sp.Pow, _pow),
    (sp.exp, _applied("exp")),
    (sp.log, _log),
    (sp.Abs, _applied("Rabs")),
    (sp.Min, _folded("Rmin")),
    (sp.Max, _folded("Rmax")),
    (n_ceil_log2, _applied("n_ceil_log2")),
    (n_log_en, _applied("n_log_en")),
)


def domain_of(symbol: sp.Symbol) -> Domain:
    """Return the values a symbol may take: from its declaration, else from its SymPy assumptions."""
    if symbol in DOMAINS:
        return DOMAINS[symbol]
    whole = bool(symbol.is_integer)
    if symbol.is_positive:
        return Domain(symbol.name, lower=1 if whole else 0, lower_open=not whole, integer=whole)
    return Domain(symbol.name, lower=0 if symbol.is_nonnegative else None, integer=whole)


def domain_conditions(symbol: sp.Symbol, name: str) -> list[str]:
    """Write what is known of a variable as hypotheses."""
    domain, found = domain_of(symbol), []
    if domain.lower is not None:
        found.append(f"{domain.lower} {'<' if domain.lower_open else '<='} {name}")
    if domain.upper is not None:
        found.append(f"{name} {'<' if domain.upper_open else '<='} {domain.upper}")
    if symbol.is_nonzero and (domain.lower is None or (domain.lower == 0 and not domain.lower_open)):
        found.append(f"{name} <> 0")
    return found


def need_condition(need: Need, printer: Printer) -> str:
    """Write a condition of an expression as a hypothesis."""
    text = printer.text(need.expression)
    return {"positive": f"0 < {text}", "nonnegative": f"0 <= {text}", "nonzero": f"{text} <> 0"}[need.kind]


def letters(expressions: Iterable[sp.Expr]) -> list[sp.Symbol]:
    """List the free symbols of some expressions by name."""
    found: set[sp.Symbol] = set()
    for expression in expressions:
        found |= expression.free_symbols
    return sorted(found, key=lambda s: (s.name, str(sorted(s.assumptions0.items()))))
