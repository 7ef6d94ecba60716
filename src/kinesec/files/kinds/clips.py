"""Labelled pieces of motion of one length, millimetres; bodies and frames that are not there are zero."""

from __future__ import annotations

from kinesec.files.schema import Field, Kind

CLIPS = Kind(
    name="clips",
    arrays={
        "position": Field(("clip", "body", "frame", "joint", "xyz"), "float32"),
        "label": Field(("clip",), "int64"),
        "bodies": Field(("clip",), "int64"),
        "length": Field(("clip",), "int64"),
        "first_frame": Field(("clip",), "int64"),
        "sequence_index": Field(("clip",), "int64"),
        "split": Field(("clip",), "str"),
        "source": Field(("sequence",), "str"),
        "subject": Field(("sequence",), "str"),
        "take": Field(("sequence",), "str"),
    },
    attrs=("skeleton", "dataset", "protocol", "classes", "fps", "mean_mm", "scale_mm", "split_by"),
)
