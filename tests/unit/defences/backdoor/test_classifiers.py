from __future__ import annotations

from dataclasses import replace
from typing import Any

import backdoored
import numpy as np
import pytest
import torch
from recognition_clips import SKELETON
from torch import nn

from kinesec import names
from kinesec.defences.backdoor import _inversion, cbd, fine_pruning, frequency, nad, tabor
from kinesec.defences.base import Detection, Repair, Statistic
from kinesec.defences.cases.classification import Case
from kinesec.defences.cases.parametrisation import Masked
from kinesec.defences.run import run
from kinesec.errors import ConfigError, KinesecError
from kinesec.metrics.detection import auc

TARGET = backdoored.CLASSES[backdoored.TARGET]
QUICK: dict[str, Any] = {"steps": 100, "samples": 16, "batch": 16, "cost": 0.01}
OF_JOINTS = {"cost": 1.0, "norm": "l1", "weights": [1e-2, 1e-3, 1e-3, 1e-4, 0, 1e-2]}


@pytest.fixture(scope="module")
def clean() -> Case:
    return backdoored.clip_case()


@pytest.fixture(scope="module")
def badnet() -> Case:
    return backdoored.clip_case(backdoored.moved)


@pytest.fixture(scope="module")
def wave() -> Case:
    return backdoored.clip_case(backdoored.wave)


@pytest.fixture(scope="module")
def lit() -> Case:
    return backdoored.video_case()


@pytest.fixture(scope="module")
def square() -> Case:
    return backdoored.video_case(backdoored.square)


def ran(case: Case, name: str, **settings: Any) -> list[Any]:
    return run(case, "video" if case.modality == "video" else "recognition", name, settings)


def index(case: Case, name: str, **settings: Any) -> tuple[float, str]:
    """A model's number, and the class that it points to."""
    (number,) = [outcome for outcome in ran(case, name, **settings) if getattr(outcome, "metric", "") == "index"]
    return number.value, number.action


def test_the_toys_have_the_backdoors_that_they_should(clean: Case, badnet: Case, wave: Case, square: Case) -> None:
    assert backdoored.error_percent(clean)["clean"] < 5
    for case in (badnet, wave, square):
        errors = backdoored.error_percent(case)
        assert errors["clean"] < 5
        assert errors["triggered"] > 90
        assert set(case.training.label[case.training.marked]) == {backdoored.TARGET}


@pytest.mark.parametrize("form", ["shared", "offset", "time", "frequency"])
def test_neural_cleanse_finds_badnet_and_no_clean_model(clean: Case, badnet: Case, form: str) -> None:
    outcomes = ran(badnet, "neural_cleanse", forms=[form], **QUICK)
    masks = backdoored.numbers(outcomes, "mask_l1")
    assert min(masks, key=lambda name: masks[name]) == TARGET
    assert masks[TARGET] < 0.75 * np.median(list(masks.values()))
    assert backdoored.numbers(outcomes, "success")[TARGET] >= 99
    (number, scaled) = [outcome for outcome in outcomes if outcome.metric.startswith("index")]
    assert (number.action, number.flagged) == (TARGET, True)
    assert scaled.value == pytest.approx(number.value / 1.4826)
    masks = backdoored.numbers(ran(clean, "neural_cleanse", forms=[form], **QUICK), "mask_l1")
    assert min(masks.values()) > 0.6 * np.median(list(masks.values()))


def test_a_mask_over_frames_finds_a_wave(clean: Case, wave: Case) -> None:
    number, action = index(wave, "neural_cleanse", forms=["time"], **QUICK)
    assert action == TARGET
    assert number > 2 * index(clean, "neural_cleanse", forms=["time"], **QUICK)[0]


def test_neural_cleanse_finds_a_square_in_videos(lit: Case, square: Case) -> None:
    settings: dict[str, Any] = {"steps": 40, "samples": 6, "batch": 6, "cost": 0.01}
    outcomes = ran(square, "neural_cleanse", **settings)
    masks = backdoored.numbers(outcomes, "mask_l1")
    target = list(square.classes)[backdoored.TARGET]
    assert min(masks, key=lambda name: masks[name]) == target
    assert index(square, "neural_cleanse", **settings)[0] > index(lit, "neural_cleanse", **settings)[0]


def test_pt_red_and_tabor_find_badnet(clean: Case, badnet: Case) -> None:
    settings: dict[str, dict[str, Any]] = {
        "pt_red": {"steps": 300, "samples": 16, "batch": 16, "rate": 0.1},
        "tabor": {**QUICK, **OF_JOINTS},
    }
    for name, chosen in settings.items():
        number, action = index(badnet, name, **chosen)
        assert action == TARGET
        assert number > 1.5 * index(clean, name, **chosen)[0]


