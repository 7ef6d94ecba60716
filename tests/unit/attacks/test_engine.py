"""What is particular to one attack, to the criteria, and to the checks before an attack counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from attack_cases import CLASSES, FRAMES, MEAN, Probe, position, problem, shape
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from kinesec.attacks.base import Problem, build
from kinesec.attacks.engine import checks
from kinesec.attacks.engine.criteria import ahead, parse
from kinesec.attacks.engine.lanes import Lanes, width_for
from kinesec.attacks.engine.perceptual import Distortion, difference_weights
from kinesec.attacks.smart import SMART
from kinesec.errors import ConfigError, KinesecError
from kinesec.motion.kinematics import bone_lengths

CPU = torch.device("cpu")


def probe(**changes: Any) -> Probe:
    return Probe(shape(), **changes).eval()


def lanes_of(of: Problem) -> Lanes:
    lanes = Lanes(of, np.full(len(of), -1), width=len(of), batch=len(of), device=CPU, seed=0)
    lanes.fill()
    return lanes


def distortion(lanes: Lanes, **changes: Any) -> Distortion:
    found = SMART(**changes).distortion(lanes)
    for lane in lanes.active:
        found.enter(lane)
    return found


# criteria


@pytest.mark.parametrize("strategy", ["AB", "AB1", "AB3", "AB5", "SA"])
def test_criteria_go_by_the_configuration_s_names(strategy: str) -> None:
    assert parse(strategy, 6).name == strategy


@pytest.mark.parametrize(
    ("strategy", "classes"), [("AB6", 6), ("AB7", 6), ("SA", 1), ("AB0", 6), ("ab", 6), ("ABn", 6), ("", 6), ("SA2", 6)]
)
def test_a_strategy_that_cannot_be_met_is_one_clear_line(strategy: str, classes: int) -> None:
    with pytest.raises(ConfigError, match=r"^strategy: found .*, expected") as error:
        parse(strategy, classes)
    assert "\n" not in str(error.value)


@given(st.lists(st.integers(-3, 3), min_size=4, max_size=7), st.data())
@settings(max_examples=60)
def test_success_counts_the_classes_ahead(values: list[int], data: st.DataObject) -> None:
    logits = torch.tensor([values], dtype=torch.float32)
    label = data.draw(st.integers(0, len(values) - 1))
    target = data.draw(st.sampled_from([c for c in range(len(values)) if c != label]))
    own, led = torch.tensor([label]), torch.tensor([target])
    before = sum(value > values[label] for value in values)
    assert ahead(logits, own).item() == before
    for n in range(1, len(values)):
        assert parse(f"AB{n}", len(values)).met(logits, own, led).item() == (before >= n)
    assert parse("AB", len(values)).met(logits, own, led).item() == (before >= 1)
    alone = sum(value >= values[target] for value in values) == 1
    assert parse("SA", len(values)).met(logits, own, led).item() == alone


def test_fake_labels_are_a_clip_s_own_and_never_true() -> None:
    label, row = [one % 5 for one in range(200)], list(range(200))
    drawn = parse("SA", 5).targets(label, row, 5, seed=1)
    assert not (drawn == np.array(label)).any()
    assert all(set(drawn[np.array(label) == one]) == set(range(5)) - {one} for one in range(5))
    some = parse("SA", 5).targets(label[50:60], row[50:60], 5, seed=1)
    assert some.tolist() == drawn[50:60].tolist()
    assert drawn.tolist() != parse("SA", 5).targets(label, row, 5, seed=2).tolist()


def test_entropy_is_largest_where_all_classes_are_level() -> None:
    criterion, label = parse("AB3", 6), torch.zeros(2, dtype=torch.long)
    level, sure = criterion.loss(torch.stack([torch.zeros(6), 9 * torch.eye(6)[0]]), label, label)
    assert level.item() == pytest.approx(-np.log(6))
    assert level < sure < 0


# the perceptual loss


def test_the_paper_s_weights_are_18_12_and_70() -> None:
    derivatives, bone = SMART().term_weights
    assert derivatives == pytest.approx({0: 0.18, 2: 0.12})
    assert bone == pytest.approx(0.70)
    derivatives, bone = build("smart", {}, "official").term_weights  # type: ignore[attr-defined]
    assert derivatives == pytest.approx({0: 0.40, 2: 0.18})
    assert bone == pytest.approx(0.42)


@pytest.mark.parametrize(
    ("terms", "share"), [("l2", (1, 0, 0)), ("l2_acc", (0.6, 0.4, 0)), ("l2_bone", (0.18 / 0.88, 0, 0.7 / 0.88))]
)
def test_what_is_left_of_the_terms_adds_up_to_one(terms: Any, share: tuple[float, ...]) -> None:
    derivatives, bone = SMART(terms=terms).term_weights
    assert (derivatives.get(0, 0), derivatives.get(2, 0), bone) == pytest.approx(share)


def test_reductions_differ_by_what_they_count() -> None:
    of = problem(probe(), 5)
    for terms, parts in (("l2", 9), ("smart", None)):
        found = {}
        for reduction in ("sum", "frame_mean", "mean"):
            lanes = lanes_of(of)
            loss = distortion(lanes, reduction=reduction, terms=terms)
            lanes.x = lanes.clean + 0.1 * lanes.present
            lanes.x[:, :, ::2, 3] += 0.05 * lanes.present[:, :, ::2, 0]
            found[reduction] = loss()[0]
        assert (found["sum"] > found["frame_mean"]).all()
        assert (found["frame_mean"] > found["mean"]).all()
        if parts:
            frames, both = of.present.any(1).sum(1), of.present.sum((1, 2))
            torch.testing.assert_close(found["sum"] / found["frame_mean"], frames.float())
            torch.testing.assert_close(found["sum"] / found["mean"], both.float() * parts)


def test_bones_are_the_body_s_and_not_its_coordinates() -> None:
    """A body turned as a whole keeps its bones; one that grows does not, though the mean pose is taken off both."""
    of = problem(probe(), 4, whole=True)
    lanes = lanes_of(of)
    only_bones = distortion(lanes, alpha=0.0)
    mean = torch.from_numpy(MEAN).float()
    turn = torch.tensor([[0.8, -0.6, 0.0], [0.6, 0.8, 0.0], [0.0, 0.0, 1.0]])
    lanes.x = (lanes.clean + mean) @ turn.T - mean
    assert only_bones()[0].max() < 1e-8
    lanes.x = 1.1 * (lanes.clean + mean) - mean
    placed, parents = lanes.clean + mean, of.geometry.parents
    wanted = (0.1 * bone_lengths(placed, parents)).square().sum((1, 3)).mean(1)
    torch.testing.assert_close(only_bones()[0], wanted, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("order", range(1, 5))
def test_a_derivative_s_loss_is_blind_to_polynomials_below_it(order: int) -> None:
    of = problem(probe().double(), 3, whole=True, dtype=torch.float64)
    lanes = lanes_of(of)
    loss = distortion(lanes, beta={order: 1.0}, alpha=1.0)
    time = torch.arange(FRAMES, dtype=torch.float64)[:, None, None] / FRAMES
    lanes.x = lanes.clean + 0.1 * time ** (order - 1)
    assert loss()[0].max() < 1e-9
    lanes.x = lanes.clean + 0.1 * time**order
    assert loss()[0].min() > 1e-9
    assert sum(difference_weights(order)) == 0


def test_derivatives_stop_where_frames_do() -> None:
    """A shift of all frames that are there has no acceleration, where the clip ends no more than in its midst."""
    of = problem(probe(), 8)
    lanes = lanes_of(of)
    loss = distortion(lanes, beta={2: 1.0}, alpha=1.0)
    lanes.x = lanes.clean + 0.3 * lanes.present
    assert loss()[0].max() < 1e-10
    assert lanes.present.min() == 0


# after success


def attacked(mode: str, **changes: Any) -> Any:
    model = probe(gain=6.0)
    chosen = build("smart", {"reduction": "mean", "rate": 0.02, "iterations": 60, "after_success": mode, **changes})
    return chosen.run(model, problem(model), parse("AB", CLASSES), width=4)


def test_going_on_finds_clips_of_less_perceptual_loss() -> None:
    stop, go_on, refine = attacked("stop"), attacked("continue"), attacked("refine")
    assert stop.claimed.any()
    assert (stop.first_success == go_on.first_success).all()
    for other in (go_on, refine):
        won = stop.claimed
        assert other.claimed[won].all()
        assert (other.perceptual_loss[won] <= stop.perceptual_loss[won]).all()
        assert (other.queries == 61).all()
        assert (other.iterations[won] >= stop.iterations[won]).all()
    assert refine.perceptual_loss[won].mean() < 0.9 * stop.perceptual_loss[won].mean()


def test_ignoring_success_spends_the_budget() -> None:
    done = attacked("ignore")
    assert (done.iterations == 60).all()
    assert (done.queries == 61).all()


# attacks of their own kind


def test_ciasa_keeps_the_bones() -> None:
    model = probe()
    of = problem(model, whole=True)
    mean = torch.from_numpy(MEAN).float()
    change = {}
    for realign in (True, False):
        chosen = build("ciasa", {"epsilon": None, "rate": 0.02, "iterations": 20, "realign": realign, "bone": 0.0})
        done = chosen.run(model, of, parse("SA", CLASSES), width=4)
        lengths = [bone_lengths(one + mean, of.geometry.parents) for one in (of.position, position(done))]
        change[realign] = (lengths[1] - lengths[0]).abs().max()
    assert change[True] < 1e-5
    assert change[False] > 1e-2


def test_ciasa_s_critic_reaches_the_motion() -> None:
    """With no classification gradient and no other constraint it is the critic alone that moves a clip."""
    of = problem(probe(), 3, whole=True)
    lanes = lanes_of(of)
    course = build("ciasa", {"critic": 1.0, "bone": 0.0, "acceleration": 0.0}).course(lanes)
    for lane in lanes.active:
        course.enter(lane)
    lanes.x = lanes.clean + 0.2 * torch.randn(lanes.x.shape, generator=torch.Generator().manual_seed(0))
    critic = course.critic  # type: ignore[attr-defined]
    attacked_poses = critic.features(lanes.x)
    apart = []
    for step in range(200):
        lanes.iteration = [step] * lanes.width
        own, other = (critic.verdict(poses).mean(1) for poses in (critic.features(lanes.clean), attacked_poses))
        apart.append(own - other)
        critic._train(attacked_poses)
    assert (apart[-1] > apart[0] + 0.3).all()  # it has learned to tell them apart
    critic._train = lambda attacked: None
    before, gradient = course.cost()
    assert gradient is not None
    assert (gradient.flatten(1).norm(dim=1) > 1e-4).all()
    lanes.x = lanes.x - 0.05 * gradient / gradient.flatten(1).norm(dim=1)[:, None, None, None, None]
    assert (course.cost()[0] < before).all()


def test_momentum_remembers() -> None:
    model = probe()
    of = problem(model, whole=True)
    brief = {"iterations": 6, "after_success": "ignore"}
    courses = [build("mi_fgsm", {"decay": decay, **brief}) for decay in (0.0, 1.0)]
    done = [position(course.run(model, of, parse("AB", CLASSES), width=4)) for course in courses]
    plain = build("pgd", {"random_start": False, "epsilon": 16 / 255, "step": 1.6 / 255, "after_success": "ignore"})
    assert torch.equal(done[0], position(plain.with_budget(6).run(model, of, parse("AB", CLASSES), width=4)))
    assert not torch.equal(*done)


def test_random_starts_are_a_clip_s_own() -> None:
    model = probe()
    of = problem(model)
    for norm in ("inf", "l2"):
        chosen = build("pgd", {"norm": norm, "step": 1e-12, "iterations": 1, "epsilon": 0.2, "after_success": "ignore"})
        one, again, other = (chosen.run(model, of, parse("AB", CLASSES), seed=seed, width=4) for seed in (0, 0, 1))
        away = position(one) - of.position
        assert torch.equal(position(one), position(again))
        assert not torch.equal(position(one), position(other))
        assert not away[~of.present].any()
        assert (away[0] - away[2]).abs().max() > 1e-3


def test_eot_averages_over_draws() -> None:
    """Many draws of a little noise agree with the gradient itself; the clip's own answer decides success."""
    model = probe()
    of = problem(model, 4)
    criterion = parse("AB", CLASSES)
    gradients = {}
    for draws in (1, 64):
        chosen = build("eot", {"draws": draws, "size": 0.05})
        lanes = lanes_of(of)
        logits, _, gradients[draws] = chosen.estimator()(model, lanes, criterion)
        torch.testing.assert_close(logits, model(of.position))
        assert not gradients[draws][~of.present].any()
    plain = build("pgd", {}).estimator()(model, lanes_of(of), criterion)[2]
    likeness = {
        draws: torch.cosine_similarity(found.flatten(1), plain.flatten(1)).min() for draws, found in gradients.items()
    }
    assert likeness[64] > max(0.9, likeness[1])


