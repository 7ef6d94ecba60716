"""The run's tables of attacks: which rows stand in which."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
from attack_records import accuracy_row, attack_row, records

from kinesec.jobs.table_recognition import write_all
from kinesec.tables import recognition


def test_attacks_within_other_bounds_have_a_table_of_their_own(tmp_path: Path) -> None:
    rows = [
        attack_row(attack="smart", bound_mm=math.nan, epsilon_mm=math.nan, chosen="weight"),
        attack_row(attack="pgd", module="pgd", terms="", bound_mm=math.nan, epsilon_mm=15.5),
        attack_row(attack="pgd_60mm", module="pgd", terms="", bound_mm=60.0, epsilon_mm=60.0),
    ]
    files = {name: [tmp_path / f"{row['attack']}.{name}" for row in rows] for name in ("csv", "parquet")}
    for place, row in enumerate(rows):
        pd.DataFrame([row]).to_csv(files["csv"][place], index=False)
        records(seed=place).to_parquet(files["parquet"][place], index=False)
    pd.DataFrame([accuracy_row()]).to_csv(tmp_path / "accuracy.csv", index=False)
    tried = pd.DataFrame(
        {"attack": "smart", "candidate": ['{"weight": 0.6}', '{"weight": 0.9}'], "kept": [False, True]}
    )
    tried.to_csv(tmp_path / "tuning.csv", index=False)
    named = ("recognition_attacks", "attack_curves", "attack_pairs", "attack_bounds", "attack_tuning", "smart_table_4")
    write_all(
        accuracy=[tmp_path / "accuracy.csv"],
        attacks=files["csv"],
        records=files["parquet"],
        transfer=[],
        tuning=[tmp_path / "tuning.csv"],
        out={name: tmp_path / f"{name}.out.csv" for name in named},
    )
    made = {name: recognition.read(tmp_path / f"{name}.out.csv") for name in named}
    assert set(made["recognition_attacks"]["attack"]) == {"smart", "pgd", "pgd_60mm"}
    assert set(made["attack_curves"]["attack"]) == {"smart", "pgd"}
    assert set(zip(made["attack_pairs"]["attack"], made["attack_pairs"]["against"], strict=True)) == {("smart", "pgd")}
    assert made["attack_bounds"][["attack", "epsilon_mm"]].values.tolist() == [["pgd", 15.5], ["pgd", 60.0]]
    assert made["attack_tuning"]["candidate"].tolist() == ['{"weight": 0.6}', '{"weight": 0.9}']
    assert [name for name in made["smart_table_4"] if "PGD" in name] == ["PGD"]
