"""Three-valued judgements of comparisons: yes and no where the corrected interval decides it, else None."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from deep.analysis import Comparison
from deep.spec import Rule

Judge = Callable[[Sequence[Comparison], Rule], bool | None]
"""Of the comparisons at one m_S."""


def every(found: Iterable[bool | None]) -> bool | None:
    """Whether all hold; None where that is open, or where there is nothing."""
    values = list(found)
    return False if False in values else None if None in values or not values else True


def some(found: Iterable[bool | None]) -> bool | None:
    """Whether one holds; None where that is open, or where there is nothing."""
    values = list(found)
    return True if True in values else None if None in values or not values else False


def opposite(found: bool | None) -> bool | None:
    """Whether it does not hold."""
    return None if found is None else not found


def at_all_sizes(found: Iterable[bool | None]) -> bool | None:
    """Whether it holds at all sizes; no if it is decided at some to hold and at others not, or at all not to hold.

    A size where it does not hold, among others that are open, is no answer on all.
    """
    values = set(found)
    if {True, False} <= values or values == {False}:
        return False
    return True if values == {True} else None


# One comparison


def helps(one: Comparison, rule: Rule) -> bool | None:
    """Whether generated images lower the test error by more than the threshold."""
    if not one.enough:
        return None
    return True if one.error.low > rule.threshold else False if one.error.high <= rule.threshold else None


def hurts(one: Comparison) -> bool | None:
    """Whether they raise the test error."""
    if not one.enough:
        return None
    return True if one.error.high < 0 else False if one.error.low >= 0 else None


def smaller_gap(one: Comparison) -> bool | None:
    """Whether they make the gap smaller."""
    if not one.enough:
        return None
    return True if one.gap.low > 0 else False if one.gap.high <= 0 else None


# Comparisons at one m_S


def small_gain(part: Sequence[Comparison], rule: Rule) -> bool:
    """Whether no amount helps by more than the threshold, and yet some gain is certain."""
    return some(helps(one, rule) for one in part) is False and any(one.error.low > 0 for one in part)


def some_help(part: Sequence[Comparison], rule: Rule) -> bool | None:
    """Whether some amount helps; a gain that is certain, and too small for the threshold, is no *no*."""
    return None if small_gain(part, rule) else some(helps(one, rule) for one in part)


def none_helps(part: Sequence[Comparison], rule: Rule) -> bool | None:
    """Whether no amount helps."""
    return opposite(some(helps(one, rule) for one in part))


def all_hurt(part: Sequence[Comparison], _rule: Rule) -> bool | None:
    """Whether every amount hurts."""
    return every(map(hurts, part))


def some_hurt(part: Sequence[Comparison], _rule: Rule) -> bool | None:
    """Whether some amount hurts."""
    return some(map(hurts, part))


def first_two_hurt(part: Sequence[Comparison], rule: Rule) -> bool | None:
    """Whether gamma = 1 and gamma = 2 hurt; no yes where one of them is not there."""
    both = {one.gamma for one in part} == {1, 2}
    found = all_hurt(part, rule)
    return found if both or found is False else None


def some_gap(part: Sequence[Comparison], _rule: Rule) -> bool | None:
    """Whether some amount makes the gap smaller."""
    return some(map(smaller_gap, part))
