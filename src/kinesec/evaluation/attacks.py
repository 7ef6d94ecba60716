"""Per-sample records of an attack: what the model says of the stored clips, and what each attack costs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from kinesec.attacks.engine import criteria
from kinesec.errors import ConfigError, KinesecError
from kinesec.metrics import perceptual
from kinesec.models.recognizers.base import RECOGNIZERS, Recognizer
from kinesec.motion import joint_maps
from kinesec.samples.adversarial import Attacked
from kinesec.samples.clips.checks import takes
from kinesec.samples.clips.clips import Clips

PIECE = 256


def logits_of(model: Recognizer, position: np.ndarray, path: Path) -> np.ndarray:
    """Logits (clip, class) of normalised clips; raises ``KinesecError`` where they are not finite."""
    device = next(model.parameters()).device
    if not len(position):
        return np.zeros((0, model.shape.classes), np.float32)
    values = RECOGNIZERS.predict_array(model, position, device)
    if not np.isfinite(values).all():
        clip = int(np.argwhere(~np.isfinite(values))[0, 0])
        raise KinesecError(f"{path}: found logits of clip {clip} that are not finite, expected numbers; train again")
    return values


def rank_of(logits: np.ndarray, label: np.ndarray) -> np.ndarray:
    """How many classes (clip,) stand before the true one; those level with it do not."""
    return np.asarray(criteria.ahead(torch.from_numpy(logits), torch.from_numpy(label)).numpy())


def succeeded(logits: np.ndarray, label: np.ndarray, target: np.ndarray, strategy: str) -> np.ndarray:
    """Whether each attack succeeds (clip,): AB, another class stands first; ABn, n or more do; SA, ``target`` does.

    A tie is no success. Raises ``ConfigError`` for a strategy that there is none of.
    """
    criterion = criteria.parse(strategy, logits.shape[1])
    return np.asarray(criterion.met(*(torch.from_numpy(one) for one in (logits, label, target))).numpy())


def swapped(done: np.ndarray, clean: np.ndarray, present: np.ndarray) -> np.ndarray:
    """The control: each clip with the change that the attack made to another one, half the list away."""
    change = np.roll(done - clean, len(done) // 2, axis=0)
    return np.asarray(np.where(present[..., None, None], clean + change, clean), dtype=np.float32)


def costs(done: np.ndarray, own: Clips) -> dict[str, np.ndarray]:
    """Every perceptual metric (clip,) of attacked clips as recognizers see them, on native joints and on the 25.

    Names are those of ``robustness.UNITS``; with ``_25`` behind them they are on the 25 joints of SMART's skeleton,
    where the clips' skeleton has joints that stand for them (some for several).
    """
    pieces: list[dict[str, np.ndarray]] = []
    for first in range(0, len(done), PIECE):
        here = slice(first, first + PIECE)
        pieces.append(_costs(done[here], own.take_rows(np.arange(len(own))[here])))
    if not pieces:
        pieces.append(_costs(done, own))
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}


def _costs(done: np.ndarray, own: Clips) -> dict[str, np.ndarray]:
    present, skeleton, normaliser = own.present, own.skeleton, own.normaliser
    # both the same way, so that what an attack left alone differs by nothing, not by rounding
    clean, moved = (normaliser.undo(one, present) for one in (own.normalised, done))
    found = perceptual.perceptual(clean, moved, present, skeleton.parents, normaliser.scale)
    if skeleton.names == joint_maps.NAMES:
        return found | perceptual.subset(found, "25")
    try:
        few, joints = joint_maps.retarget(skeleton, joint_maps.resolve(skeleton, None))
    except ConfigError:  # a skeleton that none of the maps fits
        return found
    clean, moved = clean[..., joints, :], moved[..., joints, :]
    measured = perceptual.perceptual(clean, moved, present, few.parents, normaliser.scale)
    return found | perceptual.subset(measured, "25")


def records_of(done: Attacked, own: Clips, model: Recognizer, path: Path) -> pd.DataFrame:
    """A row a clip: what the model says before and after, whether that is success, and what it costs."""
    clean, strategy = own.normalised, str(done.attrs["strategy"])
    before, after = (logits_of(model, one, path) for one in (clean, done.position))
    control = logits_of(model, swapped(done.position, clean, own.present), path)
    names = np.array([*own.classes, ""])  # class -1 has no name
    return pd.DataFrame(
        {
            "row": done.row,
            "source": [str(one) for one in own.source],
            "subject": [str(one) for one in own.subject],
            "take": takes(own),
            "label": done.label,
            "class": names[done.label],
            "target": done.target,
            "clean_predicted": before.argmax(1),
            "right": rank_of(before, done.label) == 0,
            "predicted": after.argmax(1),
            "predicted_class": names[after.argmax(1)],
            "rank": rank_of(after, done.label),
            "success": succeeded(after, done.label, done.target, strategy),
            "claimed": done.claimed,
            "control_success": succeeded(control, done.label, done.target, strategy),
            "iterations": done.iterations,
            **({} if done.first_success is None else {"first_success": done.first_success}),
            "queries": done.queries,
            "class_loss": done.class_loss,
            "perceptual_loss": done.perceptual_loss,
            **costs(done.position, own),
        }
    )
