"""NTU RGB+D 120: 114,480 samples of 120 actions, 106 subjects, 32 setups (Liu et al., TPAMI 2019).

Settings: ``protocol`` (xsub, xset), ``validation_subjects``, ``missing_list``, ``bodies``; see config/datasets.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kinesec.motion.recording import Motion
from kinesec.sources.datasets import _ntu
from kinesec.sources.datasets.base import Info, Item, Settings

INFO = Info(
    title="NTU RGB+D 120",
    terms=_ntu.TERMS,
    citation="J. Liu, A. Shahroudy, M. Perez, G. Wang, L.-Y. Duan, A. C. Kot: NTU RGB+D 120: A Large-Scale Benchmark "
    "for 3D Human Activity Understanding. TPAMI 2019, doi:10.1109/TPAMI.2019.2916873",
    fps_published=30.0,
    access=_ntu.ACCESS,
)
TRAIN_SUBJECTS = _ntu.TRAIN_SUBJECTS_60 | {
    *(45, 46, 47, 49, 50, 52, 53, 54, 55, 56, 57, 58, 59, 70, 74, 78, 80, 81, 82, 83, 84, 85, 86),
    *(89, 91, 92, 93, 94, 95, 97, 98, 100, 103),
}
# Ours, as in ntu60: 8 of 53 training subjects, 3 of them from the first 40 subjects.
VALIDATION_SUBJECTS = (34, 35, 38, 94, 95, 97, 98, 100)


def items(files: Sequence[str], settings: Settings) -> list[Item]:
    """See ``_ntu.items``."""
    return _ntu.items(
        files,
        settings,
        name="ntu120",
        setups=32,
        actions=120,
        train_subjects=TRAIN_SUBJECTS,
        protocols=("xsub", "xset"),
        validation=VALIDATION_SUBJECTS,
    )


def read(root: Path, item: Item, settings: Settings) -> tuple[Motion, ...]:
    """See ``_ntu.read``."""
    return _ntu.read(root, item, settings)
