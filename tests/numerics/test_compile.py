"""Compiled expressions: names, domains, shapes, edges, and agreement of float64 with exact arithmetic."""

import math
import pickle
from fractions import Fraction
from pathlib import Path

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from numerics.arithmetic import NUMPY, mpmath_arithmetic, new_context
from numerics.compile import Compiled, DomainError, UndefinedError, compile_expression
from theory.functions import n_ceil_log2, n_log_en
from theory.gaussian_mixture import constants
from theory.mixture_risk import nll_risk, zero_one_risk
from theory.symbols import D_TV, M, T, beta, d, delta, gamma, m_G, m_S, n, sigma

x, y = sp.symbols("x y", real=True)
EPS = Fraction(1, 2**52)


# Names and arguments


def test_arguments_are_the_free_symbols_by_name_or_as_given():
    expression = M * D_TV + m_S
    assert compile_expression(expression).arguments == (D_TV, M, m_S)
    wider = compile_expression(expression, [m_S, M, D_TV, delta])
    assert wider.arguments == (m_S, M, D_TV, delta)
    assert wider(m_S=1, M=2, D_TV=0.5, delta=[0.1, 0.2]).tolist() == [2.0, 2.0]
    assert str(compile_expression(M * m_S)) == "(M, m_S) -> M*m_S"
    assert compile_expression(sp.sqrt(M))._repr_latex_() == r"$\displaystyle \sqrt{M}$"


def test_a_free_symbol_that_is_no_argument_is_refused():
    with pytest.raises(ValueError, match=r"no \['m_S'\]"):
        compile_expression(M + m_S, [M])
    with pytest.raises(ValueError, match="once"):
        compile_expression(M, [M, M])


@pytest.mark.parametrize(
    ("values", "message"),
    [({"M": 1}, r"Missing \['m_S'\]"), ({"M": 1, "m_S": 1, "q": 2}, r"unknown \['q'\]"), ({}, r"\['M', 'm_S'\]")],
)
def test_missing_and_unknown_names_are_type_errors(values, message):
    f = compile_expression(M * m_S)
    with pytest.raises(TypeError, match=message):
        f(**values)
    with pytest.raises(TypeError, match=message):
        f.at_precision(20, **values)


@pytest.mark.parametrize(
    "name", ["__import__('pathlib').Path('{}').touch()", "a b", "", "1a", "a;b", "a\n", "λ", "x.y", "x[0]"]
)
def test_hostile_names_are_refused_and_never_run(name, tmp_path):
    canary = tmp_path / "canary"
    with pytest.raises(ValueError, match="letters, digits and underscores"):
        compile_expression(sp.Symbol(name.replace("{}", str(canary))) + 1)
    assert not Path(canary).exists()


def test_keywords_and_builtins_are_names_like_others():
    names = sp.symbols("lambda None print exec result")
    assert compile_expression(sp.Add(*names))(**{s.name: 1 for s in names}) == 5.0


def test_confusable_symbols_are_refused():
    with pytest.raises(ValueError, match=r"m_S has the name of a symbol of theory\.symbols"):
        compile_expression(sp.Symbol("m_S") + 1)
    with pytest.raises(ValueError, match="two different symbols are named x"):
        compile_expression(x + sp.Symbol("x", positive=True))


@pytest.mark.parametrize(
    "expression", [sp.Function("f")(x), sp.gamma(x), sp.I * x, sp.Sum(x, (n, 1, 3)), sp.zoo, sp.nan]
)
def test_what_has_no_numeric_form_is_refused(expression):
    with pytest.raises(TypeError, match="no numeric form"):
        compile_expression(expression)


@pytest.mark.parametrize("expression", ["m_S", 1.0, sp.Eq(m_S, 1)])
def test_only_expressions_are_compiled(expression):
    with pytest.raises(TypeError, match="a SymPy expression is needed"):
        compile_expression(expression)


# Domains


