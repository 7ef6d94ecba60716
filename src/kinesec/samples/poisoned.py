"""Poisoned training samples, clips or videos, in the places of the clean ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kinesec.errors import KinesecError
from kinesec.files import store
from kinesec.files.schema import Kind


@dataclass(frozen=True)
class Poisoned:
    """Poisoned samples (sample, ...) as stored, the clean ones' places (sample,), and the class that they teach."""

    value: np.ndarray
    index: np.ndarray
    target: int
    content_sha256: str

    def among(self, value: np.ndarray, label: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """All training samples and labels (sample,), those that are poisoned replaced and labelled as the target."""
        joined, taught = value.copy(), label.copy()
        joined[self.index], taught[self.index] = self.value, self.target
        return joined, taught


def load_poisoned(path: Path, kind: Kind, clean: Mapping[str, Any]) -> Poisoned:
    """The poisoned samples made of just the clean ones of these attributes; raises ``KinesecError`` for any others."""
    data = store.read(path, kind)
    if data.attrs["clean_content_sha256"] != clean["content_sha256"]:
        samples = kind.name.removeprefix("poisoned_")
        raise KinesecError(f"{path}: was made of other {samples} than those it is joined with; poison them again")
    target, count = int(data.attrs["target"]), len(clean["classes"])
    if not 0 <= target < count:
        raise KinesecError(f"{path}: found target {target}, expected 0 to {count - 1}; poison them again")
    (name,) = set(kind.arrays) - {"index"}
    return Poisoned(data[name].values, data["index"].values, target, data.attrs["content_sha256"])
