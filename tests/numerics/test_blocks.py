"""Blocks: every point is in one, and neither they nor lent memory nor the layout of the arguments changes a bit."""

import math

import numpy as np
import pytest
import sympy as sp

from numerics.arithmetic import NUMPY, numpy_n_ceil_log2
from numerics.blocks import BLOCK, Buffers, blocks
from numerics.compile import DomainError, compile_expression
from theory.functions import n_ceil_log2
from theory.stability import explicit_form
from theory.symbols import D_TV, M, m_S

x, y = sp.symbols("x y", real=True)
BOUND = compile_expression(explicit_form().total)


def points(size):
    rng = np.random.default_rng(1)
    counts = {name: rng.integers(low, 10**6, size).astype(float) for name, low in (("m_S", 1), ("m_G", 0))}
    counts["m_G"][::7] = 0
    return {**{s.name: rng.uniform(0.01, 0.99, size) for s in BOUND.arguments}, **counts}


@pytest.mark.parametrize(
    "shape",
    [
        (1,),
        (0,),
        (3, 0),
        (0, 10**6),
        (BLOCK,),
        (BLOCK + 1,),
        (10**6, 1),
        (1, 10**5),
        (2, 3, 40_000),
        (100, 100, 7),
        (1, 50, 1, 50, 50),
    ],
)
def test_blocks_hold_every_point_once_and_are_small(shape):
    seen = np.zeros(shape, dtype=int)
    sizes = []
    for index in blocks(shape):
        seen[index] += 1
        sizes.append(seen[index].size)
    assert (seen == 1).all()
    assert sum(sizes) == math.prod(shape)
    assert max(sizes, default=0) <= BLOCK


def test_the_shape_of_a_grid_changes_no_bit():
    values = points(60_000)
    expected = BOUND(**values)
    assert np.array_equal(expected[59_000:], BOUND(**{name: v[59_000:] for name, v in values.items()}))
    for shape in ((1, 60_000), (2, 30_000), (3, 1, 20_000), (60_000, 1), (30, 2, 10, 100)):
        assert np.array_equal(BOUND(**{name: v.reshape(shape) for name, v in values.items()}).ravel(), expected)


def test_the_layout_of_the_arguments_changes_no_bit():
    values = points(40_000)
    expected = BOUND(**values)
    spread = {name: np.repeat(v, 3)[::3] for name, v in values.items()}
    backwards = {name: v[::-1].copy()[::-1] for name, v in values.items()}
    swapped = {name: v.astype(">f8") for name, v in values.items()}
    columns = {name: np.asfortranarray(v.reshape(200, 200)) for name, v in values.items()}
    whole = {**values, "m_S": values["m_S"].astype(np.int64), "m_G": values["m_G"].astype(np.uint32)}
    for other in (spread, backwards, swapped, columns, whole):
        assert np.array_equal(BOUND(**other).ravel(), expected)


def test_what_few_arguments_decide_is_computed_once_and_changes_no_bit():
    m_S_axis, m_G_axis, delta_axis = np.arange(1.0, 41), np.arange(50.0), np.linspace(0.01, 0.99, 45)
    sparse = {"m_S": m_S_axis[:, None, None], "m_G": m_G_axis[:, None], "delta": delta_axis}
    others = {"M": 1.0, "T": np.array([0.5]), "D_TV": 0.25, "beta": np.full((1, 1, 1), 0.01)}
    names = ("m_S", "m_G", "delta")
    dense = dict(zip(names, map(np.array, np.broadcast_arrays(*(sparse[name] for name in names))), strict=True))
    assert dense["m_S"].size > BLOCK
    assert np.array_equal(BOUND(**sparse, **others), BOUND(**dense, **others))
    unused = compile_expression(sp.log(m_S), [m_S, D_TV])
    grid = unused(m_S=m_S_axis[:, None], D_TV=np.linspace(0, 1, BLOCK))
    assert np.array_equal(grid, np.broadcast_to(np.log(m_S_axis)[:, None], (40, BLOCK)))


