"""Poisoning: triggers, targets and sample selection."""
