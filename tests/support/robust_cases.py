"""A small recognizer of a tiny store, trained in a moment, and what a defence of it is given."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
from recognition_clips import FRAMES, positions, write_clips
from torch import Tensor, nn

from kinesec.defences.robust.base import Case
from kinesec.jobs.defend_recognizer import defend_recognizer
from kinesec.jobs.train_recognizer import train_recognizer
from kinesec.models.recognizers.base import RECOGNIZERS
from kinesec.samples.clips import clips
from kinesec.training.augmentation import Augmentation, Augmenter

CPU = torch.device("cpu")
COUNTS = {"train": 24, "val": 12, "test": 15}
RECIPE: dict[str, Any] = {"epochs": 20, "batch": 8, "optimiser": "adam", "rate": 2e-2, "milestones": [15]}
RECOGNIZER: dict[str, Any] = {"recognizer": "st_gcn", "settings": {"widths": [8, 16]}, "recipe": RECIPE}


def write_store(path: Path) -> Path:
    """Clips of one body, or of none beside it; every fourth ends early."""
    count = sum(COUNTS.values())
    length = np.where(np.arange(count) % 4 == 0, FRAMES - 5, FRAMES)
    position = positions(np.arange(count) % 3, 2)
    position *= (np.arange(FRAMES) < length[:, None])[:, None, :, None, None]
    return write_clips(path, COUNTS, bodies=2, change={"length": length, "position": position})


def write_clean(store: Path, folder: Path) -> Path:
    """The recognizer that defences are of."""
    path = folder / "clean.safetensors"
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.chdir(folder):  # checkpoints
        train_recognizer(
            clips_path=store, recognizer=RECOGNIZER, code="x", seed=0, model_path=path, log_path=folder / "clean.json"
        )
    return path


def case(store: Path, clean: Path, *, augment: dict[str, Any] | None = None, **changes: Any) -> Case:
    """What a defence is given; ``changes`` are of the recipe."""
    training, model = clips.load(store, "train"), RECOGNIZERS.load(clean, CPU)[0]
    return Case(
        name="st_gcn",
        settings=RECOGNIZER["settings"],
        recipe=RECOGNIZERS.recipe("st_gcn", RECIPE),
        changes=changes,
        augmenter=Augmenter(Augmentation(**(augment or {})), training.normaliser, training.skeleton, CPU),
        clean=model,
        training=training,
        validation=clips.load(store, "val"),
        device=CPU,
        seed=3,
    )


def digest(model: nn.Module) -> str:
    """A hash of a model's weights and buffers."""
    state: dict[str, Tensor] = model.state_dict()
    whole = hashlib.sha256()
    for name, value in state.items():
        whole.update(name.encode())
        whole.update(value.numpy().tobytes())
    return whole.hexdigest()


def defend(store: Path, clean: Path, folder: Path, defence: dict[str, Any], seed: int = 0) -> Path:
    """Defends as a job does; the defended recognizer's file, its log beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    defend_recognizer(
        clips_path=store,
        clean_path=clean,
        recognizer=RECOGNIZER,
        defence=defence,
        code="x",
        seed=seed,
        model_path=folder / "model.safetensors",
        log_path=folder / "training.json",
    )
    return folder / "model.safetensors"