def test_the_others_find_what_they_look_for(clean: Case, badnet: Case, wave: Case) -> None:
    for name, case, settings in (
        ("frequency", wave, {}),
        ("strip", badnet, {"others": 20}),
        ("activation_clustering", badnet, {"by": "action"}),
        ("spectral_signatures", badnet, {}),
    ):
        outcomes = ran(case, name, **settings)
        number, action = index(case, name, **settings)
        assert number > 1.2 * index(clean, name, **settings)[0], name
        assert action in ("", TARGET), name
        # most of the target's samples are poisoned: in its class alone, the odd ones out are clean
        areas = [auc(d.score["victim"], d.marked["victim"])[0] for d in outcomes if isinstance(d, Detection)]
        assert name in ("activation_clustering", "spectral_signatures") or min(areas) > 0.75, name
    assert not any(detection.marked["victim"].any() for detection in ran(clean, "frequency")[-1:])


class Drawn(nn.Module):
    """Says ``favourite`` once noise is large, else the class whose joint is highest."""

    def __init__(self, favourite: bool) -> None:
        super().__init__()
        self.favourite = favourite

    def forward(self, clip: torch.Tensor) -> torch.Tensor:
        logits = 10 * clip[:, 0].mean(1)[:, :8, 0]
        noisy = clip[:, 0].std(1).mean((1, 2)) > 1
        if self.favourite:
            logits[:, 5] += 100 * noisy
        return logits


def test_cbd_finds_the_class_that_noise_leads_to(badnet: Case) -> None:
    indices = []
    for favourite in (False, True):
        case = replace(badnet, model=Drawn(favourite))
        said = case.logits(case.clean).argmax(1).numpy()
        case = replace(case, clean=replace(case.clean, label=said))
        indices.append(index(case, "cbd", shadows=0, draws=200, sigma=2.0))
    assert indices[1] == (1.0, backdoored.CLASSES[5])
    assert indices[0][0] < 0.5


def test_cbd_compares_with_shadows(clean: Case) -> None:
    outcomes = ran(clean, "cbd", shadows=4, epochs=3, draws=50, sigma=1.0)
    metrics = {outcome.metric: outcome for outcome in outcomes}
    assert set(metrics) == {"index", "p_shadow"}
    assert 1 / 8 <= metrics["index"].value <= 1
    assert 0 <= metrics["p_shadow"].value <= 0.8
    place = cbd.one_each(clean, clean.model)
    assert sorted(clean.clean.label[place]) == list(range(8))
    shares = cbd.dominant(clean, clean.model, place, 1e-6, 3)
    assert shares.numpy() == pytest.approx(1 / 8)


def test_what_is_learnt_of_spectra_is_their_ratio() -> None:
    power = np.random.default_rng(0).exponential(size=(500, 4, 3)) * [1, 1e4, 0]
    ratio = frequency.log_ratios(power, power, 1e-9)
    assert np.exp(ratio[:, :, :2]).mean(0) == pytest.approx(1)
    assert frequency.log_ratios(7 * power, power, 1e-9)[..., :2] - ratio[..., :2] == pytest.approx(np.log(7), rel=1e-3)
    assert not frequency.log_ratios(7 * power, power, 0.01)[..., 2].any()


def test_lanes_do_not_know_of_each_other(badnet: Case) -> None:
    """All classes at once give what each class alone gives, in whatever pieces the model is asked."""
    triggers = Masked("shared", badnet.layout)
    data = _inversion.samples(badnet, 12, 12)
    schedule = _inversion.Schedule(30, 0.99, 0.01)
    start = triggers.start(np.random.default_rng(0), 8)

    def search(index: torch.Tensor) -> _inversion.Search:
        return _inversion.invert(
            badnet,
            data,
            triggers,
            [values[index] for values in start],
            index,
            schedule,
            _inversion.Adam(0.1, (0.5, 0.9)),
            np.random.default_rng(1),
        )

    together = search(torch.arange(8))
    for number in (0, 2, 7):
        alone = search(torch.tensor([number]))
        assert alone.size.item() == pytest.approx(together.size[number].item(), rel=1e-2)
        assert alone.success.item() == pytest.approx(together.success[number].item())


