"""All-to-one: which training samples get the trigger and the target's label."""

from __future__ import annotations

from typing import Literal

import numpy as np

from kinesec import seeding
from kinesec.errors import KinesecError

Per = Literal["class", "all"]
Labels = Literal["dirty", "clean"]


def chosen(label: np.ndarray, target: int, ratio: float, *, per: Per, labels: Labels, seed: int) -> np.ndarray:
    """The samples (ascending) of training labels (sample,) that are poisoned.

    ``dirty``, ``per`` class: of every class but the target's the share ``ratio`` (Li et al., AAAI 2024); ``per`` all:
    that share of all samples, of which those of the target class are left as they are (the released code). ``clean``:
    the share of the target class, whose labels are right (whatever ``per`` says). A share is rounded down, to one
    sample at least where the ratio is not 0. A greater ratio poisons the same samples and more. Raises ``KinesecError``
    for a ratio outside 0 ... 1, and where no sample could be poisoned.
    """
    label = np.asarray(label)
    if not 0 <= ratio <= 1:
        raise KinesecError(f"poison: ratio: found {ratio!r}, expected 0 to 1")
    members = label == target if labels == "clean" else label != target
    if not members.any():
        kind = "of" if labels == "clean" else "outside"
        raise KinesecError(f"poison: found no sample {kind} class {target}, expected one or more; change the target")
    if labels == "dirty" and per == "all":
        drawn = _share(np.arange(len(label)), ratio, seed, "all")
        return np.sort(drawn[members[drawn]])
    pieces = [_share(np.flatnonzero(label == value), ratio, seed, int(value)) for value in np.unique(label[members])]
    return np.sort(np.concatenate(pieces))


def _share(index: np.ndarray, ratio: float, seed: int, stream: str | int) -> np.ndarray:
    count = int(ratio * len(index) + 1e-9)
    count = max(count, 1) if ratio > 0 else 0
    return np.asarray(index[seeding.generator(seed, "poison", stream).permutation(len(index))[:count]])
