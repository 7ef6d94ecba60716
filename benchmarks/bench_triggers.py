"""Embedding triggers in videos beside a bare transform and back of the same arrays, in one thread and one run.

    python benchmarks/bench_triggers.py [--clips 48] [--frames 32] [--side 64] [--repeat 5]

Printed is processor time a clip, the least of the repeats, and its ratio to that of ``scipy.fft.rfftn`` and ``irfftn``
over frames, height and width of all clips and channels in float64, a clip at a time: of the clip as it is, and of the
clip padded to the frames that the trigger transforms. ``exact`` adds a pattern that is made once; ``paper`` and
``official`` go through the complex transform, padded, because its rounding shows.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from functools import partial

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from scipy.fft import irfftn, rfftn

from kinesec.poisoning.classification.base import build
from kinesec.poisoning.classification.triggers.dft import DFT

BOUND = 1.3
TEMPORAL = ("dft", "dct", "dwt", "random_transform", "random_phase")
BASELINES = ("badnet", "blend", "sig", "wanet", "fttrojan")


def bare(video: np.ndarray) -> None:
    """There and back of every clip of (clip, frame, height, width, channel)."""
    for clip in video:
        values = np.ascontiguousarray(np.moveaxis(clip, -1, 0), np.float64)
        irfftn(rfftn(values, axes=(1, 2, 3)), values.shape[1:], axes=(1, 2, 3))


def least(call: Callable[[], object], repeat: int) -> float:
    """The least processor time of a call, in seconds."""
    times = []
    for _ in range(repeat):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--clips", type=int, default=48, help="how many clips are held at once")
    parser.add_argument("--frames", type=int, default=32, help="frames of a clip")
    parser.add_argument("--side", type=int, default=64, help="pixels of a frame's side")
    parser.add_argument("--repeat", type=int, default=5, help="runs, of which the least counts")
    given = parser.parse_args()
    shape = (given.clips, given.frames, given.side, given.side, 3)
    video = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    bare(video[:2])
    unit = least(lambda: bare(video), given.repeat)
    longer = DFT(form="video", seed=0).padded(given.frames)
    longer_video = np.pad(video, ((0, 0), (0, longer - given.frames), (0, 0), (0, 0), (0, 0)))
    padded_unit = least(lambda: bare(longer_video), given.repeat)
    print(f"{given.clips} clips of {given.frames} x {given.side} x {given.side} x 3, best of {given.repeat}")
    print(f"{'rfftn + irfftn':<28}{1e3 * unit / given.clips:>9.2f} ms/clip")
    print(f"{f'padded to {longer} frames':<28}{1e3 * padded_unit / given.clips:>9.2f} ms/clip")
    slow = []
    for name in (*TEMPORAL, *BASELINES):
        for projection in ("exact", "paper", "official") if name in TEMPORAL else ("exact",):
            scaled = {"scale": True} if name not in ("dwt", "blend", "sig", "wanet", "fttrojan") else {}
            trigger = build(name, form="video", settings={**scaled, "projection": projection}, seed=0)
            trigger.on_video(video[:2])
            seconds = least(partial(trigger.on_video, video), given.repeat)
            print(
                f"{name + ' ' + projection:<28}{1e3 * seconds / given.clips:>9.2f} ms/clip"
                f"{seconds / unit:>7.2f} of the bare transforms"
                f"{seconds / padded_unit:>7.2f} of those of the padded clip"
            )
            if name in TEMPORAL and projection == "exact" and seconds > BOUND * unit:
                slow.append(name)
    if slow:
        raise SystemExit(f"slower than {BOUND} of the bare transforms: {', '.join(slow)}")


if __name__ == "__main__":
    main()
