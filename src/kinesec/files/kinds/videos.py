"""Labelled videos of one length and size in grey levels, rendered from clips or decoded; frames after their end are 0.

``length`` counts the frames before that, ``row`` is the row of the clip that was rendered (-1 where files were
decoded) and ``view`` the camera it was seen by; ``made`` says what made them.
"""

from __future__ import annotations

from kinesec.files.schema import Field, Kind

VIDEOS = Kind(
    name="videos",
    arrays={
        "video": Field(("clip", "frame", "height", "width", "channel"), "uint8"),
        "label": Field(("clip",), "int64"),
        "length": Field(("clip",), "int64"),
        "row": Field(("clip",), "int64"),
        "view": Field(("clip",), "int64"),
        "sequence_index": Field(("clip",), "int64"),
        "split": Field(("clip",), "str"),
        "source": Field(("sequence",), "str"),
        "subject": Field(("sequence",), "str"),
        "take": Field(("sequence",), "str"),
    },
    attrs=("dataset", "protocol", "classes", "fps", "split_by", "made"),
)
