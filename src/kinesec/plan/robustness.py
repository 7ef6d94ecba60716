"""What a run does on defences of recognizers: what is defended by what, attacked by what, and the files of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kinesec import names
from kinesec.plan import paths
from kinesec.plan.recognition import Recognition

CLEAN = "clean"


@dataclass(frozen=True, kw_only=True)
class Robustness:
    """The checked part ``robustness`` of ``recognition`` (``part``, empty where it has none) and what it asks for."""

    recognition: Recognition
    part: Mapping[str, Any]
    seeds: tuple[int, ...]
    recognizers: tuple[str, ...]
    defences: Mapping[str, Mapping[str, Any]]
    attacks: Mapping[str, Mapping[str, Any]]
    transferred: tuple[str, ...]

    def defence(self, name: str) -> dict[str, Any]:
        """What makes a defended recognizer of another one."""
        return {key: self.defences[name][key] for key in ("defence", "preset", "settings", "recipe")}

    def defence_code(self, training: str) -> list[str]:
        """The modules of a defence and of what it puts around a recognizer; none of the clean one."""
        if training == CLEAN:
            return []
        return [f"defences.robust.{self.defences[training]['defence']}", *self.wrapper_code(training)]

    def wrapper_code(self, training: str) -> list[str]:
        """The module of what stands around a stored recognizer; none of the clean one and of those trained anew."""
        module = self.defences.get(training, {}).get("defence")
        wrapper = None if module is None else names.constant("defences.robust", module, "WRAPPER")
        return [] if wrapper is None else [f"models.wrappers.{wrapper}"]

    def attack(self, name: str) -> dict[str, Any]:
        """What an attack does; the same test clips of every recognizer."""
        spec = self.attacks[name]
        return {
            **{key: spec[key] for key in ("attack", "preset", "strategy", "settings", "batch")},
            "limit": spec.get("limit", self.part["limit"]),
            "among": "test",
        }

    def attack_code(self, name: str) -> list[str]:
        """The modules of an attack and of the one that it wraps."""
        return self.recognition.code_of_attack(self.attacks[name])

    @property
    def trainings(self) -> list[str]:
        """The defences, and before them the undefended recognizer."""
        return [CLEAN, *self.defences] if self.defences else []

    @property
    def models(self) -> list[dict[str, str]]:
        """The wildcards of every recognizer, defended or not."""
        return [
            {"data": data, "clips": clips, "recognizer": name, "training": training, "seed": str(seed)}
            for data in self.recognition.datasets
            for name in self.recognizers
            if (clips := self.recognition.clips_on(name, data)) is not None
            for training in self.trainings
            for seed in self.seeds
        ]

    def files(self, pattern: str) -> list[str]:
        """A file of every recognizer, defended or not."""
        return [paths.filled(pattern, **model) for model in self.models]

    def of_recognizer(self, wildcards: Mapping[str, str]) -> list[str]:
        """A recognizer of the first seed, undefended and by each defence (``trainings``)."""
        known = {name: wildcards[name] for name in ("data", "clips", "recognizer")}
        seed = self.seeds[0]
        return [paths.filled(paths.RECOGNIZER, **known, training=training, seed=seed) for training in self.trainings]

    @property
    def all_wrapper_code(self) -> list[str]:
        """The modules of what stands around any defended recognizer of the run."""
        return sorted({module for training in self.trainings for module in self.wrapper_code(training)})

    def costs(self, data: str, clips: str) -> list[str]:
        """The table of costs of each defended recognizer of some clips."""
        some = dict.fromkeys(
            model["recognizer"] for model in self.models if (model["data"], model["clips"]) == (data, clips)
        )
        return [paths.filled(paths.COSTS, data=data, clips=clips, recognizer=name) for name in some]

    def attacks_on(self, model: Mapping[str, str]) -> list[str]:
        """The attacks that a recognizer's wildcards say are tried on it."""
        return [
            name
            for name, spec in self.attacks.items()
            if model["training"] in spec.get("defences", self.trainings)
            and model["recognizer"] in spec.get("recognizers", self.recognizers)
            and int(model["seed"]) in spec.get("seeds", self.seeds)
        ]

    def shards_by_attack(self, wildcards: Mapping[str, str]) -> dict[str, list[str]]:
        """The shards of each attack on a recognizer."""
        return {
            attack: self.recognition.shards_of(paths.filled(paths.ROBUST_SHARD, **_model(wildcards), attack=attack))
            for attack in self.attacks_on(wildcards)
        }

    def transfers(self, wildcards: Mapping[str, str]) -> list[dict[str, Any]]:
        """What is tried on a recognizer of attacks on clean ones of its clips: attack, surrogate, model, shards."""
        moved = []
        for attack in self.transferred:
            for surrogate in self.recognizers:
                clean = {**_model(wildcards), "training": CLEAN, "recognizer": surrogate}
                same = self.recognition.clips_on(surrogate, clean["data"]) == clean["clips"]
                itself = clean == _model(wildcards)
                if same and not itself and attack in self.attacks_on(clean):
                    shards = self.recognition.shards_of(paths.filled(paths.ROBUST_SHARD, **clean, attack=attack))
                    path = paths.filled(paths.RECOGNIZER, **clean)
                    moved.append({"attack": attack, "surrogate": surrogate, "path": path, "shards": shards})
        return moved

    def evaluated(self, wildcards: Mapping[str, str]) -> list[str]:
        """The files that a recognizer's evaluation reads beside its clips and its model."""
        moved = self.transfers(wildcards)
        attacked = [shard for shards in self.shards_by_attack(wildcards).values() for shard in shards]
        return [*attacked, *(path for spec in moved for path in (spec["path"], *spec["shards"]))]

    def certificates(self) -> list[str]:
        """The table of each recognizer whose defence certifies radii."""
        certified = {name for name, spec in self.defences.items() if spec.get("certify")}
        return [paths.filled(paths.CERTIFICATES, **model) for model in self.models if model["training"] in certified]

    @property
    def certificate_settings(self) -> dict[str, Any]:
        """How radii are certified."""
        return dict(self.part.get("certificates", {}))

    def described(self) -> dict[str, dict[str, Any]]:
        """What tables say of each defence: its module, preset and settings."""
        return {name: self.defence(name) for name in self.defences}

    def judged(self) -> dict[str, dict[str, Any]]:
        """How tables judge each attack: ``unbounded``, it must always succeed; ``within_mm``, success is no farther."""
        return {
            name: {"unbounded": bool(spec.get("unbounded")), "within_mm": spec.get("within_mm")}
            for name, spec in self.attacks.items()
        }


def _model(wildcards: Mapping[str, str]) -> dict[str, str]:
    return {name: str(wildcards[name]) for name in ("data", "clips", "training", "recognizer", "seed")}


def robustness(recognition: Recognition) -> Robustness:
    """What the part ``robustness`` of a run's recognition asks for; nothing where it has none."""
    part = recognition.part.get("robustness", {})
    return Robustness(
        recognition=recognition,
        part=part,
        seeds=tuple(part.get("seeds", recognition.seeds)),
        recognizers=tuple(part.get("recognizers", ())),
        defences=part.get("defences", {}),
        attacks=part.get("attacks", {}),
        transferred=tuple(part.get("transfer", ())),
    )