@pytest.mark.parametrize(
    ("symbol", "value", "message"),
    [
        (delta, 1.2, "delta must be in (0, 1). Found 1.2."),
        (delta, 0, "delta must be in (0, 1). Found 0."),
        (delta, 1, "delta must be in (0, 1). Found 1."),
        (m_S, 0, "m_S must be an integer >= 1. Found 0."),
        (m_S, 2.5, "m_S must be an integer >= 1. Found 2.5."),
        (m_G, -1, "m_G must be an integer >= 0. Found -1."),
        (sigma, math.nan, "sigma must be in (0, oo). Found nan."),
        (sigma, math.inf, "sigma must be in (0, oo). Found inf."),
        (T, 1.5, "T must be in [0, 1]. Found 1.5."),
        (x, math.nan, "x must be finite. Found nan."),
    ],
)
def test_domain_errors_name_symbol_domain_and_value(symbol, value, message):
    f = compile_expression(symbol + 1)
    for call in (lambda: f(**{symbol.name: value}), lambda: f.at_precision(20, **{symbol.name: value})):
        with pytest.raises(DomainError) as caught:
            call()
        assert str(caught.value) == message


@pytest.mark.parametrize(("bad", "found"), [(0.0, "0.0"), (1.0, "1.0"), (math.nan, "nan"), (-math.inf, "-inf")])
def test_one_bad_value_in_an_array_is_found(bad, found):
    grid = np.full((3, 4), 0.5)
    grid[1, 2] = bad
    with pytest.raises(DomainError, match=f"Found {found}"):
        compile_expression(sp.log(delta))(delta=grid)


def test_one_non_integer_in_an_array_is_found():
    with pytest.raises(DomainError, match=r"m_S must be an integer >= 1. Found 2.25"):
        compile_expression(sp.log(m_S))(m_S=[1, 2, 2.25, 3])


@pytest.mark.parametrize("value", ["0.1", b"1", None, 1j, [1j], object(), True, ["0.1"], {}])
def test_what_is_no_number_is_a_type_error(value):
    with pytest.raises(TypeError, match="D_TV must be a real number"):
        compile_expression(D_TV * 2)(D_TV=value)


@pytest.mark.parametrize("value", ["nought", None, 1j, [1, 2], "1/0"])
def test_what_is_no_number_is_a_type_error_at_precision(value):
    with pytest.raises(TypeError, match="D_TV must be a real number"):
        compile_expression(D_TV * 2).at_precision(20, D_TV=value)


# Shapes


def test_scalars_give_a_float_and_arrays_their_broadcast_shape():
    f = compile_expression(M * m_S + delta)
    assert type(f(M=1, m_S=2, delta=0.5)) is float
    assert type(f(M=np.float64(1), m_S=np.int64(2), delta=np.array(0.5))) is float
    out = f(M=np.ones((4, 1, 1)), m_S=np.arange(1, 4)[:, None], delta=[0.1, 0.2])
    assert out.shape == (4, 3, 2)
    assert out.dtype == np.float64
    assert np.array_equal(out[2], np.arange(1, 4)[:, None] + np.array([0.1, 0.2]))
    assert f(M=np.empty(0), m_S=1, delta=0.5).shape == (0,)
    assert f(M=[Fraction(1, 2)], m_S=sp.Integer(2), delta=0.5).tolist() == [1.5]
    with pytest.raises(ValueError, match="broadcast"):
        f(M=[1, 2], m_S=[1, 2, 3], delta=0.5)


def test_results_are_owned_by_the_caller():
    values = np.array([1.0, 2.0])
    out = compile_expression(M)(M=values)
    out[0] = 7
    assert values[0] == 1
    constant = compile_expression(sp.Integer(3), [M])(M=values)
    constant[0] = 7
    assert constant.tolist() == [7, 3]
    assert compile_expression(sp.Rational(1, 2))() == 0.5


def test_a_value_does_not_depend_on_its_company():
    c = constants()
    f = compile_expression(c.M * c.D_TV + c.beta * n_ceil_log2(m_S) + c.T / 3)
    rng = np.random.default_rng(0)
    size = 2**14 + 37  # more than a block
    points = {
        "d": rng.integers(1, 100, size),
        "m_S": rng.integers(1, 10**6, size),
        "m_G": rng.integers(0, 10**6, size),
        "delta": rng.uniform(0.001, 0.999, size),
    }
    together = f(**points)
    for i in [*range(200), size - 2, size - 1]:
        assert f(**{name: values[i] for name, values in points.items()}) == together[i]
    for cut in (slice(3, 8), slice(1, None, 3)):
        assert np.array_equal(f(**{name: values[cut] for name, values in points.items()}), together[cut])


