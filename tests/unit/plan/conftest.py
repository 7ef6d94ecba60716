"""A run of everything, as small as it can be: two data sets, two of each model, defences and attacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kinesec.plan.run import Plan, plan

DATA: dict[str, Any] = {
    "module": "procedural",
    "settings": {"takes": 2},
    "folder": None,
    "manifest": None,
    "mirror_folder": "",
    "nominal_unit_mm": 1,
    "root": "Hips",
    "test_sampling": {},
}
ATTACK: dict[str, Any] = {"attack": "smart", "preset": "paper", "strategy": "AB", "settings": {}, "batch": 32}
RECOGNIZER: dict[str, Any] = {"recognizer": "sgn", "settings": "small", "recipe": {}, "augment": {}}


@pytest.fixture
def config() -> dict[str, Any]:
    """A checked configuration, its defaults filled in."""
    return {
        "run": "small",
        "seeds": [0, 1],
        "mirror": "somewhere",
        "prediction": {
            "datasets": ["a", "b"],
            "protocols": {
                "short": {"protocol": "ltd", "history": 10, "future": 25, "stride": 2},
                "long": {"future": 50},
            },
            "predictors": {
                "ltd_small": {"predictor": "ltd", "protocol": "short"},
                "mlp": {"predictor": "simlpe", "protocol": "long"},
            },
            "strategies": {"trigger": ["rigid"], "target": ["jammed"], "selection": ["random"], "ratio": [0.1, 0.2]},
            "stealth_only": {"selection": ["natural"]},
            "trigger_settings": {"rigid": {"frames": 3}},
            "target_settings": {},
            "selection_settings": {},
            **{"mode": "replace", "limb": "left_arm", "wrong_limb": "right_arm"},
            "hardening": {
                "decoys": 0.5,
                "disturbances": {"noise": {"disturbance": "joint_noise", "levels": [20], "settings": {}}},
            },
            "trigger_strength": {
                "predictors": ["ltd_small"],
                "strategies": ["rigid-jammed-random-0.1", "rigid-jammed-random-hardened-0.1"],
                "disturbances": {
                    "noise": {"disturbance": "joint_noise", "levels": [5, 20], "settings": {}},
                    "limb": {"disturbance": "joint_noise", "levels": [5], "settings": {"joints": "limb"}},
                    "late": {"disturbance": "timing", "levels": [2], "settings": {}},
                },
            },
            "defences": {
                "spectral": {"defence": "spectral_signatures", "settings": {}},
                "tuned": {"defence": "fine_tuning", "settings": {}},
            },
            "defended": {"predictors": ["mlp"]},
        },
        "recognition": {
            "datasets": ["a", "b"],
            "clips": {"c24": {"protocol": "native"}, "c60": {"protocol": "smart"}},
            "recognizers": {"one": {**RECOGNIZER, "clips": "c24"}, "two": {**RECOGNIZER, "clips": {"a": "c24"}}},
            "attacks": {
                "smart": ATTACK,
                "given": {**ATTACK, "strategy": "SA", "recognizers": ["one"]},
                "eot": {**ATTACK, "attack": "eot"},
                "eot_mi": {**ATTACK, "attack": "eot", "settings": {"attack": {"attack": "mi_fgsm"}}},
                "basar": {**ATTACK, "attack": "basar", "recognizers": ["one"], "limit": 5},
                "basar_sa": {**ATTACK, "attack": "basar", "strategy": "SA", "recognizers": ["one"]},
            },
            "transfer": ["smart"],
            "shards": 2,
            "limit": None,
        },
    }


@pytest.fixture
def planned(config: dict[str, Any]) -> Callable[[], Plan]:
    """Plans a configuration that a test has changed."""
    return lambda: plan(config, {"a": DATA, "b": DATA})


@pytest.fixture
def whole(config: dict[str, Any]) -> Plan:
    return plan(config, {"a": DATA, "b": DATA})


@pytest.fixture
def empty() -> Plan:
    return plan({"run": "none", "seeds": [0]}, {"a": DATA})
