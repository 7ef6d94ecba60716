"""Which clips train, validate and test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from kinesec.errors import ConfigError
from kinesec.samples.clips.protocols.base import need_choice, need_number, need_whole
from kinesec.seeding import generator


@dataclass(frozen=True, kw_only=True)
class Split:
    """``recording``: the motions' own split, by subject or take. ``paper_leaky``: a random split over clips.

    The latter is SMART's and BEAT's 80/20 over overlapping windows: frames of one take train and test. It is here to be
    compared with, and is marked in the store. They have no validation: ``validation_share`` of the training clips is
    taken, at random. ``split_seed`` draws both; the released code sets no seed.
    """

    split_by: Literal["recording", "paper_leaky"] = "recording"
    split_seed: int = 0
    test_share: float = 0.2
    validation_share: float = 0.1

    def __post_init__(self) -> None:
        need_choice(self, "split_by", ("recording", "paper_leaky"))
        need_whole(self, "split_seed", 0)
        for key in ("test_share", "validation_share"):
            need_number(self, key, 0, 1)
        if self.test_share == 1 or self.validation_share == 1:
            raise ConfigError("test_share, validation_share: found 1, expected less: nothing would be left to train on")

    def deal(self, recorded: np.ndarray) -> np.ndarray:
        """The split (clip,) of every clip, given that of the recording it is from."""
        if self.split_by == "recording":
            return recorded
        count = len(recorded)
        order = generator(self.split_seed, "paper_leaky").permutation(count)
        test = round(self.test_share * count)
        validation = round(self.validation_share * (count - test))
        dealt = np.full(count, "train", dtype=object)
        dealt[order[:test]] = "test"
        dealt[order[test : test + validation]] = "val"
        return dealt
