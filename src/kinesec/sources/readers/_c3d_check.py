"""What a C3D file claims of itself, checked against its size before a native library acts on it.

Layout: c3d.org's user guide, "The Header Section" and "The Parameter Section": blocks of 512 bytes; a chain of groups
and parameters, each with the way to the next; then frames of points (x, y, z, residual) and analog samples.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from math import prod
from pathlib import Path

from kinesec.sources.errors import BadFile

_BLOCK = 512
_INTEL, _DEC = 84, 85  # MIPS, 86, is big-endian, and ezc3d does not read it
_SATURATED = 0xFFFF  # a 16-bit frame count in a longer file
_MOST_SAMPLES = 10_000_000  # of analog channels that are not there: a library may still make room for them


@dataclass(frozen=True)
class Parameter:
    """``kind`` is -1 for text, 1 for bytes, 2 for 16-bit integers, 4 for floats."""

    kind: int
    dims: tuple[int, ...]
    data: bytes


@dataclass(frozen=True)
class Claims:
    """Points, frames, and analog values in all frames, as the file tells them, once every claim fits into the file."""

    points: int
    frames: int
    analog: int


def check(path: Path, data: bytes) -> Claims:
    """What the file holds; raises ``BadFile`` when a claim is impossible, contradicts another or exceeds the file."""
    if len(data) < 2 * _BLOCK or data[1] != 80:
        raise BadFile(path, 0, f"{len(data)} bytes that begin with {data[:2].hex()}", "a C3D header and parameters")
    start = (data[0] - 1) * _BLOCK
    if not 0 < start <= len(data) - _BLOCK:
        raise BadFile(path, 0, f"parameters at block {data[0]} of {len(data) // _BLOCK}", "a block of the file")
    processor = data[start + 3]
    if data[start] > 1:  # libraries differ on what this byte means, unless it says that parameters follow at once
        raise BadFile(path, 0, f"{data[start]} in the first byte of the parameters", "1")
    if processor not in (_INTEL, _DEC):
        raise BadFile(path, 0, f"processor type {processor}", "84 (Intel) or 85 (DEC); convert the file")
    parameters = _parameters(path, data, start)
    points, analog, first, last = struct.unpack_from("<4H", data, 2)
    block, samples = struct.unpack_from("<2H", data, 16)
    used = _whole(path, parameters, "POINT:USED", processor)
    if points != used or not points:
        raise BadFile(path, 0, f"{points} points in the header and {used} in POINT:USED", "the same number above 0")
    if "ROTATION:USED" in parameters and _whole(path, parameters, "ROTATION:USED", processor):
        raise BadFile(path, 0, "ROTATION:USED above 0", "markers alone")
    scale, start_block = _real(path, parameters, "POINT:SCALE", processor), block
    if "POINT:DATA_START" in parameters:
        start_block = _whole(path, parameters, "POINT:DATA_START", processor)
    if (scale < 0) != (_decode(data[12:16], processor) < 0) or start_block != block:
        found_here = f"scale {scale:g} and data at block {start_block} in POINT, but not in the header"
        raise BadFile(path, 0, found_here, "the same format and place of the data in both")
    frame_bytes = (4 * points + analog) * (4 if scale < 0 else 2)
    counts = _frame_counts(path, parameters, processor)
    counts["the header"] = last - first + 1
    named = next(name for name in ("TRIAL", "POINT:LONG_FRAMES", "POINT:FRAMES", "the header") if name in counts)
    frames = counts[named]
    for name, count in counts.items():
        short = count == _SATURATED or (name == "the header" and last == _SATURATED)
        if count < 1 or (count != frames and not (short and frames > count)):
            raise BadFile(path, 0, f"{count} frames in {name} and {frames} in {named}", "the same number above 0")
    held = len(data) - (block - 1) * _BLOCK
    if block < 2 or frames * frame_bytes > held:
        raise BadFile(
            path,
            0,
            f"{frames} frames of {points} points, {frames * frame_bytes} bytes from block {block} on",
            f"no more than the file holds from there, {max(held, 0)} bytes; was it cut short?",
        )
    _check_analog(path, parameters, processor, (analog, samples, frames))
    return Claims(points, frames, analog * frames)


def _check_analog(path: Path, parameters: dict[str, Parameter], processor: int, claims: tuple[int, int, int]) -> None:
    """The layout follows from POINT:RATE, ANALOG:RATE and ANALOG:USED as well: they must say what the header does."""
    analog, samples, frames = claims
    rate = _real(path, parameters, "POINT:RATE", processor)
    if not 1e-3 < rate < 1e6:
        raise BadFile(path, 0, f"{rate:g} in POINT:RATE", "frames per second")
    sampling = _real(path, parameters, "ANALOG:RATE", processor) if "ANALOG:RATE" in parameters else 0.0
    channels = _whole(path, parameters, "ANALOG:USED", processor) if "ANALOG:USED" in parameters else 0
    if channels * samples != analog:
        raise BadFile(
            path,
            0,
            f"{analog} analog values a frame in the header",
            f"{channels} in ANALOG:USED times {samples} samples",
        )
    if analog and not abs(sampling / rate - samples) < 0.5:
        raise BadFile(
            path, 0, f"{sampling:g} in ANALOG:RATE", f"{samples} samples a frame at {rate:g} frames per second"
        )
    for name in ("SCALE", "OFFSET") if channels else ():  # ezc3d 1.7 reads past the end of a shorter one
        given = parameters.get(f"ANALOG:{name}")
        count = len(given.data) // given.kind if given is not None and given.kind in (2, 4) else 0
        if count < channels:
            raise BadFile(path, 0, f"{count} numbers in ANALOG:{name}", f"one for each of {channels} channels")
    if not analog and not 0 <= frames * sampling / rate <= _MOST_SAMPLES:
        raise BadFile(path, 0, f"{sampling:g} in ANALOG:RATE and no channel", "the rate of something")


def _parameters(path: Path, data: bytes, start: int) -> dict[str, Parameter]:
    """All parameters under ``GROUP:NAME``, the whole chain walked within the parameter section."""
    end = min(len(data), start + max(1, data[start + 2]) * _BLOCK)
    at, groups, entries = start + 4, {}, []

    def need(count: int, what: str) -> None:
        if at + count > end:
            raise BadFile(path, 0, f"{what} that ends behind byte {end}", "parameters within their section")

    while at + 2 <= end and data[at]:
        length, number = abs(struct.unpack_from("b", data, at)[0]), struct.unpack_from("b", data, at + 1)[0]
        at += 2
        need(length + 2, "a name")
        name = data[at : at + length].decode("iso-8859-1").strip().upper()
        at += length
        (offset,) = struct.unpack_from("<H", data, at)
        following = at + offset
        at += 2
        if number < 0:
            if -number in groups:
                raise BadFile(path, 0, f"two groups of number {-number}", "one")
            groups[-number] = name
        elif number > 0:
            need(2, f"parameter {name!r}")
            kind, count = struct.unpack_from("bB", data, at)
            at += 2
            # ezc3d 1.7 crashes on text without a dimension.
            if kind not in (-1, 1, 2, 4) or not (kind < 0) <= count <= 7:
                found_here = f"parameter {name!r} of type {kind} and {count} dimensions"
                raise BadFile(
                    path, 0, found_here, "type -1 (text, with a dimension), 1, 2 or 4, and up to 7 dimensions"
                )
            need(count, f"parameter {name!r}")
            dims = tuple(data[at : at + count])
            at += count
            size = prod(dims) * abs(kind)
            need(size, f"parameter {name!r} of {size} bytes")
            entries.append((number, name, Parameter(kind, dims, data[at : at + size])))
            at += size
        else:
            raise BadFile(path, 0, f"{name!r} in group 0", "a group's number")
        need(1, f"the description of {name!r}")
        if data[at] > 127:  # ezc3d 1.7 takes the length for a signed byte, and crashes
            raise BadFile(path, 0, f"a description of {data[at]} bytes at {name!r}", "at most 127")
        at += 1 + data[at]
        need(0, f"the description of {name!r}")
        if not offset:
            break
        if following != at:
            raise BadFile(path, 0, f"{name!r}, which ends at byte {at} and says {following}", "the same")
    parameters: dict[str, Parameter] = {}
    for number, name, parameter in entries:
        if number not in groups:
            raise BadFile(path, 0, f"parameter {name!r} of group {number}, which is not there", "a group of the file")
        key = f"{groups[number]}:{name}"
        if key in parameters:
            raise BadFile(path, 0, f"parameter {key} twice", "each once")
        parameters[key] = parameter
    return parameters


def _whole(path: Path, parameters: dict[str, Parameter], key: str, processor: int) -> int:
    """A parameter's only value as a whole number from 0 on; 16-bit integers are taken without sign."""
    parameter = parameters.get(key)
    if parameter is None or parameter.kind not in (2, 4) or len(parameter.data) != parameter.kind:
        raise BadFile(path, 0, f"no number in {key}", "one")
    if parameter.kind == 2:
        return int(struct.unpack_from("<H", parameter.data)[0])
    value = _real(path, parameters, key, processor)
    if not 0 <= value < 2**31 or value != int(value):
        raise BadFile(path, 0, f"{value:g} in {key}", "a whole number from 0 on")
    return int(value)


