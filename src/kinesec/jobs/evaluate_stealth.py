"""One stealth job: windows and poisoned windows in, rows of their naturalness out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kinesec.evaluation.stealth import stealth
from kinesec.files import store
from kinesec.files.kinds.poison import POISON
from kinesec.files.kinds.windows import WINDOWS
from kinesec.tables import prediction
from kinesec.tables.files import write_csv
from kinesec.tables.strategies import Strategy


def evaluate_stealth(
    *, windows_path: Path, poison_path: Path, strategy: Mapping[str, Any], identity: Mapping[str, str], table_path: Path
) -> None:
    """Writes Acc, Jerk and BLC of one poison's windows as rows of ``prediction_backdoor``; see ``stealth``."""
    clean, poisoned = store.read(windows_path, WINDOWS), store.read(poison_path, POISON)
    named = {key: strategy[key] for key in Strategy._fields}
    labels = {"dataset": identity["data"], "protocol": identity["protocol"], "seed": int(identity["seed"])}
    write_csv(prediction.stealth(stealth(clean, poisoned), {**labels, **named}), str(table_path))
