"""A victim of motion prediction with the clean model beside it, as defences are given them."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from kinesec import seeding
from kinesec.defences.base import CLEAN, KINDS, MODELS, VICTIM
from kinesec.metrics.intervals import Sample
from kinesec.metrics.prediction import joint_errors
from kinesec.models.predictors.base import PREDICTORS, Predictor, Recipe, Shape
from kinesec.motion.directions import bone_directions, unit
from kinesec.motion.kinematics import pose_limb
from kinesec.poisoning.prediction.badhmp import Poison, poison_windows
from kinesec.progress import track
from kinesec.samples.windows.poisoned import Poisoned
from kinesec.samples.windows.windows import Windows
from kinesec.training.prediction import WindowBatches


def superimpose(
    history: np.ndarray, others: np.ndarray, parents: Sequence[int], weight: float, kept: Sequence[int] = ()
) -> np.ndarray:
    """Histories (window, other, frame, joint, xyz): each of ``history`` mixed with each of ``others``.

    Both are (window, frame, joint, xyz). A bone's direction is that of (1 - weight) u + weight v, u the history's and v
    the other's; its length and the root are the history's. Joints ``kept`` have the history's directions.
    """
    joints = [joint for joint, parent in enumerate(parents) if parent >= 0]
    original = bone_directions(history.astype(np.float64), parents, joints)[:, None]
    mixed = unit(
        (1 - weight) * original + weight * bone_directions(others.astype(np.float64), parents, joints), original
    )
    fixed = np.isin(joints, list(kept))[:, None]
    directions = np.where(fixed, original, mixed).astype(history.dtype)
    bones = history[:, :, joints] - history[:, :, [parents[joint] for joint in joints]]
    lengths = np.sqrt(np.einsum("wfjx,wfjx->wfj", bones, bones))[:, None]
    spread = np.broadcast_to(history[:, None], (*directions.shape[:3], *history.shape[2:]))
    return np.asarray(pose_limb(spread, parents, joints, directions, lengths))


@dataclass(frozen=True)
class Case:
    """A victim and the clean model beside it, the training windows, those that were poisoned, and test windows.

    ``description`` is the victim's (predictor, settings, recipe), ``poison`` its resolved strategy, ``seed`` its seed.
    """

    training: Windows
    poisoned: Poisoned
    test: Windows
    poison: Poison
    models: Mapping[str, Predictor]
    description: Mapping[str, Any]
    device: torch.device
    seed: int

    names: ClassVar[tuple[str, ...]] = MODELS
    numbered: ClassVar[bool] = False
    keeps: ClassVar[tuple[str, ...]] = ("nothing", "limb")
    measures: ClassVar[tuple[str, ...]] = ("motion", "pose")
    others: ClassVar[int] = 10

    @property
    def recipe(self) -> Recipe:
        return Recipe(**self.description["recipe"])

    @property
    def largest_norm(self) -> float | None:
        return self.recipe.clip

    @property
    def future(self) -> int:
        return self.training.future

    def copy_of(self, model: str) -> Predictor:
        """A copy of a model that can be changed."""
        return copy.deepcopy(self.models[model])

    def fresh(self, shape: Shape | None = None) -> Predictor:
        """A predictor like the victim, not trained; of windows of another ``shape``."""
        of = shape or self.models[VICTIM].shape
        made = PREDICTORS.build(self.description["predictor"], of, self.description["settings"])
        return made.to(self.device)

    @cached_property
    def training_sets(self) -> dict[str, WindowBatches]:
        """What the victim was trained on, and what the clean model was."""
        return {
            VICTIM: WindowBatches(self.training, self.poisoned, self.device),
            CLEAN: WindowBatches(self.training, None, self.device),
        }

    @cached_property
    def marked(self) -> dict[str, np.ndarray]:
        """Which windows (window,) of either training set are poisoned, or would have been."""
        null = np.zeros(len(self.training), bool)
        null[self.poisoned.index] = True
        return {VICTIM: (self.training_sets[VICTIM].row >= 0).cpu().numpy(), CLEAN: null}

    @cached_property
    def sequence(self) -> dict[str, np.ndarray]:
        """The sequence (window,) of each window of either training set."""
        sequence = self.training.sequence_index
        added = sequence[self.poisoned.index] if self.poisoned.mode == "append" else sequence[:0]
        return {VICTIM: np.concatenate([sequence, added]), CLEAN: sequence}

    def actions(self, model: str) -> np.ndarray:
        """The action (window,) of each window of either training set."""
        return np.array([str(self.training.action[index]) for index in self.sequence[model]])

    @property
    def sources(self) -> dict[str, dict[str, np.ndarray]]:
        """By kind of windows and model, which piece of a recording (window,) each window is of that detectors score."""
        training, test = (
            Sample(of.action[of.sequence_index], of.sequence_index, of.start, of.history + of.future).clusters
            for of in (self.training, self.test)
        )
        added = training[self.poisoned.index] if self.poisoned.mode == "append" else training[:0]
        trained = {VICTIM: np.concatenate([training, added]), CLEAN: training}
        return {"training": trained, "test": dict.fromkeys(MODELS, np.tile(test, len(KINDS)))}

    def held_out(self, share: float) -> np.ndarray:
        """Training windows that were never poisoned: a seeded draw of ``share`` of all training windows, ascending."""
        never = np.setdiff1d(np.arange(len(self.training)), self.poisoned.index)
        count = min(len(never), max(2, int(share * len(self.training) + 1e-9)))
        return np.sort(seeding.generator(self.seed, "defence", "held out").permutation(never)[:count])

    @cached_property
    def test_windows(self) -> dict[str, np.ndarray]:
        """Test windows (window, frame, joint, xyz), clean and triggered."""
        clean = self.test.gather()
        return {"clean": clean, "triggered": poison_windows(clean, self.test.skeleton, self.test.history, self.poison)}

    def seen(self, window: np.ndarray) -> Tensor:
        """What predictors see of windows or histories (window, frame, joint, xyz): used joints, history alone."""
        return torch.from_numpy(np.ascontiguousarray(window[:, : self.test.history, self.test.used])).to(self.device)

    def errors(self, model: Predictor) -> dict[str, np.ndarray]:
        """A model's error (window,) on each kind of test windows, mean over future frames and used joints, mm."""
        mean_errors = {}
        for kind, window in self.test_windows.items():
            predicted = PREDICTORS.predict(model, self.seen(window)).cpu().numpy()
            expected = window[:, self.test.history :, self.test.used]
            mean_errors[kind] = joint_errors(predicted, expected).mean((1, 2))
        return mean_errors

    @torch.inference_mode()
    def hidden(self, model: str) -> np.ndarray:
        """Pooled last hidden features (window, feature), float64, of the histories of all training windows."""
        network, data = self.models[model], self.training_sets[model]
        history = network.shape.history
        batches = [
            network.features(data.batch(part)[:, :history]).cpu()
            for part in track(data.parts(), "last hidden features")
        ]
        return torch.cat(batches).numpy().astype(np.float64)

    def last_layer(self, model: Predictor) -> nn.Module:
        return model.last_layer()

    @torch.inference_mode()
    def activity(self, model: Predictor, index: Tensor) -> Tensor:
        """Mean absolute value (feature,) of the last hidden features over tokens and clean windows ``index``."""
        total: list[Tensor] = []

        def add(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            total.append(inputs[0].abs().flatten(0, -2).mean(0) * (inputs[0].shape[1] / len(index)))

        handle = model.last_layer().register_forward_pre_hook(add)
        try:
            for part in index.split(PREDICTORS.batch):
                model(self.training_sets[CLEAN].batch(part.to(self.device))[:, : self.training.history])
        finally:
            handle.remove()
        return torch.stack(total).sum(0)

    def optimiser(self, model: Predictor, rate: float) -> torch.optim.Optimizer:
        return torch.optim.Adam(model.parameters(), lr=rate, weight_decay=self.recipe.weight_decay)

    def loss(self, model: Predictor, index: Tensor) -> Tensor:
        """The training loss of clean training windows ``index``, a scalar."""
        return model.loss(self.training_sets[CLEAN].batch(index))

    def screened(self, others: int, share: float) -> tuple[np.ndarray, dict[str, tuple[np.ndarray, np.ndarray]]]:
        """Clean histories to mix with, and those of the test windows, the triggered ones marked."""
        rng = seeding.generator(self.seed, "defence", "strip")
        drawn = rng.permutation(self.held_out(share))[:others]
        history = self.test.history
        windows = np.concatenate([self.test_windows[kind][:, :history] for kind in KINDS])
        marked = np.arange(len(windows)) >= len(windows) // 2
        return self.training.gather(drawn)[:, :history], {"test": (windows, marked)}

    def superimpose(self, samples: np.ndarray, others: np.ndarray, weight: float, keep: str) -> np.ndarray:
        skeleton = self.test.skeleton
        limb = skeleton.limb(self.poison.limb) if keep == "limb" else ()
        return superimpose(samples, others, skeleton.parents, weight, limb)

    def spreads(self, model: Predictor, mixed: np.ndarray) -> dict[str, np.ndarray]:
        """(window,) in mm by measure, of mixtures (window, other, frame, joint, xyz): root of predictions' variance.

        Variance across mixtures, mean over future frames and used joints, of the displacement from the mixture's last
        pose (``motion``) or of the predicted pose (``pose``).
        """
        seen = self.seen(mixed.reshape(-1, *mixed.shape[2:]))
        predicted = PREDICTORS.predict(model, seen)
        spread = {}
        for measure, value in (("motion", predicted - seen[:, -1:]), ("pose", predicted)):
            apart = value.unflatten(0, mixed.shape[:2]).double().var(1, correction=0)
            spread[measure] = apart.sum(-1).mean((1, 2)).sqrt().cpu().numpy()
        return spread
