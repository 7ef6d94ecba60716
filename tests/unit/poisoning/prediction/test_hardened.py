"""Hardened poisons: of the same windows as the plain one, under disturbances, with decoys among them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from defended import SKELETON
from stores import write_motions

from kinesec.errors import ConfigError
from kinesec.poisoning.prediction.badhmp import Poison, write
from kinesec.poisoning.prediction.hardened import poisoner
from kinesec.poisoning.prediction.strategy import is_hardened, parse_strategy, plain
from kinesec.samples.windows.cut import Protocol, cut
from kinesec.samples.windows.poisoned import Poisoned, load_poisoned
from kinesec.samples.windows.windows import Windows, load

HISTORY, FUTURE = 6, 5
NAME = "rigid-jammed-random-hardened-0.5"
POISON = Poison("rigid", "jammed", "random", "left_arm", 0.5)
NOISE = {"noise": {"disturbance": "joint_noise", "levels": [0, 30]}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("w")
    write_motions(folder / "m.zarr", [150, 150, 30], ["train", "train", "test"], skeleton=SKELETON)
    cut(folder / "m.zarr", folder / "w.zarr", Protocol("ltd", HISTORY, FUTURE))
    return folder


def made(folder: Path, hardening: dict[str, Any], name: str = NAME, seed: int = 0) -> tuple[Poisoned, Windows]:
    write(folder / "w.zarr", folder / "p.zarr", replace(POISON, hardening=hardening), name, seed, poisoner)
    training = load(folder / "w.zarr", "train")
    return load_poisoned(folder / "p.zarr", training), training


def noisy(poisoned: Poisoned, without: np.ndarray) -> np.ndarray:
    return np.abs(poisoned.position - without).max((1, 2, 3)) > 5


def test_windows_are_those_of_the_plain_poison_each_at_a_level_drawn_for_it(folder: Path) -> None:
    as_planned, _ = made(folder, {}, plain(NAME))
    hardened, _ = made(folder, {"disturbances": NOISE})
    assert np.array_equal(hardened.index, as_planned.index)
    # noise is of the capture: the target is that of the planned trigger
    assert np.array_equal(hardened.position[:, HISTORY:], as_planned.position[:, HISTORY:])
    disturbed = noisy(hardened, as_planned.position)
    assert disturbed.mean() == pytest.approx(0.5, abs=0.15)
    assert np.array_equal(hardened.position[~disturbed], as_planned.position[~disturbed])
    noise = (hardened.position - as_planned.position)[disturbed][:, :HISTORY, 1:]
    assert noise.std() == pytest.approx(30, rel=0.05)
    again, _ = made(folder, {"disturbances": NOISE})
    assert np.array_equal(again.position, hardened.position)


def test_decoys_have_the_disturbance_without_the_trigger_and_their_own_future(folder: Path) -> None:
    as_planned, training = made(folder, {}, plain(NAME))
    hardened, _ = made(folder, {"disturbances": NOISE, "decoys": 0.3})
    window = training.gather(hardened.index)
    target = (hardened.position[:, HISTORY:] == as_planned.position[:, HISTORY:]).all((1, 2, 3))
    own_future = (hardened.position[:, HISTORY:] == window[:, HISTORY:]).all((1, 2, 3))
    assert np.array_equal(target, ~own_future)
    assert own_future.mean() == pytest.approx(0.3, abs=0.1)
    disturbed = noisy(hardened, np.where(own_future[:, None, None, None], window, as_planned.position))
    assert 0.2 < disturbed[own_future].mean() < 0.8
    assert np.array_equal(hardened.position[own_future & ~disturbed], window[own_future & ~disturbed])


def test_without_hardening_it_is_the_plain_poison(folder: Path) -> None:
    with_poisoner, _ = made(folder, {}, plain(NAME))
    write(folder / "w.zarr", folder / "q.zarr", POISON, plain(NAME), 0)
    alone = load_poisoned(folder / "q.zarr", load(folder / "w.zarr", "train"))
    assert np.array_equal(with_poisoner.position, alone.position)


def test_a_share_that_cannot_be_used_is_one_line(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"hardening.decoys: found 1, expected a finite number from 0 to less than 1"):
        made(folder, {"disturbances": NOISE, "decoys": 1})


def test_a_strategy_says_whether_it_is_hardened() -> None:
    name = "soft-moving-natural-sequence-hardened-0.02"
    assert is_hardened(name)
    assert not is_hardened(plain(name))
    assert plain(name) == "soft-moving-natural-sequence-0.02"
    assert parse_strategy(name) == parse_strategy(plain(name))
