"""What keeps a network and a poison of the run from being those of the TDBA paper."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from kinesec.settings import differences
from kinesec.tables import backdoor

TRIGGERS = {"DFT": "dft", "DCT": "dct", "DWT": "dwt", "RT": "random_transform"}
TRIGGERS |= {"BadNet": "badnet", "Blend": "blend", "SIG": "sig", "WaNet": "wanet", "FTtrojan": "fttrojan"}
RATIO = 0.2

Row = Mapping[Any, Any]


def of_network(victim: Row) -> list[str]:
    """What keeps a network from being the paper's: weights of Kinetics, size and recipe."""
    reasons = []
    if size := _json(victim.get("recognizer_settings")):
        told = size if isinstance(size, str) else ", ".join(f"{name} {value}" for name, value in size.items())
        reasons.append(f"network of {told} instead of the published size")
    if recipe := _json(victim.get("recognizer_recipe")):
        reasons.append(f"trained with {', '.join(f'{name} {value}' for name, value in recipe.items())} instead")
    if not victim.get("recognizer_weights"):
        reasons.append("trained from random weights instead of Kinetics-400's")
    return reasons


def of_poison(victim: Row, trigger: str, besides: Sequence[str] = ()) -> list[str]:
    """What keeps a poison from being the paper's; ``besides`` what a figure varies."""
    if not victim:
        return ["the victim's poison is not known"]
    reasons = []
    if "ratio" not in besides and abs(float(victim["ratio"]) - RATIO) > 1e-9:
        reasons.append(f"{100 * float(victim['ratio']):g} % poisoned instead of {100 * RATIO:g} %")
    if (victim["labels"], victim["per"]) != ("dirty", "class"):
        reasons.append(f"{victim['labels']} labels, a share of {victim['per']} instead of dirty ones, of each class")
    published = _published(TRIGGERS[trigger])
    here = _json(victim["settings"])
    names = {"first_frequency": "first", "spatial_components": "spatial", "components": "temporal"}
    varied = {names.get(name, name) for name in besides}
    changed = differences(published, here if isinstance(here, dict) else {})
    reasons += [
        f"{name} {used} instead of {expected}" for name, (used, expected) in changed.items() if name not in varied
    ]
    return reasons


@cache
def _published(trigger: str) -> dict[str, Any]:
    return backdoor.settings_of({"trigger": trigger, "form": "video", "preset": "paper", "settings": {}})


def _json(text: Any) -> Any:
    """A stored setting: a mapping, or a word such as ``small``; nothing where there is none."""
    try:
        value = json.loads(text)
    except (TypeError, ValueError):
        return text or {}
    return value
