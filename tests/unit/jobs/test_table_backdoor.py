"""The job of the tables of backdoors: files in, files out."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from backdoor_records import NETWORKS, POISONS, records, searched

from kinesec.errors import KinesecError
from kinesec.jobs.table_backdoor import write_all
from kinesec.tables.backdoor import TABLES, read


def test_files_of_jobs_become_the_runs_tables(tmp_path: Path) -> None:
    victims = ("dft", "badnet")
    for name in victims:
        records(poison=name).to_parquet(tmp_path / f"{name}.parquet")
        pd.DataFrame([{"poison": name, "seed": 0, "n": 64, "rms": 3.5}]).to_csv(tmp_path / f"{name}.csv", index=False)
    for seed in range(3):
        searched("clean", seed, 1.0 + seed).to_csv(tmp_path / f"clean{seed}.csv", index=False)
    searched("dft", 0, 9.0).to_csv(tmp_path / "found.csv", index=False)
    given = {
        "records": [tmp_path / f"{name}.parquet" for name in victims],
        "imperceptibility": [tmp_path / f"{name}.csv" for name in victims],
        "detections": [*(tmp_path / f"clean{seed}.csv" for seed in range(3)), tmp_path / "found.csv"],
    }
    told = {"poisons": POISONS, "networks": NETWORKS, "detectors": {}}
    out = {name: tmp_path / f"out/{name}.csv" for name in TABLES[:2]}
    write_all(**given, **told, out=out)
    attacks, searches = (read(path) for path in out.values())
    assert list(attacks["attack"]) == list(victims)
    assert list(attacks["rms"]) == [3.5, 3.5]
    assert list(searches["p_value"]) == pytest.approx([1.0, 2 / 3, 1 / 3, 1 / 4])
    with pytest.raises(
        KinesecError, match="backdoor tables: found 'roc', expected one of backdoor_recognition, detect"
    ):
        write_all(**given, **told, out={"roc": tmp_path / "roc.csv"})
