"""HDM05, the cut of 11 classes by 5 actors in ASF/AMC."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from kinesec.errors import ConfigError
from kinesec.motion.recording import Motion
from kinesec.sources.datasets._splits import check_keys, names
from kinesec.sources.datasets.base import Info, Item, Settings
from kinesec.sources.readers import asf_amc

INFO = Info(
    title="HDM05 (11 classes, 5 actors)",
    terms="CC BY-SA 3.0",
    citation=(
        "M. Mueller, T. Roeder, M. Clausen, B. Eberhardt, B. Krueger, A. Weber: Documentation Mocap Database HDM05. "
        "Technical report CG-2007-2, Universitaet Bonn, 2007. The data used in this project was obtained from HDM05."
    ),
    fps_published=120.0,
    fps_measured=120.0,
)
CLASSES = (
    "depositFloorR",
    "elbowToKnee1RepsLelbowStart",
    "grabHighR",
    "hopBothLegs1hops",
    "jogLeftCircle4StepsRstart",
    "kickLFront1Reps",
    "lieDownFloor",
    "rotateArmsBothBackward1Reps",
    "sneak2StepsLStart",
    "squat1Reps",
    "throwBasketball",
)
_PATH = re.compile(
    r"(?P<split>train|test)/(?P<number>[1-9]|1[01])/HDM_(?P<subject>[a-z]{2})_(?P<action>[^/_]+)_(?P<take>\d+)_120\.amc",
    re.IGNORECASE,
)


def items(files: Sequence[str], settings: Settings) -> list[Item]:
    """Train (actors bd, bk, dg) and test (mm, tr) as published: by subject.

    Settings: ``validation_subjects`` ([dg] by default; [] for none), training actors all of whose files are
    validation. Skeletons (``.asf``) are passed over. Raises ``ConfigError`` for other settings, an actor who is not in
    the training files, and a file that is not named ``<split>/<class 1 to 11>/HDM_<actor>_<class>_<take>_120.amc``.
    """
    check_keys(settings, ("validation_subjects",))
    labelled: list[Item] = []
    for path in sorted(files):
        if path.lower().endswith((".asf", ".mat")):
            continue
        match = _PATH.fullmatch(path)
        if match is None or match["action"] != CLASSES[int(match["number"]) - 1]:
            raise ConfigError(
                f"hdm05: found file {path!r}, expected <train or test>/<n>/HDM_<actor>_<the class n>_<take>_120.amc"
            )
        labelled.append(Item(path, match["action"], match["split"], subject=match["subject"], take=match["take"]))
    training = {item.subject for item in labelled if item.split == "train"}
    held = names(settings, "validation_subjects", [s for s in ("dg",) if s in training], training)
    return [
        Item(item.path, item.action, "val", item.subject, item.take)
        if item.split == "train" and item.subject in held
        else item
        for item in labelled
    ]


def read(root: Path, item: Item, settings: Settings) -> tuple[Motion, ...]:
    """The file's motion with its actor's skeleton, ``HDM_<actor>.asf`` beside it."""
    path = root / item.path
    asf = path.with_name(f"HDM_{item.subject}.asf")
    return asf_amc.read(path, asf=asf, fps=120.0, fps_from="published", axes_from="published")
