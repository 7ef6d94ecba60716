"""STRIP: a triggered input's prediction stays the same whatever it is mixed with (Gao et al., ACSAC 2019).

For prediction, ours: histories are superimposed by their bone directions, and the variance of predicted motion takes
the place of the entropy of predicted classes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

import numpy as np

from kinesec import seeding
from kinesec.defences.base import KINDS, MODELS, Detection, Outcome
from kinesec.defences.cases.prediction import Case
from kinesec.models.predictors.base import PREDICTORS, Predictor
from kinesec.motion.directions import bone_directions, unit
from kinesec.motion.kinematics import pose_limb
from kinesec.progress import Progress
from kinesec.settings import Range, Share

KIND = "detection"
PIECE = 32


def superimpose(
    history: np.ndarray, others: np.ndarray, parents: Sequence[int], weight: float, kept: Sequence[int] = ()
) -> np.ndarray:
    """Histories (window, other, frame, joint, xyz): each of ``history`` mixed with each of ``others``.

    Both are (window, frame, joint, xyz). A bone's direction is that of (1 - weight) u + weight v, u the history's and v
    the other's; its length and the root are the history's. Joints ``kept`` have the history's directions.
    """
    joints = [joint for joint, parent in enumerate(parents) if parent >= 0]
    original = bone_directions(history.astype(np.float64), parents, joints)[:, None]
    mixed = unit(
        (1 - weight) * original + weight * bone_directions(others.astype(np.float64), parents, joints), original
    )
    fixed = np.isin(joints, list(kept))[:, None]
    directions = np.where(fixed, original, mixed).astype(history.dtype)
    bones = history[:, :, joints] - history[:, :, [parents[joint] for joint in joints]]
    lengths = np.sqrt(np.einsum("wfjx,wfjx->wfj", bones, bones))[:, None]
    spread = np.broadcast_to(history[:, None], (*directions.shape[:3], *history.shape[2:]))
    return np.asarray(pose_limb(spread, parents, joints, directions, lengths))


def spreads(model: Predictor, case: Case, mixed: np.ndarray) -> dict[str, np.ndarray]:
    """(window,) in mm by measure, of mixtures (window, other, frame, joint, xyz): root of the predictions' variance.

    Variance across mixtures, mean over future frames and used joints, of the displacement from the mixture's last pose
    (``motion``) or of the predicted pose (``pose``).
    """
    seen = case.seen(mixed.reshape(-1, *mixed.shape[2:]))
    predicted = PREDICTORS.predict(model, seen)
    spread = {}
    for measure, value in (("motion", predicted - seen[:, -1:]), ("pose", predicted)):
        apart = value.unflatten(0, mixed.shape[:2]).double().var(1, correction=0)
        spread[measure] = apart.sum(-1).mean((1, 2)).sqrt().cpu().numpy()
    return spread


def defend(
    case: Case,
    *,
    keeps: Sequence[Literal["nothing", "limb"]] = ("nothing", "limb"),
    measures: Sequence[Literal["motion", "pose"]] = ("motion", "pose"),
    others: Annotated[int, Range(2)] = 10,
    weight: Share = 0.5,
    share: Share = 0.1,
) -> Iterator[Outcome]:
    """Scores, the spread negated, of clean and triggered test windows.

    ``others`` histories are drawn once among the held-out ``share`` of clean training windows. ``keeps``: ``nothing``,
    or the trigger's ``limb``, as a defender would who suspects it: an upper bound.
    """
    skeleton, history = case.test.skeleton, case.test.history
    rng = seeding.generator(case.seed, "defence", "strip")
    drawn = rng.permutation(case.held_out(share))[:others]
    mixers = case.training.gather(drawn)[:, :history]
    windows = np.concatenate([case.test_windows[kind][:, :history] for kind in KINDS])
    marked = np.arange(len(windows)) >= len(windows) // 2
    with Progress("superimposing", len(keeps) * len(windows), unit="windows") as progress:
        for keep in keeps:
            limb = skeleton.limb(case.poison.limb) if keep == "limb" else ()
            parts: dict[tuple[str, str], list[np.ndarray]] = {}
            for first in range(0, len(windows), PIECE):
                mixed = superimpose(windows[first : first + PIECE], mixers, skeleton.parents, weight, limb)
                for name in MODELS:
                    for measure, value in spreads(case.models[name], case, mixed).items():
                        parts.setdefault((measure, name), []).append(value)
                progress.update(len(mixed))
            for measure in measures:
                score = {name: -np.concatenate(parts[measure, name]) for name in MODELS}
                yield Detection(f"keep={keep} of={measure}", score, dict.fromkeys(MODELS, marked), "test")
