"""The algebra of orders of growth at its edges: borders, signs that assumptions decide, numbers around both."""

import random
from itertools import product

import mpmath as mp
import pytest
import sympy as sp
from sympy.core.relational import Relational

from theory.functions import n_log_en
from theory.order import (
    ONE,
    NotInAlgebra,
    Order,
    Undecided,
    cases_of,
    compare,
    dominant,
    is_O,
    is_o,
    is_Theta,
    least,
    min1,
    order_of,
    substitute,
)

m, m_G = sp.symbols("m m_G", positive=True)
s, t, b = sp.symbols("s t b", positive=True)
a, c = sp.symbols("a c", real=True)
u = sp.Symbol("u", negative=True)
q = sp.Symbol("q", nonnegative=True)
v = sp.Symbol("v", nonpositive=True)
d = sp.Symbol("d", positive=True, integer=True)
k = sp.Symbol("k", integer=True)
x = sp.Symbol("x")
L, LL = sp.log(m), sp.log(sp.log(m))
half = sp.Rational(1, 2)
ALL = (s, t, b, a, c, u, q, v, d, k)


# ---------------------------------------------------------------- signs that assumptions decide


def test_a_constant_that_the_assumptions_make_zero_does_not_count():
    assert order_of(1 / m + (c - 1), m, [sp.Eq(c, 1)]) == Order(-1)
    assert order_of(sp.Max(c - 1, 1 / m, evaluate=False), m, [sp.Eq(c, 1)]) == Order(-1)
    assert order_of(1 / m + (c - t), m, [c >= t, c <= t]) == Order(-1)
    with pytest.raises(NotInAlgebra, match="zero has no order"):
        order_of(m * (c - 1), m, [sp.Eq(c, 1)])
    with pytest.raises(NotInAlgebra, match="negative"):
        order_of(1 / m + (c - 1), m, [c < 1])
    with pytest.raises(NotInAlgebra, match="negative"):
        order_of(1 / m + (c - 1), m, [c <= 1])


def test_a_constant_that_may_be_zero_is_not_known_to_be_positive():
    for condition in (c >= 1, c >= 0, sp.Ne(c, 1)):
        with pytest.raises(NotInAlgebra, match="must be known to be positive"):
            order_of(m * (c - 1), m, [condition], positive_constants=False)
    assert order_of(m * (c - 1), m, [c > 1], positive_constants=False) == Order(1)


def test_a_piece_is_read_under_its_own_condition():
    pieces = sp.Piecewise((m * (c - 1), c > 1), (m**2, True))
    cases = cases_of(pieces, m, positive_constants=False)
    assert cases.at({c: 2}) == Order(1)
    assert cases.at({c: 1}) == Order(2)
    with pytest.raises(NotInAlgebra, match="negative"):
        cases_of(sp.Piecewise((m * (c - 1), c < 1), (m, True)), m)
    split = sp.Piecewise((m**x, x > 1), (m, True))
    assert cases_of(split, m).at({x: 3}) == Order(3)
    both = sp.Piecewise((sp.log(m ** (a - t)), t < 1), (m, True))
    assert cases_of(both, m, [a > 1]).at({a: 2, t: half}) == Order(0, 1)
    with pytest.raises(NotInAlgebra, match="tends to zero"):
        cases_of(both, m, [a > 0])
    narrowed = sp.Piecewise((m**-t + 1 / m, t < 1), (m**-t + m**-b, True))
    found = cases_of(narrowed, m, [b > 2])
    assert [found.at({t: y, b: 3}) for y in (half, 1, 2, 4)] == [Order(-half), Order(-1), Order(-2), Order(-3)]


def test_an_exponent_must_be_real():
    with pytest.raises(NotInAlgebra, match="known to be real"):
        order_of(m**x, m)
    with pytest.raises(NotInAlgebra, match="known to be real"):
        order_of(m**x, m, [a > 0])
    assert order_of(m**x, m, [x > 0]) == Order(x)


# ---------------------------------------------------------------- logarithms

