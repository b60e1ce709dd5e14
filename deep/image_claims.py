"""What an experiment on images says of the claims: fixed rules, three-valued answers.

C8 and C9 take "m_S large" and "m_S small" at their word (`deep.spec.Rule`). In C10 to C12 the source says "small" and
"large" of training without and with standard augmentation, at one m_S; they are asked at each m_S of the run where the
test error without generated images leaves room to reduce, and the generator has passed the gate. An answer is *yes* or
*no* where the intervals decide it: *no* amount helps if every interval ends at the threshold or below. An experiment
that is not complete answers nothing, so that nobody stops at will.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from deep.analysis import Comparison, compare
from deep.results import STEPS, Results
from deep.spec import Rule

GANS = ("cdcgan", "stylegan2-ada")


@dataclass(frozen=True)
class Answer:
    """A question of a claim.

    Args:
        claim: its id.
        name: short.
        asks: the question.
        holds: the answer; None where the experiment does not decide.
        computed: the words that it follows from.
        comparisons: what these are of.
        decides: whether the claim needs it; others stand beside.
        part_of: the name of the answer on all sizes, if it is about one of them.
        m_S: that size; 0 for none.
        subject: generator and augmentation, as words.
        says: what a yes says, and what a no.
    """

    claim: str
    name: str
    asks: str
    holds: bool | None
    computed: str
    comparisons: tuple[Comparison, ...]
    decides: bool = True
    part_of: str = ""
    m_S: int = 0
    subject: str = ""
    says: tuple[str, str] = ("", "")


# Three-valued logic


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
    values = list(found)
    if {True, False} <= set(values) or set(values) == {False}:
        return False
    return True if set(values) == {True} else None


# One comparison


def helps(one: Comparison, rule: Rule) -> bool | None:
    """Whether generated images lower the test error by more than the threshold."""
    if one.seeds < rule.least_seeds or one.excluded:
        return None
    return True if one.error.low > rule.threshold else False if one.error.high <= rule.threshold else None


def hurts(one: Comparison, rule: Rule) -> bool | None:
    """Whether they raise the test error."""
    if one.seeds < rule.least_seeds or one.excluded:
        return None
    return True if one.error.high < 0 else False if one.error.low >= 0 else None


def smaller_gap(one: Comparison, rule: Rule) -> bool | None:
    """Whether they make the gap smaller."""
    if one.seeds < rule.least_seeds or one.excluded:
        return None
    return True if one.gap.low > 0 else False if one.gap.high <= 0 else None


# Comparisons at one m_S


def some_help(part: Sequence[Comparison], rule: Rule) -> bool | None:
    """Whether some amount helps; a gain that is certain, and too small for the threshold, is no *no*."""
    found = some(helps(one, rule) for one in part)
    return None if found is False and any(one.error.low > 0 for one in part) else found


def none_helps(part: Sequence[Comparison], rule: Rule) -> bool | None:
    """Whether no amount helps."""
    return opposite(some(helps(one, rule) for one in part))


def all_hurt(part: Sequence[Comparison], rule: Rule) -> bool | None:
    """Whether every amount hurts."""
    return every(hurts(one, rule) for one in part)


def some_gap(part: Sequence[Comparison], rule: Rule) -> bool | None:
    """Whether some amount makes the gap smaller."""
    return some(smaller_gap(one, rule) for one in part)


Judge = Callable[[Sequence[Comparison], Rule], bool | None]


@dataclass(frozen=True)
class _Picked:
    # Comparisons that a question is about, and those of generators that failed.
    kept: tuple[Comparison, ...]
    failed: tuple[Comparison, ...]

    @staticmethod
    def of(found: Iterable[Comparison], names: Iterable[str], standard: str) -> _Picked:
        chosen = set(names)
        about = [one for one in found if one.generator in chosen and one.standard == standard]
        kept, failed = (tuple(one for one in about if one.excluded is excluded) for excluded in (False, True))
        return _Picked(kept, failed)

    def where(self, fits: Callable[[Comparison], bool]) -> _Picked:
        return _Picked(*(tuple(filter(fits, part)) for part in (self.kept, self.failed)))

    def sizes(self) -> dict[int, tuple[Comparison, ...]]:
        found = sorted({one.m_S for one in self.kept})
        return {m_S: tuple(one for one in self.kept if one.m_S == m_S) for m_S in found}

    def left_out(self) -> str:
        failed = dict.fromkeys(f"{one.generator} at m_S = {one.m_S}" for one in self.failed)
        return f"; left out, as it failed the gate: {', '.join(failed)}" if failed else ""

    def __str__(self) -> str:
        return describe(self.kept) + self.left_out()


@dataclass(frozen=True)
class _Question:
    # Asked at each m_S, and of all of them.
    claim: str
    name: str
    of: str
    found: _Picked
    judge: Judge
    says: tuple[str, str]
    decides: bool = True


def _sized(question: _Question, rule: Rule, lacking: int) -> list[Answer]:
    # The answer on all sizes, then that at each.
    where = f"at every m_S with a test error of {rule.room:g} % or more where the generator passed the gate"
    asks = f"{question.of}: does {question.says[0]} {where}?"
    whole = Answer(
        question.claim,
        question.name,
        asks,
        None,
        _incomplete(lacking),
        question.found.kept,
        question.decides,
        subject=question.of,
        says=question.says,
    )
    if lacking:
        return [whole]
    each = [
        replace(
            whole,
            name=f"{question.name}, m_S = {m_S}",
            asks=f"{question.of}, m_S = {m_S}: does {question.says[0]}?",
            holds=question.judge(part, rule),
            computed=describe(part),
            comparisons=part,
            decides=False,
            part_of=question.name,
            m_S=m_S,
        )
        for m_S, part in question.found.sizes().items()
    ]
    words = {True: "yes", False: "no", None: "undecided"}
    told = [f"{word} at m_S = {', '.join(at)}" for value, word in words.items()
            if (at := [str(a.m_S) for a in each if a.holds is value])]  # fmt: skip
    computed = ("; ".join(told) or "no such cell") + question.found.left_out()
    return [replace(whole, holds=at_all_sizes(a.holds for a in each), computed=computed), *each]


def _incomplete(lacking: int) -> str:
    return f"{lacking} results are missing: nothing is read off yet"


def answers(results: Results) -> tuple[Answer, ...]:
    """Answer the questions of C8 to C12 from an experiment."""
    rule, lacking = results.spec.rule, results.missing()
    grid = [one for one in compare(results) if one.protocol == STEPS]
    lowers = f"lower the test error by more than {rule.threshold:g} pp"
    roomy = [one for one in grid if one.base >= rule.room]
    old, strong, edm = (
        _Picked.of(roomy, [name], standard)
        for name, standard in (("cdcgan", "off"), ("stylegan2-ada", "on"), ("edm", "on"))
    )
    some_lowers, none_lowers = f"some amount {lowers}", f"no amount {lowers}"
    augmented = "StyleGAN2-ADA, standard augmentation"
    first = _Question(
        "C11",
        "strong GAN hurts",
        augmented,
        strong.where(lambda one: one.gamma in (1, 2)),
        all_hurt,
        ("every one of gamma = 1 and 2 (50k and 100k on CIFAR-10), as far as it is run, raise the test error", ""),
        decides=results.spec.data == "cifar10",  # the claim names it
    )
    helping, idle = (some_lowers, none_lowers), (none_lowers, some_lowers)
    questions = (
        _Question("C10", "old GAN", "cDCGAN, no standard augmentation", old, some_help, helping),
        _Question("C11", "strong GAN", augmented, strong, none_helps, idle),
        first,
        _Question("C12", "diffusion", "EDM, standard augmentation", edm, some_help, helping),
    )
    found = [_about_gans(grid, rule, lacking, lowers)]
    for question in questions:
        sized = _sized(question, rule, lacking)
        found.append(_large_too(sized, rule) if question.name == "strong GAN" else sized)
    return tuple(answer for part in found for answer in part)


def _about_gans(grid: Sequence[Comparison], rule: Rule, lacking: int, lowers: str) -> list[Answer]:
    # C8 and C9.
    large, small = (
        _Picked.of([one for one in grid if fits(one.m_S)], GANS, "off")
        for fits in (lambda m_S: m_S >= rule.large, lambda m_S: m_S <= rule.small)
    )
    wide = large.where(lambda one: one.base >= rule.room)

    def answer(claim: str, name: str, asks: str, found: _Picked, holds: bool | None) -> Answer:
        told = _incomplete(lacking) if lacking else str(found)
        return Answer(claim, name, asks, None if lacking else holds, told, found.kept)

    def at_each(judge: Judge) -> bool | None:
        return every(judge(part, rule) for part in small.sizes().values())

    many = f"GANs, m_S >= {rule.large}, no standard augmentation"
    passed = "at every m_S where one passed the gate"
    few = f"GANs, m_S <= {rule.small}, no standard augmentation: {passed}, does some amount"
    room = f"where the test error is {rule.room:g} % or more"
    return [
        answer("C8", "large, no help", f"{many}, {room}: does no amount {lowers}?", wide, none_helps(wide.kept, rule)),
        answer("C8", "large, hurts", f"{many}: does some amount raise the test error?", large,
               some(hurts(one, rule) for one in large.kept)),
        answer("C9", "small, help", f"{few} {lowers}?", small, at_each(some_help)),
        answer("C9", "small, gap", f"{few} lower the gap of test and train error?", small, at_each(some_gap)),
    ]  # fmt: skip


def _large_too(found: list[Answer], rule: Rule) -> list[Answer]:
    # C11 is about large m_S: help at small ones alone does not refute it.
    whole, *each = found
    if whole.holds is False and all(a.holds is False for a in each) and max(a.m_S for a in each) < rule.large:
        told = f"{whole.computed}; none of these m_S is large ({rule.large} or more)"
        return [replace(whole, holds=None, computed=told), *each]
    return found


def describe(found: Iterable[Comparison]) -> str:
    """Write the words of comparisons, a group for each m_S and generator."""
    groups: dict[str, list[str]] = {}
    for one in found:
        groups.setdefault(f"{one.generator} at m_S = {one.m_S}", []).append(f"{one.word} ({one.gamma:g})")
    return "; ".join(f"{name}: {', '.join(words)}" for name, words in groups.items()) or "no such cell"
