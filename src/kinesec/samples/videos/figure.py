"""What of a skeleton is drawn: its joints, its bones by body part, and their colours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinesec.motion.skeleton import BODY_PARTS, Skeleton, guess_groups

# shares of the brightness by channel, after Okabe and Ito, which those who see few colours tell apart
COLOURS = {
    "trunk": (1.0, 1.0, 1.0),
    "left_arm": (0.90, 0.62, 0.0),
    "right_arm": (0.34, 0.71, 0.91),
    "left_leg": (0.94, 0.26, 0.26),
    "right_leg": (0.0, 0.62, 0.45),
}


@dataclass(frozen=True)
class Figure:
    """What of a skeleton is drawn, for ``bodies`` of it: ``tint`` (channel, point), and bones sorted by part.

    ``bones`` (bone, 2) are points, parent and child; ``first`` (part,) are the places of each part's first bone,
    ``shades`` (part, channel) the parts' colours. A picture of one colour has one channel and one part.
    """

    tint: np.ndarray
    bones: np.ndarray
    first: np.ndarray
    shades: np.ndarray

    @classmethod
    def of(cls, skeleton: Skeleton, bodies: int, colour: str) -> Figure:
        joints = len(skeleton)
        part = part_of(skeleton) if colour == "parts" else np.zeros(joints, dtype=np.int64)
        shades = np.array([*COLOURS.values()] if colour == "parts" else [(1.0,)], dtype=np.float32)
        child = np.array([joint for joint, parent in enumerate(skeleton.parents) if parent >= 0] or [0])
        parent = np.maximum(np.array(skeleton.parents)[child], 0)
        body = joints * np.arange(bodies)[:, None]
        bones = np.stack([parent + body, child + body], axis=-1).reshape(-1, 2)
        of_bone = np.tile(part[child], bodies)
        order = np.argsort(of_bone, kind="stable")
        there, first = np.unique(of_bone[order], return_index=True)
        return cls(np.tile(shades[part].T, bodies), bones[order], first, shades[there])


def part_of(skeleton: Skeleton) -> np.ndarray:
    """Each joint's place (joint,) in ``BODY_PARTS``; a root and what is in no part belong to the trunk."""
    known = set(BODY_PARTS) <= set(skeleton.groups)
    groups = skeleton.groups if known else guess_groups(skeleton.names, skeleton.parents)
    part = np.zeros(len(skeleton), dtype=np.int64)
    for number, name in enumerate(BODY_PARTS):
        part[list(groups.get(name, ()))] = number
    return part
