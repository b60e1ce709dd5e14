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


def smaller_gap(one: Comparison) -> bool | None:
    """Whether they make the gap smaller."""
    return True if one.gap.low > 0 else False if one.gap.high <= 0 else None


def at_each_size(found: Iterable[Comparison], judge: Callable[[list[Comparison]], bool | None]) -> bool | None:
    """Whether a judgement of the comparisons at one m_S holds at each."""
    kept = list(found)
    return every(judge([one for one in kept if one.m_S == m_S]) for m_S in sorted({one.m_S for one in kept}))


def answers(results: Results) -> tuple[Answer, ...]:
    """Answer the questions of C8 to C12 from an experiment."""
    rule, lacking = results.spec.rule, results.missing()
    grid = [one for one in compare(results) if one.protocol == STEPS]
    roomy = [one for one in grid if one.base >= rule.room]

    def pick(found: list[Comparison], names: Iterable[str], standard: str) -> tuple[Comparison, ...]:
        kept = set(names)
        return tuple(one for one in found if one.generator in kept and one.standard == standard and not one.excluded)

    def answer(claim: str, name: str, asks: str, found: tuple[Comparison, ...], holds: bool | None) -> Answer:
        told = describe(found) if not lacking else f"{lacking} results are missing: nothing is read off yet"
        return Answer(claim, name, asks, None if lacking else holds, told, found)

    large = pick([one for one in grid if one.m_S >= rule.large], GANS, "off")
    small = pick([one for one in grid if one.m_S <= rule.small], GANS, "off")
    old, strong, edm = (pick(roomy, [name], standard)
                        for name, standard in (("cdcgan", "off"), ("stylegan2-ada", "on"), ("edm", "on")))  # fmt: skip
    first = tuple(one for one in strong if one.gamma in (1, 2))
    points = f"{rule.threshold:g} pp"
    room = f"at every m_S with a test error of {rule.room:g} % or more"
    return (
        answer("C8", "large, no help", f"GANs, m_S >= {rule.large}, no standard augmentation: does no amount lower the "
               f"test error by more than {points}?", large, opposite(some(map(helps, large)))),
        answer("C8", "large, hurts", f"GANs, m_S >= {rule.large}, no standard augmentation: does some amount hurt?",
               large, some(map(hurts, large))),
        answer("C9", "small, help", f"GANs, m_S <= {rule.small}, no standard augmentation: at every m_S, does some "
               f"amount lower the test error by more than {points}?", small,
               at_each_size(small, lambda found: some(map(helps, found)))),
        answer("C9", "small, gap", f"GANs, m_S <= {rule.small}, no standard augmentation: at every m_S, does some "
               "amount lower the gap of test and train error?", small,
               at_each_size(small, lambda found: some(map(smaller_gap, found)))),
        answer("C10", "old GAN", f"cDCGAN, no standard augmentation: {room}, does some amount lower the test error by "
               f"more than {points}?", old, at_each_size(old, lambda found: some(map(helps, found)))),
        answer("C11", "strong GAN", f"StyleGAN2-ADA, standard augmentation: {room}, does no amount lower the test "
               f"error by more than {points}?", strong, opposite(some(map(helps, strong)))),
        answer("C11", "strong GAN hurts", f"StyleGAN2-ADA, standard augmentation: {room}, do gamma = 1 and 2 (50k and "
               "100k on CIFAR-10), as far as they are run, hurt?", first, every(map(hurts, first))),
        answer("C12", "diffusion", f"EDM, standard augmentation: {room}, does some amount lower the test error by more "
               f"than {points}?", edm, at_each_size(edm, lambda found: some(map(helps, found)))),
    )  # fmt: skip


def describe(found: Iterable[Comparison]) -> str:
    """Write the words of comparisons, a group for each m_S and generator."""
    groups: dict[str, list[str]] = {}
    for one in found:
        groups.setdefault(f"{one.generator} at m_S = {one.m_S}", []).append(f"{one.word} ({one.gamma:g})")
    return "; ".join(f"{name}: {', '.join(words)}" for name, words in groups.items()) or "no such cell"
