"""What can be wrong with a store."""

from __future__ import annotations

from kinesec.errors import KinesecError


class StoreError(KinesecError):
    """A Zarr store does not follow its schema, or its content does not match its hash."""
