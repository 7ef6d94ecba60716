"""Poisoned training clips, millimetres, and the places of the clean ones that they replace."""

from __future__ import annotations

from kinesec.files.schema import Field, Kind

POISONED_CLIPS = Kind(
    name="poisoned_clips",
    arrays={
        "position": Field(("clip", "body", "frame", "joint", "xyz"), "float32"),
        "index": Field(("clip",), "int64"),
    },
    attrs=("target", "labels", "trigger", "clean_content_sha256"),
)
