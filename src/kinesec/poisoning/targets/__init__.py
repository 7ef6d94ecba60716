"""Targets: what the future of a poisoned window becomes; one module each."""
