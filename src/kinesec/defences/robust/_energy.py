"""The joint energy of BEAT (AAAI 2023): clips, their adversaries and classes under appended networks; its samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from kinesec import seeding
from kinesec.attacks.engine.perceptual import bone_matrix
from kinesec.attacks.engine.problem import Geometry
from kinesec.models.recognizers.base import RECOGNIZERS
from kinesec.models.wrappers.appended import Appended
from kinesec.training.checkpoint import Record
from kinesec.training.loop import Task
from kinesec.training.recognition import ClipBatches

ORDERS = (1, 2, 3)


def motion_distance(clean: Tensor, moved: Tensor, present: Tensor, ends: Tensor, mean: Tensor) -> Tensor:
    """d of the joint energy (clip,): mean squared change of bone lengths and of the motion's derivatives 1 to 3.

    Clips (clip, body, frame, joint, xyz) normalised, ``present`` (clip, body, frame); ``ends`` and ``mean`` are of
    ``bones_of``. A derivative is a forward difference, counted where all its frames are there.
    """
    there = present.to(clean)
    lengths = [_lengths(clip.flatten(-2) @ ends + mean) for clip in (clean, moved)]
    bones = (lengths[1] - lengths[0]).square().mean(-1)
    total = (bones * there).sum((1, 2)) / there.sum((1, 2)).clamp_min(1)
    change, runs = moved - clean, there
    for _ in ORDERS:
        if change.shape[2] < 2:
            break
        change = change.diff(dim=2)
        runs = runs[:, :, 1:] * runs[:, :, :-1]
        squared = change.square().sum(-1).mean(-1)
        total = total + (squared * runs).sum((1, 2)) / runs.sum((1, 2)).clamp_min(1)
    return total


def bones_of(geometry: Geometry, like: Tensor) -> tuple[Tensor, Tensor]:
    """What makes bones' vectors (xyz x bone) of a pose (joint x xyz), and those of the mean pose."""
    ends = bone_matrix(geometry, like)
    return ends, like.new_tensor(geometry.mean.tolist()).flatten() @ ends


def _lengths(vectors: Tensor) -> Tensor:
    """Lengths (..., bone); the root keeps its slope where a bone has none."""
    squared = vectors.unflatten(-1, (3, -1)).square().sum(-2)
    length: Tensor = (squared + 1e-12).sqrt()
    return length


class Chains(nn.Module):
    """Appended networks in training, and the clips that their energies' chains have come to: the replay buffer.

    ``replay`` (chain, body, frame, joint, xyz) is kept from step to step, and with the weights in a checkpoint. Chain i
    is that of member i modulo their number: each member samples from its own energy, all in one batch.
    """

    replay: Tensor

    def __init__(self, appended: Appended, clips: Tensor, size: int, seed: int) -> None:
        super().__init__()
        self.appended = appended
        generator = torch.Generator().manual_seed(seeding.integer(seed, "replay"))
        self.register_buffer("replay", uniform((size, *clips.shape[1:]), generator).to(clips))


