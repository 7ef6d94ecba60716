"""Several trained recognizers as one: two streams that vote together, or the surrogate of a transfer attack."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn

from kinesec.errors import ConfigError
from kinesec.models.recognizers.base import RECOGNIZERS, Recognizer


class Ensemble(Recognizer):
    """The mean over members of their ``logits`` (Dong et al., CVPR 2018, section 3.3) or, as a logarithm, of their
    ``softmax`` (2s-AGCN, section 3.4: the scores of two streams are added).

    ``members`` describe each: ``recognizer``, ``settings`` and, where something stands around it, ``wrapper``;
    ``inner`` is the first one's recognizer as its description builds it. All see the same clips. Raises
    ``ConfigError`` for fewer than two members.
    """

    def __init__(
        self,
        inner: Recognizer,
        *,
        members: Sequence[Mapping[str, Any]],
        average: Literal["logits", "softmax"] = "logits",
    ) -> None:
        super().__init__(inner.shape)
        if len(members) < 2:
            raise ConfigError(f"ensemble: found {len(members)} members, expected two or more")
        self.average = average
        others = [RECOGNIZERS.build(of["recognizer"], inner.shape, of["settings"]) for of in members[1:]]
        built = [
            RECOGNIZERS.wrapped(member, of["wrapper"]) if "wrapper" in of else member
            for member, of in zip([inner, *others], members, strict=True)
        ]
        self.members = nn.ModuleList(built)

    def forward(self, clip: Tensor) -> Tensor:
        said = torch.stack([member(clip) for member in self.members])
        if self.average == "logits":
            return said.mean(0)
        return said.log_softmax(-1).logsumexp(0) - math.log(len(said))

    def embed(self, clip: Tensor) -> Tensor:
        """The members' features, one behind the other."""
        return torch.cat([member.embed(clip) for member in self.members if isinstance(member, Recognizer)], -1)


WRAPPER = Ensemble
