"""The literal Monte Carlo: streams, exact replays, closed forms, and an independent simulation.

Statistical tests are seeded; each is a two-sided test whose chance of a false alarm, over all seeds, is below 1e-5
(|z| < 4.5), so the whole file alarms falsely for fewer than one seed in 1000.
"""

import math
import tracemalloc
from fractions import Fraction
from functools import partial

import numpy as np
import pytest
import sympy as sp
from scipy import stats

from numerics import mixture, mixture_run, mixture_samples
from numerics.compile import compile_expression
from numerics.mixture_samples import Sample, class_squares, class_sums, generated_counts, real_counts
from theory.gaussian_mixture import pooled_denominator
from theory.mixture_risk import expected_gap, expected_test_risk, nll, zero_one_risk
from theory.symbols import m_S

simulate = partial(mixture.simulate, sampler="literal")

Z = 4.5


def same(a, b):
    return np.array_equal(a.test_risk, b.test_risk) and np.array_equal(a.train_risk, b.train_risk)


# Streams

SETTINGS = [
    {"labels": "balanced", "loss": "nll"},
    {"labels": "iid", "loss": "nll"},
    {"labels": "iid", "loss": "zero_one", "variance": "per-class"},
    {"labels": "balanced", "loss": "nll", "risk": 37},
]


@pytest.mark.parametrize("kwargs", SETTINGS, ids=str)
@pytest.mark.parametrize("d", [1, 3])
def test_results_do_not_depend_on_the_chunk(kwargs, d):
    reference = simulate(7, d, [0, 1, 3], repeats=50, seed=3, **kwargs)
    for chunk in (1, 2, 7, 50, 1000):
        other = simulate(7, d, [0, 1, 3], repeats=50, seed=3, chunk=chunk, **kwargs)
        assert all(same(a, b) for a, b in zip(reference.cells, other.cells, strict=True))
        assert other.redraws == reference.redraws


@pytest.mark.parametrize("kwargs", SETTINGS, ids=str)
def test_a_cell_does_not_depend_on_the_other_gammas(kwargs):
    alone = simulate(6, 2, [5], repeats=40, **kwargs).cells[0]
    for gammas in ([0, 5], [5, 0], [1, 0.5, 5, 5]):
        cells = simulate(6, 2, gammas, repeats=40, **kwargs).cells
        assert [float(cell.gamma) for cell in cells] == gammas
        for cell in cells:
            assert same(cell, alone) == (cell.gamma == 5)


@pytest.mark.parametrize("kwargs", SETTINGS, ids=str)
def test_fewer_repeats_are_the_first_of_more(kwargs):
    few, many = (simulate(5, 2, [0, 2], repeats=repeats, **kwargs) for repeats in (30, 2100))
    for a, b in zip(few.cells, many.cells, strict=True):
        assert np.array_equal(a.gap, b.gap[:30])
    assert few.redraws <= many.redraws


def test_every_part_of_the_key_changes_the_stream():
    base = simulate(6, 2, [0, 1], repeats=20)
    others = (
        simulate(6, 2, [0, 1], repeats=20, seed=1),
        simulate(8, 2, [0, 1], repeats=20),
        simulate(6, 2, [0, 1], repeats=20, labels="iid"),
    )
    for other in others:
        for a, b in zip(base.cells, other.cells, strict=True):
            assert not np.isclose(a.gap, b.gap).any()
    again = simulate(6, 2, [0, 1], repeats=20)
    assert all(same(a, b) for a, b in zip(base.cells, again.cells, strict=True))


def test_protocol_choices_change_no_random_number():
    reference = simulate(8, 3, [0, 2], repeats=30)
    estimated = simulate(8, 3, [0, 2], repeats=30, risk=11)
    per_class = simulate(8, 3, [0, 2], repeats=30, variance="per-class")
    for a, b in zip(reference.cells, estimated.cells, strict=True):
        assert np.array_equal(a.train_risk, b.train_risk)
        assert not np.isclose(a.test_risk, b.test_risk).any()
    assert same(reference.cells[0], per_class.cells[0])
    assert not same(reference.cells[1], per_class.cells[1])


def test_both_losses_see_the_same_theta():
    # At d = 1 and mu = 1 the 0-1 risk is above 1/2 just where theta < 0, and then |theta - mu| > 1.
    kwargs = {"repeats": 300, "sigma": 3.0}
    nll_cell, zero_one_cell = (simulate(4, 1, [1], loss=loss, **kwargs).cells[0] for loss in ("nll", "zero_one"))
    squared_distance = (nll_cell.test_risk - 0.5) * 2 * 9
    wrong = zero_one_cell.test_risk > 0.5
    assert wrong.any()
    assert (squared_distance[wrong] > 1).all()


