"""Checks a configuration before any job runs: one line a mistake, naming the key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import yaml
from jsonschema.exceptions import best_match

from kinesec import names
from kinesec.errors import ConfigError
from kinesec.plan.backdoor import swept
from kinesec.plan.prediction_names import check_known
from kinesec.plan.video import DECODED

TRIGGERS = "poisoning.classification.triggers"


def _text(error: jsonschema.ValidationError) -> str:
    key = ".".join(str(part) for part in error.absolute_path) or "(top level)"
    schema: Any = error.schema
    instance: Any = error.instance
    match error.validator:
        case "additionalProperties":
            known = ", ".join(sorted(schema.get("properties", {})))
            unknown = sorted(str(name) for name in instance if name not in schema.get("properties", {}))
            prefix = "" if key == "(top level)" else f"{key}."
            return f"{prefix}{unknown[0]}: found an unknown key, expected one of {known}"
        case "required":
            missing = next(name for name in schema["required"] if name not in instance)
            return f"{key}: found no {missing!r}, expected one"
        case _:
            return f"{key}: found {error.instance!r}: {error.message}"


def _check_keys(value: Any, above: tuple[str, ...]) -> None:
    """Raises ``ConfigError`` for a key that YAML reads as a number, a date or nothing: no key here is one."""
    if isinstance(value, Mapping):
        for key, inside in value.items():
            if not isinstance(key, str):
                place = ".".join(above) or "(top level)"
                raise ConfigError(f"configuration: {place}: found the key {key!r}, expected a name; quote it")
            _check_keys(inside, (*above, key))
    elif isinstance(value, list):
        for index, inside in enumerate(value):
            _check_keys(inside, (*above, str(index)))


def check(config: Mapping[str, Any], schema: Path) -> None:
    """Raises ``ConfigError`` for the most telling mistake against a JSON Schema (2020-12) in a YAML file."""
    rules = yaml.safe_load(schema.read_text("utf-8"))
    validator = jsonschema.Draft202012Validator(rules)
    _check_keys(config, ())
    error = best_match(validator.iter_errors(config))
    if error is not None:
        raise ConfigError(" ".join(f"configuration: {_text(error)}".split()))


def data_set(name: str, changes: Mapping[str, Any], folder: Path, schema: Path) -> dict[str, Any]:
    """A data set's settings: those of ``<folder>/<name>.yaml`` with the configuration's own changes on top.

    Raises ``ConfigError`` for an unknown name or key, or a module that there is none of.
    """
    base_name = changes.get("base", name)
    file = folder / f"{base_name}.yaml"
    if "base" in changes and not file.is_file():
        known = ", ".join(sorted(path.stem for path in folder.glob("*.yaml")))
        raise ConfigError(f"configuration: datasets.{name}.base: found {base_name!r}, expected one of {known}")
    base: dict[str, Any] = yaml.safe_load(file.read_text("utf-8")) if file.is_file() else {}
    changed = changes.get("settings", {})
    if not isinstance(changed, Mapping):
        raise ConfigError(f"configuration: datasets.{name}.settings: found {changed!r}, expected settings by name")
    settings = {**base.get("settings", {}), **changed}
    absent = {"manifest": None, "mirror_folder": "", "folder": None, "nominal_unit_mm": None, "root": None}
    merged = {**absent, "test_sampling": {}, **base, **changes, "settings": settings}
    if "module" not in merged:
        known = ", ".join(sorted(path.stem for path in folder.glob("*.yaml")))
        raise ConfigError(f"configuration: datasets.{name}: found no `module`, expected one, or a name of {known}")
    names.check("sources.datasets", merged["module"], f"configuration: datasets.{name}.module")
    try:
        check(merged, schema)
    except ConfigError as error:
        raise ConfigError(str(error).replace("configuration: ", f"configuration: datasets.{name}.", 1)) from None
    return merged


def check_recognition(config: Mapping[str, Any]) -> None:
    """Raises ``ConfigError`` for a name in ``recognition`` that is no module, data set, clips, recognizer or attack."""
    recognition = config.get("recognition")
    if recognition is None:
        return
    key = "configuration: recognition"
    seeds = recognition.get("seeds", config.get("seeds", []))
    for data in recognition["datasets"]:
        check_known(data, config["datasets"], f"{key}.datasets")
    for name, clips in recognition["clips"].items():
        names.check("samples.clips.protocols", clips["protocol"], f"{key}.clips.{name}.protocol")
    for name, recognizer in recognition["recognizers"].items():
        names.check("models.recognizers", recognizer["recognizer"], f"{key}.recognizers.{name}.recognizer")
        _check_seeds(recognizer, seeds, f"{key}.recognizers.{name}")
        clips = recognizer["clips"]
        for data in () if isinstance(clips, str) else clips:
            check_known(data, dict.fromkeys(recognition["datasets"]), f"{key}.recognizers.{name}.clips")
        for protocol in [clips] if isinstance(clips, str) else clips.values():
            check_known(protocol, recognition["clips"], f"{key}.recognizers.{name}.clips")
        if recognizer["settings"] not in ("small",) and not isinstance(recognizer["settings"], Mapping):
            settings = recognizer["settings"]
            raise ConfigError(
                f"{key}.recognizers.{name}.settings: found {settings!r}, expected small or settings by name"
            )
    joined = recognition.get("ensembles", {})
    _check_ensembles(joined, recognition["recognizers"], seeds, f"{key}.ensembles")
    _check_attacks(recognition["attacks"], {**recognition["recognizers"], **joined}, key)
    tried = [name for name, recognizer in recognition["recognizers"].items() if recognizer.get("attacked", True)]
    _check_runs(recognition["attacks"], tried, seeds, f"{key}.attacks")
    for name in recognition["transfer"]:
        check_known(name, recognition["attacks"], f"{key}.transfer")
    if "backdoor" in recognition:
        _check_backdoor(recognition["backdoor"], recognition["recognizers"], "recognition", f"{key}.backdoor")
    if "robustness" in recognition:
        part = {"seeds": seeds, **recognition["robustness"]}
        _check_robustness(part, recognition["recognizers"], f"{key}.robustness")


def _check_seeds(part: Mapping[str, Any], seeds: Sequence[int], key: str) -> None:
    for seed in sorted(set(part.get("seeds", [])) - set(seeds)):
        raise ConfigError(f"{key}.seeds: found {seed}, expected some of {', '.join(map(str, seeds))}")


def _check_ensembles(
    ensembles: Mapping[str, Any], recognizers: Mapping[str, Any], seeds: Sequence[int], key: str
) -> None:
    for name, ensemble in ensembles.items():
        if name in recognizers:
            raise ConfigError(f"{key}: found {name!r}, the name of a recognizer, expected another")
        for member in ensemble["members"]:
            check_known(member, recognizers, f"{key}.{name}.members")
        clips = [recognizers[member]["clips"] for member in ensemble["members"]]
        if any(of != clips[0] for of in clips):
            raise ConfigError(f"{key}.{name}.members: found members of different clips, expected those of the same")
        trained = [set(recognizers[member].get("seeds", seeds)) for member in ensemble["members"]]
        if not set.intersection(*trained):
            raise ConfigError(f"{key}.{name}.members: found members that share no seed, expected one of all; add seeds")


def _check_attacks(attacks: Mapping[str, Any], recognizers: Mapping[str, Any], key: str) -> None:
    for name, attack in attacks.items():
        names.check("attacks", attack["attack"], f"{key}.attacks.{name}.attack")
        strategy = attack.get("strategy", "AB")
        if names.constant("attacks", attack["attack"], "ACCESS") == "labels" and strategy not in ("AB", "SA"):
            raise ConfigError(
                f"{key}.attacks.{name}.strategy: found {strategy}, expected AB or SA: {attack['attack']} sees labels "
                "alone, and they tell no ranks"
            )
        for victim in attack.get("recognizers", []):
            check_known(victim, recognizers, f"{key}.attacks.{name}.recognizers")


def _check_runs(attacks: Mapping[str, Any], recognizers: Sequence[str], seeds: Sequence[int], key: str) -> None:
    """The seeds, bounds and candidates of attacks on undefended recognizers."""
    for name, attack in attacks.items():
        _check_seeds(attack, seeds, f"{key}.{name}")
        if "bounds_mm" in attack and not names.constant("attacks", attack["attack"], "BOUNDED"):
            bounded = [module for module in names.available("attacks") if names.constant("attacks", module, "BOUNDED")]
            raise ConfigError(
                f"{key}.{name}.bounds_mm: found {attack['bounds_mm']} for {attack['attack']}, expected none: attacks "
                f"within a bound are {', '.join(bounded)}"
            )
        for bound in attack.get("bounds_mm", []):
            if f"{name}_{bound}mm" in attacks:
                raise ConfigError(f"{key}.{name}.bounds_mm: found {bound} and an attack {name}_{bound}mm, expected one")
        for part, where in ((attack, "choice_of"), (attack.get("tune", {}), "match")):
            if where in part:
                where_in = f"{key}.{name}.{where}" if part is attack else f"{key}.{name}.tune.{where}"
                _check_choice(attack, part[where], attacks, recognizers, where_in)


def _check_choice(
    attack: Mapping[str, Any], other: str, attacks: Mapping[str, Any], recognizers: Sequence[str], where: str
) -> None:
    """Another attack's choice can be had: it is tuned, by itself, for all recognizers that this one attacks."""
    check_known(other, attacks, where)
    if "match" in attacks[other].get("tune", {"match": ""}):
        raise ConfigError(f"{where}: found {other}, expected an attack tuned by itself")
    if where.endswith("choice_of") and ("tune" in attack or attacks[other]["attack"] != attack["attack"]):
        raise ConfigError(f"{where}: found {other}, expected another {attack['attack']}, and no tune beside it")
    victims = [set(spec.get("recognizers", recognizers)) for spec in (attack, attacks[other])]
    for victim in sorted(victims[0] - victims[1]):
        raise ConfigError(f"{where}: found {other}, expected one that attacks {victim}")


