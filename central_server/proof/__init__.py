"""Proving the ledger from its raw lines: what was changed, removed, added or swapped is named."""
