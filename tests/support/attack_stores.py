"""Tiny clips, recognizers and attacked clips for tests: made up, with what can be said of them known beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from stores import SKELETON

from kinesec.files import store
from kinesec.files.hashing import sha256_of
from kinesec.files.kinds.adversarial import ADVERSARIAL
from kinesec.files.kinds.clips import CLIPS
from kinesec.jobs.evaluate_attack import evaluate_attack
from kinesec.models.fit import shape_of
from kinesec.models.recognizers.base import RECOGNIZERS
from kinesec.samples.adversarial import QUERY_GRID, Search
from kinesec.samples.clips import clips
from kinesec.samples.clips.clips import Clips

CLASSES = ["bow", "jump", "kick", "run", "walk", "wave"]
FRAMES, COUNT, BODIES = 24, 48, 2


def write_clips(
    path: Path, *, seed: int = 0, bodies: int = BODIES, protocol: str = "made_up", validation: int = 0
) -> Path:
    """A clips store: 48 test clips of six classes in 16 recordings, some short, some of one body; 12 to train on.

    The last ``validation`` of the test clips validate instead.
    """
    rng = np.random.default_rng(seed)
    rest = np.cumsum(SKELETON.offsets, axis=0)
    count = COUNT + 12
    label = np.arange(count) % len(CLASSES)
    # every class has a pose and a way of moving of its own
    performed = np.where(np.arange(count) % 5 == 0, label + 1, label) % len(CLASSES)  # some do what another class does
    pose = 60 * np.random.default_rng(1).normal(size=(len(CLASSES), len(rest), 3))[performed][:, None, None]
    pace = 0.15 * (1 + performed)[:, None, None, None, None] * np.arange(FRAMES)[:, None, None]
    sway = 30 * np.sin(pace + rng.uniform(0, 6, (count, bodies, 1, len(rest), 3)))
    position = rest + pose + sway + 5 * rng.normal(size=(count, bodies, FRAMES, len(rest), 3))
    there = np.where(np.arange(count) % 3 == 0, 1, bodies)
    length = np.where(np.arange(count) % 4 == 0, FRAMES - 5, FRAMES)
    position *= (np.arange(bodies) < there[:, None])[:, :, None, None, None]
    position *= (np.arange(FRAMES) < length[:, None])[:, None, :, None, None]
    owner = np.arange(count) // 3
    sequences = int(owner.max()) + 1
    arrays = {
        "position": position.astype(np.float32),
        "label": label.astype(np.int64),
        "bodies": there.astype(np.int64),
        "length": length.astype(np.int64),
        "first_frame": np.zeros(count, np.int64),
        "sequence_index": owner.astype(np.int64),
        "split": np.array(["train"] * 12 + ["test"] * (COUNT - validation) + ["val"] * validation),
        "source": np.array([f"take{take}.bvh" for take in range(sequences)]),
        "subject": np.array([f"s{take % 4}" for take in range(sequences)]),
        "take": np.array([str(take // 4) for take in range(sequences)]),
    }
    attrs = {
        "skeleton": SKELETON.to_attrs(),
        "dataset": "made_up",
        "protocol": protocol,
        "classes": CLASSES,
        "fps": 30.0,
        "mean_mm": rest.tolist(),
        "scale_mm": 80.0,
        "split_by": "recording",
    }
    store.write(path, CLIPS, arrays, attrs)
    return path


def write_model(path: Path, clips_path: Path, *, name: str = "sgn", seed: int = 0, steps: int = 12) -> Path:
    """A small recognizer of the clips, trained a little so that it gets four of five test clips right."""
    every = clips.load(clips_path)
    every = every.take_rows(every.row % 5 != 0)
    module = RECOGNIZERS.settings_of(name, "small")
    model = RECOGNIZERS.build(name, shape_of(every), module, seed)
    seen, label = torch.from_numpy(every.normalised), torch.from_numpy(every.label)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    model.train()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        for _ in range(steps):
            optimiser.zero_grad()
            model.loss(seen, label).backward()
            optimiser.step()
    description = {
        "recognizer": name,
        "settings": module,
        "recipe": {},
        "protocol": every.attrs["protocol"],
        "clips_sha256": every.attrs["content_sha256"],
        "classes": every.classes,
    }
    RECOGNIZERS.save(path, model, description)
    return path


@dataclass(frozen=True)
class Case:
    """Clips, a recognizer of them and an attack's clips, before they are stored."""

    clips_path: Path
    model_path: Path
    clips: Clips
    position: np.ndarray
    target: np.ndarray
    changes: dict[str, Any] = field(default_factory=dict)

    def write(
        self,
        folder: Path,
        cuts: int = 1,
        *,
        rows: Sequence[int] | None = None,
        search: Search | None = None,
        **changes: Any,
    ) -> list[Path]:
        """The attacked clips in ``cuts`` shards, strewn so that no shard is a piece of the list."""
        index = np.arange(len(self.clips)) if rows is None else np.asarray(rows)
        attrs = {
            "dataset": "made_up",
            "clips_content_sha256": self.clips.attrs["content_sha256"],
            "model_sha256": sha256_of(self.model_path),
            "attack": "smart",
            "preset": "paper",
            "strategy": "AB",
            "settings": {"terms": "smart", "reduction": "mean", "after_success": "stop"},
            "seed": 0,
            **self.changes,
            **changes,
        }
        paths = []
        for shard in range(cuts):
            clips_of_shard = index[shard::cuts]
            path = folder / f"shard{shard + 1}of{cuts}.zarr"
            arrays = {
                "position": self.position[clips_of_shard],
                "row": self.clips.row[clips_of_shard].astype(np.int64),
                "label": self.clips.label[clips_of_shard],
                "target": self.target[clips_of_shard],
                "claimed": np.ones(len(clips_of_shard), bool),
                "iterations": 10 + clips_of_shard.astype(np.int64),
                "queries": 20 + clips_of_shard.astype(np.int64),
                "class_loss": clips_of_shard / 7,
                "perceptual_loss": clips_of_shard / 9,
                **{name: values[clips_of_shard] for name, values in (vars(search) if search else {}).items()},
            }
            store.write(path, ADVERSARIAL, arrays, attrs)
            paths.append(path)
        return paths


