"""CMU motion capture as published: ASF/AMC, one folder a subject."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from kinesec.errors import ConfigError
from kinesec.motion.recording import Motion
from kinesec.sources.datasets._splits import check_keys, hold_out_last_take, names, setting
from kinesec.sources.datasets.base import Info, Item, Settings
from kinesec.sources.readers import asf_amc

INFO = Info(
    title="CMU motion capture, ASF/AMC",
    terms="Free for all uses but resale of the data itself",
    citation=(
        "The data used in this project was obtained from mocap.cs.cmu.edu. "
        "The database was created with funding from NSF EIA-0196217."
    ),
    fps_published=120.0,
    fps_measured=120.0,
)
UNLABELLED = "unlabelled"
# The files do not say what is done in them; this is the database's own index, cut to its first word or two.
_INDEX: dict[str, dict[str, Sequence[int]]] = {
    "01": {"climb": range(2, 15), "forward_jump": [1]},
    "02": {
        "walk": [1, 2],
        "run": [3],
        "jump": [4],
        "punch": [5],
        "bend": [6],
        "swordplay": [7, 8, 9],
        "wash": [10],
    },
}
ACTIONS = {
    (subject, f"{take:02d}"): action
    for subject, actions in _INDEX.items()
    for action, takes in actions.items()
    for take in takes
}
_PATH = re.compile(r"(?:.*/)?(?P<subject>\d{2,3})/(?P=subject)_(?P<take>\d+)\.amc", re.IGNORECASE)


def items(files: Sequence[str], settings: Settings) -> list[Item]:
    """Split by subject; validation by take where no subject is set apart for it.

    Settings: ``test_subjects`` (["02"] by default, where there is one), ``validation_subjects`` ([]) and
    ``validation`` (``last_take``: the highest-numbered training take of each subject with 3 or more, when no
    ``validation_subjects`` are named; or ``none``). Subjects without a known label are ``unlabelled``. Skeletons
    (``.asf``) are passed over. Raises ``ConfigError`` for other settings, for unknown subjects, for one in two splits,
    and for a file that is not named ``<subject>/<subject>_<take>.amc``.
    """
    check_keys(settings, ("test_subjects", "validation_subjects", "validation"))
    labelled: list[Item] = []
    for path in sorted(files):
        if path.lower().endswith(".asf"):
            continue
        match = _PATH.fullmatch(path)
        if match is None:
            raise ConfigError(f"cmu_asfamc: found file {path!r}, expected <subject>/<subject>_<take>.amc")
        subject, take = match["subject"], match["take"]
        labelled.append(Item(path, ACTIONS.get((subject, take), UNLABELLED), "train", subject=subject, take=take))
    subjects = {item.subject for item in labelled}
    test = names(settings, "test_subjects", [s for s in ("02",) if len(subjects) > 1 and s in subjects], subjects)
    val = names(settings, "validation_subjects", [], subjects)
    for both in sorted(set(test) & set(val)):
        raise ConfigError(f"validation_subjects: found {both!r}, expected none that is in test_subjects")
    split = dict.fromkeys(val, "val") | dict.fromkeys(test, "test")
    labelled = [replace(item, split=split.get(item.subject, "train")) for item in labelled]
    validation = setting(settings, "validation", "last_take", ("last_take", "none"))
    return labelled if val or validation == "none" else hold_out_last_take(labelled, lambda item: item.subject)


def read(root: Path, item: Item, settings: Settings) -> tuple[Motion, ...]:
    """The file's motion with its subject's skeleton, ``<subject>.asf`` beside it."""
    path = root / item.path
    asf = path.with_name(f"{item.subject}.asf")
    return asf_amc.read(path, asf=asf, fps=120.0, fps_from="published", axes_from="published")
