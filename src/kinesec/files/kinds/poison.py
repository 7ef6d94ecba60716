"""Poisoned windows alone, and which windows of the clean store they replace or follow."""

from __future__ import annotations

from kinesec.files.schema import Field, Kind

POISON = Kind(
    name="poison",
    arrays={
        "position": Field(("window", "frame", "joint", "xyz"), "float32"),
        "index": Field(("window",), "int64"),
    },
    attrs=("dataset", "poison", "mode", "ratio", "candidates", "clean_content_sha256"),
)