def test_the_nll_gap_does_not_depend_on_sigma_nor_on_mu():
    base = simulate(6, 4, [0, 3], repeats=50)
    mu = np.array([0.5, -0.5, 0.1, 0.7])
    for other in (
        simulate(6, 4, [0, 3], repeats=50, sigma=7.0),
        simulate(6, 4, [0, 3], repeats=50, sigma=0.01),
        simulate(6, 4, [0, 3], repeats=50, mu=mu),
    ):
        for a, b in zip(base.cells, other.cells, strict=True):
            np.testing.assert_allclose(a.gap, b.gap, rtol=1e-9, atol=1e-11)


# Samples too large to be held


def test_a_sample_drawn_anew_for_each_pass_is_the_same_sample(monkeypatch):
    monkeypatch.setattr(mixture_samples, "SLAB", 40)
    counts = np.array([[13, 24]])
    mean, spread = np.arange(6.0).reshape(1, 2, 3), np.array([[[1.0, 2.0, 3.0]]])
    results = []
    for limit in (0, 10**6):
        rng = np.random.default_rng(5)
        sample = Sample(rng, counts, mean, spread, limit=limit)
        means = class_sums(sample) / counts[..., None]
        results.append((means, class_squares(sample, means), class_sums(sample), rng.standard_normal(3)))
    for held, streamed in zip(*results, strict=True):
        assert np.array_equal(held, streamed)
    with pytest.raises(ValueError, match="Found 2"):
        Sample(np.random.default_rng(0), np.array([[2, 2], [2, 2]]), mean, spread, limit=1)


@pytest.mark.parametrize("kwargs", SETTINGS, ids=str)
def test_memory_bounds_do_not_change_results(monkeypatch, kwargs):
    monkeypatch.setattr(mixture_samples, "SLAB", 16)
    held = simulate(9, 3, [0, 2], repeats=12, **kwargs)
    for bound in (0, 30):
        monkeypatch.setattr(mixture_samples, "HELD", bound)
        monkeypatch.setattr(mixture_run, "HELD", bound)
        streamed = simulate(9, 3, [0, 2], repeats=12, chunk=1, **kwargs)
        assert all(same(a, b) for a, b in zip(held.cells, streamed.cells, strict=True))


def test_memory_is_bounded_when_one_repeat_alone_is_large():
    tracemalloc.start()
    try:
        cell = simulate(4, 100, [30_000], repeats=2).cells[0]  # 96 MB of normals in each repeat
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2**25
    assert np.isfinite(cell.gap).all()


# Exact replays: the documented streams, consumed by plain loops over examples (x, y)


def _normals(stream, m_real, d, labels, *key, seed=0):
    code = ("balanced", "iid").index(labels)
    sequence = np.random.SeedSequence(seed, spawn_key=(stream, m_real, d, code, *key))
    return np.random.Generator(np.random.PCG64(sequence))


def _replay(settings, gamma):
    m_real, d, sigma, mu = settings.m_S, settings.d, settings.sigma, np.array(settings.mu)
    m_generated = int(gamma * m_real)
    real = _normals(2, m_real, d, settings.labels)
    fresh = _normals(4, m_real, d, settings.labels, m_generated)
    plus_real = real_counts(settings)[0][:, 0]
    plus_generated = generated_counts(settings, m_generated)[:, 0]
    test_risks, train_risks = [], []
    for r in range(settings.repeats):
        y = np.where(np.arange(m_real) < plus_real[r], 1, -1)
        x = y[:, None] * mu + sigma * real.standard_normal((m_real, d))
        y_new = np.where(np.arange(m_generated) < plus_generated[r], 1, -1)
        x_new = np.empty((m_generated, d))
        for j in range(m_generated):
            members = x[y == y_new[j]]
            if settings.variance == "per-class":
                deviation = np.std(members, axis=0, ddof=1)
            else:
                within = sum(np.var(x[y == c], axis=0) * (y == c).sum() for c in (1, -1))
                deviation = np.sqrt(within / (m_real - 2))
            x_new[j] = members.mean(axis=0) + deviation * fresh.standard_normal(d)
        xs, ys = np.concatenate([x, x_new]), np.concatenate([y, y_new])
        theta = (ys[:, None] * xs).mean(axis=0)
        if settings.loss == "nll":
            train_risks.append(np.mean([np.linalg.norm(a - b * theta) ** 2 for a, b in zip(xs, ys, strict=True)]))
            train_risks[-1] /= 2 * sigma**2
            test_risks.append(d / 2 + np.linalg.norm(theta - mu) ** 2 / (2 * sigma**2))
        else:
            train_risks.append(np.mean(np.sign(xs @ theta) != ys))
            test_risks.append(stats.norm.cdf(-theta @ mu / np.linalg.norm(theta) / sigma))
    return np.array(test_risks), np.array(train_risks)


