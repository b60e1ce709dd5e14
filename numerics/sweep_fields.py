"""What a cell of a sweep is made of: named fields, each with its reader; and the values that a quantity returns."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

Kind = Literal["int", "float", "bool", "str"]

LARGEST = 2**63 - 1
"""Largest integer of a cell: what a column of any export holds."""
SHOWN = 60
"""Characters of an offending value that a message repeats."""
_RATIO = re.compile(r"\d{1,20}(\.\d{1,20}|/\d{1,20})?", re.ASCII)
_WORD = re.compile(r"[\w.+-]{1,60}", re.ASCII)


def shown(value: Any) -> str:
    """Write an offending value for a message, on one line and not too long."""
    try:
        text = repr(value)
    except ValueError:  # an integer of thousands of digits
        text = f"an integer of {value.bit_length()} bits"
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def integer(lower: int) -> Callable[[str, Any], int]:
    """Make a reader of integers from `lower` to `LARGEST`."""

    def read(name: str, value: Any) -> int:
        if type(value) is not int or not lower <= value <= LARGEST:
            raise ValueError(f"{name} must be an integer from {lower} to 2**63 - 1. Found {shown(value)}.")
        return value

    return read


def number(describe: str, fits: Callable[[float], bool] = lambda _: True) -> Callable[[str, Any], float]:
    """Make a reader of finite numbers that `fits` accepts; `describe` says which they are."""

    def read(name: str, value: Any) -> float:
        if type(value) in (int, float) and abs(value) <= 1e300 and math.isfinite(value) and fits(float(value)):
            return float(value)
        raise ValueError(f"{name} must be {describe}. Found {shown(value)}.")

    return read


def word(name: str, value: Any) -> str:
    """Read a short word, such as one of a list of choices."""
    if not isinstance(value, str) or not _WORD.fullmatch(value):
        raise ValueError(f"{name} must be a word. Found {shown(value)}.")
    return value


def exact_or_count(name: str, value: Any) -> str:
    """Read ``exact`` or a number of test points; kept as text, so that a column has one kind."""
    if value == "exact" or (type(value) is int and 1 <= value <= LARGEST):
        return str(value)
    if isinstance(value, str) and re.fullmatch(r"[1-9]\d{0,18}", value, re.ASCII):
        return value
    raise ValueError(f"{name} must be 'exact' or an integer >= 1. Found {shown(value)}.")


def generated(gamma: Any, m_S: int) -> int:
    """Return m_G = gamma m_S.

    Args:
        gamma: a number >= 0, or a ratio as text, such as "1/3". A float stands for the decimal that it prints as.
        m_S: size of S.

    Raises:
        ValueError: gamma is no such number, or gamma m_S no integer.
    """
    text = gamma if isinstance(gamma, str) else repr(gamma) if type(gamma) is int and gamma.bit_length() < 64 else ""
    if type(gamma) is float and 0 <= gamma <= LARGEST:
        ratio = Fraction(repr(gamma))
    elif _RATIO.fullmatch(text) and not re.search(r"/0+\Z", text):
        ratio = Fraction(text)
    else:
        raise ValueError(f"gamma must be a number >= 0 or a ratio such as '1/3'. Found {shown(gamma)}.")
    size = ratio * m_S
    if size.denominator != 1:
        raise ValueError(f"gamma * m_S must be an integer. Found gamma = {gamma} with m_S = {m_S}.")
    return int(size)


@dataclass(frozen=True)
class Field:
    """A named part of a cell's content.

    Args:
        name: its key in a specification and its column in an export.
        kind: what it is once read.
        read: checks a value and brings it into canonical form; raises a ValueError that names it.
        default: what it is where nothing is said, or a function to that from the fields before; None if it has to be
            said.
    """

    name: str
    kind: Kind
    read: Callable[[str, Any], Any]
    default: Any = None

    def default_after(self, fields: Mapping[str, Any]) -> Any:
        """Return the default, given the fields before."""
        return self.default(fields) if callable(self.default) else self.default


@dataclass(frozen=True)
class Value:
    """A named part of what a quantity returns for a cell.

    Args:
        name: its column in an export.
        kind: its type; a float may be infinite or nan.
        optional: whether it may be None.
    """

    name: str
    kind: Kind = "float"
    optional: bool = False

    def __post_init__(self) -> None:
        """Refuse a float that may be None: not every format tells it from nan."""
        if self.optional and self.kind == "float":
            raise ValueError(f"{self.name} is a float, and none where it is nan")

    def check(self, found: Any) -> Any:
        """Return a value of this kind as it is.

        Raises:
            ValueError: it is of another kind.
        """
        types = {"int": int, "float": float, "bool": bool, "str": str}
        if type(found) is not types[self.kind] and not (found is None and self.optional):
            raise ValueError(f"{self.name} must be of type {self.kind}. Found {shown(found)}.")
        return found


M_S = Field("m_S", "int", integer(1))
D = Field("d", "int", integer(1))
M_G = Field("m_G", "int", integer(0))
REPEATS = Field("repeats", "int", integer(2), 1000)
SEED = Field("seed", "int", integer(0), 0)
SIGMA = Field("sigma", "float", number("a number > 0", lambda x: x > 0), 0.6)
DELTA = Field("delta", "float", number("a number in (0, 1)", lambda x: 0 < x < 1), 0.05)
LABELS = Field("labels", "str", word, "balanced")
LOSS = Field("loss", "str", word, "nll")
RISK = Field("risk", "str", exact_or_count, "exact")
VARIANCE = Field("variance", "str", word, "pooled")
SAMPLER = Field("sampler", "str", word, lambda fields: "sufficient" if fields["loss"] == "nll" else "literal")
FORM = Field("form", "str", word, "explicit")
