"""Answers to a study as tables."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from kinesec.report.study import answers, rates
from kinesec.report.study.trials import from_json
from kinesec.tables.files import write_csv


def read_study(
    *, trials_path: Path, answers_paths: Sequence[Path], rates_path: Path, subjects_path: Path, pairs_path: Path
) -> None:
    """Writes the tables ``study_rates``, ``study_subjects`` and ``study_pairs``.

    Raises ``KinesecError``, one line, for a file that holds no answers to these trials.
    """
    text = trials_path.read_bytes()
    trials, about = from_json(text.decode("utf-8"))
    records = answers.read(answers_paths, trials, hashlib.sha256(text).hexdigest())
    settings, labels = about["settings"], about["labels"]
    of = {"dataset": settings["dataset"], "recognizer": settings["recognizer"]}
    tables = {
        rates_path: rates.rates(records, trials, labels, settings["seed"]),
        subjects_path: rates.subjects(records),
        pairs_path: rates.pairs(records, trials, labels),
    }
    for path, table in tables.items():
        identity = pd.DataFrame([of] * len(table), table.index, columns=list(of))
        write_csv(pd.concat([identity, table], axis=1), str(path))
