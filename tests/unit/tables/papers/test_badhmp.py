"""BadHMP's claims stand beside the run's numbers, and are never compared with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from backdoor_table import backdoor_table

from kinesec.tables.papers.compare import compare

MODELS: list[dict[str, Any]] = [
    {"predictor": "ltd_small", "module": "ltd", "settings": {}, "recipe": {}},
    {"predictor": "simlpe_small", "module": "simlpe", "settings": {}, "recipe": {}},
]
STRATEGIES = [("rigid", "jammed", "random", 0.05), ("soft", "moving", "random", 0.1)]


@pytest.fixture(scope="module")
def reference() -> pd.DataFrame:
    rows = pd.read_csv(Path(__file__).resolve().parents[4] / "config/papers/reference.csv", dtype=str)
    return rows[rows["paper"].str.startswith("BadHMP")]


def compared(reference: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    return compare({"prediction_backdoor": table}, reference, MODELS, modules={})


def test_every_claim_has_a_row_and_no_verdict(reference: pd.DataFrame) -> None:
    made = compared(reference, backdoor_table(strategies=STRATEGIES, samplings=("8", "all"), seeds=(0, 1)))
    assert set(made["predictor"]) == {"ltd_small", "ltd_small, to 80 ms", "ltd_small, to 1000 ms"}  # LTD and HRI alone
    assert set(made["verdict"]) == {"not comparable"}
    assert made["reason"].str.contains("unknown").all()
    assert list(made.groupby("metric").size()) == [4, 1, 2, 1]
    assert made.loc[made["metric"] == "least ratio poisoned", "value"].item() == pytest.approx(5)
    assert made.loc[made["metric"] == "BDE after fine-tuning", "value"].isna().all()


def test_errors_are_of_the_easiest_and_of_the_hardest_strategy(reference: pd.DataFrame) -> None:
    table = backdoor_table(strategies=STRATEGIES)
    last = table["frame"].max()
    asked = (table["metric"] == "BDE") & (table["model"] == "victim") & (table["windows"] == "triggered")
    asked &= (table["joints"] == "used") & (table["action"] == "mean") & (table["frame"] == last)
    table.loc[asked, "value"] = table.loc[asked, "ratio"].map({0.05: 3.5, 0.1: 17.0})
    made = compared(reference, table)
    bde = made[(made["metric"] == "BDE") & (made["predictor"] == "ltd_small, to 1000 ms")].set_index("setting")["value"]
    assert bde.to_dict() == {"the easiest strategy": 3.5, "the hardest strategy": 17.0}


def test_a_run_without_victims_has_no_row(reference: pd.DataFrame) -> None:
    table = backdoor_table()
    assert compared(reference, table[table["model"] != "victim"]).empty
