"""Numbers on their way in: read as floats or exactly, and checked against the domains of `theory.symbols`."""

from __future__ import annotations

from fractions import Fraction
from numbers import Integral, Rational
from typing import Any

import mpmath
import numpy as np
import sympy as sp
from numpy.typing import NDArray

from numerics.blocks import blocks
from theory.symbols import DOMAINS


class DomainError(ValueError):
    """A value lies outside the domain of its symbol; the message names symbol, domain and value."""


def check_domain(symbol: sp.Symbol, value: Any) -> None:
    """Refuse a single number that lies outside the domain of its symbol.

    Args:
        symbol: A symbol; one that is not in `DOMAINS` has to be finite, and no more.
        value: A number.

    Raises:
        DomainError: The value is nan, infinite, or outside the domain.
    """
    if not _contains(symbol, value):
        raise _error(symbol, value)


def _contains(symbol: sp.Symbol, value: Any) -> bool:
    domain = DOMAINS.get(symbol)
    return domain.contains(value) if domain else isinstance(value, Fraction) or bool(np.isfinite(float(value)))


def _error(symbol: sp.Symbol, value: Any) -> DomainError:
    domain = DOMAINS.get(symbol)
    return DomainError(f"{symbol.name} must be {domain.describe() if domain else 'finite'}. Found {value}.")


def as_array(symbol: sp.Symbol, value: Any) -> NDArray[np.float64]:
    """Read a number, or an array of numbers of any shape, as float64, and check its domain.

    Args:
        symbol: The symbol that the values stand for.
        value: Real numbers: Python's, NumPy's, fractions, SymPy's, or nested sequences of them.

    Returns:
        A float64 array of the same shape, `value` itself if it is one.

    Raises:
        DomainError: A value is outside the symbol's domain; the message names the first kind of offence found.
        TypeError: The values are no real numbers.
    """
    try:
        array = np.asarray(value)
        if array.dtype.kind == "O":  # one by one, as NumPy would read None as nan
            array = np.array([float(item) for item in array.flat]).reshape(array.shape)
        if array.dtype.kind not in "iuf":
            raise TypeError
        array = array.astype(np.float64, copy=False)
    except (TypeError, ValueError, OverflowError):
        raise TypeError(f"{symbol.name} must be a real number or an array of them. Found {value!r}.") from None
    # A domain is an interval, perhaps of integers: its extremes and one non-integer decide for all values.
    domain = DOMAINS.get(symbol)
    for suspect in _suspects(array, bool(domain and domain.integer)):
        check_domain(symbol, value if array.ndim == 0 else suspect)
    return array


def _suspects(array: NDArray[np.float64], integers: bool) -> list[float]:
    # The least and the greatest value, nan if there is one, and a non-integer if asked for; in blocks, so that nothing
    # of the size of the array is made.
    if array.size < 2:
        return array.ravel().tolist()
    low, high = np.float64(np.inf), np.float64(-np.inf)
    broken: list[float] = []
    for index in blocks(array.shape):
        block = array[index]
        low, high = np.minimum(low, block.min()), np.maximum(high, block.max())
        if integers and not broken:
            broken = block[block != np.floor(block)][:1].tolist()
    return [float(low), float(high), *broken]


def as_exact(symbol: sp.Symbol, value: Any) -> Fraction:
    """Read a number exactly, and check its domain.

    Args:
        symbol: The symbol that the value stands for.
        value: An integer, a fraction, a string such as "0.1", "1e-3" or "1/3", an mpf, a SymPy number, or a
            float, which stands for the dyadic number it is and not for the decimal it prints as.

    Returns:
        The value as a fraction.

    Raises:
        DomainError: The value is outside the symbol's domain.
        TypeError: The value is no real number.
    """
    try:
        exact = _to_fraction(value)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        refusal = TypeError(f"{symbol.name} must be a real number. Found {value!r}.")
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            raise refusal from None
        check_domain(symbol, number)  # nan and infinities are out of the domain rather than no number
        raise refusal from None
    if not _contains(symbol, exact):
        raise _error(symbol, value)
    return exact


def _to_fraction(value: Any) -> Fraction:
    if isinstance(value, (sp.Rational, Rational)):
        return Fraction(int(value.numerator), int(value.denominator))
    if isinstance(value, (sp.Float, mpmath.mpf)):
        return mpf_to_fraction(value._mpf_)
    if isinstance(value, Integral):
        return Fraction(int(value))
    return Fraction(value)


def mpf_to_fraction(raw: tuple[int, int, int, int]) -> Fraction:
    """Turn mpmath's raw (sign, mantissa, exponent, bits) into the fraction it stands for."""
    sign, mantissa, exponent, _ = raw
    if not mantissa and exponent:
        raise ValueError("nan and infinities are no fractions")
    magnitude = Fraction(int(mantissa)) * Fraction(2) ** exponent
    return -magnitude if sign else magnitude
