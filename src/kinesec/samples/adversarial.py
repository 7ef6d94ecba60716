"""The clips that one attack on one recognizer made: written in shards, one a job, and gathered from them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from kinesec.errors import ConfigError, KinesecError
from kinesec.files import store
from kinesec.files.kinds.adversarial import ADVERSARIAL
from kinesec.samples.clips.clips import Clips

SHARED = ("dataset", "clips_content_sha256", "model_sha256", "attack", "preset", "strategy", "settings", "seed")
# what shards of older runs may not say
_TOLD = ("test_clips", "right_clips", "changed", "chosen", "bound_mm")
_SHARD = re.compile(r"shard(\d+)of(\d+)")


# after how many queries the least l of a hard-label attack is kept
QUERY_GRID = np.concatenate([np.arange(25, 501, 25), np.arange(600, 5001, 100), np.arange(6000, 50001, 1000)])


@dataclass(frozen=True)
class Search:
    """What an attack on hard labels says of its way to each clip (clip, ...); l in normalised units.

    ``start_row`` the training clip that it started from, by its row in the clips store (-1: none was adversarial);
    ``boundary_l`` l at the first boundary point; ``search_l`` the least l of an adversarial clip before the last
    projection onto the manifold; ``projected``: the kept clip is a projection; ``projections`` made, whether the last
    ``converged`` and its ``projection_residual`` (NaN: none was made); ``trace_l`` (clip, point) the least l of an
    adversarial clip after ``QUERY_GRID`` queries (NaN before there is one).
    """

    start_row: np.ndarray
    boundary_l: np.ndarray
    search_l: np.ndarray
    projected: np.ndarray
    projections: np.ndarray
    converged: np.ndarray
    projection_residual: np.ndarray
    trace_l: np.ndarray


@dataclass(frozen=True)
class Adversarial:
    """Adversarial clips and what the attack says of each; from a store, in the order of the clips store.

    ``position`` (clip, body, frame, joint, xyz) normalised, as recognizers see it; ``row`` (clip,) in the clips store;
    ``label`` (clip,) the true class, ``target`` (clip,) the class it was led to, -1 where any will do; ``claimed``
    (clip,): it is adversarial, by the attack's own word; ``iterations`` (clip,) that it took; ``queries`` (clip,)
    evaluations of the model spent on it; ``class_loss`` and ``perceptual_loss`` (clip,) of it; ``first_success``
    (clip,) the first iteration after which it was adversarial (-1: none), where the store holds it; ``search`` where
    the attack sees labels alone, and so has no ``class_loss`` (NaN).

    ``attrs`` are the store's. ``evaluated``, which no store holds, counts the clips that the model was given gradients
    of, those in empty lanes among them.
    """

    position: np.ndarray
    row: np.ndarray
    label: np.ndarray
    target: np.ndarray
    claimed: np.ndarray
    iterations: np.ndarray
    queries: np.ndarray
    class_loss: np.ndarray
    perceptual_loss: np.ndarray
    first_success: np.ndarray | None = None
    search: Search | None = None
    attrs: dict[str, Any] = field(default_factory=dict)
    evaluated: int = 0

    def __len__(self) -> int:
        return len(self.row)

    def setting(self, name: str) -> str:
        """A setting as text; empty where the attack has no such setting."""
        value = self.attrs["settings"].get(name)
        return value if isinstance(value, str) else "" if value is None else json.dumps(value, sort_keys=True)


_SEARCHED = tuple(field.name for field in fields(Search))


def shard_of(shard: str, count: int) -> np.ndarray:
    """The indices of one share of ``count`` clips: ``2of4`` is the second of four runs of nearly one length.

    Raises ``ConfigError`` for another notation.
    """
    match = re.fullmatch(r"([1-9]\d*)of([1-9]\d*)", shard)
    if match is None or int(match[1]) > int(match[2]):
        raise ConfigError(f"shard: found {shard!r}, expected one such as 1of4")
    return np.array_split(np.arange(count), int(match[2]))[int(match[1]) - 1]


def spread(label: np.ndarray, limit: int | None) -> np.ndarray:
    """Indices of at most ``limit`` clips, as many of each class as can be, evenly spaced in it; in order."""
    if limit is None or limit >= len(label):
        return np.arange(len(label))
    by_class = [np.flatnonzero(label == class_) for class_ in np.unique(label)]
    share = np.zeros(len(by_class), dtype=int)
    while share.sum() < limit:
        for place, members in enumerate(by_class):
            if share[place] < len(members) and share.sum() < limit:
                share[place] += 1
    chosen = [
        members[np.linspace(0, len(members) - 1, count).round().astype(int)]
        for members, count in zip(by_class, share, strict=True)
        if count
    ]
    return np.sort(np.concatenate(chosen))


def write(path: Path, adversarial: Adversarial) -> None:
    """Writes adversarial clips, however many, as a store of kind ``adversarial``; positions as float32."""
    held = vars(adversarial) | (vars(adversarial.search) if adversarial.search else {})
    arrays = {name: held[name] for name in ADVERSARIAL.arrays if held.get(name) is not None}
    arrays["position"] = arrays["position"].astype(np.float32)
    store.write(path, ADVERSARIAL, arrays, adversarial.attrs)


def _check_one_attack(shards: Sequence[xr.Dataset], paths: Sequence[Path]) -> None:
    """All shards state the same of what they share, and hold the same arrays: those of a search all or none."""
    for path, shard in zip(paths, shards, strict=True):
        there = set(map(str, shard.variables))
        unlike = there ^ set(map(str, shards[0].variables))
        odd = sorted(unlike or (set(_SEARCHED) - there if there & set(_SEARCHED) else unlike))
        if odd:
            raise KinesecError(f"{path}: found {odd[0]} in some shards or without its like; attack again")
        if "trace_l" in shard and shard.sizes["point"] != len(QUERY_GRID):
            raise KinesecError(
                f"{path}: found trace_l of {shard.sizes['point']} points, expected {len(QUERY_GRID)}; attack again"
            )
    for key in SHARED:
        for path, shard in zip(paths, shards, strict=True):
            if shard.attrs[key] != shards[0].attrs[key]:
                raise KinesecError(
                    f"{path}: found {key} {_short(shard.attrs[key])}, expected {_short(shards[0].attrs[key])} as in "
                    f"{paths[0]}; these shards are not of one attack"
                )


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    return text[:80]


def _check_complete(paths: Sequence[Path]) -> None:
    """Every shard of the attack once, by the shards' names."""
    named = {}
    for path in paths:
        match = _SHARD.search(path.stem)
        if match is None:
            raise KinesecError(f"{path}: found a shard of this name, expected shard<i>of<n>.zarr")
        place = int(match[1]), int(match[2])
        if place in named:
            raise KinesecError(f"{path}: found shard {place[0]} of {place[1]} twice, expected each shard once")
        named[place] = path
    counts = sorted({count for _, count in named})
    if len(counts) > 1:
        raise KinesecError(f"{paths[0]}: found shards of cuts in {counts}, expected those of one cut")
    missing = sorted(set(range(1, counts[0] + 1)) - {place for place, _ in named})
    if missing:
        raise KinesecError(f"{paths[0].parent}: found no shard {missing[0]} of {counts[0]}, expected every shard once")


