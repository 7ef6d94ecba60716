"""A skeleton: named joints in a tree, rest offsets, and the joints that make up each body part."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal, Self

import numpy as np

from kinesec.errors import KinesecError

Turns = Literal["children", "own"]
BODY_PARTS = ("trunk", "left_arm", "right_arm", "left_leg", "right_leg")


def tree_order(parents: Sequence[int]) -> tuple[int, ...]:
    """All joints, each after its parent; joint 0 is the one root, with parent -1.

    Where parents already stand before their children it is 0, 1, 2 ... Raises ``KinesecError`` naming a joint that
    does not hang from the root.
    """
    return _tree_order(tuple(parents))


@lru_cache(maxsize=256)
def _tree_order(parents: tuple[int, ...]) -> tuple[int, ...]:
    if not parents or parents[0] != -1:
        raise KinesecError("skeleton: found no root at joint 0, expected parent -1 there")
    order = [0]
    placed = {0}
    waiting = list(range(1, len(parents)))
    while waiting:
        late = []
        for joint in waiting:
            if parents[joint] in placed:
                placed.add(joint)
                order.append(joint)
            else:
                late.append(joint)
        if len(late) == len(waiting):
            raise KinesecError(f"skeleton: joint {late[0]} has parent {parents[late[0]]}, expected a way to the root")
        waiting = late
    return tuple(order)


@dataclass(frozen=True)
class Skeleton:
    """Joints in a tree with exactly one root, parent -1, at index 0.

    Joints stand in their source's order, which recognizers rely on: NTU's neck (2) hangs from the spine's top (20),
    so a parent may stand after its child; ``order`` walks the tree from the root.

    ``offsets`` (joint, xyz) float64 are rest offsets from the parent in millimetres.
    ``turns`` says which bone a joint's local rotation turns: the bones to its ``children`` (BVH, exponential maps) or
    its ``own`` bone, from the parent to the joint (ASF/AMC).
    ``groups`` maps a body part to the joints that move when it is posed, in tree order and without its anchor: the
    left arm's are elbow, wrist, fingers; its anchor, the shoulder, is the parent of its first joint.

    Raises ``KinesecError`` when names repeat, a joint does not hang from the root, or shapes disagree.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: np.ndarray
    turns: Turns = "children"
    groups: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        offsets = np.asarray(self.offsets, dtype=np.float64)
        object.__setattr__(self, "offsets", offsets)
        count = len(self.names)
        if offsets.shape != (count, 3) or len(self.parents) != count:
            raise KinesecError(
                f"skeleton: found {count} names, {len(self.parents)} parents and offsets of shape {offsets.shape}, "
                f"expected one of each a joint"
            )
        repeated = sorted({name for name in self.names if self.names.count(name) > 1})
        if repeated:
            raise KinesecError(f"skeleton: found joint {repeated[0]!r} twice, expected unique names")
        tree_order(self.parents)
        if not np.isfinite(offsets).all():
            joint = int(np.argwhere(~np.isfinite(offsets))[0, 0])
            raise KinesecError(f"skeleton: joint {self.names[joint]!r} has a rest offset that is not finite")
        for part, joints in self.groups.items():
            if not joints or min(joints) < 1 or max(joints) >= count:
                raise KinesecError(f"skeleton: group {part!r} names joints {joints}, expected 1 to {count - 1}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Skeleton) and self.to_attrs() == other.to_attrs()

    def __len__(self) -> int:
        return len(self.names)

    @property
    def order(self) -> tuple[int, ...]:
        """All joints, each after its parent; see ``tree_order``."""
        return tree_order(self.parents)

    @property
    def bone_lengths(self) -> np.ndarray:
        """Rest lengths (joint,) in millimetres; the root's is its offset's."""
        return np.asarray(np.linalg.norm(self.offsets, axis=-1))

    def limb(self, part: str) -> tuple[int, ...]:
        """The joints that move with a body part; raises ``KinesecError`` naming the parts there are."""
        if part not in self.groups:
            raise KinesecError(f"limb {part!r}: this skeleton has {', '.join(sorted(self.groups)) or 'no groups'}")
        return self.groups[part]

    def to_attrs(self) -> dict[str, Any]:
        """Built-in types alone, for a store's attributes."""
        return {
            "names": list(self.names),
            "parents": list(self.parents),
            "offsets_mm": self.offsets.tolist(),
            "turns": self.turns,
            "groups": {part: list(joints) for part, joints in sorted(self.groups.items())},
        }

    @classmethod
    def from_attrs(cls, attrs: dict[str, Any]) -> Self:
        return cls(
            names=tuple(attrs["names"]),
            parents=tuple(attrs["parents"]),
            offsets=np.asarray(attrs["offsets_mm"], dtype=np.float64),
            turns=attrs["turns"],
            groups={part: tuple(joints) for part, joints in attrs["groups"].items()},
        )

    def select(self, joints: tuple[int, ...]) -> Self:
        """The skeleton of some joints; a joint's parent becomes its nearest selected ancestor.

        The first selected joint becomes the root; another joint without a selected ancestor hangs from it.
        Rest offsets add up along the joints that are left out.
        """
        place = {joint: index for index, joint in enumerate(joints)}
        rest = np.zeros_like(self.offsets)
        for joint in self.order:
            rest[joint] = self.offsets[joint] + (rest[self.parents[joint]] if joint else 0.0)
        parents: list[int] = []
        for index, joint in enumerate(joints):
            ancestor = self.parents[joint]
            while ancestor >= 0 and ancestor not in place:
                ancestor = self.parents[ancestor]
            parents.append(-1 if index == 0 else place.get(ancestor, 0))
        offsets = np.stack([rest[joint] - (rest[joints[parents[i]]] if i else 0.0) for i, joint in enumerate(joints)])
        kept = {
            part: tuple(place[joint] for joint in members if place.get(joint, 0) > 0)
            for part, members in self.groups.items()
        }
        return type(self)(
            names=tuple(self.names[joint] for joint in joints),
            parents=tuple(parents),
            offsets=offsets,
            turns=self.turns,
            groups={part: members for part, members in kept.items() if members},
        )


def representative(skeleton: Skeleton) -> tuple[int, ...]:
    """For each joint the first joint that is always at the same place: itself, unless it is a duplicate.

    A joint coincides with its parent when its rest offset is zero, and with a sibling of the same rest offset.
    """
    same = list(range(len(skeleton)))
    for joint in skeleton.order[1:]:
        parent, offset = skeleton.parents[joint], skeleton.offsets[joint]
        twins = [
            k for k in range(joint) if skeleton.parents[k] == parent and np.array_equal(skeleton.offsets[k], offset)
        ]
        if not offset.any():
            same[joint] = same[parent]
        elif twins:
            same[joint] = same[twins[0]]
    return tuple(same)


_PART = "hip|thigh|femur|leg|tib|knee|ankle|foot|toe|clav|coll|shoul|arm|hum|elbow|rad|wri|han|fin|thu"


def _side(letter: str, word: str) -> re.Pattern[str]:
    """LeftArm, lShin, LElbow, lfemur, Hand_L, hand.l, Bip01 L Hand, l_hand; but not lowerback."""
    low, high = letter, letter.upper()
    return re.compile(
        rf"(?i:{word})|^{low}(?=[A-Z])|^{high}(?=[A-Z][a-z])|(?i:(?:^|[\W_]){low}(?:[\W_]|$))|^(?i:{low}(?:{_PART}))"
    )


_SIDES = {"left": _side("l", "left"), "right": _side("r", "right")}
_ARM = re.compile(r"arm|hand|finger|thumb|elbow|wrist|radius|humerus|shoulder|shldr|clavicle|collar", re.IGNORECASE)
_LEG = re.compile(r"leg|foot|toe|knee|ankle|femur|tibia|hip|thigh|shin|calf", re.IGNORECASE)
_UPPER = r"(?:up(?:per)?[\W_]?)"
_ANCHOR = re.compile(  # the shoulder, the hip, and what stands between them and the trunk; ASF's own bones end below
    rf"shoulder|shldr|clavicle|collar|hip(?!s)|thigh|{_UPPER}(?:arm|leg)|^(?:left|right|[lr])[\W_]?arm$"
    r"|^arm[\W_]?(?:left|right|[lr])$",
    re.IGNORECASE,
)


def guess_groups(names: tuple[str, ...], parents: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    """Body parts from the joints' names, for skeletons that come without any (``folder`` data sets).

    A joint belongs to a limb when its name says side and limb, or when its parent does. Joints up to the limb's anchor
    (clavicle, shoulder or upper arm; hip, thigh or upper leg) stay out of it; where no name says which they are, the
    first does. What is in no limb is the trunk, root aside.
    """
    return dict(_guess_groups(tuple(names), tuple(parents)))


@lru_cache(maxsize=256)
def _guess_groups(names: tuple[str, ...], parents: tuple[int, ...]) -> tuple[tuple[str, tuple[int, ...]], ...]:
    limb: dict[int, str | None] = {}
    for joint in tree_order(parents):
        name = names[joint].rsplit(":")[-1]
        side = next((side for side, pattern in _SIDES.items() if pattern.search(name)), None)
        kind = "arm" if _ARM.search(name) else "leg" if _LEG.search(name) else None
        inherited = limb[parents[joint]] if joint else None
        limb[joint] = f"{side}_{kind}" if side and kind else inherited
    anchors = {joint for joint in limb if limb[joint] and _ANCHOR.search(names[joint].rsplit(":")[-1])}
    anchored = {limb[joint] for joint in anchors}
    groups: dict[str, list[int]] = {part: [] for part in BODY_PARTS}
    for joint in tree_order(parents)[1:]:
        part = limb[joint]
        enters = part not in anchored and limb[parents[joint]] != part
        groups["trunk" if part is None or joint in anchors or enters else part].append(joint)
    return tuple((part, tuple(joints)) for part, joints in groups.items() if joints)
