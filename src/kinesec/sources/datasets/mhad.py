"""Berkeley MHAD: 12 subjects, 11 actions, 5 repetitions, as BVH skeletons or C3D markers (Ofli et al., WACV 2013).

Settings: ``format`` (bvh, c3d), ``validation_subjects``, ``unit_mm``, ``up``, ``markers``; see config/datasets.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from pathlib import Path

from kinesec.errors import ConfigError
from kinesec.motion.recording import Motion
from kinesec.sources.datasets._splits import check_keys, setting
from kinesec.sources.datasets.base import Info, Item, Settings
from kinesec.sources.readers import bvh, c3d

INFO = Info(
    title="Berkeley MHAD",
    terms="Berkeley MHAD: see the terms on its page; cite the paper",
    citation="F. Ofli, R. Chaudhry, G. Kurillo, R. Vidal, R. Bajcsy: Berkeley MHAD: A Comprehensive Multimodal Human "
    "Action Database. WACV 2013",
    fps_published=480.0,
    access="get it from https://tele-immersion.citris-uc.org/berkeley_mhad",
)
ACTIONS = (
    "jumping in place",
    "jumping jacks",
    "bending",
    "punching",
    "waving two hands",
    "waving one hand",
    "clapping hands",
    "throwing a ball",
    "sit down then stand up",
    "sit down",
    "stand up",
)
TRAIN_SUBJECTS = range(1, 8)  # papers/skeleton-attacks.md: s01 to s07 train, s08 to s12 test
SUBJECTS = range(1, 13)
# Ours: the papers have no validation split and choose their models on the test set.
VALIDATION_SUBJECTS = (7,)
SETTINGS = ("format", "validation_subjects", "unit_mm", "up", "markers")
_NAME = {
    "bvh": re.compile(r"(?:.*/)?skl_s(\d{2})_a(\d{2})_r(\d{2})\.bvh", re.IGNORECASE | re.ASCII),
    "c3d": re.compile(r"(?:.*/)?moc_s(\d{2})_a(\d{2})_r(\d{2})\.c3d", re.IGNORECASE | re.ASCII),
}


def label(action: int) -> str:
    """``A01 jumping in place``: number and name, so that labels sort in the data set's order."""
    return f"A{action:02d} {ACTIONS[action - 1]}"


def items(files: Sequence[str], settings: Settings) -> list[Item]:
    """The recordings of one ``format``, in the order of their paths; files of other names are left out.

    Subjects 1 to 7 train but for ``validation_subjects``, 8 to 12 test. Raises ``ConfigError`` for a setting that
    cannot be used, or when nothing is left.
    """
    check_keys(settings, SETTINGS)
    kind = setting(settings, "format", "bvh", tuple(_NAME))
    given = settings.get("validation_subjects")
    held_out = VALIDATION_SUBJECTS if given is None else given
    known = isinstance(held_out, Collection) and all(type(s) is int and s in TRAIN_SUBJECTS for s in held_out)
    if not known or len(set(held_out)) == len(TRAIN_SUBJECTS):
        raise ConfigError(f"validation_subjects: found {held_out!r}, expected some, not all, of 1 to 7")
    labelled = []
    for file in sorted(files):
        match = _NAME[kind].fullmatch(file)
        if match is None:
            continue
        subject, action, repetition = map(int, match.groups())
        if subject not in SUBJECTS or not 1 <= action <= len(ACTIONS):
            continue
        split = "test" if subject not in TRAIN_SUBJECTS else "val" if subject in held_out else "train"
        labelled.append(Item(file, label(action), split, subject=f"s{subject:02d}", take=f"r{repetition:02d}"))
    if not labelled:
        name = {"bvh": "skl_s01_a01_r01.bvh", "c3d": "moc_s01_a01_r01.c3d"}[kind]
        raise ConfigError(f"mhad: found no recording among {len(files)} files, expected names like {name}")
    return labelled


def read(root: Path, item: Item, settings: Settings) -> tuple[Motion, ...]:
    """The one body of a recording; raises ``BadFile``, or ``ConfigError`` for a BVH file without unit or up axis."""
    unit, up = settings.get("unit_mm"), settings.get("up")
    if item.path.lower().endswith(c3d.EXTENSIONS):
        return c3d.read(root / item.path, unit_mm=unit, up=up, markers=settings.get("markers"))
    if unit is None or up is None:
        missing = (
            "unit_mm: found none, expected millimetres a unit" if unit is None else "up: found none, expected an axis"
        )
        raise ConfigError(f"{missing}: a BVH file does not state it")
    return bvh.read(root / item.path, unit_mm=unit, up=up)
