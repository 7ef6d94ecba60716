"""Errors a user can cause: each is one line that names the thing, what was found, what was expected and the mend."""

from __future__ import annotations


class KinesecError(Exception):
    """Base of all errors that end a job with one clear line instead of a traceback."""


class ConfigError(KinesecError):
    """A configuration key has a value that cannot be used."""
