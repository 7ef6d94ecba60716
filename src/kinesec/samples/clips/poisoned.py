"""Poisoned training clips in the places of the clean ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from kinesec.errors import KinesecError
from kinesec.files import store
from kinesec.files.kinds.poisoned_clips import POISONED_CLIPS
from kinesec.samples.clips.clips import Clips


@dataclass(frozen=True)
class PoisonedClips:
    """Poisoned clips (clip, body, frame, joint, xyz), mm, the clean ones' places (clip,), and the class they teach."""

    position: np.ndarray
    index: np.ndarray
    target: int
    content_sha256: str

    def among(self, clean: Clips) -> Clips:
        """All training clips, those that are poisoned moved and labelled as the target."""
        position, label = clean.position.copy(), clean.label.copy()
        position[self.index], label[self.index] = self.position, self.target
        return replace(clean, position=position, label=label)

    def marked(self, count: int) -> np.ndarray:
        """Which of ``count`` training clips (clip,) are poisoned."""
        marks = np.zeros(count, bool)
        marks[self.index] = True
        return marks


def load_poisoned(path: Path, clean: Clips) -> PoisonedClips:
    """The poisoned clips made of just these clean ones; raises ``KinesecError`` for those of others."""
    data = store.read(path, POISONED_CLIPS)
    if data.attrs["clean_content_sha256"] != clean.attrs["content_sha256"]:
        raise KinesecError(f"{path}: was made of other clips than those it is joined with; poison them again")
    return PoisonedClips(
        data.position.values, data["index"].values, int(data.attrs["target"]), data.attrs["content_sha256"]
    )