def gather(shard_paths: Sequence[Path], clips: Clips) -> Adversarial:
    """The adversarial clips of all shards of one attack; ``clips`` are the test clips of the store that was attacked.

    The same clips in any number of shards give the same. Raises ``ConfigError`` where other clips were attacked and
    ``KinesecError`` where shards are missing, stand twice or do not belong together, or a clip is not the attacked
    clip's shape, not finite, or moved where no body is.
    """
    paths = [Path(path) for path in shard_paths]
    if not paths:
        raise KinesecError("attacked clips: found no shard, expected one or more")
    _check_complete(paths)
    shards = [store.read(path, ADVERSARIAL) for path in paths]
    _check_one_attack(shards, paths)
    attrs = {key: shards[0].attrs.get(key) for key in (*SHARED, *_TOLD)}
    expected = clips.attrs.get("content_sha256")
    if attrs["clips_content_sha256"] != expected:
        raise ConfigError(
            f"{paths[0]}: found attacked clips of the store {_short(attrs['clips_content_sha256'])[:12]}, expected "
            f"{_short(expected)[:12]}; surrogate, target and evaluation need clips of the same protocol"
        )
    count = sum(shard.sizes["clip"] for shard in shards)
    if shards[0].attrs.get("attacked_clips", count) != count:
        raise KinesecError(
            f"{paths[0]}: found {count} clips in all shards, expected {shards[0].attrs['attacked_clips']}; attack again"
        )
    arrays: dict[str, Any] = {
        str(name): np.concatenate([shard[name].values for shard in shards]) for name in shards[0].variables
    }
    order = np.argsort(arrays["row"], kind="stable")
    ordered = {name: values[order] for name, values in arrays.items()}
    search = {name: ordered.pop(name) for name in _SEARCHED if name in ordered}
    adversarial = Adversarial(**ordered, search=Search(**search) if search else None, attrs=attrs)
    _check_clips(adversarial, clips, paths[0])
    return adversarial


def _check_clips(adversarial: Adversarial, clips: Clips, path: Path) -> None:
    """The clips are those of the store, each once, of its shape and class, finite, and zero where no body is."""
    twice = adversarial.row[1:][np.diff(adversarial.row) == 0]
    if len(twice):
        raise KinesecError(f"{path}: found clip {twice[0]} in two shards, expected each clip once")
    unknown = adversarial.row[~np.isin(adversarial.row, clips.row)]
    if len(unknown):
        raise KinesecError(f"{path}: found clip {unknown[0]}, expected one of the {len(clips)} test clips")
    if adversarial.position.shape[1:] != clips.position.shape[1:]:
        raise KinesecError(f"{path}: found clips {adversarial.position.shape[1:]}, expected {clips.position.shape[1:]}")
    clean = clips.take_rows(np.searchsorted(clips.row, adversarial.row))
    wrong = np.flatnonzero(adversarial.label != clean.label)
    if len(wrong):
        row = adversarial.row[wrong[0]]
        raise KinesecError(
            f"{path}: found clip {row} of class {adversarial.label[wrong[0]]}, expected {clean.label[wrong[0]]}"
        )
    if adversarial.attrs["strategy"] == "SA":
        strange = np.flatnonzero(
            (adversarial.target < 0)
            | (adversarial.target >= len(clips.classes))
            | (adversarial.target == adversarial.label)
        )
        if len(strange):
            row, target = adversarial.row[strange[0]], adversarial.target[strange[0]]
            raise KinesecError(f"{path}: found clip {row} attacked towards class {target}, expected a wrong class")
    for place, row in enumerate(adversarial.row):
        if not np.isfinite(adversarial.position[place]).all():
            raise KinesecError(f"{path}: found clip {row} attacked with a value that is not finite, expected numbers")
        if adversarial.position[place][~clean.present[place]].any():
            raise KinesecError(f"{path}: found clip {row} moved where no body is, expected zeros there")


def of_clips(adversarial: Adversarial, clips: Clips) -> Clips:
    """The clips that were attacked, in the same order."""
    return clips.take_rows(np.searchsorted(clips.row, adversarial.row))
