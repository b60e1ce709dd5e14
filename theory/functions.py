"""The two functions of the bounds that SymPy does not have, with the conventions at zero built in.

Both are 0 at n = 0, by the conventions ``n ceil(log2 n) = 0`` and ``n log(e n) = 0`` there, so that an
expression in m_G is continuous where there is no augmentation.
"""

from __future__ import annotations

from typing import Any

import sympy as sp


class n_ceil_log2(sp.Function):  # noqa: N801 - a mathematical function, named as one
    """The number of dyadic levels of n examples, times n: ``n ⌈log2 n⌉``, 0 at n = 0."""

    is_nonnegative = True
    is_integer = True

    @classmethod
    def eval(cls, n: sp.Expr) -> sp.Expr | None:
        """Evaluate at an integer."""
        if n.is_Integer:
            if n < 0:
                raise ValueError(f"n ceil(log2 n) needs n >= 0. Found {n}.")
            return n * ((int(n) - 1).bit_length() if n > 0 else 0)
        return None

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        inner = printer.doprint(self.args[0])
        body = rf"{inner} \left\lceil \log_2 {inner} \right\rceil"
        return body if exp is None else rf"\left({body}\right)^{{{exp}}}"


class n_log_en(sp.Function):  # noqa: N801
    """The smooth counterpart of `n_ceil_log2` in order forms: ``n log(e n)``, 0 at n = 0."""

    is_nonnegative = True

    @classmethod
    def eval(cls, n: sp.Expr) -> sp.Expr | None:
        """Evaluate at an integer."""
        if n.is_Integer:
            if n < 0:
                raise ValueError(f"n log(e n) needs n >= 0. Found {n}.")
            return cls.definition(n)
        return None

    @staticmethod
    def definition(n: sp.Expr) -> sp.Expr:
        """Write the function out, its convention at 0 as a Piecewise."""
        return sp.Piecewise((n * (1 + sp.log(n)), n > 0), (0, True))

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        inner = printer.doprint(self.args[0])
        body = rf"{inner} \log(e\,{inner})"
        return body if exp is None else rf"\left({body}\right)^{{{exp}}}"
