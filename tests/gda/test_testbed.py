"""Evidence from the finite model: what is checked, that it could fail, that its text does not vary."""

from fractions import Fraction

from gda import testbed
from gda.testbed import SMALL_DELTAS, Worst, coin, worst_coverage
from numerics.finite import FiniteSetting
from numerics.finite_coverage import coverage, largest_failure, lower_end
from theory.stability import Bound
from theory.tight_bound import best_bound, variance_form

TWENTIETH = Fraction(1, 20)
FEW = [FiniteSetting(coin("3/10"), m_S, m_G) for m_S, m_G in ((3, 0), (8, 6), (40, 40))]


def test_every_cell_is_counted_and_the_worst_is_kept():
    found = worst_coverage(FEW, SMALL_DELTAS)
    for constants, worst in found.items():
        each = [
            (largest_failure(setting, testbed._bound(constants), level), level)
            for setting in FEW
            for level in SMALL_DELTAS
        ]
        below = sum(
            lower_end(setting, testbed._bound(constants), level).base < setting.width()
            for setting in FEW
            for level in SMALL_DELTAS
        )
        assert worst == Worst(12, 12, max(failure / level for failure, level in each), below)
    # The first two cells are so small that a bound with published constants says nothing, so cannot fail.
    assert (found["published"].below, found["sharp"].below) == (0, 0)
    assert 0 < found["best"].below < 12
    assert found["best"].share > 0


def test_a_cell_that_is_not_covered_is_not_counted_as_covered():
    assert Worst().with_cell(Fraction(1, 10), TWENTIETH, True) == Worst(1, 0, Fraction(2), 1)
    assert Worst(1, 1, Fraction(3)).with_cell(TWENTIETH, TWENTIETH, False) == Worst(2, 2, Fraction(3), 0)


def test_a_bound_that_is_too_small_turns_the_check(monkeypatch):
    """A sixth of the variance form does not cover, and the check says so."""
    part = Bound("a sixth", {key: term / 6 for key, term in variance_form().terms.items()})
    monkeypatch.setattr(testbed, "_bound", lambda _: part)
    found = worst_coverage(FEW, SMALL_DELTAS)["best"]
    assert found.covered < found.cells == 12
    check = testbed._coverage_check("exact", "identity", "?", found, "8 --m-g 6 --constants best")
    assert check.holds is False


def test_no_cell_at_all_is_no_evidence():
    assert testbed._coverage_check("exact", "identity", "?", Worst(), "8 --constants best").holds is False


def test_the_upper_end_alone_is_that_of_the_whole():
    for setting in FEW:
        for level in SMALL_DELTAS:
            whole = coverage(setting, best_bound(), level).failure.upper
            assert largest_failure(setting, best_bound(), level) == whole


def test_the_search_finds_the_least_ratio_along_every_axis():
    _, wanted = testbed.SEARCHES["any"]
    start = testbed._START
    place, ratio = testbed.search(start, wanted)
    assert ratio < testbed._distance(start, wanted)
    for axis, values in testbed._AXES.items():
        for value in values:
            assert testbed._distance(testbed.replace(place, **{axis: value}), wanted) >= ratio


def test_where_the_bound_says_something_it_is_within_a_third_of_the_truth():
    start, wanted = testbed.SEARCHES["bound below M/2"]
    place, ratio = testbed.search(testbed.replace(start, level=Fraction(1, 2)), wanted)
    found = testbed.cell(place.setting(), "best", place.level)
    assert 1 < ratio < 4 / 3
    assert 2 * found.quoted.upper < found.width


def test_the_constants_over_the_region():
    table = testbed.constants_table()
    rows = {tuple(row[:4]): row for row in table.rows}
    assert float(rows["10000", "0", "1", "0"][-1]) > 40
    for row in table.rows:
        assert len(row) == len(table.header)
        published, sharp, best = map(float, row[4:7])
        assert best < sharp < published
