"""Bones are each joint less the next one towards the centre; an ensemble needs more than one member."""

from __future__ import annotations

import pytest
import torch
from attack_cases import CLASSES, lanes_of, problem, small

from kinesec.attacks.engine.criteria import parse
from kinesec.attacks.engine.gradients import gradient_at
from kinesec.errors import ConfigError
from kinesec.models.wrappers.bones import Bones
from kinesec.models.wrappers.ensemble import Ensemble


def test_the_inner_recognizer_sees_bones() -> None:
    inner = small("sgn")
    model, clip = Bones(inner).eval(), problem(inner, 3).position
    parents = inner.shape.graph.parents
    bones = torch.stack(
        [clip[..., joint, :] - clip[..., parent, :] * (parent >= 0) - clip[..., joint, :] * (parent < 0)
         for joint, parent in enumerate(parents)],
        -2,
    )  # fmt: skip
    assert not bones[..., inner.shape.graph.centre, :].any()
    assert torch.equal(model(clip), inner(bones))
    assert torch.equal(model.features(clip), inner.features(bones))
    label = torch.arange(3)
    assert torch.equal(model.loss(clip, label), inner.loss(bones, label))
    # moved as a whole, a body has the bones that it had
    torch.testing.assert_close(model.bones(clip + 3.0), model.bones(clip), rtol=0, atol=1e-5)


def test_an_attack_moves_joints_through_their_bones() -> None:
    inner = small("sgn")
    model = Bones(inner).eval()
    of = problem(inner, 3, whole=True)
    gradient = gradient_at(model, lanes_of(of), parse("AB", CLASSES))[2]
    assert gradient.abs().amax() > 0
    # no bone is longer or shorter where all joints move alike
    assert gradient.sum(-2).abs().amax() < 1e-5 * gradient.abs().amax()


def test_an_ensemble_of_one_is_none() -> None:
    with pytest.raises(ConfigError, match="ensemble: found 1 members, expected two or more"):
        Ensemble(small("sgn"), members=[{"recognizer": "sgn", "settings": {}}])
