"""A sweep's quantities `bound` and `order-form`: the mixture's bound on Gen, term by term, each rounded up."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Literal

from numerics.bound import evaluate_bound
from theory.gaussian_mixture_bound import mixture_bound
from theory.stability import Bound


def check(cell: Mapping[str, Any]) -> None:
    """Refuse an S that is too small for the generator's variance, where there is a generator.

    Raises:
        ValueError: m_S below 3, with its value.
    """
    if cell["m_G"] > 0 and cell["m_S"] < 3:
        raise ValueError(f"m_S must be >= 3 where a generator is fitted. Found {cell['m_S']}.")


@cache
def _bound(form: Literal["order", "explicit"]) -> Bound:
    return mixture_bound(form)


def _evaluate(form: Literal["order", "explicit"], cell: Mapping[str, Any]) -> dict[str, Any]:
    point = {"m_S": cell["m_S"], "m_G": cell["m_G"], "d": cell["d"], "delta": repr(cell["delta"])}
    value = evaluate_bound(_bound(form), point)
    return {"gamma": cell["m_G"] / cell["m_S"], **value.terms, "total": value.total}


def explicit(cell: Mapping[str, Any]) -> dict[str, Any]:
    """Return gamma, the terms of the explicit form and their total. Its inputs are orders with constant 1.

    Raises:
        OverflowError: a term is above the largest float.
    """
    return _evaluate("explicit", cell)


def order(cell: Mapping[str, Any]) -> dict[str, Any]:
    """Return gamma, the terms of the order form and their total.

    Raises:
        OverflowError: a term is above the largest float.
    """
    return _evaluate("order", cell)
