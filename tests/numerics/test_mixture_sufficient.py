"""The sampler through sufficient statistics: equal in law to the literal one, exact means, streams, replays, bad input.

The comparison of laws is one family of two-sample Kolmogorov-Smirnov tests, at a chance of `FALSE_ALARM` over all seeds
that any of them alarms falsely (Bonferroni). z-tests are two-sided, with a chance of a false alarm below 1e-5 each.
"""

import math
import random

import numpy as np
import pytest
from scipy import stats

from numerics import mixture_draws, mixture_sufficient
from numerics.compile import compile_expression
from numerics.mixture import simulate
from numerics.mixture_draws import FreshDraws, PointDraws, RealDraws
from numerics.mixture_samples import Stream, generated_counts, generator, real_counts
from theory.mixture_risk import expected_gap, expected_test_risk
from theory.symbols import m_S, n

FALSE_ALARM = 1e-3
REPEATS = 2500
Z = 4.5


def same(a, b):
    return np.array_equal(a.test_risk, b.test_risk) and np.array_equal(a.train_risk, b.train_risk)


# Equality in law


def _settings():
    # Every combination of protocol choices, at random sizes; m_G = 1, 2, 3 in each.
    draw = random.Random(1)
    found = []
    for number in range(24):
        labels, variance = ("balanced", "iid")[number % 2], ("pooled", "per-class")[number // 2 % 2]
        risk = "exact" if number % 3 else draw.choice((1, 2, 7))
        size = draw.choice((4, 5, 6, 7, 9, 12, 20)) if number > 3 else 4
        few = (f"{draw.choice((1, 2, 3)) if number > 11 else 1 + number % 3}/{size}", draw.randint(1, 6))
        found.append((size, draw.choice((1, 2, 3, 5)), few, {"labels": labels, "variance": variance, "risk": risk}))
    return found


SETTINGS = _settings()
QUANTITIES = ("gap", "test_risk", "train_risk")
TESTS = sum(len(gammas) for _, _, gammas, _ in SETTINGS) * len(QUANTITIES)
LEVEL = FALSE_ALARM / TESTS


def _cells(sampler, setting, repeats=REPEATS):
    size, d, gammas, protocol = setting
    seed = ("literal", "sufficient").index(sampler)
    return simulate(size, d, gammas, repeats=repeats, seed=seed, sampler=sampler, **protocol).cells


@pytest.fixture(scope="module")
def literal():
    return [_cells("literal", setting) for setting in SETTINGS]


def _alarms(literal, settings=SETTINGS):
    found = []
    for setting, cells in zip(settings, literal, strict=True):
        for ours, theirs in zip(_cells("sufficient", setting), cells, strict=True):
            pairs = ((getattr(ours, name), getattr(theirs, name)) for name in QUANTITIES)
            found += [stats.ks_2samp(a, b, method="asymp").pvalue < LEVEL for a, b in pairs]
    return sum(found)


def test_the_law_is_that_of_the_literal_sampler(literal):
    assert {protocol["labels"] + protocol["variance"] for *_, protocol in SETTINGS} == {
        a + b for a in ("balanced", "iid") for b in ("pooled", "per-class")
    }
    assert {cell.m_G for cells in literal for cell in cells} >= {1, 2, 3}
    assert TESTS == 144
    assert _alarms(literal) == 0


def _without(kind, name, value=0.0):
    # A mutant that draws a constant in the place of a noise source.
    plain = kind.draw

    def draw(self, *args):
        numbers = plain(self, *args)
        numbers[name][...] = value(self, args[0]) if callable(value) else value
        return numbers

    return kind, "draw", draw


def _mean_degrees(_rng, degrees, out):
    out[...] = np.maximum(degrees, 0)
    return out


def _one_degree_more(plain):
    return lambda rng, degrees, out: plain(rng, np.asarray(degrees) + 1, out)


MUTANTS = {
    "pooled variance over m_S - 1": (mixture_draws, "pooled_denominator", m_S - 1),
    "pooled variance over m_S": (mixture_draws, "pooled_denominator", m_S),
    "no noise in the mean of S": _without(RealDraws, mixture_draws.c_1),
    "no noise between the classes of S": _without(RealDraws, mixture_draws.c_2),
    "no scatter in S's losses": _without(RealDraws, mixture_draws.q),
    "no noise in S_G, first axis": _without(FreshDraws, mixture_draws.x_1),
    "no noise in S_G, second axis": _without(FreshDraws, mixture_draws.x_2),
    "no scatter in S_G": _without(FreshDraws, mixture_draws.r),
    "no noise in the mean of the test points": _without(PointDraws, mixture_draws.t_1),
    "no scatter in the test points": _without(PointDraws, mixture_draws.v),
    "per-class variance over n": (mixture_draws, "class_denominator", n),
    "scatters without noise": (mixture_draws, "chi_square", _mean_degrees),
    "a degree of freedom too many": (mixture_draws, "chi_square", _one_degree_more(mixture_draws.chi_square)),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_wrong_law_is_found(mutant, literal, monkeypatch):
    some = slice(12)
    monkeypatch.setattr(*MUTANTS[mutant])
    assert _alarms(literal[some], SETTINGS[some]) > 0


# Closed forms


@pytest.mark.parametrize("variance", ["pooled", "per-class"])
@pytest.mark.parametrize(
    ("size", "d", "gammas"), [(10, 3, [0, 1, 5]), (4, 20, [0, 0.5, 10]), (40, 1, [0, 2]), (6, 2, ["1/3", 50])]
)
def test_means_are_the_exact_ones(size, d, gammas, variance):
    gap, test_risk = (compile_expression(fact().claimed) for fact in (expected_gap, expected_test_risk))
    for cell in simulate(size, d, gammas, repeats=20_000, seed=11, variance=variance, sampler="sufficient").cells:
        at = {"m_S": size, "m_G": cell.m_G, "d": d}
        assert gap(**at) == pytest.approx(d * (size + 2 * cell.m_G) / (size + cell.m_G) ** 2)
        found = cell.summary()
        assert abs(found["mean_gap"] - gap(**at)) / found["sem_gap"] < Z
        assert abs(found["mean_test_risk"] - test_risk(**at)) / found["sem_test_risk"] < Z


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_without_augmentation_the_mean_gap_is_d_over_m_S_at_any_size(size):
    found = simulate(size, 5, [0], repeats=20_000).cells[0].summary()
    assert abs(found["mean_gap"] - 5 / size) / found["sem_gap"] < Z
    assert abs(found["mean_test_risk"] - 2.5 * (1 + 1 / size)) / found["sem_test_risk"] < Z


@pytest.mark.parametrize("labels", ["balanced", "iid"])
@pytest.mark.parametrize("variance", ["pooled", "per-class"])
def test_sizes_that_no_one_draws(labels, variance):
    """Up to 10^12 examples: the mean of the test risk, and what varies in the train risk, the scatters of S and S_G."""
    size, d = 10**9, 20
    simulation = simulate(size, d, [0, 1, 1000], repeats=4000, labels=labels, variance=variance)
    exact = compile_expression(expected_test_risk().claimed)
    for cell in simulation.cells:
        excess = cell.test_risk - d / 2
        expected = exact(m_S=size, m_G=cell.m_G, d=d) - d / 2
        assert abs(excess.mean() - expected) < Z * excess.std() / math.sqrt(excess.size)
        total = size + cell.m_G
        spread = math.sqrt(d / 2 * (1 / size + cell.m_G / total**2))
        assert cell.train_risk.std() == pytest.approx(spread, rel=Z / math.sqrt(2 * 4000))


def test_more_test_points_than_anyone_draws_give_the_exact_risk():
    exact, estimated = (simulate(6, 10**4, [0, 1], repeats=3, risk=risk).cells for risk in ("exact", 10**15))
    for a, b in zip(exact, estimated, strict=True):
        np.testing.assert_allclose(b.test_risk, a.test_risk, rtol=1e-8)


# Streams

PROTOCOLS = [
    {"labels": "balanced"},
    {"labels": "iid"},
    {"labels": "iid", "variance": "per-class"},
    {"labels": "balanced", "variance": "per-class", "risk": 3},
    {"labels": "balanced", "risk": 37},
]


@pytest.mark.parametrize("kwargs", PROTOCOLS, ids=str)
@pytest.mark.parametrize("d", [1, 3, 100, 3000, 20_000])
def test_results_do_not_depend_on_the_chunk(kwargs, d, monkeypatch):
    repeats = max(8, 9000 // d)  # more than are drawn at a time
    reference = simulate(7, d, [0, 1, 3], repeats=repeats, seed=3, **kwargs)
    monkeypatch.setattr(mixture_sufficient, "EVALUATED", 3000)
    for chunk in (1, 7, 997, 10**6)[d < 10 :]:
        other = simulate(7, d, [0, 1, 3], repeats=repeats, seed=3, chunk=chunk, **kwargs)
        assert all(same(a, b) for a, b in zip(reference.cells, other.cells, strict=True))
        assert other.redraws == reference.redraws


@pytest.mark.parametrize("kwargs", PROTOCOLS, ids=str)
def test_a_cell_does_not_depend_on_the_other_gammas(kwargs):
    alone = simulate(6, 2, [5], repeats=40, **kwargs).cells[0]
    for gammas in ([0, 5], [5, 0], [1, 0.5, 5, 5]):
        cells = simulate(6, 2, gammas, repeats=40, **kwargs).cells
        assert [float(cell.gamma) for cell in cells] == gammas
        for cell in cells:
            assert same(cell, alone) == (cell.gamma == 5)
    none = (simulate(6, 2, gammas, repeats=40, **kwargs).cells[0] for gammas in ([0], [0, 5]))
    assert same(*none)


@pytest.mark.parametrize("kwargs", PROTOCOLS, ids=str)
@pytest.mark.parametrize("d", [1, 150])
def test_fewer_repeats_are_the_first_of_more(kwargs, d):
    few, many = (simulate(5, d, [0, 2], repeats=repeats, **kwargs) for repeats in (30, 2100))
    for a, b in zip(few.cells, many.cells, strict=True):
        assert np.array_equal(a.gap, b.gap[:30])


def test_every_part_of_the_key_changes_the_stream():
    base = simulate(6, 2, [0, 1], repeats=20)
    for other in (
        simulate(6, 2, [0, 1], repeats=20, seed=1),
        simulate(8, 2, [0, 1], repeats=20),
        simulate(6, 2, [0, 1], repeats=20, labels="iid"),
        simulate(6, 2, [0, 1], repeats=20, sampler="literal"),
    ):
        for a, b in zip(base.cells, other.cells, strict=True):
            assert not np.isclose(a.gap, b.gap).any()


def test_protocol_choices_change_no_random_number_of_S():
    reference = simulate(8, 3, [0, 2], repeats=30)
    assert all(
        same(a, b)
        for kwargs in ({"sigma": 7.0}, {"mu": [0.6, 0.0, -0.8]}, {"sampler": "sufficient"})
        for a, b in zip(reference.cells, simulate(8, 3, [0, 2], repeats=30, **kwargs).cells, strict=True)
    )
    estimated = simulate(8, 3, [0, 2], repeats=30, risk=11)
    for a, b in zip(reference.cells, estimated.cells, strict=True):
        assert np.array_equal(a.train_risk, b.train_risk)
        assert not np.isclose(a.test_risk, b.test_risk).any()
    per_class = simulate(8, 3, [0, 2], repeats=30, variance="per-class")
    assert same(reference.cells[0], per_class.cells[0])
    assert not same(reference.cells[1], per_class.cells[1])


def test_test_points_are_shared_by_the_cells():
    exact, estimated = (simulate(8, 3, [0, 1, 1], repeats=400, risk=risk).cells for risk in ("exact", 20))
    noise = [b.test_risk - a.test_risk for a, b in zip(exact, estimated, strict=True)]
    assert np.array_equal(noise[1], noise[2])
    assert np.corrcoef(noise[0], noise[1])[0, 1] > 0.5


# Exact replays: the documented streams turned into points, and these into risks by their definition


def _points(size, mean, scatter):
    # Some points of the given mean and sum of squares about it.
    pattern = np.arange(size) - (size - 1) / 2
    length = math.sqrt((pattern**2).sum())
    return mean + (math.sqrt(scatter) * pattern / length if length else 0 * pattern)


def _two_classes(sizes, common, contrast, scatter):
    # Points of two classes from the normals of the mean and of the difference; the scatter goes where it has room.
    total = sum(sizes)
    if 0 in sizes:
        return [_points(k, common / math.sqrt(total), scatter + contrast**2) if k else np.empty(0) for k in sizes]
    difference = contrast * math.sqrt(total / (sizes[0] * sizes[1]))
    means = (common / math.sqrt(total) + sizes[1] / total * difference, common / math.sqrt(total))
    means = (means[0], means[0] - difference)
    room = int(sizes[1] > sizes[0])
    return [_points(k, mean, scatter * (c == room)) for c, (k, mean) in enumerate(zip(sizes, means, strict=True))]


def _replay(settings, m_G):
    d, repeats, size = settings.d, settings.repeats, settings.m_S
    open_stream = lambda stream, *key: generator(settings, stream, *key)  # noqa: E731
    n_counts, g_counts = real_counts(settings)[0], generated_counts(settings, m_G)
    S = open_stream(Stream.S_MEANS).standard_normal((repeats, 2, d))
    Q = 2 * open_stream(Stream.S_SCATTER).standard_gamma((size - 2) / 2, (repeats, d))
    W = open_stream(Stream.S_G_MEANS, m_G).standard_normal((repeats, 2, d))
    pooled = settings.variance == "pooled"
    fresh_degrees = np.full((repeats, 1, d), m_G - 2) if pooled else np.repeat(g_counts[..., None] - 1, d, axis=2)
    R = 2 * open_stream(Stream.S_G_SCATTER, m_G).standard_gamma(np.maximum(fresh_degrees, 0) / 2)
    halves = ((n_counts - 1) / 2)[..., None].repeat(d, axis=2)
    split = open_stream(Stream.S_SPLIT).beta(halves[:, 0], halves[:, 1])
    T = open_stream(Stream.TEST_MEANS).standard_normal((repeats, d))
    V = 2 * open_stream(Stream.TEST_SCATTER).standard_gamma(d * (int(settings.risk) - 1) / 2, repeats)
    test, train = np.zeros((2, repeats))
    for r in range(repeats):
        for k in range(d):
            real = _two_classes(n_counts[r], *S[r, :, k], Q[r, k])
            if pooled:
                scale = math.sqrt(Q[r, k] / (size - 2))
                contrast = W[r, 1, k] * (m_G > 1)
                new = [scale * u for u in _two_classes(g_counts[r], W[r, 0, k], contrast, R[r, 0, k])]
            else:
                shares = Q[r, k] * np.array([split[r, k], 1 - split[r, k]])
                scales = np.sqrt(shares / (n_counts[r] - 1))
                new = [
                    s * _points(g, w / math.sqrt(g), x) if g else np.empty(0)
                    for s, g, w, x in zip(scales, g_counts[r], W[r, :, k], R[r, :, k], strict=True)
                ]
            means = [u.mean() for u in real]
            everything = np.concatenate([*real, *(u + a for u, a in zip(new, means, strict=True))])
            theta = everything.mean()
            train[r] += ((everything - theta) ** 2).mean() / 2
            points = _points(int(settings.risk), T[r, k] / math.sqrt(int(settings.risk)), V[r] if k == 0 else 0)
            test[r] += ((points - theta) ** 2).mean() / 2
    return test, train


@pytest.mark.parametrize("variance", ["pooled", "per-class"])
@pytest.mark.parametrize("labels", ["balanced", "iid"])
@pytest.mark.parametrize("size", [5, 6, 9])
def test_the_risks_are_those_of_points_with_these_statistics(size, labels, variance):
    gammas = [f"{m_G}/{size}" for m_G in (1, 2, 3, 4, 11, 40)]
    simulation = simulate(size, 2, gammas, repeats=25, labels=labels, variance=variance, risk=7, sampler="sufficient")
    for cell in simulation.cells:
        test_risk, train_risk = _replay(simulation.settings, cell.m_G)
        np.testing.assert_allclose(cell.test_risk, test_risk, rtol=1e-11)
        np.testing.assert_allclose(cell.train_risk, train_risk, rtol=1e-11)


# Arguments


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"sampler": "lazy"}, "sampler must be one of literal, sufficient. Found 'lazy'."),
        (
            {"loss": "zero_one", "sampler": "sufficient"},
            "sampler must be literal for loss zero_one, as it needs every example. Found 'sufficient'.",
        ),
        ({"chunk": 0}, "chunk must be an integer >= 1. Found 0."),
        ({"chunk": 2.5}, "chunk must be an integer >= 1. Found 2.5."),
        ({"m_S": 10**15}, "m_S + m_G must be at most 1e+15. Found 2000000000000000."),
        ({"risk": 10**16}, "risk must be at most 1e+15. Found 10000000000000000."),
        ({"repeats": 10**14}, "repeats * d * (number of gammas) must be at most 1e+14. Found 400000000000000."),
        ({"m_S": 2}, "m_S must be >= 3 with balanced labels and pooled variance. Found 2."),
        ({"m_S": 3, "labels": "iid"}, "m_S must be >= 4 with iid labels and pooled variance. Found 3."),
    ],
    ids=str,
)
def test_bad_arguments_are_refused_in_one_line(kwargs, message):
    with pytest.raises(ValueError, match=r".*") as caught:
        simulate(**({"m_S": 10, "d": 2, "gammas": [0, 1]} | kwargs))
    assert str(caught.value) == message


def test_the_loss_decides_the_sampler_unless_one_is_asked_for():
    found = [
        simulate(6, 2, [0, 1], repeats=4, **kwargs).settings.sampler
        for kwargs in ({}, {"loss": "zero_one"}, {"sampler": "literal"}, {"loss": "zero_one", "sampler": "literal"})
    ]
    assert found == ["sufficient", "literal", "literal", "literal"]


@pytest.mark.parametrize(
    ("size", "kwargs"),
    [(3, {}), (4, {"variance": "per-class"}), (4, {"labels": "iid"}), (4, {"labels": "iid", "variance": "per-class"})],
)
def test_the_smallest_sizes_give_numbers(size, kwargs):
    for cell in simulate(size, 2, [0, f"1/{size}", f"2/{size}", 1, 4], repeats=200, **kwargs).cells:
        assert np.isfinite(cell.gap).all()
        assert cell.gap.std() > 0