def test_axes_along_which_an_argument_does_not_vary_may_have_length_one():
    f = compile_expression(M * sp.log(m_S) + sp.sqrt(D_TV))
    sizes, loss, divergence = np.arange(1, 301)[:, None, None], np.arange(5.0)[:, None], np.linspace(0, 1, 40)
    sparse = f(m_S=sizes, M=loss, D_TV=divergence)
    dense = np.broadcast_arrays(sizes, loss, divergence)
    assert sparse.size > 2**14  # several blocks, with arguments that do not vary along the first axis
    assert np.array_equal(sparse, f(**dict(zip(("m_S", "M", "D_TV"), dense, strict=True))))
    assert np.array_equal(f(m_S=sizes[:, 0, 0], M=[2], D_TV=0)[-1:], f(m_S=[300], M=2, D_TV=0))
    many = f(m_S=np.arange(1, 40_001), M=[2.0], D_TV=0)
    assert many[-1] == f(m_S=40_000, M=2, D_TV=0)


# Operations, one by one


@pytest.mark.parametrize(
    ("expression", "reference"),
    [
        (sp.exp(x) + sp.log(y), lambda a, b: math.exp(a) + math.log(b)),
        (x / y + y**-2, lambda a, b: a / b + 1 / b**2),
        (sp.sqrt(y) * x**3 - 1 / sp.sqrt(y), lambda a, b: math.sqrt(b) * a**3 - 1 / math.sqrt(b)),
        (y ** sp.Rational(2, 3) + y**x, lambda a, b: b ** (2 / 3) + b**a),
        (sp.erf(x) + sp.erfc(y), lambda a, b: math.erf(a) + math.erfc(b)),
        (sp.Abs(x) + sp.floor(y) - sp.ceiling(x), lambda a, b: abs(a) + math.floor(b) - math.ceil(a)),
        (sp.Min(x, y, 1) + sp.Max(x, y, 2), lambda a, b: min(a, b, 1) + max(a, b, 2)),
        (sp.pi * x + sp.E * y, lambda a, b: math.pi * a + math.e * b),
        (-3 * x / (7 * y), lambda a, b: -3 * a / (7 * b)),
        (sp.Float(0.1) * x + sp.Rational(1, 3), lambda a, b: 0.1 * a + 1 / 3 + 0 * b),
        (
            sp.Piecewise((x, (x > 1) & (y <= 2)), (y, sp.Or(x < 0, sp.Ne(y, 2))), (5, True)),
            lambda a, b: a if a > 1 and b <= 2 else b if a < 0 or b != 2 else 5,
        ),
        (sp.Piecewise((x, sp.Not(sp.Eq(y, 2)) & (x >= 1)), (7, True)), lambda a, b: a if b != 2 and a >= 1 else 7),
    ],
    ids=lambda value: str(value) if isinstance(value, sp.Basic) else "python",
)
def test_operations_agree_with_pythons_in_both_arithmetics(expression, reference):
    f = compile_expression(expression, [x, y])
    for a in (-2.5, -1.0, 0.0, 0.3, 1.0, 1.7):
        for b in (0.25, 1.0, 2.0, 3.5):
            assert f(x=a, y=b) == pytest.approx(reference(a, b), rel=1e-14, abs=1e-14)
            assert float(f.at_precision(30, x=a, y=b)) == pytest.approx(reference(a, b), rel=1e-14, abs=1e-14)


def test_every_arithmetic_has_every_operation():
    assert set(NUMPY) == set(mpmath_arithmetic(new_context(20)))


def test_common_subexpressions_are_computed_once():
    f = compile_expression(sp.log(m_S) ** 2 + sp.sqrt(sp.log(m_S)) + sp.exp(sp.log(m_S) / 2 + 1))
    assert [step.operation for step in f.tape.steps].count("log") == 1


def test_integer_logarithms_are_exact():
    counts = np.array([*range(3000), *(2**k + e for k in range(3, 53) for e in (-1, 0, 1))])
    expected = [int(k) * (int(k) - 1).bit_length() if k else 0 for k in counts]
    f = compile_expression(n_ceil_log2(n))
    assert f(n=counts).tolist() == [float(value) for value in expected]
    assert [int(f.at_precision(30, n=int(k))) for k in counts[::40]] == expected[::40]
    for k in (2**200 - 1, 2**200, 2**200 + 1):
        assert f.at_precision(90, n=k) == k * (k - 1).bit_length()


def test_conventions_at_zero():
    f = compile_expression(n_ceil_log2(m_G) + n_log_en(m_G), [m_G])
    assert f(m_G=[0, 1, 4]).tolist() == pytest.approx([0, 1, 8 + 4 * (1 + math.log(4))])
    assert f(m_G=0) == 0 == f.at_precision(30, m_G=0)


