"""The frames of an AMC file, parsed in bulk: every frame names the same bones in the same order."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kinesec.sources.errors import BadFile
from kinesec.sources.readers._asf import Asf
from kinesec.sources.readers._text import (
    has_control_bytes,
    line_starts,
    number,
    parse_tokens,
    shown,
    slabs,
    token_edges,
    within_range,
)


@dataclass(frozen=True)
class _Pattern:
    """A frame as the file's first one has it: ``lines`` and ``names`` are token indices, ``columns`` go to channels."""

    tokens: int
    lines: np.ndarray
    names: np.ndarray
    lengths: np.ndarray
    spelled: np.ndarray
    columns: np.ndarray


def read_amc(path: Path, data: bytes, skeleton: Asf) -> np.ndarray:
    """The numbers (frame, channel), root first, then the bones in the skeleton's order.

    Frames count up by one. Raises ``BadFile`` at the first line that does not fit.
    """
    start = _first_frame(path, data)
    rows = _in_bulk(data, start, skeleton)
    return _by_line(path, data, start, skeleton) if rows is None else rows


def _first_frame(path: Path, data: bytes) -> int:
    """The byte where the first frame's number stands, after comments and flags."""
    at, line = 0, 1
    while at < len(data):
        stop = data.find(b"\n", at) + 1 or len(data)
        text = data[at:stop].strip()
        if text.isdigit() and len(text) < 16:
            return at
        if text and text[:1] not in (b"#", b":"):
            raise BadFile(path, line, shown(text), "a comment, a flag such as :DEGREES, or the first frame's number")
        at, line = stop, line + 1
    raise BadFile(path, line, "the end of the file", "frames")


def _pattern(data: bytes, start: int, skeleton: Asf) -> _Pattern | None:
    """What the first frame looks like, or None when it is not as the skeleton has it."""
    wanted = {name: channels for name, channels in zip(skeleton.names, skeleton.channels, strict=True) if channels}
    first = dict(zip(wanted, np.cumsum([0, *map(len, wanted.values())]).tolist(), strict=False))
    at = data.find(b"\n", start) + 1
    order: list[str] = []
    while at and len(order) < len(wanted):
        stop = data.find(b"\n", at) + 1
        words = data[at : stop or len(data)].split()
        name = words[0].decode("iso-8859-1") if words else ""
        if name not in wanted or name in order or len(words) != 1 + len(wanted[name]):
            return None
        order.append(name)
        at = stop
    if len(order) < len(wanted):
        return None
    sizes = [1 + len(wanted[name]) for name in order]
    names = 1 + np.cumsum([0, *sizes[:-1]])
    columns = np.concatenate([np.arange(first[name], first[name] + len(wanted[name])) for name in order])
    spelled = np.frombuffer("".join(order).encode("iso-8859-1"), dtype=np.uint8)
    lengths = np.array([len(name) for name in order])
    return _Pattern(1 + sum(sizes), np.concatenate([[0], names]), names, lengths, spelled, columns)


def _in_bulk(data: bytes, start: int, skeleton: Asf) -> np.ndarray | None:
    """All frames, or None when one of them is not like the first."""
    pattern = _pattern(data, start, skeleton)
    if pattern is None:
        return None
    whole = np.frombuffer(data, dtype=np.uint8)
    parts: list[np.ndarray] = []
    count, waiting = int(data[start : data.find(b"\n", start)]), start
    for _, stop in slabs(data, start):
        edges = token_edges(whole[waiting:stop])
        tokens = len(edges) // 2 // pattern.tokens * pattern.tokens
        last = stop == len(data)
        if last and len(edges) != 2 * tokens:
            return None
        cut = stop if last else waiting + int(edges[2 * tokens]) if 2 * tokens < len(edges) else stop
        rows = _frames(whole[waiting:cut], edges[: 2 * tokens], pattern, count)
        if rows is None:
            return None
        parts.append(rows)
        count, waiting = count + len(rows), cut
    return np.concatenate(parts)


def _frames(data: np.ndarray, edges: np.ndarray, pattern: _Pattern, count: int) -> np.ndarray | None:
    frames = len(edges) // 2 // pattern.tokens
    lines = (np.arange(frames)[:, None] * pattern.tokens + pattern.lines).ravel()
    if has_control_bytes(data) or not np.array_equal(line_starts(data, edges), lines):
        return None
    spans = edges.reshape(frames, pattern.tokens, 2)[:, pattern.names]
    if (spans[..., 1] - spans[..., 0] != pattern.lengths).any():
        return None
    within = np.concatenate([np.arange(length) for length in pattern.lengths])
    letters = np.repeat(spans[..., 0], pattern.lengths, axis=1) + within
    if (data[letters] != pattern.spelled).any():
        return None
    skip = np.zeros((frames, pattern.tokens), dtype=bool)
    skip[:, pattern.names] = True
    try:
        values = parse_tokens(data, edges, skip.ravel()).reshape(frames, pattern.tokens)
    except ValueError:
        return None
    if not within_range(values) or not np.array_equal(values[:, 0], count + np.arange(frames)):
        return None
    kept = np.delete(np.arange(pattern.tokens), np.concatenate([[0], pattern.names]))
    rows = np.empty((frames, len(kept)))
    rows[:, pattern.columns] = values[:, kept]
    return rows


def _by_line(path: Path, data: bytes, start: int, skeleton: Asf) -> np.ndarray:
    """Line by line, for files whose bones change places; finds the line of a fault."""
    wanted = {name: len(channels) for name, channels in zip(skeleton.names, skeleton.channels, strict=True) if channels}
    rows: list[list[float]] = []
    frame: dict[str, list[float]] = {}
    line, expected = data.count(b"\n", 0, start), int(data[start:].split(maxsplit=1)[0])

    def close() -> None:
        missing = [name for name in wanted if name not in frame]
        if missing:
            raise BadFile(path, line, f"the end of frame {expected - 1}", f"bone {missing[0]!r} in it")
        rows.append([value for name in wanted for value in frame[name]])

    for text in data[start:].split(b"\n"):
        line += 1
        words = [word.decode("iso-8859-1") for word in text.split()]
        if not words:
            continue
        if len(words) == 1 and words[0].isdecimal():
            if expected > int(data[start:].split(maxsplit=1)[0]):
                close()
            if words[0] != str(expected):
                raise BadFile(path, line, f"frame {shown(words[0])}", str(expected))
            frame, expected = {}, expected + 1
        elif words[0] not in wanted:
            raise BadFile(path, line, f"bone {shown(words[0])}", "a bone of the ASF file with degrees of freedom")
        elif words[0] in frame:
            raise BadFile(path, line, f"bone {shown(words[0])} a second time", f"each once in frame {expected - 1}")
        elif len(words) != 1 + wanted[words[0]]:
            raise BadFile(path, line, f"{len(words) - 1} values of {words[0]}", f"{wanted[words[0]]}")
        else:
            frame[words[0]] = [number(path, line, word, f"{words[0]}'s value") for word in words[1:]]
    close()
    return np.array(rows)
