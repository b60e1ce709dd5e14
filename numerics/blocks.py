"""Evaluation in blocks: how a grid is cut, and NumPy's operations with the memory of a block used again and again.

The intermediate results of a block stay in the cache. Fresh memory for each of them may cost more than the arithmetic,
as the system hands it out page by page.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from numerics.arithmetic import NUMPY, Arithmetic, numpy_n_ceil_log2

BLOCK = 2**14
"""Points of a block, at most."""

_ELEMENTWISE = ("divide", "sqrt", "power", "exp", "log", "absolute", "floor", "ceiling")
_FOLDED = {"add": np.add, "multiply": np.multiply, "minimum": np.minimum, "maximum": np.maximum}


def blocks(shape: tuple[int, ...]) -> Iterator[tuple[slice, ...]]:
    """Cut a shape of at least one axis into blocks of about equal size and at most `BLOCK` points.

    Yields:
        Slices of the leading axes; of the axes after them a block has all.
    """
    axis = next(k for k in range(len(shape)) if math.prod(shape[k + 1 :]) <= BLOCK)
    length, size = shape[axis], max(1, math.prod(shape[axis + 1 :]))
    pieces = math.ceil(length / (BLOCK // size))
    rows = math.ceil(length / pieces) if pieces else 1
    cuts = [slice(start, min(start + rows, length)) for start in range(0, length, rows)]
    leading = ([slice(i, i + 1) for i in range(n)] for n in shape[:axis])
    yield from product(*leading, cuts)


class Buffers:
    """NumPy's operations on blocks of one shape, their results in arrays that are lent and taken back.

    Attributes:
        operations: The same operations as `NUMPY`, with the same results to the last bit.
    """

    operations: Arithmetic

    def __init__(self, shape: tuple[int, ...]) -> None:
        """Start with no array; as many are made as are needed at a time."""
        self._shape = shape
        self._idle: list[NDArray[np.float64]] = []
        self._lent: dict[int, NDArray[np.float64]] = {}
        self.operations = {
            **NUMPY,
            **{name: self._elementwise(NUMPY[name]) for name in _ELEMENTWISE},
            **{name: self._folded(function) for name, function in _FOLDED.items()},
            "integer_power": lambda x, k: NUMPY["integer_power"](x, k, out=self._lend(x)),
            "n_ceil_log2": lambda n: numpy_n_ceil_log2(n, out=self._lend(n)),
            "select": self._select,
        }

    def release(self, value: Any) -> None:
        """Take an array back after its last use; what was not lent is let be."""
        array = self._lent.pop(id(value), None)
        if array is not None:
            self._idle.append(array)

    def release_all(self) -> None:
        """Take every array back."""
        self._idle.extend(self._lent.values())
        self._lent.clear()

    def _lend(self, *operands: Any) -> NDArray[np.float64] | None:
        # Results on fewer axes than the block's are small, and get memory of their own.
        if not any(x.shape == self._shape for x in operands):
            return None
        array = self._idle.pop() if self._idle else np.empty(self._shape)
        self._lent[id(array)] = array
        return array

    def _elementwise(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *xs: function(*xs, out=self._lend(*xs))

    def _folded(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def fold(first: Any, *rest: Any) -> Any:
            if not rest:  # a copy, as the operand may be released before the result
                return np.positive(first, out=self._lend(first))
            total, out = first, None
            for x in rest:
                if out is None:
                    out = self._lend(total, x)
                total = function(total, x, out=out)
            return total

        return fold

    def _select(self, *pairs: Any) -> Any:
        out = self._lend(*pairs)
        if out is None:
            return NUMPY["select"](*pairs)
        out.fill(np.nan)
        for branch, condition in zip(pairs[-2::-2], pairs[::-2], strict=True):
            if condition.ndim:
                np.copyto(out, branch, where=condition)
            elif condition:
                np.copyto(out, branch)
        return out
