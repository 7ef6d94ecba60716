"""One job of tables: the evaluations of defended recognizers in, the run's tables of them out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from kinesec.errors import KinesecError
from kinesec.tables import certificates as certified
from kinesec.tables import robustness
from kinesec.tables.files import write_csv
from kinesec.tables.recognition import read, with_all_seeds

TABLES = ("robustness", "robustness_curves", "robustness_pairs", "certificates")


def write_all(
    *,
    accuracy: Sequence[str | Path],
    accuracy_records: Sequence[str | Path],
    rows: Sequence[str | Path],
    records: Sequence[str | Path],
    certificates: Sequence[str | Path],
    defences: Mapping[str, Mapping[str, Any]],
    judged: Mapping[str, Mapping[str, Any]],
    out: Mapping[str, str | Path],
) -> None:
    """Writes ``robustness``, ``robustness_curves``, ``robustness_pairs`` and ``certificates``, those ``out`` names.

    ``accuracy`` (CSV), ``accuracy_records`` (Parquet), ``rows`` (CSV) and ``records`` (Parquet) are of each recognizer;
    ``defences`` says by name what each is, ``judged`` of each attack whether it is ``unbounded`` and how far success
    may be (``within_mm``). Raises ``KinesecError`` for a table that there is none of.
    """
    tested = {
        robustness.model_of(_rows(row)[0]): _of_test(pd.read_parquet(path))
        for row, path in zip(accuracy, accuracy_records, strict=True)
    }
    jobs: list[robustness.Job] = []
    moved: list[dict[str, Any]] = []
    for table, path in zip(rows, records, strict=True):
        whole = pd.read_parquet(path)
        for row in _rows(table):
            if row["surrogate"]:
                moved.append(row)
                continue
            within = judged.get(row["attack"], {}).get("within_mm")
            jobs.append((row, robustness.within(whole[whole["attack"] == row["attack"]], within)))
    for name, path in out.items():
        if name == "robustness":
            made = _joined(name, robustness.runs(jobs, tested), robustness.transfers(moved, tested))
            made = _named(robustness.flagged(made, judged), defences)
            made = made[[*robustness.FIRST, *(column for column in made if column not in robustness.FIRST)]]
        elif name == "robustness_curves":
            made = with_all_seeds(robustness.curves(jobs, tested))  # of attacks on labels alone there are none
        elif name == "robustness_pairs":
            made = robustness.verdicts(_joined(name, robustness.pairs(jobs)))
        elif name == "certificates":
            made = _joined(name, *(certified.accuracy([read(path)]) for path in certificates))
        else:
            raise KinesecError(f"robustness tables: found {name!r}, expected one of {', '.join(TABLES)}")
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        write_csv(made, str(path))


def _joined(name: str, *parts: pd.DataFrame) -> pd.DataFrame:
    """The rows of all parts, those over seeds behind them."""
    kept = [part for part in parts if len(part)]
    if not kept:
        raise KinesecError(f"{name}: found no row, expected those of one job or more")
    return with_all_seeds(pd.concat(kept, ignore_index=True))


def _rows(path: str | Path) -> list[dict[str, Any]]:
    """The rows of a job's table."""
    return [{str(key): value for key, value in row.items()} for row in read(path).to_dict("records")]


def _of_test(records: pd.DataFrame) -> pd.DataFrame:
    return records[records["split"] == "test"].rename(columns={"correct": "right"})


def _named(table: pd.DataFrame, defences: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """The table with the module, preset and settings of each defence."""
    return table.assign(
        defence_module=[str(defences.get(name, {}).get("defence", "")) for name in table["defence"]],
        defence_preset=[str(defences.get(name, {}).get("preset", "")) for name in table["defence"]],
        defence_settings=[
            json.dumps(defences[name]["settings"], sort_keys=True) if name in defences else ""
            for name in table["defence"]
        ],
    )
