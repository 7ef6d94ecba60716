"""The choice of an attack's settings, and the attack that reads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from attack_stores import write_clips, write_model

from kinesec import names
from kinesec.attacks.base import build
from kinesec.errors import ConfigError
from kinesec.files import store
from kinesec.files.kinds.adversarial import ADVERSARIAL
from kinesec.jobs import tune_attack as job
from kinesec.jobs._attack import method_of
from kinesec.jobs.attack_recognizer import attack_clips
from kinesec.jobs.tune_attack import tune_attack
from kinesec.samples.clips.checks import checked

ATTACK: dict[str, Any] = {
    **{"attack": "smart", "preset": "paper", "strategy": "AB", "batch": 32, "limit": 4},
    "settings": {"reduction": "mean", "iterations": 12},
}
WEAK, STRONG = {"weight": 0.001}, {"weight": 0.9, "rate": 0.05}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tune")
    clips_path = write_clips(folder / "clips.zarr", validation=16)
    return clips_path, write_model(folder / "model.safetensors", clips_path)


def tuned(made: tuple[Path, Path], folder: Path, name: str, **changes: Any) -> tuple[Path, pd.DataFrame]:
    choice, table = folder / f"{name}.json", folder / f"{name}.csv"
    clips_path, model_path = made
    tune_attack(
        **{
            **{"clips_path": clips_path, "model_path": model_path, "attack": ATTACK, "seed": 0},
            "tune": {"candidates": [WEAK, STRONG], "limit": 8},
            "identity": {"data": "d", "clips": "c", "recognizer": "r", "attack": name},
            **{"choice_path": choice, "table_path": table},
            **changes,
        }
    )
    return choice, pd.read_csv(table)


def test_what_succeeds_is_kept_and_used(made: tuple[Path, Path], tmp_path: Path) -> None:
    choice, table = tuned(made, tmp_path, "a")
    assert table["kept"].tolist() == [False, True]
    assert table["success_percent"][0] < table["success_percent"][1]
    assert 0 < table["n"][0] <= 8
    assert json.loads(choice.read_text()) == {"settings": STRONG, "success_percent": table["success_percent"][1]}
    clips_path, model_path = made
    attack_clips(
        clips_path=clips_path, model_path=model_path, attack=ATTACK, shard="1of1", seed=0,
        store_path=tmp_path / "shard1of1.zarr", choice_path=choice,
    )  # fmt: skip
    attrs = store.read(tmp_path / "shard1of1.zarr", ADVERSARIAL).attrs
    assert (attrs["settings"]["weight"], attrs["settings"]["rate"]) == (0.9, 0.05)
    assert attrs["chosen"] == ["rate", "weight"]
    assert attrs["changed"] == {"weight": 0.9, "rate": 0.05, "reduction": "mean", "iterations": 12}


def test_test_clips_have_no_say(made: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def noted(path: Path, split: str) -> Any:
        asked.append(split)
        return checked(path, split)

    monkeypatch.setattr(job, "checked", noted)
    tuned(made, tmp_path, "a", tune={"candidates": [WEAK], "limit": 1})
    assert asked == ["val"]


@pytest.mark.parametrize("settings", [
    {"attack": "tasar", "settings": {"members": 1, "draws": 1, "epochs": 1, "iterations": 2, "epsilon": 0.5}},
    {"attack": "boundary", "settings": {"iterations": 2}},
])  # fmt: skip
def test_attacks_that_learn_have_the_attackers_clips(
    settings: dict[str, Any], made: tuple[Path, Path], tmp_path: Path
) -> None:
    tune = {"candidates": [{}], "limit": 2}
    _, table = tuned(made, tmp_path, "c", attack={**settings, "strategy": "AB"}, tune=tune)
    assert table["kept"].tolist() == [True]


def test_another_attacks_success_is_the_goal(made: tuple[Path, Path], tmp_path: Path) -> None:
    goal = tmp_path / "goal.json"
    goal.write_text(json.dumps({"settings": {}, "success_percent": 0.0}))
    _, table = tuned(made, tmp_path, "b", goal_path=goal, tune={"candidates": [STRONG, WEAK, STRONG], "limit": 8})
    moved = table["displacement_mm"].fillna(float("inf"))
    assert table["kept"].tolist().index(True) == moved.idxmin()
    assert (table["goal_percent"] == 0).all()


@pytest.mark.parametrize("name", names.available("attacks"))
def test_just_bounded_attacks_say_that_they_are(name: str) -> None:
    bounded = {"epsilon", "step"} <= build(name, {}).settings.keys()
    assert names.constant("attacks", name, "BOUNDED", False) == bounded


def test_a_bound_in_mm_takes_the_steps_with_it() -> None:
    spec = {"attack": "pgd", "preset": "paper", "settings": {"iterations": 3}}
    method: Any = method_of({**spec, "epsilon_mm": 20}, 400.0)
    assert (method.epsilon, method.step, method.iterations) == (0.05, pytest.approx(0.0125), 3)
    assert method_of(spec, 400.0).settings["epsilon"] == 8 / 255
    with pytest.raises(ConfigError, match="bounds_mm: found 20, expected none"):
        method_of({**ATTACK, "epsilon_mm": 20}, 400.0)
