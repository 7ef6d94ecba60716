"""What holds for every video network, and what is particular to each."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_videos import moving
from torch.optim.swa_utils import update_bn

from kinesec import names, seeding
from kinesec.errors import ConfigError, KinesecError
from kinesec.models.videonets._layers import MaxPool
from kinesec.models.videonets.base import LEVELS, VIDEONETS, Recipe, VideoNet, VideoShape
from kinesec.models.videonets.r2plus1d import middle

NAMES = ("r2plus1d", "s3d", "i3d", "slowfast")
EVERY = pytest.mark.parametrize("name", NAMES)
SHAPE = VideoShape(8, 32, 32, 3)
TINY: dict[str, dict[str, Any]] = {
    "r2plus1d": {"widths": (8, 8, 16), "blocks": 1, "stem": 8},
    "s3d": {"width": 0.125, "dropout": 0.0, "momentum": 0.1},
    "i3d": {"width": 8, "blocks": (1, 1, 1, 1), "dropout": 0.0},
    "slowfast": {"width": 16, "blocks": (1, 1, 1, 1), "ratio": 2, "dropout": 0.0},
}


def build(name: str, shape: VideoShape = SHAPE, **changes: Any) -> VideoNet:
    """A tiny network in eval mode whose normalisations and classifier are not those it begins with."""
    model = VIDEONETS.build(name, shape, {**TINY[name], **changes})
    with seeding.torch_stream(0, "test"), torch.no_grad():
        for module in model.modules():
            if isinstance(module, torch.nn.BatchNorm3d):
                module.weight.uniform_(0.5, 1.5)
                module.bias.normal_(0, 0.2)
                module.running_mean.normal_(0, 0.2)
                module.running_var.uniform_(0.5, 1.5)
        model.classifier.weight.mul_(20)
    return model.eval()


def videos(count: int, seed: int = 0) -> torch.Tensor:
    return torch.from_numpy(moving(np.arange(count), seed))


def test_there_are_four() -> None:
    assert names.available("models.videonets") == sorted(NAMES)


@EVERY
def test_logits_of_a_video_are_its_own(name: str) -> None:
    model, batch = build(name), videos(5)
    logits = model(batch)
    assert logits.shape == (5, 3)
    assert (logits - logits[0]).abs().amax(1)[1:].min() > 1e-4
    torch.testing.assert_close(torch.cat([model(video[None]) for video in batch]), logits, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(model(batch), logits, rtol=0, atol=0)


@EVERY
def test_grey_levels_are_whole_or_not(name: str) -> None:
    model, batch = build(name), videos(2)
    assert torch.equal(model(batch.float()), model(batch))
    assert (model(batch.float() + 0.4) - model(batch)).abs().max() > 1e-6


@EVERY
@pytest.mark.parametrize("size", [(8, 32, 32), (9, 33, 47), (13, 45, 32), (16, 64, 40)])
def test_any_size(name: str, size: tuple[int, int, int]) -> None:
    logits = build(name, VideoShape(*size, 3))(torch.randint(0, 256, (2, *size, 3), dtype=torch.uint8))
    assert logits.shape == (2, 3)
    assert logits.isfinite().all()


@EVERY
@pytest.mark.parametrize("change", [{"frames": 1}, {"height": 7}, {"width": 7}])
def test_a_video_too_small_is_one_clear_line(name: str, change: dict[str, int]) -> None:
    if name == "r2plus1d" and "frames" not in change:
        change = dict.fromkeys(change, 3)
    with pytest.raises(ConfigError, match=r"found videos of .* (frames|pixels), expected .* or more; ") as error:
        build(name, replace(SHAPE, **change))
    assert "\n" not in str(error.value)


@EVERY
def test_gradients_reach_every_frame_and_pixel(name: str) -> None:
    model, batch = build(name), videos(2).float().requires_grad_()
    model(batch).square().sum().backward()
    assert batch.grad is not None
    assert batch.grad.isfinite().all()
    assert (batch.grad.abs().amax((0, 2, 3, 4)) > 0).all()
    assert (batch.grad.abs().amax((0, 1, 4)) > 0).float().mean() > 0.95
    assert (batch.grad.abs().amax((0, 1, 2, 3)) > 0).all()


@EVERY
def test_a_gradient_is_that_of_a_difference(name: str) -> None:
    model, batch = build(name).double(), videos(2).double().requires_grad_()
    way = torch.randn(batch.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    (slope,) = torch.autograd.grad(model(batch).sum(), batch)
    step = 1e-5
    rise = (model(batch + step * way).sum() - model(batch - step * way).sum()) / (2 * step)
    assert (slope * way).sum().item() == pytest.approx(rise.item(), rel=1e-3)


@EVERY
def test_the_order_of_frames_tells(name: str) -> None:
    model, batch = build(name), videos(3)
    assert (model(batch.flip(1)) - model(batch)).abs().max() > 1e-3


@EVERY
def test_eight_videos_are_learned_by_heart(name: str) -> None:
    batch, label = videos(9, seed=3), torch.arange(9) % 3
    model = VIDEONETS.build(name, SHAPE, TINY[name])
    with seeding.torch_stream(0, "dropout"):
        optimiser = torch.optim.AdamW(model.parameters(), 5e-3)
        for _ in range(25):
            optimiser.zero_grad()
            model.loss(batch, label).backward()
            optimiser.step()
        update_bn([batch], model)  # so few steps leave running averages behind
    assert model.eval()(batch).argmax(1).tolist() == label.tolist()


@EVERY
def test_logits_are_linear_in_the_features(name: str) -> None:
    model, batch = build(name), videos(2)
    features = model.features(batch)
    assert features.shape == (2, model.classifier.in_features)
    torch.testing.assert_close(model.classifier(features), model(batch))


@EVERY
def test_the_loss_is_cross_entropy(name: str) -> None:
    model, batch, label = build(name), videos(3), torch.tensor([0, 2, 1])
    chances = model(batch).log_softmax(1)
    right = -chances[torch.arange(3), label].mean()
    torch.testing.assert_close(model.loss(batch, label), right)
    torch.testing.assert_close(model.loss(batch, label, 0.3), 0.7 * right - 0.3 * chances.mean())


@EVERY
@pytest.mark.parametrize("wrong", [(2, 7, 32, 32, 3), (2, 8, 32, 31, 3), (2, 8, 32, 32, 1), (8, 32, 32, 3)])
def test_a_wrong_video_is_one_clear_line(name: str, wrong: tuple[int, ...]) -> None:
    with pytest.raises(KinesecError) as error:
        build(name)(torch.zeros(wrong))
    line = str(error.value)
    assert "\n" not in line
    assert line.startswith(f"videonet {name!r}: found a video of shape {wrong}, expected ")
    assert "8 frames, 32 x 32 pixels, 3 channels" in line


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("r2plus1d", {"widths": []}),
        ("r2plus1d", {"blocks": 0}),
        ("r2plus1d", {"levels": "imagenet"}),
        ("s3d", {"width": 0}),
        ("s3d", {"dropout": 2}),
        ("i3d", {"blocks": [3, 4]}),
        ("slowfast", {"blocks": [3, 4, 6]}),
        ("slowfast", {"width": 20, "ratio": 8}),
        ("slowfast", {"depth": 50}),
    ],
)
def test_a_wrong_setting_is_one_clear_line(name: str, changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"found .*, expected") as error:
        build(name, **changes)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("r2plus1d", 31_505_325),  # torchvision's num_params of r2plus1d_18
        ("s3d", 8_320_048),  # torchvision's num_params of s3d
        ("i3d", 28_043_472),  # of I3D 8x8 R50; pytorchvideo's model zoo says 28.04 million
        ("slowfast", 34_566_488),  # pytorchvideo's model zoo says 34.57 million; added up below
    ],
)
def test_published_sizes(name: str, count: int) -> None:
    model = VIDEONETS.build(name, VideoShape(32, 224, 224, 400), {})
    assert sum(p.numel() for p in model.parameters()) == count


def test_the_size_of_slowfast_added_up() -> None:
    """Table 1 of the paper, convolution by convolution: weights, and two numbers a channel of each normalisation."""

    def unit(inputs: int, outputs: int, taps: int) -> int:
        return inputs * outputs * taps + 2 * outputs

    total, kernels = 2304 * 400 + 400, {64: (1, 1, 3, 3), 8: (3, 3, 3, 3)}
    for width, frames in ((64, 1), (8, 5)):
        total += unit(3, width, frames * 49)
        inputs = width
        for stage, (blocks, taps) in enumerate(zip((3, 4, 6, 3), kernels[width], strict=True)):
            inner, outputs = width * 2**stage, 4 * width * 2**stage
            if width == 64:
                leaving = 8 if stage == 0 else 8 * 2 ** (stage + 1)
                total += unit(leaving, 2 * leaving, 7)
                inputs += 2 * leaving
            total += unit(inputs, outputs, 1)
            for _ in range(blocks):
                total += unit(inputs, inner, taps) + unit(inner, inner, 9) + unit(inner, outputs, 1)
                inputs = outputs
    assert total == 34_566_488


@pytest.mark.parametrize(("inputs", "outputs"), [(64, 64), (64, 128), (256, 512), (16, 16)])
def test_a_pair_has_the_weights_of_a_whole_convolution(inputs: int, outputs: int) -> None:
    """The largest number of channels between with no more weights than 3 x 3 x 3 (section 3.5 of R(2+1)D)."""
    whole = 27 * inputs * outputs
    pair = [between * (9 * inputs + 3 * outputs) for between in (middle(inputs, outputs), middle(inputs, outputs) + 1)]
    assert pair[0] <= whole < pair[1]


@EVERY
def test_small_networks_are_small(name: str) -> None:
    model = VIDEONETS.build(name, VideoShape(32, 64, 64, 10), "small")
    again = VIDEONETS.build(name, VideoShape(32, 64, 64, 10), VIDEONETS.settings_of(name, "small"))
    assert sum(p.numel() for p in model.parameters()) < 4e6
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), again.parameters(), strict=True))
    assert model.eval()(torch.zeros(1, 32, 64, 64, 3, dtype=torch.uint8)).shape == (1, 10)


def test_the_slow_path_sees_one_frame_in_four() -> None:
    """As pytorchvideo packs its pathways: evenly from the first frame to the last, rounded down."""
    model = build("slowfast", replace(SHAPE, frames=32))
    assert model.seen.tolist() == [0, 4, 8, 13, 17, 22, 26, 31]
    batch = torch.randint(0, 256, (1, 32, 32, 32, 3)).float()
    with torch.no_grad():
        model.classifier.weight[:, 32 * 16 :] = 0  # what the fast path says
        for unit in model.fuse:
            unit.norm.weight.zero_()
            unit.norm.bias.zero_()
    batch.requires_grad_()
    model(batch).square().sum().backward()
    assert batch.grad is not None
    assert batch.grad.abs().amax((0, 2, 3, 4)).nonzero()[:, 0].tolist() == model.seen.tolist()


@pytest.mark.parametrize("levels", LEVELS)
def test_grey_levels_are_normalised_inside(levels: str) -> None:
    model, batch = build("r2plus1d", levels=levels), videos(2)
    mean, deviation = (np.array(values) for values in LEVELS[levels])
    expected = np.moveaxis((batch.numpy() / 255 - mean) / deviation, -1, 1)
    np.testing.assert_allclose(model.normalised(batch).numpy(), expected, rtol=1e-5, atol=1e-5)
    if levels == "signed":
        np.testing.assert_allclose(expected, np.moveaxis(batch.numpy() / 127.5 - 1, -1, 1), atol=1e-12)


def test_the_levels_of_each() -> None:
    mean = {name: build(name).mean.tolist() for name in NAMES}
    assert mean["r2plus1d"] == mean["s3d"] == [127.5] * 3
    assert mean["i3d"] == mean["slowfast"] == pytest.approx([114.75] * 3)


@given(
    size=st.tuples(*[st.integers(3, 9)] * 3),
    kernel=st.tuples(*[st.integers(1, 3)] * 3),
    stride=st.tuples(*[st.integers(1, 2)] * 3),
)
@settings(max_examples=30, deadline=None)
def test_pooling_by_axes_is_pooling(
    size: tuple[int, int, int], kernel: tuple[int, int, int], stride: tuple[int, int, int]
) -> None:
    stride = tuple(1 if width == 1 else step for width, step in zip(kernel, stride, strict=True))  # type: ignore[assignment]
    pool, given = MaxPool(kernel, stride), []
    x = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(1))
    for way in (pool, pool.by_axes):
        leaf = x.clone().requires_grad_()
        largest = way(leaf)
        (largest * torch.arange(largest.numel()).view(largest.shape)).sum().backward()
        given.append((largest.detach(), leaf.grad))
    torch.testing.assert_close(given[0], given[1])


def test_recipes_are_the_papers() -> None:
    for name in NAMES:
        recipe: Recipe = VIDEONETS.recipe(name, {})
        optimiser = recipe.optimiser_of(build(name))
        assert (recipe.epochs, recipe.batch, recipe.rate_at(0), recipe.rate_at(9.9)) == (10, 16, 3e-4, 3e-4)
        assert isinstance(optimiser, torch.optim.AdamW)
        assert optimiser.param_groups[0]["weight_decay"] == 0.01


def test_rates() -> None:
    recipe = Recipe(epochs=10, rate=1.0, schedule="cosine", warm_up=2)
    assert [recipe.rate_at(progress) for progress in (0, 0.9, 1, 2)] == pytest.approx([1 / 3, 1 / 3, 2 / 3, 1])
    assert [recipe.rate_at(progress) for progress in (6, 10)] == pytest.approx([0.5, 0])
    fall = [recipe.rate_at(2 + epoch / 10) for epoch in range(80)]
    assert np.diff(fall).max() < 0
    assert Recipe(epochs=1, schedule="cosine", warm_up=1).rate_at(1) == pytest.approx(3e-4)


def test_sgd_is_nesterovs() -> None:
    model = build("r2plus1d")
    group = Recipe(optimiser="sgd", rate=0.1, weight_decay=1e-4).optimiser_of(model).param_groups[0]
    assert (group["nesterov"], group["momentum"], group["lr"], group["weight_decay"]) == (True, 0.9, 0.1, 1e-4)
    plain = Recipe(optimiser="sgd", momentum=0.0).optimiser_of(model)
    assert not plain.param_groups[0]["nesterov"]


def test_shapes_survive_json() -> None:
    assert VideoShape.from_attrs(json.loads(json.dumps(asdict(SHAPE)))) == SHAPE


@pytest.mark.parametrize("change", [{"frames": 0}, {"width": -1}, {"classes": 0}])
def test_a_wrong_shape_is_one_clear_line(change: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match=r"^video shape: found .*, expected 1 or more"):
        replace(SHAPE, **change)
