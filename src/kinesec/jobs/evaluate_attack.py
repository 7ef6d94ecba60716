"""One evaluation of an attack: its stored clips and the model in, per-sample records and a table row out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from kinesec.errors import KinesecError
from kinesec.evaluation import hard_label
from kinesec.evaluation.attacks import described, model_columns, records_of, summary
from kinesec.files.hashing import sha256_of
from kinesec.jobs._tested import Tested
from kinesec.samples.adversarial import gather, of_clips
from kinesec.tables.files import write_csv

_FIRST = ("dataset", "clips", "recognizer", "attack", "preset", "strategy", "seed")


def evaluate_attack(
    *,
    clips_path: Path,
    model_path: Path,
    shard_paths: Sequence[Path],
    identity: Mapping[str, str],
    records_path: Path,
    table_path: Path,
) -> None:
    """Writes per-sample records (Parquet) and the row of ``recognition_attacks`` (CSV) of one attack on one recognizer.

    ``identity`` names ``data``, ``clips``, ``recognizer``, ``attack`` and ``seed``. Success is what the model says of
    the stored clips, by noise that the attack did not see where it has any; of a hard-label attack, whether they are on
    the manifold is measured too, against the training
    clips of the same store. Raises ``ConfigError`` where model, clips and shards are of different clips, and
    ``KinesecError`` where shards do not belong together or attacked another model.
    """
    records, row = evaluated(Tested.load(clips_path, model_path), shard_paths, identity)
    records_path.parent.mkdir(parents=True, exist_ok=True)
    records.to_parquet(records_path, index=False)
    write_csv(pd.DataFrame([row]), str(table_path))


def evaluated(
    tested: Tested, shard_paths: Sequence[Path], identity: Mapping[str, str]
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Records and row of one attack on a recognizer; see ``evaluate_attack``."""
    clips, model_path = tested.clips, tested.model_path
    adversarial = gather(shard_paths, clips)
    if adversarial.attrs["model_sha256"] != sha256_of(model_path):
        raise KinesecError(f"{shard_paths[0]}: found clips that attack another model than {model_path}; attack again")
    attacked = of_clips(adversarial, clips)
    records = records_of(adversarial, attacked, tested.model, model_path)
    searched: dict[str, Any] = {}
    if adversarial.search is not None:
        manifold = hard_label.limits(tested.clips_path, hard_label.margin_of(adversarial))
        records = hard_label.add_search(records, adversarial, attacked, manifold)
        searched = hard_label.search_summary(records)
    named = described(adversarial, clips, identity)
    named |= {"training": identity["training"]} if "training" in identity else {}
    row = {**named, "recognizer": identity["recognizer"], **model_columns(tested.description)}
    row |= {**summary(records), **searched}
    return records, {name: row[name] for name in (*_FIRST, *(name for name in row if name not in _FIRST))}