def _check_robustness(part: Mapping[str, Any], recognizers: Mapping[str, Any], key: str) -> None:
    for name in part["recognizers"]:
        check_known(name, recognizers, f"{key}.recognizers")
        if recognizers[name].get("stream", "joints") != "joints":
            raise ConfigError(f"{key}.recognizers: found {name!r}, which sees bones, expected recognizers of joints")
    for name, defence in part["defences"].items():
        module = names.check("defences.robust", defence["defence"], f"{key}.defences.{name}.defence")
        if defence.get("certify") and names.constant("defences.robust", module, "CERTIFIES") is None:
            raise ConfigError(
                f"{key}.defences.{name}.certify: found true, expected false: {module} certifies no radius"
            )
    _check_attacks(part["attacks"], {name: recognizers[name] for name in part["recognizers"]}, key)
    for name, attack in part["attacks"].items():
        for defence in attack.get("defences", []):
            check_known(defence, {"clean": None, **part["defences"]}, f"{key}.attacks.{name}.defences")
        _check_seeds(attack, part["seeds"], f"{key}.attacks.{name}")
    for name in part.get("transfer", []):
        check_known(name, part["attacks"], f"{key}.transfer")


def check_video(config: Mapping[str, Any]) -> None:
    """Raises ``ConfigError`` for a name in ``video`` that is no data set, clips, videos or network."""
    video = config.get("video")
    if video is None:
        return
    key = "configuration: video"
    recognition = config.get("recognition", {})
    known = dict.fromkeys([*recognition.get("datasets", []), *video["folders"]])
    for data in video.get("datasets", []):
        check_known(data, known, f"{key}.datasets")
    for name, folder in video["folders"].items():
        if name in config["datasets"]:
            raise ConfigError(f"{key}.folders: found {name!r}, the name of a data set of motions, expected another")
        layout = folder["settings"].get("layout")
        names.check("samples.videos.layouts", layout, f"{key}.folders.{name}.settings.layout")
    for name, rendered in video["videos"].items():
        check_known(rendered["clips"], recognition.get("clips", {}), f"{key}.videos.{name}.clips")
    for name, network in video["networks"].items():
        names.check("models.videonets", network["videonet"], f"{key}.networks.{name}.videonet")
        seen = network["videos"]
        for data in () if isinstance(seen, str) else seen:
            check_known(data, known, f"{key}.networks.{name}.videos")
        for each in [seen] if isinstance(seen, str) else seen.values():
            check_known(each, {**video["videos"], DECODED: None}, f"{key}.networks.{name}.videos")
        if network["settings"] != "small" and not isinstance(network["settings"], Mapping):
            raise ConfigError(
                f"{key}.networks.{name}.settings: found {network['settings']!r}, expected small or settings by name"
            )
    if "backdoor" in video:
        _check_backdoor(video["backdoor"], video["networks"], "video", f"{key}.backdoor")


