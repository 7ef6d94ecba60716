from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from kinesec.errors import ConfigError, KinesecError
from kinesec.models import trained
from kinesec.models.predictors.base import Recipe, Shape
from kinesec.names import available
from kinesec.training.loop import save_model

SHAPE = Shape(5, 3, 4)
SMALL = {"features": 4, "blocks": 1}
CPU = torch.device("cpu")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    save_model(
        tmp_path / "m.safetensors", trained.build("ltd", SHAPE, SMALL, 0), {"predictor": "ltd", "settings": SMALL}
    )
    return tmp_path / "m.safetensors"


def test_what_is_saved_comes_back(path: Path) -> None:
    model, description = trained.load(path, CPU)
    history = torch.randn(2, 5, 4, 3)
    assert torch.equal(model(history), trained.build("ltd", SHAPE, SMALL, 0).eval()(history))
    assert description["settings"] == SMALL
    assert model.shape == SHAPE
    assert not model.training


def test_the_seed_draws_the_weights() -> None:
    state = torch.get_rng_state().clone()
    first, again, other = (trained.build("ltd", SHAPE, SMALL, seed).leave.att for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), state)


def test_a_model_that_cannot_be_used_is_one_line(path: Path) -> None:
    tensors, content = load_file(path), path.read_bytes()
    good = {"predictor": "ltd", "settings": SMALL, "shape": vars(SHAPE)}
    bad: list[Any] = [
        b"", content[:100], content[:-9], None, "rubbish", {}, good | {"predictor": "strange"},
        good | {"settings": {"depth": 3}}, good | {"shape": vars(Shape(5, 3, 5))}, good | {"shape": {"history": 5}},
    ]  # fmt: skip
    for one in bad:
        if isinstance(one, bytes):
            path.write_bytes(one)
        else:
            meta = {"meta": one if isinstance(one, str) else json.dumps(one)} if one is not None else None
            save_file(tensors, path, meta)
        with pytest.raises(KinesecError, match="found no usable model") as raised:
            trained.load(path, CPU)
        assert "\n" not in str(raised.value)
        assert str(path) in str(raised.value)
    with pytest.raises(KinesecError, match="found no usable model"):
        trained.load(path.with_name("none"), CPU)


@pytest.mark.parametrize("settings", [{"depth": 3}, {"features": "x"}, {"features": -1}, {"blocks": 1.5}])
def test_settings_that_cannot_be_used_are_one_line(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="predictor 'ltd': ") as raised:
        trained.build("ltd", SHAPE, settings)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rates": 1.0}, r"recipe\.rates: found an unknown key, expected some of epochs, batch, rate"),
        ({"epochs": "4"}, r"recipe\.epochs: found '4', expected a whole number"),
        ({"epochs": 0}, r"recipe\.epochs: found 0"),
        ({"epochs": True}, r"recipe\.epochs: found True"),
        ({"batch": 1}, r"recipe\.batch: found 1, expected a finite number from 2"),
        ({"rate": float("nan")}, r"recipe\.rate: found nan"),
        ({"rate": None}, r"recipe\.rate: found None"),
        ({"schedule": "cosine"}, r"recipe\.schedule: found 'cosine', expected one of step, .*one_cycle"),
        ({"selection": "best"}, r"recipe\.selection: found 'best', expected one of validation, last"),
        ({"clip": "x"}, r"recipe\.clip: found 'x'"),
    ],
)
def test_a_recipes_mistake_is_one_line(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        trained.recipe("ltd", changes)


def test_a_recipes_changes() -> None:
    published = trained.recipe("ltd", {})
    changed = trained.recipe("ltd", {"epochs": 2, "clip": None, "schedule": "one_cycle", "rate": 1})
    assert (changed.epochs, changed.clip, changed.schedule, changed.rate) == (2, None, "one_cycle", 1)
    assert changed.batch == published.batch
    with pytest.raises(ConfigError, match="'zero_velocity': has nothing to train"):
        trained.recipe("zero_velocity", {})


@pytest.mark.parametrize("name", available("models.predictors"))
def test_every_predictor_predicts_its_future(name: str) -> None:
    with torch.inference_mode():
        model = trained.build(name, Shape(50, 10, 4), {}).eval()
        assert model(torch.randn(2, 50, 4, 3)).shape == (2, 10, 4, 3)
    assert trained.recipe(name, {}).epochs > 0 if name != "zero_velocity" else Recipe
