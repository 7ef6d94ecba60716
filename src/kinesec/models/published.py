"""Weights that others have published, such as those of networks trained on Kinetics, put into a network of ours.

They come as a safetensors file of the library's state_dict, under the library's names; what each of ours is called
there stands in the network's module, as ``PUBLISHED``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from kinesec import names
from kinesec.errors import ConfigError, KinesecError
from kinesec.models.videonets.base import VideoNet
from kinesec.models.weights import line

HEAD = ("classifier.weight", "classifier.bias")
_COUNTER = "num_batches_tracked"  # of normalisations; older files have none


def load_published(model: VideoNet, *, file: str, keys: Literal["torchvision", "pytorchvideo"]) -> tuple[str, ...]:
    """Puts a file's weights into a network; returns the names of those of ours that stayed as they were drawn.

    ``file`` is the path of a safetensors file and ``keys`` says whose names it has. Where the file's classifier is of
    another number of classes, the network's own stays. Raises ``ConfigError`` for names that the network's weights were
    not published under, and ``KinesecError`` for a file that cannot be read or holds another network.
    """
    owner = f"videonet {model.name!r}"
    rules = names.load("models.videonets", model.name).PUBLISHED
    if keys not in rules:
        raise ConfigError(f"{owner}: weights.keys: found {keys!r}, expected one of {', '.join(rules)}")
    path, ours = Path(file), model.state_dict()
    theirs = _read(path)
    taken: dict[str, Tensor] = {}
    place = {name: published_name(name, rules[keys]) for name in ours}
    for name, there in place.items():
        if there not in theirs and name.endswith(_COUNTER):
            continue
        if there not in theirs:
            raise KinesecError(f"{path}: found no tensor {there!r}, expected one of {keys}'s {model.name}")
        taken[name] = theirs[there]
    if len(taken[HEAD[0]]) != model.shape.classes:
        for name in HEAD:
            del taken[name]
    _check(path, model, taken, place)
    strange = sorted(name for name in set(theirs) - set(place.values()) if not name.endswith(_COUNTER))
    if strange:
        raise KinesecError(f"{path}: found a tensor {strange[0]!r}, expected those of {keys}'s {model.name} alone")
    with torch.no_grad():
        for name, tensor in taken.items():
            ours[name].copy_(tensor.view(ours[name].shape))
    return tuple(name for name in ours if name not in taken and not name.endswith(_COUNTER))


def published_name(name: str, rules: Iterable[tuple[str, str]]) -> str:
    """What one of our weights is called in a library: each rule, a pattern and what takes its place, in turn."""
    for pattern, other in rules:
        name = re.sub(pattern, other, name)
    return name


def _check(path: Path, model: VideoNet, taken: dict[str, Tensor], place: dict[str, str]) -> None:
    """Raises ``KinesecError`` for a shape that is not ours; a classifier may be a convolution of one pixel."""
    ours = model.state_dict()
    for name, tensor in taken.items():
        want, have = tuple(ours[name].shape), tuple(tensor.shape)
        if have != want and not (name == HEAD[0] and have == (*want, 1, 1, 1)):
            raise KinesecError(
                f"{path}: tensor {place[name]!r}: found shape {have}, expected {want} as in {model.name} of these "
                "settings"
            )


def _read(path: Path) -> dict[str, Tensor]:
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise KinesecError(f"{path}: found no usable weights ({line(error)}), expected a safetensors file") from error
