"""A tape on the points of a grid: block by block, and once for all blocks what few of the arguments decide."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from numerics.arithmetic import NUMPY
from numerics.blocks import BLOCK, Buffers, blocks
from numerics.tape import Tape

Array = NDArray[np.float64]

_FEWER = 16
"""An intermediate result with so many times fewer points than the grid is computed before the blocks."""


def evaluate(tape: Tape, arrays: Sequence[Array], shape: tuple[int, ...]) -> tuple[Array, NDArray[np.bool_]]:
    """Evaluate a tape in float64; no bit depends on the blocks, nor on the layout of the arguments.

    Args:
        tape: The operations.
        arrays: The arguments.
        shape: What the arguments broadcast to, of one axis at least.

    Returns:
        The values, and where one of them is nan or an intermediate result overflowed.
    """
    result, suspect = np.empty(shape), np.zeros(shape, dtype=bool)
    if math.prod(shape) <= BLOCK:
        parts = [np.ascontiguousarray(array) for array in arrays]
        result[...] = _heard(lambda watch: tape.run(NUMPY, parts, watch=watch), suspect)
        return result, np.logical_or(suspect, np.isnan(result), out=suspect)
    _by_blocks(tape, arrays, result, suspect)
    return result, suspect


def _by_blocks(tape: Tape, arrays: Sequence[Array], result: Array, suspect: NDArray[np.bool_]) -> None:
    shape = result.shape
    inputs = [array.reshape((1,) * (len(shape) - array.ndim) + array.shape) for array in arrays]
    early = _early_slots(tape, [array.shape for array in inputs], shape)
    found = _heard(lambda watch: _early_values(tape, inputs, early, watch), suspect)
    used = {i for slot, step in enumerate(tape.steps, tape.inputs) if slot not in early for i in step.operands}
    used.add(tape.result)
    buffers: dict[tuple[int, ...], Buffers] = {}
    for index in blocks(shape):
        block, marks = result[index], suspect[index]
        lent = buffers.get(block.shape) or buffers.setdefault(block.shape, Buffers(block.shape))
        parts = [_part(array, index) if slot in used else None for slot, array in enumerate(inputs)]
        known = {slot: _part(value, index) if slot in used else None for slot, value in found.items()}
        run = lambda watch, p=parts, k=known, b=lent: tape.run(b.operations, p, k, watch, b.release)  # noqa: E731
        block[...] = _heard(run, marks)
        np.logical_or(marks, np.isnan(block), out=marks)
        lent.release_all()


def _heard(run: Callable[[Callable[[Any], Any] | None], Any], suspect: NDArray[np.bool_]) -> Any:
    overflows: list[str] = []
    # What a branch not taken divides by or takes the root of is no one's concern: only overflow is heard of.
    with np.errstate(all="ignore", over="call", call=lambda kind, _: overflows.append(kind)):
        found = run(None)
        if overflows:  # rare; run again, and mark the points where it may have happened
            run(lambda value: np.logical_or(suspect, np.isinf(value), out=suspect))
    return found


def _early_slots(tape: Tape, inputs: list[tuple[int, ...]], shape: tuple[int, ...]) -> list[int]:
    shapes = list(inputs)
    for step in tape.steps:
        operands = (shapes[i] for i in step.operands)
        shapes.append(tuple(max(lengths) for lengths in zip((1,) * len(shape), *operands, strict=True)))
    few = math.prod(shape) // _FEWER
    return [slot for slot in range(tape.inputs, len(shapes)) if math.prod(shapes[slot]) <= few]


def _early_values(
    tape: Tape, inputs: list[Array], slots: list[int], watch: Callable[[Any], Any] | None
) -> Mapping[int, Any]:
    # Whatever an early slot is computed from is early itself.
    values: dict[int, Any] = dict(enumerate(inputs))
    for slot in slots:
        step = tape.steps[slot - tape.inputs]
        values[slot] = NUMPY[step.operation](*(values[i] for i in step.operands), *step.integers)
        if watch:
            watch(values[slot])
    return {slot: values[slot] for slot in slots}


def _part(value: Any, index: tuple[slice, ...]) -> Any:
    # What of an array is to meet a block of the result; contiguous, as the last bit of a NumPy function may depend on
    # the layout.
    if value.size == 1:
        return value
    cuts = (cut if length > 1 else slice(None) for cut, length in zip(index, value.shape, strict=False))
    return np.ascontiguousarray(value[tuple(cuts)])
