"""Symbolic derivations: what is true of generative data augmentation, and why (SymPy only)."""
