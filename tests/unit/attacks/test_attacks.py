"""What holds for every attack: each module of the package, in each of its presets."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
import torch
from attack_cases import CLASSES, GEOMETRY, MEAN, Probe, position, problem, shape, small
from torch import Tensor

from kinesec import names
from kinesec.attacks.base import Attack, Problem, build
from kinesec.attacks.engine.criteria import parse
from kinesec.attacks.engine.lanes import Lanes
from kinesec.attacks.engine.margin import Margin

BUDGET = 12
# what presets leave out
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "smart-mean": ("smart", {"reduction": "mean", "rate": 0.01}),
    "smart-margin": ("smart", {"reduction": "mean", "rate": 0.01, "class_loss": "margin"}),
    "smart-l2": ("smart", {"reduction": "normalised", "terms": "l2", "weight": 0.6}),
    "smart-box": ("smart", {"reduction": "mean", "rate": 0.01, "box": [-0.6, 0.6], "clip_update": 0.1}),
    "smart-snap": ("smart", {"reduction": "mean", "beta": {0: 0.5, 2: 0.3, 4: 0.2}, "terms": "smart"}),
    "smart-continue": ("smart", {"reduction": "mean", "rate": 0.02, "after_success": "continue"}),
    "smart-refine": ("smart", {"reduction": "mean", "rate": 0.02, "after_success": "refine"}),
    "pgd-l2": ("pgd", {"norm": "l2", "epsilon": 1.0, "step": 0.2}),
    "pgd-still": ("pgd", {"random_start": False, "epsilon": 0.05, "after_success": "ignore"}),
    "ciasa-far": ("ciasa", {"epsilon": None, "critic": 1.0, "rate": 0.02}),
    "eot-yaw": ("eot", {"transform": "yaw", "size": 20.0, "draws": 2, "attack": {"attack": "mi_fgsm"}}),
    "di-pgd": ("diverse_inputs", {"attack": {"attack": "pgd", "settings": {"random_start": False}}, "probability": 1}),
    "tasar-still": ("tasar", {"motion": 0, "members": 2, "draws": 2, "epochs": 1, "epsilon": 0.05}),
    "eot-smart": ("eot", {"draws": 2, "attack": {"attack": "smart", "settings": {"reduction": "mean"}}}),
}
PRESETS = {f"{name}-{preset}": (name, preset) for name in names.available("attacks")
           if names.constant("attacks", name, "ACCESS") != "labels"
           for preset in names.load("attacks", name).PRESETS}  # fmt: skip
EVERY = pytest.mark.parametrize("case", [*PRESETS, *VARIANTS])


def attack_of(case: str, budget: int = BUDGET) -> Attack:
    if case in PRESETS:
        name, preset = PRESETS[case]
        return build(name, {}, preset).with_budget(budget)
    name, settings = VARIANTS[case]
    return build(name, settings).with_budget(budget)


def probe(dtype: torch.dtype = torch.float32) -> Probe:
    return Probe(shape()).to(dtype).eval()


def moved(done: Tensor, of: Problem) -> Tensor:
    return (done - of.position).abs()


@EVERY
@pytest.mark.parametrize("strategy", ["AB", "AB3", "SA"])
def test_what_is_claimed_holds(case: str, strategy: str) -> None:
    model, criterion = probe(), parse(strategy, CLASSES)
    of = problem(model)
    done = attack_of(case, 25).run(model, of, criterion, seed=3, width=9)
    found = criterion.met(model(position(done)), of.label, torch.from_numpy(done.target))
    assert found.tolist() == done.claimed.tolist()
    assert position(done).isfinite().all()
    assert position(done).dtype == of.position.dtype
    assert not position(done)[~of.present].any()
    assert ((done.first_success >= 0) == done.claimed).all() or attack_of(case).after_success == "ignore"


@EVERY
def test_no_iterations_change_nothing(case: str) -> None:
    model = probe()
    of = problem(model)
    done = attack_of(case, 0).run(model, of, parse("AB", CLASSES), width=4)
    assert torch.equal(position(done), of.position)
    assert not done.claimed.any()
    assert done.queries.tolist() == [1] * len(of)


@EVERY
def test_neither_batch_nor_shard_nor_neighbours_change_a_bit(case: str) -> None:
    model, criterion = small("sgn"), parse("AB", CLASSES)
    of = problem(model)
    attack = attack_of(case)
    whole = attack.run(model, of, criterion, seed=1, width=4)
    alone = attack.run(model, of, criterion, seed=1, width=4, batch=1)
    shards = [attack.run(model, of.take(part), criterion, seed=1, width=4) for part in ([0, 1, 2, 3, 4], [5], [8, 6])]
    assert moved(position(whole), of).max() > 0
    assert torch.equal(position(alone), position(whole))
    assert torch.equal(torch.cat([position(one) for one in shards]), position(whole)[[0, 1, 2, 3, 4, 5, 8, 6]])
    for name in ("queries", "iterations", "claimed", "class_loss", "perceptual_loss"):
        assert getattr(alone, name).tolist() == getattr(whole, name).tolist()


@pytest.mark.parametrize("name", ["st_gcn", "hrnn", "sgn"])
@pytest.mark.parametrize("strategy", ["AB", "SA"])
def test_recognizers_of_each_kind_give_one_result(name: str, strategy: str) -> None:
    """Adam's first steps are near to signs, so that any difference in the last bit would grow."""
    model, criterion = small(name), parse(strategy, CLASSES)
    of = problem(model, 5)
    attack = attack_of("smart-mean", 8)
    whole = position(attack.run(model, of, criterion, width=4))
    for batch in (1, 3):
        assert torch.equal(position(attack.run(model, of, criterion, batch=batch, width=4)), whole)
    parts = [position(attack.run(model, of.take(part), criterion, width=4)) for part in ([0, 1], [2, 3, 4])]
    assert torch.equal(torch.cat(parts), whole)


