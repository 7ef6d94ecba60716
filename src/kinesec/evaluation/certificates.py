"""Certified radii of smoothed recognizers, on a grid of inputs, and the search for what would prove them wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from kinesec import seeding
from kinesec.metrics import certified
from kinesec.metrics.grid_noise import GridNoise
from kinesec.models.recognizers.base import RECOGNIZERS
from kinesec.models.wrappers.smoothed import Smoothed
from kinesec.samples.clips.clips import Clips

UNITS = {"positions": "normalised", "rotations": "rad"}
SEARCH_DRAWS = 8  # of noise, a step


@dataclass(frozen=True)
class Grid:
    """A clip's inputs, which noise is added to: coordinates (dim,) as whole steps, and the clips that they stand for.

    ``clips`` makes of coordinates (draw, dim) clips (draw, body, frame, joint, xyz) as recognizers see them. Bodies and
    frames that are not there have no coordinates, nor has where the root is, where noise is on rotations.
    """

    steps: np.ndarray
    clips: Callable[[Tensor], Tensor]


def grid_of(model: Smoothed, clip: Tensor, noise: GridNoise) -> Grid:
    """The coordinates of one clip (body, frame, joint, xyz), rounded to the grid."""
    there = (clip != 0).flatten(2).any(-1)
    if model.space == "positions":
        values = clip[there]

        def placed(values: Tensor) -> Tensor:
            whole = clip.new_zeros((len(values), *clip.shape))
            whole[:, there] = values.view(len(values), -1, *clip.shape[2:])
            return whole
    else:
        turns, (root, length) = model.turns(clip[None])
        values, root, length = turns[0][there], root[0][there], length[0][there]

        def placed(values: Tensor) -> Tensor:
            whole = clip.new_zeros((len(values), *clip.shape))
            whole[:, there] = model.placed(values.view(len(values), *turns[0][there].shape), (root, length))
            return whole

    return Grid(noise.to_grid(values.cpu().numpy().reshape(-1)), placed)


def counted(
    model: Smoothed, grid: Grid, steps: np.ndarray, draws: int, noise: GridNoise, rng: np.random.Generator
) -> np.ndarray:
    """How often each class (class,) is said of the coordinates ``steps`` with noise; failed draws count for none."""
    device, counts = next(model.parameters()).device, np.zeros(model.shape.classes, dtype=np.int64)
    for first in range(0, draws, RECOGNIZERS.batch):
        values, failed = noise.around(steps, min(RECOGNIZERS.batch, draws - first), rng)
        with torch.inference_mode():
            said = model.inner(grid.clips(torch.from_numpy(values).to(device))).argmax(1).cpu().numpy()
        counts += np.bincount(said[~failed], minlength=len(counts))
    return counts


def counterexample(
    model: Smoothed, grid: Grid, label: int, radius: float, noise: GridNoise, iterations: int, seed: int
) -> np.ndarray:
    """The coordinates, in steps, that gradients lead to within a radius (l2): away from class ``label``.

    Steps of 2.5 radii over their number, by gradients of what draws of noise say on average (Salman et al., NeurIPS
    2019), as log odds: the same way as the cross entropy's, which vanishes where draws are certain. The point is
    rounded to the grid, and drawn in until it is within the radius.
    """
    device = next(model.parameters()).device
    generator = torch.Generator().manual_seed(seeding.integer(seed, "counterexample"))
    centre = torch.from_numpy(noise.from_grid(grid.steps)).to(device)
    away = torch.zeros_like(centre)
    others = torch.arange(model.shape.classes, device=device) != label
    for _ in range(iterations):
        added = model.sigma * torch.randn((SEARCH_DRAWS, len(centre)), generator=generator).to(device)
        with torch.enable_grad():
            moved = away.detach().requires_grad_()
            said = model.inner(grid.clips(centre + moved + added)).log_softmax(1).logsumexp(0)
            odds = said[others].logsumexp(0) - said[label]
            gradient = torch.autograd.grad(odds, moved)[0]
        away = away + 2.5 * radius / iterations * gradient / gradient.norm().clamp_min(1e-12)
        away = away * min(1.0, radius / max(float(away.norm()), 1e-12))
    change = away.double().cpu().numpy() / noise.step
    whole = np.rint(change)
    while np.linalg.norm(whole) * noise.step > radius:  # rounding may have led out of the ball
        change = change * 0.999
        whole = np.rint(change)
    return grid.steps + whole.astype(np.int64)


def reach(model: Smoothed, clip: Tensor) -> float:
    """How far any joint can go (normalised units) when log-rotation vectors of a frame change by an l2 norm of one.

    A turn about a joint moves what hangs on it by at most the angle times the length of the chain between, and a change
    of a rotation vector turns by at most its own length: so by the root of the summed squares of chain lengths.
    """
    assert model.rig is not None
    _, (_, length) = model.turns(clip[None])
    chain = length.amax((0, 1, 2)).double().cpu().numpy()
    farthest = 0.0
    for joint in range(len(model.rig.parents)):
        lengths, total, at = [], 0.0, joint
        while model.rig.parents[at] >= 0:
            total += chain[at]
            lengths.append(total)
            at = model.rig.parents[at]
        lengths.append(total)  # the whole body's turn
        farthest = max(farthest, float(np.linalg.norm(lengths)))
    return farthest


def certified_clips(
    model: Smoothed,
    clips: Clips,
    *,
    first: int,
    draws: int,
    alpha: float,
    step: float,
    search_steps: int,
    seed: int,
    report: Callable[[], None] = lambda: None,
) -> list[dict[str, float | int | bool]]:
    """A row a clip: class, radius and its millimetres, and what a search within the radius came to.

    ``searched`` says whether there was a radius to search, ``broken`` whether the smoothed answer to what was found, by
    as many draws, is another class. Noise depends on the seed and the clip's row alone.
    """
    device = next(model.parameters()).device
    rows, noise = [], GridNoise(step, model.sigma)
    for clip, label, row in zip(torch.from_numpy(clips.normalised).to(device), clips.label, clips.row, strict=True):
        rng = seeding.generator(seed, "certificate", int(row))
        grid = grid_of(model, clip, noise)
        counts = [counted(model, grid, grid.steps, count, noise, rng) for count in (first, draws)]
        certificate = certified.certify(counts[0][None], counts[1][None], n=draws, sigma=model.sigma, alpha=alpha)
        predicted, radius = int(certificate.predicted[0]), float(certificate.radius[0])
        search = radius > 0 and search_steps > 0
        broken = False
        if search:
            there = counterexample(model, grid, predicted, radius, noise, search_steps, seed)
            broken = int(counted(model, grid, there, draws, noise, rng).argmax()) != predicted
        unit = 1.0 if model.space == "positions" else reach(model, clip)
        rows.append(
            {
                "row": int(row),
                "label": int(label),
                "predicted": predicted,
                "right": predicted == int(label),
                "radius": radius,
                "radius_mm": radius * unit * clips.normaliser.scale,
                "lower": float(certificate.lower[0]),
                "searched": search,
                "broken": broken,
            }
        )
        report()
    return rows
