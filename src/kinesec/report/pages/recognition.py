"""The report's tables on recognizers and the attacks on them, each number beside its control and its cost."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from kinesec.report.format import LENGTH, NONE, PERCENT, interval, number, plural, pretty
from kinesec.report.markup import table
from kinesec.report.pages import blackbox, robustness
from kinesec.tables.bounds import of_presets
from kinesec.tables.labels import attack_labels, plain
from kinesec.tables.recognition import read, sharing
from kinesec.tables.seeds import count, of_seeds

COSTS = {
    "displacement_mm": "displacement (mm)",
    "acceleration_deviation_mm": "acceleration (mm/frame\u00b2)",
    "angular_acceleration_deviation_degrees": "angular acceleration (\u00b0/frame\u00b2)",
    "bone_change_percent": "bone lengths (%)",
}
PAPER_TABLES = {
    "smart_table_1": "Success rates (%) by strategy: the paper's table 1",
    "smart_table_2": "Success rates (%) of AB transfer, surrogate by target: the paper's table 2",
    "smart_table_3": "Success rates (%) of transfer, surrogate by target: the paper's table 3",
    "smart_table_4": "Methods side by side: the paper's table 4, with perceptual costs in place of its user study",
}


def _cell(row: Mapping[Any, Any], value: str, low: str, high: str) -> str:
    # shares in per cent are up to a whole; costs and their quotients have no end
    within = PERCENT if value.endswith("_percent") and not value.startswith("bone_") else LENGTH
    return interval(float(row[value]), float(row[low]), float(row[high]), within=within)


def _seeds(rows: pd.DataFrame) -> str:
    """How many seeds the rows are of."""
    return str(count(rows))


def _groups(rows: pd.DataFrame, by: Sequence[str]) -> Iterator[tuple[str, pd.DataFrame]]:
    """(heading, rows) of each data set, clips and further column; the split stands with the clips."""
    for key, group in rows.groupby(["dataset", "clips", "split_by", *by], sort=False, dropna=False):
        dataset, clips, split, *more = map(str, key)
        leaky = ", split by window: LEAKY" if split == "paper_leaky" else f", split by {split}"
        yield " \u00b7 ".join([f"{dataset}, {clips}{leaky}", *map(pretty, more)]), group


def accuracy(rows: pd.DataFrame) -> pd.DataFrame:
    """recognizer by accuracy on validation and test clips."""
    kept = rows[rows["class"] == "mean"] if "class" in rows else rows
    parts = []
    for heading, group in _groups(kept, []):
        counts = {split: int(rows_of_split["n"].min()) for split, rows_of_split in group.groupby("split")}
        tested = plural(counts.get("test", 0), "test clip")
        for (recognizer, training), training_rows in group.groupby(["recognizer", "training"], sort=False):
            cells = {"what": f"{recognizer}, {training}", "group": f"{heading} \u00b7 {tested}"}
            cells["seeds"] = _seeds(training_rows)
            for split in ("val", "test"):
                here = of_seeds(training_rows[training_rows["split"] == split])
                in_split = [
                    _cell(row, "accuracy_percent", "low_percent", "high_percent") for row in here.to_dict("records")
                ]
                cells[split] = in_split[0] if in_split else NONE
            parts.append(cells)
    return pd.DataFrame(parts)


def _setting(row: Mapping[Any, Any]) -> Iterator[str]:
    yield from (plain(str(row[name])) for name in ("reduction", "after_success") if row[name])
    if row.get("chosen"):
        changes = json.loads(row["attack_changes"])
        yield ", ".join(f"{name} {changes.get(name, 'as published')}" for name in str(row["chosen"]).split(", "))


def attacks(rows: pd.DataFrame) -> pd.DataFrame:
    """attack by success, control and costs; what its loss reduces to and what follows success.

    Attacks within other bounds than their own have a figure.
    """
    parts = []
    for heading, group in _groups(of_presets(rows), ["recognizer"]):
        labels = attack_labels(group)
        for row in of_seeds(group).to_dict("records"):
            label = labels[row["attack"]]
            strategy = "" if row["strategy"] in label.split(", ") else f", {row['strategy']}"
            cells = {
                "what": f"{label}{strategy}",
                "group": heading,
                "setting": "; ".join(_setting(row)) or NONE,
                "n": f"{int(row['n'])}",
                "seeds": _seeds(group[group["attack"] == row["attack"]]),
                "success": _cell(row, "success_percent", "low_percent", "high_percent"),
                "control": number(float(row["control_percent"])),
                "iterations": f"{float(row['iterations_median']):g}",
            }
            cells |= {name: _cell(row, name, f"{name}_low", f"{name}_high") for name in COSTS}
            parts.append(cells)
    return pd.DataFrame(parts)


def pairs(rows: pd.DataFrame, attacks: pd.DataFrame) -> pd.DataFrame:
    """two attacks by the quotients of their costs over the clips on which both succeed."""
    parts = []
    chosen = of_seeds(rows) if len(rows) else rows
    keys = ["dataset", "clips", "recognizer", "strategy"]
    for key, group in chosen.groupby(keys, sort=False):
        dataset, clips, recognizer, strategy = map(str, key)
        labels = attack_labels(attacks[attacks["strategy"] == strategy])
        for (attack, against), of_pair in group.groupby(["attack", "against"], sort=False):
            first = of_pair.iloc[0]
            cells = {
                "what": f"{labels[str(attack)]} / {labels[str(against)]}",
                "group": f"{dataset}, {clips} \u00b7 {pretty(recognizer)} \u00b7 {strategy}",
                "n": f"{int(first['n'])}",
            }
            for name in COSTS:
                here = of_pair[of_pair["metric"] == name].to_dict("records")
                cells[name] = _cell(here[0], "ratio", "ratio_low", "ratio_high") if here else NONE
            parts.append(cells)
    return pd.DataFrame(parts)


def transfers(rows: pd.DataFrame) -> pd.DataFrame:
    """surrogate and target by success over correctly classified clips, over those that fool the surrogate, controls."""
    parts = []
    for heading, group in _groups(rows, []):
        labels = attack_labels(group)
        chosen = of_seeds(group)
        for row, shared in zip(chosen.to_dict("records"), sharing(chosen), strict=True):
            pair = f"{pretty(row['surrogate'])} \u2192 {pretty(row['recognizer'])}"
            parts.append(
                {
                    "what": f"{pair} [shared]" if shared else pair,
                    "group": f"{heading} \u00b7 {labels[row['attack']]}",
                    "n": f"{int(row['n'])}",
                    "success": _cell(row, "success_percent", "low_percent", "high_percent"),
                    "of_fooled": _cell(row, "of_fooled_percent", "of_fooled_low", "of_fooled_high"),
                    "control": _cell(row, "control_percent", "control_low", "control_high"),
                    "random": _cell(row, "random_percent", "random_low", "random_high"),
                    "clean": _cell(row, "clean_error_percent", "clean_error_low", "clean_error_high"),
                }
            )
    return pd.DataFrame(parts)


def sections(paths: Mapping[str, str | Path]) -> dict[str, Markup]:
    """The tables of recognition that a run has, of its CSV files by name; none without recognition."""
    made = {name: read(path) for name, path in paths.items() if name in READ}
    tables: dict[str, Markup] = {}
    for name, (frame, caption, labels, spanners) in _shown(made).items():
        if len(frame):
            tables[name] = table(
                frame,
                name=f"recognition-{name.replace('_', '-')}",
                caption=caption,
                labels=labels,
                row="what",
                group="group",
                numbers=[label for label in labels if label not in WORDS],
                spanners=spanners,
            )
    for name, caption in PAPER_TABLES.items():
        if name in paths:
            frame = pd.read_csv(paths[name], dtype=str, keep_default_na=False)
            row = "surrogate" if "surrogate" in frame else "recognizer"
            numbers = [str(column) for column in frame if column not in (row, "group")]
            tables[name] = table(
                frame,
                name=name.replace("_", "-"),
                caption=caption,
                labels={row: row.capitalize(), **{column: column for column in numbers}},
                row=row,
                group="group",
                numbers=numbers,
            )
    return tables


TITLES = {
    "accuracy": "Accuracy",
    "attacks": "Attacks",
    "equal_success": "Attacks at equal success",
    "transfer": "Transfer",
    "blackbox": "Attacks on labels alone",
    "robustness": "Defences under attack",
    "robustness_pairs": "Defences against each other",
    "certificates": "Certified radii",
}
TITLES |= {name: f"The SMART paper's table {name[-1]}" for name in PAPER_TABLES}
READ = (
    *("recognition_accuracy", "recognition_attacks", "attack_pairs", "transfer", "blackbox"),
    *("robustness", "robustness_pairs", "certificates"),
)
WORDS = ("what", "setting", "flag", "verdict")
Shown = tuple[pd.DataFrame, str, dict[str, str], dict[str, list[str]]]


def _shown(made: Mapping[str, pd.DataFrame]) -> dict[str, Shown]:
    costs, shown = list(COSTS), dict[str, Shown]()
    if "recognition_accuracy" in made:
        frame = accuracy(made["recognition_accuracy"])
        shown["accuracy"] = (
            frame,
            "Accuracy (%) of the recognizers",
            {"what": "Recognizer, training", "seeds": "seeds", "val": "validation", "test": "test"},
            {},
        )
    if "recognition_attacks" in made:
        rows = made["recognition_attacks"]
        labels = {
            "what": "Attack",
            "setting": "Reduction; after success; chosen on validation clips",
            **{"n": "clips", "seeds": "seeds"},
            "success": "success (%)",
        }
        labels |= {"control": "control (%)", "iterations": "iterations", **COSTS}
        caption = "Attacks: success over the correctly classified clips, and the mean cost of the successes"
        shown["attacks"] = attacks(rows), caption, labels, {"Cost of success": costs}
        if "attack_pairs" in made:
            caption = "Two attacks at equal success: the cost of the first over that of the second, where both succeed"
            frame = pairs(made["attack_pairs"], rows)
            bare = {name: title.partition(" (")[0] for name, title in COSTS.items()}  # a quotient has no unit
            shown["equal_success"] = frame, caption, {"what": "Attacks", "n": "clips", **bare}, {"Quotient": costs}
    if "transfer" in made:
        caption = (
            "Transfer: attacked clips of the surrogate, shown to the target; [shared]: these two have a network in "
            "common, which is no transfer"
        )
        labels = {"what": "Surrogate \u2192 target", "n": "clips", "success": "success (%)"}
        labels |= {"of_fooled": "of those that fool the surrogate (%)", "control": "another clip's change (%)"}
        labels |= {"random": "the same sizes at random (%)", "clean": "wrong unattacked (%)"}
        shown["transfer"] = transfers(made["transfer"]), caption, labels, {}
    if "blackbox" in made:
        shown["blackbox"] = blackbox.blackbox(made["blackbox"]), blackbox.CAPTION, blackbox.LABELS, blackbox.SPANNERS
    if "robustness" in made:
        frame, labels = robustness.robustness(made["robustness"])
        shown["robustness"] = frame, robustness.CAPTION, labels, {}
        if "robustness_pairs" in made and len(made["robustness_pairs"]):
            frame = robustness.pairs(made["robustness_pairs"], made["robustness"])
            shown["robustness_pairs"] = frame, robustness.PAIRS_CAPTION, robustness.PAIRS_LABELS, {}
    if "certificates" in made:
        frame = robustness.certificates(made["certificates"])
        shown["certificates"] = frame, robustness.CERTIFICATES_CAPTION, robustness.CERTIFICATES_LABELS, {}
    return shown
