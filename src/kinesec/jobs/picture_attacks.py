"""What figures show of some attacks on one recognizer: one clip under all, and the joints that they move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from kinesec.metrics import joints
from kinesec.samples import adversarial, scenes
from kinesec.samples.adversarial import Adversarial
from kinesec.samples.clips import checks
from kinesec.samples.clips.clips import Clips
from kinesec.tables.labels import attack_labels
from kinesec.tables.recognition import read


def picture_attacks(
    *,
    clips_path: Path,
    shard_paths: Sequence[Path],
    records_paths: Sequence[Path],
    table_paths: Sequence[Path],
    scenes_path: Path,
) -> None:
    """Writes a store of kind ``attack_scenes``: the clip of ``typical_row``, joints' displacements and correlations.

    ``records_paths`` and ``table_paths`` are one an attack, the main one first, shards one or more. A shard's folder is
    its attack's, and the attacks' order is the same in all three.
    """
    clips = checks.checked(clips_path, "test")
    shards: dict[Path, list[Path]] = {}
    for path in shard_paths:
        shards.setdefault(path.parent, []).append(path)
    table = pd.concat([read(path) for path in table_paths], ignore_index=True)
    labels = [attack_labels(table)[attack] for attack in table["attack"]]
    gathered = [adversarial.gather(paths, clips) for paths in shards.values()]
    attacks = dict(zip(labels, gathered, strict=True))
    records = {label: pd.read_parquet(path) for label, path in zip(labels, records_paths, strict=True)}

    row = typical_row([*records.values()])
    scene = None
    if row is not None:
        predicted = {label: of_attack.set_index("row")["predicted"] for label, of_attack in records.items()}
        said = {label: clips.classes[int(of_row[row])] for label, of_row in predicted.items() if row in of_row.index}
        scene = scene_of(clips, row, attacks, said)
    won = {label: _won(attack, records[label], clips) for label, attack in attacks.items()}
    scenes.write_attacks(
        scenes_path,
        scene,
        {name: clips.attrs[name] for name in ("skeleton", "dataset")},
        {label: joints.joint_displacements(*motions) for label, motions in won.items()},
        joints.correlations(*won[labels[0]]),
    )


def typical_row(records: Sequence[pd.DataFrame]) -> int | None:
    """The row of the clip to show: of those on which all attacks succeed, that of the first's median displacement.

    Where there is none, of those on which the first succeeds; else of all that are correctly classified before it.
    """
    first = records[0][records[0]["right"]]
    won = [set(of_attack.loc[of_attack["right"] & of_attack["success"], "row"]) for of_attack in records]
    for rows in (set.intersection(*won), won[0], set(first["row"])):
        candidates = first[first["row"].isin(rows)].sort_values(["displacement_mm", "row"])
        if len(candidates):
            return int(candidates["row"].iloc[(len(candidates) - 1) // 2])
    return None


def scene_of(clips: Clips, row: int, attacks: Mapping[str, Adversarial], said: Mapping[str, str]) -> scenes.Scene:
    """A clip of the store's ``row`` under those attacks, by label, that were made on it; seen from the clean root.

    All its bodies are one tree, and a first joint stands where the first body's root does.
    """
    clip = clips.take_rows(np.array([np.searchsorted(clips.row, row)]))
    clean = _one_tree(clip, clip.normalised)
    poses = {("clean", scenes.ITSELF): clean}
    for label, attack in attacks.items():
        here = np.flatnonzero(attack.row == row)
        if len(here):
            attacked = _one_tree(clip, attack.position[here])
            attacked[:, 0] = clean[:, 0]
            poses["clean", label] = attacked
    return scenes.Scene(
        poses=poses,
        parents=_parents(clip),
        action=clip.classes[int(clip.label[0])],
        frame_ms=1000.0 / clip.fps,
        said={label: said[label] for _, label in poses if label != scenes.ITSELF},
    )


def _parents(clip: Clips) -> tuple[int, ...]:
    parents, joints = clip.skeleton.parents, len(clip.skeleton)
    bodies = range(int(clip.bodies[0]))
    # a root is its own parent: a bone of no length
    return (-1, *(1 + body * joints + (j if p < 0 else p) for body in bodies for j, p in enumerate(parents)))


def _one_tree(clip: Clips, normalised: np.ndarray) -> np.ndarray:
    """One clip's bodies (1, body, frame, joint, xyz) as one tree (frame, 1 + joint, xyz), y up."""
    bodies, length = int(clip.bodies[0]), int(clip.length[0])
    position = clip.normaliser.undo(normalised, clip.present)[0, :bodies, :length]
    if clip.attrs.get("up") == "+z":
        position = np.stack([position[..., 0], position[..., 2], -position[..., 1]], -1)
    tree = position.transpose(1, 0, 2, 3).reshape(length, -1, 3)
    return np.concatenate([tree[:, :1], tree], axis=1)


def _won(attack: Adversarial, records: pd.DataFrame, clips: Clips) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Clean and attacked clips (mm) on which an attack succeeds, and what is there of them."""
    kept = np.isin(attack.row, records.loc[records["right"] & records["success"], "row"])
    attacked = adversarial.of_clips(attack, clips).take_rows(kept)
    undo = attacked.normaliser.undo
    return (
        undo(attacked.normalised, attacked.present),
        undo(attack.position[kept], attacked.present),
        attacked.present,
    )
