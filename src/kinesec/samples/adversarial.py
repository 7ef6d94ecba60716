"""The clips that one attack on one recognizer made, gathered from the shards of its jobs."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from kinesec.errors import ConfigError, KinesecError
from kinesec.files import store
from kinesec.files.kinds.adversarial import ADVERSARIAL
from kinesec.samples.clips.clips import Clips

SHARED = ("dataset", "clips_content_sha256", "model_sha256", "attack", "preset", "strategy", "settings", "seed")
_SHARD = re.compile(r"shard(\d+)of(\d+)")


@dataclass(frozen=True)
class Attacked:
    """Attacked clips in the order of the clips store.

    ``position`` (clip, body, frame, joint, xyz) float32 as recognizers see them; ``row`` (clip,) their rows in the
    clips store; ``label``, ``target``, ``claimed`` (the attack's own word), ``iterations``, ``queries``,
    ``class_loss``, ``perceptual_loss`` (clip,) and, where there is one, ``first_success`` as the attack left them;
    ``attrs`` what the shards have in common.
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
    attrs: dict[str, Any]
    first_success: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.row)

    def setting(self, name: str) -> str:
        """A setting as text; empty where the attack has no such setting."""
        found = self.attrs["settings"].get(name)
        return found if isinstance(found, str) else "" if found is None else json.dumps(found, sort_keys=True)


def _same(found: Sequence[xr.Dataset], paths: Sequence[Path]) -> None:
    for key in SHARED:
        for path, shard in zip(paths, found, strict=True):
            if shard.attrs[key] != found[0].attrs[key]:
                raise KinesecError(
                    f"{path}: found {key} {_short(shard.attrs[key])}, expected {_short(found[0].attrs[key])} as in "
                    f"{paths[0]}; these shards are not of one attack"
                )


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    return text[:80]


def _complete(paths: Sequence[Path]) -> None:
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


def gather(shard_paths: Sequence[Path], clips: Clips) -> Attacked:
    """The attacked clips of all shards of one attack; ``clips`` are the test clips of the store that was attacked.

    The same clips in any number of shards give the same. Raises ``ConfigError`` where other clips were attacked and
    ``KinesecError`` where shards are missing, stand twice or do not belong together, or a clip is not the attacked
    clip's shape, not finite, or moved where no body is.
    """
    paths = [Path(path) for path in shard_paths]
    if not paths:
        raise KinesecError("attacked clips: found no shard, expected one or more")
    _complete(paths)
    found = [store.read(path, ADVERSARIAL) for path in paths]
    _same(found, paths)
    attrs = {key: found[0].attrs.get(key) for key in (*SHARED, "test_clips", "right_clips")}
    expected = clips.attrs.get("content_sha256")
    if attrs["clips_content_sha256"] != expected:
        raise ConfigError(
            f"{paths[0]}: found attacked clips of the store {_short(attrs['clips_content_sha256'])[:12]}, expected "
            f"{_short(expected)[:12]}; surrogate, target and evaluation need clips of the same protocol"
        )
    count = sum(shard.sizes["clip"] for shard in found)
    if found[0].attrs.get("attacked_clips", count) != count:
        raise KinesecError(
            f"{paths[0]}: found {count} clips in all shards, expected {found[0].attrs['attacked_clips']}; attack again"
        )
    arrays = {name: np.concatenate([shard[name].values for shard in found]) for name in _arrays(found[0])}
    order = np.argsort(arrays["row"], kind="stable")
    done = Attacked(**{name: values[order] for name, values in arrays.items()}, attrs=attrs)
    _check(done, clips, paths[0])
    return done


def _arrays(shard: xr.Dataset) -> list[str]:
    return [name for name in map(str, shard.variables) if name in Attacked.__dataclass_fields__]


def _check(done: Attacked, clips: Clips, path: Path) -> None:
    twice = done.row[1:][np.diff(done.row) == 0]
    if len(twice):
        raise KinesecError(f"{path}: found clip {twice[0]} in two shards, expected each clip once")
    unknown = done.row[~np.isin(done.row, clips.row)]
    if len(unknown):
        raise KinesecError(f"{path}: found clip {unknown[0]}, expected one of the {len(clips)} test clips")
    if done.position.shape[1:] != clips.position.shape[1:]:
        raise KinesecError(f"{path}: found clips {done.position.shape[1:]}, expected {clips.position.shape[1:]}")
    own = clips.take_rows(np.searchsorted(clips.row, done.row))
    wrong = np.flatnonzero(done.label != own.label)
    if len(wrong):
        row = done.row[wrong[0]]
        raise KinesecError(f"{path}: found clip {row} of class {done.label[wrong[0]]}, expected {own.label[wrong[0]]}")
    if done.attrs["strategy"] == "SA":
        strange = np.flatnonzero((done.target < 0) | (done.target >= len(clips.classes)) | (done.target == done.label))
        if len(strange):
            row, target = done.row[strange[0]], done.target[strange[0]]
            raise KinesecError(f"{path}: found clip {row} attacked towards class {target}, expected a wrong class")
    for place, row in enumerate(done.row):
        if not np.isfinite(done.position[place]).all():
            raise KinesecError(f"{path}: found clip {row} attacked with a value that is not finite, expected numbers")
        if done.position[place][~own.present[place]].any():
            raise KinesecError(f"{path}: found clip {row} moved where no body is, expected zeros there")


def of_clips(done: Attacked, clips: Clips) -> Clips:
    """The clips that were attacked, in the same order."""
    return clips.take_rows(np.searchsorted(clips.row, done.row))


def described(done: Attacked, clips: Clips, identity: Mapping[str, str]) -> dict[str, Any]:
    """What names an attack in a table: data set, clips, split, attack and how its losses are reduced."""
    return {
        "dataset": identity["data"],
        "clips": identity["clips"],
        "split_by": str(clips.attrs["split_by"]),
        "classes": len(clips.classes),
        "attack": identity["attack"],
        "attack_module": str(done.attrs["attack"]),
        "preset": str(done.attrs["preset"]),
        "strategy": str(done.attrs["strategy"]),
        "terms": done.setting("terms"),
        "reduction": done.setting("reduction"),
        "after_success": done.setting("after_success"),
        "settings": json.dumps(done.attrs["settings"], sort_keys=True),
        "seed": int(identity["seed"]),
        "test_clips": done.attrs.get("test_clips"),
        "right_clips": done.attrs.get("right_clips"),
    }
