"""What the proof kernel has said of a claim's derivations and certificates, by the committed record: a check, a table.

A goal that is not on record as it is now is *stale*: the check is undecided then, and the claim open, until `gda prove`
has asked the kernel again. A goal of a derivation that the kernel refused fails the check.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from gda.certificates import all_claims
from gda.certify import check_name
from gda.evidence import Check, Table
from gda.kernel_record import Record, Standing, certificate_standing, read_record, standing
from theory.derivation import Derivation

KERNEL = "proof kernel"
"""Name of the check."""


@lru_cache(maxsize=1)
def _record() -> Record:
    return read_record()


@dataclass(frozen=True)
class KernelWord:
    """What the kernel has said of a claim.

    Args:
        checks: one that the record is about the claim's derivations and certificates as they are; none without any.
        tables: what the kernel has not checked, and why.
        notes: by name of a check of the claim, how much of what it asks the kernel has checked.
    """

    checks: tuple[Check, ...] = ()
    tables: tuple[Table, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)

    def annotated(self, check: Check) -> Check:
        """Add the kernel's part to what a check of a derivation or of certificates has computed."""
        note = self.notes.get(check.name)
        return check if note is None else replace(check, computed=f"{check.computed}; {note}")


def kernel_word(claim_id: str, chains: Sequence[Derivation]) -> KernelWord:
    """Count what the kernel has checked of a claim, and list the rest with the reason.

    Args:
        claim_id: as in C1.
        chains: the claim's derivations.
    """
    derived = tuple(standing(chain, _record()) for chain in chains)
    families: dict[str, list[Standing]] = {}
    for claim in all_claims():
        if claim.serves == claim_id and claim.true:
            families.setdefault(check_name(claim.family), []).append(certificate_standing(claim.goal, None, _record()))
    certified = [one for ones in families.values() for one in ones]
    if not derived and not certified:
        return KernelWord()
    rows = [[one.subject, line] for one in (*derived, *certified) for line in (*one.stale, *one.refused)]
    table = Table("What the proof kernel has not checked, and why", ["of", "goal: reason"], rows)
    notes = {one.subject: f"kernel-checked {one.checked} of {one.algebraic} algebraic ones" for one in derived}
    notes |= {
        name: f"kernel-checked {sum(one.checked for one in ones)} of {len(ones)}" for name, ones in families.items()
    }
    return KernelWord((_check(claim_id, derived, certified),), (table,) if rows else (), notes)


def _check(claim_id: str, derived: Sequence[Standing], certified: Sequence[Standing]) -> Check:
    counts = []
    if derived:
        counts.append(f"{sum(s.checked for s in derived)} of {sum(s.algebraic for s in derived)} algebraic steps")
    if certified:
        counts.append(f"{sum(one.checked for one in certified)} of {len(certified)} certificates")
    stale = sum(len(one.stale) for one in (*derived, *certified))
    failed = sum(len(one.failed) for one in derived)
    return Check(
        name=KERNEL,
        asks="Is the proof kernel's record (Coq) about this claim's derivations and certificates as they are?",
        kind="identity",
        computed=f"kernel-checked: {', '.join(counts)}; {stale} goals stale, {failed} refused",
        claimed="none stale, none refused",
        holds=False if failed else None if stale else True,
        command=f"gda prove --claim {claim_id}",
        internal=True,
    )
