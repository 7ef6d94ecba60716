"""Made-up takes and motions stores for tests of clips: any skeleton, several bodies a file, any frame rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from stores import SKELETON, rotations

from kinesec.files import store
from kinesec.files.kinds.motions import MOTIONS
from kinesec.motion.kinematics import forward, matrices_from_quaternions
from kinesec.motion.skeleton import Skeleton, guess_groups
from kinesec.samples.clips.protocols.base import Take
from kinesec.sources.procedural.body import performer
from kinesec.sources.readers import h36m, ntu
from kinesec.sources.readers.expmap import cmu_skeleton


def _skeleton(joints: Sequence[tuple[str, int, tuple[float, float, float]]]) -> Skeleton:
    names = tuple(name for name, _, _ in joints)
    parents = tuple(parent for _, parent, _ in joints)
    return Skeleton(
        names, parents, np.array([offset for _, _, offset in joints]), "children", guess_groups(names, parents)
    )


def _asf() -> Skeleton:
    def leg(s: str, x: float, at: int) -> list[tuple[str, int, tuple[float, float, float]]]:
        bones = (("hipjoint", (x, -100, 40)), ("femur", (x, -390, 0)), ("tibia", (0, -400, 0)), ("foot", (0, -50, 130)))
        return [
            (s + name, 0 if i == 0 else at + i - 1, offset)
            for i, (name, offset) in enumerate((*bones, ("toes", (0, 0, 70))))
        ]

    def arm(s: str, x: float, at: int) -> list[tuple[str, int, tuple[float, float, float]]]:
        names = ("clavicle", "humerus", "radius", "wrist", "hand", "fingers")
        sizes = (170, 280, 190, 90, 60, 50)
        bones = [
            (s + name, 13 if i == 0 else at + i - 1, (x * size / 100, 10.0, 0.0))
            for i, (name, size) in enumerate(zip(names, sizes, strict=True))
        ]
        return [*bones, (s + "thumb", at + 3, (x / 2, 0.0, 50.0))]

    spine = [
        ("lowerback", 0, (0.0, 140.0, 0.0)),
        ("upperback", 11, (0.0, 140.0, 5.0)),
        ("thorax", 12, (0.0, 140.0, 0.0)),
        ("lowerneck", 13, (0.0, 90.0, 0.0)),
        ("upperneck", 14, (0.0, 90.0, 0.0)),
        ("head", 15, (0.0, 90.0, 0.0)),
    ]
    root = ("root", -1, (0.0, 0.0, 0.0))
    return _skeleton([root, *leg("l", 80, 1), *leg("r", -80, 6), *spine, *arm("l", 100, 17), *arm("r", -100, 24)])


def _bandai() -> Skeleton:
    def side(s: str, x: float, at: int) -> list[tuple[str, int, tuple[float, float, float]]]:
        return [
            (f"Shoulder_{s}", 3, (x * 50, 120, 0)),
            (f"UpperArm_{s}", at, (x * 60, 0, 0)),
            (f"LowerArm_{s}", at + 1, (x * 240, 0, 0)),
            (f"Hand_{s}", at + 2, (x * 220, 0, 0)),
            (f"UpperLeg_{s}", 1, (x * 70, -20, 0)),
            (f"LowerLeg_{s}", at + 4, (0, -390, 0)),
            (f"Foot_{s}", at + 5, (0, -400, 0)),
            (f"Toes_{s}", at + 6, (0, -50, 120)),
        ]

    trunk = [
        ("joint_Root", -1, (0.0, 0.0, 0.0)),
        ("Hips", 0, (0.0, 900.0, 0.0)),
        ("Spine", 1, (0.0, 160.0, 0.0)),
        ("Chest", 2, (0.0, 90.0, 0.0)),
        ("Neck", 3, (0.0, 160.0, 0.0)),
        ("Head", 4, (0.0, 65.0, 0.0)),
    ]
    return _skeleton([*trunk, *side("L", 1, 6), *side("R", -1, 14)])


def ntu_skeleton() -> Skeleton:
    """NTU's 25 joints in a T-pose, every bone 150 mm."""
    still = np.zeros((1, len(ntu.NAMES), 3))
    skeleton = ntu.skeleton(still, np.ones(1, bool))
    offsets = 150 * ntu._DIRECTIONS
    return Skeleton(skeleton.names, skeleton.parents, offsets, skeleton.turns, skeleton.groups)


