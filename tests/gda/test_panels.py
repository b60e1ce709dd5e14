"""The published grids and readings."""

import pytest

from gda.context import Context
from gda.panels import CURVES, PANELS, _reading, curve_readings, error_readings, panel_requests, readings


def test_every_reading_lies_on_its_panels_grid():
    for reading in error_readings():
        panel = PANELS[reading.panel]
        assert (reading.m_S, reading.d) in panel.groups
        assert reading.gamma in panel.gammas
    for reading in curve_readings():
        size, dim, gammas = CURVES[reading.panel]
        assert (reading.m_S, reading.d) == (size, dim)
        assert reading.gamma in gammas


def test_no_reading_is_lost():
    assert len(error_readings()) + len(curve_readings()) == len(readings()) == 25


def test_the_published_grid_has_70_cells_in_panels_a_and_d():
    assert sum(len(PANELS[key].groups) * len(PANELS[key].gammas) for key in "ad") == 70


GOOD = {"panel": "a", "m_S": "20", "d": "1", "gamma": "0", "value": "0.12", "reading_error": "0.001"}


@pytest.mark.parametrize(
    "change",
    [{"panel": "z"}, {"m_S": "x"}, {"value": "nan"}, {"value": "-1"}, {"reading_error": "0"}, {"gamma": None}],
    ids=str,
)
def test_a_row_that_is_no_reading_is_refused_with_the_row(change):
    assert _reading(GOOD).value == 0.12
    with pytest.raises(ValueError, match=r"\{'panel'"):
        _reading({**GOOD, **change})


def test_one_simulation_serves_all_panels_of_a_group():
    requests = panel_requests(Context(workers=1))
    assert requests[10, 50].gammas == PANELS["e"].gammas
    assert set(PANELS["d"].gammas) <= set(requests[10, 50].gammas)
