from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import defended
import numpy as np
import pytest
import torch

from kinesec.defences.backdoor import fine_pruning, trigger_inversion
from kinesec.defences.backdoor._tune import tune
from kinesec.defences.backdoor.fine_tuning import learning_rate
from kinesec.defences.base import Course, Repair, Statistic
from kinesec.defences.cases.prediction import Case
from kinesec.jobs.defend import defend
from kinesec.models.predictors.base import PREDICTORS, Predictor, Recipe, Shape
from kinesec.motion.kinematics import bone_lengths


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return defended.case(tmp_path_factory.mktemp("defended"), **defended.SETTINGS)


@pytest.fixture(scope="module")
def without_statistics(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """siMLPe has no batch statistics: nothing of it changes but by gradients."""
    return defended.case(tmp_path_factory.mktemp("simlpe"), predictor="simlpe", epochs=1, layers=2, step=8)


def test_held_out_windows_were_never_poisoned(case: Case) -> None:
    some, more = case.held_out(0.1), case.held_out(0.3)
    assert len(some) == int(0.1 * len(case.training))
    assert not set(more) & set(case.poisoned.index.tolist())
    assert set(some) <= set(more)
    assert len(case.held_out(1.0)) == len(case.training) - len(case.poisoned.index)


def test_tuning_at_rate_0_changes_nothing(without_statistics: Case, case: Case) -> None:
    for repair in defend(without_statistics, "fine_tuning", {"shares": [0.2], "rates": [0.0], "epochs": 2}):
        assert isinstance(repair, Repair)
        expected = without_statistics.errors(without_statistics.models[repair.model])
        assert all(np.array_equal(repair.error[kind], expected[kind]) for kind in expected)
    model = case.copy_of("victim")
    assert list(tune(model, case, case.held_out(0.2), 0.0, 2)) == [1, 2]
    for tuned, other in zip(model.parameters(), case.models["victim"].parameters(), strict=True):
        assert torch.equal(tuned, other)


def test_tuning_leaves_the_models_alone_and_forgets_at_a_high_rate(case: Case) -> None:
    before = case.errors(case.models["victim"])
    repairs = [
        outcome
        for outcome in defend(case, "fine_tuning", {"shares": [0.5], "rates": [2.0], "epochs": 6})
        if isinstance(outcome, Repair)
    ]
    assert [(repair.model, repair.epoch) for repair in repairs] == [
        (m, e) for m in ("victim", "clean") for e in range(7)
    ]
    first, last = repairs[0], repairs[6]
    assert last.error["triggered"].mean() > 1.1 * first.error["triggered"].mean()
    assert np.array_equal(first.error["triggered"], before["triggered"])
    assert np.array_equal(case.errors(case.models["victim"])["clean"], before["clean"])


def test_the_victim_has_a_backdoor_and_the_clean_model_none(case: Case) -> None:
    victim, clean = case.errors(case.models["victim"]), case.errors(case.models["clean"])
    assert victim["triggered"].mean() < 0.6 * clean["triggered"].mean()
    assert victim["clean"].mean() < 1.3 * clean["clean"].mean()


def test_learning_rates() -> None:
    recipe = Recipe(epochs=10, batch=4, rate=0.4, decay=0.5, decay_every=5)
    assert learning_rate(recipe, "final", 100) == pytest.approx(0.2)
    assert learning_rate(recipe, 0.1, 100) == pytest.approx(0.04)


def test_pruning_nothing_changes_nothing_and_pruning_all_leaves_the_residual(case: Case) -> None:
    repairs = list(defend(case, "fine_pruning", {"shares": [0.0, 1.0], "epochs": 0}))
    for repair in repairs:
        assert isinstance(repair, Repair)
        before = case.errors(case.models[repair.model])["clean"]
        assert np.array_equal(repair.error["clean"], before) == (repair.share == 0)


def test_the_least_active_features_go_first_and_stay_away(case: Case) -> None:
    model, active = case.copy_of("victim"), torch.tensor([5.0, 1, 4, 2, 8, 7, 6, 3])
    assert fine_pruning.prune(model.last_layer(), active, 0.5) == 4
    history = case.seen(case.test_windows["clean"])[:20]
    seen = [model.features(history)]
    list(tune(model, case, case.held_out(0.1), 1e-2, 1))
    seen.append(model.features(history))
    for features in seen:
        assert not features[:, [1, 3, 7, 2]].any()
        assert features[:, [0, 4, 5, 6]].all()
    assert fine_pruning.prune(model.last_layer(), active, 0.0) == 0


def test_activity_is_the_mean_over_windows_whatever_their_batches(case: Case) -> None:
    index = torch.from_numpy(case.held_out(1.0))
    whole = fine_pruning.activity(case.models["victim"], case, index)
    half = len(index) // 2
    parts = [fine_pruning.activity(case.models["victim"], case, part) for part in (index[:half], index[half:])]
    assert whole == pytest.approx((half * parts[0] + (len(index) - half) * parts[1]) / len(index), rel=1e-4)


def limb(case: Case, part: str = "left_arm") -> trigger_inversion.Limb:
    skeleton = case.training.skeleton
    history = torch.from_numpy(case.training.gather(slice(0, 12))[:, : defended.HISTORY])
    return trigger_inversion.Limb(history, skeleton.parents, skeleton.limb(part), case.training.used)


def test_inversion_keeps_bone_lengths_and_what_is_outside_the_limb(case: Case) -> None:
    of = limb(case)
    start = torch.from_numpy(np.random.default_rng(0).normal(size=(defended.HISTORY, 2, 3))).float()
    model = case.copy_of("victim")
    model.zero_grad(set_to_none=True)
    directions, course = trigger_inversion.invert(model, of, start, steps=15, rate=0.1, kind="motion")
    posed = of.posed(directions)
    assert bone_lengths(posed, of.parents).numpy() == pytest.approx(
        bone_lengths(of.history, of.parents).numpy(), rel=1e-3
    )
    outside = [joint for joint in range(10) if joint not in of.limb]
    assert torch.equal(posed[:, :, outside], of.history[:, :, outside])
    assert torch.linalg.vector_norm(directions, dim=-1).numpy() == pytest.approx(1)
    with torch.no_grad():
        begun = of.objective(model, of.posed(start), "motion").item()
        ended = of.objective(model, posed, "motion").item()
    assert course[0] == pytest.approx(begun)
    assert len(course) == 16
    assert (np.diff(course) <= 0).all()
    assert ended == pytest.approx(course[-1], rel=1e-4)
    assert course[-1] < course[0]
    assert all(parameter.grad is None for parameter in model.parameters())


class Planted(Predictor):
    """Goes on at the last step, unless the ``trigger`` bone (joint, parent) points up: then it stands still."""

    def __init__(self, shape: Shape, trigger: tuple[int, int] | None) -> None:
        super().__init__(shape)
        self.trigger = trigger

    def forward(self, history: torch.Tensor) -> torch.Tensor:
        step = history[:, -1] - history[:, -2]
        if self.trigger is not None:
            joint, parent = self.trigger
            bone = torch.nn.functional.normalize(history[:, :, joint] - history[:, :, parent], dim=-1)
            step = step * torch.sigmoid(8 * (0.5 - bone[..., 1].mean(1)))[:, None, None]
        ahead = torch.arange(1, self.shape.future + 1).view(1, -1, 1, 1)
        return history[:, -1:] + ahead * step[:, None]

    def loss(self, window: torch.Tensor) -> torch.Tensor:
        raise NotImplementedError


def test_inversion_flags_the_limb_of_a_planted_trigger_and_none_of_a_clean_model(case: Case) -> None:
    used = case.training.used
    shape = Shape(defended.HISTORY, defended.FUTURE, len(used))
    victim, clean = Planted(shape, (used.index(3), used.index(2))), Planted(shape, None)
    planted = replace(case, models={"victim": victim, "clean": clean})
    settings = {"windows": 30, "steps": 60, "restarts": 3, "objectives": ["motion", "energy"]}
    statistics = [
        outcome for outcome in defend(planted, "trigger_inversion", settings) if isinstance(outcome, Statistic)
    ]
    for kind in settings["objectives"]:
        of = {(s.model, s.metric, s.part): s for s in statistics if s.setting == f"objective={kind}"}
        assert {part for _, _, part in of} == {"left_arm", "right_arm", "left_leg", "right_leg"}  # the trunk would tear
        assert of["victim", "objective_left", "left_arm"].value < 20
        assert {part for (model, metric, part), s in of.items() if s.flagged and model == "victim"} == {"left_arm"}
        assert not any(s.flagged for (model, _, _), s in of.items() if model == "clean")
        assert of["clean", "objective_left", "left_arm"].value == pytest.approx(100, abs=1)


def test_the_anomaly_index() -> None:
    assert trigger_inversion.anomaly([1, 2, 3, 4, 100]) == pytest.approx(np.array([2, 1, 0, 1, 97]) / 1.4826)
    assert trigger_inversion.anomaly([2, 2, 2]).tolist() == [0, 0, 0]
    assert trigger_inversion.anomaly([2, 2, 2, 5]).tolist() == [0, 0, 0, np.inf]


@pytest.mark.parametrize("name", ["fine_tuning", "fine_pruning", "trigger_inversion"])
def test_the_seed_makes_the_outcomes(case: Case, name: str) -> None:
    settings = {
        "fine_tuning": {"shares": [0.1], "rates": [0.5], "epochs": 2},
        "fine_pruning": {"shares": [0.5]},
        "trigger_inversion": {"windows": 8, "steps": 3},
    }[name]
    first, again = defend(case, name, settings), defend(case, name, settings)
    for outcome, other in zip(first, again, strict=True):
        if isinstance(outcome, Repair) and isinstance(other, Repair):
            assert all(np.array_equal(outcome.error[kind], other.error[kind]) for kind in outcome.error)
        elif isinstance(outcome, Course) and isinstance(other, Course):
            assert np.array_equal(outcome.value, other.value)
        else:
            assert outcome == other


@pytest.mark.parametrize(
    ("predictor", "settings", "size"),
    [
        ("ltd", {"features": 6, "blocks": 1}, 6),
        ("simlpe", {"layers": 1, "step": 4}, 27),
        ("auxformer", {"features": 12, "layers": 1, "heads": 2, "head_features": 3, "hidden": 5}, 12),
    ],
)
def test_last_hidden_features_are_of_each_window_alone(
    tmp_path: Path, predictor: str, settings: dict[str, int], size: int
) -> None:
    case = defended.case(tmp_path, predictor=predictor, epochs=0, **settings)
    model, history = case.models["victim"], case.seen(case.test_windows["clean"])[:5]
    with torch.inference_mode():
        together, alone = model.features(history), model.features(history[3:4])
    assert together.shape == (5, size)
    assert together[3:4].numpy() == pytest.approx(alone.numpy(), abs=1e-5)
    with torch.no_grad():
        before = PREDICTORS.predict(model, history)
        for parameter in model.last_layer().parameters():
            parameter.add_(0.5)
    with torch.inference_mode():
        assert torch.equal(model.features(history), together)  # what the last layer reads, not what it makes
    assert not torch.equal(PREDICTORS.predict(model, history), before)
