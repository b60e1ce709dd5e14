"""What the words of an experiment say of the claims on images: fixed rules, three-valued answers.

C8 and C9 take "m_S large" and "m_S small" at their word (`deep.spec.Rule`). In C10 to C12 the source says "small" and
"large" of training without and with standard augmentation, at one m_S; they are asked at every m_S of the run where the
test error without generated images leaves room to reduce. Where a generator has failed the gate it is left out; where
none is left there is no answer. An experiment that is not complete answers nothing, so that nobody stops at will.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from deep.analysis import Comparison, compare
from deep.results import STEPS, Results

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
    """

    claim: str
    name: str
    asks: str
    holds: bool | None
    computed: str
    comparisons: tuple[Comparison, ...]


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


def helps(one: Comparison) -> bool | None:
    """Whether generated images help."""
    return None if one.word == "open" else one.word == "helps"


def hurts(one: Comparison) -> bool | None:
    """Whether they hurt."""
    return None if one.word == "open" else one.word == "hurts"


def smaller_gap(one: Comparison, least_seeds: int) -> bool | None:
    """Whether they make the gap smaller; None from fewer seeds, as for words."""
    return None if one.seeds < least_seeds else True if one.gap.low > 0 else False if one.gap.high <= 0 else None


def at_each_size(found: Iterable[Comparison], judge: Callable[[list[Comparison]], bool | None]) -> bool | None:
    """Whether a judgement of the comparisons at one m_S holds at each."""
    kept = list(found)
    return every(judge([one for one in kept if one.m_S == m_S]) for m_S in sorted({one.m_S for one in kept}))


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

    def __str__(self) -> str:
        failed = dict.fromkeys(f"{one.generator} at m_S = {one.m_S}" for one in self.failed)
        return describe(self.kept) + (f"; left out, as it failed the gate: {', '.join(failed)}" if failed else "")


def answers(results: Results) -> tuple[Answer, ...]:
    """Answer the questions of C8 to C12 from an experiment."""
    rule, lacking = results.spec.rule, results.missing()
    grid = [one for one in compare(results) if one.protocol == STEPS]
    roomy = [one for one in grid if one.base >= rule.room]

    def answer(claim: str, name: str, asks: str, found: _Picked, holds: bool | None) -> Answer:
        told = f"{lacking} results are missing: nothing is read off yet" if lacking else str(found)
        return Answer(claim, name, asks, None if lacking else holds, told, found.kept)

    large, small = (
        _Picked.of(found, GANS, "off")
        for found in ([one for one in grid if one.m_S >= rule.large], [one for one in grid if one.m_S <= rule.small])
    )
    old, strong, edm = (
        _Picked.of(roomy, [name], standard)
        for name, standard in (("cdcgan", "off"), ("stylegan2-ada", "on"), ("edm", "on"))
    )
    first = strong.where(lambda one: one.gamma in (1, 2))
    lowers = f"the test error by more than {rule.threshold:g} pp"
    room = f"at every m_S with a test error of {rule.room:g} % or more"

    def some_help(found: _Picked) -> bool | None:
        return at_each_size(found.kept, lambda part: some(map(helps, part)))

    return (
        answer("C8", "large, no help", f"GANs, m_S >= {rule.large}, no standard augmentation: does no amount lower "
               f"{lowers}?", large, opposite(some(map(helps, large.kept)))),
        answer("C8", "large, hurts", f"GANs, m_S >= {rule.large}, no standard augmentation: does some amount hurt?",
               large, some(map(hurts, large.kept))),
        answer("C9", "small, help", f"GANs, m_S <= {rule.small}, no standard augmentation: at every m_S, does some "
               f"amount lower {lowers}?", small, some_help(small)),
        answer("C9", "small, gap", f"GANs, m_S <= {rule.small}, no standard augmentation: at every m_S, does some "
               "amount lower the gap of test and train error?", small,
               at_each_size(small.kept, lambda part: some(smaller_gap(one, rule.least_seeds) for one in part))),
        answer("C10", "old GAN", f"cDCGAN, no standard augmentation: {room}, does some amount lower {lowers}?",
               old, some_help(old)),
        answer("C11", "strong GAN", f"StyleGAN2-ADA, standard augmentation: {room}, does no amount lower {lowers}?",
               strong, opposite(some(map(helps, strong.kept)))),
        answer("C11", "strong GAN hurts", f"StyleGAN2-ADA, standard augmentation: {room}, do gamma = 1 and 2 (50k and "
               "100k on CIFAR-10), as far as they are run, hurt?", first, every(map(hurts, first.kept))),
        answer("C12", "diffusion", f"EDM, standard augmentation: {room}, does some amount lower {lowers}?",
               edm, some_help(edm)),
    )  # fmt: skip


def describe(found: Iterable[Comparison]) -> str:
    """Write the words of comparisons, a group for each m_S and generator."""
    groups: dict[str, list[str]] = {}
    for one in found:
        groups.setdefault(f"{one.generator} at m_S = {one.m_S}", []).append(f"{one.word} ({one.gamma:g})")
    return "; ".join(f"{name}: {', '.join(words)}" for name, words in groups.items()) or "no such cell"