# Edges


@pytest.mark.parametrize(
    ("expression", "edge", "limit"),
    [
        (m_G * sp.log(m_G), {"m_G": 0}, 0),
        (sp.sqrt(m_G) * sp.log(m_G * d), {"m_G": 0, "d": 3}, 0),
        (gamma**gamma + sp.sin(0), {"gamma": 0}, 1),
        (sp.log(m_S) / (m_S - 1), {"m_S": 1}, 1),
        ((sp.exp(gamma) - 1) / gamma, {"gamma": 0}, 1),
        (m_S * m_G * sp.log(m_G) / (m_S + m_G), {"m_S": 1, "m_G": 0}, 0),
        (sp.log(m_S) / (m_S - 1) + m_G * sp.log(m_G), {"m_S": 1, "m_G": 0}, 1),
        (beta * sp.log(m_S) / sp.sqrt(m_S - 1), {"m_S": 1, "beta": 2}, 0),
    ],
    ids=str,
)
def test_edges_give_the_limit(expression, edge, limit):
    f = compile_expression(expression)
    assert f(**edge) == limit
    assert f.at_precision(30, **edge) == limit
    off = {name: [value, value + 1] for name, value in edge.items()}
    out = f(**off)
    assert out[0] == limit
    assert out[1] == f(**{name: value + 1 for name, value in edge.items()})


def test_points_on_different_edges_get_their_own_limits():
    f = compile_expression(sp.log(m_S) / (m_S - 1) + m_G * sp.log(m_G))
    out = f(m_S=[[1], [3]], m_G=[0, 1, 2])
    m, g = np.array([[1.0, math.log(3) / 2]]).T, np.array([0, 0, 2 * math.log(2)])
    assert out == pytest.approx(m * [[1], [1]] + g)


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        (m_G / (m_G + gamma), {"m_G": 0, "gamma": 0}),
        (sp.log(x), {"x": -1}),
        (sp.sqrt(sp.log(m_S) - 5), {"m_S": 2}),
        (sp.Piecewise((1, x > 0)), {"x": -1}),
        (sp.sin(0) + (x - 1) / (x - 1 + sp.Abs(x - 1)), {"x": 1}),
    ],
    ids=str,
)
def test_no_value_is_an_error_and_never_nan(expression, values):
    f = compile_expression(expression)
    with pytest.raises(UndefinedError):
        f(**values)
    with pytest.raises(UndefinedError):
        f(**{name: np.array([value, value]) for name, value in values.items()})
    with pytest.raises(UndefinedError):
        f.at_precision(20, **values)


def test_a_divergent_value_is_infinite():
    f = compile_expression(1 / m_G - sp.log(m_G))
    assert f(m_G=0) == math.inf == f.at_precision(20, m_G=0)


def test_branches_not_taken_do_not_warn():
    f = compile_expression(sp.Piecewise((0, sp.Eq(m_G, 0)), (1 / m_G + sp.log(m_G), True)))
    assert f(m_G=[0, 1]).tolist() == [0, 1]
    assert f.at_precision(20, m_G=0) == 0


# Precision


def test_numbers_enter_exactly():
    f = compile_expression(delta + 0)
    tenth = mpmath.mp.clone()
    tenth.dps = 60
    assert abs(f.at_precision(40, delta="0.1") - tenth.mpf(1) / 10) < tenth.mpf(10) ** -41
    assert f.at_precision(80, delta=0.1) == Fraction(0.1)
    assert f.at_precision(40, delta="1/3") == f.at_precision(40, delta=Fraction(1, 3))
    assert f.at_precision(40, delta=sp.Rational(1, 3)) == f.at_precision(40, delta=Fraction(1, 3))
    assert f.at_precision(40, delta=mpmath.mpf(0.25)) == Fraction(1, 4) == f.at_precision(40, delta=np.float64(0.25))
    assert compile_expression(m_S + 0).at_precision(40, m_S=np.int64(7)) == 7


def test_constants_of_the_expression_are_exact():
    third = compile_expression(M / 3 + sp.Rational(1, 7)).at_precision(50, M=1)
    assert abs(Fraction(*_ratio(third)) - Fraction(10, 21)) < Fraction(1, 10**50)
    tenth = compile_expression(M * sp.Float(0.1)).at_precision(60, M=1)
    assert Fraction(*_ratio(tenth)) == Fraction(0.1)


