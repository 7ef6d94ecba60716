"""Errors a user can cause: each is one line that names the thing, what was found, what was expected and the mend."""

from __future__ import annotations

import os


class KinesecError(Exception):
    """Base of all errors that end a job with one clear line instead of a traceback."""


class ConfigError(KinesecError):
    """A configuration key has a value that cannot be used."""


class StoreError(KinesecError):
    """A Zarr store does not follow its schema, or its content does not match its hash."""


class RetrieveError(KinesecError):
    """A raw file could not be retrieved, or is not the file the manifest names."""


class BadFile(KinesecError):
    """A raw file does not follow its format.

    Reads ``path:line: found ..., expected ...``; ``line`` counts from 1 and is 0 for binary formats and whole files.
    """

    def __init__(self, path: str | os.PathLike[str], line: int, found: str, expected: str) -> None:
        self.path = os.fspath(path)
        self.line = line
        self.found = " ".join(found.split())[:200]
        self.expected = expected
        super().__init__(f"{self.path}:{line}: found {self.found}, expected {expected}")


class NothingToDraw(KinesecError):
    """A figure's jobs ended well and have nothing to show: no attack succeeded, no clip was told rightly."""
