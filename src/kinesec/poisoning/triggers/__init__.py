"""Triggers: what the history of a poisoned window shows; one module each."""
