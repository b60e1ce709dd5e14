"""Claims on the Gaussian mixture: what their verdicts rest on, and what would turn them."""

from dataclasses import replace

import pytest

from gda import mixture_theorems
from gda.claims import c04_mixture_large as c04
from gda.claims import c06_mixture_dimension as c06
from gda.claims import f1_published_figure as f1
from gda.context import Context
from gda.evidence import Check, Evidence, decide
from theory.mixture_moments import balanced_moments
from theory.symbols import d, m_G, m_S

CONTEXT = Context(repeats=2000, workers=1)


@pytest.fixture(scope="module")
def simulated():
    """Few repeats in few dimensions."""
    dimensions = {1: (256, 512, 1024), c06.MUCH: c06.FEW_DIMENSIONS}
    requests = {
        gamma: [CONTEXT.request(c06.SIZE, dim, (gamma,), 500) for dim in found] for gamma, found in dimensions.items()
    }
    return {gamma: (dimensions[gamma], CONTEXT.simulations(found)) for gamma, found in requests.items()}


@pytest.mark.parametrize(("gamma", "rate"), [(1, 1.0), (c06.MUCH, 0.5)])
def test_the_error_grows_like_d_or_like_its_root(gamma, rate, simulated):
    dimensions, found = simulated[gamma]
    other = 1.5 - rate
    assert c06.slope_check(dimensions, gamma, rate, found).holds is True
    assert c06.slope_check(dimensions, gamma, other, found).holds is False


def test_order_d_at_every_m_g_fails_and_would_hold_if_the_mean_gap_stayed(monkeypatch):
    assert c06.every_amount_check().holds is False
    staying = replace(balanced_moments(), mean_gap=d / m_S)
    monkeypatch.setattr(c06, "balanced_moments", lambda: staying)
    assert c06.every_amount_check().holds is True


@pytest.mark.parametrize(("gamma", "dimension"), [(10, 8), (50, 100), (100, 1000)])
def test_much_augmentation_keeps_the_exact_error_at_the_root_of_d(gamma, dimension):
    """E|gap| <= (E gap^2)^(1/2) by the exact law and the moments; far from d times the limit of m_G fixed."""
    moments = balanced_moments().subs({m_S: c06.SIZE, m_G: gamma * c06.SIZE, d: dimension})
    error, square = c06.mean_error(c06.SIZE, dimension, gamma), float(moments.gap_variance + moments.mean_gap**2)
    assert float(moments.mean_gap) <= error <= square**0.5
    assert float(moments.mean_gap) < 0.35 * error
    assert c06.exponent(gamma, dimension, 2 * dimension) == pytest.approx(0.5, abs=0.05)


def test_the_amendment_of_c6_names_where_the_order_begins():
    assert c06.border_in_words() == "gamma^2 (m_S**2 + 2*m_S - 4)/(8*(m_S - 2)) (1.81 gamma^2 at m_S = 10)"
    assert [row[1] for row in c06.crossover_table().rows[:4]] == ["5", "13.19", "81.89", "249.1"]
    assert "factor of 3.54 from d = 10 to 100, an exponent of 0.55" in c06.published_finding()


def test_c6_is_amended_by_what_fails_and_by_what_holds():
    yes = Check("?", "?", "identity", "a", "b", True, "gda verify")
    fixed = c06.fixed_amount_checks()
    assert all(check.holds for check in fixed)
    whole = Evidence(stated=(*fixed, c06.every_amount_check()), amendment="so", amended=(*fixed, yes))
    assert decide(whole).name == "amended"
    assert decide(replace(whole, amended=(replace(yes, holds=False),))).name == "refuted"


def test_c4_is_asked_at_the_most_efficient_amount(monkeypatch):
    (there,) = (check for check in c04.limit_checks() if check.name.endswith("m*_G"))
    assert there.holds is True
    assert there.computed == "m_G = m_S*log(m_S)**4: m_S E gap^2 -> d/2; without augmentation d/2"
    falling = replace(balanced_moments(), gap_variance=d / 2 * (m_S + 2 * m_G) / (m_S + m_G) ** 2)
    monkeypatch.setattr(c04, "balanced_moments", lambda: falling)
    (there,) = (check for check in c04.limit_checks() if check.name.endswith("m*_G"))
    assert (there.holds, there.computed.split("-> ")[1]) == (False, "0; without augmentation d/2")


def test_how_much_worse_the_readings_would_have_to_be():
    readings = [f1.to_exact_reading(r) for r in f1.error_readings()]
    found = f1.reading_error_finding(readings)
    assert "worst reading from 6 times on, with the scatter (readings taken as independent) from 7 times on" in found
    absurd = [replace(r, value=100 * r.mean) for r in readings]
    assert f1.reading_error_finding(absurd).count("at no factor up to 50") == 2


def test_the_conclusion_of_b1_is_set_beside_the_exact_quantile():
    found = mixture_theorems.conclusion_finding()
    least, most = (float(part) for part in found.split("of Gen is ")[1].split(" times")[0].split(" to "))
    assert 0 < least < most < 1
