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
            raise KinesecError(f"skeleton: joint {repeated[0]!r} stands twice, expected unique names")
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


_SIDE = {
    "left": re.compile(r"(^l(?=[A-Z_]|hip|femur|tib|foot|toe|clav|hum|rad|wri|han|fin|thu)|left|[_.]l$)", re.ASCII),
    "right": re.compile(r"(^r(?=[A-Z_]|hip|femur|tib|foot|toe|clav|hum|rad|wri|han|fin|thu)|right|[_.]r$)", re.ASCII),
}
_ARM = re.compile(r"arm|hand|finger|thumb|elbow|wrist|radius|humerus|shoulder|clavicle", re.IGNORECASE)
_LEG = re.compile(r"leg|foot|toe|knee|ankle|femur|tibia|hip", re.IGNORECASE)
_BASE = re.compile(r"shoulder|clavicle|collar|hip(?!s)", re.IGNORECASE)


def guess_groups(names: tuple[str, ...], parents: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    """Body parts from the joints' names, for skeletons that come without any (``folder`` data sets).

    A joint belongs to a limb when its name says side and limb, or when its parent does. The joints next to the trunk
    (shoulder, clavicle, hip) are the limb's anchor and stay out of it. What is in no limb is the trunk, root aside.
    """
    member: dict[int, str | None] = {}
    for index in tree_order(parents):
        name = names[index]
        side = next((s for s, pattern in _SIDE.items() if pattern.search(name) or pattern.search(name.lower())), None)
        kind = "arm" if _ARM.search(name) else "leg" if _LEG.search(name) else None
        inherited = member[parents[index]] if index else None
        member[index] = f"{side}_{kind}" if side and kind else inherited
    groups: dict[str, list[int]] = {part: [] for part in BODY_PARTS}
    for index in tree_order(parents)[1:]:
        part = member[index]
        if part is None:
            groups["trunk"].append(index)
            continue
        enters = member[parents[index]] != part
        if not (enters or (_BASE.search(names[index]) and member[parents[index]] == part)):
            groups[part].append(index)
    return {part: tuple(joints) for part, joints in groups.items() if joints}
