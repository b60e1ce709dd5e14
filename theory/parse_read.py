"""From a syntax tree to SymPy: every node that has a meaning here is named here, any other is refused.

Nothing is computed before its size is known, and SymPy is not asked for the signs of nonlinear sums.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import NoReturn

import sympy as sp
from sympy.logic.boolalg import Boolean

from theory.parse_limits import Limits
from theory.parse_size import is_linear, is_positive
from theory.parse_text import FUNCTIONS
from theory.parse_tree import Source

MAX_TENS = 155  # of the power of ten in a number; its digits are limited as those of every number are
MAX_ARGUMENTS = 8  # of min and max

_NUMBER = re.compile(r"([0-9]*)\.?([0-9]*)(?:[eE]([+-]?[0-9]+))?")
_RELATIONS = {ast.Lt: sp.Lt, ast.LtE: sp.Le, ast.Gt: sp.Gt, ast.GtE: sp.Ge, ast.Eq: sp.Eq, ast.NotEq: sp.Ne}
_OPERATIONS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow)


class Reader:
    """One reading of a source, with the symbols that may occur in it."""

    def __init__(self, source: Source, names: Mapping[str, sp.Symbol]) -> None:
        """Keep the source and the names."""
        self.source = source
        self.names = names
        self.limits = Limits()

    def refuse(self, node: ast.expr, problem: str, hint: str = "") -> NoReturn:
        """Raise the error that points at a node."""
        self.source.refuse(node, problem, hint)

    def number(self, node: ast.expr) -> sp.Expr:
        """Return the expression that a node stands for."""
        if isinstance(node, ast.Constant):
            value = self.constant(node)
        elif isinstance(node, ast.Name):
            value = self.name(node)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            value = self.number(node.operand) * (-1 if isinstance(node.op, ast.USub) else 1)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, _OPERATIONS):
            value = self.operation(node)
        elif isinstance(node, ast.Call):
            value = self.call(node)
        else:
            self.refuse(node, "not a number")
        wrong = self.limits.complaint(value)
        return self.refuse(node, wrong) if wrong else value

    def constant(self, node: ast.Constant) -> sp.Expr:
        """Read a number exactly, from its text: not from the float that Python made of it."""
        found = _NUMBER.fullmatch(self.source.written(node))
        if found is None:
            self.refuse(node, "not a number")
        whole, part, power = found[1], found[2], int(found[3] or 0)
        if abs(power) > MAX_TENS:
            self.refuse(node, f"a power of ten above {MAX_TENS}")
        return sp.Integer(int(whole + part)) * sp.Integer(10) ** (power - len(part))

    def name(self, node: ast.Name) -> sp.Expr:
        """Look a name up."""
        if node.id in self.names:
            return self.names[node.id]
        if node.id in FUNCTIONS:
            self.refuse(node, f"the function {node.id!r} without its brackets")
        known = ", ".join(self.names) or "none"
        return self.refuse(node, f"unknown name {node.id[:60]!r}", f"known names: {known}")

    def operation(self, node: ast.BinOp) -> sp.Expr:
        """Read a sum, a product, a quotient or a power."""
        if isinstance(node.op, ast.Add | ast.Sub):
            return sp.Add(*self.terms(node))
        left, right = self.number(node.left), self.number(node.right)
        if isinstance(node.op, ast.Mult):
            return left * right
        if isinstance(node.op, ast.Div):
            return left / right if right != 0 else self.refuse(node.right, "a division by zero")
        return self.power(node, left, right)

    def terms(self, node: ast.BinOp) -> list[sp.Expr]:
        """Read the terms of ``a + b - c``: all at once, since a sum is sorted and checked each time it grows."""
        nodes: list[tuple[int, ast.expr]] = []
        left: ast.expr = node
        while isinstance(left, ast.BinOp) and isinstance(left.op, ast.Add | ast.Sub):
            nodes.append((1 if isinstance(left.op, ast.Add) else -1, left.right))
            left = left.left
        nodes.append((1, left))
        return [sign * self.number(term) for sign, term in reversed(nodes)]

    def power(self, node: ast.expr, base: sp.Expr, exponent: sp.Expr) -> sp.Expr:
        """Raise to a power, if the result will not be too large."""
        wrong = self.limits.complaint_of_power(base, exponent)
        if wrong:
            self.refuse(node, wrong)
        value = base**exponent
        if value.is_Pow and value.base.is_Rational and value.base.p == 1:
            # SymPy holds 4**(-t) and (1/4)**t apart, and turns the second into the first in products only.
            return sp.Integer(value.base.q) ** -value.exp
        # It also leaves products inside products when it takes a power of a product apart.
        return sp.Mul(*value.args) if value.is_Mul else value

    def call(self, node: ast.Call) -> sp.Expr:
        """Read a function of the list."""
        if not isinstance(node.func, ast.Name):
            self.refuse(node, "what is called here is no function")
        name = node.func.id
        if name not in FUNCTIONS:
            self.refuse(node, "not a known function", f"functions: {', '.join(FUNCTIONS)}")
        fewest, most = (2, MAX_ARGUMENTS) if name in ("min", "max") else (1, 1)
        if node.keywords or not fewest <= len(node.args) <= most:
            wanted = f"{fewest} to {most} arguments" if most > 1 else "one argument"
            self.refuse(node, f"{name} takes {wanted}")
        return self.applied(node, name, [self.number(argument) for argument in node.args])

    def applied(self, node: ast.Call, name: str, args: list[sp.Expr]) -> sp.Expr:
        """Apply a function, without a look at the sign of its argument."""
        if name in ("min", "max"):
            return _extreme(sp.Min if name == "min" else sp.Max, args)
        (x,) = args
        if name == "sqrt":
            return self.power(node, x, sp.S.Half)
        if name == "exp":
            return self.power(node, sp.E, x)
        if name == "abs":
            return abs(x) if x.is_Rational else sp.Abs(x, evaluate=False)
        if is_positive(-x):
            self.refuse(node, "the logarithm of a negative number")
        return sp.log(x, evaluate=x.is_Rational or x == sp.E or isinstance(x, sp.exp))

    def condition(self, node: ast.expr) -> Boolean:
        """Return the condition that a node stands for."""
        if isinstance(node, ast.BoolOp):
            joint = sp.And if isinstance(node.op, ast.And) else sp.Or
            # Flat: SymPy sees that `a | b | not a` is true, but not that `(a | b) | not a` is.
            return joint(*(x for part in node.values for x in joint.make_args(self.condition(part))))
        if isinstance(node, ast.Compare):
            sides = [self.side(side) for side in (node.left, *node.comparators)]
            kinds = [_RELATIONS.get(type(op)) or self.refuse(node, "not a condition") for op in node.ops]
            return sp.And(*(_related(*triple) for triple in zip(kinds, sides, sides[1:], strict=False)))
        if isinstance(node, ast.Constant) and isinstance(node.value, bool):
            return sp.true if node.value else sp.false
        return self.refuse(node, "not a condition", "a condition is a relation such as t > 1/2")

    def side(self, node: ast.expr) -> sp.Expr:
        """Read one side of a relation."""
        return self.number(node)


def _extreme(kind: type[sp.Expr], args: list[sp.Expr]) -> sp.Expr:
    """Return a minimum or maximum of which only the numbers are compared: signs of differences take long."""
    flat = [x for arg in args for x in (arg.args if isinstance(arg, kind) else (arg,))]
    numbers = [x for x in flat if x.is_Rational]
    rest = [x for x in flat if not x.is_Rational]
    return kind(*([kind(*numbers)] if numbers else []), *rest, evaluate=False)


def _related(kind: type[sp.Rel], left: sp.Expr, right: sp.Expr) -> Boolean:
    return kind(left, right, evaluate=is_linear(left) and is_linear(right))
