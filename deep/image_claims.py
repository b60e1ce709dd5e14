"""What an experiment on images says of the claims: fixed questions, three-valued answers.

C8 and C9 take "m_S large" and "m_S small" at their word (`deep.spec.Rule`). In C10 to C12 the source says "small" and
"large" of training without and with standard augmentation, at one m_S; they are asked at each m_S of the run where the
test error without generated images leaves room to reduce, and the generator has passed the gate. An experiment that is
not complete answers nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from deep.analysis import Comparison, compare
from deep.image_judgements import (
    Judge,
    all_hurt,
    at_all_sizes,
    every,
    first_two_hurt,
    none_helps,
    small_gain,
    some_gap,
    some_help,
    some_hurt,
)
from deep.results import STEPS, Results
from deep.spec import Rule

GANS = ("cdcgan", "stylegan2-ada")
WORDS = {True: "yes", False: "no", None: "undecided"}
"""What an answer is called."""


@dataclass(frozen=True)
class Answer:
    """A question of a claim.

    Args:
        claim: its id.
        name: short.
        asks: the question.
        holds: the answer; None where the experiment does not decide.
        computed: what it follows from, in words.
        comparisons: what these are of.
        decides: whether the claim needs it; others stand beside.
        part_of: the name of the answer on all sizes, if it is about one of them.
        m_S: that size; 0 for none.
        subject: generator and augmentation, as words.
        says: what a yes says, and what a no.
        left_out: which sizes it does not speak of, and why.
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
    left_out: str = ""


def answers(results: Results) -> tuple[Answer, ...]:
    """Answer the questions of C8 to C12 from an experiment."""
    rule, lacking = results.spec.rule, results.missing()
    grid = [one for one in compare(results) if one.protocol == STEPS]
    asked = (*_about_gans(grid, rule), *_about_one(grid, rule, named=results.spec.data == "cifar10"))
    found = [answer for question in asked for answer in question.answered(rule)]
    if not lacking:
        return tuple(found)
    told = f"{lacking} results are missing: nothing is read off yet"
    return tuple(replace(a, holds=None, computed=told, left_out="") for a in found if not a.m_S)


# What a question is about


@dataclass(frozen=True)
class _Picked:
    # Comparisons that a question is about, those of generators that failed, and sizes without room.
    kept: tuple[Comparison, ...]
    failed: tuple[Comparison, ...] = ()
    roomless: tuple[int, ...] = ()

    def where(self, fits: Callable[[Comparison], bool]) -> _Picked:
        return replace(self, kept=tuple(filter(fits, self.kept)), failed=tuple(filter(fits, self.failed)))

    def sizes(self) -> dict[int, tuple[Comparison, ...]]:
        found = sorted({one.m_S for one in self.kept})
        return {m_S: tuple(one for one in self.kept if one.m_S == m_S) for m_S in found}

    def left_out(self) -> str:
        failed = dict.fromkeys(f"{one.generator} at m_S = {one.m_S}" for one in self.failed)
        told = [f"left out, as it failed the gate: {', '.join(failed)}"] if failed else []
        told += [f"no room at m_S = {', '.join(map(str, self.roomless))}"] if self.roomless else []
        return "; ".join(told)


def _picked(grid: Iterable[Comparison], names: Iterable[str], standard: str) -> _Picked:
    chosen = set(names)
    about = [one for one in grid if one.generator in chosen and one.standard == standard]
    kept, failed = (tuple(one for one in about if one.excluded is excluded) for excluded in (False, True))
    return _Picked(kept, failed)


def _with_room(found: _Picked, rule: Rule, judge: Judge | None = None) -> _Picked:
    # Sizes where there is room, or where it is not known. Where there is none no gain can be asked for, but harm, which
    # a judge may find, counts.
    def roomy(one: Comparison) -> bool:
        return not one.base < rule.room

    small = {m_S: part for m_S, part in found.sizes().items() if not any(map(roomy, part))}
    harmed = {m_S for m_S, part in small.items() if judge and judge(part, rule)}
    kept = found.where(lambda one: roomy(one) or one.m_S in harmed)
    return replace(kept, roomless=tuple(m_S for m_S in small if m_S not in harmed))


# Questions


@dataclass(frozen=True)
class _Question:
    # On all comparisons together, or, `sized`, at each m_S and then on all of these.
    claim: str
    name: str
    subject: str
    found: _Picked
    judge: Judge
    asks: str
    says: tuple[str, str] = ("", "")
    where: str = ""
    decides: bool = True
    sized: bool = True
    counts: Callable[[int], bool] = bool  # m_S that the claim is about
    describe: Callable[[Iterable[Comparison]], str] | None = None

    def answered(self, rule: Rule) -> list[Answer]:
        asks, left_out = f"{self.subject}: does {self.asks}{self.where}?", self.found.left_out()
        tell = self.describe or describe
        computed = "; ".join(filter(None, (tell(self.found.kept), left_out)))
        whole = Answer(self.claim, self.name, asks, None, computed, self.found.kept, self.decides,
                       subject=self.subject, says=self.says, left_out=left_out)  # fmt: skip
        if not self.sized:
            return [replace(whole, holds=self.judge(self.found.kept, rule))]
        each = [self._at(m_S, part, whole, rule) for m_S, part in self.found.sizes().items()]
        asked = [a for a in each if self.counts(a.m_S)]
        others = [replace(a, part_of="") for a in each if not self.counts(a.m_S)]
        told = [*(_at_which(asked) or ["no such cell"]), *filter(None, [left_out])]
        told += [f"beside the claim's m_S: {', '.join(_at_which(others))}"] if others else []
        return [replace(whole, holds=at_all_sizes(a.holds for a in asked), computed="; ".join(told)), *asked, *others]

    def _at(self, m_S: int, part: tuple[Comparison, ...], whole: Answer, rule: Rule) -> Answer:
        note = "; a certain gain, too small for the rule" if self.judge is some_help and small_gain(part, rule) else ""
        return replace(
            whole,
            name=f"{self.name}, m_S = {m_S}",
            asks=f"{self.subject}, m_S = {m_S}: does {self.asks}?",
            holds=self.judge(part, rule),
            computed=describe(part) + note,
            comparisons=part,
            decides=False,
            part_of=self.name,
            m_S=m_S,
            left_out="",
        )


