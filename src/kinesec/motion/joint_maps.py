"""The 25 joints of the SMART and BEAT clips, and which joint of other skeletons stands for each.

Joints are those of CMU's 31-joint BVH skeleton less six; order and parents as released (BEAT, dataPreProcessing.py;
papers/skeleton-attacks.md, section 1, Data). Each is the start of the CMU bone of its name.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from kinesec.errors import ConfigError
from kinesec.motion.skeleton import Skeleton

_SIDES = (("Left", "L", "l"), ("Right", "R", "r"))
ROOT = 10
# As released, where the root is its own parent.
PUBLISHED_PARENTS = (10, 0, 1, 2, 3, 10, 5, 6, 7, 8, 10, 10, 11, 12, 13, 13, 15, 16, 17, 18, 13, 20, 21, 22, 23)
# The same links from joint 0, the root of a `Skeleton`: it lies on joint 10 wherever a hip joint is the hips.
PARENTS = (-1, *PUBLISHED_PARENTS[1:ROOT], 0, *PUBLISHED_PARENTS[ROOT + 1 :])
SHOULDERS_AND_HIPS = ((15, 20), (0, 5))  # as released: the hips' term vanishes where 0 and 5 both lie on the root
GROUPS = {
    "trunk": (1, 5, 6, 10, 11, 12, 13, 14, 15, 20),
    "left_arm": (16, 17, 18, 19),
    "right_arm": (21, 22, 23, 24),
    "left_leg": (2, 3, 4),
    "right_leg": (7, 8, 9),
}


def _joints(trunk: tuple[str, ...], leg: tuple[str, ...], arm: tuple[str, ...]) -> tuple[str, ...]:
    """Left leg, right leg, trunk, left arm, right arm; in names {0}, {1}, {2} are Left, L, l or Right, R, r."""
    legs = [name.format(*side) for side in _SIDES for name in leg]
    arms = [name.format(*side) for side in _SIDES for name in arm]
    return (*legs, *trunk, *arms)


NAMES = _joints(
    ("Hips", "Spine", "Spine1", "Neck", "Neck1"),
    ("{1}HipJoint", "{0}UpLeg", "{0}Leg", "{0}Foot", "{0}ToeBase"),
    ("{0}Arm", "{0}ForeArm", "{0}Hand", "{0}HandIndex1", "{1}Thumb"),
)
# A name may stand twice: those joints coincide, as some do in the released clips.
MAPS: dict[str, tuple[str, ...]] = {
    "cmu_bvh": NAMES,
    "cmu_asf": _joints(  # HDM05 and CMU: a joint is its bone's end, so the start of the bone after it
        ("root", "lowerback", "upperback", "thorax", "lowerneck"),
        ("root", "{2}hipjoint", "{2}femur", "{2}tibia", "{2}foot"),
        ("{2}clavicle", "{2}humerus", "{2}radius", "{2}hand", "{2}wrist"),
    ),
    "cmu_expmap": _joints(
        ("Hips", "Spine", "Spine1", "NeckBase", "Neck"),
        ("{1}HipJoint", "{0}UpLeg", "{0}Leg", "{0}Foot", "{0}ToeBase"),
        ("{0}Shoulder", "{0}Arm", "{0}ForeArm", "{0}Hand", "{0}ThumbBase"),
    ),
    "ntu": _joints(  # in the order of the released reordering for NTU, less the head's and hands' second joints
        ("SpineBase", "SpineMid", "SpineShoulder", "Neck", "Head"),
        ("SpineBase", "Hip{0}", "Knee{0}", "Ankle{0}", "Foot{0}"),
        ("Shoulder{0}", "Elbow{0}", "Wrist{0}", "Hand{0}", "Thumb{0}"),
    ),
    "h36m": _joints(
        ("Hips", "Spine", "Spine1", "Neck", "Head"),
        ("Hips", "{0}UpLeg", "{0}Leg", "{0}Foot", "{0}ToeBase"),
        ("{0}Arm", "{0}ForeArm", "{0}Hand", "{0}WristEnd", "{0}HandThumb"),
    ),
    "bandai_namco": _joints(
        ("Hips", "Spine", "Chest", "Neck", "Head"),
        ("Hips", "UpperLeg_{1}", "LowerLeg_{1}", "Foot_{1}", "Toes_{1}"),
        ("UpperArm_{1}", "LowerArm_{1}", "Hand_{1}", "Hand_{1}", "Hand_{1}"),
    ),
    "procedural": _joints(
        ("Hips", "Spine", "Spine1", "Neck", "Head"),
        ("Hips", "{0}UpLeg", "{0}Leg", "{0}Foot", "{0}ToeBase"),
        ("{0}Arm", "{0}ForeArm", "{0}Hand", "{0}Hand_end", "{0}Hand"),
    ),
}


def _missing(names: tuple[str, ...], skeleton: Skeleton) -> list[str]:
    return sorted(set(names) - set(skeleton.names))


def check(joint_map: Mapping[str, str]) -> None:
    """Raises ``ConfigError`` unless a user's map names a joint for each of the 25, and no other."""
    strange, absent = sorted(set(joint_map) - set(NAMES)), [name for name in NAMES if name not in joint_map]
    if strange or absent:
        wrong = f"{strange[0]!r}" if strange else f"none for {', '.join(absent)}"
        raise ConfigError(f"joint_map: found {wrong}, expected a joint for each of {', '.join(NAMES)}")


def resolve(skeleton: Skeleton, given: str | Mapping[str, str] | None) -> tuple[str, ...]:
    """The names of the joints of ``skeleton`` that stand for the 25, by a map's name, a user's map, or what fits.

    Raises ``ConfigError`` naming the joints that the skeleton lacks.
    """
    if isinstance(given, Mapping):
        name, names = "given", tuple(given[joint] for joint in NAMES)
    elif given is not None:
        name, names = given, MAPS[given]
    else:
        name, names = min(MAPS.items(), key=lambda item: len(_missing(item[1], skeleton)))
    missing = _missing(names, skeleton)
    if missing:
        nearest = "" if given is not None else ", the nearest of " + ", ".join(MAPS)
        raise ConfigError(
            f"joint_map: found a skeleton without {', '.join(missing)}, expected those of map {name!r}{nearest}; "
            "name a joint for each of the 25 in joint_map"
        )
    return names


def retarget(skeleton: Skeleton, names: tuple[str, ...]) -> tuple[Skeleton, list[int]]:
    """The skeleton of the 25 joints, at the rest positions of those that stand for them, and their indices."""
    joints = [skeleton.names.index(name) for name in names]
    rest = np.zeros_like(skeleton.offsets)
    for joint in skeleton.order[1:]:
        rest[joint] = rest[skeleton.parents[joint]] + skeleton.offsets[joint]
    offsets = rest[joints]
    offsets[1:] -= rest[[joints[parent] for parent in PARENTS[1:]]]
    offsets[0] = 0
    return Skeleton(NAMES, PARENTS, offsets, skeleton.turns, dict(GROUPS)), joints
