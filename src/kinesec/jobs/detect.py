"""One detector or repair of one classifier, backdoored or clean: samples and a model in, records and table rows out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kinesec import seeding
from kinesec.defences.base import VICTIM, Detection, Outcome, Repair, Statistic
from kinesec.defences.cases import recognition, video
from kinesec.defences.cases.classification import Case, Samples, poisoned
from kinesec.defences.run import Task, run
from kinesec.errors import ConfigError
from kinesec.files.kinds.poisoned_clips import POISONED_CLIPS
from kinesec.files.kinds.poisoned_videos import POISONED_VIDEOS
from kinesec.metrics.detection import auc, tpr_at
from kinesec.models.device import best_device
from kinesec.models.fit import load_for
from kinesec.models.recognizers.base import RECOGNIZERS
from kinesec.samples.clips.checks import checked
from kinesec.samples.clips.clips import Clips
from kinesec.samples.poisoned import load_poisoned
from kinesec.tables.files import write_csv

LEVELS = (0.01, 0.05, 0.1, 0.15)
ROW = ("detector", "setting", "metric", "action", "value", "unit", "n", "flagged", "share", "rate", "epoch")
RECORD = ("setting", "kind", "sample", "marked", "share", "rate", "epoch", "metric", "value")
REPAIRED = {"clean": "ACC", "triggered": "ASR"}
HELD = 0.1
EACH = 2


def held(training: Samples, validation: Samples, classes: int, seed: int) -> Samples:
    """The defender's clean samples: validation samples, which no gradient has seen, where there are two a class.

    Else a seeded draw of a tenth of the training samples among those that were never poisoned, at least two a class.
    """
    if len(validation) >= EACH * classes:
        return validation
    never = seeding.generator(seed, "detect", "held").permutation(np.flatnonzero(~training.marked))
    return training.take(np.sort(never[: max(EACH * classes, int(HELD * len(training)))]))


def detect(
    *,
    model_path: Path,
    detector: Mapping[str, Any],
    identity: Mapping[str, Any],
    records_path: Path,
    table_path: Path,
    clips_path: Path | None = None,
    videos_path: Path | None = None,
    poison_path: Path | None = None,
    poison: Mapping[str, Any] | None = None,
) -> None:
    """Writes the records (Parquet: a row a sample and score) and table rows (CSV) of one detector on one model.

    ``clips_path`` or ``videos_path`` are the clean samples that the model was trained on; with both, the videos are
    those and the clips what they were rendered from. ``poison_path`` are the poisoned ones, none of a clean model;
    ``poison``, the definition of a backdoor, triggers the test samples, so that there are records of them.
    ``detector`` has ``detector`` (its module) and ``settings``; ``identity`` has ``seed`` and whatever else names the
    rows. Raises ``KinesecError`` for a poison of other samples, ``ConfigError`` for a detector of other tasks.
    """
    seed = int(identity["seed"])
    if videos_path is not None:
        case: Case = _videos(videos_path, clips_path, model_path, poison_path, poison, seed)
    elif clips_path is not None:
        case = _clips(clips_path, model_path, poison_path, poison, seed)
    else:
        raise ConfigError("detect: found neither clips nor videos, expected one of them")
    task: Task = "video" if case.modality == "video" else "recognition"
    outcomes = run(case, task, detector["detector"], detector["settings"])
    named = {**identity, "detector": identity.get("detector", detector["detector"])}
    records_path.parent.mkdir(parents=True, exist_ok=True)
    records(outcomes).assign(**named).to_parquet(records_path, index=False)
    write_csv(rows(outcomes, named), str(table_path))


def _clips(
    path: Path, model_path: Path, poison_path: Path | None, poison: Mapping[str, Any] | None, seed: int
) -> recognition.Case:
    training, test = checked(path, "train"), checked(path, "test")
    model, description = load_for(model_path, path, training)
    seen, target = Samples(training.normalised, training.label), None
    if poison_path is not None:
        changed = load_poisoned(poison_path, POISONED_CLIPS, training.attrs)
        moved = replace(training.take_rows(changed.index), position=changed.value).normalised
        seen, target = poisoned(seen.value, seen.label, moved, changed.index, changed.target), changed.target
    tests = {"clean": Samples(test.normalised, test.label)}
    if poison is not None:
        after, target = _triggered(test, poison, seed)
        tests["triggered"] = Samples(after.normalised, test.label)
    validation = checked(path, "val", empty=True)
    return recognition.Case(
        model=model,
        classes=training.classes,
        training=seen,
        clean=held(seen, Samples(validation.normalised, validation.label), len(training.classes), seed),
        test=tests,
        recipe=RECOGNIZERS.recipe(description["recognizer"], description["recipe"]),
        description=description,
        kind=RECOGNIZERS,
        device=best_device(),
        seed=seed,
        target=target,
        skeleton=training.skeleton,
    )


def _videos(
    path: Path,
    clips_path: Path | None,
    model_path: Path,
    poison_path: Path | None,
    poison: Mapping[str, Any] | None,
    seed: int,
) -> video.Case:
    from kinesec.models.videonets.base import VIDEONETS
    from kinesec.samples.clips import clips
    from kinesec.samples.videos.videos import load

    training, validation, test = (load(path, split) for split in ("train", "val", "test"))
    model, description = VIDEONETS.load(model_path, best_device())
    if description["videos_sha256"] != training.attrs["content_sha256"]:
        raise ConfigError(f"{model_path}: found a network of other videos, expected one of {path}")
    seen, target = Samples(np.asarray(training.video), training.label), None
    if poison_path is not None:
        changed = load_poisoned(poison_path, POISONED_VIDEOS, training.attrs)
        seen = poisoned(seen.value, seen.label, changed.value, changed.index, changed.target)
        target = changed.target
    tests = {"clean": Samples(np.asarray(test.video), test.label)}
    if poison is not None:
        rendered = None if clips_path is None else clips.load(clips_path)
        after, target = _triggered(test, poison, seed, rendered)
        tests["triggered"] = Samples(np.asarray(after.video), test.label)
    return video.Case(
        model=model,
        classes=training.classes,
        training=seen,
        clean=held(seen, Samples(np.asarray(validation.video), validation.label), len(training.classes), seed),
        test=tests,
        recipe=VIDEONETS.recipe(description["videonet"], description["recipe"]),
        description=description,
        kind=VIDEONETS,
        device=best_device(),
        seed=seed,
        target=target,
    )


def _triggered(test: Any, poison: Mapping[str, Any], seed: int, rendered: Clips | None = None) -> tuple[Any, int]:
    """Test samples with the trigger in each, and the backdoor's target."""
    from kinesec.poisoning.classification.poison import Poison as Definition
    from kinesec.poisoning.classification.poison import triggered

    definition = Definition(**poison)
    return triggered(test, definition.trigger_of(seed), rendered), definition.target_of(test.classes)