@pytest.mark.parametrize("loss", ["nll", "zero_one"])
@pytest.mark.parametrize("variance", ["pooled", "per-class"])
@pytest.mark.parametrize(("labels", "size"), [("balanced", 6), ("balanced", 5), ("iid", 5), ("iid", 9)])
def test_simulation_is_what_plain_loops_give(labels, size, variance, loss):
    simulation = simulate(
        size, 3, [0, 1, 3], repeats=15, labels=labels, variance=variance, loss=loss, sigma=0.9, mu=[0.6, 0.0, -0.8]
    )
    for cell in simulation.cells:
        test_risk, train_risk = _replay(simulation.settings, cell.gamma)
        np.testing.assert_allclose(cell.test_risk, test_risk, rtol=1e-11)
        np.testing.assert_allclose(cell.train_risk, train_risk, rtol=1e-11)
        np.testing.assert_allclose(cell.gap, test_risk - train_risk, rtol=1e-9, atol=1e-11)
        assert np.array_equal(cell.abs_gap, abs(cell.gap))


# An independent simulation, in distribution: shuffled labels by coin flips, rejection example by example


def _naive(rng, m_real, m_generated, d, sigma, variance):
    mu = np.ones(d) / math.sqrt(d)
    while True:
        y = rng.choice([-1, 1], size=m_real)
        if 2 <= (y == 1).sum() <= m_real - 2:
            break
    x = np.array([label * mu + sigma * rng.standard_normal(d) for label in y])
    centred = np.array([a - x[y == b].mean(axis=0) for a, b in zip(x, y, strict=True)])
    everywhere = np.sqrt((centred**2).sum(axis=0) / (m_real - 2))
    y_new = rng.choice([-1, 1], size=m_generated)
    x_new = []
    for label in y_new:
        spread = everywhere if variance == "pooled" else x[y == label].std(axis=0, ddof=1)
        x_new.append(rng.normal(x[y == label].mean(axis=0), spread))
    xs, ys = np.vstack([x, *x_new]), np.append(y, y_new)
    theta = np.einsum("i,ij->j", ys, xs) / len(ys)
    train = ((xs - ys[:, None] * theta) ** 2).sum(axis=1).mean() / (2 * sigma**2)
    points = rng.choice([-1, 1], size=1)[0]  # one fresh test point, whose loss is an unbiased test risk
    point = points * mu + sigma * rng.standard_normal(d)
    return (
        ((point - points * theta) ** 2).sum() / (2 * sigma**2),
        train,
        d / 2 + ((theta - mu) ** 2).sum() / 2 / sigma**2,
    )


@pytest.mark.parametrize("variance", ["pooled", "per-class"])
def test_simulation_agrees_in_distribution_with_an_independent_one(variance):
    rng = np.random.default_rng(99)
    naive = np.array([_naive(rng, 6, 12, 2, 0.6, variance) for _ in range(2500)])
    cell = simulate(6, 2, [2], repeats=8000, labels="iid", variance=variance, seed=7).cells[0]
    point_loss, train, risk = naive.T
    for ours, theirs in ((cell.gap, risk - train), (cell.train_risk, train), (cell.test_risk, risk)):
        assert stats.ks_2samp(ours, theirs).pvalue > 1e-5
    assert abs(stats.ttest_ind(cell.test_risk, point_loss, equal_var=False).statistic) < Z


def test_label_counts_of_S_are_binomial_on_condition():
    settings = simulate(7, 1, [0], repeats=20_000, labels="iid").settings
    counts, redraws = real_counts(settings)
    assert (counts.sum(axis=1) == 7).all()
    weights = np.array([math.comb(7, k) for k in range(2, 6)])
    observed = np.bincount(counts[:, 0], minlength=8)
    assert observed[[0, 1, 6, 7]].sum() == 0
    expected = weights / weights.sum() * len(counts)
    assert stats.chisquare(observed[2:6], expected).pvalue > 1e-5
    accept = weights.sum() / 2**7
    mean, variance = len(counts) * (1 - accept) / accept, len(counts) * (1 - accept) / accept**2
    assert abs(redraws - mean) / math.sqrt(variance) < Z


