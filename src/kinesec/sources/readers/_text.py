"""What the readers of text formats share: strict, vectorised tables of numbers, and faults that name their line.

A number is what C++'s ``from_chars`` reads, and below ``LARGEST`` in size, so that nothing later can overflow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from kinesec.sources.errors import BadFile

LARGEST = 1e12
_SLAB = 1 << 18  # bytes parsed at a time: bounds the memory and stays near the caches
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def load(path: str | Path) -> bytes:
    """The bytes of a file; raises ``BadFile`` when it cannot be read or is empty."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise BadFile(path, 0, error.strerror or str(error), "a file that can be read") from None
    if not data or data.isspace():
        raise BadFile(path, 0, "an empty file" if not data else "white space alone", "a file with motion")
    return data


def decode(data: bytes) -> str:
    """Text of a header: UTF-8, or ISO-8859-1 where it is not, which older exporters write."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("iso-8859-1")


def shown(token: str | bytes) -> str:
    """A token as it can stand in a one-line message."""
    text = token.decode("ascii", "backslashreplace") if isinstance(token, bytes) else token
    return repr(text if len(text) <= 40 else text[:40] + "...")


def number(path: str | Path, line: int, token: str, what: str) -> float:
    """One finite number; raises ``BadFile`` naming ``what`` it should have been."""
    if _NUMBER.fullmatch(token) and abs(value := float(token)) < LARGEST:
        return value
    raise BadFile(path, line, shown(token), f"{what}: a finite number below {LARGEST:g}")


def token_edges(data: np.ndarray, comma: bool = False) -> np.ndarray:
    """Where tokens start and end, alternately (2 tokens,), in bytes (length,); ``comma`` separates like white space."""
    inside = data > 32
    if comma:
        inside &= data != ord(",")
    edges = np.flatnonzero(inside[1:] != inside[:-1]) + 1
    first = [0] if inside[:1].any() else []
    last = [len(data)] if inside[-1:].any() else []
    return np.concatenate([first, edges, last]).astype(np.int32) if first or last else edges.astype(np.int32)


def parse_tokens(data: np.ndarray, edges: np.ndarray, skip: np.ndarray | None = None) -> np.ndarray:
    """The tokens as float64 (tokens,), 0 where ``skip`` (tokens,) is True; raises ``ValueError`` if one is no number.

    One cast of one string array: tokens and the gaps between them alternate in it, and the gaps are null.
    """
    import pyarrow as pa

    count = len(edges) // 2
    if count == 0:
        return np.zeros(0)
    if skip is None:
        valid = np.full((2 * count + 7) // 8, 0x55, dtype=np.uint8)
    else:
        wanted = np.zeros((count, 2), dtype=bool)
        wanted[:, 0] = ~skip
        valid = np.packbits(wanted.ravel(), bitorder="little")
    buffers = [pa.py_buffer(valid), pa.py_buffer(edges), pa.py_buffer(data)]
    try:
        cast = pa.Array.from_buffers(pa.string(), 2 * count - 1, buffers).cast(pa.float64())
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        raise ValueError("a token is not a number") from error
    values = np.frombuffer(cast.buffers()[1], dtype=np.float64, count=2 * count - 1)[::2]
    if skip is None:
        return values.copy()
    return np.where(skip, 0.0, values)


def within_range(values: np.ndarray) -> bool:
    """Whether all numbers are finite and below ``LARGEST``."""
    return not values.size or bool(max(values.max(), -values.min()) < LARGEST)


def slabs(data: bytes, start: int) -> Iterator[tuple[int, int]]:
    """Spans of whole lines (start, stop) that cover ``data`` from ``start`` on."""
    while start < len(data):
        stop = data.find(b"\n", start + _SLAB) + 1 or len(data)
        yield start, stop
        start = stop


def table(path: str | Path, data: bytes, start: int, line: int, columns: int, *, comma: bool = False) -> np.ndarray:
    """Rows of numbers (row, columns) float64, one a line, from byte ``start``, which is on line ``line``.

    Columns stand between white space, or commas; blank lines are skipped. Raises ``BadFile`` at the first line with
    another number of columns or with something else than finite numbers.
    """
    whole = np.frombuffer(data, dtype=np.uint8)
    parts = [np.zeros((0, columns))]
    for first, stop in slabs(data, start):
        rows = _rows(whole[first:stop], columns, comma)
        if rows is None:
            rows = _by_line(path, data[first:stop], line + data.count(b"\n", start, first), columns, comma)
        parts.append(rows)
    return np.concatenate(parts)


def _rows(data: np.ndarray, columns: int, comma: bool) -> np.ndarray | None:
    edges = token_edges(data, comma)
    if len(edges) % (2 * columns) or has_control_bytes(data):
        return None
    starts = edges[::2].reshape(-1, columns)
    if not np.array_equal(line_starts(data, edges), np.arange(len(starts)) * columns):
        return None
    if comma:
        ends = edges[1::2].reshape(-1, columns)[:, :-1]
        if (data[ends] != ord(",")).any() or np.count_nonzero(data == ord(",")) != ends.size:
            return None
    try:
        values = parse_tokens(data, edges)
    except ValueError:
        return None
    return values.reshape(-1, columns) if within_range(values) else None


def has_control_bytes(data: np.ndarray) -> bool:
    """Whether bytes occur that are neither text nor white space."""
    return bool(((data < 9) | ((data > 13) & (data < 32))).any())


def line_starts(data: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """The index of each line's first token, blank lines left out."""
    newlines = np.flatnonzero(data == ord("\n"))
    index = np.concatenate([[0], np.searchsorted(edges[::2], newlines)])
    return index[np.diff(index, append=len(edges) // 2) > 0]  # a blank line starts where the next one does


def _by_line(path: str | Path, data: bytes, line: int, columns: int, comma: bool) -> np.ndarray:
    """The slow walk, taken only when the fast one stumbles: it finds the line of the fault."""
    rows: list[list[float]] = []
    for at, text in enumerate(data.split(b"\n"), start=line):
        fields = [field.strip() for field in text.split(b",")] if comma else text.split()
        if not text.strip():
            continue
        if len(fields) != columns:
            raise BadFile(path, at, f"{len(fields)} columns", f"{columns}")
        rows.append([number(path, at, decode(field), f"column {c}") for c, field in enumerate(fields, start=1)])
    return np.array(rows).reshape(-1, columns)