def _check_backdoor(part: Mapping[str, Any], networks: Mapping[str, Any], task: str, key: str) -> None:
    """``task`` is what the networks do: ``recognition`` of clips, or ``video``."""
    for name in part["networks"]:
        check_known(name, networks, f"{key}.networks")
    poisoned = dict.fromkeys(part["networks"])
    for name, poison in part["poisons"].items():
        where = f"{key}.poisons.{name}"
        module = names.check(TRIGGERS, poison["trigger"], f"{where}.trigger")
        forms = dict.fromkeys(names.constant(TRIGGERS, module, "FORMS", ()))
        # a trigger of motion can be rendered into videos, none of pixels put on clips
        usable = {form: None for form in forms if form != "video" or task == "video"}
        check_known(poison["form"], usable, f"{where}.form")
        check_known(poison["preset"], names.constant(TRIGGERS, module, "PRESETS", {}), f"{where}.preset")
        for network in poison.get("networks", []):
            check_known(network, poisoned, f"{where}.networks")
    for name in part["sweeps"]:
        check_known(name, part["poisons"], f"{key}.sweeps")
    every = swept(part["poisons"], part["sweeps"])
    for name, tested in part["across"].items():
        check_known(name, every, f"{key}.across")
        for other in tested:
            check_known(other, every, f"{key}.across.{name}")
    for name, detector in part["detectors"].items():
        where = f"{key}.detectors.{name}"
        module = names.check("defences.backdoor", detector["detector"], f"{where}.detector")
        tasks = names.constant("defences.backdoor", module, "TASKS", ("prediction",))
        if task not in tasks:
            raise ConfigError(
                f"{where}.detector: found {module!r}, which searches {', '.join(tasks)} alone; choose another"
            )
        for poison in detector.get("poisons", []):
            check_known(poison, every, f"{where}.poisons")
        for network in detector.get("networks", []):
            check_known(network, poisoned, f"{where}.networks")
