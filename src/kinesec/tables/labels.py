"""What tables, figures and the report call attacks and settings."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pandas as pd

from kinesec import names

_TRIGGERS = {
    **{"dft": "DFT", "dct": "DCT", "dwt": "DWT", "badnet": "BadNet", "blend": "Blend", "sig": "SIG"},
    **{"wanet": "WaNet", "fttrojan": "FTtrojan"},
}
_DETECTORS = {
    **{"neural_cleanse": "Neural Cleanse", "pt_red": "PT-RED", "tabor": "TABOR", "strip": "STRIP", "cbd": "CBD"},
    **{"nad": "NAD"},
}


def _printed(attack: str) -> str:
    """The name that an attack's module gives it in print; one without keeps its module's."""
    return str(names.constant("attacks", attack, "NAME", attack))


def attack_labels(table: pd.DataFrame) -> dict[str, str]:
    """What to call each attack of a table beside the others: its method, and in what it differs from those.

    Names tell methods first, and of EOT around which; the loss terms of an ablation, then strategy, preset, reduction,
    what follows success, and last the configuration's own name.
    """
    rows = table.drop_duplicates("attack").set_index("attack")
    labels = {str(name): _printed(module) for name, module in rows["attack_module"].items()}
    for name, settings in rows["settings"].items() if "settings" in rows else ():
        around = json.loads(settings or "{}").get("attack")
        if around:
            labels[str(name)] += f" of {_printed(around['attack'])}"
    if "terms" in rows:
        ablations = {name: terms for name, terms in rows["terms"].items() if terms not in ("", "smart")}
        labels |= {str(name): f"{labels[str(name)]}, {plain(terms)}" for name, terms in ablations.items()}
    return told_apart(labels, rows, ("strategy", "preset", "reduction", "after_success"))


def trigger(module: str) -> str:
    """The name in print of a trigger of classifiers."""
    return _TRIGGERS.get(module, plain(module))


def detector(module: str) -> str:
    """The name in print of a detector."""
    return _DETECTORS.get(module, plain(module))


def trigger_labels(table: pd.DataFrame) -> dict[str, str]:
    """What to call each backdoor of a table beside the others: its trigger, and in what it differs from those."""
    rows = table.drop_duplicates("attack").set_index("attack")
    labels = {str(name): trigger(module) if module else str(name) for name, module in rows["attack_module"].items()}
    return told_apart(labels, rows, ("form", "projection", "preset", "labels", "per"))


def told_apart(labels: dict[str, str], rows: pd.DataFrame, columns: Sequence[str]) -> dict[str, str]:
    """Labels by name, of those that are the same with what their rows differ in, at last with their names.

    ``rows`` are indexed by name; a column that they lack is passed over.
    """
    labels = dict(labels)
    for column in columns:
        if column not in rows:
            continue
        for label in set(labels.values()):
            same = [name for name, text in labels.items() if text == label]
            settings = {name: str(rows.loc[name, column]) for name in same}
            if len(set(settings.values())) > 1:
                labels |= {name: f"{label}, {plain(value)}" if value else label for name, value in settings.items()}
    for label in set(labels.values()):
        same = [name for name, text in labels.items() if text == label]
        if len(same) > 1:
            labels |= {name: f"{label} ({name})" for name in same}
    return labels


def plain(setting: str) -> str:
    """A setting without JSON's marks."""
    return setting.strip('[]{}"').replace('", "', "+").replace('"', "").replace("_", " ")