def test_label_counts_of_S_G_are_binomial_without_condition():
    settings = simulate(4, 1, [1], repeats=20_000, labels="iid").settings
    observed = np.bincount(generated_counts(settings, 4)[:, 0], minlength=5)
    expected = np.array([math.comb(4, k) for k in range(5)]) / 16 * 20_000
    assert stats.chisquare(observed, expected).pvalue > 1e-5


def test_balanced_counts_give_class_plus_the_extra_one():
    settings = simulate(5, 1, [1], repeats=3).settings
    assert real_counts(settings)[0].tolist() == [[3, 2]] * 3
    assert generated_counts(settings, 5).tolist() == [[3, 2]] * 3
    assert real_counts(settings)[1] == 0


# Closed forms


@pytest.mark.parametrize(("size", "d", "gammas"), [(10, 3, [0, 1, 5]), (4, 20, [0, 0.5, 10]), (40, 1, [0, 2])])
@pytest.mark.parametrize("variance", ["pooled", "per-class"])
def test_means_are_the_exact_ones(size, d, gammas, variance):
    gap, test_risk = (compile_expression(fact().claimed) for fact in (expected_gap, expected_test_risk))
    for cell in simulate(size, d, gammas, repeats=4000, seed=11, variance=variance).cells:
        at = {"m_S": size, "m_G": cell.m_G, "d": d}
        found = cell.summary()
        assert abs(found["mean_gap"] - gap(**at)) / found["sem_gap"] < Z
        assert abs(found["mean_test_risk"] - test_risk(**at)) / found["sem_test_risk"] < Z


def test_without_augmentation_the_mean_gap_is_d_over_m_S_at_any_size():
    for size in (1, 2, 3, 7):
        found = simulate(size, 5, [0], repeats=4000).cells[0].summary()
        assert abs(found["mean_gap"] - 5 / size) / found["sem_gap"] < Z
        assert abs(found["mean_test_risk"] - 2.5 * (1 + 1 / size)) / found["sem_test_risk"] < Z


@pytest.mark.parametrize("loss", ["nll", "zero_one"])
def test_estimated_risk_agrees_with_the_exact_one(loss):
    exact, estimated = (
        simulate(10, 4, [0, 2], repeats=400, loss=loss, risk=risk, sigma=1.2) for risk in ("exact", 400)
    )
    for a, b in zip(exact.cells, estimated.cells, strict=True):
        difference = b.test_risk - a.test_risk
        standard_error = difference.std(ddof=1) / math.sqrt(difference.size)
        assert abs(difference.mean()) / standard_error < Z
        # ... and scatters by the law of 400 points, no more and no less.
        if loss == "zero_one":
            expected = np.sqrt(a.test_risk * (1 - a.test_risk) / 400)
            assert 0.8 < np.sqrt(np.mean((difference / expected) ** 2)) < 1.2


@pytest.mark.parametrize("theta", [[1.0, 0.0, 0.0], [0.2, -0.9, 0.1], [-0.3, 0.1, 0.4]])
def test_zero_one_risk_is_the_frequency_of_errors_on_fresh_points(theta):
    rng = np.random.default_rng(1)
    mu, sigma, points = np.array([2.0, 2.0, 1.0]) / 3, 0.6, 200_000
    y = rng.choice([-1, 1], size=points)
    x = y[:, None] * mu + sigma * rng.standard_normal((points, 3))
    errors = np.count_nonzero(np.sign(x @ np.array(theta)) != y)
    risk = compile_expression(zero_one_risk)(
        theta_dot_mu=np.dot(theta, mu), theta_norm=np.linalg.norm(theta), sigma=sigma
    )
    assert stats.binomtest(errors, points, risk).pvalue > 1e-5


def test_summary_has_means_and_standard_errors():
    cell = simulate(4, 2, [1], repeats=3).cells[0]
    found = cell.summary()
    assert set(found) == {f"{a}_{b}" for a in ("mean", "sem") for b in ("gap", "abs_gap", "test_risk", "train_risk")}
    assert found["mean_abs_gap"] == pytest.approx(sum(abs(cell.gap)) / 3)
    centred = abs(cell.gap) - found["mean_abs_gap"]
    assert found["sem_abs_gap"] == pytest.approx(math.sqrt(sum(centred**2) / 2 / 3))


# The numbers come from the expressions


def test_loss_and_denominator_are_those_of_the_theory(monkeypatch):
    base = simulate(6, 2, [1], repeats=5)
    monkeypatch.setattr(mixture_run, "nll", 2 * nll)
    doubled = simulate(6, 2, [1], repeats=5)
    np.testing.assert_allclose(doubled.cells[0].train_risk, 2 * base.cells[0].train_risk)
    assert np.array_equal(doubled.cells[0].test_risk, base.cells[0].test_risk)
    monkeypatch.setattr(mixture_run, "nll", nll)
    monkeypatch.setattr(mixture_run, "pooled_denominator", sp.sympify(pooled_denominator + 1))
    assert not np.isclose(simulate(6, 2, [1], repeats=5).cells[0].gap, base.cells[0].gap).any()
    assert pooled_denominator == m_S - 2


