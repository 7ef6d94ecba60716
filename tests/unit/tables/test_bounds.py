"""Success against the bound: which rows are of which attack."""

from __future__ import annotations

import math

import pandas as pd
from attack_records import attack_row

from kinesec.tables import bounds
from kinesec.tables import recognition as tables


def attacks() -> pd.DataFrame:
    rows = [attack_row(attack="smart", seed=seed, bound_mm=math.nan, epsilon_mm=math.nan) for seed in (0, 1)]
    for mm in (40.0, 10.0):
        rows += [attack_row(attack=f"pgd_{mm:g}mm", module="pgd", seed=seed, bound_mm=mm, epsilon_mm=mm, success=mm)
                 for seed in (0, 1)]  # fmt: skip
    return pd.DataFrame([*rows, attack_row(attack="pgd", module="pgd", bound_mm=math.nan, epsilon_mm=15.5, success=20)])


def test_bounded_attacks_are_one_by_bound() -> None:
    table = bounds.table(attacks())
    assert set(table["attack"]) == {"pgd"}
    first = table[table["seed"] == 0]
    assert first["epsilon_mm"].tolist() == [10, 15.5, 40]
    assert first["success_percent"].tolist() == [10, 20, 40]


def test_rows_over_seeds_are_of_one_bound() -> None:
    pooled = tables.with_all_seeds(bounds.table(attacks()))
    pooled = pooled[pooled["seed"] == "all"]
    assert pooled["epsilon_mm"].tolist() == [10, 40]
    assert pooled["success_percent"].tolist() == [10, 40]


def test_other_tables_have_the_attacks_own_bounds_alone() -> None:
    assert bounds.of_presets(attacks())["attack"].tolist() == ["smart", "smart", "pgd"]
    old = attacks().drop(columns="bound_mm")
    assert len(bounds.of_presets(old)) == len(old)
