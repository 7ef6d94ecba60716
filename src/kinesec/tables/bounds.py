"""Success against the bound in mm of attacks that have one."""

from __future__ import annotations

import pandas as pd

COLUMNS = (
    *("dataset", "clips", "recognizer", "attack", "attack_module", "preset", "strategy", "seed", "epsilon_mm", "n"),
    *("success_percent", "low_percent", "high_percent", "displacement_mm"),
    *("acceleration_deviation_mm", "bone_change_percent"),
)


def of_presets(attacks: pd.DataFrame) -> pd.DataFrame:
    """The rows of attacks within their own bounds, or without one: those that other tables set side by side."""
    return attacks[attacks["bound_mm"].isna()] if "bound_mm" in attacks else attacks


def table(attacks: pd.DataFrame) -> pd.DataFrame:
    """Rows of ``attack_bounds`` from rows of ``recognition_attacks``, by bound, of attacks tried within several.

    ``attack`` is the name of the attack itself, whose own bound is among them.
    """
    asked = attacks["bound_mm"].notna()
    of = [
        name.removesuffix(f"_{bound:g}mm") if some else name
        for name, bound, some in zip(attacks["attack"], attacks["bound_mm"], asked, strict=True)
    ]
    rows = attacks.assign(attack=of)
    rows = rows[rows["attack"].isin(set(rows.loc[asked, "attack"]))]
    order = ["dataset", "clips", "recognizer", "attack", "seed", "epsilon_mm"]
    return rows[list(COLUMNS)].sort_values(order, ignore_index=True)
