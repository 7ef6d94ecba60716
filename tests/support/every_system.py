"""What is added to the smallest configuration so that its graph has every rule of every system."""

from __future__ import annotations

from typing import Any

from recognized import RECOGNITION

DEFENCES: dict[str, Any] = {
    "prediction.defences": {
        "energy": {"defence": "sanitise_energy"},
        "tuning": {"defence": "fine_tuning", "settings": {"shares": [0.2], "rates": [0.1], "epochs": 1}},
    }
}
STRENGTH: dict[str, Any] = {
    "prediction.trigger_strength": {"disturbances": {"noise": {"disturbance": "joint_noise", "levels": [20]}}}
}
# one attack by gradients and one on labels, in shards, on one of the two recognizers; the other is shown what comes of
# the first
ATTACK = {
    "smart_ab": {**RECOGNITION["attacks"]["smart_ab"], "recognizers": ["st_gcn"]},
    "basar": {"attack": "basar", "settings": {"iterations": 5, "project_every": 5}, "recognizers": ["st_gcn"]},
}
STUDY = {"dataset": "procedural", "recognizer": "st_gcn", "attacks": ["smart_ab"], "ablations": ["basar"]}
EVERY_SYSTEM: dict[str, Any] = {
    **DEFENCES,
    **STRENGTH,
    "recognition": {**RECOGNITION, "attacks": ATTACK},
    "study": STUDY,
}
