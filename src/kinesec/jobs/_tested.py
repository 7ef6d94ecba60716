"""A recognizer and the test clips that it is evaluated on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from kinesec.models.fit import load_for
from kinesec.models.recognizers.base import Recognizer
from kinesec.samples.clips import checks
from kinesec.samples.clips.clips import Clips


@dataclass(frozen=True)
class Tested:
    """All test clips of a store, a recognizer that was trained on it, and what each came from."""

    clips_path: Path
    clips: Clips
    model_path: Path
    model: Recognizer
    description: dict[str, Any]

    @classmethod
    def load(cls, clips_path: Path, model_path: Path) -> Self:
        """Reads both; a recognizer with noise answers by other noise than attacks saw. Raises as ``load_for`` does."""
        clips = checks.checked(clips_path, "test")
        model, description = load_for(model_path, clips_path, clips)
        model.fresh()
        return cls(clips_path, clips, model_path, model, description)
