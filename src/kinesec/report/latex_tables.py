"""Which of the report's tables a paper prints, of each CSV, and their LaTeX files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from kinesec.report import latex
from kinesec.report.pages import backdoor, defences, prediction, recognition, trigger_strength
from kinesec.tables import strategies

Paths = Mapping[str, str | Path]


def _strength(tables: Paths) -> dict[str, str]:
    return {"trigger_strength": trigger_strength.section(tables["trigger_strength"])}


def _prediction(tables: Paths) -> Mapping[str, str]:
    return prediction.sections(strategies.read(tables["prediction_backdoor"]))


def _defences(tables: Paths) -> Mapping[str, str]:
    return defences.sections(pd.read_csv(tables["prediction_defences"]))


# table -> (the page's sections that it is in, those that a paper prints, what else they are made of)
_SECTIONS: dict[str, tuple[Callable[[Paths], Mapping[str, str]], tuple[str, ...], tuple[str, ...]]] = {
    "prediction_backdoor": (_prediction, ("matrix", "headline", "horizons", "near_misses"), ()),
    "prediction_defences": (_defences, ("detectors", "repairs"), ()),
    "trigger_strength": (_strength, ("trigger_strength",), ()),
    "recognition_accuracy": (recognition.sections, ("accuracy",), ()),
    "recognition_attacks": (recognition.sections, ("attacks", "equal_success"), ("attack_pairs",)),
    "transfer": (recognition.sections, ("transfer",), ()),
    **{f"smart_table_{number}": (recognition.sections, (f"smart_table_{number}",), ()) for number in range(1, 5)},
    "blackbox": (recognition.sections, ("blackbox",), ()),
    "robustness": (recognition.sections, ("robustness",), ()),
    "robustness_pairs": (recognition.sections, ("robustness_pairs",), ("robustness",)),
    "certificates": (recognition.sections, ("certificates",), ()),
    "backdoor_recognition": (backdoor.sections, ("backdoors", "sizes", "controls"), ()),
    "detection": (backdoor.sections, ("detectors",), ()),
    "backdoor_repairs": (backdoor.sections, ("repairs",), ()),
}
NAMES = tuple(_SECTIONS)


def write(outputs: Mapping[str, str | Path], tables: Paths) -> None:
    """Writes the LaTeX file of each table in ``outputs``; ``tables`` are the run's CSVs by name.

    The same tables give the same bytes. Raises ``KeyError`` for a table that no paper prints or the run has not.
    """
    for name, path in outputs.items():
        sections, chosen, further = _SECTIONS[name]
        made = sections({key: tables[key] for key in (name, *further) if key == name or key in tables})
        text = latex.document(name, [str(made[key]) for key in chosen if key in made])
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text, encoding="utf-8", newline="\n")
