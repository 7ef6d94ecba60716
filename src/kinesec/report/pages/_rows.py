"""What the report shows of a run's tables: small frames of formatted text, each number with its 95 % interval.

Every frame has a column ``group`` (the heading its rows stand under) where it holds several data sets or backdoors.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import pandas as pd

from kinesec.report.format import FINE, LENGTH, NONE, PERCENT, interval, number, plural
from kinesec.tables import seeds, strategies

MODELS = {"zero_velocity": "zero velocity", "clean": "clean model", "victim": "victim"}
HORIZONS_MS = (80, 160, 320, 400, 560, 1000)


def groups(table: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """(heading, rows of the widest test sampling) of each data set, predictor and strategy; without victims, of each
    data set and predictor.
    """
    for dataset, protocol, predictor, strategy, rows in [*strategies.cases(table)] or strategies.clean_cases(table):
        widest = rows[rows["sampling"] == strategies.widest(rows)]
        of_all = widest[widest["action"] == strategies.MEAN]
        windows = int(of_all["n"].max())
        # of the error that the intervals of most tables are of
        clean = of_all[(of_all["metric"] == "CDE") & (of_all["windows"] == "clean") & (of_all["model"] == "clean")]
        worth = number(float(strategies.last(clean)["n_effective"].min()))
        heading = f"{dataset}, {protocol} \u00b7 {predictor} \u00b7 {strategy} \u00b7 "
        yield (
            heading
            + f"{plural(windows, 'test window')} worth {worth} independent ones, {plural(seeds.count(widest), 'seed')}",
            widest,
        )


def pivot(rows: pd.DataFrame, index: str, columns: dict[str, dict[str, str]]) -> pd.DataFrame:
    """Formatted cells: for each value of ``index``, the row that each column's conditions name."""
    formatted = {}
    for name, wanted in columns.items():
        here = rows[(rows[list(wanted)] == pd.Series(wanted)).all(axis=1)]
        means = seeds.over_seeds(here, [index])
        within = PERCENT if wanted.get("metric") == "ASR" else LENGTH
        cells = [interval(*cell, within=within) for cell in means[["value", "low", "high"]].values.tolist()]
        formatted[name] = pd.Series(cells, index=means[index], dtype=object)
    return pd.DataFrame(formatted, dtype=object).fillna(NONE)


def stack(parts: Sequence[tuple[str, pd.DataFrame]], index: str) -> pd.DataFrame:
    frames = [part.rename_axis(index).reset_index().assign(group=heading) for heading, part in parts]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=[index, "group"])


HEADLINE = {
    "cde": {"windows": "clean", "metric": "CDE"},
    "bde": {"windows": "triggered", "metric": "BDE"},
    "bde_wrong": {"windows": "wrong_limb", "metric": "BDE"},
    "asr": {"windows": "triggered", "metric": "ASR"},
    "asr_wrong": {"windows": "wrong_limb", "metric": "ASR"},
}


def headline(table: pd.DataFrame) -> pd.DataFrame:
    """model by CDE, BDE and ASR with the trigger on its own limb and on the wrong one, up to the last frame."""
    parts = []
    for heading, rows in groups(table):
        cells = pivot(strategies.last(rows), "model", HEADLINE)
        parts.append((heading, cells.reindex([name for name in MODELS if name in cells.index]).rename(index=MODELS)))
    return stack(parts, "model")


def horizons(table: pd.DataFrame) -> pd.DataFrame:
    """model by nominal horizon: MPJPE at the frame on clean windows, joints that are predicted."""
    parts = []
    for heading, rows in groups(table):
        at = rows[(rows["metric"] == "MPJPE_at") & (rows["windows"] == "clean") & (rows["action"] == strategies.MEAN)]
        at = at[(at["joints"] == "used") & at["horizon_ms_nominal"].isin(HORIZONS_MS)]
        frames = at.assign(horizon=at["horizon_ms_nominal"].map("{:.0f} ms".format))
        columns = {name: {"horizon": name} for name in frames.sort_values("frame")["horizon"].unique()}
        cells = pivot(frames, "model", columns)
        shown = cells.reindex([name for name in MODELS if name in cells.index]).rename(index=MODELS)
        parts.append((heading + _measured(at), shown))
    return stack(parts, "model").fillna(NONE)


def _measured(rows: pd.DataFrame) -> str:
    """How long a frame takes as measured, beside its nominal time; nothing where a table does not say."""
    if rows.empty or "horizon_ms_measured" not in rows:
        return ""
    nominal, measured = (
        pd.to_numeric(rows[f"horizon_ms_{clock}"]).iloc[0] / rows["frame"].iloc[0] for clock in ("nominal", "measured")
    )
    return f" \u00b7 a frame is {measured:.3g} ms as measured, {nominal:g} ms nominal"


PER_ACTION = {
    "cde_clean": {"windows": "clean", "metric": "CDE", "model": "clean"},
    "cde_victim": {"windows": "clean", "metric": "CDE", "model": "victim"},
    "bde_clean": {"windows": "triggered", "metric": "BDE", "model": "clean"},
    "bde_victim": {"windows": "triggered", "metric": "BDE", "model": "victim"},
    "bde_wrong": {"windows": "wrong_limb", "metric": "BDE", "model": "victim"},
    "asr_victim": {"windows": "triggered", "metric": "ASR", "model": "victim"},
}


def per_action(table: pd.DataFrame) -> pd.DataFrame:
    """action by CDE and BDE of clean model and victim, BDE on the wrong limb and ASR of the victim."""
    parts = []
    for heading, rows in groups(table):
        cells = pivot(strategies.last(rows, None), "action", PER_ACTION)
        order = [*sorted(set(cells.index) - {strategies.MEAN}), strategies.MEAN]
        parts.append((heading, cells.reindex(order).rename(index={strategies.MEAN: "mean of the actions"})))
    return stack(parts, "action")


POWERS = {"mm/frame^2": "mm/frame\u00b2", "mm/frame^3": "mm/frame\u00b3"}
ORDER = ("Acc", "Jerk", "BLC", "whole", "seam")


def stealth(table: pd.DataFrame) -> pd.DataFrame:
    """metric by clean and triggered windows: Acc, Jerk and BLC of the windows themselves, whole and at the seam."""
    parts = []
    seen = set()
    for dataset, protocol, _, strategy, rows in strategies.cases(table):
        if (dataset, protocol, strategy) in seen:
            continue
        seen.add((dataset, protocol, strategy))
        data = rows[
            (rows["model"] == "data")
            & (rows["sampling"] == strategies.widest(rows))
            & (rows["action"] == strategies.MEAN)
        ]
        data = data.assign(what=data["metric"] + ", " + data["part"] + " (" + data["unit"].replace(POWERS) + ")")
        cells = pivot(data, "what", {"clean": {"windows": "clean"}, "triggered": {"windows": "triggered"}})
        means = seeds.over_seeds(data, ["what", "windows"]).pivot(index="what", columns="windows", values="value")
        if {"clean", "triggered"} <= set(means):
            change = (100 * (means["triggered"] / means["clean"] - 1)).where(means.max(axis=1) >= FINE)
            cells["change"] = [
                f"{value:+.0f} %".replace("-", "\u2212") if math.isfinite(value) else NONE
                for value in change.reindex(cells.index)
            ]
        ordered = data.sort_values(["part", "metric"], key=lambda column: column.map(ORDER.index))
        order = list(dict.fromkeys(ordered["what"]))
        parts.append((f"{dataset}, {protocol} \u00b7 {strategy}", cells.reindex(order)))
    return stack(parts, "what")
