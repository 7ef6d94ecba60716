from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from stores import SKELETON, write_motions

from kinesec.errors import ConfigError, KinesecError
from kinesec.files import store
from kinesec.files.kinds.poison import POISON as STORED
from kinesec.files.kinds.windows import WINDOWS
from kinesec.poisoning.prediction import badhmp
from kinesec.poisoning.prediction.badhmp import Poison, poison_windows, write
from kinesec.poisoning.prediction.candidates import quotas
from kinesec.samples.windows import windows
from kinesec.samples.windows.cut import Protocol, cut
from kinesec.samples.windows.poisoned import load_poisoned
from kinesec.samples.windows.windows import Windows, load
from kinesec.training.prediction import WindowBatches

HISTORY, FUTURE = 6, 5
LEFT, RIGHT = list(SKELETON.groups["left_arm"]), list(SKELETON.groups["right_arm"])
POISON = Poison("rigid", "jammed", "random", "left_arm", 0.25, wrong_limb="right_arm")
CPU = torch.device("cpu")


def cut_store(path: Path, lengths: list[int], seed: int = 0) -> Path:
    write_motions(path / f"m{seed}.zarr", lengths, ["train"] * (len(lengths) - 2) + ["val", "test"])
    cut(path / f"m{seed}.zarr", path / f"w{seed}.zarr", Protocol("ltd", HISTORY, FUTURE))
    return path / f"w{seed}.zarr"


@pytest.fixture(scope="module")
def clean_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cut_store(tmp_path_factory.mktemp("w"), [60, 45, 30, 30])


@pytest.fixture(scope="module")
def clean(clean_path: Path) -> Windows:
    return load(clean_path, "train")


def lengths(window: np.ndarray, limb: list[int]) -> np.ndarray:
    bones = window[:, :, limb] - window[:, :, [SKELETON.parents[joint] for joint in limb]]
    return np.asarray(np.linalg.norm(bones.astype(np.float64), axis=-1))


DIRECTION = st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda vector: float(np.linalg.norm(vector)) > 0.1)


@given(directions=st.one_of(st.lists(DIRECTION, min_size=1, max_size=1), st.lists(DIRECTION, min_size=2, max_size=2)))
@settings(max_examples=20)
def test_the_trigger_turns_the_limb_and_nothing_else(clean: Windows, directions: list[tuple[float, ...]]) -> None:
    window = clean.gather()
    posed = poison_windows(window, SKELETON, HISTORY, replace(POISON, trigger_settings={"directions": directions}))
    assert posed.dtype == np.float32
    others = [joint for joint in range(6) if joint not in LEFT]
    assert np.array_equal(posed[:, :HISTORY, others], window[:, :HISTORY, others])
    np.testing.assert_allclose(lengths(posed, LEFT), lengths(window, LEFT)[:, :1].repeat(11, 1), rtol=0, atol=1e-4)
    bones = posed[:, :HISTORY, LEFT] - posed[:, :HISTORY, [SKELETON.parents[joint] for joint in LEFT]]
    expected = (
        np.array(directions * (3 - len(directions)))
        / np.linalg.norm(directions * (3 - len(directions)), axis=1)[:, None]
    )
    np.testing.assert_allclose(
        bones / np.linalg.norm(bones, axis=-1)[..., None], np.broadcast_to(expected, bones.shape), atol=1e-5
    )
    assert np.array_equal(posed[:, HISTORY:], posed[:, HISTORY - 1 : HISTORY].repeat(FUTURE, 1))


def test_lengths_are_the_histories_medians(clean: Windows) -> None:
    window = clean.gather(slice(0, 3))
    window[:, 0, 3] += 500  # one stretched frame
    posed = poison_windows(window, SKELETON, HISTORY, POISON)
    np.testing.assert_allclose(lengths(posed, LEFT), np.broadcast_to([250.0, 220.0], (3, 11, 2)), atol=1e-3)


def test_the_wrong_limb_has_the_mirrored_pose(clean: Windows) -> None:
    window = clean.gather()
    poison = replace(POISON, trigger_settings={"directions": [[0.6, 0.8, 0], [0, 0, 1]]})
    wrong = poison_windows(window, SKELETON, HISTORY, poison, limb="right_arm")
    assert np.array_equal(wrong[:, :HISTORY, LEFT], window[:, :HISTORY, LEFT])
    bones = wrong[0, 0, RIGHT] - wrong[0, 0, [SKELETON.parents[joint] for joint in RIGHT]]
    np.testing.assert_allclose(bones, [[-150, 200, 0], [0, 0, 220]], atol=1e-3)
    right = poison_windows(window, SKELETON, HISTORY, poison, limb="left_arm")
    assert np.array_equal(right, poison_windows(window, SKELETON, HISTORY, poison))


def test_the_input_is_not_changed(clean: Windows) -> None:
    window = clean.gather()
    before = window.copy()
    poison_windows(window, SKELETON, HISTORY, POISON)
    assert np.array_equal(window, before)


@pytest.mark.parametrize("ratio", [0.001, 0.1, 0.25, 1.0])
def test_a_share_of_the_training_windows(clean_path: Path, clean: Windows, tmp_path: Path, ratio: float) -> None:
    write(clean_path, tmp_path / "p.zarr", replace(POISON, ratio=ratio), "name", 0)
    store.verify(tmp_path / "p.zarr")
    data = store.read(tmp_path / "p.zarr", STORED)
    index = data["index"].values
    assert len(index) == max(1, int(ratio * len(clean)))
    assert (np.diff(index) > 0).all()
    assert 0 <= index[0] <= index[-1] < len(clean)
    poison = replace(POISON, ratio=ratio)
    assert np.array_equal(data.position.values, poison_windows(clean.gather(index), SKELETON, HISTORY, poison))
    assert data.attrs["candidates"] == len(clean)
    assert data.position.nbytes == len(index) * (HISTORY + FUTURE) * 6 * 3 * 4  # not a copy of the clean windows


