"""Published weights: video networks of a library's names against a plain reading of the papers, and files of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from made_up_videos import moving
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F

from kinesec import names, seeding
from kinesec.errors import ConfigError, KinesecError
from kinesec.models.published import load_published, published_name
from kinesec.models.videonets.base import VIDEONETS, VideoNet, VideoShape

KEYS = {"r2plus1d": "torchvision", "s3d": "torchvision", "i3d": "pytorchvideo", "slowfast": "pytorchvideo"}
EVERY = pytest.mark.parametrize("name", KEYS)
SHAPE = VideoShape(16, 48, 40, 5)
SIZES: dict[str, dict[str, Any]] = {
    "r2plus1d": {"widths": (8, 12, 16, 20), "blocks": 2, "stem": 6},
    "s3d": {"width": 0.125},
    "i3d": {"width": 4, "blocks": (3, 4, 6, 3)},
    "slowfast": {"width": 16, "blocks": (3, 4, 6, 3)},
}
# Some of the names in the libraries' files
NAMED = {
    "r2plus1d": ["stem.0.weight", "stem.4.running_var", "layer1.0.conv1.0.0.weight", "layer1.1.conv2.0.3.weight",
                 "layer2.0.conv1.1.bias", "layer4.0.downsample.1.running_mean", "layer2.0.downsample.0.weight",
                 "layer3.1.conv2.0.1.num_batches_tracked", "fc.bias"],
    "s3d": ["features.0.0.0.weight", "features.0.1.1.running_mean", "features.2.0.weight", "features.3.1.0.weight",
            "features.5.branch0.0.weight", "features.6.branch1.0.1.bias", "features.8.branch1.1.0.0.weight",
            "features.12.branch2.1.1.1.weight", "features.15.branch3.1.0.weight", "classifier.1.weight"],
    "i3d": ["blocks.0.conv.weight", "blocks.0.norm.bias", "blocks.1.res_blocks.0.branch1_conv.weight",
            "blocks.1.res_blocks.2.branch2.conv_a.weight", "blocks.3.res_blocks.0.branch1_norm.running_var",
            "blocks.4.res_blocks.5.branch2.norm_b.weight", "blocks.5.res_blocks.2.branch2.conv_c.weight",
            "blocks.6.proj.weight"],
    "slowfast": ["blocks.0.multipathway_blocks.0.conv.weight", "blocks.0.multipathway_blocks.1.norm.bias",
                 "blocks.0.multipathway_fusion.conv_fast_to_slow.weight", "blocks.3.multipathway_fusion.norm.weight",
                 "blocks.1.multipathway_blocks.0.res_blocks.0.branch1_conv.weight",
                 "blocks.4.multipathway_blocks.1.res_blocks.2.branch2.conv_b.weight", "blocks.6.proj.bias"],
}  # fmt: skip


def build(name: str, shape: VideoShape = SHAPE, seed: int = 0) -> VideoNet:
    """A tiny network of published depth in eval mode, whose normalisations are not those it begins with."""
    model = VIDEONETS.build(name, shape, SIZES[name], seed)
    with seeding.torch_stream(seed, "test"), torch.no_grad():
        for module in model.modules():
            if isinstance(module, torch.nn.BatchNorm3d):
                module.weight.uniform_(0.5, 1.5)
                module.bias.normal_(0, 0.2)
                module.running_mean.normal_(0, 0.2)
                module.running_var.uniform_(0.5, 1.5)
        model.classifier.bias.normal_()
    return model.eval()


def published(model: VideoNet) -> dict[str, Tensor]:
    """A network's weights under the names of its library."""
    rules = names.load("models.videonets", model.name).PUBLISHED[KEYS[model.name]]
    return {published_name(name, rules): value.clone() for name, value in model.state_dict().items()}


