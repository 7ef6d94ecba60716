"""One stealth job: windows and poisoned windows in; rows of their naturalness, of a detector's areas and of what was
selected out.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from kinesec.evaluation.stealth import moved, stealth, told_apart
from kinesec.files import store
from kinesec.files.kinds.poison import POISON
from kinesec.files.kinds.windows import WINDOWS
from kinesec.samples.windows.windows import in_split
from kinesec.tables import prediction
from kinesec.tables import stealth as tables
from kinesec.tables.files import write_csv
from kinesec.tables.strategies import Strategy


def evaluate_stealth(
    *,
    windows_path: Path,
    poison_path: Path,
    strategy: Mapping[str, Any],
    identity: Mapping[str, str],
    table_path: Path,
    test_path: Path,
    selected_path: Path,
) -> None:
    """Writes Acc, Jerk and BLC of one poison's windows as rows of ``prediction_backdoor``, whether a detector can tell
    its windows from the others by them (``prediction_stealth``), and which these are (``prediction_selected``).
    """
    clean, poisoned = store.read(windows_path, WINDOWS), store.read(poison_path, POISON)
    named = {key: strategy[key] for key in Strategy._fields}
    labels = {"dataset": identity["data"], "protocol": identity["protocol"], "seed": int(identity["seed"]), **named}
    measured = stealth(clean, poisoned)
    write_csv(prediction.stealth(measured.kinds(), labels), str(table_path))
    scored = moved(strategy["selection"], strategy["selection_settings"])
    write_csv(tables.told_apart(told_apart(measured), scored, labels), str(test_path))
    of_test = np.unique(clean.sequence_index.values[in_split(clean, "test")])
    tested = {str(clean.action.values[sequence]) for sequence in of_test}
    chosen = tables.selected(measured.sample.action, measured.source, measured.index, tested, labels)
    write_csv(chosen, str(selected_path))
