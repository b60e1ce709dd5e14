"""Facts of the binary Gaussian mixture: every claim holds, and mutants of it do not."""

from fractions import Fraction

import pytest
import sympy as sp

from theory import gaussian_mixture as mixture
from theory import mixture_risk as risk
from theory.result import Result
from theory.symbols import (
    DOMAINS,
    d,
    delta,
    g_minus,
    g_plus,
    m_G,
    m_S,
    n,
    n_minus,
    n_plus,
    sigma,
    squared_distance,
    theta_dot_mu,
    theta_norm,
)

FACTS = {
    "learner_mean": mixture.learner_mean,
    "class_mean_plus": lambda: mixture.class_mean(1),
    "class_mean_minus": lambda: mixture.class_mean(-1),
    "pooled_variance": mixture.pooled_variance,
    "class_variance": mixture.class_variance,
    "loss_of_signed_example": risk.loss_of_signed_example,
    "nll_test_risk": risk.nll_test_risk,
    "zero_one_test_risk": risk.zero_one_test_risk,
    "expected_squared_error": risk.expected_squared_error,
    "expected_train_risk": risk.expected_train_risk,
    "expected_test_risk": risk.expected_test_risk,
    "expected_gap": risk.expected_gap,
}


@pytest.mark.parametrize("fact", FACTS.values(), ids=FACTS)
def test_fact_holds_prints_and_renders(fact):
    result = fact()
    assert result.difference() == 0
    assert "holds" in str(result)
    assert result._repr_latex_().startswith("$")
    assert r"\neq" not in result._repr_latex_()


@pytest.mark.parametrize("fact", FACTS.values(), ids=FACTS)
def test_a_claim_that_is_off_by_any_factor_or_term_fails(fact):
    result = fact()
    for wrong in (result.claimed + sp.Rational(1, 1000), result.claimed * sp.Rational(999, 1000) + 1):
        mutant = Result(result.name, result.computed, wrong, result.source)
        assert not mutant.holds()
        assert "fails by" in str(mutant)
        assert r"\neq" in mutant._repr_latex_()


@pytest.mark.parametrize("order", range(6))
@pytest.mark.parametrize("label_order", range(4))
def test_signed_noise_is_standard_normal_and_independent_of_the_label(order, label_order):
    assert mixture.signed_noise(order, label_order).holds()


def test_averaging_x_instead_of_y_x_is_no_unbiased_learner():
    assert mixture.learner_mean(mixture.x_k).computed == 0


@pytest.mark.parametrize(
    ("denominator", "bias"), [(m_S - 2, 0), (m_S - 1, -(sigma**2) / (m_S - 1)), (m_S, -2 * sigma**2 / m_S)]
)
def test_pooled_variance_has_the_bias_of_its_denominator(denominator, bias):
    assert sp.simplify(mixture.pooled_variance(denominator).difference() - bias) == 0


@pytest.mark.parametrize(("denominator", "bias"), [(n - 1, 0), (n, -(sigma**2) / n)])
def test_class_variance_has_the_bias_of_its_denominator(denominator, bias):
    assert sp.simplify(mixture.class_variance(denominator).difference() - bias) == 0


@pytest.mark.parametrize("size", range(1, 6))
def test_within_class_squares_of_explicit_sizes(size):
    # The centring matrix I - 1/n has trace n - 1.
    assert mixture.within_class_squares(sp.Integer(size)) == (size - 1) * sigma**2


def test_class_mean_refuses_other_labels():
    with pytest.raises(ValueError, match="Found 0"):
        mixture.class_mean(0)


def test_the_learner_minimises_the_loss():
    u = sp.symbols("u_0:3", real=True)
    loss = sum(risk.nll.subs(squared_distance, (value - risk.theta_k) ** 2) for value in u)
    assert sp.solve(sp.diff(loss, risk.theta_k), risk.theta_k) == [sp.expand(sum(u) / 3)]


