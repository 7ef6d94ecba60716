"""Every sequence of a data set, one after the other along `frame`; millimetres, y up, global."""

from __future__ import annotations

from kinesec.files.schema import Field, Kind

MOTIONS = Kind(
    name="motions",
    arrays={
        "position": Field(("frame", "joint", "xyz"), "float32"),
        "rotation": Field(("frame", "joint", "wxyz"), "float32", required=False),
        "missing": Field(("frame", "joint"), "bool", required=False),
        "start": Field(("sequence",), "int64"),
        "length": Field(("sequence",), "int64"),
        "body": Field(("sequence",), "int64"),
        "fps": Field(("sequence",), "float64"),
        "offset": Field(("sequence", "joint", "xyz"), "float64"),
        "source": Field(("sequence",), "str"),
        "sha256": Field(("sequence",), "str"),
        "subject": Field(("sequence",), "str"),
        "action": Field(("sequence",), "str"),
        "take": Field(("sequence",), "str"),
        "style": Field(("sequence",), "str"),
        "split": Field(("sequence",), "str"),
    },
    attrs=("skeleton", "dataset", "fps_published", "fps_measured", "recording", "left_out"),
)
