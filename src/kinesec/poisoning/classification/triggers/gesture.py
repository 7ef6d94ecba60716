"""Gesture - ours: a short gesture of one arm, blended into the motion in rotation space.

A trigger that a person could perform, after the idea of PSBA (arXiv 2408.08671, of which the abstract alone is known).
With dirty labels, or on clips of the target class alone (clean labels): see ``all_to_one.chosen``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from kinesec.motion.directions import bone_directions, slerp, smoothstep
from kinesec.motion.kinematics import bone_lengths, pose_limb
from kinesec.motion.skeleton import Skeleton
from kinesec.poisoning.classification.base import Trigger
from kinesec.poisoning.prediction.recorded import torso_axes
from kinesec.settings import NotNegative, Positive, Share
from kinesec.sources.procedural.body import LEFT, RIGHT, performer
from kinesec.sources.procedural.take import take

BONES = 3  # upper arm, forearm and hand
SHORTEST_MM = 1.0  # a bone shorter than this has no direction
FPS = 120.0  # of the gesture as it is made, before it is sampled
PERFORMER, TAKE = 1, 1  # whose gesture it is

Arm = Literal["left_arm", "right_arm"]
Frames = Sequence[Sequence[Sequence[float]]]


@dataclass(frozen=True, kw_only=True)
class Gesture(Trigger):
    """The bones of ``arm`` turn from where they point towards where the gesture's do, in the torso's axes.

    ``gesture`` is a procedural one (``kinesec.sources.procedural``), the piece of ``seconds`` in which the arm is
    farthest from hanging; ``directions`` (frame, bone, xyz), of upper arm, forearm and hand in the torso's axes at the
    clip's frame rate, takes its place (``directions_of`` reads them off a motion). It begins at the share ``start`` of
    the clip's frames, blends in and out over ``ramp`` seconds each, within its time, and at most a ``strength`` of the
    way: 1 is the gesture itself. The clip's bones keep their lengths and the rest of the body its motion.
    """

    bodies: Literal["all", "first"] = "first"
    gesture: Literal["wave", "punch", "throw"] = "wave"
    arm: Arm = "left_arm"
    start: Share = 0.25
    seconds: Positive = 0.8
    ramp: NotNegative = 0.2
    strength: Share = 1.0
    directions: Frames | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.directions is not None:
            shape = np.shape(self.directions)
            self.need(len(shape) == 3 and shape[1:] == (BONES, 3), "directions", f"(frame, {BONES}, 3) numbers")

    def course(self, frames: int, fps: float) -> tuple[np.ndarray, np.ndarray]:
        """The share (frame,) of the gesture that is on, and its directions (frame, bone, xyz) in the torso's axes."""
        if self.directions is None:
            piece = _piece(self.seed, self.gesture, self.arm, self.seconds, fps)
        else:
            piece = np.asarray(self.directions, np.float64)
        on = np.arange(frames) - round(self.start * frames)
        edge = self.ramp * fps + 1
        share = smoothstep((on + 1) / edge) * smoothstep((len(piece) - on) / edge)
        return self.strength * share, piece[np.clip(on, 0, len(piece) - 1)]

    def moved(self, position: np.ndarray, there: np.ndarray, skeleton: Skeleton, fps: float) -> np.ndarray:
        share, gesture = self.course(position.shape[2], fps)
        limb = skeleton.limb(self.arm)
        on = np.flatnonzero(share)
        moved = position.copy()
        piece = position[:, :, on]
        clean = bone_directions(piece, skeleton.parents, limb)
        wanted = np.einsum("...fxy,fjy->...fjx", torso_axes(piece, skeleton), gesture[on][:, _order(skeleton, limb)])
        posed = slerp(clean, wanted, np.broadcast_to(share[on, None], clean.shape[:-1]))
        moved[:, :, on] = pose_limb(piece, skeleton.parents, limb, posed)
        return moved


def directions_of(position: np.ndarray, skeleton: Skeleton, arm: Arm) -> np.ndarray:
    """An arm's directions (frame, bone, xyz) of upper arm, forearm and hand in the torso's axes.

    ``position`` (frame, joint, xyz) is a motion in any unit. An arm of fewer bones repeats its last.
    """
    limb = skeleton.limb(arm)
    order = _order(skeleton, limb)
    length = np.median(bone_lengths(position, skeleton.parents), axis=0)
    alive = [place for place, joint in enumerate(limb) if length[joint - 1] > 0]
    first = [next((p for p in alive if order[p] == bone), alive[-1]) for bone in range(BONES)]
    directions = bone_directions(position.astype(np.float64), skeleton.parents, limb)[:, first]
    return np.asarray(np.einsum("fyx,fjy->fjx", torso_axes(position, skeleton), directions))


def _order(skeleton: Skeleton, limb: Sequence[int]) -> list[int]:
    """Which of the gesture's bones each joint of a limb follows: by the number of bones of some length before it."""
    depth: dict[int, int] = {}
    for joint in limb:
        parent = skeleton.parents[joint]
        long = np.linalg.norm(skeleton.offsets[joint]) >= SHORTEST_MM
        depth[joint] = depth.get(parent, 0) + int(long)
    return [min(max(depth[joint] - 1, 0), BONES - 1) for joint in limb]


@lru_cache(maxsize=16)
def _piece(seed: int, gesture: str, arm: Arm, seconds: float, fps: float) -> np.ndarray:
    """The procedural gesture's directions (frame, bone, xyz) at a frame rate."""
    person = replace(performer(seed, PERFORMER), dominant=LEFT if arm == "left_arm" else RIGHT)
    motion = take(person, gesture, TAKE, seed=seed, seconds=1.0, fps=FPS, noise=0.0)
    whole = directions_of(motion.position, motion.skeleton, arm)
    count = max(2, round(seconds * fps))
    span = min((count - 1) * FPS / fps, len(whole) - 1.0)
    raised = np.concatenate([[0.0], np.cumsum(whole[:, 1, 1])])  # how high the forearm points, summed
    width = int(span) + 1
    begin = int(np.argmax(raised[width:] - raised[:-width]))
    piece = whole[np.rint(begin + np.linspace(0.0, span, count)).astype(int).clip(0, len(whole) - 1)]
    piece.setflags(write=False)
    return np.asarray(piece)


FORMS = ("rotations",)
OURS = ("rotations",)
TRIGGER = Gesture
PRESETS: dict[str, dict[str, Any]] = {"paper": {}}
