"""Which victims of a run are shown imperfect triggers, and which poisons are hardened against them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kinesec.plan import paths
from kinesec.plan.prediction import Prediction

PACKAGE = "poisoning.prediction.disturbances"


@dataclass(frozen=True, kw_only=True)
class TriggerStrength:
    """The checked part ``trigger_strength`` of ``prediction``: victims by ``predictors`` and ``strategies``."""

    prediction: Prediction
    disturbances: Mapping[str, Mapping[str, Any]]
    predictors: tuple[str, ...]
    strategies: tuple[str, ...]
    sampling: int | str

    @property
    def code(self) -> list[str]:
        """The modules of the disturbances."""
        return sorted({f"{PACKAGE}.{spec['disturbance']}" for spec in self.disturbances.values()})

    def files(self, pattern: str) -> list[str]:
        """A file of each data set, strategy, predictor and seed."""
        return [
            paths.filled(
                pattern, data=data, protocol=spec["protocol"], strategy=strategy, predictor=predictor, seed=seed
            )
            for data in self.prediction.datasets
            for strategy in self.strategies
            for predictor, spec in self.prediction.predictors.items()
            if self.disturbances and predictor in self.predictors
            for seed in self.prediction.seeds
        ]


def trigger_strength(prediction: Prediction) -> TriggerStrength:
    """What is asked of victims under imperfect triggers; nothing where the configuration names no disturbance."""
    part = prediction.part.get("trigger_strength", {})
    return TriggerStrength(
        prediction=prediction,
        disturbances=part.get("disturbances", {}),
        predictors=tuple(part.get("predictors", prediction.predictors)),
        strategies=tuple(part.get("strategies", prediction.strategies)),
        sampling=part.get("sampling", prediction.samplings[0]),
    )
