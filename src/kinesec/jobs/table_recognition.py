"""One job of tables: the jobs' tables and records of recognition in, the run's tables out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from kinesec.errors import KinesecError
from kinesec.tables import attack_costs, blackbox, bounds, smart
from kinesec.tables.files import write_csv
from kinesec.tables.recognition import joined, read, with_all_seeds


def write_all(
    *,
    accuracy: Sequence[str | Path],
    attacks: Sequence[str | Path],
    records: Sequence[str | Path],
    transfer: Sequence[str | Path],
    tuning: Sequence[str | Path] = (),
    out: Mapping[str, str | Path],
) -> None:
    """Writes the run's tables of recognition, those that ``out`` names, from its jobs' tables.

    ``recognition_accuracy``, ``recognition_attacks``, ``transfer``; ``attack_curves`` and ``attack_pairs`` from
    ``records`` (Parquet, in the order of ``attacks``); ``attack_tuning`` from ``tuning``, and ``attack_bounds``;
    ``blackbox`` and ``blackbox_queries`` from the rows and records
    of hard-label attacks among them; ``smart_table_1`` to ``smart_table_4``. Raises ``KinesecError``
    for a name that there is no table of, or a table without a row.
    """
    whole = {"recognition_accuracy": accuracy, "recognition_attacks": attacks, "transfer": transfer}
    parts = {name: [read(path) for path in paths] for name, paths in whole.items()}
    of_labels = [(row, Path(path)) for row, path in zip(parts["recognition_attacks"], records, strict=True)]
    of_labels = [(row, path) for row, path in of_labels if blackbox.of_labels(row)]
    parts["recognition_attacks"] = blackbox.without_search(parts["recognition_attacks"])
    tables = {name: joined(name, rows) for name, rows in parts.items() if rows}
    rows = [part.iloc[0].to_dict() for part in parts["recognition_attacks"]]
    jobs = [
        ({str(key): value for key, value in row.items()}, Path(path))
        for row, path in zip(rows, records, strict=True)
        if pd.isna(row.get("bound_mm"))
    ]
    for name, path in out.items():
        if name in tables:
            made = tables[name]
        elif name == "attack_curves" and jobs:
            made = with_all_seeds(pd.concat([attack_costs.curves(pd.read_parquet(of), row) for row, of in jobs]))
        elif name == "attack_pairs" and jobs:
            made = with_all_seeds(attack_costs.pairs([(row, pd.read_parquet(of)) for row, of in jobs]))
        elif name == "attack_tuning" and tuning:
            made = pd.concat([read(path) for path in tuning], ignore_index=True)
        elif name == "attack_bounds" and jobs:
            made = with_all_seeds(bounds.table(pd.concat(parts["recognition_attacks"], ignore_index=True)))
        elif name == "blackbox" and of_labels:
            made = joined(name, [blackbox.with_search(row, pd.read_parquet(of)) for row, of in of_labels])
        elif name == "blackbox_queries" and of_labels:
            searches = [blackbox.queries(pd.read_parquet(of), row) for row, of in of_labels]
            made = with_all_seeds(pd.concat(searches))
        elif name in smart.TABLES:
            made = smart.TABLES[name](
                bounds.of_presets(tables["transfer" if name[-1] in "23" else "recognition_attacks"])
            )
        else:
            known = [
                *whole,
                "attack_curves",
                "attack_pairs",
                "attack_tuning",
                "attack_bounds",
                "blackbox",
                "blackbox_queries",
                *smart.TABLES,
            ]
            raise KinesecError(f"recognition tables: found {name!r}, expected one of {', '.join(known)} with its jobs")
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        write_csv(made, str(path))
