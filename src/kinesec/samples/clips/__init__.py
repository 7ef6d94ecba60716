"""Labelled clips for recognizers."""
