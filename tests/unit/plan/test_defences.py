from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kinesec.plan import paths
from kinesec.plan.run import Plan


def test_only_the_named_victims_are_defended(whole: Plan) -> None:
    tables = whole.defences.files(paths.DEFENCE_TABLE)
    # 2 data sets x 2 strategies x 1 predictor x 2 defences x 2 seeds
    assert len(set(tables)) == 16
    assert all("/long/" in path and "/mlp/" in path for path in tables)


def test_attackers_who_know_a_defence_are_defended_too(config: dict[str, Any], planned: Callable[[], Plan]) -> None:
    """Their victims are made for it: no evaluation asks for them."""
    config["prediction"]["defended"] = {
        "strategies": ["rigid-jammed-random-0.1"], "adaptive": ["rigid-trembling-random-0.1"], "sampling": "all",
    }  # fmt: skip
    made = planned()
    assert made.defences.strategies == ("rigid-jammed-random-0.1", "rigid-trembling-random-0.1")
    assert not any("trembling" in path for path in made.prediction.evaluations())
    assert made.defences.sampling == "all"
    assert made.prediction.strategy_code("rigid-trembling-random-0.1")[1] == "poisoning.prediction.targets.trembling"


def test_defences_see_the_windows_of_the_first_sampling_unless_told(
    config: dict[str, Any], planned: Callable[[], Plan]
) -> None:
    config["prediction"]["samplings"] = [256, "all"]
    assert planned().defences.sampling == 256


def test_detectors_and_tunings_are_known_by_their_modules(whole: Plan, empty: Plan) -> None:
    assert whole.defences.detectors == ("spectral",)
    assert whole.defences.tunings == ["tuned"]
    assert whole.defences.code("tuned") == "defences.backdoor.fine_tuning"
    labels = whole.defences.detections("{strategy}/{defence}/{seed}", "a", "mlp")
    assert labels[:2] == ["rigid-jammed-random-0.1/spectral/0", "rigid-jammed-random-0.1/spectral/1"]
    assert whole.defences.detections("{seed}", "a", "ltd_small") == empty.defences.files("{seed}") == []
