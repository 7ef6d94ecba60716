"""How few numbers make a trigger of a whole sample: over sites (joints or pixels), over frames, or over frequencies.

A sample is (sample, [body,] frame, *site, channel). Triggers come in lanes, searched for side by side: their numbers
are (lane, ...), what they make of samples (lane, sample, ...). All bodies get the same trigger, where they are there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import torch
from torch import Tensor

Form = Literal["shared", "offset", "time", "frequency"]
Theta = list[Tensor]
EDGE = 0.01
SWING = 0.3
"""The share of the values' range that a searched wave swings through at most (ours): a wider one needs no mask."""


@dataclass(frozen=True)
class Layout:
    """Where a sample's frames, sites and channels stand, what its values can be, and which sites are neighbours.

    ``low`` and ``high`` (*site, channel) bound a pattern's values, ``limits`` the values of samples; ``unit`` is what
    stands for 1 of a published setting (255 grey levels); ``links`` (link, 2) are pairs of neighbours among the sites.
    """

    frames: int
    sites: tuple[int, ...]
    channels: int
    bodies: bool
    low: Tensor
    high: Tensor
    unit: float
    limits: tuple[float, float] | None
    links: np.ndarray

    def place(self, values: Tensor) -> Tensor:
        """(lane, 1, [1,] frame, *site, channel) of values (lane, frame, *site, channel)."""
        return values[:, None, None] if self.bodies else values[:, None]

    def present(self, x: Tensor) -> Tensor | None:
        """Which bodies and frames of samples are there (sample, body, frame, 1, 1); None where all are."""
        return (x != 0).any(-1, keepdim=True).any(-2, keepdim=True) if self.bodies else None

    def settled(self, x: Tensor, change: Tensor) -> Tensor:
        """Samples with a change (lane, sample, ...), none where no body is, within their limits."""
        present = self.present(x)
        changed = x + (change if present is None else change * present)
        return changed if self.limits is None else changed.clamp(*self.limits)

    def variation(self, field: Tensor) -> Tensor:
        """Squared steps (lane,) from site to neighbouring site, summed, of a field (lane, frame, *site, channel)."""
        flat = field.flatten(2, 1 + len(self.sites))
        first, second = torch.from_numpy(self.links.T.copy()).to(field.device)
        return (flat[:, :, first] - flat[:, :, second]).square().sum((1, 2, 3))


