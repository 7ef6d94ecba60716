"""The TDBA paper's numbers (Li et al., AAAI 2024) beside the run's: attacks, what is to be seen of them, detectors.

A video data set of the paper speaks to all of the paper's numbers on it; any other video data set stands for UCF-101
where the run has such a number, and is never comparable.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from kinesec.tables import backdoor
from kinesec.tables.papers._tdba_departures import TRIGGERS, of_network, of_poison
from kinesec.tables.papers.verdicts import DIFFERS, NOT_COMPARABLE, NOT_RUN, REPRODUCED

PAPER = "TDBA (Li et al., AAAI 2024, arXiv 2308.11070)"
TOLERANCE = 5.0  # percentage points, ours: as for SMART
DECIBEL, STRUCTURE, INDEX = 2.0, 0.05, 0.5  # of PSNR (dB), of SSIM and of an anomaly index, ours
DATASETS = {"ucf101": "UCF-101", "hmdb51": "HMDB-51", "gsl": "GSL"}
CLASSES = {"UCF-101": 101, "HMDB-51": 51, "GSL": 50}
STANDS_FOR = "UCF-101"
MODELS = {"SlowFast": "slowfast", "R(2+1)D": "r2plus1d", "S3D": "s3d", "I3D": "i3d"}
DETECTORS = {"NC-D": "neural_cleanse", "PT-RED": "pt_red", "TABOR": "tabor", "STRIP": "strip"}
FIGURE_3D_RATIO = 0.05
# what each panel of figure 3 varies
SWEEPS = {"Figure 3a": "ratio", "Figure 3b": "first_frequency", "Figure 3c": "delta", "Figure 3d": "spatial_components"}
SEEN = re.compile(r"(?:localised )?(?P<what>PSNR|SSIM) \(?(?P<over>min|max|mean|std) over 28x28 windows")
TESTED = re.compile(r"(?P<trigger>\w+) trained at k0=(?P<first>\d+), tested at k0=(?P<tested>\d+)")

Answer = dict[str, Any]
Row = Mapping[Any, Any]


def compare(
    tables: Mapping[str, pd.DataFrame], reference: pd.DataFrame, modules: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Rows of ``paper_comparison`` for every number of the TDBA paper that the run can speak to.

    ``tables`` may hold ``backdoor_recognition`` and ``detection``; ``modules`` names each data set's module. A number
    is ``not comparable`` unless data set, network, recipe, weights and poison are the paper's; the reasons are given.
    """
    if "backdoor_recognition" not in tables:
        return []
    attacks = backdoor.of_seeds(tables["backdoor_recognition"])
    attacks = attacks[(attacks["modality"] == "video") & (attacks["stored"] == "")]
    detections = backdoor.typed(tables["detection"]) if "detection" in tables else None
    of_paper = reference[reference["paper"] == PAPER]
    numbered = of_paper.assign(value=pd.to_numeric(of_paper["value"], errors="coerce")).to_dict("records")
    kept = ("paper", "table", "dataset", "model", "setting", "metric", "unit")
    rows = []
    for ours in dict.fromkeys(attacks["dataset"]):
        of_dataset = _Run(ours, DATASETS.get(modules.get(ours, ""), ""), attacks, detections)
        for row in numbered:
            for answer in of_dataset.answers(row):
                same = {name: row[name] for name in kept}
                rows.append({**same, "run_dataset": ours, "paper_value": row["value"], **answer})
    return rows


