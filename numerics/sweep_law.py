"""A sweep's quantity `law`: the exact law of the mixture's gap in a cell, and the exact 0-1 test error."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from numerics.law import law_of_gap
from numerics.mixture_settings import one_cell
from numerics.zero_one import expected_test_error


def check(cell: Mapping[str, Any]) -> None:
    """Refuse what has no law here.

    Raises:
        ValueError: a field is out of range; one line that names it and its value.
    """
    one_cell(cell["m_S"], cell["d"], _gamma(cell), cell["labels"], "zero_one", cell["sigma"])


def compute(cell: Mapping[str, Any]) -> dict[str, Any]:
    """Return moments of gap and test risk, E |gap| with the estimate of its error, and the 0-1 test error."""
    gamma = _gamma(cell)
    law = law_of_gap(cell["m_S"], cell["d"], gamma, cell["labels"])
    absolute = law.mean_abs_gap
    test_error = expected_test_error(cell["m_S"], cell["d"], gamma, cell["labels"], noise=cell["sigma"])
    return {
        "gamma": float(gamma),
        "mean_gap": law.mean_gap,
        "sd_gap": law.sd_gap,
        "mean_abs_gap": absolute.value,
        "error_estimate": absolute.error,
        "mean_test_risk": law.mean_test_risk,
        "sd_test_risk": law.sd_test_risk,
        "expected_zero_one": test_error.value,
        "expected_zero_one_error": test_error.error,
    }


def _gamma(cell: Mapping[str, Any]) -> Fraction:
    return Fraction(cell["m_G"], cell["m_S"])
