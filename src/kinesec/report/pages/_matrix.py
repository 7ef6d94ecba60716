"""The run at a glance: every backdoor beside its clean model in a row; what sets it off; how conspicuous it is."""

from __future__ import annotations

import math

import pandas as pd

from kinesec.report.format import ANY, FINE, LENGTH, NONE, PERCENT, interval, number, plural
from kinesec.report.pages._rows import ORDER, POWERS, groups, stack
from kinesec.tables import seeds, strategies

MATRIX = {
    "cde_clean": ("clean", "clean", "CDE"),
    "cde_victim": ("victim", "clean", "CDE"),
    "bde_clean": ("clean", "triggered", "BDE"),
    "bde_victim": ("victim", "triggered", "BDE"),
    "asr_victim": ("victim", "triggered", "ASR"),
}
PAIRED = {
    "change": ("victim", "clean", "CDE_change_percent"),
    "gap": ("victim", "triggered", "gap_closed"),
    "half": ("victim", "triggered", "ASR_half_gap"),
}

RANGES = {"gap": (-math.inf, 1.0), "half": PERCENT}


def percent(after: float, before: float) -> str:
    """By how much a number is larger or smaller than another: ``+3.2 %``; a dash where both are nothing."""
    if math.isnan(after) or math.isnan(before) or max(abs(after), abs(before)) < FINE or before == 0:
        return NONE
    change = 100 * (after / before - 1)
    return f"{change:+.{0 if abs(change) >= 10 else 1}f} %".replace("-", "\u2212")


def matrix(table: pd.DataFrame) -> pd.DataFrame:
    """strategy by CDE of clean model and victim, BDE of both and ASR; and what is compared within a window.

    That is the change of CDE in per cent, the share of the way from the clean model to the target and the share of
    windows past half of it, each with its interval.
    """
    rows = []
    for dataset, protocol, predictor, strategy, of_case in strategies.cases(table):
        widest = strategies.last(of_case[of_case["sampling"] == strategies.widest(of_case)])
        averaged = seeds.over_seeds(widest, ["model", "windows", "metric"])
        keys = ["model", "windows", "metric"]
        means = {
            tuple(key): tuple(ends)
            for *key, ends in zip(*(averaged[key] for key in keys), _ends(averaged), strict=True)
        }
        nothing = (math.nan, math.nan, math.nan)
        rows.append(
            {name: number(means.get(key, nothing)[0]) for name, key in MATRIX.items()}
            | {name: interval(*means.get(key, nothing), within=RANGES.get(name, ANY)) for name, key in PAIRED.items()}
            | {
                "group": f"{dataset}, {protocol} \u00b7 {predictor} \u00b7 {plural(seeds.count(widest), 'seed')}",
                "strategy": str(strategy),
            }
        )
    return pd.DataFrame(rows)


_KINDS = {"triggered": "the trigger itself", "half_frames": "in half of the history", "wrong_limb": "on the wrong limb"}
_NEAREST = "nearest clean windows, {}"


def near_misses(table: pd.DataFrame) -> pd.DataFrame:
    """kind of near miss by BDE of clean model and victim and ASR of the victim; CDE of the nearest clean windows."""
    parts = []
    for heading, rows in groups(table):
        here = strategies.last(rows)
        angles = sorted(
            {
                float(name.removeprefix(strategies.ROTATED))
                for name in here["windows"]
                if name.startswith(strategies.ROTATED)
            }
        )
        kinds = {"triggered": _KINDS["triggered"]}
        kinds |= {f"{strategies.ROTATED}{angle:g}": f"limb turned by {angle:g}\u00b0" for angle in angles}
        kinds |= _KINDS | {"natural_nearest": _NEAREST.format("against the target")}
        kinds["natural_nearest_truth"] = _NEAREST.format("against the truth")
        cells = {}
        for name, (model, metrics) in {
            "clean": ("clean", ("BDE", "CDE")),
            "victim": ("victim", ("BDE", "CDE")),
            "asr": ("victim", ("ASR",)),
        }.items():
            of_model = here[(here["model"] == model) & here["metric"].isin(metrics) & here["windows"].isin(list(kinds))]
            means = seeds.over_seeds(of_model, ["windows"])
            within = PERCENT if metrics == ("ASR",) else LENGTH
            ends = [interval(*row, within=within) for row in means[["value", "low", "high"]].values.tolist()]
            cells[name] = pd.Series(ends, index=means["windows"], dtype=object)
        frame = pd.DataFrame(cells, dtype=object).fillna(NONE)
        parts.append((heading, frame.reindex([name for name in kinds if name in frame.index]).rename(index=kinds)))
    return stack(parts, "kind")


