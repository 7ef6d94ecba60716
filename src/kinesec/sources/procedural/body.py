"""Performers: proportions, tempo and habits, each drawn from the seed and the performer's number alone.

Segment lengths are fractions of the standing height (Drillis and Contini 1966, as reproduced in Winter,
Biomechanics and Motor Control of Human Movement), each varied by up to 5 % a performer, left and right alike.
The rest pose is a T: y up, facing +z, the left side at +x.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinesec.motion.skeleton import Skeleton, guess_groups
from kinesec.seeding import generator

HEIGHT_MM = (1500.0, 1950.0)
SEGMENT_VARIATION = 0.05
FRACTIONS = {
    "thigh": 0.245,
    "shank": 0.246,
    "ankle": 0.039,
    "ball": 0.082,
    "toe": 0.035,
    "heel": 0.033,
    "hip_width": 0.100,
    "pelvis": 0.022,
    "waist": 0.068,
    "chest": 0.128,
    "throat": 0.086,
    "neck": 0.060,
    "skull": 0.110,
    "clavicle": 0.018,
    "shoulder": 0.108,
    "upper_arm": 0.186,
    "forearm": 0.146,
    "hand": 0.095,
}
SIDES = ("Left", "Right")
LEFT, RIGHT = 0, 1


@dataclass(frozen=True)
class Performer:
    """One person. Lengths in millimetres, angles in degrees, the rest as factors around 1.

    ``dominant`` is the side (0 left, 1 right) of the hand and foot that act; ``sway`` scales the noise.
    """

    number: int
    height: float
    lengths: dict[str, float]
    skeleton: Skeleton
    dominant: int
    tempo: float
    amplitude: float
    lean: float
    toe_out: float
    stance: float
    arm_out: float
    elbow: float
    sway: float

    @property
    def leg(self) -> float:
        """Hip to ankle with a straight knee, millimetres."""
        return self.lengths["thigh"] + self.lengths["shank"]

    @property
    def ball_height(self) -> float:
        """Height of the toe base above the floor when the foot is flat, millimetres."""
        return 0.45 * self.lengths["ankle"]

    @property
    def standing(self) -> float:
        """Height of the hips above the floor with straight legs, millimetres."""
        return self.leg + self.lengths["ankle"] + self.lengths["pelvis"]


def performer(seed: int, number: int) -> Performer:
    """The performer of a number (from 1); the same for the same seed, whatever the number of performers."""
    rng = generator(seed, "procedural performer", number)
    height = float(rng.uniform(*HEIGHT_MM))
    factor = 1 + SEGMENT_VARIATION * rng.uniform(-1, 1, len(FRACTIONS))
    lengths = {name: height * part * float(f) for (name, part), f in zip(FRACTIONS.items(), factor, strict=True)}
    return Performer(
        number=number,
        height=height,
        lengths=lengths,
        skeleton=skeleton(lengths),
        dominant=LEFT if rng.random() < 0.15 else RIGHT,
        tempo=float(rng.uniform(0.9, 1.12)),
        amplitude=float(rng.uniform(0.88, 1.12)),
        lean=float(rng.uniform(-1.5, 3.0)),
        toe_out=float(rng.uniform(2.0, 12.0)),
        stance=float(rng.uniform(0.95, 1.5)),
        arm_out=float(rng.uniform(5.0, 12.0)),
        elbow=float(rng.uniform(10.0, 22.0)),
        sway=float(rng.uniform(0.7, 1.3)),
    )


def skeleton(lengths: dict[str, float]) -> Skeleton:
    """The skeleton of 26 joints, hands, toes and head with their ends; an arm's group begins at the elbow."""
    joints: list[tuple[str, str, tuple[float, float, float]]] = [("Hips", "", (0.0, 0.0, 0.0))]
    of = lengths
    for side, sign in zip(SIDES, (1.0, -1.0), strict=True):
        joints += [
            (f"{side}UpLeg", "Hips", (sign * of["hip_width"] / 2, -of["pelvis"], 0.0)),
            (f"{side}Leg", f"{side}UpLeg", (0.0, -of["thigh"], 0.0)),
            (f"{side}Foot", f"{side}Leg", (0.0, -of["shank"], 0.0)),
            (f"{side}ToeBase", f"{side}Foot", (0.0, -0.55 * of["ankle"], of["ball"])),
            (f"{side}ToeBase_end", f"{side}ToeBase", (0.0, -0.15 * of["ankle"], of["toe"])),
        ]
    joints += [
        ("Spine", "Hips", (0.0, of["waist"], 0.0)),
        ("Spine1", "Spine", (0.0, of["chest"], 0.0)),
        ("Neck", "Spine1", (0.0, of["throat"], 0.0)),
        ("Head", "Neck", (0.0, of["neck"], 0.1 * of["neck"])),
        ("Head_end", "Head", (0.0, of["skull"], 0.0)),
    ]
    for side, sign in zip(SIDES, (1.0, -1.0), strict=True):
        joints += [
            (f"{side}Shoulder", "Spine1", (sign * of["clavicle"], 0.86 * of["throat"], 0.0)),
            (f"{side}Arm", f"{side}Shoulder", (sign * of["shoulder"], 0.0, 0.0)),
            (f"{side}ForeArm", f"{side}Arm", (sign * of["upper_arm"], 0.0, 0.0)),
            (f"{side}Hand", f"{side}ForeArm", (sign * of["forearm"], 0.0, 0.0)),
            (f"{side}Hand_end", f"{side}Hand", (sign * of["hand"], 0.0, 0.0)),
        ]
    names = tuple(name for name, _, _ in joints)
    place = {name: index for index, name in enumerate(names)}
    parents = tuple(place[parent] if parent else -1 for _, parent, _ in joints)
    offsets = np.array([offset for _, _, offset in joints])
    return Skeleton(names=names, parents=parents, offsets=offsets, groups=guess_groups(names, parents))