LOGARITHMS = [
    (sp.log(m**a * L), [a >= 0], {(0,): Order(0, 0, 1), (half,): Order(0, 1)}),
    (sp.log(m**a * L**c), [a > 0], {(1, -9): Order(0, 1), (half, 0): Order(0, 1)}),
    (
        sp.log(m**a * L**c + 2),
        [],
        {(-1, 3): ONE, (0, -1): ONE, (0, 0): ONE, (0, 1): Order(0, 0, 1), (1, -1): Order(0, 1)},
    ),
    (sp.log(1 + m**a), [], {(-2,): Order(-2), (0,): ONE, (2,): Order(0, 1)}),
    (sp.log(1 + L**a / m), [], {(7,): Order(-1, 7)}),
    (sp.log((2 + 1 / m) ** t), [], {(): ONE}),
    (sp.log((1 + 1 / L) ** c), [c > 0], {(3,): Order(0, -1)}),
    (sp.log(1 + t + 1 / (4 + 1 / m)), [], {(): ONE}),
]


@pytest.mark.parametrize(("expr", "given", "expected"), LOGARITHMS, ids=[str(row[0]) for row in LOGARITHMS])
def test_a_logarithm_is_read_on_both_sides_of_every_border(expr, given, expected):
    cases = cases_of(expr, m, given)
    symbols = sorted(expr.free_symbols & {a, c}, key=str)
    for point, order in expected.items():
        assert cases.at(dict(zip(symbols, point, strict=bool(point)))) == order


@pytest.mark.parametrize(
    ("expr", "given"),
    [
        (sp.log(m**a * L), []),
        (sp.log(m**a * L), [a >= -1]),
        (sp.log(m**a * L**c), [a >= 0]),
        (sp.log(half + m**a), []),
        (sp.log(half + m**a), [a >= 0]),
        (sp.log(half * (1 + 1 / m)), []),
        (sp.log(t + 1 / (4 + 1 / m)), []),
        (sp.log((2 + 1 / m) ** c), []),
        (sp.log((2 + 1 / m) ** c), [c >= 0]),
        (sp.log((m + 1) / (m + 5)), []),
        (sp.log((m + 1) / (2 * m + 5)), []),
        (sp.log(LL), []),
        (n_log_en(m**a), []),
        (n_log_en(L**a), [a >= -1]),
    ],
    ids=str,
)
def test_a_logarithm_that_may_not_be_positive_is_refused(expr, given):
    with pytest.raises(NotInAlgebra):
        cases_of(expr, m, given)


# ---------------------------------------------------------------- borders

COMPARISONS = [
    (d, sp.Rational(5, 2), (d <= 2, False, d >= 3)),
    (d, 3, (d <= 2, sp.Eq(d, 3), d >= 4)),
    (k, -half, (k <= -1, False, k >= 0)),
    (3 * k, -7, (k <= -3, False, k >= -2)),
    (-d, -sp.sqrt(7), (d >= 3, False, d <= 2)),
    (a**2, 0, (False, sp.Eq(a, 0), sp.Ne(a, 0))),
    ((a - 1) ** 3, 0, (a < 1, sp.Eq(a, 1), a > 1)),
    (u * a, 0, (a > 0, sp.Eq(a, 0), a < 0)),
    (a / u, 0, (a > 0, sp.Eq(a, 0), a < 0)),
    (u**2 * a, 0, (a < 0, sp.Eq(a, 0), a > 0)),
    (u**3 * a, 0, (a > 0, sp.Eq(a, 0), a < 0)),
    (u * a, b, (a > b / u, sp.Eq(a, b / u), a < b / u)),
    (1 / (a - 1), 0, (a < 1, False, a > 1)),
    ((a - 2) / (a - 1) ** 2, 0, (sp.Or(a < 1, sp.And(a > 1, a < 2)), sp.Eq(a, 2), a > 2)),
    ((a - 1) ** 2 * (a - 2), 0, (sp.Or(a < 1, sp.And(a > 1, a < 2)), sp.Or(sp.Eq(a, 1), sp.Eq(a, 2)), a > 2)),
    ((a - 2) / (a - 1), 0, (sp.And(a > 1, a < 2), sp.Eq(a, 2), sp.Or(a < 1, a > 2))),
    ((t - b) / (t + b), 0, (t < b, sp.Eq(t, b), t > b)),
]


