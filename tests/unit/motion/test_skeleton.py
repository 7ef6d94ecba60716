"""Skeletons: trees that hold together, selections that keep distances, body parts found by name."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinesec.errors import KinesecError
from kinesec.motion.kinematics import forward
from kinesec.motion.skeleton import Skeleton, guess_groups, tree_order


@st.composite
def skeletons(draw: st.DrawFn) -> Skeleton:
    joints = draw(st.integers(1, 12))
    tree = [-1] + [draw(st.integers(0, joint - 1)) for joint in range(1, joints)]
    order = [0, *draw(st.permutations(range(1, joints)))]
    parents = [-1] * joints
    for joint in range(1, joints):
        parents[order[joint]] = order[tree[joint]]
    offsets = np.random.default_rng(draw(st.integers(0, 2**32))).normal(size=(joints, 3)) * 100
    members = draw(st.sets(st.integers(1, joints - 1))) if joints > 1 else set()
    groups = {"left_arm": tuple(sorted(members))} if members else {}
    return Skeleton(tuple(f"joint{j}" for j in range(joints)), tuple(parents), offsets, groups=groups)


def rest(skeleton: Skeleton) -> np.ndarray:
    identity = np.broadcast_to(np.eye(3), (len(skeleton), 3, 3))
    return np.asarray(forward(identity, skeleton.offsets[0], skeleton.offsets, skeleton.parents))


@given(skeleton=skeletons())
def test_each_joint_follows_its_parent(skeleton: Skeleton) -> None:
    order = tree_order(skeleton.parents)
    assert sorted(order) == list(range(len(skeleton)))
    assert all(order.index(skeleton.parents[joint]) < place for place, joint in enumerate(order) if place)


@given(skeleton=skeletons())
def test_attributes_give_the_skeleton_again(skeleton: Skeleton) -> None:
    assert Skeleton.from_attrs(skeleton.to_attrs()) == skeleton


@given(skeleton=skeletons())
def test_selecting_all_changes_nothing(skeleton: Skeleton) -> None:
    whole = skeleton.select(tuple(range(len(skeleton))))
    assert (whole.names, whole.parents, whole.groups) == (skeleton.names, skeleton.parents, skeleton.groups)
    np.testing.assert_allclose(whole.offsets[1:], skeleton.offsets[1:], atol=1e-9)


@given(skeleton=skeletons(), data=st.data())
def test_a_selection_keeps_rest_places_ancestors_and_parts(skeleton: Skeleton, data: st.DataObject) -> None:
    chosen = tuple(sorted(data.draw(st.sets(st.integers(0, len(skeleton) - 1), min_size=1))))
    part = skeleton.select(chosen)
    assert part.names == tuple(skeleton.names[joint] for joint in chosen)
    whole = rest(skeleton)[list(chosen)]
    places = rest(part)
    np.testing.assert_allclose(places - places[0], whole - whole[0], atol=1e-9)
    for index in range(1, len(chosen)):
        above = skeleton.parents[chosen[index]]
        while above >= 0 and above not in chosen:
            above = skeleton.parents[above]
        assert part.parents[index] == (chosen.index(above) if above >= 0 else 0)
    wanted = {skeleton.names[joint] for joint in skeleton.groups.get("left_arm", ()) if joint in chosen[1:]}
    assert {part.names[joint] for joint in part.groups.get("left_arm", ())} == wanted


@pytest.mark.parametrize(
    ("names", "parents", "message"),
    [
        (("a", "a"), (-1, 0), "found joint 'a' twice"),
        (("a", "b"), (0, 0), "no root"),
        (("a", "b", "c"), (-1, 2, 1), "joint 1 has parent 2"),
        (("a", "b"), (-1, 5), "joint 1 has parent 5"),
        (("a", "b"), (-1, -1), "joint 1 has parent -1"),
        ((), (), "no root"),
    ],
)
def test_what_is_no_tree_is_refused(names: tuple[str, ...], parents: tuple[int, ...], message: str) -> None:
    with pytest.raises(KinesecError, match=message):
        Skeleton(names, parents, np.zeros((len(names), 3)))


def test_what_is_no_skeleton_is_refused() -> None:
    with pytest.raises(KinesecError, match="offsets of shape"):
        Skeleton(("a",), (-1,), np.zeros((2, 3)))
    with pytest.raises(KinesecError, match="not finite"):
        Skeleton(("a",), (-1,), np.array([[0, np.nan, 0]]))
    with pytest.raises(KinesecError, match="'trunk' names joints"):
        Skeleton(("a", "b"), (-1, 0), np.zeros((2, 3)), groups={"trunk": (2,)})
    with pytest.raises(KinesecError, match="limb 'tail': this skeleton has trunk"):
        Skeleton(("a", "b"), (-1, 0), np.zeros((2, 3)), groups={"trunk": (1,)}).limb("tail")


def tree(*chains: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Names and parents of chains of names; a chain's first name stands in one before it, but for the root."""
    names: list[str] = []
    parents: list[int] = []
    for line in chains:
        above = -1
        for name in line.split("/"):
            if name not in names:
                names.append(name)
                parents.append(above)
            above = names.index(name)
    return tuple(names), tuple(parents)


