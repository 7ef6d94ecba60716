"""Test windows as victims are shown them: which limb is posed, and what natural selection looks at."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from stores import SKELETON, write_motions

from kinesec.files import store
from kinesec.files.kinds.windows import WINDOWS
from kinesec.metrics.naturalness import naturalness
from kinesec.poisoning.prediction.badhmp import Poison, poison_windows, select
from kinesec.poisoning.prediction.variants import window_kinds
from kinesec.samples.windows.cut import Protocol, cut
from kinesec.samples.windows.windows import load

HISTORY, FUTURE = 6, 5
LEFT, RIGHT = list(SKELETON.groups["left_arm"]), list(SKELETON.groups["right_arm"])
POISON = Poison(
    "rigid",
    "jammed",
    "natural",
    "left_arm",
    0.2,
    wrong_limb="right_arm",
    trigger_settings={"directions": [[0.6, 0.8, 0]]},
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("w")
    write_motions(folder / "m.zarr", [50, 25, 40], ["train", "test", "train"])  # one action in training
    cut(folder / "m.zarr", folder / "w.zarr", Protocol("ltd", HISTORY, FUTURE))
    return folder / "w.zarr"


def directions(history: np.ndarray, limb: list[int]) -> np.ndarray:
    """Directions (window, frame, bone, xyz) of a limb's bones."""
    bones = history[:, :, limb] - history[:, :, [SKELETON.parents[joint] for joint in limb]]
    return np.asarray(bones / np.linalg.norm(bones, axis=-1, keepdims=True))


def test_the_control_poses_the_wrong_limb_and_not_the_trigger_s(path: Path) -> None:
    test = load(path, "test")
    kinds = {kind: window[:, :HISTORY] for kind, window in window_kinds(test.gather(), test, POISON).items()}
    clean, triggered, wrong = kinds["clean"], kinds["triggered"], kinds["wrong_limb"]
    for kind, limb, posed in ((triggered, LEFT, [0.6, 0.8, 0]), (wrong, RIGHT, [-0.6, 0.8, 0])):
        np.testing.assert_allclose(directions(kind, limb), np.broadcast_to(posed, kind[:, :, limb].shape), atol=1e-5)
        others = [joint for joint in range(len(SKELETON)) if joint not in limb]
        assert np.array_equal(kind[:, :, others], clean[:, :, others])


def test_the_control_ends_in_the_target_that_its_own_history_makes(path: Path) -> None:
    test = load(path, "test")
    wrong = window_kinds(test.gather(), test, POISON)["wrong_limb"]
    assert np.array_equal(wrong[:, HISTORY:], wrong[:, HISTORY - 1 : HISTORY].repeat(FUTURE, 1))


@pytest.mark.parametrize("weights", [{"acc": 1.0, "jerk": 1.0}, {"acc": 0.0, "jerk": 2.0}])
def test_natural_selection_scores_windows_as_they_would_be_poisoned(path: Path, weights: dict[str, float]) -> None:
    """Those of least sum of standard scores after poisoning, which are others than those before."""
    training = load(path, "train")
    window = training.gather()
    chosen = {}
    for state, of in (("poisoned", poison_windows(window, SKELETON, HISTORY, POISON)), ("clean", window)):
        measured = naturalness(of, SKELETON.parents, HISTORY)
        total = np.zeros(len(window))
        for metric, weight in (("Acc", weights["acc"]), ("Jerk", weights["jerk"])):
            values = measured[metric, "seam"]
            total += weight * (values - values.mean()) / values.std()
        chosen[state] = np.sort(np.argsort(total)[: int(0.2 * len(window))])
    # bones are rigid: what is left of their lengths' change is rounding
    poison = replace(POISON, selection_settings={**weights, "blc": 0.0})
    index = select(store.read(path, WINDOWS), poison, "name", 0)
    assert np.array_equal(index, chosen["poisoned"])
    assert not np.array_equal(index, chosen["clean"])