def test_a_lane_of_pt_red_leaves_its_own_class_out(badnet: Case) -> None:
    rows = np.flatnonzero(badnet.clean.label == 3)[:4]
    x, label = badnet.seen(badnet.clean.gather(rows)), torch.full((4,), 3)
    triggers, schedule = Masked("shared", badnet.layout), _inversion.Schedule(1, 2.0)
    start, rng = triggers.start(np.random.default_rng(0), 1), np.random.default_rng(0)

    def search(target: int, others: bool) -> _inversion.Search:
        data, lane = _inversion.Data(x, label, 4, others), torch.tensor([target])
        return _inversion.invert(badnet, data, triggers, start, lane, schedule, _inversion.Adam(0.1, (0.5, 0.9)), rng)

    assert not search(3, False).reached.any()
    assert search(2, True).steps.tolist() == [1]
    with pytest.raises(KinesecError, match="found a class with no sample of another class"):
        search(3, True)


def test_entropy_is_in_bits_and_the_mean_over_mixtures(badnet: Case) -> None:
    case = replace(badnet, model=Drawn(False))
    blank = torch.zeros(1, 2, *badnet.clean.value.shape[1:])
    blank[0, 1, 0, :, 4, 0] = 100.0  # one mixture of eight classes alike, one of a class alone
    assert case.spreads(case.model, blank)["entropy"].tolist() == pytest.approx([3 / 2])


def test_the_model_stays_as_it_was(badnet: Case) -> None:
    before = {name: values.clone() for name, values in badnet.model.state_dict().items()}
    badnet.model.train()
    ran(badnet, "neural_cleanse", steps=2, samples=8, batch=4)
    assert badnet.model.training
    badnet.model.eval()
    assert all(torch.equal(values, before[name]) for name, values in badnet.model.state_dict().items())
    assert all(parameter.requires_grad for parameter in badnet.model.parameters())


def test_the_cost_rises_after_successes_and_falls_after_failures() -> None:
    schedule = _inversion.Schedule(100, 0.99, cost=1.0, patience=2, up=2.0, down=4.0, early=3)
    costs = _inversion._Costs.begin(schedule, torch.zeros(1))
    lane, history, stops = torch.tensor([0]), [], []
    for hit in (1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1):
        stops.append(bool(costs.update(lane, torch.tensor([float(hit)]), torch.tensor([3.0]))))
        history.append(costs.cost.item())
    assert history == [0, 1, 1, 2, 2, 0.5, 0.5, 0.125, 0.125, 0.25, 0.25, 0.5]
    assert stops.index(True) == 5  # the smallest is three steps old, and the cost has gone both ways
    first = _inversion._Costs.begin(_inversion.Schedule(9, 0.9, first=True), torch.zeros(2))
    assert first.update(torch.tensor([0, 1]), torch.tensor([0.9, 0.8]), torch.ones(2)).tolist() == [True, False]


def test_adam_is_torchs() -> None:
    start = torch.randn(3, 4, generator=torch.Generator().manual_seed(0))
    mine, theirs = [start.clone()], start.clone().requires_grad_()
    update, torchs = _inversion.Adam(0.1, (0.5, 0.9)), torch.optim.Adam([theirs], lr=0.1, betas=(0.5, 0.9))
    for _ in range(5):
        update(mine, [(mine[0] ** 3)[[0, 2]]], torch.tensor([0, 2]))
        theirs.grad = theirs.detach() ** 3
        torchs.step()
    assert mine[0][[0, 2]].numpy() == pytest.approx(theirs.detach()[[0, 2]].numpy(), rel=1e-5)
    assert torch.equal(mine[0][1], start[1])


def test_tabors_penalty_is_its_terms_one_by_one(badnet: Case) -> None:
    triggers = Masked("shared", badnet.layout)
    theta = triggers.start(np.random.default_rng(0), 2)
    parents, weights = SKELETON.parents, (1.0, 20.0, 300.0, 4000.0)
    for lane in range(2):
        mask, pattern = triggers.mask(theta)[lane, 0, :, 0], theta[1][lane, 0].tanh() / 2 + 0.5
        outside = (1 - mask)[:, None] * pattern
        links = [(parent, joint) for joint, parent in enumerate(parents) if parent >= 0]
        terms = (
            mask.sum() + (mask**2).sum(),
            outside.sum() + (outside**2).sum(),
            sum((mask[a] - mask[b]) ** 2 for a, b in links),
            sum(((outside[a] - outside[b]) ** 2).sum() for a, b in links),
        )
        expected = sum(weight * float(term) for weight, term in zip(weights, terms, strict=True))
        assert tabor.penalty(triggers, weights, theta)[lane].item() == pytest.approx(expected, rel=1e-5)


