"""Clips that a hard-label attack has finished: what is kept of each, and files from which a killed job goes on."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import torch

from kinesec.attacks.engine.problem import Problem
from kinesec.errors import KinesecError
from kinesec.models import weights
from kinesec.samples.adversarial import QUERY_GRID, Adversarial, Search


class Finished:
    """What is kept of each clip of a problem, all arrays (clip, ...), until all are there."""

    def __init__(self, problem: Problem, target: np.ndarray, folder: Path | None) -> None:
        self.problem, self.target, self.folder = problem, target, folder
        count = len(problem)
        self.kept: dict[str, np.ndarray] = {
            "position": problem.position.numpy().copy(),
            "claimed": np.zeros(count, bool),
            "iterations": np.zeros(count, np.int64),
            "queries": np.zeros(count, np.int64),
            "perceptual_loss": np.full(count, np.nan),
            "start_row": np.full(count, -1),
            "boundary_l": np.full(count, np.nan),
            "search_l": np.full(count, np.nan),
            "projected": np.zeros(count, bool),
            "projections": np.zeros(count, np.int64),
            "converged": np.zeros(count, bool),
            "projection_residual": np.full(count, np.nan),
            "trace_l": np.full((count, len(QUERY_GRID)), np.nan),
        }
        self.there = np.zeros(count, bool)
        self._unsaved: list[int] = []
        self._restore()

    @property
    def missing(self) -> np.ndarray:
        """The clips that are still to be attacked."""
        return np.flatnonzero(~self.there)

    def keep(self, clip: int, values: dict[str, Any]) -> None:
        """Keeps a finished clip; ``values`` by the names above."""
        for name, value in values.items():
            self.kept[name][clip] = value
        self.there[clip] = True
        self._unsaved.append(clip)

    def save(self) -> None:
        """Writes what has been finished since the last call as one file."""
        if self.folder is None or not self._unsaved:
            return
        clips = np.array(sorted(self._unsaved))
        row = self.problem.row[clips]
        tensors = {name: torch.from_numpy(values[clips]) for name, values in self.kept.items()}
        self.folder.mkdir(parents=True, exist_ok=True)
        weights.write(self.folder / f"clips{row[0]}.safetensors", {**tensors, "row": torch.from_numpy(row)}, {})
        self._unsaved.clear()

    def _restore(self) -> None:
        if self.folder is None:
            return
        for path in sorted(self.folder.glob("clips*.safetensors")):
            try:
                tensors, _ = weights.read(path)
                rows = tensors.pop("row").tolist()
                for clip in np.flatnonzero(np.isin(self.problem.row, rows)):
                    at = rows.index(int(self.problem.row[clip]))
                    for name in self.kept:
                        self.kept[name][clip] = tensors[name][at].numpy()
                    self.there[clip] = True
            except Exception as error:
                reason = weights.line(error)
                raise KinesecError(f"{path}: cannot be read ({reason}); delete it to attack its clips again") from error

    def adversarial(self) -> Adversarial:
        """All clips, as they are stored."""
        search = {name: self.kept[name] for name in (field.name for field in fields(Search))}
        kept: dict[str, Any] = {name: values for name, values in self.kept.items() if name not in search}
        return Adversarial(
            **kept,
            row=self.problem.row,
            label=self.problem.label.numpy(),
            target=self.target,
            class_loss=np.full(len(self.problem), np.nan),
            search=Search(**search),
        )
