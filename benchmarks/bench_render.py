"""Videos rendered a second on one core, and what storing them by a codec costs.

    python benchmarks/bench_render.py [--clips 128] [--size 64] [--frames 32]

Clips of a procedural body of 26 joints. The target is 400 point-light clips of 32 x 64 x 64 a second. Seconds are of
the process, so that other work on the machine counts less.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from kinesec.motion.angles import exp
from kinesec.motion.kinematics import forward
from kinesec.motion.skeleton import Skeleton
from kinesec.samples.videos.codec import round_trip
from kinesec.samples.videos.render import render
from kinesec.samples.videos.settings import Rendering
from kinesec.sources.procedural.body import performer

TARGET = 400.0
STYLES: dict[str, dict[str, Any]] = {
    "points": {},
    "points without noise": {"noise": 0.0},
    "points in colours": {"colour": "parts"},
    "sticks": {"style": "sticks"},
    "points and sticks in colours": {"style": "both", "colour": "parts"},
}


def motions(clips: int, frames: int) -> tuple[np.ndarray, Skeleton]:
    """Smooth motions (clip, frame, joint, xyz) in mm of a procedural body."""
    skeleton = performer(0, 1).skeleton
    phase = np.random.default_rng(0).uniform(0, 6, (clips, 1, len(skeleton), 3))
    turns = 0.3 * np.sin(phase + 0.2 * np.arange(frames)[:, None, None])
    root = np.zeros((clips, frames, 3))
    return forward(exp(turns), root, skeleton.offsets, skeleton.parents, turns=skeleton.turns), skeleton


def best(call: Callable[[], Any], times: int) -> float:
    """The fewest seconds of the process that a call took."""
    seconds = []
    for _ in range(times):
        begin = time.process_time()
        call()
        seconds.append(time.process_time() - begin)
    return min(seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=128)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--frames", type=int, default=32)
    arguments = parser.parse_args()
    position, skeleton = motions(arguments.clips, arguments.frames)
    rows = np.arange(len(position))
    for name, changes in STYLES.items():
        chosen = Rendering(height=arguments.size, width=arguments.size, frames=arguments.frames, **changes)

        def draw(chosen: Rendering = chosen) -> np.ndarray:
            return render(position, skeleton, settings=chosen, seed=0, row=rows, view=np.zeros_like(rows))

        speed = len(position) / best(draw, 3)
        of_target = f", {speed / TARGET:.2f} of the {TARGET:.0f} to reach" if name == "points" else ""
        print(f"{name}: {speed:.0f} clips/s{of_target}", flush=True)
    few = draw()[:8]
    for codec, crf in (("ffv1", None), ("libx264", 23)):
        seconds = best(lambda codec=codec, crf=crf: round_trip(few, codec=codec, crf=crf), 1)  # type: ignore[misc]
        print(f"{codec}{'' if crf is None else f' crf {crf}'}, there and back: {len(few) / seconds:.0f} clips/s")


if __name__ == "__main__":
    main()
