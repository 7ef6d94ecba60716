"""One job of certificates: clips and a smoothed recognizer in, a radius a clip out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from kinesec.errors import KinesecError
from kinesec.evaluation.certificates import UNITS, certified_clips
from kinesec.models.fit import load_for
from kinesec.models.wrappers.smoothed import Smoothed
from kinesec.progress import Progress
from kinesec.samples.adversarial import spread
from kinesec.samples.clips.checks import checked, takes
from kinesec.tables.files import write_csv


def certify_recognizer(
    *, clips_path: Path, model_path: Path, settings: Mapping[str, Any], identity: Mapping[str, str], table_path: Path
) -> None:
    """Writes a row a test clip (CSV): the smoothed answer, the radius in which it stays, and what a search found.

    ``settings`` has ``clips`` (at most so many), ``first`` and ``draws`` (of noise), ``alpha``, ``step`` of the grid,
    ``search_steps``; ``identity`` names ``data``, ``clips``, ``training``, ``recognizer`` and ``seed``. Raises
    ``KinesecError`` for a recognizer that is not smoothed.
    """
    clips = checked(clips_path, "test")
    clips = clips.take_rows(spread(clips.label, settings["clips"]))
    model, _ = load_for(model_path, clips_path, clips)
    if not isinstance(model, Smoothed):
        raise KinesecError(f"{model_path}: found a recognizer without noise, expected a smoothed one")
    with Progress("certifying", len(clips)) as progress:
        rows = certified_clips(
            model,
            clips,
            **{name: settings[name] for name in ("first", "draws", "alpha", "step", "search_steps")},
            seed=int(identity["seed"]),
            report=progress.update,
        )
    named = {
        "dataset": identity["data"],
        "clips": identity["clips"],
        "recognizer": identity["recognizer"],
        "defence": identity["training"],
        "seed": int(identity["seed"]),
        "space": model.space,
        "unit": UNITS[model.space],
        "sigma": model.sigma,
        "alpha": settings["alpha"],
        "draws": settings["draws"],
    }
    table_path.parent.mkdir(parents=True, exist_ok=True)
    table = pd.DataFrame(rows).assign(take=takes(clips), **named)
    write_csv(table[[*named, *(column for column in table if column not in named)]], str(table_path))
