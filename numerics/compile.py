"""One expression, compiled: a vectorised float64 function, the same at arbitrary precision, and on balls.

The expression becomes a `Tape` once; what evaluates it is an arithmetic. Scalars go through the same array
operations as grids, so that a value does not depend on the company it is computed in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import mpmath
import numpy as np
import sympy as sp
from flint import arb, fmpq

from numerics.arithmetic import mpmath_arithmetic, new_context
from numerics.balls import BALLS, BITS, Undecided, precision
from numerics.boxes import read_box
from numerics.domains import DomainError, as_array, as_exact
from numerics.edges import UndefinedError, edge_limit, on_edge
from numerics.grid import Array, evaluate
from numerics.ranges import RANGES, Range
from numerics.tape import Tape, record
from theory.symbols import DOMAINS

__all__ = ["Compiled", "DomainError", "UndefinedError", "compile_expression"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_GUARD_DIGITS = 10
_PRECISION_DOUBLINGS = 5
_RESCUE_DIGITS = 40


@dataclass(frozen=True)
class Compiled:
    """A function of named arguments, made from an expression.

    Attributes:
        expression: What is computed.
        arguments: The symbols, in the order of the tape's inputs; their names are the keywords of a call.
        tape: The operations.
    """

    expression: sp.Expr
    arguments: tuple[sp.Symbol, ...]
    tape: Tape

    def __call__(self, **values: Any) -> Any:
        """Evaluate in float64 on scalars, arrays, or a mixture that broadcasts.

        Args:
            **values: One value for each argument: a number or an array. An axis along which an argument does
                not vary may have length 1, and costs nothing there.

        Returns:
            A float if every value is a scalar; else a float64 array of the values' common broadcast shape.
            Where float64 overflows or gives nan, a value of higher precision stands, or the limit on an edge of the
            domain, which may be infinite.

        Raises:
            DomainError: A value is outside the domain of its symbol.
            UndefinedError: The expression has no value at one of the points.
            TypeError: A name is missing or unknown, or a value is no real number.
            ValueError: The shapes do not broadcast.
        """
        arrays = [as_array(symbol, value) for symbol, value in self._bind(values)]
        shape = np.broadcast_shapes(*(array.shape for array in arrays))
        full = shape or (1,)
        result, suspect = evaluate(self.tape, arrays, full)
        if suspect.any():
            result[suspect] = self._one_by_one([np.broadcast_to(array, full)[suspect] for array in arrays])
        return result if shape else float(result[0])

    def at_precision(self, digits: int, **values: Any) -> mpmath.mpf:
        """Evaluate at a single point with arbitrary precision.

        The working precision is doubled until two evaluations agree to `digits` digits. mpmath's global
        precision is neither used nor changed; the result keeps its digits at any setting.

        Args:
            digits: Significant decimal digits, at least 1.
            **values: One number for each argument, taken exactly: an integer, a fraction, a string ("0.1"), an
                mpf, or a float, which stands for its dyadic value.

        Returns:
            The value.

        Raises:
            DomainError: A value is outside the domain of its symbol.
            UndefinedError: The expression has no value at the point.
            ArithmeticError: The value did not settle.
            TypeError: A name is missing or unknown, or a value is no real number.
            ValueError: `digits` is no positive integer.
        """
        if digits != int(digits) or digits < 1:
            raise ValueError(f"digits must be an integer >= 1. Found {digits}.")
        point = {symbol: as_exact(symbol, value) for symbol, value in self._bind(values)}
        working = int(digits) + _GUARD_DIGITS
        tolerance = mpmath.mpf(10) ** -int(digits)
        previous = self._at(working, point)
        for _ in range(_PRECISION_DOUBLINGS):
            working *= 2
            value = self._at(working, point)
            # Zero agrees with zero wherever everything cancels at both precisions: only the highest settles it.
            if value != 0 and (value == previous or abs(value - previous) <= abs(value) * tolerance):
                return value
            previous = value
        if previous == 0:
            return previous
        raise ArithmeticError(f"{digits} digits of {self.expression} were not reached at {working} digits")

    def at_ball(self, bits: int = BITS, /, **values: Any) -> arb:
        """Evaluate at a single point with an error bound: the value lies in the ball.

        Args:
            bits: What is computed with; flint's global precision is neither used nor changed.
            **values: One number for each argument, taken exactly, as in `at_precision`.

        Returns:
            The ball.

        Raises:
            Undecided: The ball is not finite: there is no value, or these bits do not show that there is.
            DomainError: A value is outside the domain of its symbol.
            TypeError: A name is missing or unknown, or a value is no real number.
            ValueError: Too few or too many bits.
        """
        point = {symbol: as_exact(symbol, value) for symbol, value in self._bind(values)}
        with precision(bits):
            ball = self.tape.run(BALLS, [arb(fmpq(x.numerator, x.denominator)) for x in point.values()])
        if not ball.is_finite():
            raise Undecided(f"{self.expression} has no finite ball at {_written(point)} with {bits} bits")
        return ball

    def over(self, box: Mapping[sp.Symbol, Any], bits: int = BITS) -> Range:
        """Enclose the values all over a box.

        Args:
            box: Low and high end by symbol, exact, the high one maybe infinite, as in `numerics.boxes.read_box`.
            bits: What is computed with.

        Returns:
            The range: its ends, or undefined where the expression may have no value somewhere.

        Raises:
            ValueError: A bad box, or too few or too many bits.
            TypeError: A symbol is missing or unknown, or an end is no real number.
        """
        spans = {symbol.name: span for symbol, span in read_box(box).items()}
        with precision(bits):
            found: Range = self.tape.run(RANGES, [span.range() for _, span in self._bind(spans)])
        return found

    def _at(self, digits: int, point: Mapping[sp.Symbol, Fraction]) -> mpmath.mpf:
        context = new_context(digits)
        arithmetic = mpmath_arithmetic(context)
        inputs = [arithmetic["rational"](value.numerator, value.denominator) for value in point.values()]
        value = self.tape.run(arithmetic, inputs)
        if context.isnan(value):
            return self._on_edges(point)._at(digits, {s: v for s, v in point.items() if not on_edge(s, v)})
        return mpmath.mp.make_mpf(value._mpf_)

    def _one_by_one(self, columns: list[Array]) -> Array:
        # Points where float64 gives nan, or an intermediate result overflowed (which Min(1, ...) would hide). mpmath
        # does not overflow and knows the limits on edges; it is slow, but few points come here.
        points, where = np.unique(np.column_stack(columns), axis=0, return_inverse=True)
        exact = (dict(zip(self.arguments, map(Fraction, row.tolist()), strict=True)) for row in points)
        return np.array([float(self._at(_RESCUE_DIGITS, point)) for point in exact])[where]

    def _on_edges(self, point: Mapping[sp.Symbol, Fraction]) -> Compiled:
        edges = tuple((symbol, int(value)) for symbol, value in point.items() if on_edge(symbol, value))
        if not edges:
            raise UndefinedError(f"{self.expression} has no value at {_written(point)}")
        return _limit(self, edges)

    def _bind(self, values: Mapping[str, Any]) -> list[tuple[sp.Symbol, Any]]:
        names = [symbol.name for symbol in self.arguments]
        missing = [name for name in names if name not in values]
        unknown = [name for name in values if name not in names]
        if missing or unknown:
            raise TypeError(f"arguments are {names}. Missing {missing}, unknown {unknown}.")
        return [(symbol, values[symbol.name]) for symbol in self.arguments]

    def __str__(self) -> str:
        """Write the function as its signature and expression."""
        return f"({', '.join(symbol.name for symbol in self.arguments)}) -> {self.expression}"

    def _repr_latex_(self) -> str:
        return rf"$\displaystyle {sp.latex(self.expression)}$"


def compile_expression(expression: sp.Expr, arguments: Sequence[sp.Symbol] | None = None) -> Compiled:
    """Compile an expression into a function of named arguments.

    Args:
        expression: A SymPy expression in symbols of `theory.symbols`, or in symbols of your own, which have to
            be finite and nothing else.
        arguments: The symbols that the function takes. All free symbols have to be among them; further ones are
            accepted, checked and broadcast, so that several expressions can share a signature. Default: the free
            symbols by name.

    Returns:
        The function.

    Raises:
        TypeError: The expression is no SymPy expression, or contains what has no numeric form.
        ValueError: A symbol's name is no plain identifier, two symbols share a name, a symbol has the name but not
            the assumptions of one of the project's, or a free symbol is not among the arguments.
    """
    if not isinstance(expression, sp.Expr):
        raise TypeError(f"a SymPy expression is needed. Found {expression!r}.")
    free = expression.free_symbols
    chosen = tuple(sorted(free, key=lambda symbol: symbol.name) if arguments is None else arguments)
    _check_names(free | set(chosen))
    absent = sorted(symbol.name for symbol in free - set(chosen))
    if absent or len(set(chosen)) < len(chosen):
        raise ValueError(f"arguments must hold each free symbol once. Found {[s.name for s in chosen]}, no {absent}.")
    return Compiled(expression, chosen, record(expression, chosen))


def _written(point: Mapping[sp.Symbol, Fraction]) -> str:
    return ", ".join(f"{symbol.name} = {sp.Rational(value).n(17)}" for symbol, value in point.items())


@lru_cache(maxsize=64)
def _limit(compiled: Compiled, edges: tuple[tuple[sp.Symbol, int], ...]) -> Compiled:
    # Kept, as points on an edge come in numbers and a symbolic limit takes long.
    rest = [symbol for symbol in compiled.arguments if symbol not in dict(edges)]
    return compile_expression(edge_limit(compiled.expression, dict(edges)), rest)


def _check_names(symbols: set[sp.Symbol]) -> None:
    project = {symbol.name: symbol for symbol in DOMAINS}
    seen: set[str] = set()
    for symbol in symbols:
        if not _NAME.fullmatch(symbol.name):
            raise ValueError(f"a symbol's name must be letters, digits and underscores. Found {symbol.name!r}.")
        if project.get(symbol.name, symbol) != symbol:
            raise ValueError(f"{symbol.name} has the name of a symbol of theory.symbols, but other assumptions")
        if symbol.name in seen:
            raise ValueError(f"two different symbols are named {symbol.name}")
        seen.add(symbol.name)