@pytest.mark.parametrize(("f", "g", "expected"), COMPARISONS, ids=[f"{f} - {g}" for f, g, _ in COMPARISONS])
def test_the_border_between_two_powers_is_where_it_is(f, g, expected):
    found = compare(Order(f), Order(g))
    symbols = sorted(sp.Tuple(sp.sympify(f), sp.sympify(g)).free_symbols, key=str)
    grid = [sp.Rational(i, 4) for i in (range(-16, 17) if len(symbols) == 1 else (-8, -4, -2, 0, 2, 4, 8))]
    for values in product(grid, repeat=len(symbols)):
        at = dict(zip(symbols, values, strict=True))
        if all(_may_be(y, value) for y, value in at.items()) and sp.denom(sp.together(f)).subs(at) != 0:
            for name, condition in zip(("o", "Theta", "omega"), expected, strict=True):
                assert getattr(found, name).subs(at) == sp.sympify(condition).subs(at), (name, at)


def test_where_a_denominator_is_zero_nothing_is_claimed():
    assert compare(Order((a - 2) / (a - 1)), ONE).Theta == sp.Eq(a, 2)
    assert compare(Order(1 / (a - 1)), ONE).Theta == sp.false
    assert compare(Order((a - 2) ** 2 / (a - 1)), ONE).omega.subs(a, 1) == sp.false


def test_the_rest_of_a_region_of_an_integer_ends_at_an_integer():
    border = sp.Rational(5, 2)
    for relation, first, rest in ((d > border, d >= 3, d <= 2), (d < border, d <= 2, d >= 3)):
        cases = cases_of(sp.Piecewise((m**2, relation), (m, True)), m)
        assert cases.items == ((first, Order(2)), (rest, Order(1)))
    cases = cases_of(sp.Piecewise((m**2, sp.And(d < border, t < 1)), (m, True)), m)
    for at in ({d: y, t: z} for y in (1, 2, 3, 4) for z in (half, 1, 2)):
        assert cases.at(at) == Order(2 if at[d] <= 2 and at[t] < 1 else 1)
        assert [condition.subs(at) for condition, _ in cases].count(sp.true) == 1


def _may_be(symbol, value):
    checks = {"is_positive": value > 0, "is_negative": value < 0, "is_nonnegative": value >= 0}
    checks |= {"is_nonpositive": value <= 0, "is_integer": value.is_integer}
    return all(holds for name, holds in checks.items() if getattr(symbol, name))


@pytest.mark.parametrize(
    ("f", "g", "given", "kind"),
    [
        (Order(t * b), ONE, [t > 1, b >= 1], "omega"),
        (Order(t * b), Order(1), [t > 1, b >= 1], "omega"),
        (Order(k * (k - 1)), Order(1), [k >= 2], "omega"),
        (Order(d * k), ONE, [k >= 1], "omega"),
        (Order(d * k), Order(half), [k >= 1], "omega"),
        (Order(-d, 9), Order(-half), [], "o"),
        (Order(2 * k), Order(0, 1), [k > 0], "omega"),
        (Order(2 * k), Order(1), [k < 1], "o"),
        (Order(k), Order(d), [k < d], "o"),
        (Order(k + half), Order(d), [k < d], "o"),
        (Order(a, 1), Order(b, 2), [a <= b], "o"),
        (Order(a, c, 1), Order(a, c), [], "omega"),
        (Order(v - half), ONE, [], "o"),
        (Order(u), Order(-q), [u < -q], "o"),
        (Order(a), Order(sp.sqrt(2)), [a < sp.Rational(14142135623730950488, 10**19)], "o"),
        (Order(a), Order(sp.sqrt(2)), [a > sp.Rational(14142135623730950489, 10**19)], "omega"),
    ],
    ids=str,
)
def test_what_the_assumptions_leave_open_is_only_what_they_leave_open(f, g, given, kind):
    found = compare(f, g, given)
    assert [name for name in ("o", "Theta", "omega") if getattr(found, name) == sp.true] == [kind]