@pytest.mark.parametrize(
    ("name", "changes", "key"),
    [
        ("smart", {"weight": 1.5}, "weight"),
        ("smart", {"beta": {5: 1.0}}, "beta"),
        ("smart", {"beta": "much"}, "beta"),
        ("smart", {"reduction": "max"}, "reduction"),
        ("smart", {"terms": "l1"}, "terms"),
        ("smart", {"iterations": -1}, "iterations"),
        ("smart", {"iterations": 1.5}, "iterations"),
        ("smart", {"after_success": "rest"}, "after_success"),
        ("smart", {"rate": 0}, "rate"),
        ("smart", {"box": [1, 0]}, "box"),
        ("smart", {"speed": 1}, "speed"),
        ("pgd", {"norm": "l1"}, "norm"),
        ("pgd", {"epsilon": "wide"}, "epsilon"),
        ("pgd", {"after_success": "refine"}, "after_success"),
        ("iaa", {"scale": "log"}, "scale"),
        ("mi_fgsm", {"decay": -1}, "decay"),
        ("ciasa", {"hidden": 0}, "hidden"),
        ("ciasa", {"realign": "yes"}, "realign"),
        ("eot", {"draws": 0}, "draws"),
        ("eot", {"transform": "mirror"}, "transform"),
        ("eot", {"attack": {"attack": "eot"}}, "attack"),
        ("eot", {"attack": "pgd"}, "attack"),
    ],
)
def test_a_wrong_setting_is_one_clear_line(name: str, changes: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigError, match=rf"^attack '{name}': {key}.*expected") as error:
        build(name, changes)
    assert "\n" not in str(error.value)


