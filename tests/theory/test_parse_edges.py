"""The parser at its edges: limits to the last unit, what a message shows, near-misses of the grammar."""

import time

import pytest
import sympy as sp

from theory.parse import ParseError, parse_assumptions, parse_expression, parse_relation, to_text

m, p = sp.symbols("m p", positive=True)
s, t = sp.symbols("s t", real=True)
d = sp.Symbol("d", positive=True, integer=True)
NAMES = {"m": m, "s": s, "t": t, "p": p, "d": d}
MANY = {c: sp.Symbol(c, real=True) for c in "abcdefghijkxyz"}


def read(text):
    return parse_expression(text, NAMES)


def relation(text):
    return parse_relation(text, NAMES)


def refusal(enter, text):
    with pytest.raises(ParseError) as caught:
        enter(text)
    return caught.value


# ---------------------------------------------------------------- reading

READ = {
    "--m": m,
    "- + -m": m,
    "2**-2**2": sp.Rational(1, 16),
    "-m**-2": -(m**-2),
    "s/t/p": s / (t * p),
    "s/(t/p)": s * p / t,
    "s - (t - p)": s - t + p,
    "1/2**2": sp.Rational(1, 4),
    "m ** - s": m**-s,
    "max (m, s)": sp.Max(m, s),
    "01.5": sp.Rational(3, 2),
    "1e0000000000000000000000000001": sp.Integer(10),
    "1.e2": sp.Integer(100),
    "max(s, min(t, p))": sp.Max(s, sp.Min(t, p)),
    "min(s, max(t, min(s, p)), min(t, p))": sp.Min(s, t, p, sp.Max(t, sp.Min(s, p), evaluate=False), evaluate=False),
    "max(s, s)": s,
    "log(exp(s))": s,
    "abs(p)": sp.Abs(p, evaluate=False),
    "m**(s - s)": sp.Integer(1),
    "(-m)**2": m**2,
    "(-m)**d": (-m) ** d,
}


@pytest.mark.parametrize(("text", "expected"), READ.items(), ids=READ)
def test_an_expression_at_the_edge_is_read(text, expected):
    assert read(text) == expected


REFUSED = [
    "m**(1/0)",
    "0**0",
    "m!",
    "m²",
    "mﬁ",
    "ｍ",
    "m٣",
    "1٣",
    "1e٣",
    "1e",
    "1e+",
    "1e+-3",
    "1e5e5",
    "1.2.3",
    ".e5",
    "1_000",
    "0x10",
    "1j",
    "01",
    "m* *2",
    "1e400",
    "0e400",
    "1e-999999999",
    "m == m",
    "1 < m",
    "m = 1",
    "log(-m)",
    "log(-2*m - 1)",
    "(-m)**s",
    "(-m)**(1/3)",
    "log(m - m)",
    "m/(m - m)",
    "(m - m)**(s - s)",
    "(m)(s)",
    "2m",
    "()",
    "m()",
    "(,)",
    "m,",
    "(" * 10000,
    "(" * 5000 + "m" + ")" * 5000,
    "log(" * 50 + "m" + ")" * 50,
    "exp(1000 - log(2))",
    "exp(2000 + log(p))",
]


@pytest.mark.parametrize("text", REFUSED, ids=range(len(REFUSED)))
def test_a_near_miss_is_refused_at_once(text):
    names = NAMES | {"m2": s, "mfi": s, "m3": s, "e": s}  # what NFKC or a missing sign would make of some
    start = time.perf_counter()
    with pytest.raises(ParseError):
        parse_expression(text, names)
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("t=1", 2),
        ("t===1", 4),
        ("t = = 1", 3),
        ("t=<1", 2),
        ("t=>1", 2),
        ("t<>1", 3),
        ("t!1", 2),
        ("!t", 1),
        ("t>1 && s>1", 6),
        ("t>1 || s>1", 6),
        ("t > 1 and or s > 1", 11),
        ("& t>1", 1),
        ("t > 1 |", 7),
        ("True True", 6),
        ("True > 0", 1),
        ("(t>1)==(s>1)", 2),
        ("t>(s>1)", 4),
        ("t > 1, s > 1", 1),
        ("t > 1 and 01 > 2", 11),
        ("t>1e400", 3),
        ("t > 1/(s - s)", 8),
    ],
    ids=lambda x: str(x),
)
def test_a_near_miss_of_a_condition_is_refused_at_its_character(text, column):
    assert refusal(relation, text).column == column


def test_a_condition_that_is_not_linear_stays_as_it_is():
    assert relation("p*d > 0") == sp.Gt(p * d, 0, evaluate=False)
    assert relation("p > d*s") == sp.Gt(p, d * s, evaluate=False)
    assert relation("0 > p*d") == sp.Gt(0, p * d, evaluate=False)
    assert relation("p + d > 0") == sp.true


