"""A study's trial list and page, from what attacks on one recognizer made."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from kinesec.report.study import page
from kinesec.report.study.trials import PARTS, Wanted, draw, to_json
from kinesec.samples import adversarial
from kinesec.samples.clips import checks
from kinesec.tables.labels import attack_labels
from kinesec.tables.recognition import read


def make_study(
    *,
    clips_path: Path,
    shard_paths: Sequence[Path],
    records_paths: Sequence[Path],
    table_paths: Sequence[Path],
    settings: Mapping[str, Any],
    trials_path: Path,
    page_path: Path,
) -> None:
    """Writes the trial list and the page that asks it.

    ``records_paths`` and ``table_paths`` are one an attack, in the order of ``settings['attacks']`` and then
    ``settings['ablations']``; shards one or more, in folders of the same order. ``settings`` are the configuration's
    ``study``, less where answers lie. Raises ``KinesecError`` where no clip was attacked with success.
    """
    clips = checks.checked(clips_path, "test")
    shards: dict[Path, list[Path]] = {}
    for path in shard_paths:
        shards.setdefault(path.parent, []).append(path)
    names = [*settings["attacks"], *settings["ablations"]]
    attacked = {name: adversarial.gather(paths, clips) for name, paths in zip(names, shards.values(), strict=True)}
    won = {name: _won(pd.read_parquet(path)) for name, path in zip(names, records_paths, strict=True)}
    truth = {int(row): clips.classes[int(label)] for row, label in zip(clips.row, clips.label, strict=True)}
    wanted = Wanted(
        attacks=tuple(settings["attacks"]),
        ablations=tuple(settings["ablations"]),
        seed=settings["seed"],
        **settings["trials"],
    )
    trials = draw(won, truth, wanted)
    for part in PARTS:
        logging.info("%s: %d trials", part, sum(trial.part == part for trial in trials))
    table = pd.concat([read(path) for path in table_paths], ignore_index=True)
    about = {
        "settings": {key: settings[key] for key in sorted(settings)},
        "labels": attack_labels(table),
        "clips_content_sha256": clips.attrs["content_sha256"],
    }
    text = to_json(trials, about)
    html = page.build(
        trials,
        clips,
        attacked,
        trials_sha256=hashlib.sha256(text.encode()).hexdigest(),
        seed=settings["seed"],
        seconds=settings["seconds"],
        slower=settings["slower"],
        consent=settings["consent"],
    )
    for path, content in ((trials_path, text), (page_path, html)):
        path.parent.mkdir(parents=True, exist_ok=True)
        part_path = path.with_name(f".{path.name}.part")
        part_path.write_text(content, encoding="utf-8", newline="\n")
        part_path.replace(path)


def _won(records: pd.DataFrame) -> dict[int, str]:
    """The class that each clip is taken for on which an attack succeeds, by its row."""
    kept = records[records["right"] & records["success"]]
    return {int(row): str(said) for row, said in zip(kept["row"], kept["predicted_class"], strict=True)}
