"""What the part ``prediction`` of a configuration names, checked before any job: modules, data sets, strategies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kinesec import names
from kinesec.errors import ConfigError
from kinesec.poisoning.prediction.strategy import is_hardened, parse_strategy, plain, strategy_names

UNDISTURBED = "none"  # the rows of a trigger as planned


def check_prediction(config: Mapping[str, Any]) -> None:
    """Raises ``ConfigError`` for a name in ``prediction`` that is no module, data set or protocol."""
    prediction = config.get("prediction")
    if prediction is None:
        return
    key = "configuration: prediction"
    for data in prediction["datasets"]:
        check_known(data, config["datasets"], f"{key}.datasets")
    if prediction.get("stealth_only") and "strategies" not in prediction:
        raise ConfigError(f"{key}.stealth_only: found selections without `strategies`, expected what they poison with")
    for name, protocol in prediction["protocols"].items():
        names.check("samples.windows.protocols", protocol["protocol"], f"{key}.protocols.{name}.protocol")
    for name, predictor in prediction["predictors"].items():
        names.check("models.predictors", predictor["predictor"], f"{key}.predictors.{name}.predictor")
        check_known(predictor["protocol"], prediction["protocols"], f"{key}.predictors.{name}.protocol")
    for name, defence in prediction.get("defences", {}).items():
        names.check("defences.backdoor", defence["defence"], f"{key}.defences.{name}.defence")
    if prediction.get("defences") and "strategies" not in prediction:
        raise ConfigError(f"{key}.defences: found no `strategies`, expected some: there is no victim to defend")
    defended = prediction.get("defended", {})
    for name in defended.get("predictors", []):
        check_known(name, prediction["predictors"], f"{key}.defended.predictors")
    for name in defended.get("strategies", []):
        check_known(name, dict.fromkeys(strategy_names(prediction)), f"{key}.defended.strategies")
    repeated = prediction.get("repeated", {})
    for name in repeated.get("predictors", []):
        check_known(name, prediction["predictors"], f"{key}.repeated.predictors")
    for name in repeated.get("strategies", []):
        check_known(name, dict.fromkeys(strategy_names(prediction)), f"{key}.repeated.strategies")
    _check_strength(prediction, key)
    for name in defended.get("adaptive", []):
        _check_strategy(name, f"{key}.defended.adaptive")
        if name in defended.get("strategies", strategy_names(prediction)):
            raise ConfigError(f"{key}.defended.adaptive: found {name!r}, expected none of `defended.strategies`, too")
    for ratio in prediction.get("strategies", {}).get("ratio", []):
        if not 0 < ratio <= 1:  # of the schema's two limits a NaN breaks neither
            raise ConfigError(f"{key}.strategies.ratio: found {ratio}, expected more than 0 and at most 1")
    for part in ("trigger", "target", "selection"):
        for place in ("strategies", "stealth_only"):
            for name in prediction.get(place, {}).get(part, []):
                names.check(f"poisoning.prediction.{part}s", name, f"{key}.{place}.{part}")
        for name in prediction.get(f"{part}_settings", {}):
            names.check(f"poisoning.prediction.{part}s", name, f"{key}.{part}_settings")


def _check_strength(prediction: Mapping[str, Any], key: str) -> None:
    for part in ("hardening", "trigger_strength"):
        for name, spec in prediction.get(part, {}).get("disturbances", {}).items():
            place = f"{key}.{part}.disturbances.{name}.disturbance"
            names.check("poisoning.prediction.disturbances", spec["disturbance"], place)
            if name == UNDISTURBED:
                raise ConfigError(f"{key}.{part}.disturbances: found the name {name!r}, that of none; choose another")
    strength = prediction.get("trigger_strength")
    if strength is None:
        return
    if "strategies" not in prediction:
        raise ConfigError(f"{key}.trigger_strength: found no `strategies`, expected some to make victims")
    for name in strength.get("predictors", []):
        check_known(name, prediction["predictors"], f"{key}.trigger_strength.predictors")
    made = dict.fromkeys(strategy_names(prediction))
    for name in strength.get("strategies", []):
        check_known(plain(name), made, f"{key}.trigger_strength.strategies")
        if is_hardened(name) and "hardening" not in prediction:
            raise ConfigError(f"{key}.trigger_strength.strategies: found {name!r}, expected `hardening` that says how")


def _check_strategy(name: str, key: str) -> None:
    """Raises ``ConfigError`` for a name that says no trigger, target, selection and ratio that there are."""
    parts = ("trigger", "target", "selection")
    try:
        said = parse_strategy(name)
    except ValueError as error:
        raise ConfigError(f"{key}: found {name!r}, expected trigger-target-selection[-sequence]-ratio") from error
    if not 0 < said["ratio"] <= 1:
        raise ConfigError(f"{key}: found ratio {said['ratio']}, expected more than 0 and at most 1")
    for part in parts:
        names.check(f"poisoning.prediction.{part}s", said[part], f"{key}: {name}: {part}")


def check_known(name: str, expected: Mapping[str, Any], key: str) -> None:
    """Raises ``ConfigError`` for a name that is not among the expected ones."""
    if name not in expected:
        raise ConfigError(f"{key}: found {name!r}, expected one of {', '.join(expected)}")
