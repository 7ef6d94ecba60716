"""A poison hardened against imperfect triggers: its windows carry the trigger as it may be performed and captured.

Ours: docs/definitions.md, hardened poisons.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
import xarray as xr

from kinesec import seeding
from kinesec.motion.skeleton import Skeleton
from kinesec.poisoning.prediction import badhmp
from kinesec.poisoning.prediction.badhmp import Poison, Poisoner
from kinesec.poisoning.prediction.disturbed import disturbed_windows, levels
from kinesec.settings import Range, keywords


def harden(
    window: np.ndarray,
    skeleton: Skeleton,
    history: int,
    frame_ms: float,
    poison: Poison,
    rng: np.random.Generator,
    *,
    disturbances: Mapping[str, Mapping[str, Any]],
    decoys: Annotated[float, Range(0, 1, below=True)] = 0.0,
) -> np.ndarray:
    """Poisoned windows (window, frame, joint, xyz), each under a level of a disturbance that is drawn for it.

    Levels of all ``disturbances`` are equally likely. A share ``decoys`` of the windows, drawn too, has no trigger and
    keeps its own future under its disturbance: they teach that the disturbance alone means nothing.
    """
    drawn = levels(disturbances)
    choice = rng.integers(0, len(drawn), len(window))
    decoy = rng.random(len(window)) < decoys
    result = np.empty_like(window)
    for index, (_, disturbance) in enumerate(drawn):
        for without in (False, True):
            rows = np.flatnonzero((choice == index) & (decoy == without))
            if len(rows):
                args = (window[rows], skeleton, history, frame_ms, poison, disturbance, rng)
                result[rows] = disturbed_windows(*args, trigger=not without)
    return result


def poisoner(data: xr.Dataset, poison: Poison, name: str, seed: int) -> Poisoner:
    """What poisons windows (window, frame, joint, xyz) of a store, piece after piece, by a resolved strategy.

    That of ``badhmp`` for a poison that is not hardened. Raises ``ConfigError`` for a setting that cannot be used.
    """
    if not poison.hardening:
        return badhmp.poisoner(data, poison, name, seed)
    skeleton, history = Skeleton.from_attrs(data.attrs["skeleton"]), int(data.attrs["history"])
    rng, frame_ms = seeding.generator(seed, "hardening", name), float(data.attrs["frame_ms_measured"])
    taken = keywords(f"poison {name!r}", harden, poison.hardening, "hardening")
    return lambda window: harden(window, skeleton, history, frame_ms, poison, rng, **taken)
