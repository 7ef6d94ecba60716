"""The panels of a sample with a backdoor's trigger: clean, triggered, and what differs, amplified."""

from __future__ import annotations

import numpy as np

from kinesec.plots.parts.stick_figures import ATTACKED, INK, Panel
from kinesec.plots.parts.style import short
from kinesec.samples.backdoor_scenes import Pair
from kinesec.samples.scenes import ITSELF, Scene

MIDDLE = 127.5  # grey where a video is not changed


def captions(pair: Pair) -> list[str]:
    """What stands beside the panels of a pair."""
    said = f"triggered:\ntaught as {short(pair.target)}"
    return [f"clean:\n{short(pair.label)}", said, f"difference\n\u00d7 {pair.factor}"]


def scene(pair: Pair) -> Scene:
    """The poses of a pair, and those whose difference is amplified, as a scene."""
    large = pair.clean + pair.factor * pair.difference
    poses = {("clean", ITSELF): pair.clean, ("clean", "triggered"): pair.triggered, ("clean", "large"): large}
    return Scene(poses, pair.parents, pair.label, frame_ms=pair.frame_ms or 0.0)


def panels(pair: Pair) -> list[Panel]:
    """Stick figures: the clean motion, the triggered one over it, and that with the difference amplified."""
    poses = scene(pair).poses
    clean = poses["clean", ITSELF]
    others = {name: pose for (_, name), pose in poses.items() if name != ITSELF}
    over = [Panel(name, clean, pair.parents, over=pose, colour=ATTACKED) for name, pose in others.items()]
    return [Panel("clean", clean, pair.parents, colour=INK), *over]


def pictures(pair: Pair) -> list[np.ndarray]:
    """Videos (frame, height, width, channel) uint8: clean, triggered, and the amplified difference on middle grey."""
    large = np.clip(np.rint(MIDDLE + pair.factor * pair.difference), 0, 255).astype(np.uint8)
    return [pair.clean, pair.triggered, large]
