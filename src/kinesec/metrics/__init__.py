"""Metrics: pure functions from predictions to numbers."""