# the windows' kind and their mean, and what a row of it is called
_MEANS = (
    ("train_poisoned", strategies.MEAN, ""),
    ("train_before", strategies.MEAN, ", before poisoning"),
    ("train_poisoned", strategies.WINDOWS, ", mean over windows"),
)


def selections(table: pd.DataFrame) -> pd.DataFrame:
    """metric by selection: Acc, Jerk and BLC of poisoned training windows, and the change against random selection.

    Beside the mean over actions stand that of the same windows before poisoning, and the mean over windows. All means
    over actions are over the same actions: a selection that leaves actions out has none.
    """
    named = table["metric"] + ", " + table["part"] + " (" + table["unit"].replace(POWERS) + ")"
    of_means = []
    for kind, mean, more in _MEANS:
        of_mean = table[(table["action"] == mean) & table["windows"].isin([kind, "train_clean"])]
        of_means.append(of_mean.assign(what=named[of_mean.index] + more))
    rows = pd.concat(of_means)
    parts: list[tuple[str, pd.DataFrame]] = []
    chosen = [name for name in ("random",) if any(strategy.selection == name for strategy in strategies.poisons(rows))]
    for dataset, protocol in rows[["dataset", "protocol"]].drop_duplicates().values.tolist():
        here = rows[(rows["dataset"] == dataset) & (rows["protocol"] == protocol)]
        for same in dict.fromkeys(strategy._replace(selection="") for strategy in strategies.poisons(here)):
            heading = f"{dataset}, {protocol} \u00b7 {str(same).rpartition(',')[0]}"
            columns: dict[str, pd.Series] = {}
            means: dict[str, pd.Series] = {}
            everything = here.loc[here["windows"] == "train_clean", "n"].max()
            for strategy in strategies.poisons(here):
                if strategy._replace(selection="") != same:
                    continue
                of_one = strategies.of_strategy(here, strategy)
                clean = seeds.over_seeds(of_one[of_one["windows"] == "train_clean"], ["what"]).set_index("what")
                of_chosen = of_one[of_one["windows"] != "train_clean"]
                by_metric = seeds.over_seeds(of_chosen, ["what"]).set_index("what")
                if clean["n"].max() < everything:
                    over_actions = ~by_metric.index.str.endswith(_MEANS[-1][2])
                    by_metric.loc[over_actions, ["value", "low", "high"]] = math.nan
                else:
                    columns.setdefault("all clean windows", _cells(clean))
                columns[strategy.selection], means[strategy.selection] = _cells(by_metric), by_metric["value"]
            for name in means:
                if name != "random" and "random" in means:
                    change = [percent(means[name][what], means["random"][what]) for what in columns[name].index]
                    text = [
                        cell if cell == NONE else f"{cell}, {by}"
                        for cell, by in zip(columns[name], change, strict=True)
                    ]
                    columns[name] = pd.Series(text, index=columns[name].index)
            frame = pd.DataFrame(columns)
            order = sorted(
                frame.index, key=lambda what: [ORDER.index(w) for w in what.partition(" (")[0].split(", ")][::-1]
            )
            parts.append((heading, frame.loc[order]))
    stacked = stack(parts, "what").fillna(NONE)
    front = ["what", "group", "all clean windows", *chosen]
    return stacked[[*(name for name in front if name in stacked), *(n for n in stacked if n not in front)]]


def _ends(means: pd.DataFrame) -> list[list[float]]:
    return list(means[["value", "low", "high"]].values.tolist())


def _cells(means: pd.DataFrame) -> pd.Series:
    return pd.Series([interval(*row, within=LENGTH) for row in _ends(means)], index=means.index)