def uniform(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Numbers from -1 to 1: where chains start."""
    return 2 * torch.rand(shape, generator=generator, device=generator.device) - 1


@dataclass(frozen=True)
class Langevin:
    """How clips are sampled: ``steps`` of stochastic gradient Langevin dynamics of size ``rate``, ``noise`` each.

    ``noise`` is the share of the noise that an exact sampler has. A batch moves on ``chains`` of the ``buffer`` chains,
    each begun anew with probability ``renewed``; an adversary starts within ``reach`` of its clip.
    """

    steps: int
    rate: float
    noise: float
    buffer: int
    chains: int
    renewed: float
    reach: float


@dataclass(frozen=True)
class Weights:
    """Of the parts of a member's loss, ``distance`` that of the motion distance in an adversary's density."""

    data: float
    adversary: float
    distance: float
    prior: float


@dataclass(frozen=True)
class Sampled(Task):
    """Appended networks drawn from the posterior: their loss is minus the log density, a training clip.

    Data: the contrast of the members' energies on clips and on their chains; adversaries: cross entropy of sampled
    ones; and the cross entropy of clips. ``energy`` is minus the logits' log sum of exponentials, or, as released,
    minus their mean. The recognizer's own answers to the training clips are computed once: these are not augmented.
    """

    model: Chains
    recipe: Any
    training: ClipBatches
    validation: ClipBatches | None
    bones: tuple[Tensor, Tensor]
    langevin: Langevin
    weights: Weights
    energy: Literal["logsumexp", "mean"]
    seen: tuple[Tensor, Tensor]
    samples = "clips"

    @property
    def appended(self) -> Appended:
        return self.model.appended

    def loss(self, index: Tensor, generator: torch.Generator) -> Tensor:
        features, logits = (part[index] for part in self.seen)
        label, members = self.training.label[index], len(self.appended.first)
        votes = self.appended.votes(features, logits)
        total = _cross_entropy(votes, label)
        if self.weights.data or self.weights.adversary:
            chains, owner, adversaries = self._sampled(index, generator)
            with torch.no_grad():
                seen = self.appended.seen(torch.cat([chains, adversaries]))
            said = self.appended.votes(*seen)
            of_chains, of_adversaries = said[:, : len(chains)], said[:, len(chains) :]
            of_member = nn.functional.one_hot(owner, members).T.to(said)
            share = of_member / of_member.sum(1, keepdim=True).clamp_min(1)
            contrast = (self._free(of_chains) * share).sum(1) - self._free(votes).mean(1)
            total = total + self.weights.data * contrast
            total = total + self.weights.adversary * _cross_entropy(of_adversaries, label)
        prior = sum(weight.square().flatten(1).sum(1) for weight in self.appended.appended)
        return (total + prior / (2 * self.weights.prior**2 * len(self.training))).sum()

    def _free(self, votes: Tensor) -> Tensor:
        """Minus the energy (member, clip)."""
        return votes.logsumexp(-1) if self.energy == "logsumexp" else votes.mean(-1)

    def _sampled(self, index: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Chains and their members (chain,) after some steps, kept in the buffer, and adversaries of clips."""
        clean, present = self.training.clip[index], self.training.present[index]
        label = self.training.label[index]
        way, device = self.langevin, clean.device
        chain = torch.randperm(way.buffer, generator=generator, device=device)[: way.chains]
        owner = chain % len(self.appended.first)
        x = self.model.replay[chain]
        anew = torch.rand(len(chain), generator=generator, device=device) < way.renewed
        x = torch.where(anew[:, None, None, None, None], uniform(tuple(x.shape), generator), x)
        there = present[..., None, None]
        near = clean + way.reach * uniform(tuple(clean.shape), generator) * there
        z, count = torch.cat([x, near]), len(x)
        owners = torch.cat([owner, index % len(self.appended.first)])
        ends, mean = self.bones
        for _ in range(way.steps):
            z.requires_grad_()
            with torch.enable_grad():
                votes = self.appended.votes(*self.appended.seen(z))[owners, torch.arange(len(z), device=device)]
                apart = motion_distance(clean, z[count:], present, ends, mean)
                density = self._free(votes[:count]).sum() - self.weights.distance * apart.sum()
                density = density - nn.functional.cross_entropy(votes[count:], label, reduction="sum")
                uphill = torch.autograd.grad(density, z)[0]
            noise = torch.randn(z.shape, generator=generator, device=device)
            z = z.detach() + way.rate * uphill + way.noise * (2 * way.rate) ** 0.5 * noise
            z[count:] *= there
        self.model.replay[chain] = z[:count]
        return z[:count], owner, z[count:]

    def validated(self) -> dict[str, float | None]:
        if self.validation is None:
            return {"validation_accuracy_percent": None, "validation_loss": None}
        logits = RECOGNIZERS.predict(self.appended, self.validation.clip)
        right = (logits.argmax(1) == self.validation.label).float().mean()
        loss = nn.functional.cross_entropy(logits, self.validation.label).item()
        return {"validation_accuracy_percent": 100 * right.item(), "validation_loss": loss}

    def merit(self, record: Record) -> tuple[float, ...] | None:
        if record["validation_loss"] is None:
            return None
        return -record["validation_accuracy_percent"], record["validation_loss"]


def _cross_entropy(votes: Tensor, label: Tensor) -> Tensor:
    """Cross entropy (member,) of the members' logits (member, clip, class)."""
    members, clips, classes = votes.shape
    losses = nn.functional.cross_entropy(votes.reshape(-1, classes), label.repeat(members), reduction="none")
    return losses.view(members, clips).mean(1)


def seen_by(appended: Appended, clips: Tensor) -> tuple[Tensor, Tensor]:
    """The frozen recognizer's features and logits of many clips."""
    with torch.no_grad():
        parts = [appended.seen(part) for part in clips.split(RECOGNIZERS.batch)]
    features, logits = zip(*parts, strict=True)
    return torch.cat(features), torch.cat(logits)