class Plain:
    """The four networks as functions of weights by the libraries' names, one line a layer."""

    def __init__(self, weights: Mapping[str, Tensor], blocks: tuple[int, ...] = (3, 4, 6, 3)) -> None:
        self.weights, self.blocks = weights, blocks

    def conv(self, x: Tensor, name: str, *stride: int) -> Tensor:
        kernel = self.weights[f"{name}.weight"]
        return F.conv3d(x, kernel, None, stride or 1, [size // 2 for size in kernel.shape[2:]])

    def norm(self, x: Tensor, name: str, epsilon: float = 1e-5) -> Tensor:
        weight, bias, mean, var = (
            self.weights[f"{name}.{part}"].view(-1, 1, 1, 1)
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        return (x - mean) / (var + epsilon).sqrt() * weight + bias

    def r2plus1d(self, x: Tensor) -> Tensor:
        x = self.norm(self.conv(x, "stem.0", 1, 2, 2), "stem.1").relu()
        x = self.norm(self.conv(x, "stem.3"), "stem.4").relu()
        for layer in (1, 2, 3, 4):
            for block in (0, 1):
                at, s = f"layer{layer}.{block}", 2 if layer > 1 and block == 0 else 1
                y = self.norm(self.conv(x, f"{at}.conv1.0.0", 1, s, s), f"{at}.conv1.0.1").relu()
                y = self.norm(self.conv(y, f"{at}.conv1.0.3", s, 1, 1), f"{at}.conv1.1").relu()
                y = self.norm(self.conv(y, f"{at}.conv2.0.0"), f"{at}.conv2.0.1").relu()
                y = self.norm(self.conv(y, f"{at}.conv2.0.3"), f"{at}.conv2.1")
                if s == 2:
                    x = self.norm(self.conv(x, f"{at}.downsample.0", 2, 2, 2), f"{at}.downsample.1")
                x = (x + y).relu()
        return F.linear(x.mean((2, 3, 4)), self.weights["fc.weight"], self.weights["fc.bias"])

    def s3d(self, x: Tensor) -> Tensor:
        def unit(x: Tensor, name: str, *stride: int) -> Tensor:
            return self.norm(self.conv(x, f"{name}.0", *stride), f"{name}.1", 1e-3).relu()

        def separable(x: Tensor, name: str, stride: int = 1) -> Tensor:
            return unit(unit(x, f"{name}.0", 1, stride, stride), f"{name}.1", stride, 1, 1)

        def inception(x: Tensor, name: str) -> Tensor:
            one = unit(x, f"{name}.branch0")
            two = separable(unit(x, f"{name}.branch1.0"), f"{name}.branch1.1")
            three = separable(unit(x, f"{name}.branch2.0"), f"{name}.branch2.1")
            four = unit(F.max_pool3d(x, 3, 1, 1), f"{name}.branch3.1")
            return torch.cat([one, two, three, four], 1)

        x = F.max_pool3d(separable(x, "features.0", 2), (1, 3, 3), (1, 2, 2), (0, 1, 1))
        x = separable(unit(x, "features.2"), "features.3")
        x = F.max_pool3d(x, (1, 3, 3), (1, 2, 2), (0, 1, 1))
        for layer in range(5, 16):
            if layer == 7:
                x = F.max_pool3d(x, 3, 2, 1)
            elif layer == 13:
                x = F.max_pool3d(x, 2, 2)
            else:
                x = inception(x, f"features.{layer}")
        weight = self.weights["classifier.1.weight"]
        return F.linear(x.mean((2, 3, 4)), weight.flatten(1), self.weights["classifier.1.bias"])

    def stem(self, x: Tensor, conv: str, norm: str) -> Tensor:
        x = self.norm(self.conv(x, conv, 1, 2, 2), norm).relu()
        return F.max_pool3d(x, (1, 3, 3), (1, 2, 2), (0, 1, 1))

    def stage(self, x: Tensor, name: str, blocks: int, pace: int) -> Tensor:
        for block in range(blocks):
            at, s = f"{name}.res_blocks.{block}", pace if block == 0 else 1
            y = self.norm(self.conv(x, f"{at}.branch2.conv_a"), f"{at}.branch2.norm_a").relu()
            y = self.norm(self.conv(y, f"{at}.branch2.conv_b", 1, s, s), f"{at}.branch2.norm_b").relu()
            y = self.norm(self.conv(y, f"{at}.branch2.conv_c"), f"{at}.branch2.norm_c")
            if block == 0:
                x = self.norm(self.conv(x, f"{at}.branch1_conv", 1, s, s), f"{at}.branch1_norm")
            x = (x + y).relu()
        return x

    def i3d(self, x: Tensor) -> Tensor:
        x = self.stage(self.stem(x, "blocks.0.conv", "blocks.0.norm"), "blocks.1", self.blocks[0], 1)
        x = F.max_pool3d(x, (2, 1, 1), (2, 1, 1))
        for number, blocks in zip((3, 4, 5), self.blocks[1:], strict=True):
            x = self.stage(x, f"blocks.{number}", blocks, 2)
        return F.linear(x.mean((2, 3, 4)), self.weights["blocks.6.proj.weight"], self.weights["blocks.6.proj.bias"])

    def slowfast(self, x: Tensor) -> Tensor:
        count = x.shape[2] // 4
        paths = [x[:, :, [int(i * (x.shape[2] - 1) / (count - 1)) for i in range(count)]], x]
        for number in range(5):
            at = f"blocks.{number}"
            for path in (0, 1):
                name = f"{at}.multipathway_blocks.{path}"
                if number == 0:
                    paths[path] = self.stem(paths[path], f"{name}.conv", f"{name}.norm")
                else:
                    paths[path] = self.stage(paths[path], name, self.blocks[number - 1], 1 if number == 1 else 2)
            if number < 4:
                fused = self.conv(paths[1], f"{at}.multipathway_fusion.conv_fast_to_slow", 4, 1, 1)
                paths[0] = torch.cat([paths[0], self.norm(fused, f"{at}.multipathway_fusion.norm").relu()], 1)
        x = torch.cat([path.mean((2, 3, 4)) for path in paths], 1)
        return F.linear(x, self.weights["blocks.6.proj.weight"], self.weights["blocks.6.proj.bias"])


@EVERY
def test_networks_are_what_the_libraries_names_say(name: str) -> None:
    """In float64; kernels of every convolution come with the weights, strides and the rest from the papers."""
    model = build(name).double()
    video = torch.randint(0, 256, (2, 16, 48, 40, 3), generator=torch.Generator().manual_seed(0))
    plain: Callable[[Tensor], Tensor] = getattr(Plain(published(model)), name)
    torch.testing.assert_close(model(video), plain(model.normalised(video)), rtol=1e-9, atol=1e-9)


def test_kernels_along_time() -> None:
    """How many frames the first convolutions of the blocks see, stage by stage."""
    for name, stages, expected in (
        ("i3d", "blocks.{}", {1: "333", 3: "3131", 4: "313131", 5: "131"}),
        ("slowfast", "blocks.{}.multipathway_blocks.0", {1: "111", 2: "1111", 3: "333333", 4: "333"}),
        ("slowfast", "blocks.{}.multipathway_blocks.1", {1: "333", 2: "3333", 3: "333333", 4: "333"}),
    ):
        weights = published(build(name))
        for stage, frames in expected.items():
            kernels = [
                weights[f"{stages.format(stage)}.res_blocks.{block}.branch2.conv_a.weight"].shape[2:]
                for block in range(len(frames))
            ]
            assert kernels == [(int(count), 1, 1) for count in frames]
    stems = {name: published(build(name)) for name in KEYS}
    assert stems["i3d"]["blocks.0.conv.weight"].shape[2:] == (5, 7, 7)
    assert stems["slowfast"]["blocks.0.multipathway_blocks.0.conv.weight"].shape[2:] == (1, 7, 7)
    assert stems["slowfast"]["blocks.0.multipathway_blocks.1.conv.weight"].shape[2:] == (5, 7, 7)
    assert stems["r2plus1d"]["stem.3.weight"].shape[2:] == (3, 1, 1)
    assert stems["s3d"]["features.0.1.0.weight"].shape[2:] == (7, 1, 1)


@EVERY
def test_names_are_the_librarys(name: str) -> None:
    weights = published(build(name))
    assert set(NAMED[name]) <= set(weights)
    assert len(weights) == len(build(name).state_dict())


def saved(weights: Mapping[str, Tensor], path: Path) -> str:
    save_file({name: value.contiguous() for name, value in weights.items()}, path)
    return str(path)


@EVERY
@pytest.mark.parametrize("classes", [5, 3])
def test_a_file_gives_its_weights_and_another_number_of_classes_a_new_classifier(
    name: str, classes: int, tmp_path: Path
) -> None:
    theirs, ours = build(name), build(name, VideoShape(16, 48, 40, classes), seed=1)
    drawn = {key: value.clone() for key, value in ours.state_dict().items()}
    weights = published(theirs)
    if name == "s3d":
        weights["classifier.1.weight"] = weights["classifier.1.weight"][..., None, None, None]
    stayed = load_published(ours, file=saved(weights, tmp_path / "k.safetensors"), keys=KEYS[name])  # type: ignore[arg-type]
    assert stayed == (() if classes == 5 else ("classifier.weight", "classifier.bias"))
    for key, value in ours.state_dict().items():
        assert torch.equal(value, drawn[key] if key in stayed else theirs.state_dict()[key]), key
    video = torch.from_numpy(moving(torch.arange(2).numpy()))
    video = F.pad(video, (0, 0, 0, 8, 0, 16, 0, 8))
    assert torch.equal(ours.features(video), theirs.features(video))


@EVERY
def test_a_file_of_another_network_is_one_line(name: str, tmp_path: Path) -> None:
    weights, model = published(build(name)), build(name)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    first = next(iter(weights))
    head = (
        "classifier.1.weight"
        if name == "s3d"
        else next(key for key in weights if key.endswith(("fc.weight", "proj.weight")))
    )
    wrong = {
        rf"found no tensor '{first}', expected one of {KEYS[name]}'s {name}": {
            key: value for key, value in weights.items() if key != first
        },
        r"found a tensor 'another', expected those": {**weights, "another": torch.zeros(1)},
        rf"tensor '{first}': found shape \(1,\), expected \(.*\) as in {name} of these settings": {
            **weights, first: torch.zeros(1),
        },
        rf"tensor '{head}': found shape \(5, 3\), expected": {**weights, head: torch.zeros(5, 3)},
    }  # fmt: skip
    for message, content in wrong.items():
        path = saved(content, tmp_path / "k.safetensors")
        with pytest.raises(KinesecError, match=message) as error:
            load_published(model, file=path, keys=KEYS[name])  # type: ignore[arg-type]
        assert str(error.value).startswith(path)
        assert "\n" not in str(error.value)
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())


def test_counters_may_be_missing(tmp_path: Path) -> None:
    weights = published(build("i3d"))
    older = {key: value for key, value in weights.items() if not key.endswith("num_batches_tracked")}
    assert len(older) < len(weights)
    path = saved(older, tmp_path / "k.safetensors")
    assert load_published(build("i3d", seed=1), file=path, keys="pytorchvideo") == ()


def test_a_file_that_is_none_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "k.safetensors"
    for content in (None, b"", b"rubbish"):
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(KinesecError, match=r"found no usable weights .*, expected a safetensors file") as error:
            load_published(build("s3d"), file=str(path), keys="torchvision")
        assert "\n" not in str(error.value)


def test_names_of_a_library_that_has_no_such_network_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"videonet 'i3d': weights\.keys: found 'torchvision', expected one of pytorch"
    ):
        load_published(build("i3d"), file="x", keys="torchvision")
