"""Which victims a run defends, by what, and what kind a defence is: asked before anything is imported."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kinesec import names
from kinesec.errors import ConfigError
from kinesec.plan import paths
from kinesec.plan.prediction import Prediction

PACKAGE = "defences.backdoor"


def kind(name: str) -> str:
    """The ``KIND`` of a defence, read from its file alone: ``detection``, ``repair`` or ``inversion``.

    Raises ``ConfigError`` for a name that there is none of, or a module without one.
    """
    kind_of_module = names.constant(PACKAGE, names.check(PACKAGE, name, "defence"), "KIND")
    if kind_of_module is None:
        raise ConfigError(f"{names.file(PACKAGE, name)}: found no KIND, expected detection, repair or inversion")
    return str(kind_of_module)


@dataclass(frozen=True, kw_only=True)
class Defences:
    """The defences of a run against backdoors on prediction, by their names, and the victims they are tried on.

    Among the strategies are those of attackers who know a defence; ``sampling`` are the test windows a sequence.
    """

    prediction: Prediction
    specs: Mapping[str, Mapping[str, Any]]
    predictors: tuple[str, ...]
    strategies: tuple[str, ...]
    detectors: tuple[str, ...]
    sampling: int | str

    @property
    def tunings(self) -> list[str]:
        """The defences that tune the victim on clean windows."""
        return [name for name, spec in self.specs.items() if spec["defence"] == "fine_tuning"]

    def code(self, name: str) -> str:
        """The module of a defence of the run."""
        return f"{PACKAGE}.{self.specs[name]['defence']}"

    def files(self, pattern: str) -> list[str]:
        """A file of each data set, strategy, predictor, defence and seed."""
        return self._files(pattern, self.specs, self.prediction.datasets, self.predictors)

    def detections(self, pattern: str, data: str, predictor: str) -> list[str]:
        """A file of each strategy, detector and seed, of one data set and predictor."""
        return self._files(pattern, self.detectors, [data], [predictor])

    def _files(
        self, pattern: str, defences: Iterable[str], datasets: Iterable[str], predictors: Iterable[str]
    ) -> list[str]:
        return [
            paths.filled(
                pattern,
                data=data,
                protocol=spec["protocol"],
                strategy=strategy,
                predictor=name,
                defence=defence,
                seed=seed,
            )
            for data in datasets
            for strategy in self.strategies
            for name, spec in self.prediction.predictors.items()
            if name in self.predictors and name in predictors
            for defence in defences
            for seed in self.prediction.seeds
        ]


def defences(prediction: Prediction) -> Defences:
    """The defences of a run; where a configuration does not say which victims they are tried on, all of them."""
    specs = prediction.part.get("defences", {})
    defended = prediction.part.get("defended", {})
    return Defences(
        prediction=prediction,
        specs=specs,
        predictors=tuple(defended.get("predictors", prediction.predictors)),
        strategies=(*defended.get("strategies", prediction.strategies), *defended.get("adaptive", ())),
        detectors=tuple(name for name, spec in specs.items() if kind(spec["defence"]) == "detection"),
        sampling=defended.get("sampling", prediction.samplings[0]),
    )
