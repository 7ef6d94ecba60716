"""A skeleton as recognizers see it: joints in a tree around a centre, and the matrices that the papers make of it.

Matrices are float64 and read ``(..., from, to)``: features (..., from) times a matrix are features (..., to).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from kinesec.errors import KinesecError
from kinesec.motion.skeleton import BODY_PARTS, Skeleton


def _distances(links: Sequence[tuple[int, int]], joints: int) -> np.ndarray:
    """Hops (joint, joint) between joints along ``links``; infinite where there is no way."""
    hops = np.full((joints, joints), np.inf)
    adjacency = np.eye(joints, dtype=bool)
    for joint, other in links:
        adjacency[joint, other] = adjacency[other, joint] = True
    reached = np.eye(joints, dtype=bool)
    hops[reached] = 0
    for distance in range(1, joints):
        reached = reached @ adjacency
        hops[reached & np.isinf(hops)] = distance
    return hops


@dataclass(frozen=True)
class Graph:
    """Joints in a tree whose root is the body's ``centre``, and the joints of each body part.

    ``parents`` point to the centre, which has -1. ``parts`` hold every joint once, in the order of
    ``skeleton.BODY_PARTS``; they may be empty where the skeleton names none.
    Raises ``KinesecError`` when a joint does not hang from the one centre.
    """

    parents: tuple[int, ...]
    parts: tuple[tuple[int, ...], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "parents", tuple(self.parents))
        object.__setattr__(self, "parts", tuple(tuple(part) for part in self.parts))
        count = len(self.parents)
        if self.parents.count(-1) != 1 or not all(-1 <= parent < count for parent in self.parents):
            raise KinesecError(f"graph: found parents {self.parents}, expected joints' indices and one centre, -1")
        if np.isinf(self.hops).any():
            joint = int(np.argmax(np.isinf(self.hops[self.centre])))
            raise KinesecError(f"graph: joint {joint} has parent {self.parents[joint]}, expected a way to the centre")

    @classmethod
    def of(cls, skeleton: Skeleton, centre: int | None = None) -> Self:
        """The graph of a skeleton's tree around a joint.

        Without ``centre`` it is the joint with the fewest hops to all others: NTU's and Kinect's upper spine, the
        centre that the papers use.
        """
        links = [(joint, parent) for joint, parent in enumerate(skeleton.parents) if parent >= 0]
        hops = _distances(links, len(skeleton))
        root = int(hops.sum(1).argmin()) if centre is None else centre
        if not 0 <= root < len(skeleton):
            raise KinesecError(f"graph: found centre {root}, expected a joint from 0 to {len(skeleton) - 1}")
        parents = [-1] * len(skeleton)
        for first, other in links:
            near, far = sorted((first, other), key=lambda joint: float(hops[root, joint]))
            parents[far] = near
        part = {joint: name for name in BODY_PARTS for joint in skeleton.groups.get(name, ())}
        parts = [[j for j in range(len(skeleton)) if part.get(j, "trunk") == name] for name in BODY_PARTS]
        return cls(tuple(parents), tuple(map(tuple, parts)) if part else ())

    @classmethod
    def from_attrs(cls, attrs: dict[str, Any]) -> Self:
        return cls(attrs["parents"], attrs["parts"])

    def __len__(self) -> int:
        return len(self.parents)

    @property
    def centre(self) -> int:
        return self.parents.index(-1)

    @property
    def links(self) -> list[tuple[int, int]]:
        """Bones as (parent, child), sorted."""
        return sorted((parent, joint) for joint, parent in enumerate(self.parents) if parent >= 0)

    @property
    def hops(self) -> np.ndarray:
        """Bones (joint, joint) on the way from joint to joint."""
        return _distances([(p, j) for j, p in enumerate(self.parents) if p >= 0], len(self))


# What the recognizers were published with: NTU's 25 joints around the upper spine, the tips of the hands hanging from
# the thumbs (github.com/yysijie/st-gcn and all that follow it; DGNN hangs both from the hand, as Kinect does).
NTU_PUBLISHED = Graph(
    (1, 20, 20, 2, 20, 4, 5, 6, 20, 8, 9, 10, 0, 12, 13, 14, 0, 16, 17, 18, -1, 22, 7, 24, 11),
    ((0, 1, 2, 3, 4, 8, 12, 16, 20), (5, 6, 7, 21, 22), (9, 10, 11, 23, 24), (13, 14, 15), (17, 18, 19)),
)


def spatial_partitions(graph: Graph, reach: int) -> np.ndarray:
    """Neighbours at 0, 1, ... ``reach`` hops, those nearer the centre apart (1 + 2 reach, joint, joint).

    The spatial configuration of ST-GCN (``reach`` 1) and of AS-GCN (4). Each joint gets the mean over all neighbours
    within reach. As in the released code the distance to the centre, too, is infinite beyond ``reach``: two joints out
    there count as equally near.
    """
    hops = np.where(graph.hops <= reach, graph.hops, np.inf)
    within = np.isfinite(hops)
    mean = within / within.sum(0)
    far = hops[:, graph.centre]
    nearer = far[:, None] < far[None, :]
    subsets = [mean * (hops == 0)]
    for hop in range(1, reach + 1):
        subsets += [mean * ((hops == hop) & ~nearer), mean * ((hops == hop) & nearer)]
    return np.stack(subsets)


def directed_partitions(graph: Graph) -> np.ndarray:
    """Each joint itself, its parent, and the mean of its children (3, joint, joint): 2s-AGCN's subsets, CTR-GCN's."""
    joints = len(graph)
    down = np.zeros((joints, joints))
    for parent, child in graph.links:
        down[parent, child] = 1
    return np.stack([np.eye(joints), down, down.T / np.maximum(down.sum(1), 1)])


def scales(graph: Graph, count: int, window: int = 1) -> np.ndarray:
    """Joints exactly k hops apart, k < ``count``, and each itself (scale, window x joint, window x joint).

    MS-G3D's disentangled neighbourhoods (equation 6), symmetrically normalised. In a ``window`` of frames a joint is
    linked to its neighbours and itself in all of them.
    """
    joints = len(graph) * window
    same = np.eye(joints, dtype=bool)
    hops = np.tile(graph.hops, (window, window))
    hops[(hops == 0) & ~same] = 1
    masks = np.stack([(hops == scale) | same for scale in range(count)]).astype(np.float64)
    norm = masks.sum(-1) ** -0.5
    return np.asarray(norm[:, :, None] * masks * norm[:, None, :])


def incidence(graph: Graph) -> np.ndarray:
    """Which joint each bone comes from, and which it goes to (2, joint, bone), in the order of ``links``.

    DGNN's incidence matrices as released: a self loop of the centre is the last bone, so that there are as many bones
    as joints; a joint's row is divided by its number of bones' ends, and 1e-6 is added everywhere.
    """
    ends = np.array([*graph.links, (graph.centre, graph.centre)])
    pair = np.zeros((2, len(graph), len(graph)))
    pair[0, ends[:, 0], np.arange(len(graph))] = 1
    pair[1, ends[:, 1], np.arange(len(graph))] = 1
    return np.asarray(pair / pair.sum((0, 2))[:, None] + 1e-6)