SKELETONS: dict[str, Skeleton] = {
    "cmu_asf": _asf(),
    "cmu_expmap": cmu_skeleton(),
    "ntu": ntu_skeleton(),
    "h36m": h36m.skeleton(),
    "bandai_namco": _bandai(),
    "procedural": performer(0, 1).skeleton,
}


def positions(skeleton: Skeleton, frames: int, seed: int = 0) -> np.ndarray:
    """A body (frame, joint, xyz) float64 mm that bends every joint, turns and walks; bones of fixed length."""
    root = np.stack([7.0 * np.arange(frames), 900 + 20 * np.sin(0.2 * np.arange(frames)), np.full(frames, 300.0)], -1)
    turned = matrices_from_quaternions(rotations(frames, len(skeleton), seed).astype(float))
    return np.asarray(forward(turned, root, skeleton.offsets, skeleton.parents))


def take(skeleton: Skeleton, frames: int, *, fps: float = 30.0, seeds: Sequence[int] = (0,)) -> Take:
    """A take with a body for each seed."""
    return Take(np.stack([positions(skeleton, frames, seed) for seed in seeds]), fps, skeleton)


@dataclass(frozen=True)
class Recorded:
    """One file of a motions store to be: its bodies (body, frame, joint, xyz) and what is said of it."""

    bodies: Sequence[np.ndarray]
    split: str = "train"
    action: str = "walk"
    fps: float = 30.0
    subject: str = "s0"


def write_takes(path: Path, files: Sequence[Recorded], skeleton: Skeleton = SKELETON) -> Path:
    """A motions store of some files, a sequence a body, named ``take 0`` and so on."""
    rows = [
        (number, body, file, motion) for number, file in enumerate(files) for body, motion in enumerate(file.bodies)
    ]
    lengths = [len(motion) for *_, motion in rows]
    arrays: dict[str, np.ndarray] = {
        "position": np.concatenate([motion for *_, motion in rows]).astype(np.float32),
        "start": np.cumsum([0, *lengths[:-1]]),
        "length": np.array(lengths),
        "body": np.array([body for _, body, *_ in rows]),
        "fps": np.array([file.fps for *_, file, _ in rows]),
        "offset": np.repeat(skeleton.offsets[None], len(rows), 0),
        "source": np.array([f"take {number}" for number, *_ in rows]),
        "sha256": np.array(["0" * 64] * len(rows)),
        "style": np.array([""] * len(rows)),
        "take": np.array([str(number) for number, *_ in rows]),
        "subject": np.array([file.subject for *_, file, _ in rows]),
        "action": np.array([file.action for *_, file, _ in rows]),
        "split": np.array([file.split for *_, file, _ in rows]),
    }
    attrs = {
        "skeleton": skeleton.to_attrs(),
        "dataset": "made_up",
        "fps_published": None,
        "fps_measured": None,
        "recording": {"unit_mm": 1.0},
        "left_out": [],
    }
    store.write(path, MOTIONS, arrays, attrs)
    return path


def turned(position: np.ndarray, angle: float, shift: Sequence[float] = (0, 0, 0)) -> np.ndarray:
    """Positions turned about y by an angle in radians, from +z towards +x, and moved."""
    cos, sin = np.cos(angle), np.sin(angle)
    return np.asarray(position @ np.array([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]]) + np.array(shift))


def swapped(names: Sequence[str]) -> list[int]:
    """For every joint its twin on the other side, by its name; a joint of the trunk is its own."""
    pairs = (("Left", "Right"), ("_L", "_R"), ("left", "right"))

    def twin(name: str) -> str:
        for left, right in pairs:
            for side, other in ((left, right), (right, left)):
                if side in name and name.replace(side, other) in names:
                    return name.replace(side, other)
        for side, other in (("L", "R"), ("R", "L"), ("l", "r"), ("r", "l")):
            if name.startswith(side) and other + name[1:] in names:
                return other + name[1:]
        return name

    return [list(names).index(twin(name)) for name in names]


def mirrored(position: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """The body seen in a mirror: x negated, left and right joints exchanged."""
    return np.asarray(position[..., swapped(names), :] * np.array([-1.0, 1.0, 1.0]))
