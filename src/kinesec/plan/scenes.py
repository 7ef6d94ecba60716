"""Which motions the report's viewer shows: those that the run's figures are drawn from."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from kinesec.plan import paths
from kinesec.plan.backdoor import SKELETON, Backdoor
from kinesec.plan.prediction import Prediction
from kinesec.plan.recognition import PICTURED, Recognition

KNOWN = {"attack": "Attack", "blackbox": "Attack by labels alone"}


def of_prediction(prediction: Prediction) -> Iterator[tuple[str, list[str]]]:
    """The title and the store of each predictor's pictured backdoors."""
    for data, predictor, strategy in product(prediction.datasets, prediction.predictors, prediction.pictured):
        yield f"Prediction of {data}: {predictor}, {strategy}", [prediction.samples(data, predictor, strategy)]


def of_recognition(recognition: Recognition, pattern: str) -> Iterator[tuple[str, list[str]]]:
    """The title and the store, by the ``pattern`` of a run's, of each recognizer's pictured attacks."""
    for data, recognizer, shown in product(recognition.datasets, recognition.recognizers, PICTURED):
        if recognition.clips_on(recognizer, data) and recognition.pictured_attacks(recognizer, shown):
            store = paths.filled(pattern, shown=shown, data=data, recognizer=recognizer)
            yield f"{KNOWN[shown]}: {recognizer} on {data}", [store]


def of_backdoor(backdoor: Backdoor) -> Iterator[tuple[str, list[str]]]:
    """The title, the clips and the poisoned clips of the first poison of each data set's clips: one read of them."""
    for victim in backdoor.victims if backdoor.modality == SKELETON else ():
        if victim["training"] == _first(backdoor, victim["data"], victim["samples"]):
            title = f"Backdoor of recognizers: {victim['training']} on {victim['data']}, {victim['samples']}"
            pictured = backdoor.pictured(victim)
            yield title, [pictured["samples"], pictured["poison"]]


def _first(backdoor: Backdoor, data: str, samples: str) -> str:
    trained = [
        victim["training"] for victim in backdoor.victims if (victim["data"], victim["samples"]) == (data, samples)
    ]
    return next((name for name in backdoor.part["poisons"] if name in trained), trained[0])
