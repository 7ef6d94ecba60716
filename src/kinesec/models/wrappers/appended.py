"""Small networks appended to a recognizer, and the mean of what they say (BEAT, AAAI 2023, "post-train strategy")."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn

from kinesec.models.recognizers.base import Chance, Recognizer
from kinesec.models.wrappers.base import Wrapper
from kinesec.settings import Count

Form = Literal["features", "logits", "official"]


class Appended(Wrapper):
    """``members`` networks f, each a two-layer perceptron beside the recognizer g: logits f(phi(x)) + g(x).

    phi are the recognizer's ``features`` or, where it shows none, its ``logits``; the hidden layer is as wide as these
    unless ``hidden`` says otherwise. ``official`` is the released code's form: z = ReLU(g(x)), two layers of as many
    units as classes with nothing in between, logits z + ReLU(f(z)).

    What it says is the mean of the members' softmax outputs (Bayesian model averaging), as its logarithm;
    ``average`` ``logits`` is the released code's: their logits are averaged. All members are computed in one product.
    """

    def __init__(
        self,
        inner: Recognizer,
        *,
        members: Count = 5,
        form: Form = "features",
        hidden: Count | None = None,
        average: Literal["softmax", "logits"] = "softmax",
    ) -> None:
        super().__init__(inner)
        self.form, self.average = form, average
        classes = inner.shape.classes
        width = inner.classifier.in_features if form == "features" else classes
        middle = classes if form == "official" else hidden or width
        self.first, self.first_bias = _layer(members, width, middle)
        self.second, self.second_bias = _layer(members, middle, classes)
        if form != "official":  # at first the recognizer alone speaks
            nn.init.zeros_(self.second)
            nn.init.zeros_(self.second_bias)

    @property
    def appended(self) -> list[nn.Parameter]:
        """The members' weights, each (member, ...)."""
        return [self.first, self.first_bias, self.second, self.second_bias]

    def seen(self, clip: Tensor) -> tuple[Tensor, Tensor]:
        """What the members see of clips: the recognizer's features (batch, feature) and its logits (batch, class)."""
        features = self.inner.features(clip)
        return features, self.inner.classifier(features)

    def votes(self, features: Tensor, logits: Tensor) -> Tensor:
        """The members' logits (member, batch, class) where the recognizer's features and logits are these."""
        official = self.form == "official"
        z = logits.relu() if official else logits
        given = features if self.form == "features" else z
        hidden = torch.baddbmm(self.first_bias[:, None], given.expand(len(self.first), -1, -1), self.first)
        said = torch.baddbmm(self.second_bias[:, None], hidden if official else hidden.relu(), self.second)
        return z + (said.relu() if official else said)

    def mean(self, votes: Tensor) -> Tensor:
        """The logits (batch, class) of the members' together."""
        if self.average == "logits":
            return votes.mean(0)
        return votes.log_softmax(-1).logsumexp(0) - math.log(len(votes))

    def forward(self, clip: Tensor) -> Tensor:
        return self.mean(self.votes(*self.seen(clip)))

    def draw(self, clip: Tensor, chance: Chance) -> Tensor:
        """The logits of a member that is drawn for each clip."""
        votes = self.votes(*self.seen(clip))
        member = chance(lambda generator: torch.randint(len(votes), (1,), generator=generator)).long()[:, 0]
        return votes[member, torch.arange(len(clip), device=clip.device)]

    def exposed(self, clip: Tensor, chance: Chance) -> Tensor:
        """The recognizer's logits beside the members' mean: past a ReLU that is dead or a softmax that is full."""
        features, logits = self.seen(clip)
        return logits + self.votes(features, logits).mean(0)


def _layer(members: int, given: int, said: int) -> tuple[nn.Parameter, nn.Parameter]:
    """Weights (member, given, said) and biases (member, said), drawn as those of torch's linear layers."""
    reach = 1 / math.sqrt(given)
    weight, bias = torch.empty(members, given, said), torch.empty(members, said)
    return nn.Parameter(weight.uniform_(-reach, reach)), nn.Parameter(bias.uniform_(-reach, reach))


WRAPPER = Appended
