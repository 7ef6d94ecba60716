from __future__ import annotations

import itertools
from collections import Counter

import pytest
from studies import made_trials, wanted

from kinesec.errors import KinesecError
from kinesec.report.study.trials import CANNOT_TELL, CHECK, ORIGINAL, PARTS, Trial, draw, from_json, shares, to_json

ABOUT = {"labels": {"smart": "SMART"}}


def of(part: str, trials: list[Trial]) -> list[Trial]:
    return [trial for trial in trials if trial.part == part]


def test_the_same_seed_gives_the_same_list_and_another_another() -> None:
    assert to_json(made_trials(), ABOUT) == to_json(made_trials(), ABOUT)
    assert made_trials(seed=1) != made_trials()
    assert from_json(to_json(made_trials(), ABOUT))[0] == made_trials()


def test_a_part_has_as_many_trials_as_are_asked_for() -> None:
    trials = made_trials()
    assert [len(of(part, trials)) for part in PARTS] == [20 + 6, 2 * 12, 30 + 5]
    assert [trial.part for trial in trials] == sorted((trial.part for trial in trials), key=PARTS.index)
    assert len({trial.id for trial in trials}) == len(trials)


def test_conditions_are_even() -> None:
    trials = made_trials()
    assert Counter(t.condition for t in of(PARTS[0], trials)) == {"smart": 10, "iaa": 10, ORIGINAL: 6}
    assert Counter(t.condition for t in of(PARTS[2], trials)) == {ORIGINAL: 10, "smart": 10, "iaa": 10, CHECK: 5}
    assert shares(10, 3) == [4, 3, 3]


def test_the_true_class_is_as_often_left_as_right_for_each_condition() -> None:
    by_condition: dict[str, Counter[int]] = {}
    for trial in of(PARTS[0], made_trials()):
        assert trial.options[trial.counted - 1] == f"class{trial.row % 4}"
        assert trial.options[2 - trial.counted] == f"class{(trial.row + 1) % 4}"
        by_condition.setdefault(trial.condition, Counter())[trial.counted] += 1
    assert by_condition == {name: Counter({1: n, 2: n}) for name, n in (("smart", 5), ("iaa", 5), (ORIGINAL, 3))}


def test_naturalness_shows_each_clip_twice_as_the_paper_does() -> None:
    trials = of(PARTS[1], made_trials())
    rows: dict[int, list[Trial]] = {}
    for trial in trials:
        rows.setdefault(trial.row, []).append(trial)
        assert trial.options == (*trial.shown, CANNOT_TELL)
        assert not trial.counted
    assert len(rows) == 12
    for both in rows.values():
        assert sorted("smart" in trial.shown for trial in both) == [False, True]
    others = Counter(t.condition for t in trials if "smart" in t.shown)
    assert others == {f"smart vs {name}": 4 for name in ("l2", "l2_acc", "l2_bone")}
    assert Counter(t.shown.index("smart") for t in trials if "smart" in t.shown) == {0: 6, 1: 6}
    pairs = Counter(t.condition for t in trials if "smart" not in t.shown)
    assert set(pairs.values()) == {4}
    assert len(pairs) == 3


def test_one_ablation_has_no_second_trial_and_none_no_part() -> None:
    assert len(of(PARTS[1], made_trials(ablations=("l2",)))) == 12
    assert of(PARTS[1], made_trials(ablations=())) == []


def test_the_left_one_is_always_the_original() -> None:
    for trial in of(PARTS[2], made_trials()):
        assert trial.shown == (ORIGINAL, trial.condition)
        assert trial.options == ("same", "changed")
        assert trial.counted == (2 if trial.condition == CHECK else 1)


def test_the_order_tells_nothing_of_the_condition() -> None:
    conditions = [trial.condition for trial in of(PARTS[2], made_trials())]
    runs = 1 + sum(a != b for a, b in itertools.pairwise(conditions))
    assert runs > 2 * len(set(conditions))


def test_no_clip_is_shown_twice_for_a_condition_and_a_short_part_is_shorter() -> None:
    truth = dict.fromkeys(range(5), "walk")
    trials = draw({"smart": {0: "run", 3: "kick"}}, truth, wanted(attacks=("smart",), ablations=()))
    assert [len(of(part, trials)) for part in PARTS] == [2 + 2, 0, 2 + 2 + 2]
    seen = Counter((trial.part, trial.condition, trial.row) for trial in trials)
    assert set(seen.values()) == {1}
    assert {trial.row for trial in trials} == {0, 3}


def test_a_control_stands_between_the_classes_of_the_first_attack_that_wins_it() -> None:
    named = wanted(ablations=(), deceitfulness=0, controls=2, indistinguishability=0, checks=0)
    trials = draw({"smart": {0: "run"}, "iaa": {0: "kick", 1: "kick"}}, {0: "walk", 1: "walk"}, named)
    assert {trial.row: set(trial.options) for trial in trials} == {0: {"walk", "run"}, 1: {"walk", "kick"}}


def test_where_no_attack_wins_it_is_one_line() -> None:
    with pytest.raises(KinesecError, match=r"study: found no clip that smart attack with success, expected one"):
        draw({"smart": {}}, {0: "walk"}, wanted(attacks=("smart",), ablations=()))
