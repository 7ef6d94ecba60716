"""One evaluation of a backdoored classifier: what it and the clean one say of each test sample, triggered or not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kinesec.evaluation.backdoor import records
from kinesec.jobs._modality import MODALITIES, stored
from kinesec.models.device import best_device
from kinesec.poisoning.classification.poison import Poison, triggered
from kinesec.samples.clips.clips import load as load_clips


def evaluate_backdoor(
    *,
    modality: str,
    samples_path: Path,
    clips_path: Path | None,
    victim_path: Path,
    clean_path: Path,
    poison: Mapping[str, Any],
    controls: Mapping[str, Mapping[str, Any]],
    identity: Mapping[str, str],
    records_path: Path,
) -> None:
    """Writes the records (Parquet) of all test samples, as they are and after each of ``controls``.

    A control (``control``, ``settings``) is what may happen to samples on their way to a network, clean ones and
    triggered ones alike; column ``stored`` names it, empty for none. ``clips_path`` are the clips that videos were
    rendered from, for triggers of motions. ``identity`` has data, samples, network, training, tested and seed.
    """
    of = MODALITIES[modality]
    device = best_device()
    test = of.load(samples_path, "test")
    spec, seed = Poison(**poison), int(identity["seed"])
    clips = None if clips_path is None else load_clips(clips_path)
    after = triggered(test, spec.trigger_of(seed), clips)
    networks = {
        name: of.kind.load(path, device)[0] for name, path in (("victim", victim_path), ("clean_model", clean_path))
    }
    parts: list[pd.DataFrame] = []
    for name, control in ({"": {"control": "nothing"}} | dict(controls)).items():
        predicted: dict[tuple[str, str], np.ndarray] = {}
        for kind, samples in (("clean", test), ("triggered", after)):
            seen = of.seen(stored(samples, control, seed))
            for model, network in networks.items():
                predicted[model, kind] = of.kind.predict_array(network, seen, device).argmax(1)
        table = records(
            test,
            target=spec.target_of(test.classes),
            predicted_clean=predicted["victim", "clean"],
            predicted_triggered=predicted["victim", "triggered"],
            clean_model_clean=predicted["clean_model", "clean"],
            clean_model_triggered=predicted["clean_model", "triggered"],
            identity={"modality": modality, **identity},
        )
        parts.append(table.assign(tested=identity["tested"], stored=name))
    records_path.parent.mkdir(parents=True, exist_ok=True)
    pd.concat(parts, ignore_index=True).to_parquet(records_path, index=False)
