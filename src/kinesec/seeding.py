"""Randomness: one integer seed, named independent streams, passed explicitly; nothing is ever seeded globally."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np


def sequence(seed: int, *names: str | int) -> np.random.SeedSequence:
    """The seed sequence of a named stream: the same names give the same stream, whatever else is drawn."""
    key = tuple(zlib.crc32(str(name).encode()) for name in names)
    return np.random.SeedSequence(seed, spawn_key=key)


def generator(seed: int, *names: str | int) -> np.random.Generator:
    """A numpy generator for a named stream ("init", "order", "poison", ...)."""
    return np.random.default_rng(sequence(seed, *names))


def integer(seed: int, *names: str | int) -> int:
    """A 63-bit integer for libraries that take one (torch)."""
    return int(sequence(seed, *names).generate_state(1, np.uint64)[0] >> np.uint64(1))


@contextmanager
def torch_stream(seed: int, *names: str | int) -> Iterator[None]:
    """Seeds torch's generators for a ``with`` block alone, for dropout and initialisers that take no generator."""
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(integer(seed, *names))
        yield