@pytest.mark.parametrize(
    ("f", "g", "given", "closed"),
    [
        (Order(t * b), Order(1), [t >= 1, b >= 1], "omega"),
        (Order(a * c), ONE, [a >= 0, c >= 0], "omega"),
        (Order(k * (k - 1)), ONE, [k >= 1], "omega"),
        (Order(k), Order(d), [k <= d], "o"),
        (Order(v), ONE, [], "o"),
        (Order(-q), Order(0, 0), [], "o"),
    ],
    ids=str,
)
def test_a_closed_border_is_reached(f, g, given, closed):
    found = compare(f, g, given)
    assert getattr(found, closed) not in (sp.true, sp.false)
    assert found.Theta not in (sp.true, sp.false)
    assert getattr(found, {"o": "omega", "omega": "o"}[closed]) == sp.false


def test_orders_that_tie_have_a_largest_and_a_smallest():
    for pick in (dominant, least):
        assert pick(Order(t), Order(t), Order(t)).order == Order(t)
        tied = pick(Order(t), Order(b), assumptions=[sp.Eq(t, b)])
        assert tied.at({t: 3, b: 3}) == Order(3)
        three = pick(Order(t), Order(b), Order(1))
        for y, z in product((half, 1, 2), repeat=2):
            expected = (max if pick is dominant else min)(Order(y), Order(z), Order(1))
            assert three.at({t: y, b: z}) == expected
            pairs = [condition.subs({t: y, b: z}) for condition, _ in three]
            assert pairs.count(sp.true) == 1


def test_a_cap_keeps_its_assumptions():
    assert min1(Order(a), [a > 0]).order == ONE
    assert min1(Order(a), [a < 0]).order == Order(a)
    assert min1(Order(a)).at({a: 0}) == ONE
    assert min1(dominant(Order(a), Order(0, 1)), [a < 0]).order == ONE
    limited = dominant(Order(-t), Order(-1), assumptions=[t < 2])
    for cases in (limited**2, limited * ONE, ONE / limited, limited + Order(-3)):
        assert cases.assumptions == (t < 2)
        with pytest.raises(ValueError, match="must satisfy"):
            cases.at({t: 3})
    assert is_o(limited, Order(-half), [t > half]) is True
    assert is_Theta(limited, Order(-t), [t <= 1]) is True
    assert is_O(Order(-2), limited) is True


def test_a_size_that_is_given_by_cases_brings_its_assumptions():
    n = sp.Symbol("n", positive=True)
    size = dominant(Order(t), Order(1), assumptions=[t > 2])
    assert substitute(m_G / (n + m_G), m_G, size, n).order == ONE
    assert substitute(m_G**a, m_G, size, n, [a > 0]).order == Order(a * t)
    with pytest.raises(ValueError, match="contradict"):
        substitute(m_G, m_G, size, n, [t < 1])


@pytest.mark.parametrize(
    ("order", "text", "latex"),
    [
        (Order(-half, -2, -1), "m**(-1/2)*log(m)**(-2)*log(log(m))**(-1)",
         r"m^{-1/2} \, (\log m)^{-2} \, (\log\log m)^{-1}"),
        (Order(-1, 1, 3), "m**(-1)*log(m)*log(log(m))**3", r"m^{-1} \, \log m \, (\log\log m)^{3}"),
        (Order(0, half), "log(m)**(1/2)", r"(\log m)^{1/2}"),
        (Order(t - 1, -t), "m**(t - 1)*log(m)**(-t)", r"m^{t - 1} \, (\log m)^{- t}"),
        (Order(0, 0, t), "log(log(m))**t", r"(\log\log m)^{t}"),
    ],
    ids=lambda value: str(value),
)  # fmt: skip
def test_an_order_is_written(order, text, latex):
    assert str(order) == text
    assert order.latex().replace("- t}", "-t}") == latex.replace("- t}", "-t}")
    assert order.latex("n").replace("n", "m") == order.latex()
    assert order_of(order.as_expr(m), m) == order


