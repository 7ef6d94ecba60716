"""One evaluation of a recognizer, defended or not: the clips of every attack on it in; records and rows out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from kinesec.jobs._tested import Tested
from kinesec.jobs.evaluate_attack import evaluated
from kinesec.jobs.evaluate_transfer import transferred
from kinesec.tables.files import write_csv


def evaluate_robustness(
    *,
    clips_path: Path,
    model_path: Path,
    attacks: Mapping[str, Sequence[Path]],
    transfers: Sequence[Mapping[str, Any]],
    identity: Mapping[str, str],
    records_path: Path,
    table_path: Path,
) -> None:
    """Writes records (Parquet: a row a clip and attack) and rows (CSV: a row an attack, and a transfer).

    ``attacks`` are the shards of each attack by its name; ``transfers`` name an ``attack``, a ``surrogate`` with its
    model's ``path``, and ``shards``. ``identity`` names ``data``, ``clips``, ``training``, ``recognizer`` and ``seed``.
    A recognizer with noise judges by other noise than attacks saw. Raises as ``evaluate_attack`` does.
    """
    tested = Tested.load(clips_path, model_path)
    records, rows = [], []
    for name, shards in attacks.items():
        made, row = evaluated(tested, shards, {**identity, "attack": name})
        records.append(made.assign(attack=name))
        rows.append({**row, "surrogate": ""})
    for spec in transfers:
        named = {**identity, "attack": spec["attack"], "surrogate": spec["surrogate"]}
        row = transferred(tested, spec["shards"], named, spec["path"])
        rows.append({**row, "training": identity["training"]})
    records_path.parent.mkdir(parents=True, exist_ok=True)
    whole_records = pd.concat(records, ignore_index=True) if records else pd.DataFrame({"row": [], "attack": []})
    whole_records.to_parquet(records_path, index=False)
    write_csv(pd.DataFrame(rows) if rows else pd.DataFrame(columns=["attack", "surrogate"]), str(table_path))
