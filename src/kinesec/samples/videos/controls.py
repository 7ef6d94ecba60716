"""What may happen to a video, or to a motion, between a poisoner and a model: storage, and changes along time. Ours.

A trigger that is lost by one of them works nowhere but where nothing happens on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

import numpy as np
from scipy.ndimage import gaussian_filter1d

from kinesec.samples.videos import codec, draws
from kinesec.settings import Positive, Range, keywords

PIECE = 16  # samples that are floats at once
Rate = Annotated[float, Range(0, 1, above=True)]
Dropped = Annotated[float, Range(0, 1, below=True)]


def like(value: np.ndarray, original: np.ndarray) -> np.ndarray:
    """``value`` in the dtype of ``original``; grey levels are rounded and kept within 0 to 255."""
    if original.dtype == np.uint8:
        value = np.clip(np.rint(value), 0, 255)
    return value.astype(original.dtype)


def resample(samples: np.ndarray, *, rate: Rate = 0.5, axis: int = 1) -> np.ndarray:
    """Samples (sample, ...) with ``rate`` of their frames, evenly from first to last, and back: linear both ways."""
    frames = samples.shape[axis]
    fewer = max(2, round(rate * frames)) if frames > 1 else 1
    return _between(_between(samples, frames, fewer, axis), fewer, frames, axis, samples)


def _between(
    samples: np.ndarray, frames: int, wanted: int, axis: int, original: np.ndarray | None = None
) -> np.ndarray:
    instant = np.linspace(0, frames - 1, wanted)
    before = np.floor(instant).astype(np.int64)
    first = np.take(samples, before, axis).astype(np.float32)
    second = np.take(samples, np.minimum(before + 1, frames - 1), axis).astype(np.float32)
    part = (instant - before).astype(np.float32).reshape(-1, *[1] * (samples.ndim - 1 - axis))
    moved = first + part * (second - first)
    return moved if original is None else like(moved, original)


def smooth(samples: np.ndarray, *, sd: Positive = 1.0, axis: int = 1) -> np.ndarray:
    """Samples (sample, ...) under a Gaussian along time of ``sd`` frames; the first and the last frame go on."""
    return like(gaussian_filter1d(samples.astype(np.float32), sd, axis=axis, mode="nearest"), samples)


def drop(samples: np.ndarray, row: np.ndarray, *, share: Dropped = 0.2, seed: int = 0, axis: int = 1) -> np.ndarray:
    """Samples (sample, ...) each of whose frames but the first is lost with probability ``share``; the last one stays.

    Which are lost comes from the seed and the sample's ``row`` (sample,) alone.
    """
    frames = samples.shape[axis]
    kept = draws.uniform(draws.keys(seed, "dropped frames", row), frames) >= share
    # before the first that is kept, frame 0
    shown = np.maximum.accumulate(np.where(kept, np.arange(frames), 0), axis=1)
    ahead, behind = axis - 1, samples.ndim - axis - 1
    return np.take_along_axis(samples, shown.reshape(len(samples), *[1] * ahead, frames, *[1] * behind), axis)


def coded(video: np.ndarray, *, codec_name: codec.Codec = "libx264", crf: codec.Crf = 23) -> np.ndarray:
    """Videos as they come back from a codec; see ``codec.round_trip``."""
    return codec.round_trip(video, codec=codec_name, crf=crf)


def controlled(
    samples: np.ndarray,
    control: Literal["nothing", "codec", "resample", "smooth", "drop"],
    settings: Mapping[str, Any] | None = None,
    *,
    row: np.ndarray,
    seed: int = 0,
    axis: int = 1,
) -> np.ndarray:
    """Samples after a control of that name with its settings; ``axis`` is that of the frames, ``row`` (sample,) whose.

    ``codec`` takes uint8 videos and its settings are ``codec_name`` and ``crf``. Raises ``ConfigError`` for a setting
    that the control has not.
    """
    if control == "nothing":
        return samples
    known: dict[str, Callable[..., np.ndarray]] = {
        "codec": coded, "resample": resample, "smooth": smooth, "drop": drop,
    }  # fmt: skip
    of = known[control]
    chosen = keywords(f"control {control!r}", of, settings or {}, besides=("axis", "seed"))
    if control == "codec":
        return coded(samples, **chosen)
    out = np.empty_like(samples)
    for first in range(0, len(samples), PIECE):
        piece = slice(first, first + PIECE)
        if control == "drop":
            out[piece] = drop(samples[piece], row[piece], seed=seed, axis=axis, **chosen)
        else:
            out[piece] = of(samples[piece], axis=axis, **chosen)
    return out
