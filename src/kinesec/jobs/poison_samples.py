"""One poisoning job: clean clips or videos in; poisoned training samples, and what their trigger changes, out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kinesec import seeding
from kinesec.errors import KinesecError
from kinesec.files import store
from kinesec.files.kinds.poisoned_clips import POISONED_CLIPS
from kinesec.files.kinds.poisoned_videos import POISONED_VIDEOS
from kinesec.metrics import imperceptibility
from kinesec.poisoning.classification.poison import Poison, triggered
from kinesec.samples.clips import clips as clips_module
from kinesec.samples.videos import videos as videos_module
from kinesec.tables.files import write_csv

MEASURED = 64


def poison_samples(
    *,
    modality: str,
    samples_path: Path,
    clips_path: Path | None,
    poison: Mapping[str, Any],
    name: str,
    seed: int,
    store_path: Path,
    table_path: Path,
    energy_path: Path,
) -> None:
    """Writes the poisoned training samples with their places, what the trigger changes, and its energy by frame.

    ``clips_path`` are the clips that videos were rendered from, for triggers of motions. What a trigger changes is
    measured on at most ``MEASURED`` training samples, drawn with ``seed``: means, and of videos the least PSNR and
    SSIM. Raises ``KinesecError`` where there is no training sample.
    """
    video = modality == "video"
    training: Any = (videos_module if video else clips_module).load(samples_path, "train")
    if not len(training):
        raise KinesecError(f"{samples_path}: found no sample of split 'train', expected one or more; change the split")
    spec = Poison(**poison)
    trigger = spec.trigger_of(seed)
    clips = None if clips_path is None else clips_module.load(clips_path)
    index = spec.chosen(training, seed)
    attrs = {
        "target": spec.target_of(training.classes),
        "labels": spec.labels,
        "trigger": spec.trigger,
        "clean_content_sha256": training.attrs["content_sha256"],
    }
    poisoned = triggered(training.take_rows(index), trigger, clips)
    changed = {"video": poisoned.video} if video else {"position": poisoned.position}
    store.write(store_path, POISONED_VIDEOS if video else POISONED_CLIPS, {**changed, "index": index}, attrs)

    some = np.sort(seeding.generator(seed, "imperceptibility").permutation(len(training))[:MEASURED])
    before = training.take_rows(some)
    after = triggered(before, trigger, clips)
    if video:
        measured = imperceptibility.of_videos(before.video, after.video)
        energy = imperceptibility.energy(before.video, after.video)
    else:
        measured = imperceptibility.of_motions(
            before.position, after.position, before.present, before.skeleton.parents, before.fps
        )
        energy = imperceptibility.energy(before.position[:, 0], after.position[:, 0])
    row = {name: _mean(values) for name, values in measured.items()}
    row |= {name: float(values.min()) for name, values in measured.items() if "_min" in name}
    write_csv(pd.DataFrame([{"poison": name, "seed": seed, "n": len(some), **row}]), str(table_path))
    total = energy.sum()
    share = energy.sum(0) / total if total > 0 else np.full(energy.shape[1], np.nan)
    frames = pd.DataFrame({"poison": name, "seed": seed, "frame": 1 + np.arange(len(share)), "energy_share": share})
    write_csv(frames, str(energy_path))


def _mean(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")
