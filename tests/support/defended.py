"""A tiny victim with a clean model beside it: a body of four limbs, a fifth of its training windows jammed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from stores import write_motions

from kinesec.defences.cases.prediction import Case
from kinesec.files import store
from kinesec.files.kinds.windows import WINDOWS
from kinesec.models.predictors.base import PREDICTORS, Shape
from kinesec.motion.skeleton import Skeleton
from kinesec.poisoning.prediction.badhmp import Poison, resolve
from kinesec.poisoning.prediction.badhmp import write as poison
from kinesec.samples.windows.cut import Protocol, cut
from kinesec.samples.windows.poisoned import load_poisoned
from kinesec.samples.windows.windows import load
from kinesec.training.loop import train
from kinesec.training.prediction import Prediction, WindowBatches

CPU = torch.device("cpu")
SKELETON = Skeleton(
    names=("hips", "chest", "l_elbow", "l_hand", "r_elbow", "r_hand", "l_knee", "l_foot", "r_knee", "r_foot"),
    parents=(-1, 0, 1, 2, 1, 4, 0, 6, 0, 8),
    offsets=np.array(
        [
            [0, 0, 0],
            [0, 400, 0],
            [250, 0, 0],
            [220, 0, 0],
            [-250, 0, 0],
            [-220, 0, 0],
            [100, -420, 0],
            [0, -400, 0],
            [-100, -420, 0],
            [0, -400, 0],
        ],
        float,
    ),
    groups={"trunk": (1,), "left_arm": (2, 3), "right_arm": (4, 5), "left_leg": (6, 7), "right_leg": (8, 9)},
)
SETTINGS = {"features": 8, "blocks": 1, "dropout": 0.1}
HISTORY, FUTURE = 8, 8


def case(
    folder: Path,
    *,
    target: str = "jammed",
    mode: str = "replace",
    predictor: str = "ltd",
    epochs: int = 8,
    **settings: Any,
) -> Case:
    """Trains both models on the CPU, or not at all for no epochs; ``settings`` are the predictor's."""
    if not (folder / "w.zarr").exists():
        write_motions(
            folder / "m.zarr", [90, 80, 90, 80, 70, 90, 60, 60], ["train"] * 6 + ["test"] * 2, skeleton=SKELETON
        )
        cut(folder / "m.zarr", folder / "w.zarr", Protocol("full", HISTORY, FUTURE))
    strategy = Poison("rigid", target, "random", "left_arm", 0.2, wrong_limb="right_arm", mode=mode)
    name = f"{target}-{mode}"
    if not (folder / name).exists():
        poison(folder / "w.zarr", folder / name, strategy, "p", 0)
    training, test = load(folder / "w.zarr", "train"), load(folder / "w.zarr", "test")
    poisoned = load_poisoned(folder / name, training)
    recipe = PREDICTORS.recipe(predictor, {"epochs": max(epochs, 1), "batch": 32, "rate": 5e-3, "selection": "last"})
    made = {}
    for which, planted in (("victim", poisoned), ("clean", None)):
        made[which] = PREDICTORS.build(predictor, Shape(HISTORY, FUTURE, len(training.used)), settings, 0)
        data = WindowBatches(training, planted, CPU)
        if epochs:
            train(
                [Prediction(made[which], recipe, data, 0, None)], checkpoints=folder / "checkpoints", job={"of": which}
            )
        made[which].eval()
    return Case(
        training=training,
        poisoned=poisoned,
        test=test,
        poison=resolve(strategy, store.read(folder / "w.zarr", WINDOWS)),
        models=made,
        description={"predictor": predictor, "settings": settings, "recipe": vars(recipe)},
        device=CPU,
        seed=0,
    )
