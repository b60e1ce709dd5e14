"""Errors that a person can mend."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class InputError(ValueError):
    """Bad input: told in one line with the offending value, exit code 2, no traceback."""


class UndecidedError(ValueError):
    """A question that was asked and could not be decided: told in one line, exit code 3."""


@contextmanager
def as_input_error() -> Iterator[None]:
    """Turn a complaint about arguments into an `InputError`; for calls that pass a person's input straight on.

    An `ArithmeticError` is one too: an expression without a value at the point asked for.
    """
    try:
        yield
    except (ValueError, ArithmeticError) as error:
        raise InputError(str(error)) from error
