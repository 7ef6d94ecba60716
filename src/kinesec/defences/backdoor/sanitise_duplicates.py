"""Sanitiser: futures that stand in several sequences, whatever came before. No model is asked."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from kinesec.defences.base import MODELS, Detection, Outcome
from kinesec.defences.cases.prediction import Case
from kinesec.errors import ConfigError
from kinesec.progress import track
from kinesec.settings import Count, Whole
from kinesec.training.prediction import WindowBatches

KIND = "detection"
TASKS = ("prediction",)
ROWS = 512
SPARE = 8


def postures(data: WindowBatches, frames: list[int], parents: list[int]) -> Tensor:
    """Bones (window, frame x bone x xyz) of windows' ``frames``: directions, each as long as the mean of all windows'.

    Root-relative, the same for bodies of any proportion. ``parents`` are of the used joints; -1 has no bone.
    """
    joints = [joint for joint, parent in enumerate(parents) if parent >= 0]
    above = [parents[joint] for joint in joints]
    directions, lengths = [], torch.zeros(len(joints), dtype=torch.float64, device=data.device)
    for part in data.parts():
        window = data.batch(part)[:, frames]
        bones = window[:, :, joints] - window[:, :, above]
        length = torch.linalg.vector_norm(bones, dim=-1, keepdim=True)
        lengths += length[..., 0].double().mean(1).sum(0) / len(data)
        directions.append(bones / length.clamp(min=1e-6))
    return (torch.cat(directions) * lengths.float()[:, None]).flatten(1)


def nearest_elsewhere(values: Tensor, sequence: np.ndarray, k: int) -> np.ndarray:
    """Euclidean distance (window,) of each of values (window, feature) to its k-th nearest of another sequence.

    Candidates come from one matrix product a chunk of rows, their distances again in float64, so that equal values are
    at 0. Raises ``ConfigError`` when k others of another sequence are not there.
    """
    owner = torch.from_numpy(np.unique(sequence, return_inverse=True)[1]).to(values.device)
    fewest = len(owner) - int(torch.bincount(owner).max())
    if fewest < k:
        raise ConfigError(f"defence setting k: found {k}, expected at most {fewest}, the windows of other sequences")
    centred = values - values.mean(0)
    half = centred.square().sum(1) / 2
    distances = []
    for part in track(torch.arange(len(values)).split(ROWS), "nearest futures"):
        near = torch.addmm(half, centred[part], centred.T, alpha=-1)  # d^2 / 2 less the row's own half
        near[owner[part][:, None] == owner] = torch.inf
        chosen = near.topk(min(k + SPARE, fewest), largest=False, sorted=False).indices
        exact = (values[part].double()[:, None] - values[chosen].double()).square().sum(-1)
        distances.append(exact.kthvalue(k, dim=1).values.sqrt().cpu())
    return torch.cat(distances).numpy()


def defend(case: Case, *, k: Count = 3, skip: Whole = 5, every: Count = 5) -> Iterator[Outcome]:
    """Scores of all training windows: the distance, negated, to the k-th nearest posture sequence elsewhere (mm).

    Compared are every ``every``-th future frame after the first ``skip`` (a target may begin at the window's own last
    pose) and the last, as root mean squares over frames and bones.
    """
    if skip >= case.future:
        raise ConfigError(f"defence setting skip: found {skip}, expected less than the {case.future} future frames")
    first = case.training.history
    frames = sorted({*range(first + skip, first + case.future, every), first + case.future - 1})
    used = case.training.used
    kept = case.training.skeleton.select(tuple(used if 0 in used else [0, *used])).parents
    # without the root among the used joints, what hangs from it has no bone to look at
    parents = list(kept) if 0 in used else [parent - 1 for parent in kept[1:]]
    score = {}
    for name in MODELS:
        values = postures(case.training_sets[name], frames, parents)
        bones = values.shape[1] // (3 * len(frames))
        score[name] = -nearest_elsewhere(values, case.sequence[name], k) / np.sqrt(len(frames) * bones)
    yield Detection(f"k={k} skip={skip} every={every}", score, case.marked)
