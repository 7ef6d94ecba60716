"""Poisoned videos in the places of clean ones, and what a video network's task sees of its videos."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from made_up_videos import moving

from kinesec.errors import KinesecError
from kinesec.models.videonets.base import VIDEONETS, Recipe, VideoNet, VideoShape
from kinesec.training.video import VideoBatches, VideoTask, accuracy_and_loss, with_poison

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Clean:
    video: np.ndarray
    label: np.ndarray


@dataclass(frozen=True)
class Poison:
    value: np.ndarray
    index: np.ndarray
    target: int


def clean(count: int = 6) -> Clean:
    label = np.arange(count) % 3
    return Clean(moving(label), label)


@given(st.sets(st.integers(0, 5)), st.integers(0, 2))
def test_poisoned_videos_take_the_places_of_clean_ones(places: set[int], target: int) -> None:
    before, after = clean(), clean()
    poison = Poison(moving(np.arange(len(places)), 1), np.array(sorted(places), int), target)
    video, label = with_poison(after, poison)
    for place in range(6):
        if place in places:
            np.testing.assert_array_equal(video[place], poison.value[sorted(places).index(place)])
            assert label[place] == target
        else:
            np.testing.assert_array_equal(video[place], before.video[place])
            assert label[place] == before.label[place]
    np.testing.assert_array_equal(after.video, before.video)
    np.testing.assert_array_equal(after.label, before.label)
    assert (video.dtype, label.dtype) == (np.uint8, before.label.dtype)


def test_without_poison_nothing_is_copied() -> None:
    videos = clean()
    video, label = with_poison(videos, None)
    assert video is videos.video
    assert label is videos.label


@pytest.mark.parametrize(
    ("shape", "index", "message"),
    [
        ((2, 8, 32, 31, 3), [0, 1], r"found shape \(2, 8, 32, 31, 3\), expected \(2, 8, 32, 32, 3\) as the clean ones"),
        ((3, 8, 32, 32, 3), [0, 1], r"found shape \(3, .*expected \(2,"),
        ((2, 8, 32, 32, 3), [0, 6], r"found places 0 to 6, expected 0 to 5; poison them again"),
        ((2, 8, 32, 32, 3), [-1, 2], r"found places -1 to 2, expected 0 to 5"),
    ],
)
def test_poison_that_does_not_fit_is_one_line(shape: tuple[int, ...], index: list[int], message: str) -> None:
    with pytest.raises(KinesecError, match=message) as error:
        with_poison(clean(), Poison(np.zeros(shape, np.uint8), np.array(index), 0))
    assert "\n" not in str(error.value)


def network() -> VideoNet:
    return VIDEONETS.build("r2plus1d", VideoShape(8, 32, 32, 3), {"widths": (8, 8), "blocks": 1, "stem": 8})


def test_bytes_stay_bytes_on_the_device() -> None:
    videos = clean()
    data = VideoBatches(videos.video, videos.label, CPU)
    assert (data.video.dtype, data.device, len(data)) == (torch.uint8, CPU, 6)
    np.testing.assert_array_equal(data.video.numpy(), videos.video)
    assert data.label.tolist() == videos.label.tolist()


def test_a_step_is_the_loss_of_its_videos() -> None:
    videos, model = clean(), network()
    data = VideoBatches(videos.video, videos.label, CPU)
    task = VideoTask(model, Recipe(smoothing=0.2), data, 0, None)
    index = torch.tensor([4, 1, 2])
    model.eval()
    torch.testing.assert_close(
        task.loss(index, torch.Generator()),
        torch.nn.functional.cross_entropy(model(data.video[index]), data.label[index], label_smoothing=0.2),
    )
    assert task.validated() == {"validation_accuracy_percent": None, "validation_loss": None}


def test_accuracy_and_loss_are_of_all_videos() -> None:
    """More videos than are asked at once, and a last part that is not whole."""
    label = np.arange(VIDEONETS.batch + 3) % 3
    data, model = VideoBatches(moving(label), label, CPU), network().eval()
    logits = model(data.video)
    accuracy, loss = accuracy_and_loss(model, data)
    assert accuracy == pytest.approx(100 * np.mean(logits.argmax(1).numpy() == label))
    assert loss == pytest.approx(torch.nn.functional.cross_entropy(logits, data.label).item(), rel=1e-5)