# ---------------------------------------------------------------- against numbers

CHANGE = mp.mpf("0.15")
# From 10^50 to 10^500 a log grows by 2.30 on the scale of logarithms, a log log by 0.395, and a power of 1/4 by 259.
SIZES = [mp.mpf(10) ** 50, mp.mpf(10) ** 500]


def change(expr):
    """How much the logarithm of an expression in m changes from 10^50 to 10^500."""
    value = sp.lambdify(m, expr.replace(n_log_en, lambda y: y * (1 + sp.log(y))), "mpmath")
    return mp.log(value(SIZES[1])) - mp.log(value(SIZES[0]))


SYMBOLIC = {
    "sum": m**-t + m**-half,
    "sum with logs": m**-t * L**b + m**-half * L,
    "cap": sp.Min(1, m**-t * L**2) + m**-b,
    "largest": sp.Max(m**-t * L, m**-b, evaluate=False),
    "smallest": sp.Min(m**-t * L, m**-b, m**-1, evaluate=False),
    "quotient": m**t / (m**b * L + m),
    "root": sp.sqrt(m**-t + L**-b) / m,
    "power": (m**-t + m**-1 * L) ** (-b),
    "log": sp.log(2 + m ** (t - 1)) * m**-b,
    "log of log": sp.log(3 + L ** (t - 1)),
    "levels": n_log_en(m**t) / (m**b + m),
    "pieces": sp.Piecewise((m**-t, t <= 1), (m**-b * L, True)) + m**-1,
    "ratio of exponents": m ** (-t / (2 * t + b)) + m ** -sp.Rational(1, 4),
}


@pytest.mark.parametrize("name", SYMBOLIC)
def test_cases_agree_with_numbers_on_and_beside_their_borders(name):
    expr = SYMBOLIC[name]
    cases = cases_of(expr, m)
    with mp.workdps(40):
        for at in ({t: y, b: z} for y in (half, 1, sp.Rational(3, 2), 2) for z in (half, 1, sp.Rational(5, 2))):
            order = cases.at(at)
            assert [condition.subs(at) for condition, _ in cases].count(sp.true) == 1
            assert order == order_of(expr.subs(at), m)
            assert abs(change(expr.subs(at)) - change(order.as_expr(m))) < CHANGE, (at, order)


SIZED = {
    "share": m_G / (m + m_G),
    "rest": m / (m + m_G),
    "capped": sp.Min(1, sp.sqrt(m_G) * L / m, evaluate=False),
    "deviations": (sp.sqrt(m) + sp.sqrt(m_G)) / (m + m_G),
    "levels": n_log_en(m_G) / (m + m_G) ** 2,
    "logarithm": sp.log(sp.E * (m + m_G)) / m_G,
    "pieces": sp.Max(m / m_G, 1 / L, evaluate=False) + m_G**-t,
}


@pytest.mark.parametrize("name", SIZED)
def test_a_size_that_is_a_power_with_logs_agrees_with_numbers(name):
    expr = SIZED[name].subs(t, 1)
    cases = substitute(expr, m_G, Order(a, c), m, [a > 0])
    powers, logs = (half, 1, sp.Rational(3, 2), 2), (-2, -1, 0, 1, 2)
    with mp.workdps(40):
        for at in ({a: y, c: z} for y in powers for z in logs):
            size = Order(at[a], at[c])
            order = cases.at(at)
            assert order == substitute(expr, m_G, size, m).order
            assert abs(change(expr.subs(m_G, size.as_expr(m))) - change(order.as_expr(m))) < CHANGE, (at, order)


@pytest.mark.parametrize("wrong", [Order(sp.Rational(1, 4)), Order(0, half), Order(0, 0, 1)], ids=str)
def test_the_numbers_would_show_a_wrong_exponent(wrong):
    with mp.workdps(40):
        assert change(wrong.as_expr(m)) > 2 * CHANGE


