"""AS-GCN's inference of action links (section 3.1): which joints move together in a clip, whatever the bones.

An encoder gives each ordered pair of joints a type of link; a recurrent decoder predicts each next pose from the links
that are not of the first type, "none". Motions are ``(clip, joint, frame, xyz)``.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

NONE_PRIOR = 0.95  # share of pairs without a link; the other types share the rest
VARIANCE = 5e-4  # of the decoder's Gaussian
TEMPERATURE = 0.5
SCALE = 0.1  # of the normalised links
_TINY = 1e-10


class Perceptron(nn.Module):
    """Two layers with ELU and a batch normalisation over all but the last axis."""

    def __init__(self, inputs: int, features: int, dropout: float) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(inputs, features), nn.Linear(features, features)
        self.norm = nn.BatchNorm1d(features)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        y = nn.functional.elu(self.second(self.dropout(nn.functional.elu(self.first(x)))))
        normalised: Tensor = self.norm(y.flatten(0, 1)).view(y.shape)
        return normalised


class Decoder(nn.Module):
    """A gated recurrent unit a joint, whose memory is messages along links: equations 7 to 9."""

    def __init__(self, types: int, features: int, dropout: float) -> None:
        super().__init__()
        self.first = nn.ModuleList(nn.Linear(2 * features, features) for _ in range(types))
        self.second = nn.ModuleList(nn.Linear(features, features) for _ in range(types))
        self.remembered = nn.ModuleList(nn.Linear(features, features, bias=False) for _ in range(3))
        self.seen = nn.ModuleList(nn.Linear(3, features) for _ in range(3))
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Sequential(
            nn.Linear(features, features),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(features, features),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(features, 3),
        )

    def messages(self, pairs: Tensor, edges: Tensor) -> Tensor:
        """Mean over types but the first of what a pair's two memories say, (clip, pair, feature)."""
        parts = [self.dropout(first(pairs).tanh()) for first in list(self.first)[1:]]
        said = [second(part).tanh() for second, part in zip(list(self.second)[1:], parts, strict=True)]
        return (torch.stack(said, -1) * edges[:, :, None, 1:]).sum(-1) / len(said)

    def step(self, pose: Tensor, memory: Tensor, heard: Tensor) -> tuple[Tensor, Tensor]:
        """The next pose (clip, joint, xyz) and memory (clip, joint, feature)."""
        (reset, update, new), (r, u, n) = (
            [layer(pose) for layer in self.seen],
            [layer(heard) for layer in self.remembered],
        )
        keep = (update + u).sigmoid()
        memory = (1 - keep) * (new + (reset + r).sigmoid() * n).tanh() + keep * memory
        return pose + self.out(memory), memory


class LinkInference(nn.Module):
    """Encoder and decoder; ``types`` of links, the first none, and ``frames`` of motion."""

    receive: Tensor
    send: Tensor

    def __init__(self, joints: int, frames: int, *, types: int = 3, features: int = 128, dropout: float = 0.5) -> None:
        super().__init__()
        self.joints, self.types = joints, types
        sender, receiver = torch.nonzero(~torch.eye(joints, dtype=torch.bool), as_tuple=True)
        self.register_buffer("receive", torch.eye(joints)[receiver], persistent=False)
        self.register_buffer("send", torch.eye(joints)[sender], persistent=False)
        widths = (3 * frames, 2 * features, features, 3 * features)
        self.encoder = nn.ModuleList(Perceptron(width, features, dropout) for width in widths)
        self.score = nn.Linear(features, types)
        self.decoder = Decoder(types, features, dropout)
        for part in [*self.encoder.modules(), self.score]:
            if isinstance(part, nn.Linear):
                nn.init.xavier_normal_(part.weight)
                nn.init.constant_(part.bias, 0.1)

    def pairs(self, x: Tensor) -> Tensor:
        """The receiver's features beside the sender's (clip, pair, 2 x feature) of (clip, joint, feature)."""
        return torch.cat([self.receive @ x, self.send @ x], -1)

    def logits(self, motion: Tensor) -> Tensor:
        """Scores (clip, pair, type) of each ordered pair of two joints, the sender's index running slowest."""
        joints, pairs, gathered, both = self.encoder
        between = pairs(self.pairs(joints(motion.flatten(2))))
        around = gathered(self.receive.T @ between / self.joints)
        scores: Tensor = self.score(both(torch.cat([self.pairs(around), between], -1)))
        return scores

    def choose(self, logits: Tensor, uniform: Tensor | None = None) -> Tensor:
        """One type each pair, as ones and zeros with the gradient of a softmax.

        With ``uniform`` numbers in (0, 1) they are samples (Gumbel), without the likeliest.
        """
        noise = 0.0 if uniform is None else -(_TINY - (uniform + _TINY).log()).log()
        soft = ((logits + noise) / TEMPERATURE).softmax(-1)
        hard = nn.functional.one_hot(soft.argmax(-1), self.types).to(soft.dtype)
        return hard - soft.detach() + soft

    def adjacency(self, edges: Tensor) -> Tensor:
        """Links (clip, type - 1, sender, receiver) with each joint's own, a receiver's summing up to ``SCALE``."""
        links = torch.einsum("es,net,er->ntsr", self.send, edges[..., 1:], self.receive)
        links = links + torch.eye(self.joints, dtype=links.dtype, device=links.device)
        return SCALE * links * (1 / links.sum(2, keepdim=True) + _TINY)

    def forward(self, motion: Tensor) -> Tensor:
        """Links (clip, type - 1, sender, receiver); in training they are samples."""
        logits = self.logits(motion)
        return self.adjacency(self.choose(logits, torch.rand_like(logits) if self.training else None))

    def decode(self, motion: Tensor, edges: Tensor) -> Tensor:
        """Predictions (clip, joint, frame - 1, xyz) of each next pose from the true ones before it."""
        memory = motion.new_zeros(len(motion), self.joints, self.score.in_features)
        predicted = []
        for pose in motion.unbind(2)[:-1]:  # each step needs the memory of the one before; in pre-training alone
            said = self.decoder.messages(self.pairs(memory), edges)
            # by the number of coordinates, as released
            next_pose, memory = self.decoder.step(pose, memory, self.receive.T @ said / pose.shape[-1])
            predicted.append(next_pose)
        return torch.stack(predicted, 2)

    def loss(self, motion: Tensor) -> Tensor:
        """The negative evidence bound of motions: the decoder's squared errors and the types' distance to the prior."""
        logits = self.logits(motion)
        decoded = self.decode(motion, self.choose(logits, torch.rand_like(logits) if self.training else None))
        joints = len(motion) * self.joints
        prior = logits.new_full((self.types,), (1 - NONE_PRIOR) / (self.types - 1))
        prior[0] = NONE_PRIOR
        divergence = (logits.softmax(-1) * (logits.log_softmax(-1) - prior.log())).sum() / joints
        return (decoded - motion[:, :, 1:]).square().sum() / (2 * VARIANCE * joints) + divergence
