"""BEAT: Bayesian energy-based adversarial training after training (Wang et al., AAAI 2023), with its controls.

Small networks appended to the frozen recognizer are drawn from their posterior under the joint energy of clips, their
adversaries and classes, and averaged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import torch

from kinesec import seeding
from kinesec.defences.robust._energy import Chains, Langevin, Sampled, Weights, bones_of, seen_by
from kinesec.defences.robust._posterior import Sampler, Sampling
from kinesec.defences.robust.base import Case, Defence, Plan
from kinesec.models.recognizers.base import RECOGNIZERS, Recognizer
from kinesec.models.wrappers.appended import Appended, Form
from kinesec.settings import Count, NotNegative, Positive, Share, Whole, changed
from kinesec.training.recognition import ClipBatches


@dataclass(frozen=True, kw_only=True)
class BEAT(Defence):
    """``members`` networks of a ``form`` beside the recognizer, averaged (``models.wrappers.appended``).

    ``data``, ``adversary`` and ``distance`` weigh the energy of clips, the loss on adversaries and the motion distance;
    ``prior`` is the standard deviation of weights before any clip is seen. Clips are sampled in ``steps`` of Langevin
    dynamics of size ``motion_rate`` with ``motion_noise`` times the noise of an exact sampler; their chains are kept in
    a replay buffer of ``buffer``, a batch moves ``chains`` of them, ``renewed`` is the chance that one is begun anew;
    adversaries start within ``reach`` of their clips. ``energy``: see ``_energy.Sampled``; ``sampler`` with its
    ``rate``, ``friction`` and ``temperature``: ``_posterior.Sampling``. The slides give the energy; settings of
    samplers are ours where the released code's would not sample (``official``).

    ``control`` ``noise`` puts other networks in the members' place: one that is trained by plain SGD on clips alone,
    with normal noise on its weights of the members' own spread.
    """

    members: Count = 5
    form: Form = "features"
    average: Literal["softmax", "logits"] = "softmax"
    data: NotNegative = 0.1
    adversary: NotNegative = 0.1
    distance: NotNegative = 1.0
    prior: Positive = 1.0
    steps: Whole = 1
    motion_rate: Positive = 0.01
    motion_noise: NotNegative = 0.005
    buffer: Count = 100
    chains: Count = 8
    renewed: Share = 0.05
    reach: NotNegative = 0.1
    energy: Literal["logsumexp", "mean"] = "logsumexp"
    sampler: Sampler = "baoab"
    rate: Positive = 0.02
    friction: Positive = 2.0
    temperature: NotNegative = 1.0
    control: Literal["noise"] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.need(self.chains <= self.buffer, "chains", f"at most the buffer's {self.buffer}")

    def plan(self, case: Case) -> Plan:
        sampling = changed(f"defence {self.name!r}", self.sampling(len(case.training), case.seed), case.changes)
        wrapper = {"wrapper": "appended", "settings": self.wrapper(self.members)}
        appended = self.appended(case, self.members)
        drawn = self.task(case, appended, sampling, Weights(self.data, self.adversary, self.distance, self.prior))
        if self.control is None:
            return Plan([drawn], lambda: appended, wrapper)
        single = self.appended(case, 1)
        plain = self.task(case, single, sampling.descent(), Weights(0.0, 0.0, 0.0, self.prior), stage="control")
        return Plan([drawn, plain], lambda: with_noise(appended, single, case.seed), wrapper)

    def sampling(self, clips: int, seed: int) -> Sampling:
        """What the members are trained by."""
        return Sampling(
            sampler=self.sampler,
            rate=self.rate,
            friction=self.friction,
            temperature=self.temperature / clips,  # the loss is a mean over clips
            seed=seed,
        )

    def wrapper(self, members: int) -> dict[str, Any]:
        return {"members": members, "form": self.form, "average": self.average}

    def appended(self, case: Case, members: int) -> Appended:
        """The recognizer with networks beside it, their weights drawn by the case's seed."""
        wrapper = {"wrapper": "appended", "settings": self.wrapper(members)}
        with seeding.torch_stream(case.seed, "appended", members):
            whole: Appended = RECOGNIZERS.wrapped(case.copied(), wrapper)  # type: ignore[assignment]
        return whole.to(case.device)

    def task(
        self, case: Case, appended: Appended, sampling: Sampling, weights: Weights, stage: str = "train"
    ) -> Sampled:
        """The training of appended networks."""
        training = ClipBatches(case.training, case.device)
        return Sampled(
            Chains(appended, training.clip, self.buffer, case.seed),
            sampling,
            training,
            case.seed,
            case.batches(case.validation),
            bones_of(case.geometry, training.clip),
            Langevin(
                self.steps, self.motion_rate, self.motion_noise, self.buffer, self.chains, self.renewed, self.reach
            ),
            weights,
            self.energy,
            seen_by(appended, training.clip),
            marks={"stage": stage},
        )


@torch.no_grad()
def with_noise(members: Appended, single: Appended, seed: int) -> Recognizer:
    """The members' recognizer with the single network's weights in each, and noise of the members' spread on them."""
    generator = torch.Generator().manual_seed(seeding.integer(seed, "control"))
    for weight, alone in zip(members.appended, single.appended, strict=True):
        spread = weight.std(0, correction=1) if len(weight) > 1 else torch.zeros_like(weight[0])
        weight.copy_(alone + spread * torch.randn(weight.shape, generator=generator).to(weight))
    return members


DEFENCE = BEAT
WRAPPER = "appended"
PRESETS: dict[str, dict[str, Any]] = {
    "paper": {},
    # the released code: 10 steps of size 2 from uniform noise each time, adversaries by the mean logit, and a sampler
    # that is nearly RMS-scaled SGD; its buffer is never filled, which a chance of 1 to begin anew amounts to
    "official": {
        "form": "official",
        "average": "logits",
        "distance": 1e-5,
        "steps": 10,
        "motion_rate": 2.0,
        "chains": 32,
        "renewed": 1.0,
        "energy": "mean",
        "sampler": "official",
        "rate": 0.001,
    },
}
