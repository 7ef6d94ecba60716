"""The viewer's part of the page: stores read, motions embedded as text that cannot end its element."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from markupsafe import Markup

from kinesec.files.kinds.scenes import SCENES
from kinesec.report.format import number
from kinesec.report.naming import named
from kinesec.report.viewer import data
from kinesec.report.viewer.data import Motions
from kinesec.samples import backdoor_scenes, scenes
from kinesec.samples.errors import NothingToDraw

Stores = Sequence[str | Path]  # one, or clips and poisoned clips


def asset(name: str) -> str:
    """The text of the viewer's script or style."""
    return resources.files("kinesec.report.viewer").joinpath(name).read_text("utf-8")


def read(title: str, stores: Stores) -> Motions | None:
    """The motions of a store of kind ``samples`` or ``attack_scenes``, or of clips and poisoned clips.

    None where no clip was correctly classified, or none poisoned. Raises ``StoreError`` for a damaged store.
    """
    try:
        first, *others = map(Path, stores)
        if others:
            return data.of_pair(title, backdoor_scenes.of_clips(first, *others))
        if _kind(first) == SCENES.name:
            return data.of_prediction(title, scenes.of_windows(first))
        return data.of_attacks(title, scenes.of_attacks(first))
    except NothingToDraw:
        return None


def _kind(path: Path) -> object:
    head = path / "zarr.json"
    # without one the store's own reader says what is wrong
    return json.loads(head.read_text("utf-8"))["attributes"].get("kind") if head.is_file() else None


def section(stores: Mapping[str, Stores]) -> dict[str, Any] | None:
    """What the template shows of scenes by their titles, in their order; None where there is nothing to compare."""
    read_ones = [read(named(title), kept) for title, kept in stores.items()]
    return drawn([motions for motions in read_ones if motions is not None])


def drawn(shown: Sequence[Motions]) -> dict[str, Any] | None:
    """What the template shows of motions.

    ``json`` for the page's script, ``groups`` of choices, ``kilobytes`` of ``json``, ``error_mm``: the farthest that
    rounding moves a joint, ``script``.
    """
    kept = [motions for motions in shown if motions.comparisons]
    if not kept:
        return None
    quantised = [data.quantised(motions) for motions in kept]
    text = embedded({"colours": list(data.COLOURS), "scenes": quantised})
    return {
        "json": Markup(text),
        "groups": [
            {
                "title": motions.title,
                "choices": [
                    {"value": f"{scene}.{place}", "label": comparison.label}
                    for place, comparison in enumerate(motions.comparisons)
                ],
            }
            for scene, motions in enumerate(kept)
        ],
        "kilobytes": f"{math.ceil(len(text) / 1000):,}",
        "error_mm": number(math.sqrt(3) / 2 * max(scene["step"] for scene in quantised)),
        "script": Markup(asset("viewer.js")),
    }


def embedded(content: Any) -> str:
    """JSON that may stand in a ``script`` element: ASCII, and without the characters that markup is made of."""
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    for mark in "<>&'":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return text
