"""A study from attacks' own files to tables of answers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from attack_stores import evaluated
from studies import SETTINGS, saved

from kinesec.errors import KinesecError
from kinesec.files.hashing import sha256_of
from kinesec.jobs.make_study import make_study
from kinesec.jobs.read_study import read_study
from kinesec.report.study.trials import ORIGINAL, from_json


@dataclass(frozen=True)
class Attacked:
    """What two attacks on one recognizer left, and their records by name."""

    inputs: dict[str, Any]
    records: dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Attacked:
    folder = tmp_path_factory.mktemp("attacks")
    clips_path, inputs = evaluated(folder, {"smart": ("smart", 0.4), "l2": ("l2", 0.8)})
    records = {path.stem: pd.read_parquet(path).set_index("row") for path in inputs["records_paths"]}
    return Attacked({**inputs, "clips_path": clips_path}, records)


def made(attacked: Attacked, folder: Path, **changes: Any) -> tuple[Path, Path]:
    """Trial list and page."""
    paths = folder / "study_trials.json", folder / "study/index.html"
    settings = {**SETTINGS, "ablations": ["l2"], **changes}
    make_study(**attacked.inputs, settings=settings, trials_path=paths[0], page_path=paths[1])
    return paths


def test_only_clips_that_attacks_win_are_shown(attacked: Attacked, tmp_path: Path) -> None:
    trials, about = from_json(made(attacked, tmp_path)[0].read_text())
    assert about["labels"] == {"smart": "SMART", "l2": "SMART, l2"}
    assert len(trials) > 8
    for trial in trials:
        names = [name for name in trial.shown if name in attacked.records] or ["smart"]
        for row in (attacked.records[name].loc[trial.row] for name in names):
            assert row["right"]
            assert row["success"]
        if trial.part == "deceitfulness":
            row = attacked.records["smart"].loc[trial.row]
            assert set(trial.options) == {row["class"], row["predicted_class"]}
            assert trial.options[trial.counted - 1] == row["class"]


def test_the_same_study_is_the_same_bytes_and_another_seed_another(attacked: Attacked, tmp_path: Path) -> None:
    first, again, other = (
        [path.read_bytes() for path in made(attacked, tmp_path / name, seed=seed)]
        for name, seed in (("a", 0), ("b", 0), ("c", 1))
    )
    assert first == again
    assert first[0] != other[0]
    assert not list(tmp_path.rglob(".*.part"))


def test_answers_become_tables(attacked: Attacked, tmp_path: Path) -> None:
    trials_path, _ = made(attacked, tmp_path)
    trials, _ = from_json(trials_path.read_text())
    answers = [
        saved(tmp_path, trials, lambda trial: trial.counted or 1, number=number, sha256=sha256_of(trials_path))
        for number in range(2)
    ]
    out = {f"{name}_path": tmp_path / f"{name}.csv" for name in ("rates", "subjects", "pairs")}
    read_study(trials_path=trials_path, answers_paths=answers, **out)
    rates = pd.read_csv(out["rates_path"]).set_index(["screen", "part", "measure"])
    row = rates.loc[[("both", "indistinguishability", "sensitivity")]].iloc[0]
    assert (row["percent"], row["attack"]) == (100, ORIGINAL)
    assert (rates["dataset"] == "made_up").all()
    assert len(pd.read_csv(out["subjects_path"])) == 2
    assert pd.read_csv(out["pairs_path"])["n"].sum() == 3 * 2 * sum(trial.part == "naturalness" for trial in trials)


def test_answers_to_another_list_end_in_one_line(attacked: Attacked, tmp_path: Path) -> None:
    trials_path, _ = made(attacked, tmp_path)
    trials, _ = from_json(trials_path.read_text())
    path = saved(tmp_path, trials, lambda trial: 1, sha256=sha256_of(trials_path))
    content = json.loads(trials_path.read_text())
    trials_path.write_text(json.dumps({**content, "labels": {}}))
    out = {f"{name}_path": tmp_path / f"{name}.csv" for name in ("rates", "subjects", "pairs")}
    with pytest.raises(KinesecError, match=r"answers-0\.json: found answers to the trial list"):
        read_study(trials_path=trials_path, answers_paths=[path], **out)
    assert not list(tmp_path.glob("*.csv"))
