"""Tables as files: how each is written, and how its columns get their types back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd


def write_csv(table: pd.DataFrame, path: str) -> None:
    """One header line, six significant digits."""
    table.to_csv(path, index=False, float_format="%.6g")


def read_csv(path: str | Path, text: Sequence[str], absent: Mapping[str, Sequence[str]] | None = None) -> pd.DataFrame:
    """A table from its file; ``text`` columns as they are written.

    With ``absent``, what counts as missing in each column that it names; text is never missing then.
    """
    types = dict.fromkeys(text, str)
    if absent is None:
        return pd.read_csv(path, dtype=types)
    return pd.read_csv(
        path, dtype=types, keep_default_na=False, na_values={name: list(absent[name]) for name in absent}
    )


def with_text(table: pd.DataFrame, text: Sequence[str], whole: Sequence[str] = ("seed",)) -> pd.DataFrame:
    """A copy whose ``text`` columns are str, empty where nothing stands; of ``whole``, ``8.0`` is ``8`` again.

    A column that holds whole numbers and nothing else is read as numbers, and with a gap in it as floats.
    """
    typed = table.copy()
    for name in text:
        if name in typed:
            typed[name] = typed[name].astype(object).where(typed[name].notna(), "").astype(str)
    for name in whole:
        if name in typed:
            typed[name] = typed[name].str.removesuffix(".0")
    return typed
