"""What can be wrong with a raw file."""

from __future__ import annotations

import os

from kinesec.errors import KinesecError


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
