"""What an attack changes: size, acceleration, angular acceleration and bone lengths, a number a clip.

Clips are ``(clip, body, frame, joint, xyz)`` in millimetres or in what recognizers see; ``present`` (clip, body, frame)
marks the bodies and frames that are there, and only those count. After BASAR's evaluation (papers/skeleton-attacks.md,
section 1, Metrics), which takes angles from inverse kinematics; the equations stand in docs/definitions.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from kinesec.errors import KinesecError
from kinesec.motion.kinematics import bone_lengths, bones

SHORTEST_MM = 1.0  # a link shorter than this has no direction, and no length that could change by a share
UNITS = {
    "l_mm": "mm",
    "displacement_mm": "mm",
    "displacement_max_mm": "mm",
    "acceleration_deviation_mm": "mm/frame^2",
    "angular_acceleration_deviation_degrees": "degrees/frame^2",
    "bone_change_mm": "mm",
    "bone_change_percent": "%",
    "l_normalised": "",
    "displacement_normalised": "",
    "acceleration_deviation_normalised": "",
    "bone_change_normalised": "",
}


def _mean(values: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Means (clip,) of values (clip, ...) where they are there; NaN for a clip that has none."""
    there = np.broadcast_to(there, values.shape)
    flat, kept = (array.reshape(len(array), math.prod(array.shape[1:])) for array in (values, there))
    count = kept.sum(1)
    total = np.where(kept, flat, 0.0).sum(1)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))


def _runs(present: np.ndarray, order: int) -> np.ndarray:
    """Frames (clip, body, frame - order) that are there together with the ``order`` frames behind them."""
    frames = max(0, present.shape[2] - order)
    return np.asarray(np.logical_and.reduce([present[:, :, n : n + frames] for n in range(order + 1)]))


def _lengths(vectors: np.ndarray) -> np.ndarray:
    return np.asarray(np.sqrt(np.einsum("...x,...x->...", vectors, vectors)))


def angular_velocity(vectors: np.ndarray) -> np.ndarray:
    """Rotation vectors (..., frame - 1, bone, xyz), degrees, that turn bones (..., frame, bone, xyz) to the next frame.

    The shortest turn: about the bones' cross product, by the angle between them. A bone without length does not turn;
    neither does one that is opposite in the next frame, for which no axis is the shortest.
    """
    first, second = vectors[..., :-1, :, :], vectors[..., 1:, :, :]
    cross = np.cross(first, second)
    sine, cosine = _lengths(cross), np.einsum("...x,...x->...", first, second)
    angle = np.degrees(np.arctan2(sine, cosine))
    return np.asarray(cross * np.divide(angle, sine, out=np.zeros_like(angle), where=sine > 0)[..., None])


def _checked(clean: np.ndarray, attacked: np.ndarray, present: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if clean.shape != attacked.shape or clean.ndim != 5 or present.shape != clean.shape[:3]:
        raise KinesecError(
            f"perceptual metrics: found clips {clean.shape}, attacked clips {attacked.shape} and marks "
            f"{present.shape}, expected (clip, body, frame, joint, xyz) twice and (clip, body, frame)"
        )
    here = present[..., None, None]
    return np.where(here, clean, 0.0).astype(np.float64), np.where(here, attacked, 0.0).astype(np.float64)


def sizes(
    clean: np.ndarray, attacked: np.ndarray, present: np.ndarray, parents: Sequence[int]
) -> dict[str, np.ndarray]:
    """``l``, ``displacement``, ``displacement_max``, ``acceleration_deviation`` and ``bone_change`` (clip,).

    A clip of fewer than three frames has no acceleration (NaN). Raises ``KinesecError`` where shapes disagree.
    """
    clean, attacked = _checked(clean, attacked, present)
    moved = attacked - clean
    distance = _lengths(moved)
    # the second difference is linear: that of the change is the change of that
    jolt = _lengths(np.diff(moved, n=2, axis=2)) if moved.shape[2] > 2 else distance[:, :, :0]
    change = np.abs(bone_lengths(attacked, parents) - bone_lengths(clean, parents))
    return {
        "l": _mean(np.sqrt(np.einsum("...jx,...jx->...", moved, moved)), present),
        "displacement": _mean(distance, present[..., None]),
        "displacement_max": distance.max((1, 2, 3), initial=0.0),
        "acceleration_deviation": _mean(jolt, _runs(present, 2)[..., None]),
        "bone_change": _mean(change, present[..., None]),
    }


def shapes(
    clean: np.ndarray,
    attacked: np.ndarray,
    present: np.ndarray,
    parents: Sequence[int],
    *,
    shortest: float = SHORTEST_MM,
) -> dict[str, np.ndarray]:
    """``bone_change_percent`` and ``angular_acceleration_deviation_degrees`` (clip,) of clips in millimetres.

    Bones shorter than ``shortest`` mm in the clean frame are left out of both, links of no length among them; a clip
    with no other has neither (NaN). Raises ``KinesecError`` where shapes disagree.
    """
    clean, attacked = _checked(clean, attacked, present)
    before, after = bone_lengths(clean, parents), bone_lengths(attacked, parents)
    there = (before >= shortest) & present[..., None]
    share = np.divide(np.abs(after - before), before, out=np.zeros_like(before), where=there)
    if clean.shape[2] > 2:
        turns = [np.diff(angular_velocity(bones(motion, parents)), axis=2) for motion in (clean, attacked)]
        bent = _lengths(turns[1] - turns[0])
    else:
        bent = before[:, :, :0]
    whole = np.logical_and.reduce([there[:, :, n : n + bent.shape[2]] for n in range(3)])
    return {
        "bone_change_percent": 100.0 * _mean(share, there),
        "angular_acceleration_deviation_degrees": _mean(bent, whole),
    }


def perceptual(
    clean: np.ndarray, attacked: np.ndarray, present: np.ndarray, parents: Sequence[int], scale: float
) -> dict[str, np.ndarray]:
    """Every metric of ``UNITS`` (clip,) of clean and attacked clips in millimetres.

    Normalised units are ``scale`` mm: what recognizers see differs from that by each joint's mean alone, which no
    difference of clean and attacked clips has, but a bone would. Raises ``KinesecError`` where shapes disagree.
    """
    measures = {f"{name}_mm": values for name, values in sizes(clean, attacked, present, parents).items()}
    measures |= shapes(clean, attacked, present, parents)
    measures |= {f"{name.removesuffix('_mm')}_normalised": values / scale for name, values in measures.items()}
    return {name: measures[name] for name in UNITS}


def subset(measures: Mapping[str, np.ndarray], suffix: str) -> dict[str, np.ndarray]:
    """The metrics under names with a suffix, as ``displacement_mm_25``."""
    return {f"{name}_{suffix}": values for name, values in measures.items()}


def success_within(cost: np.ndarray, success: np.ndarray, budgets: np.ndarray) -> np.ndarray:
    """The share (budget,) of clips (clip,) whose attack succeeds at a cost of at most each budget."""
    paid = np.sort(np.asarray(cost, np.float64)[np.asarray(success, bool)])
    return np.asarray(np.searchsorted(paid, budgets, side="right") / max(len(cost), 1))


def cost_of(cost: np.ndarray, success: np.ndarray, share: float) -> float:
    """The least budget within which an attack succeeds on a ``share`` of all clips; infinite where it never does."""
    paid = np.sort(np.asarray(cost, np.float64)[np.asarray(success, bool)])
    needed = int(np.ceil(share * len(cost) - 1e-9))
    return float(paid[max(needed, 1) - 1]) if max(needed, 1) <= len(paid) else float("inf")