def _real(path: Path, parameters: dict[str, Parameter], key: str, processor: int) -> float:
    """A parameter's only value as a float."""
    parameter = parameters.get(key)
    if parameter is None or parameter.kind != 4 or len(parameter.data) != 4:
        raise BadFile(path, 0, f"no single float in {key}", "one")
    return _decode(parameter.data, processor)


def _decode(data: bytes, processor: int) -> float:
    if processor == _DEC:  # a VAX float: words swapped, four times an IEEE float
        return float(struct.unpack("<f", data[2:] + data[:2])[0]) / 4
    return float(struct.unpack("<f", data)[0])


def _frame_counts(path: Path, parameters: dict[str, Parameter], processor: int) -> dict[str, int]:
    keys = [key for key in ("POINT:LONG_FRAMES", "POINT:FRAMES") if key in parameters]
    counts: dict[str, int] = {key: _whole(path, parameters, key, processor) for key in keys}
    fields = [parameters.get(f"TRIAL:ACTUAL_{end}_FIELD") for end in ("START", "END")]
    if all(field is not None and field.kind == 2 and len(field.data) == 4 for field in fields):
        first, last = (struct.unpack("<2H", field.data) for field in fields if field is not None)
        counts["TRIAL"] = last[0] + 65536 * last[1] - first[0] - 65536 * first[1] + 1
    return counts
