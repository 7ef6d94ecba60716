"""Per-sample records of an attack, what the model says of the stored clips and what each costs; their table row."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from kinesec import names
from kinesec.attacks.engine import criteria
from kinesec.errors import ConfigError, KinesecError
from kinesec.metrics import perceptual
from kinesec.metrics.intervals import of_takes
from kinesec.models.recognizers.base import RECOGNIZERS, Recognizer
from kinesec.motion import joint_maps
from kinesec.samples.adversarial import Adversarial
from kinesec.samples.clips.checks import takes
from kinesec.samples.clips.clips import Clips
from kinesec.settings import differences

PIECE = 256
# Mean displacements within which success is counted; all budgets are in attack_curves
WITHIN_MM = (10, 20, 40, 80)
# The costs that tables give intervals and medians of; of the others, means
HEADLINE = (
    "l_mm",
    "displacement_mm",
    "acceleration_deviation_mm",
    "angular_acceleration_deviation_degrees",
    "bone_change_percent",
)


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
    return np.asarray(criterion.met(*(torch.from_numpy(array) for array in (logits, label, target))).numpy())


def swapped(adversarial: np.ndarray, clean: np.ndarray, present: np.ndarray) -> np.ndarray:
    """The control: each clip with the change that the attack made to another one, half the list away."""
    change = np.roll(adversarial - clean, len(adversarial) // 2, axis=0)
    return np.asarray(np.where(present[..., None, None], clean + change, clean), dtype=np.float32)


def costs(adversarial: np.ndarray, clips: Clips) -> dict[str, np.ndarray]:
    """Every perceptual metric (clip,) of adversarial clips as recognizers see them, on native joints and on the 25.

    Names are those of ``perceptual.UNITS``; with ``_25`` behind them they are on the 25 joints of SMART's skeleton,
    where the clips' skeleton has joints that stand for them (some for several).
    """
    pieces: list[dict[str, np.ndarray]] = []
    for first in range(0, len(adversarial), PIECE):
        piece = slice(first, first + PIECE)
        pieces.append(_costs(adversarial[piece], clips.take_rows(np.arange(len(clips))[piece])))
    if not pieces:
        pieces.append(_costs(adversarial, clips))
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}


def _costs(adversarial: np.ndarray, clips: Clips) -> dict[str, np.ndarray]:
    present, skeleton, normaliser = clips.present, clips.skeleton, clips.normaliser
    # both the same way, so that what an attack left alone differs by nothing, not by rounding
    clean, moved = (normaliser.undo(position, present) for position in (clips.normalised, adversarial))
    native = perceptual.perceptual(clean, moved, present, skeleton.parents, normaliser.scale)
    if skeleton.names == joint_maps.NAMES:
        return native | perceptual.subset(native, "25")
    try:
        few, joints = joint_maps.retarget(skeleton, joint_maps.resolve(skeleton, None))
    except ConfigError:  # a skeleton that none of the maps fits
        return native
    clean, moved = clean[..., joints, :], moved[..., joints, :]
    of_25 = perceptual.perceptual(clean, moved, present, few.parents, normaliser.scale)
    return native | perceptual.subset(of_25, "25")


def records_of(adversarial: Adversarial, clips: Clips, model: Recognizer, path: Path) -> pd.DataFrame:
    """A row a clip: what the model says before and after, whether that is success, and what it costs.

    ``clips`` are the clean ones, in the same order.
    """
    clean, strategy = clips.normalised, str(adversarial.attrs["strategy"])
    before, after = (logits_of(model, position, path) for position in (clean, adversarial.position))
    control = logits_of(model, swapped(adversarial.position, clean, clips.present), path)
    class_names = np.array([*clips.classes, ""])  # class -1 has no name
    return pd.DataFrame(
        {
            "row": adversarial.row,
            "source": [str(source) for source in clips.source],
            "subject": [str(subject) for subject in clips.subject],
            "take": takes(clips),
            "label": adversarial.label,
            "class": class_names[adversarial.label],
            "target": adversarial.target,
            "clean_predicted": before.argmax(1),
            "right": rank_of(before, adversarial.label) == 0,
            "predicted": after.argmax(1),
            "predicted_class": class_names[after.argmax(1)],
            "rank": rank_of(after, adversarial.label),
            "success": succeeded(after, adversarial.label, adversarial.target, strategy),
            "claimed": adversarial.claimed,
            "control_success": succeeded(control, adversarial.label, adversarial.target, strategy),
            "iterations": adversarial.iterations,
            **({} if adversarial.first_success is None else {"first_success": adversarial.first_success}),
            "queries": adversarial.queries,
            "class_loss": adversarial.class_loss,
            "perceptual_loss": adversarial.perceptual_loss,
            **costs(adversarial.position, clips),
        }
    )


def summary(records: pd.DataFrame) -> dict[str, Any]:
    """Counts, success and cost of one attack: over the clips that the model classifies correctly before the attack.

    Costs are means (``_median``: medians) over the clips on which it succeeds, with 95 % intervals over takes
    (``metrics.intervals``); ``within_<d>_mm_percent`` is success by a mean displacement of at most d mm.
    ``claimed_disagree`` counts clips whose attack says otherwise than the model.
    """
    correct = records[records["right"]]
    won = correct["success"].to_numpy(bool)
    metrics = [name for name in map(str, records) if name.removesuffix("_25") in perceptual.UNITS]
    columns: dict[str, np.ndarray] = {
        "success_percent": 100.0 * won,
        "control_percent": 100.0 * correct["control_success"].to_numpy(float),
    }
    columns |= {name: np.where(won, correct[name].to_numpy(float), np.nan) for name in metrics}
    rate = np.array([name.endswith("_percent") and name not in metrics for name in columns])
    most = np.where(rate, 100.0, np.inf)
    mean, low, high, worth = of_takes(
        np.stack([*columns.values()], axis=1), correct["take"].to_numpy(), least=0.0, most=most, rate=rate
    )
    ends = {name: (mean[place], low[place], high[place]) for place, name in enumerate(columns)}
    row: dict[str, Any] = {"n": len(correct), "n_attacked": len(records), "n_wrong": len(records) - len(correct)}
    row |= {"takes": correct["take"].nunique(), "n_effective": float(worth[0]), "n_success": int(won.sum())}
    row |= {"claimed_disagree": int((correct["claimed"].to_numpy(bool) != won).sum())}
    row |= dict(zip(("success_percent", "low_percent", "high_percent"), ends["success_percent"], strict=True))
    row |= dict(zip(("control_percent", "control_low", "control_high"), ends["control_percent"], strict=True))
    for budget in WITHIN_MM:
        row[f"within_{budget}_mm_percent"] = 100.0 * float((won & (correct["displacement_mm"] <= budget)).mean())
    for count in ("iterations", "queries"):
        row[f"{count}_median"] = float(correct[count].median())
    for name in metrics:
        row[name] = ends[name][0]
        if name in HEADLINE:
            row |= {f"{name}_low": ends[name][1], f"{name}_high": ends[name][2]}
            row[f"{name}_median"] = float(np.median(columns[name][won])) if won.any() else float("nan")
    return row


def described(adversarial: Adversarial, clips: Clips, identity: Mapping[str, str]) -> dict[str, Any]:
    """What names an attack in a table: data set, clips, split, attack and how its losses are reduced.

    ``epsilon_mm`` is its bound on clips of this scale, of one that wraps another the other's, ``bound_mm`` the same
    where it was asked for in mm.
    """
    bound, used = adversarial.attrs.get("bound_mm"), adversarial.attrs["settings"]
    wrapped = used.get("attack")
    epsilon = (wrapped.get("settings", {}) if isinstance(wrapped, Mapping) else used).get("epsilon")
    return {
        "dataset": identity["data"],
        "clips": identity["clips"],
        "split_by": str(clips.attrs["split_by"]),
        "classes": len(clips.classes),
        "attack": identity["attack"],
        "attack_module": str(adversarial.attrs["attack"]),
        "preset": str(adversarial.attrs["preset"]),
        "strategy": str(adversarial.attrs["strategy"]),
        "terms": adversarial.setting("terms"),
        "reduction": adversarial.setting("reduction"),
        "after_success": adversarial.setting("after_success"),
        "settings": json.dumps(adversarial.attrs["settings"], sort_keys=True),
        # what is not as in the preset, and which of that validation clips decided
        "attack_changes": json.dumps(adversarial.attrs.get("changed") or {}, sort_keys=True),
        "chosen": ", ".join(adversarial.attrs.get("chosen") or ()),
        "bound_mm": float("nan") if bound is None else float(bound),
        "epsilon_mm": float("nan") if epsilon is None else float(epsilon) * clips.normaliser.scale,
        "seed": int(identity["seed"]),
        "test_clips": adversarial.attrs.get("test_clips"),
        "right_clips": adversarial.attrs.get("right_clips"),
    }


def module_of(description: Mapping[str, Any]) -> str:
    """What a recognizer is: its module, its stream where it sees bones, and of an ensemble those of its members."""
    wrapper = description.get("wrapper", {})
    if wrapper.get("wrapper") == "ensemble":
        return "ensemble of " + ", ".join(map(module_of, wrapper["settings"]["members"]))
    return f"{description['recognizer']}{' on bones' if wrapper.get('wrapper') == 'bones' else ''}"


def model_columns(description: Mapping[str, Any]) -> dict[str, Any]:
    """What names a recognizer in a table: its module, and in what its size and its recipe are not the published."""
    module = str(description["recognizer"])
    # through JSON: tuples become lists, as in what was stored
    published = json.loads(json.dumps(asdict(names.load("models.recognizers", module).RECIPE)))
    recipe = {key: used for key, (used, _) in differences(published, description["recipe"]).items()}
    return {
        "recognizer_module": module_of(description),
        "recognizer_settings": json.dumps(description["settings"], sort_keys=True),
        "recognizer_recipe": json.dumps(recipe, sort_keys=True),
        "protocol": str(description["protocol"]),
    }
