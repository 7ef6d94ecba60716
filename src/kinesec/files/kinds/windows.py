"""Windows of motion. They are views: `start` indexes the first of `history + future` frames of `position`."""

from __future__ import annotations

from kinesec.files.schema import Field, Kind

WINDOWS = Kind(
    name="windows",
    arrays={
        "position": Field(("frame", "joint", "xyz"), "float32"),
        "start": Field(("window",), "int64"),
        "sequence_index": Field(("window",), "int64"),
        "split": Field(("window",), "str"),
        "source": Field(("sequence",), "str"),
        "subject": Field(("sequence",), "str"),
        "action": Field(("sequence",), "str"),
    },
    attrs=("skeleton", "dataset", "protocol", "history", "future", "used_joints", "fps", "frame_ms_nominal"),
)
