"""What a kind of store is: which arrays it holds, of which dims and dtype, and which attributes."""

from __future__ import annotations

from dataclasses import dataclass

from kinesec import names


@dataclass(frozen=True)
class Field:
    """One array of a kind: named dims, dtype (``str`` for text) and whether every store of the kind has it."""

    dims: tuple[str, ...]
    dtype: str
    required: bool = True


@dataclass(frozen=True)
class Kind:
    """One kind of store; ``name`` is what its stores hold as their attribute ``kind``."""

    name: str
    arrays: dict[str, Field]
    attrs: tuple[str, ...]


def load(module: str) -> Kind:
    """The kind of a module of ``files/kinds``, for a kind that is known at run time alone; raises ``ConfigError``."""
    kind: Kind = getattr(names.load("files.kinds", module), module.upper())
    return kind
