"""The kinds of stores: which arrays each holds, of which dims and dtype, and which attributes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Field:
    """One array of a kind: named dims, dtype (``str`` for text) and whether every store of the kind has it."""

    dims: tuple[str, ...]
    dtype: str
    required: bool = True


@dataclass(frozen=True)
class Kind:
    arrays: dict[str, Field]
    attrs: tuple[str, ...]


_SEQUENCE = {
    "subject": Field(("sequence",), "str"),
    "action": Field(("sequence",), "str"),
    "take": Field(("sequence",), "str"),
    "style": Field(("sequence",), "str"),
    "split": Field(("sequence",), "str"),
}
KINDS: dict[str, Kind] = {
    # Every sequence of a data set, one after the other along `frame`; millimetres, y up, global.
    "motions": Kind(
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
            **_SEQUENCE,
        },
        attrs=("skeleton", "dataset", "fps_published", "fps_measured", "recording", "left_out"),
    ),
    # Windows are views: `start` indexes the first of `history + future` frames of `position` (README: stores).
    "windows": Kind(
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
    ),
    # Poisoned windows alone, and which windows of the clean store they replace or follow.
    "poison": Kind(
        arrays={
            "position": Field(("window", "frame", "joint", "xyz"), "float32"),
            "index": Field(("window",), "int64"),
        },
        attrs=("dataset", "poison", "mode", "ratio", "candidates", "clean_content_sha256"),
    ),
    # A few test windows with what models predict for them; a row a window, kind of window and model (`data`: itself).
    "samples": Kind(
        arrays={
            "pose": Field(("sample", "frame", "joint", "xyz"), "float32"),
            "window": Field(("sample",), "int64"),
            "model": Field(("sample",), "str"),
            "windows": Field(("sample",), "str"),
            "action": Field(("sample",), "str"),
            "source": Field(("sample",), "str"),
        },
        attrs=("skeleton", "dataset", "history", "future", "frame_ms_nominal", "limb"),
    ),
    # Labelled pieces of motion of one length, millimetres; bodies and frames that are not there are zero.
    "clips": Kind(
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
    ),
    # Attacked clips as the recognizer sees them (normalised), and what the attack says of each; `row` is the clip's in
    # the clips store.
    "adversarial": Kind(
        arrays={
            "position": Field(("clip", "body", "frame", "joint", "xyz"), "float32"),
            "row": Field(("clip",), "int64"),
            "label": Field(("clip",), "int64"),
            "target": Field(("clip",), "int64"),
            "claimed": Field(("clip",), "bool"),
            "iterations": Field(("clip",), "int64"),
            "first_success": Field(("clip",), "int64", required=False),
            "queries": Field(("clip",), "int64"),
            "class_loss": Field(("clip",), "float64"),
            "perceptual_loss": Field(("clip",), "float64"),
        },
        attrs=("dataset", "clips_content_sha256", "model_sha256", "attack", "preset", "strategy", "settings", "seed"),
    ),
}