def test_an_unknown_attack_or_preset_is_one_clear_line() -> None:
    with pytest.raises(ConfigError, match=r"found 'smurf', expected one of adaptive, apgd, basar, boundary, ciasa"):
        build("smurf", {})
    with pytest.raises(ConfigError, match=r"preset: found 'thesis', expected one of paper, official"):
        build("smart", {}, "thesis")


# problems and checks


def test_a_clip_that_is_not_finite_is_one_clear_line() -> None:
    of = problem(probe())
    broken = of.position.clone()
    broken[2, 0, 1, 3, 0] = float("nan")
    with pytest.raises(KinesecError, match=r"^attack: clip 11: found a value that is not finite at body 0, frame 1"):
        Problem(broken, of.label, of.present, of.row, of.place, of.geometry)


def test_a_label_out_of_range_is_one_clear_line() -> None:
    of = problem(probe())
    for label in (-1, CLASSES):
        wrong = of.label.clone()
        wrong[1] = label
        with pytest.raises(KinesecError, match=rf"found label {label}, expected 0"):
            Problem(of.position, wrong, of.present, of.row, of.place, of.geometry).check(CLASSES)


def test_a_model_of_other_joints_is_one_clear_line() -> None:
    of = problem(probe())
    fewer = Problem(of.position[:, :, :-1], of.label, of.present[:, :, :-1], of.row, of.place, of.geometry)

    class Strict(Probe):
        def forward(self, clip: Tensor) -> Tensor:
            return super().forward(self.checked(clip))

    with pytest.raises(KinesecError, match=r"found a clip of shape .*, expected"):
        build("pgd", {}).run(Strict(shape()).eval(), fewer, parse("AB", CLASSES))


