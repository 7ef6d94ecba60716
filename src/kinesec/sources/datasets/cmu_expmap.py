"""CMU motion capture as exponential maps: the 8-action set of motion prediction papers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from kinesec.errors import ConfigError
from kinesec.motion.recording import Motion
from kinesec.sources.datasets._splits import check_keys, hold_out_last_take, setting
from kinesec.sources.datasets.base import Info, Item, Settings
from kinesec.sources.readers import expmap

INFO = Info(
    title="CMU motion capture, exponential maps (8 actions)",
    terms="Free for all uses but resale of the data itself",
    citation=(
        "The data used in this project was obtained from mocap.cs.cmu.edu. "
        "The database was created with funding from NSF EIA-0196217."
    ),
    fps_published=50.0,
    fps_measured=120.0,
)
EXTRA = "walking_extra"
_PATH = re.compile(r"(?P<split>train|test)/(?P<action>[^/]+)/(?P<take>[^/]+)\.txt")


def items(files: Sequence[str], settings: Settings) -> list[Item]:
    """Train and test as published; the actors are not known (``subject`` is empty), so validation is by take.

    Settings: ``validation`` (``last_take``: the highest-numbered training file of each action that has 3 or more, or
    ``none``) and ``walking_extra`` (false: the papers do not use that folder). Raises ``ConfigError`` for others, and
    for a file that does not lie at ``<train or test>/<action>/<take>.txt``.
    """
    check_keys(settings, ("validation", EXTRA))
    validation = setting(settings, "validation", "last_take", ("last_take", "none"))
    extra = setting(settings, EXTRA, False)
    labelled: list[Item] = []
    for path in sorted(files):
        match = _PATH.fullmatch(path)
        if match is None:
            raise ConfigError(f"cmu_expmap: found file {path!r}, expected <train or test>/<action>/<take>.txt")
        if match["action"] != EXTRA or extra:
            labelled.append(Item(path, match["action"], match["split"], take=match["take"]))
    return hold_out_last_take(labelled, lambda item: item.action) if validation == "last_take" else labelled


def read(root: Path, item: Item, settings: Settings) -> tuple[Motion, ...]:
    """The file's motion in true millimetres, at the measured rate; row 0 stays, though it can be a calibration pose."""
    return expmap.read(
        root / item.path,
        skeleton=expmap.cmu_skeleton(),
        unit_mm=expmap.CMU_UNIT_MM,
        fps=120.0,
        unit_from="published",
        fps_from="published",
        axes_from="published",
    )
