"""Every derived lemma has a proof that holds, and what rests on it is what the proof rests on."""

import pytest

from theory import foundations
from theory.cited import CITED
from theory.derivation import Derivation
from theory.stability_proof import general_bound

DERIVED = [key for key, lemma in CITED.items() if lemma.sureness == "derived"]


def test_every_derived_lemma_has_a_proof_and_no_other():
    assert set(DERIVED) == set(foundations.PROOFS) & set(CITED)
    assert set(foundations.PROOFS) <= set(CITED)


@pytest.mark.parametrize("key", DERIVED)
def test_its_proof_holds_and_ends_in_axioms(key):
    assert foundations.PROOFS[key]().failures() == ()
    assert foundations.foundations(key)
    assert all(CITED[found].sureness != "derived" for found in foundations.foundations(key))


def test_the_general_bound_rests_on_textbook_lemmas():
    keys = [lemma.key for lemma in foundations.lemmas_of(general_bound())]
    assert set(foundations.foundations_of(keys)) == {"L0", "L0-Hoelder", "L3", "L4"}


def test_a_lemma_whose_proof_is_broken_is_an_axiom(monkeypatch):
    chain = foundations.PROOFS["L13"]()
    step = chain.steps[-1]
    broken: Derivation = chain.with_step(step.restate("conclusion", 2 * step.stated["conclusion"]))
    monkeypatch.setattr(foundations, "PROOFS", {**foundations.PROOFS, "L13": lambda: broken})
    foundations.foundations.cache_clear()
    assert foundations.foundations("L13") == ("L13",)
    foundations.foundations.cache_clear()
