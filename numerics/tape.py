"""A SymPy expression as a tape: a list of operations that any arithmetic can run.

A tape is data, not source text: nothing is executed but the operations of the arithmetic, so neither a name
nor an expression can smuggle code in, and a tape can be pickled, printed and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import sympy as sp

from numerics.arithmetic import Arithmetic
from numerics.domains import mpf_to_fraction
from theory.functions import n_ceil_log2, n_log_en

_FUNCTIONS: dict[type, str] = {
    sp.Add: "add",
    sp.exp: "exp",
    sp.log: "log",
    sp.erf: "erf",
    sp.erfc: "erfc",
    sp.Abs: "absolute",
    sp.floor: "floor",
    sp.ceiling: "ceiling",
    sp.Min: "minimum",
    sp.Max: "maximum",
    sp.And: "conjunction",
    sp.Or: "disjunction",
    sp.Not: "negation",
    sp.StrictLessThan: "less",
    sp.LessThan: "less_equal",
    sp.Equality: "equal",
    n_ceil_log2: "n_ceil_log2",
}
_CONSTANTS = {sp.pi: "pi", sp.E: "e", sp.oo: "infinity"}


@dataclass(frozen=True)
class Step:
    """One operation: its name, the slots of its operands, its integers, and the slots that it is the last to read."""

    operation: str
    operands: tuple[int, ...]
    integers: tuple[int, ...] = ()
    spent: tuple[int, ...] = ()


@dataclass(frozen=True)
class Tape:
    """Operations in order; slot i holds input i, and the slots after the inputs the results of the steps."""

    inputs: int
    steps: tuple[Step, ...]
    result: int

    def run(
        self,
        arithmetic: Arithmetic,
        inputs: Sequence[Any],
        known: Mapping[int, Any] = MappingProxyType({}),
        watch: Callable[[Any], Any] | None = None,
        release: Callable[[Any], Any] | None = None,
    ) -> Any:
        """Evaluate the tape, letting go of each intermediate result after its last use.

        Args:
            arithmetic: The operations.
            inputs: The values of the arguments.
            known: Results by slot that need not be computed again.
            watch: Shown the result of each other step.
            release: Shown the operands of which each other step is the last to read.
        """
        slots = list(inputs)
        for slot, step in enumerate(self.steps, self.inputs):
            if slot in known:
                slots.append(known[slot])
                continue
            operands = [slots[i] for i in step.operands]
            slots.append(arithmetic[step.operation](*operands, *step.integers))
            if watch:
                watch(slots[-1])
            for i in step.spent:
                if release:
                    release(slots[i])
                slots[i] = None
        return slots[self.result]


def record(expression: sp.Expr, arguments: Sequence[sp.Symbol]) -> Tape:
    """Turn an expression into a tape, with common subexpressions computed once.

    Args:
        expression: An expression in the arguments and the functions that the tape knows.
        arguments: Every free symbol of the expression, in the order of the tape's inputs.

    Raises:
        TypeError: The expression contains a function or a constant that has no operation.
    """
    shared, (reduced,) = sp.cse(expand_conventions(expression), symbols=sp.numbered_symbols(cls=sp.Dummy))
    recorder = _Recorder(arguments)
    for symbol, value in shared:
        recorder.slots[symbol] = recorder.slot(value)
    result = recorder.slot(reduced)
    return Tape(len(arguments), _with_last_uses(recorder.steps, result), result)


def expand_conventions(expression: sp.Expr) -> sp.Expr:
    """Write functions that only carry a convention at zero as the Piecewise they stand for."""
    return expression.replace(n_log_en, n_log_en.definition)


class _Recorder:
    def __init__(self, arguments: Sequence[sp.Symbol]) -> None:
        self.slots: dict[sp.Basic, int] = {symbol: i for i, symbol in enumerate(arguments)}
        self.steps: list[Step] = []
        self._inputs = len(arguments)

    def slot(self, node: sp.Basic) -> int:
        """Return the slot of a node's value, recording what it needs the first time."""
        if node not in self.slots:
            self.slots[node] = self._record(node)
        return self.slots[node]

    def _push(self, operation: str, *operands: int, integers: tuple[int, ...] = ()) -> int:
        self.steps.append(Step(operation, operands, integers))
        return self._inputs + len(self.steps) - 1

    def _record(self, node: sp.Basic) -> int:
        if isinstance(node, sp.Rational):
            return self._push("rational", integers=(int(node.p), int(node.q)))
        if isinstance(node, sp.Float):
            exact = mpf_to_fraction(node._mpf_)
            return self._push("rational", integers=(exact.numerator, exact.denominator))
        if node in _CONSTANTS:
            return self._push(_CONSTANTS[node])
        if node in (sp.true, sp.false):
            return self._push("truth", integers=(int(node is sp.true),))
        if isinstance(node, sp.Mul):
            return self._product(node)
        if isinstance(node, sp.Pow):
            return self._power(node.base, node.exp)
        if isinstance(node, sp.Piecewise):
            return self._push("select", *(self.slot(part) for pair in node.args for part in pair.args))
        if isinstance(node, sp.Unequality):
            return self._push("negation", self.slot(sp.Eq(*node.args)))
        if isinstance(node, (sp.StrictGreaterThan, sp.GreaterThan)):
            return self.slot(node.reversed)
        if node.func in _FUNCTIONS:
            return self._push(_FUNCTIONS[node.func], *map(self.slot, node.args))
        raise TypeError(f"no numeric form is known for {type(node).__name__}. Found {node}.")

    def _product(self, node: sp.Mul) -> int:
        # One division by the product of the denominators: a reciprocal of each would round once more.
        numerators, denominators = [], []
        for factor in node.args:
            base, exponent = factor.as_base_exp() if isinstance(factor, sp.Pow) else (factor, sp.S.One)
            if isinstance(factor, sp.Rational):
                numerators += [sp.Integer(factor.p)] if factor.p != 1 else []
                denominators += [sp.Integer(factor.q)] if factor.q != 1 else []
            elif exponent.is_Rational and exponent < 0:
                denominators.append(base**-exponent)
            else:
                numerators.append(factor)
        above = self._many(numerators)
        return self._push("divide", above, self._many(denominators)) if denominators else above

    def _many(self, factors: list[sp.Expr]) -> int:
        if len(factors) < 2:
            return self.slot(factors[0] if factors else sp.S.One)
        return self._push("multiply", *map(self.slot, factors))

    def _power(self, base: sp.Expr, exponent: sp.Expr) -> int:
        if exponent.is_Rational and exponent < 0:
            return self._push("divide", self.slot(sp.S.One), self.slot(base**-exponent))
        if exponent == sp.S.Half:
            return self._push("sqrt", self.slot(base))
        if exponent.is_Integer:
            return self._push("integer_power", self.slot(base), integers=(int(exponent),))
        return self._push("power", self.slot(base), self.slot(exponent))


def _with_last_uses(steps: list[Step], result: int) -> tuple[Step, ...]:
    seen = {result}
    done = []
    for step in reversed(steps):
        spent = tuple(sorted(set(step.operands) - seen))
        seen.update(spent)
        done.append(Step(step.operation, step.operands, step.integers, spent))
    return tuple(reversed(done))
