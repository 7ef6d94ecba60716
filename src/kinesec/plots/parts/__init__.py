"""Pieces that figures share."""