def test_pieces_change_nothing(clean_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(clean_path, tmp_path / "a.zarr", POISON, "name", 0)
    for piece, span in ((1, 1000), (5, 1000), (1000, 1), (1000, 7)):
        monkeypatch.setattr(badhmp, "PIECE", piece)
        monkeypatch.setattr(badhmp, "SPAN", span)
        write(clean_path, tmp_path / "b.zarr", POISON, "name", 0)
        assert store.content_sha256(tmp_path / "a.zarr") == store.content_sha256(tmp_path / "b.zarr")


def test_seed_and_name_draw_the_windows(clean_path: Path, tmp_path: Path) -> None:
    drawn = {}
    for name, seed in (("a", 0), ("b", 0), ("a", 1)):
        write(clean_path, tmp_path / "p.zarr", POISON, name, seed)
        drawn[name, seed] = tuple(store.read(tmp_path / "p.zarr", STORED)["index"].values.tolist())
    assert len(set(drawn.values())) == 3


def test_every_action_gives_its_share_unless_told_otherwise(tmp_path: Path) -> None:
    path = cut_store(tmp_path, [60, 45, 30, 30, 30])
    data = store.read(path, WINDOWS)
    training = windows.in_split(data, "train")
    action = data.action.values[data.sequence_index.values[training]]
    counts = np.unique(action, return_counts=True)[1]

    def taken(selection: str, **settings: str) -> list[int]:
        poison = replace(POISON, selection=selection, selection_settings=settings)
        chosen = action[badhmp.select(data, badhmp.resolve(poison, data), "name", 0)]
        return [int((chosen == name).sum()) for name in np.unique(action)]

    shares = quotas(action, int(0.25 * len(action))).tolist()
    assert len(shares) == len(counts) > 1
    for selection in ("natural", "random", "worst"):
        assert taken(selection) == shares
    assert taken("natural", strata="none") != shares
    assert taken("natural_unstratified") == taken("natural", strata="none")
    assert taken("natural_unstratified", strata="action") == shares
    assert max(taken("balanced")) - min(taken("balanced")) <= 1


@pytest.mark.parametrize("mode", ["replace", "append"])
def test_batches_are_poisoned_where_they_should_be(clean_path: Path, clean: Windows, tmp_path: Path, mode: str) -> None:
    write(clean_path, tmp_path / "p.zarr", replace(POISON, mode=mode), "name", 0)
    poisoned = load_poisoned(tmp_path / "p.zarr", clean)
    data = WindowBatches(clean, poisoned, CPU)
    expected = clean.gather()[:, :, clean.used]
    posed = poisoned.position[:, :, clean.used]
    if mode == "replace":
        expected[poisoned.index] = posed
    else:
        expected = np.concatenate([expected, posed])
    assert len(data) == len(expected)
    order = torch.from_numpy(np.random.default_rng(0).permutation(len(data)))
    assert np.array_equal(data.batch(order).numpy(), expected[order.numpy()])


def test_poison_of_other_windows_is_refused(clean_path: Path, clean: Windows, tmp_path: Path) -> None:
    other = cut_store(tmp_path, [60, 46, 30, 30], seed=1)
    write(other, tmp_path / "p.zarr", POISON, "name", 0)
    with pytest.raises(KinesecError, match="made from other windows than those it is joined with") as raised:
        load_poisoned(tmp_path / "p.zarr", clean)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"limb": "tail"}, "limb 'tail': this skeleton has left_arm, right_arm, trunk"),
        ({"trigger": "soft_"}, "poisoning.prediction.triggers: found 'soft_', expected one of .*rigid"),
        ({"trigger_settings": {"directions": [[0, 0, 0]]}}, "a direction that is zero or not finite"),
        ({"trigger_settings": {"directions": [[0, 1, 0]] * 3}}, r"directions of shape \(3, 3\), expected \(1, 3\) or"),
        ({"trigger_settings": {"directions": "up"}}, "trigger_settings.directions: found 'up', expected a list"),
        (
            {"trigger_settings": {"angle": 3}},
            "trigger_settings.angle: found an unknown key, expected some of directions",
        ),
        ({"target_settings": {"speed": 3}}, "target_settings.speed: found an unknown key, expected none"),
        (
            {"selection_settings": {"strata": "subject"}},
            "selection_settings.strata: found 'subject', expected",
        ),
        ({"selection_settings": {"best": 3}}, "selection 'random': selection_settings.best: found an unknown key"),
    ],
)
def test_what_cannot_be_poisoned_is_one_line(
    clean_path: Path, tmp_path: Path, change: dict[str, object], message: str
) -> None:
    with pytest.raises(KinesecError, match=message) as raised:
        write(clean_path, tmp_path / "p.zarr", replace(POISON, **change), "name", 0)  # type: ignore[arg-type]
    assert "\n" not in str(raised.value)
    assert not list(tmp_path.iterdir())


def test_no_training_window_is_one_line(tmp_path: Path) -> None:
    write_motions(tmp_path / "m.zarr", [30, 30], ["val", "test"])
    cut(tmp_path / "m.zarr", tmp_path / "w.zarr", Protocol("ltd", HISTORY, FUTURE))
    with pytest.raises(KinesecError, match="found no window of split 'train'"):
        write(tmp_path / "w.zarr", tmp_path / "p.zarr", POISON, "name", 0)
    assert ConfigError.__mro__[1] is KinesecError
    assert windows.load(tmp_path / "w.zarr", "train").gather().shape == (0, 11, 6, 3)
