"""Adversarial clips as the recognizer sees them (normalised), and what the attack says of each.

`row` is the clip's row in the clips store.
"""

from __future__ import annotations

from kinesec.files.schema import Field, Kind

ADVERSARIAL = Kind(
    name="adversarial",
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
        # of attacks on hard labels alone
        "start_row": Field(("clip",), "int64", required=False),
        "boundary_l": Field(("clip",), "float64", required=False),
        "search_l": Field(("clip",), "float64", required=False),
        "projected": Field(("clip",), "bool", required=False),
        "projections": Field(("clip",), "int64", required=False),
        "converged": Field(("clip",), "bool", required=False),
        "projection_residual": Field(("clip",), "float64", required=False),
        "trace_l": Field(("clip", "point"), "float64", required=False),
    },
    attrs=("dataset", "clips_content_sha256", "model_sha256", "attack", "preset", "strategy", "settings", "seed"),
)