def _explicit_moments(real, generated):
    """Second moments of one coordinate from explicit coefficient vectors; sigma = E sigma_hat^2 = 1."""
    width = sum(real) + sum(generated)
    unit = [[Fraction(int(i == j)) for j in range(width)] for i in range(width)]
    firsts = (range(real[0]), range(real[0], sum(real)))
    means = [
        [sum((unit[i][j] for i in members), Fraction(0)) / len(members) for j in range(width)] for members in firsts
    ]
    examples = [unit[i] for members in firsts for i in members]
    position = sum(real)
    for mean, count in zip(means, generated, strict=True):
        for _ in range(count):
            examples.append([a + b for a, b in zip(mean, unit[position], strict=True)])
            position += 1
    theta = [sum(column) / len(examples) for column in zip(*examples, strict=True)]
    squared_error = sum(a * a for a in theta)
    deviations = [[a - b for a, b in zip(example, theta, strict=True)] for example in examples]
    return squared_error, sum(a * a for row in deviations for a in row) / len(examples) / 2


@pytest.mark.parametrize("real", [(2, 2), (3, 2), (1, 4)])
@pytest.mark.parametrize("generated", [(0, 0), (2, 2), (3, 1), (0, 5)])
def test_expected_error_and_train_risk_match_explicit_vectors(real, generated):
    at = dict(zip((n_plus, n_minus, g_plus, g_minus), (*real, *generated), strict=True)) | {d: 1, sigma: 1}
    squared_error, train = _explicit_moments(real, generated)
    assert risk.expected_squared_error().computed.subs(at) == squared_error
    assert risk.expected_train_risk().computed.subs(at) == train


def test_expected_gap_is_the_ordinary_one_without_augmentation_and_has_no_sigma():
    gap = risk.expected_gap().claimed
    assert gap.subs(m_G, 0) == d / m_S
    assert gap.free_symbols == {d, m_S, m_G}


def test_augmentation_raises_the_expected_test_risk():
    test_risk = risk.expected_test_risk().claimed
    assert sp.simplify(test_risk - test_risk.subs(m_G, 0) - d * m_G / (2 * (m_S + m_G) ** 2)) == 0


def test_zero_one_risk_at_chance_and_at_certainty():
    assert risk.zero_one_risk.subs(theta_dot_mu, 0) == sp.Rational(1, 2)
    assert sp.limit(risk.zero_one_risk.subs({theta_norm: 1, theta_dot_mu: 1}), sigma, 0, "+") == 0


def test_sum_over_coordinates_refuses_unknown_totals():
    with pytest.raises(ValueError, match=r"error_k\*\*3"):
        risk.over_coordinates(risk.error_k**3, {risk.error_k**2: squared_distance})


def test_constants_are_the_expressions_of_the_source_with_constant_one():
    constants = mixture.constants()
    at = {d: 3, m_S: 100, m_G: 50, delta: sp.Rational(1, 10)}
    assert constants.M.subs(at) == 3 + sp.log(100)
    assert constants.beta.subs(at) == (3 + sp.log(100)) / 150
    assert sp.N(constants.D_TV.subs(at) - sp.sqrt(3 * sp.log(30) / 100)) == 0
    assert constants.T.subs(at | {m_G: 1, m_S: 10000}).equals(sp.sqrt(3) * sp.log(300000) / 10000)
    assert constants.D_TV.subs(at | {m_S: 2}) == 1
    assert constants.T.subs(at | {m_S: 2}) == 1
    assert constants.T.subs(m_G, 0) == 0


def test_constants_use_known_symbols_only_and_say_how_far_they_go():
    constants = mixture.constants()
    for expression in (constants.M, constants.beta, constants.D_TV, constants.T):
        assert expression.free_symbols <= set(DOMAINS)
    assert "reconstructed" in str(constants)
    assert "M = d + log(m_S)" in str(constants)
    assert "aligned" in constants._repr_latex_()
