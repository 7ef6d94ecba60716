"""STRIP: a triggered input's prediction stays the same whatever it is mixed with (Gao et al., ACSAC 2019).

For prediction, ours: histories are superimposed by their bone directions, and the variance of predicted motion takes
the place of the entropy of predicted classes. Clips are mixed joint by joint, from their roots; videos are blended.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

import numpy as np

from kinesec.defences.base import VICTIM, Detection, Outcome, Statistic
from kinesec.defences.cases.base import Case, known
from kinesec.progress import Progress
from kinesec.settings import Range, Share

KIND = "detection"
TASKS = ("prediction", "recognition", "video")
PIECE = 32


def defend(
    case: Case,
    *,
    keeps: Sequence[Literal["nothing", "limb"]] = ("nothing", "limb"),
    measures: Sequence[Literal["motion", "pose", "entropy"]] = ("motion", "pose", "entropy"),
    others: Annotated[int, Range(2)] | None = None,
    weight: Share = 0.5,
    share: Share = 0.1,
    rejected: Share = 0.15,
) -> Iterator[Outcome]:
    """Scores, the spread negated, of clean and triggered test samples; of a classifier's training samples too.

    Of ``keeps`` and ``measures`` those count that the task has: ``motion`` and ``pose`` of predicted motion, and
    ``entropy`` of a classifier's answers. ``others`` samples, by default 10 histories or 100 clips or videos, are drawn
    once among clean ones: histories among the held-out ``share`` of training windows. ``keeps``: ``nothing``, or the
    trigger's ``limb``, as a defender would who suspects it: an upper bound.

    A classifier's ``index``, ours: the share of what it was trained on whose entropy is under that of the share
    ``rejected`` of clean samples (TDBA's 15 % of false positives).
    """
    mixers, looked = case.screened(others or case.others, share)
    kept = known(keeps, case.keeps)
    count = sum(len(marked) for _, marked in looked.values())
    with Progress("superimposing", len(kept) * count, unit="windows") as progress:
        for keep in kept:
            spread = {}
            for where, (samples, _) in looked.items():
                parts: dict[tuple[str, str], list[np.ndarray]] = {}
                for first in range(0, len(samples), PIECE):
                    mixed = case.superimpose(samples[first : first + PIECE], mixers, weight, keep)
                    for name in case.names:
                        for measure, value in case.spreads(case.models[name], mixed).items():
                            parts.setdefault((measure, name), []).append(value)
                    progress.update(len(mixed))
                spread[where] = {key: np.concatenate(values) for key, values in parts.items()}
            for measure in known(measures, case.measures):
                setting = f"keep={keep} of={measure}"
                for where in known(("test", "training"), list(looked)):
                    score = {name: -spread[where][measure, name] for name in case.names}
                    yield Detection(setting, score, dict.fromkeys(case.names, looked[where][1]), where)
                if case.numbered:
                    threshold = np.quantile(spread["clean"][measure, VICTIM], rejected)
                    under = spread["training"][measure, VICTIM] < threshold
                    yield Statistic(setting, VICTIM, "index", float(under.mean()), "", len(under))
