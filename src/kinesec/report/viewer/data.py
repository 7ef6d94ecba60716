"""What the skeleton viewer is given: scenes as plain numbers and text, positions as 16-bit steps of a fixed size.

Positions (frame, joint, xyz) in mm, y up, become whole steps from a scene's centre: at most half a step off along each
axis. Frames that two motions share, as the history of predictions, are kept once. Differences between frames would be
no shorter: a step of less than a tenth of a millimetre has moves of more than 8 bits.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kinesec.errors import KinesecError
from kinesec.motion.kinematics import bone_lengths
from kinesec.samples.backdoor_scenes import Pair
from kinesec.samples.scenes import ITSELF, Scene

LARGEST = 32767
FINEST_MM = 0.001  # of a step: what stands still needs one too
# viridis at 17 even places: perceptually even, and in order of lightness for every kind of colour vision
COLOURS = (
    *("#440154", "#48186a", "#472d7b", "#424086", "#3b528b", "#33638d", "#2c728e", "#26828e", "#21918c"),
    *("#1fa088", "#28ae80", "#3fbc73", "#5ec962", "#84d44b", "#addc30", "#d8e219", "#fde725"),
)
REFERENCE, MODEL, ATTACKED = "reference", "model", "attacked"  # how a body is drawn


@dataclass(frozen=True)
class Panel:
    """One body: the ``track``-th motion, under a ``name``; ``said`` is a class and who says it, if any does."""

    track: int
    name: str
    role: str
    said: str = ""
    limb: bool = False


@dataclass(frozen=True)
class Comparison:
    """Bodies side by side; displacements and bone lengths are compared with the first."""

    label: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Motions:
    """Poses (frame, joint, xyz) in mm of one scene, one array a track, and what to compare of them.

    ``parents`` has -1 for a root. ``limb`` are the joints that carry a trigger until frame ``history``; from there on
    poses are predicted. ``nominal`` says that ``frame_ms`` is a protocol's and not measured.
    """

    title: str
    poses: tuple[np.ndarray, ...]
    parents: tuple[int, ...]
    comparisons: tuple[Comparison, ...]
    frame_ms: float
    nominal: bool = False
    history: int = 0
    limb: tuple[int, ...] = ()


def of_prediction(title: str, scene: Scene) -> Motions:
    """A window, clean and triggered: truth or target, then what each model predicts."""
    keys = list(scene.poses)
    whole = {
        "Triggered window: the attacker's target and predictions": (
            ("triggered", ITSELF, "Attacker's target", REFERENCE),
            ("triggered", "clean", "Clean model predicts", MODEL),
            ("triggered", "victim", "Victim predicts", ATTACKED),
        ),
        "Clean window: the truth and predictions": (
            ("clean", ITSELF, "Truth", REFERENCE),
            ("clean", "clean", "Clean model predicts", MODEL),
            ("clean", "victim", "Victim predicts", ATTACKED),
        ),
        "The window, clean and triggered": (
            ("clean", ITSELF, "Clean window, then the truth", REFERENCE),
            ("triggered", ITSELF, "Triggered window, then the target", ATTACKED),
        ),
        "The victim, on the clean and on the triggered window": (
            ("clean", "victim", "Victim on the clean window", REFERENCE),
            ("triggered", "victim", "Victim on the triggered window", ATTACKED),
        ),
    }
    comparisons = []
    for label, bodies in whole.items():
        panels = tuple(
            Panel(keys.index((windows, by)), name, role, limb=windows == "triggered" and bool(scene.limb))
            for windows, by, name, role in bodies
            if (windows, by) in keys
        )
        if len(panels) > 1 and panels[0].role == REFERENCE:
            comparisons.append(Comparison(label, panels))
    return Motions(
        title=f"{title}: {scene.action}",
        poses=tuple(scene.poses.values()),
        parents=_rooted(scene.parents),
        comparisons=tuple(comparisons),
        frame_ms=scene.frame_ms,
        nominal=True,
        history=scene.history,
        limb=scene.limb,
    )


def of_attacks(title: str, scene: Scene) -> Motions:
    """A clip, clean and under each attack; the point that such scenes are seen from is no joint, and left out."""
    attacks = [label for _, label in scene.poses if label != ITSELF]
    clean = Panel(0, "Clean", REFERENCE, f"Recognizer says: {scene.action}")
    poses = [scene.poses["clean", ITSELF], *(scene.poses["clean", label] for label in attacks)]
    return Motions(
        title=title,
        poses=tuple(pose[:, 1:] for pose in poses),
        parents=_rooted([parent - 1 for parent in scene.parents[1:]]),
        comparisons=tuple(
            Comparison(
                f"{label}: {scene.action} becomes {scene.said[label]}",
                (clean, Panel(track, f"Attacked: {label}", ATTACKED, f"Recognizer says: {scene.said[label]}")),
            )
            for track, label in enumerate(attacks, 1)
        ),
        frame_ms=scene.frame_ms,
    )


def of_pair(title: str, pair: Pair) -> Motions:
    """A training clip, clean and with a backdoor's trigger."""
    return Motions(
        title=title,
        poses=(pair.clean, pair.triggered),
        parents=_rooted(pair.parents),
        comparisons=(
            Comparison(
                f"A training clip: {pair.label}, taught as {pair.target}",
                (
                    Panel(0, "Clean", REFERENCE, f"Labelled: {pair.label}"),
                    Panel(1, "Triggered", ATTACKED, f"Taught as: {pair.target}"),
                ),
            ),
        ),
        frame_ms=pair.frame_ms or 0.0,
    )


