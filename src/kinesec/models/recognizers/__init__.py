"""Skeleton action recognizers: one module each."""
