"""The smallest configuration with recognizers, attacks in shards, and transfer."""

from __future__ import annotations

from typing import Any

RECOGNITION: dict[str, Any] = {
    "datasets": ["procedural"],
    "clips": {"short": {"protocol": "native", "settings": {"frames": 16, "centre": "frame"}}},
    "recognizers": {
        name: {
            "recognizer": name,
            "clips": "short",
            "settings": "small",
            "recipe": {"epochs": 2, "batch": 8, "selection": "last"},
        }
        for name in ("hrnn", "st_gcn")
    },
    "attacks": {
        "smart_ab": {"attack": "smart", "strategy": "AB", "settings": {"reduction": "normalised", "iterations": 20}},
        "pgd_sa": {"attack": "pgd", "strategy": "SA", "settings": {"iterations": 5}, "recognizers": ["st_gcn"]},
    },
    "transfer": ["smart_ab"],
    "shards": 2,
}
