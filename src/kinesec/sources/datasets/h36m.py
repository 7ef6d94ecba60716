"""Human3.6M: 7 subjects, 15 actions, two sub-sequences each, as exponential maps (Ionescu et al., TPAMI 2014).

The files are those of motion prediction papers: ``S1/walking_1.txt``. Settings: ``validation_subjects``,
``test_subjects``, ``fps``; see config/datasets.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from pathlib import Path

from kinesec.errors import ConfigError
from kinesec.motion.recording import Motion
from kinesec.sources.datasets._splits import check_keys
from kinesec.sources.datasets.base import Info, Item, Settings
from kinesec.sources.readers import h36m

INFO = Info(
    title="Human3.6M",
    terms="Human3.6M: academic use alone, after registration; no redistribution",
    citation="C. Ionescu, D. Papava, V. Olaru, C. Sminchisescu: Human3.6M: Large Scale Datasets and Predictive Methods "
    "for 3D Human Sensing in Natural Environments. TPAMI 36(7), 2014",
    fps_published=50.0,
    access="register at http://vision.imar.ro/human3.6m/ and convert its D3_Angles to exponential maps",
)
SUBJECTS = (1, 5, 6, 7, 8, 9, 11)
ACTIONS = (
    *("directions", "discussion", "eating", "greeting", "phoning", "posing", "purchases", "sitting", "sittingdown"),
    *("smoking", "takingphoto", "waiting", "walking", "walkingdog", "walkingtogether"),
)
_NAME = re.compile(rf"(?:.*/)?S(\d{{1,2}})/({'|'.join(ACTIONS)})_([12])\.txt", re.ASCII)


def _subjects(settings: Settings, key: str, default: tuple[int, ...]) -> frozenset[int]:
    given = settings.get(key)
    subjects = default if given is None else given
    if not isinstance(subjects, Collection) or not all(type(s) is int and s in SUBJECTS for s in subjects):
        raise ConfigError(
            f"{key}: found {subjects!r}, expected a list of subjects among {', '.join(map(str, SUBJECTS))}"
        )
    return frozenset(subjects)


def items(files: Sequence[str], settings: Settings) -> list[Item]:
    """The sequences in the order of their paths: S11 validates, S5 tests, the others train (LearnTrajDep's split).

    Files of other names are left out. Raises ``ConfigError`` for an unusable setting, or when nothing is left.
    """
    check_keys(settings, ("validation_subjects", "test_subjects", "fps"))
    validation = _subjects(settings, "validation_subjects", (11,))
    test = _subjects(settings, "test_subjects", (5,))
    if validation & test:
        raise ConfigError(f"validation_subjects: found {sorted(validation & test)}, which are test_subjects as well")
    labelled = []
    for file in sorted(files):
        match = _NAME.fullmatch(file)
        if match is None or int(match[1]) not in SUBJECTS:
            continue
        subject = int(match[1])
        split = "test" if subject in test else "val" if subject in validation else "train"
        labelled.append(Item(file, match[2], split, subject=f"S{subject}", take=match[3]))
    if not labelled:
        raise ConfigError(f"h36m: found no sequence among {len(files)} files, expected names like S1/walking_1.txt")
    return labelled


def read(root: Path, item: Item, settings: Settings) -> tuple[Motion, ...]:
    """The one body of a sequence; raises ``BadFile``."""
    fps = settings.get("fps")
    return h36m.read(root / item.path, fps=h36m.FPS if fps is None else fps)
