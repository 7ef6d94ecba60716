"""The page's sections, one a system: its verdict, its tables and its figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from markupsafe import Markup

from kinesec.report.figures import Figure
from kinesec.report.pages import backdoor as classifiers
from kinesec.report.pages import defences, prediction, recognition, stealth, trigger_strength
from kinesec.report.verdicts import attacks
from kinesec.report.verdicts import classifiers as of_classifiers
from kinesec.report.verdicts import defences as of_defences
from kinesec.report.verdicts import prediction as of_prediction
from kinesec.report.verdicts.base import NOT_RUN, Verdict
from kinesec.tables import strategies

STRENGTH = "trigger_strength"
FEW = 4  # tables of more backdoors than these are folded
# key, which is the section's address too: (title, title in the navigation, the verdict's system)
TITLES = {
    "prediction": ("Backdoors on motion prediction", "Prediction", of_prediction.SYSTEM),
    "recognition": ("Attacks on recognition, and their transfer", "Recognition", attacks.GRADIENTS),
    "blackbox": ("Attacks on labels alone", "Black box", attacks.LABELS),
    "robustness": ("Robustness of defended recognizers", "Robustness", of_defences.SYSTEM),
    "backdoors": ("Backdoors on recognizers and video networks", "Backdoors", of_classifiers.SYSTEM),
}
PREDICTION = {
    "matrix": "Every backdoor at a glance",
    "headline": "Each model, with its controls",
    "horizons": "MPJPE on clean windows at each horizon",
    "per_action": "Errors by action",
    "near_misses": "Near misses of the trigger",
    "selections": "Poisoned training windows by selection",
    "told_apart": "Poisoned windows told from the others",
    "selected": "What was poisoned",
    "stealth": "Test windows, clean and triggered",
    STRENGTH: "Imperfect triggers",
    "detectors": "Defences: detectors",
    "repairs": "Defences: repairs",
    "inversions": "Defences: trigger inversion",
    "courses": "Defences: the search for a trigger",
}
_OF_RECOGNITION = {
    "blackbox": ("blackbox",),
    "robustness": ("robustness", "robustness_pairs", "certificates"),
}
_OPEN = ("matrix", "accuracy", "attacks", "transfer", "blackbox", "robustness", "backdoors", "detectors")


class Block(NamedTuple):
    """A table under its summary, open or folded."""

    name: str
    label: str
    html: Markup
    opened: bool


class System(NamedTuple):
    """A section of the page; ``figures`` are charts, ``pictures`` filmstrips and animations."""

    key: str
    title: str
    short: str
    verdict: Verdict
    blocks: list[Block]
    figures: list[Figure]
    pictures: list[Figure]

    @property
    def is_run(self) -> bool:
        return self.verdict.mark != NOT_RUN or bool(self.blocks or self.figures or self.pictures)


def systems(
    tables: Mapping[str, str | Path],
    backdoor: pd.DataFrame | None,
    verdicts: Sequence[Verdict],
    figures: Mapping[str, Sequence[Figure]],
) -> list[System]:
    """All five, those that a run has first, each in the papers' order; ``backdoor`` is the table of that name."""
    blocks = {"prediction": _prediction(tables, backdoor), "backdoors": _backdoors(tables)}
    made = recognition.sections(tables)
    elsewhere = {name: key for key, names in _OF_RECOGNITION.items() for name in names}
    for name, html in made.items():
        block = Block(name, recognition.TITLES[name], html, name in _OPEN)
        blocks.setdefault(elsewhere.get(name, "recognition"), []).append(block)
    judged = {verdict.system: verdict for verdict in verdicts}
    shown = [
        System(
            key=key,
            title=title,
            short=short,
            verdict=judged[system],
            blocks=blocks.get(key, []),
            figures=[figure for figure in figures.get(key, ()) if not figure.is_picture],
            pictures=[figure for figure in figures.get(key, ()) if figure.is_picture],
        )
        for key, (title, short, system) in TITLES.items()
    ]
    return sorted(shown, key=lambda system: not system.is_run)


def _prediction(tables: Mapping[str, str | Path], backdoor: pd.DataFrame | None) -> list[Block]:
    few, made = True, dict[str, Markup]()
    if backdoor is not None:
        few = sum(1 for _ in strategies.cases(backdoor)) <= FEW
        made |= prediction.sections(backdoor)
    made |= stealth.sections(tables)
    if STRENGTH in tables:
        made[STRENGTH] = trigger_strength.section(tables[STRENGTH])
    if "prediction_defences" in tables:
        made |= defences.sections(pd.read_csv(tables["prediction_defences"]))
    return [Block(name, label, made[name], few or name in _OPEN) for name, label in PREDICTION.items() if name in made]


def _backdoors(tables: Mapping[str, str | Path]) -> list[Block]:
    made = classifiers.sections(tables)
    return [Block(name, classifiers.TITLES[name], html, name in _OPEN) for name, html in made.items()]
