"""A claim says what the kernel has checked, and is open where the record is not about its derivations as they are."""

import re
from dataclasses import replace

from gda import kernel_checks
from gda.certificates import all_claims
from gda.certify import check_name
from gda.claims.c01_general_bound import derivation_check
from gda.context import Context
from gda.evidence import Check, Claim, Evidence, gather
from gda.kernel_record import keys, read_record
from gda.report import render
from theory.concentration import draw_by_draw
from theory.gain import gain
from theory.kernel import derivation_goals

STATED = Check("x", "?", "identity", "a", "b", True, "gda verify")


def outcome_of(*chains, claim="Z0"):
    return gather(Claim(claim, "a claim", "?", lambda _: Evidence(stated=(STATED,), derivations=chains)), Context())


def kernel_check(outcome):
    (found,) = (check for check in outcome.evidence.context if check.name == kernel_checks.KERNEL)
    return found


def test_the_count_is_that_of_the_record():
    outcome = outcome_of(draw_by_draw(), gain())
    found = kernel_check(outcome)
    assert found.holds is True
    assert outcome.verdict.name == "verified"
    assert "0 goals stale, 0 refused" in found.computed
    steps = [step for chain in (draw_by_draw(), gain()) for step in derivation_goals(chain)]
    assert f"of {sum(step.algebraic for step in steps)} algebraic steps" in found.computed
    assert found.computed in render([outcome])


def test_a_wrong_sign_is_stale_and_the_claim_open():
    chain = gain()
    step = chain.step("difference")
    mutant = chain.with_step(step.restate("difference", -step.stated["difference"]))
    outcome = outcome_of(mutant)
    assert kernel_check(outcome).holds is None
    assert outcome.verdict.name == "open"


def test_a_refused_goal_breaks_the_claim(monkeypatch):
    chain = gain()
    theorems = keys(theorem for step in derivation_goals(chain) for theorem in step.theorems)
    key = next(iter(theorems))
    record = read_record()
    monkeypatch.setattr(kernel_checks, "_record", lambda: {**record, key: replace(record[key], proved=False)})
    outcome = outcome_of(chain)
    assert kernel_check(outcome).holds is False
    assert "1 refused" in kernel_check(outcome).computed
    assert outcome.verdict.name == "open"


def test_a_claim_without_derivation_or_certificate_has_no_check():
    assert kernel_checks.kernel_word("Z0", ()) == kernel_checks.KernelWord()


def test_a_check_says_how_much_of_it_the_kernel_has_checked():
    chain = draw_by_draw()
    claim = Claim("Z0", "a claim", "?", lambda _: Evidence(stated=(derivation_check(chain),), derivations=(chain,)))
    (found,) = gather(claim, Context()).evidence.stated
    assert re.fullmatch(r"3 of 3 steps hold; kernel-checked \d of \d algebraic ones", found.computed)
    word = kernel_checks.kernel_word("C6", ())
    (name,) = word.notes
    assert name == check_name(next(claim.family for claim in all_claims() if claim.serves == "C6"))


def test_half_of_the_certificates_are_checked():
    checked = total = 0
    for claim in ("C1", "C4", "C5", "C6", "C7"):
        (found,) = kernel_checks.kernel_word(claim, ()).checks
        assert found.holds is True
        part, whole = re.search(r"(\d+) of (\d+) certificates", found.computed).groups()
        checked, total = checked + int(part), total + int(whole)
    assert total == sum(claim.true for claim in all_claims())
    assert 2 * checked >= total