class _Run:
    """What a run has of one data set; ``published`` is the paper's name of it, empty for another."""

    def __init__(self, dataset: str, published: str, attacks: pd.DataFrame, detections: pd.DataFrame | None) -> None:
        self.dataset, self.published = dataset, published
        self.attacks = attacks[attacks["dataset"] == dataset]
        self.plain = backdoor.plain(self.attacks)
        self.detections = None
        if detections is not None:
            mine = (
                (detections["dataset"] == dataset)
                & (detections["modality"] == "video")
                & (detections["model"] == "victim")
            )
            modules = self.attacks.drop_duplicates("recognizer").set_index("recognizer")["recognizer_module"]
            self.detections = detections[mine].assign(
                recognizer_module=detections[mine]["recognizer"].map(modules).fillna("")
            )

    def answers(self, row: Row) -> Iterator[Answer]:
        """The answers to a number of the paper: one a victim that speaks to it, or why there is none."""
        of = str(row["dataset"]).removesuffix(" (INFERRED)")
        if of != (self.published or STANDS_FOR):
            return
        answers = list(self._answers(row))
        if answers:
            yield from answers
        elif self.published:
            nothing = dict.fromkeys(("value", "low", "high"), math.nan)
            yield {"predictor": "", **nothing, "tolerance": _tolerance(row), "verdict": NOT_RUN, "reason": _absent(row)}

    def _answers(self, row: Row) -> Iterator[Answer]:
        table, setting, metric = (str(row[name]) for name in ("table", "setting", "metric"))
        model = MODELS.get(str(row["model"]))
        if table.startswith("5") and model:
            yield from self._clean(row, model) if setting == "clean" else self._attack(row, model, setting)
        elif table in SWEEPS and model:
            yield from self._swept(row, model, SWEEPS[table])
        elif tested := TESTED.fullmatch(setting):
            yield from self._elsewhere(row, str(model), tested) if model else ()
        elif seen := SEEN.match(metric):
            yield from self._seen(row, seen)
        elif (named := re.fullmatch(r"attack=(\w+), mitigation=No Defense", setting)) and model:
            yield from self._attack(row, model, named[1])
        elif (named := re.fullmatch(r"attack=(\w+), defence=(NC-D|PT-RED|TABOR|STRIP) ?.*", setting)) and model:
            yield from self._detected(row, model, named[1], DETECTORS[named[2]])
        elif setting.startswith("RT (") and model:
            yield from self._attack(row, model, "RT")

    def _poisoned(self, model: str | None, trigger: str, **wanted: Any) -> list[dict[str, Any]]:
        """The rows of victims of a trigger on its own samples, with the published poison but for what is wanted."""
        rows = self.plain
        rows = rows[(rows["attack_module"] == TRIGGERS.get(trigger, "")) & (rows["form"] == "video")]
        if model is not None:
            rows = rows[rows["recognizer_module"] == model]
        for name, value in wanted.items():
            rows = rows[(rows[name].astype(float) - value).abs() <= 1e-9 * max(1.0, abs(value))]
        return _records(rows)

    def _clean(self, row: Row, model: str) -> Iterator[Answer]:
        rows = self.plain
        rows = rows[rows["recognizer_module"] == model].drop_duplicates(["samples", "recognizer"])
        for victim in rows.to_dict("records"):
            yield self._judged(row, victim, "clean_model_acc_percent", str(victim["recognizer"]), poisoned=False)

    def _attack(self, row: Row, model: str, trigger: str) -> Iterator[Answer]:
        yield from self._nearest(row, self._poisoned(model, trigger), trigger)

    def _nearest(self, row: Row, rows: Sequence[dict[str, Any]], trigger: str) -> Iterator[Answer]:
        """Of each network, the victim whose poison is most like the paper's."""
        column = "acc_percent" if row["metric"] == "ACC" else "asr_all_percent"
        of = sorted(rows, key=lambda victim: (victim["samples"], victim["recognizer"], len(of_poison(victim, trigger))))
        seen: set[tuple[str, str]] = set()
        for victim in of:
            place = (str(victim["samples"]), str(victim["recognizer"]))
            if place not in seen:
                seen.add(place)
                yield self._judged(row, victim, column, _name(victim))

    def _swept(self, row: Row, model: str, column: str) -> Iterator[Answer]:
        value = float(str(row["setting"]).rpartition("=")[2])
        wanted = {column: value} | ({"ratio": FIGURE_3D_RATIO} if column == "spatial_components" else {})
        for victim in self._poisoned(model, "DFT", **wanted):
            besides = (column, "ratio") if column == "spatial_components" else (column,)
            yield self._judged(row, victim, "asr_all_percent", _name(victim), varied=besides)

    def _elsewhere(self, row: Row, model: str, tested: re.Match[str]) -> Iterator[Answer]:
        """Victims tested on a trigger of another first frequency than their own."""
        rows = self.attacks[self.attacks["recognizer_module"] == model]
        rows = rows[(rows["attack_module"] == TRIGGERS.get(tested["trigger"], "")) & (rows["form"] == "video")]
        trained, other = (float(tested[name]) for name in ("first", "tested"))
        rows = rows[(rows["first_frequency"] == trained) & (rows["tested_first_frequency"] == other)]
        if trained == other:
            rows = backdoor.plain(rows)
        yield from self._nearest(row, _records(rows), tested["trigger"])

    def _seen(self, row: Row, seen: re.Match[str]) -> Iterator[Answer]:
        trigger = str(row["setting"]).removeprefix("attack=")
        unit = "_db" if seen["what"] == "PSNR" else ""
        column = f"{seen['what'].lower()}_{seen['over']}{unit}"
        rows = [victim for victim in self._poisoned(None, trigger) if not math.isnan(_number(victim.get(column)))]
        least = min((len(of_poison(victim, trigger)) for victim in rows), default=0)
        near = [victim for victim in rows if len(of_poison(victim, trigger)) == least]
        for victim in {str(victim["samples"]): victim for victim in reversed(near)}.values():
            named = f"{victim['samples']}, {victim['attack']}"
            lacks = [*self._data(), *of_poison(victim, trigger, besides=("ratio",))]
            yield _answer(row, _number(victim[column]), (math.nan, math.nan), lacks, named)

    def _detected(self, row: Row, model: str, trigger: str, detector: str) -> Iterator[Answer]:
        if self.detections is None:
            return
        searched = self.detections
        searched = searched[searched["recognizer_module"] == model]
        searched = searched[searched["attack_module"] == TRIGGERS[trigger]]
        searched = searched[searched["detector_module"] == detector]
        for (_, recognizer, attack, setting), of_seed in searched.groupby(
            ["samples", "recognizer", "attack", "setting"], sort=False
        ):
            rows = self.plain
            rows = rows[(rows["recognizer"] == recognizer) & (rows["attack"] == attack)]
            victim = rows.iloc[0].to_dict() if len(rows) else {}
            lacks = [*self._data(), *of_network(victim), *of_poison(victim, trigger)]
            samples = detector == "strip"
            if not samples:
                lacks.append("the largest index of all classes instead of the true target's")
            if (of_seed["validated_by"] == "not validated here").any():
                lacks.append("the detector does not find the attack that it was published against here")
            value = float((100 * of_seed["sample_tpr_at_15_fpr"] if samples else of_seed["index"]).median())
            if math.isnan(value):
                continue
            yield _answer(row, value, (math.nan, math.nan), lacks, f"{recognizer}, {attack}, {setting}".rstrip(", "))

    def _judged(
        self, row: Row, victim: Row, column: str, name: str, *, poisoned: bool = True, varied: Sequence[str] = ()
    ) -> Answer:
        lacks = [*self._data(), *of_network(victim)]
        if poisoned:
            trigger = next(key for key, module in TRIGGERS.items() if module == victim["attack_module"])
            lacks += of_poison(victim, trigger, besides=varied)
        share = 0.01 if row["unit"] == "fraction" else 1.0
        stem = column.removesuffix("_percent")
        ends = share * _number(victim[f"{stem}_low"]), share * _number(victim[f"{stem}_high"])
        return _answer(row, share * _number(victim[column]), ends, lacks, name)

    def _data(self) -> list[str]:
        return [] if self.published else [f"videos of {self.dataset} instead of {STANDS_FOR}"]


