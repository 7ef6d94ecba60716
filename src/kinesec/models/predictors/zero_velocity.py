"""The zero-velocity predictor: the last pose, held. The control that every prediction error stands beside."""

from __future__ import annotations

from torch import Tensor

from kinesec.models.predictors.base import Predictor


class ZeroVelocity(Predictor):
    """Has no parameters and is not trained (Martinez et al., CVPR 2017, section 3.1)."""

    def forward(self, history: Tensor) -> Tensor:
        return history[:, -1:].expand(-1, self.shape.future, -1, -1)

    def loss(self, window: Tensor) -> Tensor:
        raise NotImplementedError("zero_velocity has nothing to train")


PREDICTOR = ZeroVelocity
RECIPE = None
