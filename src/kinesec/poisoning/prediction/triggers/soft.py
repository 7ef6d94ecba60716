"""The soft trigger: a limb that moves smoothly from one pose to another, or along a recorded clip.

"Our definition" (the paper's equations are not public): docs/definitions.md, soft trigger.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kinesec.motion.directions import slerp, smoothstep
from kinesec.poisoning.prediction.triggers._pose import DOWN, MIRROR, UP, parse, pose, presence


def apply(
    history: np.ndarray,
    parents: Sequence[int],
    limb: Sequence[int],
    *,
    start: Sequence[Sequence[float]] = DOWN,
    end: Sequence[Sequence[float]] = UP,
    amplitude: float = 1.0,
    clip: np.ndarray | None = None,
    onset: int = 0,
    ramp: int = 0,
    basis: np.ndarray | None = None,
    mirror: bool = False,
) -> np.ndarray:
    """The history (window, frame, joint, xyz) with ``limb`` moving from ``start`` to ``end``.

    At frame t of N the bones' directions are slerp(start, end, amplitude * s((t - 1) / (N - 1))) with the smoothstep s;
    ``clip`` (frame, len(limb), xyz), directions of a recorded clip, takes their place. The other settings are those of
    ``rigid``. Raises ``ValueError`` for settings that do not fit the limb or the history.
    """
    frames = history.shape[1]
    presence(frames, onset, ramp)
    if not 0 < amplitude <= 1:
        raise ValueError(f"soft trigger: found amplitude {amplitude}, expected more than 0 and at most 1")
    if clip is None:
        share = amplitude * smoothstep(np.arange(frames - onset) / max(frames - onset - 1, 1))
        moving = slerp(parse(start, len(limb)), parse(end, len(limb)), share[:, None])
        moving = np.concatenate([np.repeat(moving[:1], onset, axis=0), moving])
    elif clip.shape != (frames, len(limb), 3):
        raise ValueError(f"soft trigger: found a clip of shape {clip.shape}, expected ({frames}, {len(limb)}, 3)")
    else:
        moving = clip
    return pose(history, parents, limb, moving * MIRROR if mirror else moving, onset, ramp, basis)
