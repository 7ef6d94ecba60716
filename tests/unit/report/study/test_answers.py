from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from studies import SHA256, made_trials, saved

from kinesec.errors import KinesecError
from kinesec.report.study.answers import read, screened, screens
from kinesec.report.study.trials import CHECK, INDISTINGUISHABILITY, ORIGINAL, Trial

TRIALS = made_trials()


def right(trial: Trial) -> int:
    return trial.counted or 1


def wrong_on(condition: str, count: int) -> Any:
    """Wrong on the first ``count`` pairs of a condition, else right."""
    pairs = [trial for trial in TRIALS if trial.part == INDISTINGUISHABILITY and trial.condition == condition]
    wrong = {trial.id for trial in pairs[:count]}
    return lambda trial: 3 - trial.counted if trial.id in wrong else right(trial)


def test_answers_are_joined_with_what_was_shown(tmp_path: Path) -> None:
    paths = [saved(tmp_path, TRIALS, right, number=number) for number in (1, 0)]
    records = read(paths, TRIALS, SHA256)
    assert list(records["subject"].unique()) == [f"{0:032x}", f"{1:032x}"]
    assert len(records) == 2 * len(TRIALS)
    by_trial = records[records["subject"] == f"{0:032x}"].set_index("trial")
    for trial in TRIALS:
        row = by_trial.loc[trial.id]
        assert (row["part"], row["condition"], row["row"]) == (trial.part, trial.condition, trial.row)
        assert row["chosen"] == trial.options[right(trial) - 1]
        assert row["counts"] == (trial.counted > 0)
    assert set(records["answer_ms"]) == {1000, 2000}


def test_the_order_of_files_changes_nothing(tmp_path: Path) -> None:
    paths = [saved(tmp_path, TRIALS, right, number=number) for number in range(3)]
    assert read(paths, TRIALS, SHA256).equals(read(paths[::-1], TRIALS, SHA256))


@pytest.mark.parametrize(("wrong", "kept"), [(0, True), (2, True), (3, False), (10, False)])
def test_eighty_percent_on_sensitivity_is_enough(tmp_path: Path, wrong: int, kept: bool) -> None:
    """Ten pairs of the same motion: two mistakes are 80 %, and three 70 %."""
    made = screened(read([saved(tmp_path, TRIALS, wrong_on(ORIGINAL, wrong))], TRIALS, SHA256)).iloc[0]
    assert made["sensitivity_percent"] == pytest.approx(100 - 10 * wrong)
    assert made["checks_percent"] == 100
    assert bool(made["kept_by_sensitivity"]) is bool(made["kept_by_both"]) is kept


def test_who_always_says_the_same_passes_the_papers_screen_and_not_ours(tmp_path: Path) -> None:
    records = read([saved(tmp_path, TRIALS, lambda trial: 1)], TRIALS, SHA256)
    made = screened(records).iloc[0]
    assert (made["sensitivity_percent"], made["checks_percent"]) == (100, 0)
    assert [bool(kept.all()) for kept in screens(records).values()] == [True, True, False]
    one = screened(read([saved(tmp_path, TRIALS, wrong_on(CHECK, 1))], TRIALS, SHA256)).iloc[0]
    assert (one["checks_percent"], bool(one["kept_by_both"])) == (80, True)


def test_a_study_without_pairs_screens_nobody(tmp_path: Path) -> None:
    trials = made_trials(indistinguishability=0, checks=0)
    records = read([saved(tmp_path, trials, right)], trials, SHA256)
    assert screened(records)["sensitivity_percent"].isna().all()
    assert all(kept.all() for kept in screens(records).values())


def changed(**changes: Any) -> Any:
    return lambda content: {**content, **changes}


def first(**changes: Any) -> Any:
    def change(content: dict[str, Any]) -> dict[str, Any]:
        content["answers"][0] = {**content["answers"][0], **changes}
        return content

    return change


def without(key: str) -> Any:
    return lambda content: {name: value for name, value in content.items() if name != key}


FIRST = TRIALS[0].id
MALFORMED = [
    (lambda content: [content], "found something else, expected a file of format 'kinesec study answers'"),
    (changed(format="other"), "found something else"),
    (changed(version=2), "found version 2, expected 1; use the page of this release"),
    (changed(version=True), "found version true"),
    (without("consent"), "found no 'consent', expected the keys"),
    (changed(name="Ada"), 'found an unknown key "name"'),
    (changed(trials_sha256="cd" * 32), 'found answers to the trial list "cdcd.*expected those to abab'),
    (changed(trials_sha256=None), "found answers to the trial list null"),
    (changed(session="../../etc"), "found session"),
    (changed(session=7), "found session 7, expected 32 hexadecimal digits"),
    (changed(page_version="<b>"), "found page_version"),
    (changed(consent=False), "found consent false, expected true; take the file away: nobody agreed"),
    (changed(consent=1), "found consent 1"),
    (changed(answers={}), "found answers {}, expected a list"),
    (changed(answers=[]), f"found no answer to trial {FIRST} and {len(TRIALS) - 1} others"),
    (changed(answers=["1"]), 'found answer 1 "1", expected an object'),
    (first(choice=0), f"found trial {FIRST}: choice 0, expected 1 to 2"),
    (first(choice=3), "choice 3, expected 1 to 2"),
    (first(choice="1"), 'choice "1"'),
    (first(choice=True), "choice true"),
    (first(choice=1.0), "choice 1.0"),
    (first(trial="x999"), 'found an answer to trial "x999", expected one of the trial list'),
    (first(trial=["d001"]), "found an answer to trial"),
    (first(trial=TRIALS[1].id), f"found trial {TRIALS[1].id} answered twice"),
    (first(answer_ms=-1), "answer_ms -1, expected 0 to 86400000"),
    (first(shown_ms=1e9), "shown_ms"),
    (first(more=1), "found answer 1"),
]


@pytest.mark.parametrize(("change", "told"), MALFORMED)
def test_a_malformed_file_is_one_line_that_names_it(tmp_path: Path, change: Any, told: str) -> None:
    path = saved(tmp_path, TRIALS, right)
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    with pytest.raises(KinesecError, match=told) as raised:
        read([path], TRIALS, SHA256)
    line = str(raised.value)
    assert line.startswith(f"{path}: found ")
    assert "\n" not in line
    assert "; " in line


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe", b'{"a": NaN}', b'{"a": 1, "a": 2}', b"[" * 100_000, b" " * 5_000_000],
    ids=["empty", "cut", "no text", "NaN", "twice", "deep", "large"],
)
def test_what_is_no_json_is_one_line_too(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "answers.json"
    path.write_bytes(content)
    with pytest.raises(KinesecError, match=r"answers\.json: found .*, expected .*; take the file away") as raised:
        read([path], TRIALS, SHA256)
    assert "\n" not in str(raised.value)


def test_a_file_that_stands_twice_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, TRIALS, right)
    again = tmp_path / "copy.json"
    shutil.copy(path, again)
    with pytest.raises(KinesecError, match=r"copy\.json: found the answers of answers-0\.json again"):
        read([again, path], TRIALS, SHA256)


def test_a_folder_instead_of_a_file_and_no_file_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(KinesecError, match="found a file that cannot be read"):
        read([tmp_path], TRIALS, SHA256)
    with pytest.raises(KinesecError, match="found no file of answers"):
        read([], TRIALS, SHA256)