def _rooted(parents: Sequence[int]) -> tuple[int, ...]:
    """Parents, -1 for what has none or is its own."""
    return tuple(-1 if parent < 0 or parent == joint else int(parent) for joint, parent in enumerate(parents))


def bone_change(reference: np.ndarray, other: np.ndarray, parents: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """The mean and the largest absolute change of a bone's length (frame,) in mm; 0 where there are no bones.

    The mean over frames is ``bone_change_mm`` of ``metrics.perceptual``.
    """
    kept = [joint - 1 for joint, parent in enumerate(parents) if parent >= 0 and joint]
    if not kept:
        return np.zeros(len(reference)), np.zeros(len(reference))
    change = np.abs(bone_lengths(other, parents) - bone_lengths(reference, parents))[:, kept]
    return change.mean(1), change.max(1)


def acceleration(position: np.ndarray) -> np.ndarray:
    """The mean length of the joints' second difference (frame - 2,), mm/frame^2; at the second frame first.

    The mean over frames is ``Acc`` of ``metrics.naturalness``.
    """
    return np.asarray(np.linalg.norm(np.diff(position, n=2, axis=0), axis=-1).mean(1))


def grid(poses: Sequence[np.ndarray]) -> tuple[np.ndarray, float]:
    """The centre (xyz,) and the step (mm) of a scene: the finest with which 16 bits hold all of its positions."""
    points = np.concatenate([pose.reshape(-1, 3) for pose in poses])
    low, high = points.min(0), points.max(0)
    centre = ((low + high) / 2).round(3)  # as it is written, or codes would be of another one
    return centre, max(float(np.maximum(high - centre, centre - low).max()) / LARGEST, FINEST_MM)


def quantised(motions: Motions) -> dict[str, Any]:
    """A scene as JSON types: ``position = centre + step * code``, codes little-endian int16 in base64.

    A track with ``same`` frames takes these from the track ``of``, and has codes of the others alone. Raises
    ``KinesecError`` for a position that is not finite.
    """
    if not all(np.isfinite(pose).all() for pose in motions.poses):
        raise KinesecError(f"viewer: {motions.title}: found a position that is not finite; make its scene again")
    centre, step = grid(motions.poses)
    codes = [np.rint((pose - centre) / step).astype("<i2") for pose in motions.poses]
    return {
        "title": motions.title,
        "frames": len(codes[0]),
        "parents": list(motions.parents),
        "limb": list(motions.limb),
        "history": motions.history,
        "frame_ms": round(motions.frame_ms, 3),
        "nominal": motions.nominal,
        "centre": centre.tolist(),
        "step": step,
        "tracks": [
            {**_packed(codes, track), "acceleration": [_short(value) for value in acceleration(pose)]}
            for track, pose in enumerate(motions.poses)
        ],
        "comparisons": [
            {
                "label": comparison.label,
                "panels": [
                    {
                        **{key: getattr(panel, key) for key in ("track", "name", "role", "said", "limb")},
                        **_bones(motions, comparison.panels[0], panel),
                    }
                    for panel in comparison.panels
                ],
            }
            for comparison in motions.comparisons
        ],
    }


def _bones(motions: Motions, reference: Panel, panel: Panel) -> dict[str, list[float]]:
    mean, most = bone_change(motions.poses[reference.track], motions.poses[panel.track], motions.parents)
    return {"bones_mean": [_short(value) for value in mean], "bones_most": [_short(value) for value in most]}


def _packed(codes: Sequence[np.ndarray], track: int) -> dict[str, Any]:
    shared = [_leading(codes[track], other) for other in codes[:track]]
    same = max(shared, default=0)
    content = base64.b64encode(codes[track][same:].tobytes()).decode()
    return {"same": same, "of": shared.index(same) if same else 0, "codes": content}


def _leading(codes: np.ndarray, other: np.ndarray) -> int:
    """How many frames are alike before the first that is not."""
    unlike = np.flatnonzero((codes != other).any((1, 2)))
    return int(unlike[0]) if len(unlike) else len(codes)


def _short(value: float) -> float:
    return float(f"{value:.4g}")
