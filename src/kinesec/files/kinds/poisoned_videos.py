"""Poisoned training videos, grey levels, and the places of the clean ones that they replace."""

from __future__ import annotations

from kinesec.files.schema import Field, Kind

POISONED_VIDEOS = Kind(
    name="poisoned_videos",
    arrays={
        "video": Field(("clip", "frame", "height", "width", "channel"), "uint8"),
        "index": Field(("clip",), "int64"),
    },
    attrs=("target", "labels", "trigger", "clean_content_sha256"),
)
