"""The report's tables of backdoors on classifiers and of the detectors that search for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from kinesec.report.format import NONE, PERCENT, POINTS, SHARE, interval, number, plural, pretty
from kinesec.report.markup import table
from kinesec.tables import backdoor
from kinesec.tables.detection import NOT_VALIDATED, RATIO
from kinesec.tables.labels import detector, plain, trigger, trigger_labels

MODALITIES = {"skeleton": "skeletons", "video": "videos"}
TITLES = {
    "backdoors": "Backdoors",
    "sizes": "How large a trigger must be",
    "controls": "Other triggers, and samples stored with loss",
    "detectors": "Detectors",
    "repairs": "Repairs",
}
CAPTIONS = {
    "backdoors": "Backdoors by all-to-one poisoning (%). ASR: triggered samples of other classes than the target that "
    "are called target; beside it clean samples that the backdoored network calls target, and triggered ones that the "
    "clean network does. An asterisk marks triggers that are ours",
    "sizes": f"The least size at which ASR passes {backdoor.PASSES:g} %, after the next smaller that was tried",
    "controls": "ASR (%) of backdoored networks on another trigger than their own, and on samples that were changed on "
    "their way, clean and triggered alike",
    "detectors": "Detectors. The published index; the p-value of what is ranked among clean networks of the same data, "
    "for searches the median norm over the smallest; flagged by the published rule (index above 2) and by p < 0.05, of "
    "all networks of a kind. A detector that does not find here what it was published against has no verdict",
    "repairs": "Repairs: accuracy and success (%) on the test samples before and after, means over networks. What a "
    "repair costs a clean network stands beside it",
}
LABELS: dict[str, dict[str, str]] = {
    "backdoors": {
        **{"what": "Backdoor", "acc": "ACC", "change": "change of ACC", "asr": "ASR", "base": "clean called target"},
        **{"clean_model": "clean network", "all": "ASR, all", "size": "change", "seen": "least PSNR (dB)"},
        **{"first": "first 4 frames (%)", "verdict": "verdict"},
    },
    "sizes": {"what": "Backdoor", "size": "size", "rms": "change rms", "largest": "largest ASR (%)"},
    "controls": {"what": "Backdoor, tested on", "acc": "ACC", "asr": "ASR", "base": "clean called target"},
    "detectors": {
        **{
            "what": "Detector, networks",
            "n": "networks",
            "index": "median index",
            "ranked": "p ranks",
            "p": "median p",
        },
        **{"rule": "by the rule (%)", "by_p": "by p (%)", "auc": "AUC", "verdict": "verdict"},
    },
    "repairs": {
        **{"what": "Repair, networks", "n": "networks", "acc_before": "ACC before", "acc": "ACC after"},
        **{"asr_before": "ASR before", "asr": "ASR after"},
    },
}
WORDS = ("what", "verdict", "ranked")


def sections(paths: Mapping[str, str | Path]) -> dict[str, Markup]:
    """The tables of backdoors that a run has, of its CSV files by name; none without backdoors on classifiers."""
    made: dict[str, pd.DataFrame] = {}
    if "backdoor_recognition" in paths:
        rows = backdoor.read(paths["backdoor_recognition"])
        made |= {"backdoors": backdoors(rows), "sizes": sizes(rows), "controls": controls(rows)}
    if "detection" in paths:
        made["detectors"] = detectors(backdoor.read(paths["detection"]))
    if "backdoor_repairs" in paths:
        made["repairs"] = repairs(backdoor.read(paths["backdoor_repairs"]))
    return {
        name: table(
            frame,
            name=f"backdoor-{name}",
            caption=CAPTIONS[name],
            labels=LABELS[name],
            row="what",
            group="group",
            numbers=[label for label in LABELS[name] if label not in WORDS],
        )
        for name, frame in made.items()
        if len(frame)
    }


def _heading(row: Mapping[Any, Any]) -> str:
    return f"{row['dataset']}, {row['samples']} ({MODALITIES[row['modality']]}) \u00b7 {pretty(row['recognizer'])}"


def _cell(row: Mapping[Any, Any], name: str, unit: str = "percent") -> str:
    stem = name if unit == "percent" else f"{name}_{unit}"
    within = PERCENT if unit == "percent" else POINTS
    return interval(*(float(row[key]) for key in (f"{name}_{unit}", f"{stem}_low", f"{stem}_high")), within=within)


def _seeds(rows: pd.DataFrame) -> dict[tuple[str, ...], int]:
    """How many seeds each network has."""
    single = rows[rows["seed"] != "all"]
    groups = single.groupby(list(backdoor.CASE), sort=False)
    return {tuple(map(str, key)): int(group["seed"].nunique()) for key, group in groups}


def _samples(seeds: Mapping[tuple[str, ...], int], row: Mapping[Any, Any]) -> str:
    count = seeds[tuple(str(row[name]) for name in backdoor.CASE)]
    return f"{_heading(row)} \u00b7 {plural(int(row['n']), 'sample')}, {plural(count, 'seed')}"


def backdoors(rows: pd.DataFrame) -> pd.DataFrame:
    """A row a backdoor of a network: accuracy, success, what both are without it, and what is to be seen of it."""
    chosen = backdoor.plain(backdoor.of_seeds(rows))
    labels, seeds = _labels(chosen), _seeds(rows)
    return pd.DataFrame(
        [
            {
                "what": labels[row["modality"], row["attack"]] + ("*" if _true(row["ours"]) else ""),
                "group": _samples(seeds, row),
                "acc": _cell(row, "acc"),
                "change": _cell(row, "acc_change", "points"),
                "asr": _cell(row, "asr_non_target"),
                "base": _cell(row, "base_rate"),
                "clean_model": _cell(row, "clean_model_asr"),
                "all": number(float(row["asr_all_percent"])),
                "size": _with_unit(row, "rms"),
                "seen": number(float(row["psnr_min_db"])),
                "first": number(100 * float(row.get("first_frames_energy_share", float("nan")))),
                "verdict": row["verdict"],
            }
            for row in chosen.to_dict("records")
        ],
        columns=[*LABELS["backdoors"], "group"],
    )


def _labels(rows: pd.DataFrame) -> dict[tuple[str, str], str]:
    """What to call each backdoor of a modality."""
    return {
        (str(modality), name): label
        for modality, group in rows.groupby("modality", sort=False)
        for name, label in trigger_labels(group).items()
    }


def _with_unit(row: Mapping[Any, Any], name: str) -> str:
    value = float(row[name])
    return NONE if value != value else f"{number(value)} {row[f'{name}_unit']}"


def _true(value: object) -> bool:
    return str(value) in ("True", "1", "1.0")


def sizes(rows: pd.DataFrame) -> pd.DataFrame:
    """A row a trigger whose size the run varies: between which two sizes it passes."""
    passed = backdoor.passing(rows)
    labels = trigger_labels(passed.assign(attack=[str(place) for place in range(len(passed))])) if len(passed) else {}
    made = []
    for place, row in enumerate(passed.to_dict("records")):
        below, at, unit = number(float(row["below"])), float(row["passing"]), row["size_unit"]
        unit = "" if unit == "delta" else f" {unit}"
        size = f"above {below}{unit}" if at != at else f"{below} to {number(at)}{unit}"
        made.append(
            {
                "what": labels[str(place)],
                "group": _heading(row),
                "size": f"{size}, delta" if row["size_unit"] == "delta" else size,
                "rms": _with_unit(row, "rms"),
                "largest": number(float(row["largest_percent"])),
            }
        )
    return pd.DataFrame(made, columns=[*LABELS["sizes"], "group"])


def controls(rows: pd.DataFrame) -> pd.DataFrame:
    """A row a backdoor and what else it is tested on: other triggers, samples stored with loss."""
    chosen = backdoor.of_seeds(rows)
    labels, seeds = _labels(chosen), _seeds(rows)
    others = chosen.drop(backdoor.plain(chosen).index)
    return pd.DataFrame(
        [
            {
                "what": f"{labels[row['modality'], row['attack']]}, {_test(row)}",
                "group": _samples(seeds, row),
                "acc": _cell(row, "acc"),
                "asr": _cell(row, "asr_non_target"),
                "base": _cell(row, "base_rate"),
            }
            for row in others.to_dict("records")
        ],
        columns=[*LABELS["controls"], "group"],
    )


def _test(row: Mapping[Any, Any]) -> str:
    parts = [plain(row["tested"])] if row["tested"] != row["attack"] else []
    return ", ".join([*parts, *([plain(row["stored"])] if row["stored"] else [])])


def _kinds(rows: pd.DataFrame) -> Iterator[tuple[dict[str, str], pd.DataFrame]]:
    """(``what`` and ``group``, rows) of each detector or repair, setting and kind of networks (a trigger's, clean)."""
    for _, of_setting in rows.groupby([*backdoor.CASE, "detector", "setting"], sort=False, dropna=False):
        first = of_setting.iloc[0].to_dict()
        name = detector(str(first["detector_module"])) + (f", {plain(first['setting'])}" if first["setting"] else "")
        for (model, module), group in of_setting.groupby(["model", "attack_module"], sort=False, dropna=False):
            networks = trigger(str(module)) if model == "victim" else "clean networks"
            yield {"what": f"{name}: {networks}", "group": _heading(first)}, group


def detectors(rows: pd.DataFrame) -> pd.DataFrame:
    """A row a detector and kind of networks: how many it flags, and its verdict."""
    made = [
        {
            **named,
            "n": str(len(group)),
            "index": number(float(group["index"].median())),
            "ranked": "the ratio of norms" if group["ranked"].iloc[0] == RATIO else "the index",
            "p": number(float(group["p_value"].median())),
            "rule": _flagged(group["flagged"]),
            "by_p": _flagged(group["flagged_p"]),
            "auc": interval(*(float(group[f"attack_auc{end}"].iloc[0]) for end in ("", "_low", "_high")), within=SHARE),
            "verdict": _verdict(group),
        }
        for named, group in _kinds(rows)
    ]
    return pd.DataFrame(made, columns=[*LABELS["detectors"], "group"])


def repairs(rows: pd.DataFrame) -> pd.DataFrame:
    """A row a repair and kind of networks: before its first epoch and after its last."""
    made = []
    for named, group in _kinds(rows):
        steps = group["epoch"].fillna(0) if "epoch" in group else pd.Series(0.0, index=group.index)
        ends = {"_before": group[steps == steps.min()], "": group[steps == steps.max()]}
        cells = {
            f"{metric}{end}": number(float(of_end[f"{metric}_percent"].mean()))
            for end, of_end in ends.items()
            for metric in ("acc", "asr")
        }
        made.append({**named, "n": str(len(group[["attack", "seed"]].drop_duplicates())), **cells})
    return pd.DataFrame(made, columns=[*LABELS["repairs"], "group"])


def _flagged(values: pd.Series) -> str:
    known = values.dropna().map(_true)
    return number(100 * float(known.mean())) if len(known) else NONE


def _verdict(group: pd.DataFrame) -> str:
    """In words: by p of most of these networks, where the detector may say anything."""
    if (group["validated_by"] == NOT_VALIDATED).any():
        return f"{NOT_VALIDATED}, of {trigger(str(group['published_against'].iloc[0]))}"
    return "flagged" if group["flagged_p"].dropna().map(_true).mean() > 0.5 else "not flagged"
