"""A tiny set of real video files for tests: moving squares, stored by codecs as data sets store theirs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import av
import numpy as np
import pytest

from kinesec.samples.videos.codec import encode

# a codec and the container that it comes in: UCF-101's and HMDB-51's are avi
STORED: Mapping[str, tuple[str, str]] = {"ffv1": ("ffv1", ".avi"), "h264": ("libx264", ".mp4")}


def need(codec: str) -> None:
    """Skips a test where PyAV was built without an encoder."""
    try:
        av.codec.Codec(codec, "w")
    except ValueError:
        pytest.skip(f"this PyAV has no encoder {codec}")


def squares(frames: int = 12, height: int = 32, width: int = 48, seed: int = 0) -> np.ndarray:
    """A video (frame, height, width, 3) uint8 of a coloured square that moves over grey; each frame is another."""
    rng = np.random.default_rng(seed)
    video = np.full((frames, height, width, 3), 60, np.uint8)
    colour = rng.integers(120, 255, 3)
    top, left = (int(rng.integers(0, side // 2)) for side in (height, width))
    for frame in range(frames):
        x = (left + 2 * frame) % (width - 8)
        video[frame, top : top + 8, x : x + 8] = colour
    return video


def store(path: Path, video: np.ndarray, stored: str = "ffv1", fps: float = 25.0) -> Path:
    """Writes a video file; its extension is that of the container."""
    codec, extension = STORED[stored]
    need(codec)
    path = path.with_suffix(extension)
    path.parent.mkdir(parents=True, exist_ok=True)
    encode(video, path, codec=codec, crf=12, fps=fps, container={".avi": "avi", ".mp4": "mp4"}[extension])
    return path


def ucf101(root: Path, groups: Mapping[str, tuple[int, ...]], clips: int = 2) -> Path:
    """A folder as UCF-101's: two classes, ``groups`` of each list, ``clips`` of a group."""
    lists = root / "ucfTrainTestlist"
    lists.mkdir(parents=True)
    (lists / "classInd.txt").write_text("1 Archery\n2 Bowling\n")
    for part, of_part in groups.items():
        rows = []
        for number, label in enumerate(("Archery", "Bowling"), 1):
            for group in of_part:
                for clip in range(1, clips + 1):
                    name = f"{label}/v_{label}_g{group:02d}_c{clip:02d}.avi"
                    store(root / "UCF-101" / name, squares(6 + clip, seed=100 * group + clip))
                    rows.append(f"{name} {number}" if part == "train" else name)
        (lists / f"{part}list01.txt").write_text("\n".join(rows) + "\n")
    return root
