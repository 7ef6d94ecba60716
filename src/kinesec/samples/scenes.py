"""Scenes: a window or clip as it is, and what models or attacks make of it; what filmstrips and animations draw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from kinesec.errors import KinesecError
from kinesec.files import store
from kinesec.files.kinds.attack_scenes import ATTACK_SCENES
from kinesec.files.kinds.scenes import SCENES
from kinesec.motion.skeleton import Skeleton
from kinesec.samples.errors import NothingToDraw

ITSELF = "data"


@dataclass(frozen=True)
class Scene:
    """Poses (frame, joint, xyz) in mm, y up, by whose motion it is and who made it so.

    Whose: the kind of window (``clean``, ``triggered``); of a clip, ``clean``. Who: ``data`` for the motion itself, a
    model that predicts its future, or the label of an attack. ``history`` counts the frames before a prediction;
    ``limb`` are the joints that carry the trigger; ``said`` holds, by attack, the class that the recognizer says.
    A root is its own parent, or -1: there is no bone to it.
    """

    poses: dict[tuple[str, str], np.ndarray]
    parents: tuple[int, ...]
    action: str
    frame_ms: float
    history: int = 0
    limb: tuple[int, ...] = ()
    said: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(next(iter(self.poses.values())))


def of_windows(path: str | Path, place: int = 0) -> Scene:
    """The ``place``-th window of a store of kind ``samples``, the median one at first.

    Raises ``KinesecError`` when there are fewer windows.
    """
    stored = store.read(path, SCENES)
    rows: dict[tuple[str, str], list[int]] = {}
    for row, key in enumerate(zip(map(str, stored.windows.values), map(str, stored.model.values), strict=True)):
        rows.setdefault(key, []).append(row)
    fewest = min(map(len, rows.values()), default=0)
    if place >= fewest:
        raise KinesecError(f"{path}: found {fewest} windows, expected more than {place}; make it again")
    return Scene(
        poses={key: stored.pose[of_key[place]].values.astype(np.float64) for key, of_key in rows.items()},
        parents=Skeleton.from_attrs(stored.attrs["skeleton"]).parents,
        action=str(stored.action.values[next(iter(rows.values()))[place]]),
        frame_ms=float(stored.attrs["frame_ms_nominal"]),
        history=int(stored.attrs["history"]),
        limb=tuple(stored.attrs["limb"]),
    )


def write_attacks(
    path: Path,
    scene: Scene | None,
    attrs: Mapping[str, Any],
    displacements: Mapping[str, np.ndarray],
    correlations: Mapping[str, np.ndarray],
) -> None:
    """Writes a store of kind ``attack_scenes``; without a ``scene`` it shows no clip.

    ``attrs`` hold the clips' ``skeleton`` and ``dataset``; ``displacements`` (clip, joint) in mm stand by the attack's
    label, ``correlations`` (joint, joint) by what displacement is correlated with.
    """
    poses = scene.poses if scene else {}
    shown = [label for _, label in poses]
    arrays = {
        "pose": np.stack([*poses.values()]) if scene else np.zeros((0, 1, 1, 3)),
        "attack": np.array(["" if label == ITSELF else label for label in shown], dtype=str),
        "said": np.array([scene.said.get(label, scene.action) for label in shown] if scene else [], dtype=str),
        "displacement": np.concatenate([*displacements.values()]),
        "by": np.array([label for label, values in displacements.items() for _ in values], dtype=str),
        "correlation": np.stack([*correlations.values()]),
        "measure": np.array([*correlations]),
    }
    drawn = {"parents": list(scene.parents) if scene else [], "frame_ms": scene.frame_ms if scene else 0.0}
    store.write(path, ATTACK_SCENES, arrays, {**attrs, "attacks": list(displacements), **drawn})


def of_attacks(path: str | Path) -> Scene:
    """The scene of a store of kind ``attack_scenes``; raises ``NothingToDraw`` where it shows no clip."""
    stored = store.read(path, ATTACK_SCENES)
    attacks, said = list(map(str, stored.attack.values)), list(map(str, stored.said.values))
    if not attacks:
        raise NothingToDraw("figure of attacked clips: found no correctly classified clip, expected one or more")
    return Scene(
        poses={("clean", label or ITSELF): pose for label, pose in zip(attacks, stored.pose.values, strict=True)},
        parents=tuple(stored.attrs["parents"]),
        action=said[attacks.index("")],
        frame_ms=float(stored.attrs["frame_ms"]),
        said={label: word for label, word in zip(attacks, said, strict=True) if label},
    )


def displacements(path: str | Path) -> tuple[dict[str, np.ndarray], Skeleton]:
    """Each attack's mean displacement (clip, joint) of the clips on which it succeeds, in mm, and whose joints."""
    stored = store.read(path, ATTACK_SCENES)
    by, values = np.array(list(map(str, stored.by.values)), dtype=object), stored.displacement.values
    return {label: values[by == label] for label in stored.attrs["attacks"]}, Skeleton.from_attrs(
        stored.attrs["skeleton"]
    )


def correlations(path: str | Path) -> tuple[dict[str, np.ndarray], Skeleton]:
    """The first attack's ``metrics.joints.correlations`` over the clips on which it succeeds, and whose joints."""
    stored = store.read(path, ATTACK_SCENES)
    named = zip(map(str, stored.measure.values), stored.correlation.values, strict=True)
    return dict(named), Skeleton.from_attrs(stored.attrs["skeleton"])