@EVERY
def test_the_model_is_left_as_it_was(case: str) -> None:
    model = probe()
    model.train()
    model.norm.eval()
    model.first.weight.requires_grad_(False)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    attack_of(case, 3).run(model, problem(probe(), 3), parse("AB", CLASSES), width=2)
    assert [module.training for module in (model, model.first, model.norm)] == [True, True, False]
    assert [key for key, one in model.named_parameters() if not one.requires_grad] == ["first.weight"]
    assert all(parameter.grad is None for parameter in model.parameters())
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())


@EVERY
def test_the_active_set_asks_no_more_than_it_must(case: str) -> None:
    """Rows are those of clips under attack and of lanes that stand empty, and lanes are empty at the end alone."""
    model = probe()
    of = problem(model, 11)
    rows: list[int] = []
    hook = model.register_forward_hook(lambda module, args, output: rows.append(len(args[0])))
    attack = attack_of(case)
    if attack.needs_training:
        pytest.skip("it also asks the model of the clips that it learns from")
    done = attack.run(model, of, parse("AB", CLASSES), width=4)
    hook.remove()
    draws = getattr(attack, "draws", 0)
    assert set(rows) == {4}
    # where no clip in the lanes has a step left, no gradient is drawn
    spared = done.evaluated * (1 + draws) - sum(rows)
    assert spared in ([4 * draws * looks for looks in range(4)] if draws else [0])
    lanes = [done.queries[lane::4].sum() for lane in range(4)]
    assert done.evaluated == 4 * max(lanes)
    assert done.queries.max() <= BUDGET + 1
    if attack.after_success == "stop":
        assert done.queries.tolist() == (done.iterations + 1).tolist()


@EVERY
def test_bounds_hold(case: str) -> None:
    model = probe()
    of = problem(model)
    attack = attack_of(case)
    attack = getattr(attack, "inner", attack)
    settings = attack.settings
    done = position(attack.run(model, of, parse("SA", CLASSES), width=4))
    if (epsilon := settings.get("epsilon")) is not None:
        size = moved(done, of)
        far = size.flatten(1).norm(dim=1) if settings.get("norm") == "l2" else size
        assert far.max() <= epsilon * (1 + 1e-5)
    if settings.get("box") is not None:
        low, high = settings["box"]
        assert low <= done.min()
        assert done.max() <= high


def turned(clips: Tensor) -> Tensor:
    """A quarter turn about the vertical."""
    return torch.stack([clips[..., 2], clips[..., 1], -clips[..., 0]], -1)


def mirrored(clips: Tensor) -> Tensor:
    return clips * clips.new_tensor([-1.0, 1.0, 1.0])


def drawn_at_random(attack: Attack) -> bool:
    """Whether chance, which knows no direction, has a say in which way a clip moves."""
    return attack.name in ("eot", "diverse_inputs") or bool(attack.settings.get("random_start"))


