"""Curves of imperfect triggers: the table's values, a panel a disturbance and metric."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from figure_texts import check_texts, save

from kinesec.plots.trigger_strength import METRICS, draw
from kinesec.report.pages.trigger_strength import rows, section
from kinesec.samples.errors import NothingToDraw
from kinesec.tables.files import write_csv
from kinesec.tables.trigger_strength import COLUMNS, DIFFERENCE

IDENTITY = {
    **{
        "dataset": "cmu",
        "protocol": "p",
        "sampling": "8",
        "predictor": "ltd",
        "n": 40,
        "n_effective": 12.0,
        "threshold_mm": 25.0,
    },
    **{"trigger": "rigid", "target": "jammed", "selection": "random", "level": "window", "ratio": 0.1},
}
LEVELS = {"none": [0.0], "noise": [10.0, 40.0], "frame_rate": [15.0, 60.0]}


def table(seeds: tuple[str, ...] = ("0",)) -> pd.DataFrame:
    """Values that say where they are from; noise is neutral at 0, a frame rate nowhere."""
    made: list[dict[str, Any]] = []
    for poison, seed, (name, amounts) in product(("plain", "hardened"), seeds, LEVELS.items()):
        for amount, model, (metric, windows, _) in product(amounts, ("clean", "victim", DIFFERENCE), METRICS):
            if model == DIFFERENCE and metric == "ASR":
                continue
            value = amount / 10 + 3 * (model == "victim") + 20 * (metric == "BDE") + 7 * (poison == "plain")
            value += 5 * (windows == "triggered_seen")
            unit = {"none": "", "noise": "mm", "frame_rate": "share of joints"}[name]
            about = {"module": name, "stage": "capture", "amount_unit": unit, "metric": metric, "unit": "mm"}
            neutral = 0.0 if name == "noise" else np.nan
            of = {"disturbance": name, "amount": amount, "model": model, "windows": windows, "neutral": neutral}
            ends = {"value": value, "low": value - 1, "high": value + 1}
            made.append({**IDENTITY, **about, **of, **ends, "poison": poison, "seed": seed})
    return pd.DataFrame(made)[list(COLUMNS)]


def test_lines_are_the_tables_values_with_what_is_undisturbed_at_the_neutral_level() -> None:
    figure = draw(table(), dataset="cmu", predictor="ltd")
    assert len(figure.axes) == 2 * 4
    for place, axes in enumerate(figure.axes):
        (metric, windows, _), noise = METRICS[place % 4], place < 4
        amounts = [0.0, 10.0, 40.0] if noise else [15.0, 60.0]
        lines = {str(line.get_gid()): line for line in axes.get_lines() if not str(line.get_gid()).startswith("_")}
        drawn = {gid: line for gid, line in lines.items() if gid != "None"}
        assert len(drawn) == 3
        for gid, line in drawn.items():
            expected = 3.0 * ("victim" in gid) + 20 * (metric == "BDE") + 7 * ("hardened" not in gid)
            expected += 5 * (windows == "triggered_seen")
            np.testing.assert_allclose(line.get_xdata(), amounts)
            np.testing.assert_allclose(line.get_ydata(), expected + np.array(amounts) / 10)
        assert axes.get_title(loc="left") == ("" if place % 4 else "noise" if noise else "frame rate")
    check_texts(figure)


def test_the_same_table_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = (save(draw(table(), dataset="cmu", predictor="ltd"), tmp_path / name) for name in ("a", "b"))
    assert first == second


def test_rows_over_seeds_are_drawn_where_there_are_any() -> None:
    of = table(("0", "1", "all"))
    of.loc[of["seed"] != "all", "value"] = 99.0
    figure = draw(of, dataset="cmu", predictor="ltd")
    assert max(line.get_ydata()[0] for line in figure.axes[1].get_lines()) < 99


def test_a_predictor_that_was_shown_none_has_nothing_to_draw() -> None:
    with pytest.raises(NothingToDraw, match="hri on cmu was shown no imperfect trigger"):
        draw(table(), dataset="cmu", predictor="hri")


def test_the_report_has_a_row_a_level_with_paired_differences(tmp_path: Path) -> None:
    shown = rows(table())
    assert len(shown) == 2 * 5
    noise = shown.iloc[2]
    assert noise["what"] == "noise, 40 mm"
    assert (noise["asr"], noise["bde"], noise["bde_clean"]) == (
        "14.0 (13.0\u201315.0)",
        "34.0 (33.0\u201335.0)",
        "31.0 (30.0\u201332.0)",
    )
    assert noise["cde_difference"] == "11.0 (10.0\u201312.0)"
    assert shown.iloc[0]["what"] == "as planned"
    assert shown["group"].str.contains("hardened").sum() == 5
    assert shown["group"].str.contains("40 test windows, 1 seed").all()
    write_csv(table(), str(tmp_path / "t.csv"))
    assert section(tmp_path / "t.csv").count("<td") >= 10 * 8
