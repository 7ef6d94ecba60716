"""Poses of a few test windows with what models predict for them: what filmstrips and animations show."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from kinesec.evaluation.prediction import posed_windows, with_root
from kinesec.files import store
from kinesec.files.kinds.scenes import SCENES
from kinesec.models.predictors.base import PREDICTORS, Predictor
from kinesec.poisoning.prediction.badhmp import Poison
from kinesec.poisoning.prediction.variants import window_kinds
from kinesec.samples.windows.windows import Windows

QUANTILES = (0.5, 0.25, 0.75)
SHOWN = ("clean", "triggered")


def typical(records: pd.DataFrame, sampling: str) -> np.ndarray:
    """The windows of median, lower and upper quartile error of the clean model on clean windows: nobody's choice."""
    keep = records[["sampling", "model", "windows", "metric", "joints"]] == pd.Series(
        {"sampling": sampling, "model": "clean", "windows": "clean", "metric": "MPJPE_at", "joints": "used"}
    )
    error = records[keep.all(axis=1)].groupby("window")["value"].mean()
    order = error.index.to_numpy()[np.argsort(error.to_numpy(), kind="stable")]
    return np.asarray([order[int(quantile * (len(order) - 1))] for quantile in QUANTILES])


def write(
    path: Path,
    windows: Windows,
    chosen: np.ndarray,
    poison: Poison | None,
    models: Mapping[str, Predictor],
    device: torch.device,
) -> None:
    """Writes a store of kind ``samples``: for each chosen window, clean and triggered, a row a series of poses.

    ``model`` is ``data`` for the window itself (its future is the true one, or the attacker's target), else whose
    prediction follows the same history. Joints are those the models see, with the root.
    """
    used = windows.used
    kept = windows.skeleton.select(with_root(used))
    attrs = {
        "skeleton": kept.to_attrs(),
        "dataset": windows.attrs["dataset"],
        "history": windows.history,
        "future": windows.future,
        "frame_ms_nominal": windows.attrs["frame_ms_nominal"],
        "limb": list(kept.groups.get(poison.limb, ())) if poison else [],
    }
    owners = windows.sequence_index[chosen]
    text = {name: np.array([str(getattr(windows, name)[i]) for i in owners]) for name in ("action", "source")}
    with store.Writer(path, SCENES, attrs) as writer:
        for kind, window in window_kinds(windows.gather(chosen), windows, poison).items():
            if kind not in SHOWN:
                continue
            seen = window[:, : windows.history, used]
            futures = {"data": window[:, windows.history :, used]}
            futures |= {name: PREDICTORS.predict_array(model, seen, device) for name, model in models.items()}
            for name, future in futures.items():
                writer.append(
                    pose=posed_windows(window, future, used).astype(np.float32),
                    window=chosen.astype(np.int64),
                    model=np.array([name] * len(chosen)),
                    windows=np.array([kind] * len(chosen)),
                    **text,
                )