def test_a_loss_that_stops_being_a_number_is_one_clear_line() -> None:
    model = probe()
    chosen = build("smart", {"rate": 1e30, "optimiser": "gd", "reduction": "normalised"})
    with pytest.raises(KinesecError, match=r"clip \d+: found a loss that is not finite after \d+ iterations"):
        chosen.run(model, problem(model), parse("AB", CLASSES), width=4)


class Softmax(Probe):
    def forward(self, clip: Tensor) -> Tensor:
        return super().forward(clip).softmax(1)


class Chance(Probe):
    def forward(self, clip: Tensor) -> Tensor:
        return super().forward(clip) + torch.rand(())


class Company(Probe):
    def embed(self, clip: Tensor) -> Tensor:
        return super().embed(clip) + 1e-3 * clip.square().mean()


class Flat(Probe):
    def forward(self, clip: Tensor) -> Tensor:
        return super().forward(clip.round())


class Broken(Probe):
    def embed(self, clip: Tensor) -> Tensor:
        return super().embed(clip) * float("inf")


def look(model: Probe, name: str = "smart", of: Problem | None = None) -> dict[str, Any]:
    clips = problem(probe()) if of is None else of
    return checks.inspect(build(name, {}).with_budget(2), model.eval(), clips, parse("AB", CLASSES), seed=0, width=4)


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        (Softmax, "found probabilities, expected logits"),
        (Chance, "found other answers to the same clips, expected the same; attack it by eot"),
        (Company, "answer depends on the others in its batch"),
        (Flat, "found gradients of zero for every clip"),
        (Broken, "not finite, expected numbers"),
    ],
)
def test_a_model_that_would_mislead_an_attack_is_refused(kind: type[Probe], line: str) -> None:
    with pytest.raises(KinesecError, match=line) as error:
        look(kind(shape()))
    assert "\n" not in str(error.value)


