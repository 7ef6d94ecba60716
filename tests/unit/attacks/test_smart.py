"""SMART's steps beside those of a plain reference by autograd, written from docs/definitions.md, section 9."""

from __future__ import annotations

from typing import Any

import plain_smart
import pytest
import torch
from attack_cases import CLASSES, GEOMETRY, MEAN, Probe, lanes_of, problem, shape
from torch import Tensor

from kinesec.attacks.base import Problem, build
from kinesec.attacks.engine.criteria import parse
from kinesec.attacks.smart import PRESETS, SMART

STEPS = 20
# what no preset has
VARIANTS: dict[str, dict[str, Any]] = {
    "sum": {"reduction": "sum"},
    "mean": {"reduction": "mean", "weight": 0.7, "rate": 0.01},
    "snap": {"reduction": "mean", "beta": {1: 0.2, 3: 0.5, 4: 0.3}, "dt": 0.5},
    "l2": {"reduction": "mean", "terms": "l2", "limb_weight": 0.3, "trunk_weight": 2.0},
    "l2_acc": {"reduction": "normalised", "terms": "l2_acc", "weight": 0.7},
    "l2_bone": {"reduction": "frame_mean", "terms": "l2_bone", "optimiser": "gd", "rate": 0.02},
    "box": {"reduction": "mean", "box": [-0.6, 0.6], "clip_update": 0.02},
}
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    **{preset: (preset, {}) for preset in PRESETS},
    **{name: ("paper", settings) for name, settings in VARIANTS.items()},
}


def walked(attack: Any, model: Probe, of: Problem) -> list[Tensor]:
    """The clips before each step and after the last one: all that the model was asked."""
    seen: list[Tensor] = []
    hook = model.register_forward_pre_hook(lambda module, args: seen.append(args[0].detach().clone()))
    attack.run(model, of, parse("AB", CLASSES), width=len(of))
    hook.remove()
    return seen


@pytest.mark.parametrize("case", CASES)
def test_every_step_is_that_of_the_plain_reference(case: str) -> None:
    preset, changes = CASES[case]
    attack = build("smart", {**changes, "iterations": STEPS, "after_success": "ignore"}, preset)
    model = Probe(shape()).double().eval()
    of = problem(model, 5, dtype=torch.float64)
    expected = plain_smart.trajectory(
        model,
        of.position,
        of.present,
        of.label,
        bones=GEOMETRY.links,
        mean=torch.from_numpy(MEAN),
        trunk=GEOMETRY.trunk,
        settings=attack.settings,
        steps=STEPS,
    )
    path = walked(attack, model, of)
    assert len(path) == STEPS + 1
    for place, clips in zip(path, expected, strict=True):
        torch.testing.assert_close(place, clips, rtol=0, atol=1e-5)
    assert (path[-1] - of.position).abs().amax((1, 2, 3, 4)).min() > 1e-4


def test_released_weights_are_small_at_the_limbs_and_double_that_at_the_trunk() -> None:
    """By hand: one joint a unit away in one frame of twelve has a twelfth of its weight in squared displacement."""
    of = problem(Probe(shape()).eval(), 2, whole=True)
    for joint, expected in ((0, 0.04), (1, 0.04), (8, 0.04), (2, 0.02), (7, 0.02)):
        lanes = lanes_of(of)
        loss = SMART(terms="l2", limb_weight=0.02, trunk_weight=0.04).distortion(lanes)
        for lane in lanes.active:
            loss.enter(lane)
        lanes.x[:, 0, 3, joint, 1] += 1
        assert loss()[0].tolist() == pytest.approx([expected / 12] * 2, rel=1e-4)


@pytest.mark.parametrize("order", [0, 1, 2, 3, 4])
def test_a_derivative_s_square_goes_with_twice_its_order_of_the_time_between_frames(order: int) -> None:
    of = problem(Probe(shape()).double().eval(), 2, whole=True, dtype=torch.float64)
    losses = []
    for dt in (1.0, 0.5):
        lanes = lanes_of(of)
        loss = SMART(alpha=1.0, beta={order: 1.0}, dt=dt).distortion(lanes)
        for lane in lanes.active:
            loss.enter(lane)
        lanes.x[:, :, 5, 2] += 0.1
        losses.append(loss()[0])
    torch.testing.assert_close(losses[1], losses[0] * 2.0 ** (2 * order))


def test_the_time_between_frames_of_the_released_presets_is_a_thirtieth_of_a_second() -> None:
    for preset in ("official", "beat", "robustbench"):
        settings = build("smart", {}, preset).settings
        assert settings["dt"] == pytest.approx(1 / 30)
        assert (settings["limb_weight"], settings["trunk_weight"]) == (0.02, 0.04)
        assert settings["weight"] == 0.6