def _answer(row: Row, value: float, ends: tuple[float, float], lacks: Sequence[str], name: str) -> Answer:
    tolerance = _tolerance(row)
    answer: Answer = {"predictor": name, "value": value, "low": ends[0], "high": ends[1], "tolerance": tolerance}
    if lacks:
        return answer | {"verdict": NOT_COMPARABLE, "reason": "; ".join(dict.fromkeys(lacks))}
    inside = abs(value - row["value"]) <= tolerance + 1e-9
    said = f"{value - row['value']:+.3g}, {'within' if inside else 'outside'} the tolerance"
    return answer | {"verdict": REPRODUCED if inside else DIFFERS, "reason": said}


def _tolerance(row: Row) -> float:
    by_unit: Mapping[str, float] = {"%": TOLERANCE, "fraction": TOLERANCE / 100, "dB": DECIBEL, "1": STRUCTURE}
    return by_unit.get(str(row["unit"]), INDEX)


_WHY: tuple[tuple[Callable[[Row], bool], str], ...] = (
    (lambda row: "preprocessing" in row["setting"] or "pre-processing" in row["setting"], "test-time pre-processing"),
    (lambda row: "TimeSformer" in row["model"], "TimeSformer"),
    (lambda row: "mitigation=" in row["setting"] and "No Defense" not in row["setting"], "this mitigation of videos"),
    (
        lambda row: "AC" in row["setting"] and row["metric"] in ("TPR", "FPR"),
        "rates of activation clustering on videos",
    ),
    (lambda row: "STRIP" in row["setting"], "STRIP at this false positive rate on videos"),
    (lambda row: "down-sampled" in row["setting"], "a trigger that is embedded before down-sampling"),
)


def _absent(row: Row) -> str:
    for holds, what in _WHY:
        if holds(row):
            return f"the run has no {what}"
    return f"the run has no {row['model']} with {row['setting']} on this data set"


def _name(victim: Row) -> str:
    elsewhere = "" if victim["tested"] == victim["attack"] else f" on {victim['tested']}"
    return f"{victim['recognizer']}, {victim['attack']}{elsewhere}"


def _records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in rows.to_dict("records")]


def _number(value: Any) -> float:
    return math.nan if value is None or value == "" else float(value)
