from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kinesec.errors import ConfigError
from kinesec.plan.run import Plan
from kinesec.plan.study import TABLES, check_study

STUDY: dict[str, Any] = {
    **{"dataset": "a", "recognizer": "one", "attacks": ["smart"], "ablations": ["eot"], "seed": 0, "trials": {}},
    **{"seconds": 6, "slower": 3, "consent": None, "answers": None},
}


@pytest.fixture
def folder(tmp_path: Path) -> str:
    """A folder of answers."""
    (tmp_path / "b.json").touch()
    (tmp_path / "a.json").touch()
    (tmp_path / ".hidden.json").touch()
    (tmp_path / "notes.txt").touch()
    return str(tmp_path)


def test_a_run_without_a_study_makes_none(whole: Plan, empty: Plan) -> None:
    for plan in (whole, empty):
        assert plan.study.pages == plan.study.tables == plan.study.answers == []
        assert list(plan.study.figures()) == []
        assert not set(TABLES) & set(plan.table_names)


def test_a_study_is_a_page_until_there_are_answers(
    config: dict[str, Any], planned: Callable[[], Plan], folder: str
) -> None:
    config["study"] = STUDY
    made = planned()
    assert made.study.pages == ["results/artifacts/small/study/index.html", "results/artifacts/small/study_trials.json"]
    assert made.study.tables == []
    config["study"] = {**STUDY, "answers": folder}
    read = planned()
    assert read.study.pages == made.study.pages
    assert set(TABLES) <= set(read.table_names)
    assert "study-a-one" in [figure.name for figure in read.figures]
    assert [Path(path).name for path in read.study.answers] == ["a.json", "b.json"]
    # where answers lie changes neither the trials nor the page
    assert read.study.settings == made.study.settings


def test_it_shows_clips_of_the_first_seed(config: dict[str, Any], planned: Callable[[], Plan]) -> None:
    config["study"] = STUDY
    inputs = planned().study.inputs()
    assert inputs["clips"] == "results/clips/a/c24/clips.zarr/zarr.json"
    assert inputs["shards"] == [
        f"results/attacks/a/c24/one/{attack}/seed0/shard{shard}of2.zarr/zarr.json"
        for attack in ("smart", "eot")
        for shard in (1, 2)
    ]
    assert [len(inputs[name]) for name in ("records", "tables")] == [2, 2]


def test_a_recognizer_that_is_not_trained_on_the_data_is_one_line(
    config: dict[str, Any], planned: Callable[[], Plan]
) -> None:
    config["study"] = {**STUDY, "dataset": "b", "recognizer": "two"}
    with pytest.raises(ConfigError, match=r"study\.recognizer: found 'two', not trained on b, expected another"):
        planned().study.inputs()


MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"dataset": "c"}, r"study\.dataset: found 'c', expected one of a, b"),
    ({"recognizer": "three"}, r"study\.recognizer: found 'three', expected one of one, two"),
    ({"attacks": ["smrt"]}, r"study\.attacks: found 'smrt', expected one of smart,"),
    ({"ablations": ["smrt"]}, r"study\.ablations: found 'smrt'"),
    ({"ablations": ["smart"]}, r"study\.ablations: found 'smart', which stands in attacks, too"),
    ({"recognizer": "two", "attacks": ["given"]}, r"found 'given', which is not tried on two, expected an attack"),
    ({"answers": "nowhere"}, r"study\.answers: nowhere: found no such folder, expected the files .*; put them there"),
]


@pytest.mark.parametrize(("changes", "told"), MISTAKES)
def test_a_mistake_is_one_line(config: dict[str, Any], changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told) as raised:
        check_study({**config, "study": {**STUDY, **changes}})
    assert str(raised.value).startswith("configuration: study")


def test_what_is_right_is_not_told(config: dict[str, Any], folder: str) -> None:
    check_study(config)
    check_study({**config, "study": {**STUDY, "answers": folder}})


def test_a_folder_without_answers_is_one_line(config: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"found no \*\.json in it"):
        check_study({**config, "study": {**STUDY, "answers": str(tmp_path)}})


def test_an_attack_of_other_seeds_or_without_recognition_is_one_line(config: dict[str, Any]) -> None:
    config["recognition"]["attacks"]["eot"] = {**config["recognition"]["attacks"]["eot"], "seeds": [1]}
    with pytest.raises(ConfigError, match=r"study\.ablations: found 'eot' without seed 0, the run's first"):
        check_study({**config, "study": STUDY})
    with pytest.raises(ConfigError, match="found no `recognition`"):
        check_study({"study": STUDY})
