"""One job of tables: the evaluations and searches of backdoored classifiers in, the run's tables of them out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from kinesec.errors import KinesecError
from kinesec.tables.backdoor import TABLES, Specs, backdoors
from kinesec.tables.detection import detection, repairs
from kinesec.tables.files import write_csv

SEARCHES = {"detection": detection, "backdoor_repairs": repairs}


def write_all(
    *,
    records: Sequence[str | Path],
    imperceptibility: Sequence[str | Path],
    detections: Sequence[str | Path],
    poisons: Mapping[str, Specs],
    networks: Mapping[str, Specs],
    detectors: Mapping[str, Specs],
    out: Mapping[str, str | Path],
) -> None:
    """Writes ``backdoor_recognition``, ``detection`` and ``backdoor_repairs``, those ``out`` names.

    ``records`` (Parquet) and ``imperceptibility`` (CSV) are of each victim, in the same order; ``detections`` (CSV) of
    each model and detector. What the configuration says of poisons, networks and detectors is by modality and name.
    Raises ``KinesecError`` for a table that there is none of.
    """
    for name, path in out.items():
        if name == "backdoor_recognition":
            jobs = [
                (pd.read_parquet(rows), _first(measured))
                for rows, measured in zip(records, imperceptibility, strict=True)
            ]
            made = backdoors(jobs, poisons, networks)
        elif name in SEARCHES:
            searches = [pd.read_csv(rows, low_memory=False) for rows in detections]
            made = SEARCHES[name](searches, poisons, detectors)
        else:
            raise KinesecError(f"backdoor tables: found {name!r}, expected one of {', '.join(TABLES)}")
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        write_csv(made, str(path))


def _first(path: str | Path) -> dict[str, Any]:
    """The one row of a table."""
    return {str(name): value for name, value in pd.read_csv(path).iloc[0].to_dict().items()}
