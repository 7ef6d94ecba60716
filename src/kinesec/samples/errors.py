"""Errors of samples, apart from what reads them."""

from __future__ import annotations

from kinesec.errors import KinesecError


class NothingToDraw(KinesecError):
    """A figure's jobs ended well and have nothing to show: no attack succeeded, no clip was correctly classified."""
