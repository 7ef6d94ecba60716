"""Poisoned windows beside the clean ones that they replace or follow."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kinesec.errors import KinesecError
from kinesec.files import store
from kinesec.files.kinds.poison import POISON
from kinesec.samples.windows.windows import Windows


@dataclass(frozen=True)
class Poisoned:
    """The poisoned windows (window, frame, joint, xyz), mm, and the clean windows' indices they replace or follow."""

    position: np.ndarray
    index: np.ndarray
    mode: str
    content_sha256: str = ""


def load_poisoned(path: Path, clean: Windows) -> Poisoned:
    """The poisoned windows made from just these clean ones; raises ``KinesecError`` for those of others."""
    data = store.read(path, POISON)
    if data.attrs["clean_content_sha256"] != clean.attrs["content_sha256"]:
        raise KinesecError(f"{path}: was made from other windows than those it is joined with; poison them again")
    return Poisoned(data.position.values, data["index"].values, data.attrs["mode"], data.attrs["content_sha256"])
