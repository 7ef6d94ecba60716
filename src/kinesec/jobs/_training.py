"""What every training job does with its model and its files."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence, Sized
from pathlib import Path
from typing import Any

from torch import nn

from kinesec.errors import KinesecError
from kinesec.files.hashing import key_of
from kinesec.models.trained import Kind
from kinesec.training.loop import Recipe, Task, train


def need_validation(path: Path, sample: str, recipe: Recipe, validation: Sized) -> None:
    """Raises ``KinesecError`` where weights are to be chosen by validation samples and the store has none."""
    if recipe.selection == "validation" and not len(validation):
        raise KinesecError(
            f"{path}: found no {sample} of split 'val', expected one or more to choose weights by; change the "
            "split, or set the recipe's `selection: last`"
        )


def parameters_of(model: nn.Module) -> int:
    """How many numbers a model learns."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def train_and_write(
    kind: Kind[Any, Any, Any],
    tasks: Sequence[Task],
    description: Mapping[str, Any],
    *,
    code: str,
    model_path: Path,
    log_path: Path,
    finish: Callable[[], nn.Module] | None = None,
) -> None:
    """Trains and writes ``model_path`` (safetensors) and ``log_path`` (JSON: description, one record an epoch).

    What is written is the last task's model, or what ``finish`` makes once all are trained.

    Checkpoints stand in a folder named by the job's own hash, beside the models, so that a killed job finds its own
    and no other's, and Snakemake, which deletes the outputs of a failed job, leaves them.
    """
    job = {**description, "code": code, "device": tasks[0].training.device.type}
    log, kept = train(tasks, checkpoints=Path("results", "checkpoints", key_of(job)), job=job)
    kind.save(model_path, tasks[-1].model if finish is None else finish(), description)
    whole = {**description, "kept_epoch": kept, "epochs": log}
    log_path.write_text(json.dumps(whole, indent=1, sort_keys=True) + "\n")
