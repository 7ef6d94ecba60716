"""What a run does on motion prediction: windows, predictors, poisoning strategies, and the files of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kinesec.plan import paths
from kinesec.plan.sources import Source
from kinesec.poisoning.prediction.strategy import (
    is_hardened,
    parse_strategy,
    pictured,
    stealth_names,
    strategy_names,
)

# the protocol of the released code, whatever a configuration calls it
PUBLISHED_PROTOCOL = {"protocol": "ltd", "history": 10, "future": 25, "stride": 2}
_PARTS = ("trigger", "target", "selection")


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """The checked part ``prediction`` of a configuration (``part``, empty where there is none) and what it asks for.

    Strategies stand by their names: ``strategies`` have victims, ``compared`` have their poisoned windows compared with
    clean ones, ``pictured`` are shown as pictures; ``hardened`` have victims that are shown imperfect triggers alone.
    """

    part: Mapping[str, Any]
    sources: Mapping[str, Source]
    seeds: tuple[int, ...]
    datasets: tuple[str, ...]
    predictors: Mapping[str, Mapping[str, Any]]
    strategies: tuple[str, ...]
    compared: tuple[str, ...]
    pictured: tuple[str, ...]
    hardened: tuple[str, ...] = ()

    @property
    def ratios(self) -> set[float]:
        """The shares of training windows that strategies poison."""
        return set(self.part.get("strategies", {}).get("ratio", []))

    @property
    def samplings(self) -> list[int | str]:
        """Test windows a sequence that models are evaluated on."""
        return list(self.part.get("samplings", [8]))

    @property
    def protocols(self) -> list[str]:
        """The protocols that predictors are trained on."""
        return sorted({spec["protocol"] for spec in self.predictors.values()})

    def protocol(self, data: str, protocol: str) -> dict[str, Any]:
        """The protocol's settings with what the data set says of its unit and root."""
        source = self.sources[data]
        known = {"nominal_unit_mm": source.nominal_unit_mm, "root": source.root}
        return {**self.part["protocols"][protocol], **known}

    def protocol_code(self, protocol: str) -> str:
        """The module that a protocol of the configuration picks."""
        return f"samples.windows.protocols.{self.part['protocols'][protocol]['protocol']}"

    def published_protocols(self) -> list[str]:
        """The protocols of the run that are the published one, whatever they are called."""
        return [name for name, spec in self.part.get("protocols", {}).items() if spec == PUBLISHED_PROTOCOL]

    def strategy(self, name: str) -> dict[str, Any]:
        """A poisoning strategy: what its name says and what the configuration says of its parts."""
        said = parse_strategy(name)
        settings = {f"{part}_settings": self.part[f"{part}_settings"].get(said[part], {}) for part in _PARTS}
        hardening = {"hardening": self.part["hardening"]} if is_hardened(name) else {}
        return {**said, **settings, **{key: self.part[key] for key in ("mode", "limb", "wrong_limb")}, **hardening}

    def strategy_code(self, name: str) -> list[str]:
        """The modules that a strategy's name picks."""
        said = parse_strategy(name)
        drawn = self.part["hardening"]["disturbances"].values() if is_hardened(name) else ()
        disturbances = sorted({f"poisoning.prediction.disturbances.{spec['disturbance']}" for spec in drawn})
        return [*(f"poisoning.prediction.{part}s.{said[part]}" for part in _PARTS), *disturbances]

    def predictor_code(self, name: str) -> str:
        """The module of a predictor of the run."""
        return f"models.predictors.{self.predictors[name]['predictor']}"

    def windows(self) -> list[str]:
        """The windows of each data set and protocol in use."""
        return paths.every(paths.WINDOWS, data=self.datasets, protocol=self.protocols)

    def poisons(self, pattern: str) -> list[str]:
        """A file of each data set, protocol in use, compared strategy and seed."""
        return paths.every(
            pattern, data=self.datasets, protocol=self.protocols, strategy=self.compared, seed=self.seeds
        )

    def evaluations(self) -> list[str]:
        """The evaluation tables: of victims, or of clean models where no strategy makes any."""
        return self._models(paths.EVALUATION_TABLE, self.strategies or ("clean",))

    def trainings(self) -> list[str]:
        """The training logs of the clean models and their victims."""
        shown = self.part.get("trigger_strength", {}).get("predictors", self.predictors)
        hardened = [path for path in self._models(paths.TRAINING, self.hardened) if path.split("/")[-3] in shown]
        return [*self._models(paths.TRAINING, ("clean", *self.strategies)), *hardened]

    def _models(self, pattern: str, strategies: Iterable[str]) -> list[str]:
        return [
            paths.filled(pattern, data=data, protocol=spec["protocol"], strategy=strategy, predictor=name, seed=seed)
            for data in self.datasets
            for strategy in strategies
            for name, spec in self.predictors.items()
            for seed in self.seeds_of(strategy, name)
        ]

    def seeds_of(self, strategy: str, predictor: str) -> tuple[int, ...]:
        """The seeds of a strategy's victim, or of a clean model: the run's, and more where it is ``repeated``."""
        repeated = self.part.get("repeated", {"predictors": (), "strategies": (), "seeds": ()})
        chosen = predictor in repeated["predictors"] and strategy in ("clean", *repeated["strategies"])
        return tuple(dict.fromkeys([*self.seeds, *(repeated["seeds"] if chosen else ())]))

    @property
    def all_seeds(self) -> tuple[int, ...]:
        """The run's seeds and those of what is repeated."""
        return tuple(dict.fromkeys([*self.seeds, *self.part.get("repeated", {}).get("seeds", ())]))

    def samples(self, data: str, predictor: str, strategy: str) -> str:
        """The sample poses of a strategy's first seed."""
        protocol = self.predictors[predictor]["protocol"]
        pattern = paths.EVALUATION_SAMPLES
        return paths.filled(
            pattern, data=data, protocol=protocol, strategy=strategy, predictor=predictor, seed=self.seeds[0]
        )


def prediction(part: Mapping[str, Any], sources: Mapping[str, Source], seeds: Iterable[int]) -> Prediction:
    """What the checked part ``prediction`` of a configuration asks for; nothing when it is empty."""
    return Prediction(
        part=part,
        sources=sources,
        seeds=tuple(seeds),
        datasets=tuple(part.get("datasets", ())),
        predictors=part.get("predictors", {}),
        strategies=tuple(strategy_names(part)),
        compared=tuple(stealth_names(part)),
        pictured=tuple(pictured(part)),
        hardened=tuple(filter(is_hardened, part.get("trigger_strength", {}).get("strategies", []))),
    )
