"""What a run does on backdoors of classifiers, of clips or of videos: who is poisoned, how, and who is searched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kinesec import names
from kinesec.plan import paths

SKELETON, VIDEO = "skeleton", "video"
CLEAN = "clean"


def swept(poisons: Mapping[str, Mapping[str, Any]], sweeps: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """All poisons by name: those of the configuration, and of each sweep one a value, named ``dft-delta50``.

    A sweep's key is one of the poison's own (``ratio``) or of its trigger's settings.
    """
    every = {name: dict(spec) for name, spec in poisons.items()}
    for name, keys in sweeps.items():
        base = poisons[name]
        for key, values in keys.items():
            for value in values:
                if key in ("ratio", "target", "per"):
                    changed = {**base, key: value}
                else:
                    changed = {**base, "settings": {**base["settings"], key: value}}
                every[f"{name}-{key}{value}"] = changed
    return every


@dataclass(frozen=True, kw_only=True)
class Backdoor:
    """The checked part ``backdoor`` of one modality (``part``, empty where there is none) and what it asks for.

    ``samples_of`` says on which samples a network is trained, by data set and network.
    """

    modality: str
    part: Mapping[str, Any]
    seeds: tuple[int, ...]
    datasets: tuple[str, ...]
    networks: tuple[str, ...]
    samples_of: Mapping[tuple[str, str], str]
    poisons: Mapping[str, Mapping[str, Any]]
    detectors: Mapping[str, Mapping[str, Any]]
    null_seeds: tuple[int, ...]

    def poison(self, name: str) -> dict[str, Any]:
        """What makes the poisoned samples: of the trigger, the target and the poisoned share."""
        spec = self.poisons[name]
        return {key: spec[key] for key in ("trigger", "form", "preset", "settings", "target", "ratio", "per", "labels")}

    def poison_code(self, name: str) -> str:
        """The module of a poison's trigger."""
        return f"poisoning.classification.triggers.{self.poisons[name]['trigger']}"

    def detector(self, name: str) -> dict[str, Any]:
        """What a detector does; whom it searches, its path says."""
        return {key: self.detectors[name][key] for key in ("detector", "settings")}

    def of(self, training: str) -> dict[str, Any] | None:
        """What makes the poison that a network was trained on; None of a clean one."""
        return None if training == CLEAN else self.poison(training)

    @property
    def repairs(self) -> list[bool]:
        """Of each detector whether it mends a model, by its module's word."""
        modules = [spec["detector"] for spec in self.detectors.values()]
        return [names.constant("defences.backdoor", module, "KIND") == "repair" for module in modules]

    def detector_code(self, name: str, training: str) -> list[str]:
        """The modules of a detector, and of the trigger that it is shown."""
        triggers = [] if training == CLEAN else [self.poison_code(training)]
        return [f"defences.backdoor.{self.detectors[name]['detector']}", *triggers]

    def samples(self, wildcards: Mapping[str, str]) -> str:
        """The store of the samples that wildcards name."""
        pattern = paths.CLIPS if self.modality == SKELETON else paths.VIDEOS
        known = {"data": wildcards["data"], "clips": wildcards["samples"], "videos": wildcards["samples"]}
        return paths.filled(pattern, **known)

    def model(self, wildcards: Mapping[str, str], training: str | None = None) -> str:
        """The weights of a network, clean or poisoned as ``training`` (by default the wildcards') says."""
        training = wildcards["training"] if training is None else training
        known = {key: str(wildcards[key]) for key in ("data", "samples", "network", "seed")}
        if training != CLEAN:
            return paths.filled(paths.VICTIM, modality=self.modality, training=training, **known)
        if self.modality == VIDEO:
            return paths.filled(paths.VIDEONET, videos=known["samples"], **known)
        recognized = {"clips": known["samples"], "recognizer": known["network"], "training": CLEAN}
        return paths.filled(paths.RECOGNIZER, **known, **recognized)

    def poisoned(self, wildcards: Mapping[str, str]) -> list[str]:
        """The poisoned samples that a network was trained on; none of a clean one."""
        known = {key: str(wildcards[key]) for key in ("data", "samples", "training", "seed")}
        path = paths.filled(paths.POISONED_STORE, modality=self.modality, **known)
        return [] if wildcards["training"] == CLEAN else [path]

    @property
    def trained_on(self) -> list[dict[str, str]]:
        """The wildcards of each network on each data set's samples."""
        return [
            {"modality": self.modality, "data": data, "samples": self.samples_of[data, network], "network": network}
            for data in self.datasets
            for network in self.networks
            if (data, network) in self.samples_of
        ]

    @property
    def victims(self) -> list[dict[str, str]]:
        """The wildcards of every poisoned network."""
        return [
            {**network, "training": poison, "seed": str(seed)}
            for network in self.trained_on
            for poison, spec in self.poisons.items()
            if network["network"] in spec.get("networks", self.networks)
            for seed in spec.get("seeds", self.seeds)
        ]

    @property
    def controls(self) -> dict[str, Any]:
        """What happens to test samples on their way to a network, each by its name."""
        return dict(self.part.get("controls", {}))

    @property
    def evaluated(self) -> list[dict[str, str]]:
        """The wildcards of every poisoned network with each trigger that it is tested on, its own first."""
        across = self.part.get("across", {})
        return [
            {**victim, "tested": tested}
            for victim in self.victims
            for tested in (victim["training"], *across.get(victim["training"], ()))
        ]

    @property
    def searched(self) -> list[dict[str, str]]:
        """The wildcards of every network that a detector searches, clean ones first, with the detector's name."""
        return [{**model, "detector": name} for name in self.detectors for model in self._searched_by(name)]

    def _searched_by(self, detector: str) -> Iterator[dict[str, str]]:
        spec = self.detectors[detector]
        networks = [network for network in self.trained_on if network["network"] in spec.get("networks", self.networks)]
        for network in networks:
            for seed in self.null_seeds:
                yield {**network, "training": CLEAN, "seed": str(seed)}
        chosen = [victim for victim in self.victims if victim["training"] in spec.get("poisons", self.poisons)]
        yield from (victim for victim in chosen if victim["network"] in spec.get("networks", self.networks))

    def files(self, pattern: str) -> list[str]:
        """A file of every poisoned network and tested trigger; once where the pattern does not tell them apart."""
        return list(dict.fromkeys(paths.filled(pattern, **tested) for tested in self.evaluated))

    def of_tested(self, pattern: str) -> list[str]:
        """A file of each tested trigger, one for each of ``files``: what the trigger changes."""
        return [paths.filled(pattern, **{**tested, "training": tested["tested"]}) for tested in self.evaluated]

    def energies(self, wildcards: Mapping[str, str]) -> list[str]:
        """The energy by frame of each trigger of some samples."""
        same = [victim for victim in self.victims if all(victim[key] == wildcards[key] for key in ("data", "samples"))]
        return list(dict.fromkeys(paths.filled(paths.TRIGGER_ENERGY, **victim) for victim in same))

    def pictured(self, wildcards: Mapping[str, str]) -> dict[str, str]:
        """The clean samples and the poisoned ones of the first seed that a picture shows."""
        seed = next(victim["seed"] for victim in self.victims if victim["training"] == wildcards["training"])
        known = {**{key: wildcards[key] for key in ("data", "samples", "training")}, "seed": seed}
        return {
            "samples": self.samples(known),
            "poison": paths.filled(paths.POISONED_STORE, modality=self.modality, **known),
        }

    def detections(self, pattern: str) -> list[str]:
        """A file of every search of a network by a detector."""
        return [paths.filled(pattern, **searched) for searched in self.searched]

    def described(self) -> dict[str, dict[str, Any]]:
        """What tables say of each poison, with what is ours by its module's word."""
        told = {}
        for name in self.poisons:
            spec = self.poison(name)
            own_forms = names.constant("poisoning.classification.triggers", spec["trigger"], "OURS", ())
            told[name] = {**spec, "ours": spec["form"] in own_forms}
        return told


def backdoor(
    modality: str,
    part: Mapping[str, Any],
    *,
    seeds: Sequence[int],
    datasets: Sequence[str],
    samples_of: Mapping[tuple[str, str], str],
) -> Backdoor:
    """What the part ``backdoor`` of a modality asks for; nothing where it has none."""
    return Backdoor(
        modality=modality,
        part=part,
        seeds=tuple(part.get("seeds", seeds)),
        datasets=tuple(datasets) if part else (),
        networks=tuple(part.get("networks", ())),
        samples_of=samples_of,
        poisons=swept(part.get("poisons", {}), part.get("sweeps", {})),
        detectors=part.get("detectors", {}),
        null_seeds=tuple(range(part.get("null_models", 0))),
    )
