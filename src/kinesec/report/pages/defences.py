"""The report's tables of ``prediction_defences``: what detects a backdoor, what repairs it, what finds its limb."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
from markupsafe import Markup

from kinesec.report.format import LENGTH, NONE, interval, number
from kinesec.report.markup import table
from kinesec.tables.seeds import over_seeds
from kinesec.tables.strategies import Strategy

BY = ["dataset", "protocol", "predictor", "trigger", "target", "selection", "level", "ratio"]
ENDS = ("value", "low", "high")
GAP = ("gap_repaired", "gap_repaired_low", "gap_repaired_high")
DETECTOR = ("detector_auc", "detector_auc_null", "tpr_at_1_fpr", "tpr_at_5_fpr", "tpr_at_10_fpr")


def _groups(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    for key, group in rows.groupby(BY, sort=False, dropna=False):
        dataset, protocol, predictor, *parts, ratio = key
        strategy = Strategy(*map(str, parts), float(ratio))  # type: ignore[arg-type, call-arg]
        yield f"{dataset}, {protocol} \u00b7 {predictor} \u00b7 {strategy}", group


def _named(group: pd.DataFrame) -> pd.Series:
    setting = group["setting"].astype(object).where(group["setting"].notna(), "")
    return (group["defence"] + ": " + setting).str.removesuffix(": ")


def _over_seeds(rows: pd.DataFrame) -> tuple[float, float, float]:
    """The mean and the ends of its interval of rows that differ by their seed alone."""
    mean, low, high = over_seeds(rows, ["what"])[list(ENDS)].to_numpy(float)[0]
    return float(mean), float(low), float(high)


def detectors(rows: pd.DataFrame) -> pd.DataFrame:
    """A row a detector and setting, means over seeds: AUC, its null, true positive rates in percent, windows.

    ``n`` is of one seed: scored windows, and how many of them are poisoned.
    """
    parts = []
    for heading, group in _groups(rows[rows["metric"] == "AUC"]):
        means = group.assign(what=_named(group)).groupby("what", sort=False)[list(DETECTOR)].mean()
        cells = pd.DataFrame(
            {
                name: [f"{value:.3f}" if name.startswith("detector") else f"{100 * value:.0f}" for value in means[name]]
                for name in DETECTOR
            },
            index=means.index,
        )
        areas = over_seeds(group.assign(what=_named(group)), ["what"]).set_index("what").loc[cells.index]
        cells["detector_auc"] = [
            f"{mean:.3f} ({max(low, 0.0):.3f}\u2013{min(high, 1.0):.3f})"
            for mean, low, high in areas[list(ENDS)].values
        ]
        counts = group.assign(what=_named(group)).groupby("what", sort=False)[["n", "n_marked"]].first()
        cells["n"] = [f"{int(n)}, {int(marked)} poisoned" for n, marked in counts.loc[cells.index].to_numpy()]
        parts.append(cells.reset_index().assign(group=heading))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def repairs(rows: pd.DataFrame) -> pd.DataFrame:
    """A row a repair and setting: CDE and BDE (mm) before and after of the victim, and after of the clean model.

    And the share (%) of the gap between both models' BDE that is repaired, and how many test windows a seed has.
    """
    parts = []
    for heading, group in _groups(rows[rows["metric"].isin(["CDE", "BDE"])]):
        by_setting: dict[str, dict[str, str]] = {}
        for what, of_one in group.assign(what=_named(group)).groupby("what", sort=False):
            for (model, metric), errors in of_one.groupby(["model", "metric"], sort=False):
                epochs = {"before": errors["epoch"].min(), "after": errors["epoch"].max()}
                for when, epoch in epochs.items():
                    mean, low, high = _over_seeds(errors[errors["epoch"] == epoch])
                    cell = interval(mean, low, high, within=LENGTH) if when == "after" else number(mean)
                    by_setting.setdefault(str(what), {})[f"{metric}_{model}_{when}"] = cell
            last = of_one[(of_one["epoch"] == of_one["epoch"].max()) & of_one["gap_repaired"].notna()]
            by_setting[str(what)]["n"] = f"{int(of_one['n'].iloc[0])}"
            if len(last):
                gaps = last.assign(**{end: 100 * last[name] for end, name in zip(ENDS, GAP, strict=True)})
                by_setting[str(what)]["gap_repaired"] = interval(*_over_seeds(gaps))
        cells = pd.DataFrame.from_dict(by_setting, orient="index").rename_axis("what").reset_index()
        parts.append(cells.assign(group=heading))
    return pd.concat(parts, ignore_index=True).fillna(NONE) if parts else pd.DataFrame()


def inversions(rows: pd.DataFrame) -> pd.DataFrame:
    """A row a body part and setting: the anomaly index of the victim and of the clean model, and its flag."""
    parts = []
    for heading, group in _groups(rows[rows["metric"].isin(["anomaly_index", "anomaly_index_log"])]):
        named = group.assign(what=_named(group) + ", " + group["part"].fillna("").astype(str) + ", " + group["metric"])
        cells = pd.DataFrame(index=pd.Index(dict.fromkeys(named["what"]), name="what"))
        for model, of_model in named.groupby("model", sort=False):
            flagged = of_model.groupby("what")["flagged"].agg(lambda flags: bool(flags.astype(bool).any()))
            value = of_model.groupby("what")["value"].mean()
            cells[str(model)] = [
                f"{number(value[what])}{', flagged' if flagged[what] else ''}" if what in value else NONE
                for what in cells.index
            ]
        parts.append(cells.reset_index().assign(group=heading))
    return pd.concat(parts, ignore_index=True).fillna(NONE) if parts else pd.DataFrame()


def courses(rows: pd.DataFrame) -> pd.DataFrame:
    """A row a body part and setting: what is left of the objective (%) after each quarter of the search, by model."""
    parts = []
    searched = rows[(rows["metric"] == "objective_left") & rows["step"].notna()]
    for heading, group in _groups(searched):
        named = group.assign(what=_named(group) + ", " + group["part"].fillna("").astype(str))
        cells: dict[str, dict[str, str]] = {}
        for (what, model), searches in named.groupby(["what", "model"], sort=False):
            means = searches.groupby("step")["value"].mean()
            quarters = zip(means.index.astype(int), means, strict=True)
            cells.setdefault(str(what), {})[str(model)] = ", ".join(
                f"{number(left)} ({step})" for step, left in quarters
            )
        parts.append(
            pd.DataFrame.from_dict(cells, orient="index").rename_axis("what").reset_index().assign(group=heading)
        )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def sections(rows: pd.DataFrame) -> dict[str, Markup]:
    """The tables that have a row: ``detectors``, ``repairs``, ``inversions``, ``courses``."""
    shown = {
        "detectors": (
            detectors(rows),
            "Detectors of poisoned or triggered windows, beside the same detector on a clean model or set (null)",
            {
                "detector_auc": "ROC AUC",
                "detector_auc_null": "null",
                "tpr_at_1_fpr": "1 % FPR",
                "tpr_at_5_fpr": "5 % FPR",
                "tpr_at_10_fpr": "10 % FPR",
                "n": "windows",
            },
            {"True positives (%) at": ["tpr_at_1_fpr", "tpr_at_5_fpr", "tpr_at_10_fpr"]},
        ),
        "repairs": (
            repairs(rows),
            "Repairs: errors (mm) of the victim before and after, and of a clean model treated alike",
            {
                "CDE_victim_before": "before",
                "CDE_victim_after": "after",
                "CDE_clean_after": "clean model, after",
                "BDE_victim_before": "before",
                "BDE_victim_after": "after",
                "BDE_clean_after": "clean model, after",
                "gap_repaired": "gap repaired (%)",
                "n": "windows",
            },
            {
                "CDE": ["CDE_victim_before", "CDE_victim_after", "CDE_clean_after"],
                "BDE": ["BDE_victim_before", "BDE_victim_after", "BDE_clean_after", "gap_repaired"],
            },
        ),
        "inversions": (
            inversions(rows),
            "Trigger inversion: anomaly index of each body part; above 2 it is flagged",
            {"victim": "victim", "clean": "clean model"},
            {},
        ),
        "courses": (
            courses(rows),
            "Trigger inversion: objective left (%) after each quarter of the search (steps in brackets)",
            {"victim": "victim", "clean": "clean model"},
            {},
        ),
    }
    return {
        name: table(
            frame,
            name=f"defence-{name}",
            caption=caption,
            labels={"what": "Defence", **labels},
            row="what",
            group="group",
            numbers=list(labels),
            spanners=spanners,
        )
        for name, (frame, caption, labels, spanners) in shown.items()
        if len(frame)
    }
