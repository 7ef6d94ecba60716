"""Attacks on recognizers: one module each."""
