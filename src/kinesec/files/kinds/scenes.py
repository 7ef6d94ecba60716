"""A few test windows with what models predict for them.

A row a window, kind of window and model (`data`: the window itself). Stored as kind ``samples``.
"""

from __future__ import annotations

from kinesec.files.schema import Field, Kind

SCENES = Kind(
    name="samples",
    arrays={
        "pose": Field(("sample", "frame", "joint", "xyz"), "float32"),
        "window": Field(("sample",), "int64"),
        "model": Field(("sample",), "str"),
        "windows": Field(("sample",), "str"),
        "action": Field(("sample",), "str"),
        "source": Field(("sample",), "str"),
    },
    attrs=("skeleton", "dataset", "history", "future", "frame_ms_nominal", "limb"),
)
