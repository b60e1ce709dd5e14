"""What `gda bound` says a bound rests on is what its derivations rest on."""

import pytest

from gda.bound import AXIOMS
from theory.foundations import foundations_of, lemmas_of
from theory.mixture_theorem_proof import general_forms
from theory.stability_proof import AUGMENTED, general_bound
from theory.tight_moments_proof import coupled_bound

CHAINS = {"published": (general_bound(),), "sharp": (coupled_bound(),), "best": general_forms(AUGMENTED)}


@pytest.mark.parametrize("constants", AXIOMS)
def test_axioms_are_those_of_the_derivations(constants):
    keys = [lemma.key for chain in CHAINS[constants] for lemma in lemmas_of(chain)]
    assert set(AXIOMS[constants]) == set(foundations_of(keys))