# Arguments


@pytest.mark.parametrize(
    ("gamma", "expected"),
    [
        (0.1, Fraction(1, 10)),
        ("0.3", Fraction(3, 10)),
        ("1/5", Fraction(1, 5)),
        (2, 2),
        (np.float64(0.7), Fraction(7, 10)),
    ],
)
def test_gamma_is_read_as_it_prints(gamma, expected):
    cell = simulate(10, 1, [gamma], repeats=2).cells[0]
    assert cell.gamma == expected
    assert cell.m_G == 10 * expected


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"m_S": -3}, "m_S must be an integer >= 1. Found -3."),
        ({"m_S": 4.5}, "m_S must be an integer >= 1. Found 4.5."),
        ({"m_S": math.nan}, "m_S must be an integer >= 1. Found nan."),
        ({"m_S": "10"}, "m_S must be an integer >= 1. Found 10."),
        ({"d": 0}, "d must be an integer >= 1. Found 0."),
        ({"d": None}, "d must be an integer >= 1. Found None."),
        ({"repeats": 1}, "repeats must be an integer >= 2. Found 1."),
        ({"seed": -1}, "seed must be an integer >= 0. Found -1."),
        ({"sigma": 0}, "sigma must be in (0, oo). Found 0.0."),
        ({"sigma": -1.5}, "sigma must be in (0, oo). Found -1.5."),
        ({"sigma": math.nan}, "sigma must be in (0, oo). Found nan."),
        ({"sigma": "wide"}, "sigma must be a number > 0. Found wide."),
        ({"gammas": [-1]}, "gamma must be in [0, oo). Found -1."),
        ({"gammas": [math.nan]}, "gamma must be a number >= 0. Found nan."),
        ({"gammas": [math.inf]}, "gamma must be a number >= 0. Found inf."),
        ({"gammas": ["1/0"]}, "gamma must be a number >= 0. Found 1/0."),
        ({"gammas": [0, 0.25]}, "gamma * m_S must be an integer. Found gamma = 0.25 with m_S = 10."),
        ({"gammas": []}, "gammas must hold at least one value. Found none."),
        ({"gammas": 5}, "gammas must be a sequence of numbers. Found 5."),
        ({"labels": "odd"}, "labels must be one of balanced, iid. Found 'odd'."),
        ({"loss": "hinge"}, "loss must be one of nll, zero_one. Found 'hinge'."),
        ({"variance": "none"}, "variance must be one of pooled, per-class. Found 'none'."),
        ({"risk": 0}, "risk, if not 'exact', must be an integer >= 1. Found 0."),
        ({"risk": "rough"}, "risk, if not 'exact', must be an integer >= 1. Found rough."),
        ({"chunk": 0}, "chunk must be an integer >= 1. Found 0."),
        ({"mu": [1.0]}, "mu must be a unit vector of length d = 2. Found [1.0]."),
        ({"mu": [1.0, 1.0]}, "mu must be a unit vector of length d = 2. Found [1.0, 1.0]."),
        ({"m_S": 2}, "m_S must be >= 3 with balanced labels and pooled variance. Found 2."),
        ({"m_S": 3, "variance": "per-class"}, "m_S must be >= 4 with balanced labels and per-class variance. Found 3."),
        ({"m_S": 3, "labels": "iid"}, "m_S must be >= 4 with iid labels and pooled variance. Found 3."),
        (
            {"m_S": 3, "labels": "iid", "gammas": [0]},
            "m_S must be >= 4 with iid labels and pooled variance. Found 3.",
        ),
    ],
    ids=str,
)
def test_bad_arguments_are_refused_in_one_line(kwargs, message):
    with pytest.raises(ValueError, match=r".*") as caught:
        simulate(**({"m_S": 10, "d": 2, "gammas": [0, 1]} | kwargs))
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("size", "kwargs"),
    [(3, {}), (4, {"variance": "per-class"}), (4, {"labels": "iid"}), (4, {"labels": "iid", "variance": "per-class"})],
)
def test_the_smallest_sizes_give_numbers(size, kwargs):
    for loss in ("nll", "zero_one"):
        for cell in simulate(size, 2, [0, 1, 4], repeats=200, loss=loss, **kwargs).cells:
            assert np.isfinite(cell.gap).all()
            assert cell.gap.std() > 0
