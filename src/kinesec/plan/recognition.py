"""What a run does on recognition: clips, recognizers, attacks, transfer, and the files of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kinesec import names
from kinesec.plan import paths

# attacks that are drawn side by side, of strategy AB
MOST_PICTURED = 4
# what attacks know of a model: two sets of pictures, by the first word of their names
PICTURED = {"attack": False, "blackbox": True}


@dataclass(frozen=True, kw_only=True)
class Recognition:
    """The checked part ``recognition`` of a configuration (``part``, empty where it has none) and what it asks for."""

    part: Mapping[str, Any]
    seeds: tuple[int, ...]
    datasets: tuple[str, ...]
    clips: Mapping[str, Mapping[str, Any]]
    recognizers: Mapping[str, Mapping[str, Any]]
    ensembles: Mapping[str, Mapping[str, Any]]
    attacks: Mapping[str, Mapping[str, Any]]
    transferred: tuple[str, ...]
    shards: tuple[str, ...]

    def clips_code(self, clips: str) -> str:
        """The module of the protocol that cuts the clips."""
        return f"samples.clips.protocols.{self.clips[clips]['protocol']}"

    def clips_on(self, recognizer: str, data: str) -> str | None:
        """The clips of a data set that a recognizer, or an ensemble's members, are trained on; None where not."""
        member = self.ensembles[recognizer]["members"][0] if recognizer in self.ensembles else recognizer
        named: str | Mapping[str, str] = self.recognizers[member]["clips"]
        return named if isinstance(named, str) else named.get(data)

    @property
    def samples_of(self) -> dict[tuple[str, str], str]:
        """The clips that a recognizer is trained on, by data set and recognizer."""
        pairs = [(data, name) for data in self.datasets for name in self.recognizers]
        return {pair: clips for pair in pairs if (clips := self.clips_on(pair[1], pair[0])) is not None}

    def recognizer(self, name: str) -> dict[str, Any]:
        """What makes a trained recognizer; on which clips its path says."""
        spec = self.recognizers[name]
        stream = {} if spec.get("stream", "joints") == "joints" else {"stream": spec["stream"]}
        return {**{key: spec[key] for key in ("recognizer", "settings", "recipe", "augment")}, **stream}

    def recognizer_code(self, name: str) -> str:
        """The module of a recognizer or an ensemble of the run.

        What stands in an ensemble is trained anew, and with it the ensemble, where a member's code changes.
        """
        if name in self.ensembles:
            return "models.wrappers.ensemble"
        return f"models.recognizers.{self.recognizers[name]['recognizer']}"

    @property
    def recognizers_code(self) -> list[str]:
        """The modules of all recognizers of the run."""
        return sorted({self.recognizer_code(name) for name in self.recognizers})

    def attack(self, name: str) -> dict[str, Any]:
        """What an attack does; on whom, and in how many jobs, its path says."""
        spec = self.attacks[name]
        return {
            **{key: spec[key] for key in ("attack", "preset", "strategy", "settings", "batch")},
            "limit": spec.get("limit", self.part["limit"]),
            **({"epsilon_mm": spec["epsilon_mm"]} if "epsilon_mm" in spec else {}),
        }

    def seeds_of(self, attack: str) -> tuple[int, ...]:
        """The seeds of the models that an attack is tried on."""
        return tuple(self.attacks[attack].get("seeds", self.seeds))

    def tuned(self, attack: str) -> dict[str, Any] | None:
        """How an attack's settings are chosen; None where they stand in the configuration or are another attack's."""
        tune: Mapping[str, Any] | None = self.attacks[attack].get("tune")
        return None if tune is None else {key: tune[key] for key in ("candidates", "limit")}

    def choice(self, attack: str) -> list[str]:
        """The settings that are chosen for an attack on a recognizer, all wildcards but the attack left; or none."""
        chosen = self.attacks[attack].get("choice_of", attack)
        return [] if self.tuned(chosen) is None else [paths.filled(paths.CHOICE, attack=chosen)]

    def goal(self, attack: str) -> list[str]:
        """The choice of the attack whose success another is tuned to, wildcards left; or none."""
        other = self.attacks[attack]["tune"].get("match")
        return [] if other is None else self.choice(other)

    def tunings(self) -> list[str]:
        """The table of each choice of settings: one a data set, attack and recognizer."""
        tuned = [attack for attack in self.attacks if self.tuned(attack) is not None]
        return list(dict.fromkeys(self.attack_files(paths.TUNING, tuned)))

    def tuning_seed(self, attack: str, recognizer: str) -> int:
        """The seed of the model that settings are chosen on: the attack's first that the recognizer is trained with.

        Where it has none of them, as when another attack asks for the choice, the recognizer's own first.
        """
        trained = self.seeds_with(recognizer)
        return next((seed for seed in self.seeds_of(attack) if seed in trained), trained[0])

    def sees_labels_alone(self, attack: str) -> bool:
        """Whether it is a hard-label attack, by its module's word."""
        return bool(names.constant("attacks", self.attacks[attack]["attack"], "ACCESS") == "labels")

    @property
    def hard_label(self) -> list[str]:
        """The hard-label attacks of tables."""
        return [name for name in self.of_tables if self.sees_labels_alone(name)]

    @property
    def of_tables(self) -> list[str]:
        """The attacks that tables and figures of attacks have: all but those for transfer alone."""
        return [name for name, spec in self.attacks.items() if not spec.get("transfer_only")]

    def attack_code(self, name: str) -> list[str]:
        """The modules of an attack and of the one that it wraps."""
        return self.code_of_attack(self.attacks[name])

    @staticmethod
    def code_of_attack(spec: Mapping[str, Any]) -> list[str]:
        """The modules of an attack by its part of a configuration, and of the one that it wraps."""
        wraps = names.constant("attacks", spec["attack"], "WRAPS")
        wrapped = spec["settings"].get("attack", {})
        modules = [spec["attack"]]
        if wraps is not None:
            modules.append(wrapped.get("attack", wraps) if isinstance(wrapped, Mapping) else wraps)
        return [f"attacks.{module}" for module in modules]

    def attacked(self, attack: str) -> list[str]:
        """The recognizers that an attack is tried on."""
        return list(self.attacks[attack].get("recognizers", self.tried))

    @property
    def tried(self) -> list[str]:
        """The recognizers that attacks are tried on unless they say otherwise."""
        return [name for name, spec in self.recognizers.items() if spec.get("attacked", True)]

    def attacks_on(self, recognizers: Iterable[str]) -> list[str]:
        """The attacks of tables that are tried on some of the recognizers."""
        victims = set(recognizers)
        return [name for name in self.of_tables if victims & set(self.attacked(name))]

    def strategies(self, recognizers: Iterable[str]) -> list[str]:
        """The strategies of attacks by gradients on some of the recognizers."""
        by_gradients = [name for name in self.attacks_on(recognizers) if not self.sees_labels_alone(name)]
        return list(dict.fromkeys(str(self.attacks[name]["strategy"]) for name in by_gradients))

    def shards_of(self, pattern: str) -> list[str]:
        """The pattern once a shard, all other wildcards left."""
        return [paths.filled(pattern, shard=shard) for shard in self.shards]

    def evaluations(self, pattern: str) -> list[str]:
        """A file of each data set, clean recognizer and seed."""
        return [
            path
            for data in self.datasets
            for name in (*self.recognizers, *self.ensembles)
            for path in self.models(pattern, data, name)
        ]

    def members(self, wildcards: Mapping[str, str]) -> list[str]:
        """The members' models of an ensemble."""
        known = {**{name: wildcards[name] for name in ("data", "clips", "seed")}, "training": "clean"}
        members = self.ensembles[wildcards["recognizer"]]["members"]
        return [paths.filled(paths.RECOGNIZER, **known, recognizer=member) for member in members]

    def seeds_with(self, recognizer: str) -> list[int]:
        """The seeds that a recognizer is trained with, or all members of an ensemble are."""
        members = self.ensembles[recognizer]["members"] if recognizer in self.ensembles else [recognizer]
        of_members = [self.recognizers[member].get("seeds", self.seeds) for member in members]
        return [seed for seed in self.seeds if all(seed in trained for trained in of_members)]

    def models(self, pattern: str, data: str, recognizer: str, seeds: Iterable[int] | None = None) -> list[str]:
        """A file of each seed (all, or some) of a clean recognizer; none where it is not trained on the data set."""
        clips = self.clips_on(recognizer, data)
        if clips is None:
            return []
        path = paths.filled(pattern, data=data, clips=clips, training="clean", recognizer=recognizer)
        trained = self.seeds_with(recognizer)
        return [paths.filled(path, seed=seed) for seed in (self.seeds if seeds is None else seeds) if seed in trained]

    def attack_files(self, pattern: str, attacks: Iterable[str] | None = None) -> list[str]:
        """A file of each data set, attack (some, or all that are not for transfer alone), recognizer and seed."""
        tried = list(self.of_tables if attacks is None else attacks)
        return [
            path
            for data in self.datasets
            for attack in tried
            for name in self.attacked(attack)
            for path in self.models(paths.filled(pattern, attack=attack), data, name, self.seeds_of(attack))
        ]

    def targets(self, data: str, clips: str, seed: int | str | None = None) -> list[str]:
        """The recognizers of some clips (all, or those of a seed) that attacked clips of others are tried on."""
        named = [*self.tried, *(name for name, spec in self.ensembles.items() if spec.get("target"))]
        named = [name for name in named if self.clips_on(name, data) == clips]
        return [name for name in named if seed is None or int(seed) in self.seeds_with(name)]

    def target_models(self, wildcards: Mapping[str, str]) -> list[str]:
        """The models of ``targets``."""
        known = {**{name: wildcards[name] for name in ("data", "clips", "seed")}, "training": "clean"}
        targets = self.targets(wildcards["data"], wildcards["clips"], wildcards["seed"])
        return [paths.filled(paths.RECOGNIZER, **known, recognizer=name) for name in targets]

    def transfers(self) -> list[str]:
        """The table of each data set, attack, surrogate and seed: a row for each target of the same clips."""
        return [
            path
            for data in self.datasets
            for attack in self.transferred
            for surrogate in self.attacked(attack)
            if (clips := self.clips_on(surrogate, data)) is not None
            for path in self.models(
                paths.filled(paths.TRANSFER_TABLE, attack=attack, surrogate=surrogate),
                data,
                surrogate,
                [seed for seed in self.seeds_of(attack) if self.targets(data, clips, seed)],
            )
        ]

    def pictured_attacks(self, recognizer: str, shown: str = "attack") -> list[str]:
        """The attacks on a recognizer that are drawn side by side: at most four of strategy AB, in their order.

        Hard-label attacks are ``shown`` as ``blackbox``, the others as ``attack``.
        """
        attacks = {name: self.attacks[name] for name in self.of_tables if self.seeds[0] in self.seeds_of(name)}
        named = [name for name, spec in attacks.items() if spec["strategy"] == "AB" and "epsilon_mm" not in spec]
        named = [name for name in named if self.sees_labels_alone(name) == PICTURED[shown]]
        return [name for name in named if recognizer in self.attacked(name)][:MOST_PICTURED]

    def pictured(self, data: str, recognizer: str, shown: str = "attack") -> dict[str, str | list[str]]:
        """The clips of a recognizer, and the shards, records and tables of its pictured attacks, of the first seed."""
        known = {"data": data, "clips": self.clips_on(recognizer, data) or "", "recognizer": recognizer}
        known |= {"seed": str(self.seeds[0])}
        attacks = self.pictured_attacks(recognizer, shown)
        return {
            "clips": paths.filled(paths.CLIPS, **known),
            "shards": [
                paths.filled(paths.SHARD, **known, attack=attack, shard=shard)
                for attack in attacks
                for shard in self.shards
            ],
            "records": [paths.filled(paths.ATTACK_RECORDS, **known, attack=attack) for attack in attacks],
            "tables": [paths.filled(paths.ATTACK_TABLE, **known, attack=attack) for attack in attacks],
        }


def bounded(attacks: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The attacks, and behind each one more for each of its ``bounds_mm``, called as it and the bound."""
    all_of_them: dict[str, Mapping[str, Any]] = {}
    for name, spec in attacks.items():
        all_of_them[name] = {key: value for key, value in spec.items() if key != "bounds_mm"}
        for bound in spec.get("bounds_mm", ()):
            all_of_them[f"{name}_{bound}mm"] = {**all_of_them[name], "epsilon_mm": bound}
    return all_of_them


def recognition(part: Mapping[str, Any], seeds: Iterable[int]) -> Recognition:
    """What the checked part ``recognition`` of a configuration asks for; nothing when it is empty."""
    count = part.get("shards", 1)
    return Recognition(
        part=part,
        seeds=tuple(part.get("seeds", seeds)),
        datasets=tuple(part.get("datasets", ())),
        clips=part.get("clips", {}),
        recognizers=part.get("recognizers", {}),
        ensembles=part.get("ensembles", {}),
        attacks=bounded(part.get("attacks", {})),
        transferred=tuple(part.get("transfer", ())),
        shards=tuple(f"{number}of{count}" for number in range(1, count + 1)),
    )