def _gain(rule: Rule) -> str:
    return f"the test error by more than {rule.threshold:g} pp"


def _about_gans(grid: Sequence[Comparison], rule: Rule) -> Iterable[_Question]:
    # C8 and C9.
    large, small = (
        _picked([one for one in grid if fits(one.m_S)], GANS, "off")
        for fits in (lambda m_S: m_S >= rule.large, lambda m_S: m_S <= rule.small)
    )

    def at_each(judge: Judge) -> Judge:
        return lambda _, rule: every(judge(part, rule) for part in small.sizes().values())

    lowers = f"lower {_gain(rule)}"
    many, few = (f"GANs, m_S {sign}, no standard augmentation" for sign in (f">= {rule.large}", f"<= {rule.small}"))
    room = f" where the test error is {rule.room:g} % or more"
    passed = " at every m_S where one passed the gate"
    yield _Question("C8", "large, no help", many, _with_room(large, rule), none_helps,
                    f"no amount {lowers}", where=room, sized=False)  # fmt: skip
    yield _Question("C8", "large, hurts", many, large, some_hurt,
                    "some amount raise the test error", sized=False)  # fmt: skip
    yield _Question("C9", "small, help", few, small, at_each(some_help), f"some amount {lowers}", where=passed,
                    sized=False)  # fmt: skip
    yield _Question("C9", "small, gap", few, small, at_each(some_gap),
                    "some amount lower the gap of test and train error", where=passed, sized=False,
                    describe=describe_gap)  # fmt: skip


def _about_one(grid: Sequence[Comparison], rule: Rule, *, named: bool) -> Iterable[_Question]:
    # C10 to C12; whether the data are those that C11 names.
    some_lowers, none_lowers = (f"{which} amount lower {_gain(rule)}" for which in ("some", "no"))
    helping = (f"some amount lowers {_gain(rule)}", f"no amount lowers {_gain(rule)}")
    room = f"with a test error of {rule.room:g} % or more where the generator passed the gate"
    augmented = "StyleGAN2-ADA, standard augmentation"
    old, strong, edm = (
        _picked(grid, [name], standard)
        for name, standard in (("cdcgan", "off"), ("stylegan2-ada", "on"), ("edm", "on"))
    )

    def large(m_S: int) -> bool:
        return m_S >= rule.large

    # In the source's own setting, at one m_S, "small" and "large" are words for the two kinds of training.
    few = "every m_S" if named else f"every m_S < {rule.large}"
    yield _Question("C10", "old GAN", "cDCGAN, no standard augmentation", _with_room(old, rule, all_hurt), some_help,
                    some_lowers, helping, f" at {few} {room}", counts=lambda m_S: named or not large(m_S))  # fmt: skip
    yield _Question("C11", "strong GAN", augmented, _with_room(strong, rule), none_helps, none_lowers, helping[::-1],
                    f" at every m_S >= {rule.large} {room}", counts=large)  # fmt: skip
    first = strong.where(lambda one: one.gamma in (1, 2))
    yield _Question("C11", "strong GAN hurts", augmented, first, first_two_hurt if named else all_hurt,
                    "each of gamma = 1 and 2 that is run raise the test error",
                    ("gamma = 1 and 2 raise the test error", "not both of gamma = 1 and 2 raise it"),
                    f" at every m_S >= {rule.large}", decides=named, counts=large)  # fmt: skip
    yield _Question("C12", "diffusion", "EDM, standard augmentation", _with_room(edm, rule, all_hurt), some_help,
                    some_lowers, helping, f" at every m_S {room}")  # fmt: skip


# Words


def _at_which(found: Iterable[Answer]) -> list[str]:
    # Which answer at which m_S.
    sizes = {word: [str(a.m_S) for a in found if a.holds is value] for value, word in WORDS.items()}
    return [f"{word} at m_S = {', '.join(at)}" for word, at in sizes.items() if at]


def describe(found: Iterable[Comparison]) -> str:
    """Write the words of comparisons, a group for each m_S and generator."""
    return _grouped((one, f"{one.word} ({one.gamma:g})") for one in found)


def describe_gap(found: Iterable[Comparison]) -> str:
    """Write what comparisons say of the gap: by how many percentage points it is smaller."""
    return _grouped(
        (one, f"{one.gap.value:+.2f} [{one.gap.low:.2f}, {one.gap.high:.2f}] ({one.gamma:g})") for one in found
    )


def _grouped(found: Iterable[tuple[Comparison, str]]) -> str:
    groups: dict[str, list[str]] = {}
    for one, text in found:
        groups.setdefault(f"{one.generator} at m_S = {one.m_S}", []).append(text)
    return "; ".join(f"{name}: {', '.join(texts)}" for name, texts in groups.items()) or "no such cell"
