"""What is measured of attacks on hard labels: their search, and whether what they made is motion that a body can do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kinesec.attacks.engine.manifold import Manifold
from kinesec.attacks.engine.problem import Problem
from kinesec.metrics.intervals import of_takes
from kinesec.samples.adversarial import Adversarial
from kinesec.samples.clips.checks import checked
from kinesec.samples.clips.clips import Clips

BONE_CHANGE_PERCENT = 0.1  # a projection leaves less: float32 positions
MARGIN_DEGREES = 2.0  # of attacks without a setting for it
PIECE = 256


def limits(clips_path: Path, margin_degrees: float) -> Manifold:
    """What joints do in the training clips of a store, with a margin; as an attack takes them."""
    clips = checked(clips_path, "train")
    training = Problem.of_training(clips)
    return Manifold.of(training.position, training.present, training.geometry, margin_degrees)


def margin_of(adversarial: Adversarial) -> float:
    """The margin in degrees that an attack works with."""
    return float(adversarial.attrs["settings"].get("margin_degrees", MARGIN_DEGREES))


def _pieces(count: int) -> Iterator[slice]:
    return (slice(first, first + PIECE) for first in range(0, max(count, 1), PIECE))


def beyond_limits(position: np.ndarray, clips: Clips, manifold: Manifold) -> dict[str, np.ndarray]:
    """Of attacked clips and of the clean ones: the share of bends beyond their limits, and the greatest excess (clip,).

    ``position`` (clip, body, frame, joint, xyz) normalised, in the order of ``clips``. An attacked clip may do what its
    clean clip does; clean clips are held to the training motions alone: the control.
    """
    clean, present = clips.normalised, clips.present
    attacked, control = (
        [manifold.violations(moved[at], clean[at] if widened else None, present[at]) for at in _pieces(len(position))]
        for moved, widened in ((position, True), (clean, False))
    )
    names = ("limit_violations_percent", "limit_excess_degrees")
    return {
        f"{prefix}{name}": np.concatenate([values[place] for values in of])
        for prefix, of in (("", attacked), ("clean_", control))
        for place, name in enumerate(names)
    }


def add_search(records: pd.DataFrame, adversarial: Adversarial, clips: Clips, manifold: Manifold) -> pd.DataFrame:
    """An attack's records with what it says of its search, and with ``on_manifold``, which it has no say in.

    On the manifold is an attacked clip that fools the model, whose bones change by less than 0.1 % and whose joints
    stay within their limits. ``trace_l`` is a list a clip, after ``QUERY_GRID`` queries.
    """
    assert adversarial.search is not None
    search = {name: [*values] for name, values in vars(adversarial.search).items()}
    beyond = beyond_limits(adversarial.position, clips, manifold)
    still = records["bone_change_percent"].to_numpy(float) < BONE_CHANGE_PERCENT
    within = beyond["limit_violations_percent"] == 0
    on_manifold = records["success"].to_numpy(bool) & still & within
    return records.assign(**search, **beyond, on_manifold=on_manifold)


def search_summary(records: pd.DataFrame) -> dict[str, Any]:
    """The columns that a table's row of a hard-label attack has beside those of any attack.

    Rates are over the clips that the model classifies correctly before the attack, ``converged_percent`` over those of
    them that were projected; the rest is over the clips on which the attack succeeds.
    """
    correct = records[records["right"]]
    take, won = correct["take"].to_numpy(), correct["success"].to_numpy(bool)
    made = correct[correct["projections"] > 0]
    rates = np.stack(
        [
            100.0 * correct["on_manifold"].to_numpy(float),
            100.0 * (correct["clean_limit_violations_percent"].to_numpy(float) == 0),
        ],
        axis=1,
    )
    mean, low, high, _ = of_takes(rates, take, least=0.0, most=100.0, rate=True)
    row: dict[str, Any] = {"on_manifold_percent": mean[0], "on_manifold_low": low[0], "on_manifold_high": high[0]}
    row |= {"clean_within_limits_percent": mean[1], "n_on_manifold": int(correct["on_manifold"].sum())}
    row |= {"n_projected": len(made), "converged_percent": 100.0 * _mean(made["converged"])}
    kept = correct[won]
    row |= {
        "projected_percent": 100.0 * _mean(correct["projected"]),
        "limit_violations_percent": _mean(kept["limit_violations_percent"]),
        "limit_excess_degrees_max": float(kept["limit_excess_degrees"].max()) if len(kept) else np.nan,
        "boundary_l_median": _median(kept["boundary_l"]),
        "search_l_median": _median(kept["search_l"]),
        "l_normalised_median": _median(kept["l_normalised"]),
        "l_on_manifold_median": _median(correct.loc[correct["on_manifold"], "l_normalised"]),
        "boundary_over_search_median": _median(kept["boundary_l"] / kept["search_l"]),
    }
    return row


def _mean(values: pd.Series) -> float:
    return float(values.astype(float).mean()) if len(values) else float("nan")


def _median(values: pd.Series) -> float:
    return float(values.median()) if len(values) else float("nan")
