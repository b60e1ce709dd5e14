"""How checks become verdicts: by the weakest evidence, and a planted false claim comes out refuted."""

import numpy as np
import pytest

from gda.claims.c01_general_bound import derivation_check
from gda.context import Context
from gda.evidence import Check, Claim, Evidence, decide, gather, verdict_record
from gda.report import render
from gda.verify import report_broken
from numerics.estimate import paired_ratio
from theory.stability_proof import general_bound
from theory.symbols import beta


def check(kind="identity", holds=True, name="x", axioms=()):
    return Check(name, "?", kind, "a", "b", holds, "gda verify", level="5%", axioms=axioms)


YES, NO, OPEN = check(), check(holds=False), check(holds=None)
MAYBE = check("statistical")


@pytest.mark.parametrize(
    ("evidence", "name", "kind"),
    [
        (Evidence(), "not checked", "not checked"),
        (Evidence(stated=(YES,)), "verified", "identity"),
        (Evidence(stated=(YES, MAYBE)), "verified", "statistical"),
        (Evidence(stated=(YES, OPEN)), "open", "identity"),
        (Evidence(stated=(YES, NO)), "refuted", "identity"),
        (Evidence(stated=(YES, OPEN, NO)), "refuted", "identity"),
        (Evidence(stated=(check("statistical", False),)), "refuted", "statistical"),
        (Evidence(stated=(NO,), amendment="so", amended=(MAYBE,)), "amended", "statistical"),
        (Evidence(stated=(NO,), amendment="so", amended=(NO,)), "refuted", "identity"),
        (Evidence(stated=(NO,), amendment="so", amended=(OPEN,)), "refuted", "identity"),
        (Evidence(stated=(NO,), amended=(YES,)), "refuted", "identity"),
        (Evidence(stated=(YES,), context=(NO,)), "verified", "identity"),
        (Evidence(stated=(check("experiment"), check("certificate"))), "verified", "experiment"),
    ],
)
def test_verdicts(evidence, name, kind):
    verdict = decide(evidence)
    assert (verdict.name, verdict.kind) == (name, kind)


def test_a_verdict_lists_the_axioms_of_what_decided_it():
    # L1 and L10 are derived here: what they follow from takes their place.
    evidence = Evidence(stated=(check(axioms=("L3", "L1")), check(axioms=("L7", "L10"))))
    assert decide(evidence).axioms == ("L0", "L3", "L7", "L0-Hoelder")


def test_a_statistical_check_without_a_level_is_refused():
    with pytest.raises(ValueError, match="level"):
        Check("x", "?", "statistical", "a", "b", True, "gda verify")


def test_an_outcome_must_be_a_plain_truth_value():
    with pytest.raises(TypeError, match="Found"):
        check(holds=np.True_)


def planted_gather(context):
    """Gather evidence for a planted false claim: more generated data lowers the *test risk* at m_S = 10, d = 20."""
    simulation = context.simulation(context.request(10, 20, (0, 1), 1000))
    none, equal = simulation.cells
    ratio = paired_ratio(equal.test_risk, none.test_risk, 0.999)
    holds = True if ratio.high < 1 else (False if ratio.low > 1 else None)
    asks = "Does augmentation lower the test risk?"
    return Evidence(stated=(Check("p", asks, "statistical", str(ratio), "< 1", holds, "-", level="99.9%"),))


def test_a_planted_false_claim_is_refuted_by_the_same_machinery():
    claim = Claim("P1", "bGMM: augmentation lowers the test risk.", "simulation", planted_gather)
    outcome = gather(claim, Context(repeats=1000, workers=1))
    assert (outcome.verdict.name, outcome.verdict.kind) == ("refuted", "statistical")
    assert "**refuted**" in render([outcome])
    assert verdict_record(outcome)["verdict"] == "refuted"


def test_a_broken_derivation_is_an_error_of_ours_and_refutes_nobody(capsys):
    chain = general_bound()
    broken = chain.with_step(chain.step("coupling difference").restate("difference", beta))
    claim = Claim("C1", "a bound", "-", lambda _context: Evidence(stated=(derivation_check(broken),)))
    outcome = gather(claim, Context(workers=1))
    assert outcome.verdict.name == "open"
    assert report_broken([outcome]) == 1
    assert "coupling difference" in capsys.readouterr().err


def test_a_claim_without_evidence_is_not_checked_and_says_what_would():
    outcome = gather(Claim("C9", "something", "an experiment"), Context(workers=1))
    assert outcome.verdict.name == "not checked"
    assert "an experiment" in render([outcome])
    assert "gda verify --claim C9" in render([outcome])
