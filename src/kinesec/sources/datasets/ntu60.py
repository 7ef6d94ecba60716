"""NTU RGB+D 60: 56,880 samples of 60 actions, 40 subjects, 3 cameras, 17 setups (Shahroudy et al., CVPR 2016).

Settings: ``protocol`` (xsub, xview), ``validation_subjects``, ``missing_list``, ``bodies``; see config/datasets.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kinesec.motion.recording import Motion
from kinesec.sources.datasets import _ntu
from kinesec.sources.datasets.base import Info, Item, Settings

INFO = Info(
    title="NTU RGB+D 60",
    terms=_ntu.TERMS,
    citation="A. Shahroudy, J. Liu, T.-T. Ng, G. Wang: NTU RGB+D: A Large Scale Dataset for 3D Human Activity "
    "Analysis. CVPR 2016",
    fps_published=30.0,
    access=_ntu.ACCESS,
)
# Ours: the papers have no validation split and choose their models on the test set. 3 of 20 training subjects.
VALIDATION_SUBJECTS = (34, 35, 38)


def items(files: Sequence[str], settings: Settings) -> list[Item]:
    """See ``_ntu.items``."""
    return _ntu.items(
        files,
        settings,
        name="ntu60",
        setups=17,
        actions=60,
        train_subjects=_ntu.TRAIN_SUBJECTS_60,
        protocols=("xsub", "xview"),
        validation=VALIDATION_SUBJECTS,
    )


def read(root: Path, item: Item, settings: Settings) -> tuple[Motion, ...]:
    """See ``_ntu.read``."""
    return _ntu.read(root, item, settings)
