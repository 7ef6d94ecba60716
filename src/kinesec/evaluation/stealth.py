"""How conspicuous poisoned training windows are: their naturalness beside what they were, and beside all others.

Whether a detector could tell them by it is ours: docs/definitions.md, stealth.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from kinesec import names
from kinesec.metrics.detection import auc
from kinesec.metrics.intervals import Sample
from kinesec.metrics.naturalness import ROUNDING, naturalness
from kinesec.motion.skeleton import Skeleton
from kinesec.poisoning.prediction.badhmp import PIECE, gathered
from kinesec.samples.windows.windows import in_split

Measured = dict[tuple[str, str], np.ndarray]
POISONED, BEFORE, CLEAN, UNSELECTED = "train_poisoned", "train_before", "train_clean", "train_unselected"
# what a detector is asked to tell from what: the second is the control, the selection without the poison
COMPARED = ((POISONED, UNSELECTED), (BEFORE, UNSELECTED), (POISONED, BEFORE))


@dataclass(frozen=True)
class Stealth:
    """Training windows: the selected ones' places (selected,), which ``sample`` all are, of which source (window,).

    ``poisoned`` (selected,) and ``clean`` (window,) are naturalness by metric and part.
    """

    index: np.ndarray
    sample: Sample
    source: np.ndarray
    poisoned: Measured
    clean: Measured

    @property
    def before(self) -> Measured:
        """Naturalness of the selected windows before they were poisoned (selected,)."""
        return {key: values[self.index] for key, values in self.clean.items()}

    def kinds(self) -> dict[str, tuple[Sample, Measured]]:
        """By kind of windows, which they are and their naturalness, over the actions of the selected windows alone.

        Kinds: ``train_poisoned``, ``train_before`` (the same windows before poisoning) and ``train_clean`` (all
        training windows of these actions, unpoisoned), so that means over actions are over the same ones of each kind.
        """
        selected = self.sample.at(self.index)
        kept = np.flatnonzero(np.isin(self.sample.action, selected.action))
        return {
            POISONED: (selected, self.poisoned),
            BEFORE: (selected, self.before),
            CLEAN: (self.sample.at(kept), {key: values[kept] for key, values in self.clean.items()}),
        }


def stealth(clean: xr.Dataset, poisoned: xr.Dataset) -> Stealth:
    """What there is to see of the poisoned windows of a windows store and a poison made from it.

    In memory at a time: one piece of windows, and six numbers for each of them all.
    """
    parents, history = Skeleton.from_attrs(clean.attrs["skeleton"]).parents, clean.attrs["history"]
    training = np.flatnonzero(in_split(clean, "train"))
    start, sequence = clean.start.values[training], clean.sequence_index.values[training]
    action = np.array([str(name) for name in clean.action.values])[sequence]
    windows = (window for _, window in gathered(clean, start, "measuring windows"))
    return Stealth(
        index=poisoned.index.values,
        sample=Sample(action, sequence, start, history + clean.attrs["future"]),
        source=np.array([str(name) for name in clean.source.values])[sequence],
        poisoned=_measured(_stored(poisoned), parents, history),
        clean=_measured(windows, parents, history),
    )


def _measured(pieces: Iterable[np.ndarray], parents: Sequence[int], history: int) -> Measured:
    """``naturalness`` of windows that come a piece at a time."""
    measured = [naturalness(piece, parents, history) for piece in pieces]
    return {key: np.concatenate([piece[key] for piece in measured]) for key in measured[0]}


def _stored(poisoned: xr.Dataset) -> Iterator[np.ndarray]:
    for first in range(0, poisoned.sizes["window"], PIECE):
        yield poisoned.position[first : first + PIECE].values


def statistics(measured: Measured) -> Measured:
    """What a detector scores windows by (window,): naturalness to a thousandth, and Acc and Jerk of the seam over those
    of the whole window, which a window's own pace does not hide. Metrics that windows are too short for are left out.
    """
    kept = {key: values for key, values in measured.items() if np.isfinite(values).all()}
    rounded = {key: np.round(values / ROUNDING) * ROUNDING for key, values in kept.items()}
    for metric in ("Acc", "Jerk"):
        if (metric, "seam") in kept and (metric, "whole") in kept:
            seam, whole = kept[metric, "seam"], kept[metric, "whole"]
            rounded[metric, "seam/whole"] = (seam + ROUNDING) / (whole + ROUNDING)
    return rounded


def told_apart(measured: Stealth) -> list[dict[str, Any]]:
    """A row a pair of ``COMPARED``, metric, part and detector: the area under its ROC curve, with its interval.

    Windows of one recording are not independent (``metrics.detection.auc``). Detector ``high`` flags high values, so
    that an area under a half says that low values give the windows away; ``either_tail`` flags values far from the
    median of the others, by their rank. Pairs without windows have no row.
    """
    others = np.setdiff1d(np.arange(len(measured.source)), measured.index)
    places_of = {POISONED: measured.index, BEFORE: measured.index, UNSELECTED: others}
    pieces = {kind: measured.sample.clusters[places] for kind, places in places_of.items()}
    known = statistics(measured.clean)
    of_kind = {
        POISONED: statistics(measured.poisoned),
        BEFORE: {key: values[measured.index] for key, values in known.items()},
        UNSELECTED: {key: values[others] for key, values in known.items()},
    }
    rows = []
    for windows, against in [pair for pair in COMPARED if len(others) or UNSELECTED not in pair]:
        cluster = np.concatenate([pieces[windows], pieces[against]])
        for key in sorted(of_kind[windows].keys() & of_kind[against].keys()):
            marked, rest = of_kind[windows][key], of_kind[against][key]
            score, flag = np.concatenate([marked, rest]), np.repeat([True, False], [len(marked), len(rest)])
            for detector, by in (("high", score), ("either_tail", _from_the_middle(score, rest))):
                value, low, high = auc(by, flag, cluster=cluster)
                area = {"value": value, "low": low, "high": high, "n": len(marked), "n_others": len(rest)}
                same = {"windows": windows, "against": against, "metric": key[0], "part": key[1]}
                rows.append({**same, "detector": detector, **area})
    return rows


def _from_the_middle(score: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """How far the rank of each score (sample,) among reference scores is from their middle, 0 to a half."""
    ordered = np.sort(reference)
    below, upto = np.searchsorted(ordered, score, "left"), np.searchsorted(ordered, score, "right")
    return np.abs((below + upto) / (2 * len(ordered)) - 0.5)


def moved(selection: str, settings: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """Which metrics, (metric, part), a selection's score was told to move: ``minimised`` or ``maximised``."""
    module = names.load("poisoning.prediction.selections", selection)
    given = {name: value for name, value in settings.items() if name != "strata"}
    ways = [(way, getattr(module, way, None)) for way in ("minimised", "maximised")]
    return {key: way for way, metrics in ways if metrics is not None for key in metrics(**given)}
