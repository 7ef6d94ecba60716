"""Plots: one figure a module."""