# ---------------------------------------------------------------- assumptions that hold at a point


@pytest.mark.parametrize(
    "given",
    [
        [v > 0],
        [v > 1],
        [v + q > q],
        [u >= q],
        [u >= -v],
        [u > v, v > q],
        [v > a, a > 0],
        [u >= a, a >= 0],
        [a <= u, -a <= q, q <= c, c <= 0],
        [sp.Eq(t, 2), t * b < b],
        [sp.Eq(t, b), t * s > b * s],
        [t * u > 0],
        [a**2 < v],
        [k > half, k < 1],
        [sp.Eq(3 * k, 2 * d + 1), sp.Eq(d, 3)],
    ],
    ids=str,
)
def test_a_contradiction_to_the_signs_of_the_symbols_is_seen(given):
    with pytest.raises(ValueError, match="contradict"):
        cases_of(m, m, given)


def _value(rng, symbol):
    value = sp.Integer(rng.randint(0, 3)) if symbol.is_integer else sp.Rational(rng.randint(0, 8), rng.randint(1, 4))
    if symbol.is_positive or symbol.is_negative:
        value = value or sp.S.One
    down = symbol.is_nonpositive or (not symbol.is_nonnegative and rng.random() < 0.5)
    return -value if down else value


def _polynomial(rng, symbols):
    numbers = [1, -1, 2, -3, half, sp.sqrt(2), sp.log(2)]
    return sum(
        rng.choice(numbers) * sp.Mul(*(rng.choice(symbols) ** rng.choice([0, 1, 1, 2]) for _ in range(2)))
        for _ in range(rng.randint(1, 3))
    )


def _conditions(rng, symbols, at):
    """Conditions that hold at a point, some of them with equality."""
    kinds = {sp.Gt: 1, sp.Ge: 1, sp.Lt: -1, sp.Le: -1, sp.Ne: 1}
    for _ in range(rng.randint(1, 3)):
        poly = _polynomial(rng, symbols)
        gap = rng.choice([0, sp.Rational(1, 10), 1])
        kind = rng.choice([sp.Ge, sp.Le, sp.Eq]) if gap == 0 else rng.choice(list(kinds))
        yield kind(poly, sp.expand(poly.subs(at)) - gap * kinds.get(kind, 0))


@pytest.mark.parametrize("seed", range(4))
def test_assumptions_that_hold_somewhere_are_no_contradiction_and_the_case_there_is_right(seed):
    rng, split = random.Random(seed), 0
    for _ in range(20):
        symbols = rng.sample(ALL, rng.randint(1, 3))
        at = {y: _value(rng, y) for y in symbols}
        given = list(_conditions(rng, symbols, at))
        y, z = rng.choice(symbols), rng.choice([sp.S.Zero, sp.S.One, half, rng.choice(symbols) ** 2, -symbols[0]])
        f, g = Order(y, 0, 1), Order(z)
        cases = cases_of(m**y + m**z * L, m, given)
        split += len(cases) > 1
        holding = [order for condition, order in cases if condition.subs(at) == sp.true]
        assert len(holding) == 1, (given, cases, at)
        assert holding[0].subs(at) == max(Order(y).subs(at), Order(z, 1).subs(at)), (given, cases, at)
        found, numeric = compare(f, g, given), compare(f.subs(at), g.subs(at))
        for name in ("o", "Theta", "omega"):
            assert getattr(found, name).subs(at) == getattr(numeric, name), (given, f, g, at)
    assert split >= 3


def test_an_open_question_is_told_with_its_condition():
    with pytest.raises(Undecided, match=r"k >= 4|k <= 3"):
        _ = Order(k) <= Order(3)
    relations = cases_of(m**d + m ** sp.Rational(5, 2), m).items[0][0].atoms(Relational)
    assert {bound for r in relations for bound in r.args} <= {d, sp.Integer(2), sp.Integer(3)}
