"""One module a claim: what is computed, what is claimed, which kind of evidence."""
