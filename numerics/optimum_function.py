"""A bound as a function of m_G alone: on points, on intervals, and beyond a number, all with error bounds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb, ctx
from numpy.typing import NDArray

from numerics import optimum_tail as tails
from numerics.arithmetic import NUMPY
from numerics.compile import Compiled
from numerics.domains import as_exact
from numerics.optimum_jets import JETS, Jet, parts, variable

PRECISION = 160
"""Bits that balls are computed with, unless a comparison needs more."""


class Function:
    """A compiled expression with every argument but one fixed, what is constant in it computed once.

    Args:
        compiled: the expression.
        values: number by name of every argument but the variable.
        name: the variable, which takes integers >= 1.

    Raises:
        DomainError: a value outside its symbol's domain.
        ValueError: an operation that has no rigorous form.
    """

    def __init__(self, compiled: Compiled, values: Mapping[str, Any], name: str) -> None:
        """Fix the other arguments."""
        self.tape = compiled.tape
        names = [symbol.name for symbol in compiled.arguments]
        self.slot = names.index(name)
        self.exact = {i: as_exact(s, values[s.name]) for i, s in enumerate(compiled.arguments) if i != self.slot}
        moving = {self.slot}
        self.constant_steps, self.steps = [], []
        for i, step in enumerate(self.tape.steps, len(names)):
            if step.operation not in JETS:
                raise ValueError(f"no rigorous form is known for {step.operation!r} in {compiled.expression}.")
            if moving.isdisjoint(step.operands):
                self.constant_steps.append((i, step))
            else:
                moving.add(i)
                self.steps.append((i, step))
        self._remember_fractions()
        self._constants: dict[int, dict[int, Any]] = {}

    def _remember_fractions(self) -> None:
        # An exponent has to be known exactly for the orders of a tail to be.
        for i, step in self.constant_steps:
            if step.operation == "rational":
                self.exact[i] = Fraction(*step.integers)
            elif step.operation in ("add", "multiply", "divide") and all(k in self.exact for k in step.operands):
                terms = [self.exact[k] for k in step.operands]
                if step.operation == "divide" and terms[1]:
                    self.exact[i] = terms[0] / terms[1]
                elif step.operation != "divide":
                    self.exact[i] = (
                        sum(terms, Fraction(0)) if step.operation == "add" else math.prod(terms, start=Fraction(1))
                    )

    def constants(self) -> dict[int, Any]:
        """Return the constant slots at the present precision."""
        if ctx.prec not in self._constants:
            slots: dict[int, Any] = {i: tails.arb_of(x) for i, x in self.exact.items()}
            for i, step in self.constant_steps:
                if i not in slots:
                    slots[i] = JETS[step.operation](*(slots[k] for k in step.operands), *step.integers)
            self._constants[ctx.prec] = slots
        return self._constants[ctx.prec]

    def over(self, first: int, last: int) -> Jet:
        """Enclose value and derivatives over the reals from first to last, at the present precision."""
        return self.at(variable(first, last))

    def at(self, x: Any) -> Jet:
        """Run the tape on a jet or a ball."""
        slots = dict(self.constants())
        slots[self.slot] = x
        for i, step in self.steps:
            slots[i] = JETS[step.operation](*(slots[k] for k in step.operands), *step.integers)
        return Jet(*parts(slots[self.tape.result]))

    def beyond(self, bits: int) -> tuple[tails.Beyond, tails.Tail]:
        """Return the function for all arguments >= 2^bits.

        Raises:
            Undecided: it has no such form, or not from there on.
        """
        arithmetic = tails.Beyond(bits)
        slots = {
            i: tails.constant(x, self.exact.get(i)) if isinstance(x, arb) else x for i, x in self.constants().items()
        }
        slots[self.slot] = tails.variable()
        for i, step in self.steps:
            if step.operation not in arithmetic.operations:
                raise tails.Undecided
            slots[i] = arithmetic.operations[step.operation](*(slots[k] for k in step.operands), *step.integers)
        return arithmetic, slots[self.tape.result]

    def floats(self, xs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Evaluate in float64, infinite where that fails: a guess, never part of a proof."""
        inputs = [xs if i == self.slot else np.float64(float(self.exact[i])) for i in range(self.tape.inputs)]
        with np.errstate(all="ignore"):
            found = np.broadcast_to(np.asarray(self.tape.run(NUMPY, inputs), dtype=np.float64), xs.shape)
        return np.where(np.isfinite(found), found, np.inf)