def test_a_relation_and_its_opposite_are_seen_wherever_the_brackets_are():
    texts = [
        "({e} == t) | ({e} != t)",
        "(s < p | {e} == t) | ({e} != t)",
        "((s < p | s > 3) | {e} == t) | ({e} != t)",
        "s < p | ({e} == t | (s > 3 | {e} != t))",
    ]
    for text in texts:
        assert relation(text.format(e="log(m)")) == sp.true
        opposite = text.replace("|", "&").format(e="log(m)")
        assert relation(opposite) == sp.false


# ---------------------------------------------------------------- messages


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("((m)", 1),
        ("(m + (s", 6),
        ("(m + (s) + (t", 12),
        ("m + 007*s", 5),
        ("log(08) + 1", 5),
        ("x + y + z", 1),
        ("m - x - y", 5),
        ("m + x*y", 5),
        ("max(x, y)", 5),
        ("*m", 1),
        ("**m", 1),
        ("m + *s", 5),
    ],
    ids=lambda x: str(x),
)
def test_the_first_offending_character_is_named(text, column):
    assert refusal(read, text).column == column


def test_a_star_has_nothing_before_it():
    assert str(refusal(read, "*m")).startswith("nothing before '*' at column 1")


def test_the_hint_about_declarations_is_for_conditions():
    assert "assumption of its own" in str(refusal(relation, "t in N"))
    assert "assumption of its own" not in str(refusal(read, "t in N"))


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (0, 59, "'x" + " " * 59 + "'"),
        (0, 60, "'x" + " " * 59 + "'..."),
        (59, 0, "'" + " " * 59 + "x'"),
        (60, 0, "...'" + " " * 59 + "x'"),
        (30, 31, "'" + " " * 30 + "x" + " " * 29 + "'..."),
        (100, 100, "...'" + " " * 30 + "x" + " " * 29 + "'..."),
    ],
)
def test_a_message_shows_sixty_characters_around_the_place(before, after, shown):
    message = str(refusal(read, " " * before + "x" + " " * after))
    assert f" at column {before + 1} of {shown}; known names" in message


# ---------------------------------------------------------------- limits


def product(count, of=tuple(MANY)):
    return "*".join(of[:count])


ROOT_10, ROOT_11 = f"sqrt({product(10)})", f"sqrt({product(11)})"
LIMITS = {
    "nodes": ("+".join(["m*s*t"] * 19) + "+m*s*-t", "+".join(["m*s*t"] * 19) + "+m*-s*-t"),
    "powers of ten": ("0.1e155", "0.01e156"),
    "powers of ten of zero": ("0e155", "0e156"),
    "bits": ("1e154", "10e154"),
    "fractions": ("m**(9999/1000)", "m**(10001/1000)"),
    "bits of a power": ("2**(16382*s)", "2**(16385*s)"),
    "denominators of a sum": ("2**(1/(s/100 + t/99))", "2**(1/(s/100 + t/99 + p/7))"),
    "degrees of roots": ("2**(1/50) + sqrt(3)", "2**(1/50) + 3**(1/3)"),
    "degrees of sums": ("(m**8 + 1)*(m**8 + 2)", "(m**9 + 1)*(m**8 + 2)"),
    "degrees below": ("m**4 + 1/m**6", "m**4 + 1/m**7"),
    "unclear signs": (f"sqrt({product(12)})", f"sqrt({product(13)})"),
    "unclear signs in all": (f"{ROOT_10} + {ROOT_10} + {ROOT_10}", f"{ROOT_10} + {ROOT_10} + {ROOT_11}"),
    "exponents that split off": ("exp(100 + log(p))", "exp(101 + log(p))"),
}


@pytest.mark.parametrize(("within", "beyond"), LIMITS.values(), ids=LIMITS)
def test_a_limit_is_exact(within, beyond):
    names = NAMES | MANY
    assert parse_expression(within, names) is not None
    with pytest.raises(ParseError):
        parse_expression(beyond, names)


def test_the_sign_of_a_sum_is_not_looked_for_in_a_root():
    text = "sqrt(" + " + ".join(f"{c}*{e}" for c in "abc" for e in "xyz") + ")"
    assert parse_expression(text, MANY).exp == sp.S.Half


# ---------------------------------------------------------------- assumptions


def test_twenty_assumptions_and_eight_names_are_read():
    assert len(parse_assumptions(["x in R"] * 20)[0]) == 1
    assert len(parse_assumptions([f"{c} > 0" for c in "abcdefgh"])[0]) == 8


@pytest.mark.parametrize(
    ("within", "beyond"),
    [
        ([f"{c} < 1" for c in "abcdefgh"], [*(f"{c} < 1" for c in "abcdefgh"), "a < b"]),
        (["s**24 > 1"], ["s**25 > 1"]),
        ([f"{c}**2 > 1" for c in "abc"], [f"{c}**2 > 1" for c in "abcd"]),
        ([f"{c} != 1" for c in "abc"], [f"{c} != 1" for c in "abcd"]),
        ([" | ".join(f"a < {k}" for k in range(24))], [" | ".join(f"a < {k}" for k in range(25))]),
        ([" | ".join(f"a*b < {k}" for k in range(12))], [" | ".join(f"a*b < {k}" for k in range(13))]),
    ],
    ids=["conditions", "degree", "squares", "unequal", "linear cases", "cases"],
)
def test_how_much_of_assumptions_is_checked(within, beyond):
    parse_assumptions(within)
    with pytest.raises(ValueError, match="too many, or of too high a degree"):
        parse_assumptions(beyond)