def bandai() -> list[str]:
    sides = [f"Chest/Shoulder_{s}/UpperArm_{s}/LowerArm_{s}/Hand_{s}/Hand_{s}_end" for s in "LR"] + [
        f"Hips/UpperLeg_{s}/LowerLeg_{s}/Foot_{s}/Toes_{s}/Toes_{s}_end" for s in "LR"
    ]
    return ["joint_Root/Hips/Spine/Chest/Neck/Head/Head_end", *sides]


def asf() -> list[str]:
    legs = [f"root/{s}hipjoint/{s}femur/{s}tibia/{s}foot/{s}toes" for s in "lr"]
    arms = [f"thorax/{s}clavicle/{s}humerus/{s}radius/{s}wrist/{s}hand/{s}fingers" for s in "lr"]
    return [*legs, "root/lowerback/upperback/thorax/lowerneck/upperneck/head", *arms, "lwrist/lthumb", "rwrist/rthumb"]


def plain(style: str, upper_leg: str, upper_arm: str, low_arm: str, shoulder: str) -> list[str]:
    """``style`` has {s} for the side, {S} for its letter and {n} for the name."""
    chains = ["Hips/Spine/Neck/Head"]
    for side in ("Left", "Right"):
        named = [
            style.format(s=side, S=side[0], l=side[0].lower(), n=name)
            for name in (upper_leg, "Leg", "Foot", "ToeBase", shoulder, upper_arm, low_arm, "Hand", "HandThumb")
        ]
        chains += ["/".join(["Hips", *named[:4]]), "/".join(["Spine", *named[4:]])]
    return chains


CASES = {
    "Bandai Namco": (bandai(), "LowerArm_L Hand_L Hand_L_end", "LowerLeg_R Foot_R Toes_R Toes_R_end"),
    "ASF": (asf(), "lhumerus lradius lwrist lhand lfingers lthumb", "rfemur rtibia rfoot rtoes"),
    "LeftArm": (
        plain("{s}{n}", "UpLeg", "Arm", "ForeArm", "Shoulder"),
        "LeftForeArm LeftHand LeftHandThumb",
        "RightLeg RightFoot RightToeBase",
    ),
    "mixamorig:LeftArm": (
        plain("mixamorig:{s}{n}", "UpLeg", "Arm", "ForeArm", "Shoulder"),
        "mixamorig:LeftForeArm mixamorig:LeftHand mixamorig:LeftHandThumb",
        "mixamorig:RightLeg mixamorig:RightFoot mixamorig:RightToeBase",
    ),
    "Bip01 L UpperArm": (
        plain("Bip01 {S} {n}", "Thigh", "UpperArm", "Forearm", "Clavicle"),
        "Bip01 L Forearm,Bip01 L Hand,Bip01 L HandThumb",
        "Bip01 R Leg,Bip01 R Foot,Bip01 R ToeBase",
    ),
    "upper_arm.L": (
        plain("{n}.{S}", "thigh", "upper_arm", "forearm", "shoulder"),
        "forearm.L Hand.L HandThumb.L",
        "Leg.R Foot.R ToeBase.R",
    ),
    "l_shoulder": (
        plain("{l}_{n}", "hip", "shoulder", "elbow", "collar"),
        "l_elbow l_Hand l_HandThumb",
        "r_Leg r_Foot r_ToeBase",
    ),
    "LShoulder": (
        plain("{S}{n}", "Hip", "Shoulder", "Elbow", "Collar"),
        "LElbow LHand LHandThumb",
        "RLeg RFoot RToeBase",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_limbs_are_found_by_name(case: str) -> None:
    chains, arm, leg = CASES[case]
    names, parents = tree(*chains)
    groups = guess_groups(names, parents)
    split = "," if "," in arm else " "
    assert [names[joint] for joint in groups["left_arm"]] == arm.split(split)
    assert [names[joint] for joint in groups["right_leg"]] == leg.split(split)
    members = [joint for joints in groups.values() for joint in joints]
    assert sorted(members) == list(range(1, len(names)))  # each joint but the root is in one part
    for part in ("left_arm", "right_arm", "left_leg", "right_leg"):
        limb = groups[part]
        anchor = parents[limb[0]]
        assert anchor not in limb
        assert all(parents[joint] in (anchor, *limb) for joint in limb)


def test_where_no_anchor_is_named_the_first_joint_is_it() -> None:
    names, parents = tree("Spine/LeftElbow/LeftWrist/LeftFinger", "Spine/Head")
    assert guess_groups(names, parents) == {"trunk": (1, 4), "left_arm": (2, 3)}


def test_sides_are_not_seen_where_there_are_none() -> None:
    names, parents = tree("root/lowerback/upperback/lumbar/ribcage/neck/leg_less")
    assert guess_groups(names, parents) == {"trunk": (1, 2, 3, 4, 5, 6)}