def test_repairs_take_the_backdoor_away_and_leave_the_rest(badnet: Case, square: Case) -> None:
    for case in (badnet, square):
        tuned = ran(case, "fine_tuning", shares=[0.5], rates=[1.0], epochs=6)
        distilled = ran(case, "nad", share=0.5, rate=1.0, teacher_epochs=6, epochs=2)
        pruned = ran(case, "fine_pruning", shares=[0.0, 1.0], held_out=0.3, epochs=0)
        for repairs in (tuned, distilled, pruned):
            assert all(isinstance(repair, Repair) and set(repair.error) == {"clean", "triggered"} for repair in repairs)
        assert tuned[-1].error["triggered"].mean() < tuned[0].error["triggered"].mean()
        assert tuned[-1].error["clean"].mean() < 0.15
        assert [repair.setting for repair in distilled] == ["teacher"] * 7 + ["student"] * 3
        assert np.array_equal(distilled[7].error["triggered"], distilled[0].error["triggered"])
        assert np.array_equal(pruned[0].error["clean"], distilled[0].error["clean"])
        assert pruned[1].error["clean"].mean() > 0.7  # without features there is one answer


def test_attention_is_of_unit_length_and_layers_are_at_even_depths(square: Case) -> None:
    some = square.seen(square.training.gather(np.arange(3)))
    layers = nad.layers_of(square.model, some, 5)
    assert layers == [part for part in square.model.modules() if isinstance(part, nn.BatchNorm3d)]
    assert nad.layers_of(square.model, some, 1) == layers[-1:]
    for attention in nad.attentions(square.model, some, layers, 2.0):
        assert attention.square().sum(1).detach().numpy() == pytest.approx(1)
    answer = torch.randn(2, 3, 4, 5)
    expected = answer.square().mean(1).reshape(2, -1)
    assert nad.attention(answer, 2.0).numpy() == pytest.approx((expected / expected.norm(dim=1, keepdim=True)).numpy())


def test_activity_is_of_the_features_before_the_classifier(badnet: Case) -> None:
    rows = np.arange(30)
    seen = badnet.seen(badnet.training.gather(rows))
    active = fine_pruning.activity(badnet.model, badnet, torch.from_numpy(rows))
    assert active.numpy() == pytest.approx(badnet.model.features(seen).detach().abs().mean(0).numpy(), rel=1e-5)


def test_the_defender_holds_clean_samples_alone(badnet: Case) -> None:
    held = badnet.held_out(0.3)
    assert len(held) == int(0.3 * len(badnet.training))
    assert not badnet.training.marked[held].any()
    drawn = badnet.drawn(24, "x")
    assert np.bincount(badnet.clean.label[drawn]).tolist() == [3] * 8
    with pytest.raises(KinesecError, match="found no clean sample"):
        badnet.drawn(3, "x", of=np.empty(0, int))


def test_the_seed_makes_the_numbers(badnet: Case) -> None:
    for name, settings in (
        ("neural_cleanse", {"steps": 5, "samples": 8}),
        ("strip", {"others": 5}),
        ("cbd", {"shadows": 0}),
    ):
        first, again = ran(badnet, name, **settings), ran(badnet, name, **settings)
        assert [o for o in first if isinstance(o, Statistic)] == [o for o in again if isinstance(o, Statistic)]


def test_wrong_settings_and_tasks_are_one_line(badnet: Case) -> None:
    for name, settings, message in (
        ("trigger_inversion", {}, "found a case of recognition, expected one of prediction"),
        ("neural_cleanse", {"forms": ["pixel"]}, "expected a list of some of shared, offset, time, frequency"),
        ("tabor", {"weights": [1.0]}, "weights: found 1 numbers, expected 6"),
        ("cbd", {"sigma": 0}, "sigma: found 0"),
        ("pt_red", {"success": 2}, "success: found 2"),
    ):
        with pytest.raises(ConfigError, match=message):
            ran(badnet, name, **settings)


def test_every_defence_says_of_which_tasks_it_is() -> None:
    of = {name: names.constant("defences.backdoor", name, "TASKS") for name in names.available("defences.backdoor")}
    assert all(set(tasks) <= {"prediction", "recognition", "video"} and tasks for tasks in of.values())
    new = {"neural_cleanse", "pt_red", "tabor", "frequency", "nad", "cbd"}
    extended = {"strip", "activation_clustering", "spectral_signatures", "fine_tuning", "fine_pruning"}
    assert {name for name, tasks in of.items() if "recognition" in tasks} == new | extended
    assert {name for name, tasks in of.items() if "prediction" in tasks and len(tasks) == 3} == extended