@pytest.mark.parametrize(("length", "dots"), [(200, False), (201, True)])
def test_a_contradiction_shows_two_hundred_characters(length, dots):
    texts = ["t > 1", "t < 0"]
    texts[1] += " " * (length - len("; ".join(texts)))
    with pytest.raises(ValueError, match="contradict one another") as caught:
        parse_assumptions(texts)
    assert str(caught.value).endswith(" ....") is dots


def test_an_assumption_that_is_made_twice_is_one_condition():
    names, conditions = parse_assumptions(["t > 1", "t > 1", "2 > 1", "t > 1 & t < 2"])
    assert conditions == (names["t"] > 1, names["t"] < 2)


@pytest.mark.parametrize(
    ("texts", "positive", "nonnegative"),
    [
        (["s == 2"], True, True),
        (["2 == s"], True, True),
        (["0 == s"], None, True),
        (["-2 == s"], None, None),
        (["s == t"], None, None),
        (["2 < s"], True, True),
        (["0 <= s"], None, True),
        (["s > 0 | s > 1"], None, None),
    ],
    ids=str,
)
def test_a_sign_is_learned_from_either_side(texts, positive, nonnegative):
    symbol = parse_assumptions(texts)[0]["s"]
    assert (symbol.is_positive, symbol.is_nonnegative) == (positive, nonnegative)


@pytest.mark.parametrize(
    "texts",
    [
        ["s**2 < 0"],
        ["s**2 == -1"],
        ["1/s == 0"],
        ["s - s > 0"],
        ["s*t > s*t"],
        ["s >= 0", "s <= 0", "s != 0"],
        ["s == 0", "s in N"],
        ["x > 1/3", "x < 1/2", "x in Z"],
        ["s > 0", "1/s < 0"],
        ["1/(s - t) > 0", "s < t"],
        ["s**3 - s > 0", "s > 0", "s < 1"],
        ["x == y", "y == z", "x != z"],
        ["x > y & y > z", "z > x"],
    ],
    ids=str,
)
def test_a_contradiction_is_seen(texts):
    with pytest.raises(ValueError, match="contradict one another"):
        parse_assumptions(texts)


@pytest.mark.parametrize("name", ["N", "E", "I", "pi", "S", "integer", "_", "print", "match", "M"])
def test_a_name_that_means_something_elsewhere_is_only_a_name(name):
    names, conditions = parse_assumptions([f"{name} in N", f"{name} > 2"])
    assert names[name] == sp.Symbol(name, real=True, integer=True, positive=True)
    assert conditions == (names[name] > 2,)
    assert parse_expression(to_text(names[name] ** 2), names) == names[name] ** 2


@pytest.mark.parametrize("text", ["in in N", "and integer", "log integer", "s in n", "s\tin N", "s, t in N", "s in"])
def test_what_looks_like_a_declaration_is_refused(text):
    with pytest.raises(ParseError):
        parse_assumptions([text])


# ---------------------------------------------------------------- texts


@pytest.mark.parametrize(
    "text",
    [
        "sqrt(3*sqrt(6)/4)",
        "sqrt(5*sqrt(2)/4)",
        "(m**s)**t",
        "m**s**t",
        "m**(-s)**2",
        "s - (t - p)/2 - 1",
        "3*(s + t)/(4*p) - (s + t)",
        "1/(2*(s + t))",
        "1/(m**s*(s + t))",
        "m/(s*(t + 1)**2)",
        "2**s/3**t",
        "m**(1/3)/(s + 1)**(2/3)",
        "exp(-max(s, t)/2)",
        "abs(p) + abs(-s)",
    ],
)
def test_what_is_read_is_written_so_that_it_is_read_back(text):
    expr = read(text)
    assert read(to_text(expr)) == expr


def test_a_denominator_that_sympy_holds_together_is_written_in_brackets():
    expr = sp.Pow(s * t, -1, evaluate=False)
    assert to_text(expr) == "1/(s*t)"
    assert to_text(sp.Mul(m, expr, evaluate=False)) == "m/(s*t)"


@pytest.mark.parametrize("kind", ["min", "max"])
@pytest.mark.parametrize("count", [2, 8, 9, 15, 20])
def test_an_extreme_of_many_is_written_so_that_it_is_read_back(kind, count):
    expr = (sp.Min if kind == "min" else sp.Max)(*(t + k * s for k in range(count)), evaluate=False)
    assert len(expr.args) == count
    assert read(to_text(expr)) == expr