def fourier(frames: int) -> tuple[np.ndarray, np.ndarray]:
    """The orthonormal real Fourier basis (coefficient, frame), and how often each turns in a clip (coefficient,)."""
    time = np.arange(frames) / frames
    rows, turns = [np.full(frames, frames**-0.5)], [0]
    for turn in range(1, frames // 2 + 1):
        waves = [np.cos(2 * np.pi * turn * time)]
        if 2 * turn < frames:
            waves.append(np.sin(2 * np.pi * turn * time))
        rows += [wave / np.linalg.norm(wave) for wave in waves]
        turns += [turn] * len(waves)
    return np.stack(rows), np.array(turns)


def share(theta: Tensor) -> Tensor:
    """From all numbers to 0 to 1, as Neural Cleanse does."""
    return theta.tanh() / 2 + 0.5


@dataclass(frozen=True)
class Parametrisation:
    """Triggers of one ``form``; ``rows`` patterns: one for all frames, one a frame, or one a Fourier coefficient."""

    form: Form
    layout: Layout

    @property
    def rows(self) -> int:
        return self.layout.frames if self.form in ("time", "frequency") else 1

    @cached_property
    def waves(self) -> tuple[Tensor, Tensor]:
        """The Fourier basis (coefficient, frame) and each coefficient's frequency (coefficient,)."""
        basis, turns = fourier(self.layout.frames)
        return torch.from_numpy(basis).to(self.layout.low), torch.from_numpy(turns).to(self.layout.low.device)

    def over_frames(self, pattern: Tensor) -> Tensor:
        """(lane, 1 or frame, *site, channel) of a pattern (lane, row, *site, channel)."""
        if self.form != "frequency":
            return pattern
        over: Tensor = torch.einsum("cf,lc...->lf...", self.waves[0], pattern)
        return over

    def uniform(self, rng: np.random.Generator, *shape: int) -> Tensor:
        """Numbers whose ``share`` is drawn between 0 and 1."""
        return torch.from_numpy(np.arctanh(2 * rng.uniform(EDGE, 1 - EDGE, shape) - 1)).to(self.layout.low)


@dataclass(frozen=True)
class Masked(Parametrisation):
    """x' = (1 - m) x + m p (Wang et al., IEEE S&P 2019); ours, x' = x + m a, of offsets or amplitudes a.

    ``shared``: m (site) and p (site, channel) for all frames, as TDBA's authors search. ``offset``, ours: a (site,
    channel), the same in all frames. ``time``: m is a mask over sites times one over frames, p (frame, site,
    channel). ``frequency``, ours: m over sites times one over frequencies, a (coefficient, site, channel) of waves.
    """

    def start(self, rng: np.random.Generator, lanes: int) -> Theta:
        """Random masks and patterns, drawn evenly between 0 and 1: mask over sites, pattern, and mask over time."""
        layout = self.layout
        theta = [
            self.uniform(rng, lanes, *layout.sites),
            self.uniform(rng, lanes, self.rows, *layout.sites, layout.channels),
        ]
        if self.rows == 1:
            return theta
        bands = layout.frames if self.form == "time" else layout.frames // 2 + 1
        return [*theta, self.uniform(rng, lanes, bands)]

    def mask(self, theta: Theta) -> Tensor:
        """(lane, row, *site, 1), from 0 to 1."""
        sites = share(theta[0])[:, None, ..., None]
        if self.rows == 1:
            return sites
        bands = share(theta[2])
        rows = bands if self.form == "time" else bands[:, self.waves[1]]
        return rows.reshape(*rows.shape, *[1] * (len(self.layout.sites) + 1)) * sites

    def size(self, theta: Theta) -> Tensor:
        """The masks' l1 norm (lane,), mean over frames or frequencies: in sites."""
        mask: Tensor = self.mask(theta).mean(1).flatten(1).sum(1)
        return mask

    def count(self, theta: Theta) -> Tensor:
        """The masks' l0 norm (lane,): how many of their numbers are above one half, mean over rows."""
        return (self.mask(theta) > 0.5).float().mean(1).flatten(1).sum(1)

    def pattern(self, theta: Theta) -> Tensor:
        """(lane, row, *site, channel): values of samples, offsets, or amplitudes of coefficients."""
        low, high = self.layout.low, self.layout.high
        if self.form in ("shared", "time"):
            return low + (high - low) * share(theta[1])
        scale = 2.0 if self.form == "offset" else SWING * (self.layout.frames / 2) ** 0.5
        return (share(theta[1]) - 0.5) * (high - low) * scale

    def apply(self, theta: Theta, x: Tensor) -> Tensor:
        """Samples (lane, sample, ...) with each lane's trigger."""
        mask, pattern, place = self.mask(theta), self.pattern(theta), self.layout.place
        if self.form in ("shared", "time"):
            return self.layout.settled(x, place(mask) * (place(pattern) - x))
        return self.layout.settled(x, place(self.over_frames(mask * pattern)))


@dataclass(frozen=True)
class Added(Parametrisation):
    """x' = clip(x + v): v (site, channel) for all frames, (frame, site, channel), or of Fourier coefficients."""

    def start(self, rng: np.random.Generator, lanes: int, deviation: float) -> Theta:
        """Normal draws, of a standard ``deviation`` in units."""
        size = (lanes, self.rows, *self.layout.sites, self.layout.channels)
        return [torch.from_numpy(deviation * rng.normal(size=size)).to(self.layout.low)]

    def size(self, theta: Theta) -> Tensor:
        """The l2 norm (lane,) of v, in units."""
        return theta[0].flatten(1).square().sum(1).sqrt()

    def apply(self, theta: Theta, x: Tensor) -> Tensor:
        """Samples (lane, sample, ...) with each lane's trigger."""
        return self.layout.settled(x, self.layout.place(self.over_frames(theta[0]) * self.layout.unit))


def neighbours(parents: Sequence[int]) -> np.ndarray:
    """The bones as pairs of joints (link, 2)."""
    return np.array([(parent, joint) for joint, parent in enumerate(parents) if parent >= 0]).reshape(-1, 2)


def grid(height: int, width: int) -> np.ndarray:
    """Pairs of pixels (link, 2) side by side, each pixel's number counted along rows."""
    number = np.arange(height * width).reshape(height, width)
    across = np.stack([number[:, :-1].ravel(), number[:, 1:].ravel()], 1)
    return np.concatenate([across, np.stack([number[:-1].ravel(), number[1:].ravel()], 1)])