def records(outcomes: Sequence[Outcome]) -> pd.DataFrame:
    """A row a sample: of a detection its score (high looks poisoned), of a repair 1 for an error or for a success."""
    parts = [_record(outcome) for outcome in outcomes if isinstance(outcome, Detection | Repair)]
    whole = [part for of in parts for part in of]
    if not whole:
        return pd.DataFrame(columns=list(RECORD)).astype({"value": "float64", "marked": "bool"})
    return pd.concat(whole, ignore_index=True)[list(RECORD)]


def _record(outcome: Detection | Repair) -> Iterator[pd.DataFrame]:
    nothing = {"setting": outcome.setting, "share": np.nan, "rate": np.nan, "epoch": -1, "marked": False}
    if isinstance(outcome, Detection):
        score = outcome.score[VICTIM]
        made = {**nothing, "kind": outcome.windows, "marked": outcome.marked[VICTIM], "metric": "score"}
        yield pd.DataFrame({**made, "sample": np.arange(len(score)), "value": score})
        return
    varied = {"share": outcome.share, "rate": outcome.rate, "epoch": outcome.epoch}
    for kind, error in outcome.error.items():
        made = {**nothing, **varied, "kind": kind, "metric": "wrong" if kind == "clean" else "target"}
        yield pd.DataFrame({**made, "sample": np.arange(len(error)), "value": error})


def rows(outcomes: Sequence[Outcome], identity: Mapping[str, Any]) -> pd.DataFrame:
    """Table rows: the identity's columns, then ``ROW``.

    Of a statistic itself; of a detection ``auc`` with its ends and ``tpr_at_*_fpr``, of ``action`` the samples that it
    scores, where some are poisoned; of a repair ``ACC`` and, of other classes' triggered samples, ``ASR``, in percent.
    """
    made = [row for outcome in outcomes for row in _rows(outcome)]
    table = pd.DataFrame(made).assign(**identity)
    columns = [*(name for name in identity if name not in ROW), *ROW]
    return table.reindex(columns=columns).astype({"n": "Int64", "epoch": "Int64", "flagged": "boolean"})


def _rows(outcome: Outcome) -> Iterator[dict[str, Any]]:
    if isinstance(outcome, Statistic):
        names = ("setting", "metric", "action", "value", "unit", "n", "flagged")
        yield {name: getattr(outcome, name) for name in names}
    elif isinstance(outcome, Repair):
        for kind, error in outcome.error.items():
            share = error.mean() if kind == "triggered" else 1 - error.mean()
            yield {
                "setting": outcome.setting, "metric": REPAIRED[kind], "action": "", "value": 100 * float(share),
                "unit": "%", "n": len(error), "share": outcome.share, "rate": outcome.rate, "epoch": outcome.epoch,
            }  # fmt: skip
    elif isinstance(outcome, Detection):
        score, marked = outcome.score[VICTIM], outcome.marked[VICTIM]
        if marked.all() or not marked.any():
            return
        values = dict(zip(("auc", "auc_low", "auc_high"), auc(score, marked), strict=True))
        tpr = zip(LEVELS, tpr_at(score, marked, LEVELS), strict=True)
        values |= {f"tpr_at_{100 * level:g}_fpr": value for level, value in tpr}
        for metric, value in values.items():
            yield {
                "setting": outcome.setting, "metric": metric, "action": outcome.windows, "value": value, "unit": "",
                "n": len(score),
            }  # fmt: skip