def test_overflow_in_what_is_computed_once_is_not_hidden():
    f = compile_expression(sp.Min(1000, sp.exp(x)) * sp.Min(7, sp.log(y * sp.exp(x))))
    found = f(x=np.array([[1.0]] * 30 + [[800.0]]), y=np.ones(BLOCK))
    assert (found[-1] == 7000).all()
    assert found[0, 0] == f(x=1.0, y=1.0)


def test_lent_memory_changes_no_bit():
    values = points(5000)
    inputs = [values[s.name] for s in BOUND.arguments]
    buffers = Buffers((5000,))
    expected = BOUND.tape.run(NUMPY, inputs)
    for _ in range(3):
        assert np.array_equal(BOUND.tape.run(buffers.operations, inputs, release=buffers.release), expected)
        buffers.release_all()


@pytest.mark.parametrize(
    "expression",
    [
        sp.Add(x, evaluate=False) * y,
        x**2 + x**3 + y ** sp.Rational(2, 3) + y**x,
        sp.Abs(x) + sp.floor(y) - sp.ceiling(x) + sp.Min(x, y, 1) + sp.Max(x, y, 2),
        sp.Piecewise((x, (x > 1) & (y <= 2)), (y, sp.Or(x < 0, sp.Ne(y, 2))), (5, True)),
        sp.Piecewise((1, x > 0), (y, x <= 0)),
        sp.erf(x) * sp.erf(y) + sp.exp(-y) / sp.sqrt(y),
        x - x * y,
    ],
    ids=str,
)
def test_every_operation_gives_the_same_with_lent_memory(expression):
    f = compile_expression(expression, [x, y])
    rng = np.random.default_rng(2)
    inputs = [rng.normal(size=(40, 30)), rng.uniform(0.1, 4, (1, 30))]
    kept = [value.copy() for value in inputs]
    buffers = Buffers((40, 30))
    for a, b in ((inputs[0], inputs[1]), (inputs[0][:, :1], inputs[1]), (inputs[0], inputs[1] + 0 * inputs[0])):
        found = f.tape.run(buffers.operations, [a, b], release=buffers.release)
        assert np.array_equal(found, f.tape.run(NUMPY, [a, b]))
        buffers.release_all()
    assert all(np.array_equal(*pair) for pair in zip(inputs, kept, strict=True))


def test_results_are_not_overwritten_by_later_calls():
    f = compile_expression(M * m_S)
    first = f(M=np.ones(100), m_S=np.arange(1, 101))
    kept = first.copy()
    f(M=np.full(100, 2.0), m_S=np.arange(1, 101))
    assert np.array_equal(first, kept)


def test_bad_values_in_different_blocks_are_named_as_before():
    values = np.full(10 * BLOCK, 0.5)
    values[-1], values[3 * BLOCK] = -0.25, 1.5
    with pytest.raises(DomainError, match=r"D_TV must be in \[0, 1\]. Found -0.25."):
        compile_expression(D_TV + 1)(D_TV=values)
    values[-1] = math.nan
    with pytest.raises(DomainError, match="Found nan"):
        compile_expression(D_TV + 1)(D_TV=values)
    counts = np.ones(3 * BLOCK)
    counts[-1] = 1.5
    with pytest.raises(DomainError, match=r"m_S must be an integer >= 1. Found 1.5."):
        compile_expression(m_S + 1)(m_S=counts)


def test_levels_of_any_float():
    tiny = 5e-324
    cases = [(0.0, 0.0), (-0.0, 0.0), (1.0, 0.0), (3.0, 6.0), (0.5, -0.5), (0.3, -0.3), (math.inf, math.inf)]
    cases.append((tiny, -1074 * tiny))
    undefined = [-1.0, -math.inf, math.nan]
    for value, expected in cases:
        for company in ([], [2.0], undefined, [0.25]):
            with np.errstate(all="ignore"):
                found = numpy_n_ceil_log2(np.array([value, *company]))[0]
            assert found == expected
            assert np.signbit(found) == np.signbit(expected)
    with np.errstate(all="ignore"):
        assert np.isnan(numpy_n_ceil_log2(np.array(undefined))).all()
    assert numpy_n_ceil_log2(np.float64(5)) == 15


def test_an_infinite_count_is_infinite():
    f = compile_expression(sp.Min(3, n_ceil_log2(1 / x)))
    assert f(x=[0.0, 1.0]).tolist() == [3.0, 0.0]