@EVERY
@pytest.mark.parametrize("change", [turned, mirrored])
def test_a_turned_or_mirrored_clip_is_attacked_likewise(case: str, change: Any) -> None:
    attack = attack_of(case)
    if drawn_at_random(attack):
        attack = build("pgd", {"random_start": False}).with_budget(BUDGET)
    model = probe(torch.float64)
    of = problem(model, 5, dtype=torch.float64)
    assert of.training is not None
    learned = replace(of.training, position=change(of.training.position))
    other = Problem(change(of.position), of.label, of.present, of.row, of.place, GEOMETRY, learned)
    assert not MEAN[:, [0, 2]].any()  # else turned coordinates would not be a turned body
    one, two = (position(attack.run(model, each, parse("AB", CLASSES), width=4)) for each in (of, other))
    assert moved(one, of).max() > 1e-3
    torch.testing.assert_close(two, change(one), rtol=0, atol=1e-7)


@EVERY
@pytest.mark.parametrize("strategy", ["AB", "AB2", "SA"])
def test_gradients_are_those_of_the_losses(case: str, strategy: str) -> None:
    """Both gradients that a course follows are finite differences of what it reports, in float64."""
    model, criterion = probe(torch.float64), parse(strategy, CLASSES)
    of = problem(model, 3, dtype=torch.float64)
    attack = attack_of(case)
    if attack.name == "tasar":
        pytest.skip("its way is no gradient: test_transfer_attacks.py")
    attack = getattr(attack, "inner", attack)
    target = criterion.targets(of.label.tolist(), of.row.tolist(), CLASSES, 0)
    lanes = Lanes(of, target, width=3, batch=3, device=torch.device("cpu"), seed=0)
    course = attack.course(lanes)
    for lane in lanes.fill():
        course.enter(lane)
    if (critic := getattr(course, "critic", None)) is not None:
        critic._train = lambda attacked: None  # a critic that learns between two looks has no difference to measure
    chance = torch.Generator().manual_seed(0)
    lanes.x = lanes.clean + 0.1 * torch.randn(lanes.x.shape, generator=chance, dtype=torch.float64) * lanes.present
    way = torch.randn(lanes.x.shape, generator=chance, dtype=torch.float64) * lanes.present
    here, small_step = lanes.x, 1e-6
    _, _, class_gradient = attack.estimator()(model, lanes, criterion)
    _, cost_gradient = course.cost()
    losses = []
    for sign in (1, -1):
        lanes.x = here + sign * small_step * way
        logits = model(lanes.x)
        # one attack reports the losses of all and climbs another: the margin; one reports and climbs its own
        climbed = criterion.margin(logits, lanes.label, lanes.target) if attack.name == "adaptive" else None
        if attack.name == "apgd" or attack.settings.get("class_loss") == "margin":
            climbed = Margin(criterion, relative=attack.name == "apgd").loss(logits, lanes.label, lanes.target)
        reported = criterion.loss(logits, lanes.label, lanes.target)
        losses.append((reported if climbed is None else climbed, course.cost()[0]))
    lanes.x = here
    for place, gradient in enumerate((class_gradient, cost_gradient)):
        if gradient is None:
            continue
        slope = (losses[0][place] - losses[1][place]) / (2 * small_step)
        torch.testing.assert_close((gradient * way).flatten(1).sum(1), slope, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", names.available("attacks"))
def test_settings_make_the_same_attack_again(name: str) -> None:
    """What a record says is enough to repeat it, and the attack's text names every setting."""
    module = names.load("attacks", name)
    for preset in module.PRESETS:
        attack = build(name, {}, preset)
        known = {field.name for field in fields(module.ATTACK) if field.init}
        assert all(f"{key}=" in repr(attack) for key in known)
        again = build(name, {key: value for key, value in attack.settings.items() if key in known})
        assert again.settings == attack.settings
        assert "paper" in module.PRESETS


@pytest.mark.parametrize("name", names.available("attacks"))
def test_an_empty_problem_gives_nothing(name: str) -> None:
    model = probe()
    done = build(name, {}).run(model, problem(model).take([]), parse("SA", CLASSES))
    assert len(done) == done.evaluated == 0
    assert position(done).shape[1:] == problem(model).position.shape[1:]


@EVERY
def test_attacks_lead_away_from_the_label(case: str) -> None:
    """Where the criterion is the true label's, its loss falls for every clip that is not adversarial yet."""
    model, criterion = probe(), parse("AB", CLASSES)
    of = problem(model)
    none = torch.full((len(of),), -1)
    before = criterion.loss(model(of.position), of.label, none)
    done = attack_of(case).run(model, of, criterion, width=4)
    after = criterion.loss(model(position(done)), of.label, none)
    assert (after < before).float().mean() > 0.8
