"""A clip, clean and under some attacks on one recognizer, and how far the attacks move each joint of other clips.

A row a view: ``attack`` is its label, empty for the clean clip. ``displacement`` has a row a clip on which the attack
``by`` succeeds; ``correlation`` is of the first attack, ``measure`` one of ``metrics.joints.CORRELATED``.
"""

from __future__ import annotations

from kinesec.files.schema import Field, Kind

ATTACK_SCENES = Kind(
    name="attack_scenes",
    arrays={
        "pose": Field(("view", "frame", "point", "xyz"), "float64"),
        "attack": Field(("view",), "str"),
        "said": Field(("view",), "str"),
        "displacement": Field(("clip", "joint"), "float64"),
        "by": Field(("clip",), "str"),
        "correlation": Field(("measure", "joint", "other"), "float64"),
        "measure": Field(("measure",), "str"),
    },
    attrs=("skeleton", "dataset", "attacks", "parents", "frame_ms"),
)