def make_search(case: Case, seed: int = 0) -> Search:
    """What a hard-label attack might say of a case's clips: the first was never adversarial, the second not projected.

    The least l falls with queries, from that of the first boundary point after 50 to that of the stored clip.
    """
    rng = np.random.default_rng(seed)
    count = len(case.clips)
    nothing = np.arange(count) == 0
    last = rng.uniform(0.05, 0.2, count)
    first = 8 * last
    trace = np.maximum(last[:, None], first[:, None] * (50 / QUERY_GRID) ** 0.5)
    trace[:, QUERY_GRID < 50] = np.nan
    trace[nothing] = np.nan
    unknown = np.where(nothing, np.nan, 1.0)
    projections = np.where(np.arange(count) < 2, 0, 2)
    return Search(
        start_row=np.where(nothing, -1, np.arange(count) % 12),
        boundary_l=first * unknown,
        search_l=0.9 * last * unknown,
        projected=projections > 0,
        projections=projections,
        converged=(projections > 0) & (np.arange(count) % 5 > 0),
        projection_residual=np.where(projections > 0, 1e-4, np.nan),
        trace_l=trace,
    )


def make_case(folder: Path, *, size: float = 0.5, seed: int = 0, **changes: Any) -> Case:
    """Every test clip moved at random by up to ``size`` normalised units, clips further on in the list by more."""
    clips_path = write_clips(folder / "clips.zarr")
    model_path = write_model(folder / "model.safetensors", clips_path)
    test = clips.load(clips_path, "test")
    rng = np.random.default_rng(seed)
    moved = size * rng.normal(size=test.position.shape) * np.linspace(0, 1, len(test))[:, None, None, None, None]
    position = np.where(test.present[..., None, None], test.normalised + moved, 0).astype(np.float32)
    target = (test.label + 1) % len(CLASSES) if changes.get("strategy") == "SA" else np.full(len(test), -1)
    return Case(clips_path, model_path, test, position, target.astype(np.int64), dict(changes))


def evaluated(folder: Path, attacks: Mapping[str, tuple[str, float]]) -> tuple[Path, dict[str, list[Path]]]:
    """The clips, and the shards, records and tables of attacks on one recognizer by name: (terms, size of moves)."""
    made: dict[str, list[Path]] = {"shard_paths": [], "records_paths": [], "table_paths": []}
    for attack, (terms, size) in attacks.items():
        case = make_case(folder, size=size, settings={"terms": terms})
        shards = case.write(folder / attack / "seed0", 2)
        paths = {"records_path": folder / f"{attack}.parquet", "table_path": folder / f"{attack}.csv"}
        identity = {"data": "d", "clips": "c", "recognizer": "r", "attack": attack, "seed": "0"}
        evaluate_attack(
            clips_path=case.clips_path, model_path=case.model_path, shard_paths=shards, identity=identity, **paths
        )
        made["shard_paths"] += shards
        made["records_paths"].append(paths["records_path"])
        made["table_paths"].append(paths["table_path"])
    return case.clips_path, made
