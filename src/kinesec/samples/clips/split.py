"""Which clips train, validate and test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np

from kinesec.seeding import generator
from kinesec.settings import Range, Whole, check

Part = Annotated[float, Range(0, 1, below=True)]  # of all, nothing would be left to train on


@dataclass(frozen=True, kw_only=True)
class Split:
    """``recording``: the motions' own split, by subject or take. ``paper_leaky``: a random split over clips.

    The latter is SMART's and BEAT's 80/20 over overlapping windows: frames of one take train and test. It is here to be
    compared with, and is marked in the store. They have no validation: ``validation_share`` of the training clips is
    taken, at random. ``split_seed`` draws both; the released code sets no seed.
    """

    split_by: Literal["recording", "paper_leaky"] = "recording"
    split_seed: Whole = 0
    test_share: Part = 0.2
    validation_share: Part = 0.1

    def __post_init__(self) -> None:
        check("clips", self)

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