def _ratio(value):
    return mpmath.libmp.to_rational(value._mpf_)


def test_cancellation_is_seen_and_overcome():
    f = compile_expression(sp.sqrt(m_S**2 + 1) - m_S)
    value = f.at_precision(25, m_S=10**40)
    assert abs(Fraction(*_ratio(value)) * 2 * 10**40 - 1) < Fraction(1, 10**24)
    assert f(m_S=10**12) == 0.0  # float64 cannot
    assert compile_expression(sp.log(m_S)).at_precision(30, m_S=1) == 0


def test_overflow_inside_is_not_hidden_by_a_cap():
    f = compile_expression(sp.Min(1000, sp.log(d * m_S / delta)) + D_TV)
    points = {"d": [3, 50, 3], "m_S": [10, 10**9, 10], "delta": [0.1, 1e-300, 1e-3], "D_TV": 0}
    out = f(**points)
    assert out == pytest.approx([math.log(300), math.log(50) + 309 * math.log(10), math.log(30000)], rel=1e-14)
    assert f(d=50, m_S=10**9, delta=1e-300, D_TV=0) == out[1]
    assert compile_expression(sp.exp(x))(x=1400) == math.inf
    assert compile_expression(sp.sqrt(sp.exp(x) + 1))(x=[1.0, 1400.0])[1] == pytest.approx(math.exp(700), rel=1e-12)


def test_precision_is_local():
    before = mpmath.mp.prec
    value = compile_expression(sp.sqrt(m_S)).at_precision(100, m_S=2)
    assert mpmath.mp.prec == before
    assert abs(Fraction(*_ratio(value)) ** 2 - 2) < Fraction(1, 10**99)
    with mpmath.workdps(5):
        again = compile_expression(sp.sqrt(m_S)).at_precision(100, m_S=2)
    assert again == value


@pytest.mark.parametrize("digits", [0, -3, 2.5])
def test_digits_are_a_positive_integer(digits):
    with pytest.raises(ValueError, match=f"Found {digits}"):
        compile_expression(M + 1).at_precision(digits, M=1)


def test_compiled_expressions_can_be_sent_to_other_processes():
    f = compile_expression(constants().T + n_log_en(m_S))
    again = pickle.loads(pickle.dumps(f))  # noqa: S301 - our own bytes
    assert isinstance(again, Compiled)
    assert again == f
    assert again(m_S=3, m_G=2, d=4, delta=0.1) == f(m_S=3, m_G=2, d=4, delta=0.1)


_c = constants()
_EXPRESSIONS = [
    _c.M * _c.D_TV * m_G / (m_S + m_G),
    _c.beta * (n_ceil_log2(m_S) + n_log_en(m_G)),
    _c.T + n_log_en(m_S) / 3,
    nll_risk,
    zero_one_risk,
]
_COUNTS = st.one_of(st.integers(1, 100), st.integers(1, 2**53))
_STRATEGIES = {
    "m_S": _COUNTS,
    "m_G": st.one_of(st.just(0), _COUNTS),
    "d": _COUNTS,
    "delta": st.one_of(st.floats(1e-300, 0.99), st.floats(0.5, 1 - 2**-53)),
    "sigma": st.floats(1e-3, 1e3),
    "squared_distance": st.floats(0, 1e12),
    "theta_norm": st.floats(1e-2, 1e3),
    "theta_dot_mu": st.floats(-5, 5),
}


@settings(max_examples=40, deadline=None)
@given(st.data())
@pytest.mark.parametrize("expression", _EXPRESSIONS, ids=str)
def test_float64_agrees_with_fifty_digits_up_to_conditioning(expression, data):
    # Rounding inside is like rounding the arguments: the error is measured against what moving each argument by a
    # few units in the last place does to the exact value.
    f = compile_expression(expression)
    point = {s.name: data.draw(_STRATEGIES[s.name], label=s.name) for s in f.arguments}
    exact = f.at_precision(50, **point)
    allowed = 16 * float(EPS) * abs(exact) + 1e-300
    for symbol in f.arguments:
        if not symbol.is_integer:
            near = Fraction(point[symbol.name]) * (1 - 8 * EPS)
            allowed += abs(f.at_precision(50, **(point | {symbol.name: near})) - exact)
    assert abs(f(**point) - exact) <= allowed
