"""The skeleton of the CMU exponential-map text set that motion prediction papers use; the way in is ``expmap``."""

from __future__ import annotations

import numpy as np

from kinesec.motion.skeleton import Skeleton

CMU_UNIT_MM = 25.4 / 0.45  # ASF: ``length 0.45`` means 1/0.45 inch a unit
LTD_UNIT_MM = 70.0  # the factor of the reference code, whose millimetres are about 24 % too long

# Name, parent, rest offset in ASF units, and whether the reference code predicts the joint. The offsets are facts of
# the data set, as LearnTrajDep (commit b81bef9) lists them; the set itself has no names, these say what moves.
_JOINTS: tuple[tuple[str, int, float, float, float, bool], ...] = (
    ("Hips", -1, 0.0, 0.0, 0.0, False),
    ("LHipJoint", 0, 0.0, 0.0, 0.0, False),
    ("LeftUpLeg", 1, 1.65674, -1.80282, 0.62477, False),
    ("LeftLeg", 2, 2.5972, -7.13576, 0.0, True),
    ("LeftFoot", 3, 2.49236, -6.8477, 0.0, True),
    ("LeftToeBase", 4, 0.19704, -0.54136, 2.14581, True),
    ("LeftToeEnd", 5, 0.0, 0.0, 1.11249, True),
    ("RHipJoint", 0, 0.0, 0.0, 0.0, False),
    ("RightUpLeg", 7, -1.6107, -1.80282, 0.62476, False),
    ("RightLeg", 8, -2.59502, -7.12977, 0.0, True),
    ("RightFoot", 9, -2.4678, -6.78024, 0.0, True),
    ("RightToeBase", 10, -0.23024, -0.63258, 2.13368, True),
    ("RightToeEnd", 11, 0.0, 0.0, 1.11569, True),
    ("LowerBack", 0, 0.0, 0.0, 0.0, False),
    ("Spine", 13, 0.01961, 2.0545, -0.14112, True),
    ("Spine1", 14, 0.01021, 2.06436, -0.05921, True),
    ("NeckBase", 15, 0.0, 0.0, 0.0, False),
    ("Neck", 16, 0.00713, 1.56711, 0.14968, True),
    ("Neck1", 17, 0.03429, 1.56041, -0.10006, True),
    ("Head", 18, 0.01305, 1.6256, -0.05265, True),
    ("LeftShoulderBase", 15, 0.0, 0.0, 0.0, False),
    ("LeftShoulder", 20, 3.54205, 0.90436, -0.17364, True),
    ("LeftArm", 21, 4.86513, 0.0, 0.0, True),
    ("LeftForeArm", 22, 3.35554, 0.0, 0.0, True),
    ("LeftHandBase", 23, 0.0, 0.0, 0.0, False),
    ("LeftHand", 24, 0.66117, 0.0, 0.0, True),
    ("LeftFingerBase", 25, 0.53306, 0.0, 0.0, True),
    ("LeftThumbBase", 23, 0.0, 0.0, 0.0, False),
    ("LThumb", 27, 0.5412, 0.0, 0.5412, True),
    ("RightShoulderBase", 15, 0.0, 0.0, 0.0, False),
    ("RightShoulder", 29, -3.49802, 0.75994, -0.32616, True),
    ("RightArm", 30, -5.02649, 0.0, 0.0, True),
    ("RightForeArm", 31, -3.36431, 0.0, 0.0, True),
    ("RightHandBase", 32, 0.0, 0.0, 0.0, False),
    ("RightHand", 33, -0.73041, 0.0, 0.0, True),
    ("RightFingerBase", 34, -0.58887, 0.0, 0.0, True),
    ("RightThumbBase", 32, 0.0, 0.0, 0.0, False),
    ("RThumb", 36, -0.59786, 0.0, 0.59786, True),
)
_GROUPS = {
    "left_arm": (22, 23, 24, 25, 26, 27, 28),
    "right_arm": (31, 32, 33, 34, 35, 36, 37),
    "left_leg": (3, 4, 5, 6),
    "right_leg": (9, 10, 11, 12),
    "trunk": (1, 2, 7, 8, 13, 14, 15, 16, 17, 18, 19, 20, 21, 29, 30),
}


def cmu_skeleton(unit_mm: float = CMU_UNIT_MM) -> Skeleton:
    """The 38 joints of the CMU exponential-map set, y up, the body facing +z.

    ``unit_mm`` is millimetres a unit: the true one by default, ``LTD_UNIT_MM`` for the reference code's protocol. The
    group ``ltd_used`` holds the 25 joints that the reference code predicts (papers/badhmp.md, section 2).
    """
    used = tuple(index for index, joint in enumerate(_JOINTS) if joint[5])
    return Skeleton(
        names=tuple(joint[0] for joint in _JOINTS),
        parents=tuple(joint[1] for joint in _JOINTS),
        offsets=np.array([joint[2:5] for joint in _JOINTS]) * unit_mm,
        turns="children",
        groups={**_GROUPS, "ltd_used": used},
    )
