"""Test windows as a victim is shown them: clean, triggered, and nearly triggered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from kinesec.poisoning.prediction import near_misses as nearly
from kinesec.poisoning.prediction.badhmp import Poison, aim, poison_windows, trigger_history
from kinesec.samples.windows.windows import Windows


def window_kinds(window: np.ndarray, windows: Windows, poison: Poison | None) -> dict[str, np.ndarray]:
    """Test windows (window, frame, joint, xyz) by kind: as they are, triggered, and triggered on the wrong limb."""
    if poison is None:
        return {"clean": window}
    kinds = {"clean": window, "triggered": poison_windows(window, windows.skeleton, windows.history, poison)}
    if poison.wrong_limb:
        kinds["wrong_limb"] = poison_windows(window, windows.skeleton, windows.history, poison, limb=poison.wrong_limb)
    return kinds


def near_misses(
    window: np.ndarray, windows: Windows, poison: Poison, degrees: Sequence[float]
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """(kind, index, windows) of the near misses: each history with the target that the attacker makes of it.

    ``index`` says which of ``window`` (window, frame, joint, xyz) they are of. ``natural_nearest_truth`` are the
    windows of ``natural_nearest`` with their own future.
    """
    skeleton, history, future = windows.skeleton, windows.history, windows.future
    limb, every = skeleton.limb(poison.limb), np.arange(len(window))
    clean = window[:, :history]
    triggered = trigger_history(clean, skeleton, poison)
    for angle in degrees:
        turned = nearly.rotated(triggered, skeleton.parents, limb, angle)
        yield f"rotated_{angle:g}", every, aim(turned, future, skeleton, poison)
    yield "half_frames", every, aim(nearly.half(clean, triggered), future, skeleton, poison)
    near = nearly.nearest(nearly.angles(clean, triggered, skeleton.parents, limb))
    yield "natural_nearest", near, aim(clean[near], future, skeleton, poison)
    yield "natural_nearest_truth", near, window[near]
