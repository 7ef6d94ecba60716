"""The state of a training in one file, from which a killed job goes on."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from kinesec.errors import KinesecError
from kinesec.models import weights

Record = dict[str, Any]


class Run:
    """The state of one training: model, optimiser, best weights, log; saved and restored as one file in ``folder``.

    ``job`` identifies the training, so that no other's state is picked up.
    """

    def __init__(
        self, model: nn.Module, optimiser: torch.optim.Optimizer, folder: Path, job: Mapping[str, Any]
    ) -> None:
        self.model, self.optimiser, self.folder, self.job = model, optimiser, folder, job
        self.best: dict[str, Tensor] = {}
        self.keep()
        self.log: list[Record] = []

    @property
    def path(self) -> Path:
        return self.folder / "checkpoint.safetensors"

    def keep(self) -> None:
        """Makes the weights of this moment the best."""
        self.best = {name: value.clone() for name, value in self.model.state_dict().items()}

    def save(self) -> None:
        tensors = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        tensors |= {f"best.{name}": value for name, value in self.best.items()}
        for number, state in self.optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{number}.{name}": value for name, value in state.items()}
        self.folder.mkdir(parents=True, exist_ok=True)
        weights.write(self.path, tensors, {"job": self.job, "log": self.log})

    def restore(self) -> None:
        """Goes on from a checkpoint of the same job, if there is one; another job's or a torn one is an error."""
        if not self.path.is_file():
            return
        try:
            tensors, meta = weights.read(self.path)
            job = meta["job"]
        except Exception as error:
            reason = weights.line(error)
            raise KinesecError(f"{self.path}: cannot be read ({reason}); delete it to train from the start") from error
        if job != json.loads(json.dumps(self.job)):
            raise KinesecError(f"{self.path}: belongs to another job; delete it to train from the start")
        parts: dict[str, dict[str, Tensor]] = {"model": {}, "best": {}, "optimiser": {}}
        for name, value in tensors.items():
            kind, rest = name.split(".", 1)
            parts[kind][rest] = value
        self.model.load_state_dict(parts["model"])
        self.best = {name: value.to(self.best[name].device) for name, value in parts["best"].items()}
        state = self.optimiser.state_dict()
        for name, value in parts["optimiser"].items():
            number, field = name.split(".")
            state["state"].setdefault(int(number), {})[field] = value
        self.optimiser.load_state_dict(state)
        self.log = meta["log"]
        logging.getLogger(__name__).info("training: goes on after epoch %d, from %s", len(self.log), self.path)
