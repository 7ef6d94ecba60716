"""What a recognizer's defences cost: seconds of training, and how much longer an answer takes; measured here, now."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from kinesec.models.device import best_device
from kinesec.models.recognizers.base import RECOGNIZERS, Recognizer
from kinesec.provenance.certificates import beside
from kinesec.samples.clips.checks import checked
from kinesec.tables.files import write_csv

ROUNDS = 5
BATCH = 32


def time_defences(
    *, clips_path: Path, models: Mapping[str, Path], identity: Mapping[str, str], table_path: Path
) -> None:
    """Writes a row a training (CSV): ``training_seconds`` from the training job's certificate, and inference.

    ``inference_factor`` is the median over rounds of a model's time over that of the first of ``models``, both of one
    round, on test clips. No two measurements are alike, so that no table of the run holds these.
    """
    clips = checked(clips_path, "test")
    device = best_device()
    batch = torch.from_numpy(clips.take_rows(np.arange(min(BATCH, len(clips)))).normalised).to(device)
    loaded = {name: RECOGNIZERS.load(path, device)[0] for name, path in models.items()}
    for model in loaded.values():
        _seconds(model, batch)
    rounds = [{name: _seconds(model, batch) for name, model in loaded.items()} for _ in range(ROUNDS)]
    first = next(iter(models))
    rows = [
        {
            "dataset": identity["data"],
            "clips": identity["clips"],
            "recognizer": identity["recognizer"],
            "defence": name,
            **_training(path),
            "inference_ms": 1000 * float(np.median([seconds[name] for seconds in rounds])) / len(batch),
            "inference_factor": float(np.median([seconds[name] / seconds[first] for seconds in rounds])),
            "device": device.type,
        }
        for name, path in models.items()
    ]
    table_path.parent.mkdir(parents=True, exist_ok=True)
    write_csv(pd.DataFrame(rows), str(table_path))


@torch.inference_mode()
def _seconds(model: Recognizer, batch: Tensor) -> float:
    started = time.perf_counter()
    model(batch)
    if batch.device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started


def _training(path: Path) -> dict[str, float]:
    """Seconds that the job took which wrote a model; not a number where it left no certificate."""
    certificate = beside(path)
    facts = json.loads(certificate.read_text("utf-8")) if certificate.is_file() else {}
    return {"training_seconds": float(facts.get("wall_s", float("nan")))}