def test_checks_of_a_sound_model_are_recorded() -> None:
    found = look(probe())
    assert found["warnings"] == []
    assert found["deterministic"]
    assert found["zero_gradients"] == 0
    assert found["least_gradient"] > 0
    assert look(probe(), of=problem(probe()).take([]))["clips"] == 0


def test_weaknesses_are_warnings_in_the_record(caplog: pytest.LogCaptureFixture) -> None:
    class Half(Probe):
        def forward(self, clip: Tensor) -> Tensor:
            still = torch.arange(len(clip))[:, None, None, None, None] % 2 == 0
            return super().forward(torch.where(still, clip.detach(), clip))

    found = look(Half(shape()))
    assert found["zero_gradients"] == 2
    assert "2 of 4 clips have gradients of zero" in found["warnings"][0]
    random = look(Chance(shape()), "eot")
    assert not random["deterministic"]
    assert len(caplog.records) == 2


def test_lanes_are_as_many_whatever_the_clips_number() -> None:
    for count in (1, 9):
        assert width_for(CPU, problem(probe(), count).position) == 16
    gpu = torch.device("cuda")
    assert width_for(gpu, torch.empty(1, 1, 48, 31, 3)) == 64
    assert width_for(gpu, torch.empty(1, 2, 300, 25, 3)) == 16
