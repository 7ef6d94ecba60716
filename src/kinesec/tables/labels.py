"""What tables, figures and the report call attacks and settings."""

from __future__ import annotations

import json

import pandas as pd

from kinesec import names


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
    for column in ("strategy", "preset", "reduction", "after_success"):
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
